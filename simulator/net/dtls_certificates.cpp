#include "simulator/net/dtls_certificates.h"

namespace net {
namespace {

// With the headers of message and record it stays below what fits everywhere (1280 bytes, less IP and UDP).
constexpr std::size_t most_of_fragment = 1180;

}  // namespace

Alert alert_of(base::CertificateFault fault) {
    using base::CertificateFault;
    switch (fault) {
        case CertificateFault::none: break;
        case CertificateFault::missing: return Alert::handshake_failure;
        case CertificateFault::key_kind:
        case CertificateFault::purpose: return Alert::unsupported_certificate;
        case CertificateFault::unknown_ca: return Alert::unknown_ca;
        case CertificateFault::expired:
        case CertificateFault::not_yet_valid: return Alert::certificate_expired;
        case CertificateFault::malformed:
        case CertificateFault::signature:
        case CertificateFault::path:
        case CertificateFault::wrong_name:
        case CertificateFault::not_pinned: return Alert::bad_certificate;
    }
    return Alert::internal_error;
}

base::CertificateFault judge_x509(const base::CertificateTrust& trust, base::Bytes body, PeerKey& out) {
    const auto chain = read_certificate_chain(body);
    if (!chain) return base::CertificateFault::malformed;
    std::string common_name;
    const auto fault = trust.check(chain->view(), out.key, common_name);
    out.name = base::sha256(base::as_bytes(common_name));
    return fault;
}

base::CertificateFault judge_raw_public_key(base::Bytes body, base::Bytes pinned, PeerKey& out) {
    const auto key = read_raw_public_key(body);
    if (!key) return base::CertificateFault::malformed;
    if (key->empty()) return base::CertificateFault::missing;
    const auto point = base::point_of(*key);
    if (!point) return base::CertificateFault::key_kind;
    if (!pinned.empty() && !base::equal(*key, pinned)) return base::CertificateFault::not_pinned;
    out.key = *point;
    out.name = base::sha256(*key);
    return base::CertificateFault::none;
}

base::Digest key_exchange_digest(const RandomBytes& client, const RandomBytes& server, base::Bytes parameters) {
    base::Sha256 hash;
    hash.update(client);
    hash.update(server);
    hash.update(parameters);
    return hash.digest();
}

void put_message_records(HandshakeType type, std::uint16_t message, base::Bytes body, std::uint64_t& sequence,
                         base::Writer& out) {
    std::size_t at = 0;
    do {
        const std::size_t size = std::min(most_of_fragment, body.size() - at);
        std::array<std::uint8_t, handshake_header_size + most_of_fragment> memory;
        base::Writer fragment{base::MutableBytes(memory)};
        fragment.put_u8(static_cast<std::uint8_t>(type));
        fragment.put_uint(body.size(), 3);
        fragment.put_u16(message);
        fragment.put_uint(at, 3);
        fragment.put_uint(size, 3);
        fragment.put(body.subspan(at, size));
        const std::size_t written =
            write_plain_record(ContentType::handshake, sequence, fragment.written(), out.memory().subspan(out.size()));
        if (written == 0) return out.fail();
        ++sequence;
        out.advance(written);
        at += size;
    } while (at < body.size());
}

}  // namespace net
