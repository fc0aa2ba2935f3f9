#include "simulator/net/dtls13_hello.h"

#include <algorithm>

#include "simulator/net/dtls_record.h"

namespace net {
namespace {

constexpr std::uint16_t dtls13_version = 0xfefc;

// RFC 8446 4.2; RFC 7250 3.
enum class Extension : std::uint16_t {
    server_certificate_type = 20,
    pre_shared_key = 41,
    supported_versions = 43,
    cookie = 44,
};

std::optional<base::Bytes> take_vector(base::Reader& reader, std::size_t width) {
    const auto size = reader.take_uint(width);
    if (!size) return std::nullopt;
    const auto bytes = reader.take(*size);
    if (!bytes) return std::nullopt;
    return *bytes;
}

std::optional<Dtls13Suite> first_suite(base::Bytes list) {
    for (base::Reader reader(list); reader.left() >= 2;) {
        switch (*reader.take_u16()) {
            case 0x1301: return Dtls13Suite::gcm;
            case 0x1304: return Dtls13Suite::ccm;
            default: break;
        }
    }
    return std::nullopt;
}

bool offers_13(base::Bytes body) {
    base::Reader reader(body);
    const auto versions = take_vector(reader, 1);
    if (!versions) return false;
    for (base::Reader each(*versions); each.left() >= 2;) {
        if (*each.take_u16() == dtls13_version) return true;
    }
    return false;
}

bool read_identities(base::Bytes body, Dtls13Hello& out) {
    base::Reader reader(body);
    const auto list = take_vector(reader, 2);
    if (!list) return false;
    for (base::Reader each(*list); !each.at_end();) {
        const auto identity = take_vector(each, 2);
        if (!identity || !each.take_uint(4)) return false;  // the age of a ticket
        if (out.identity_count < out.identities.size()) out.identities[out.identity_count++] = *identity;
    }
    return true;
}

// The extensions; false where they do not make a hello of DTLS 1.3.
bool read_extensions(base::Bytes list, Dtls13Hello& out) {
    bool ours = false;
    for (base::Reader reader(list); !reader.at_end();) {
        const auto type = reader.take_u16();
        if (!type) return false;
        const auto body = take_vector(reader, 2);
        if (!body) return false;
        switch (static_cast<Extension>(*type)) {
            case Extension::supported_versions: ours = offers_13(*body); break;
            case Extension::cookie: out.cookie = true; break;
            case Extension::server_certificate_type:
                out.raw_public_key =
                    body->size() > 1 && (*body)[1] == static_cast<std::uint8_t>(CertificateType::raw_public_key);
                break;
            case Extension::pre_shared_key:
                if (!read_identities(*body, out)) return false;
                break;
            default: break;
        }
    }
    return ours;
}

}  // namespace

std::optional<Dtls13Hello> read_dtls13_hello(base::Bytes datagram) {
    if (datagram.size() < record_header_size || datagram[0] != static_cast<std::uint8_t>(ContentType::handshake)) {
        return std::nullopt;
    }
    base::Reader header(datagram);
    const auto before_length = header.take(record_header_size - 2);
    const bool epoch_0 = (*before_length)[3] == 0 && (*before_length)[4] == 0;
    const auto fragment = take_vector(header, 2);
    if (!epoch_0 || !fragment) return std::nullopt;
    base::Reader record(*fragment);
    const auto message = take_fragment(record);
    if (!message || message->type != HandshakeType::client_hello || !message->whole()) return std::nullopt;
    base::Reader reader(message->body);
    Dtls13Hello hello;
    const auto version = reader.take_u16();
    const auto random = reader.take(random_size);
    if (!version || !random) return std::nullopt;
    hello.random = *random;
    const auto session = take_vector(reader, 1);
    const auto cookie = session ? take_vector(reader, 1) : std::nullopt;
    const auto suites = cookie ? take_vector(reader, 2) : std::nullopt;
    const auto compression = suites ? take_vector(reader, 1) : std::nullopt;
    const auto extensions = compression ? take_vector(reader, 2) : std::nullopt;
    if (!extensions || !read_extensions(*extensions, hello)) return std::nullopt;
    hello.suite = first_suite(*suites);
    return hello;
}

}  // namespace net
