// What a handshake by certificate or raw public key needs beside the handshake itself: where the credentials come from,
// who judges the peer's, and the memory that is needed while it lasts and not an instant longer.
#pragma once

#include "simulator/net/dtls_handshake.h"
#include "simulator/net/dtls_inbox.h"

namespace net {

// Bodies of Certificate messages that we send are no longer.
inline constexpr std::size_t own_certificate_capacity = 4096;

// Ciphers that a client offers with certificates.
enum class CertificateCiphers : std::uint8_t { both, ccm8, gcm };

// What was found out about a peer that has proven nothing yet.
struct PeerKey {
    base::P256Point key{};
    base::Digest name{};  // SHA-256 of the common name, or of the raw public key
};

// A client's side. Asked several times in a handshake, must always say the same.
class CertificateSource {
public:
    virtual ~CertificateSource() = default;
    virtual CertificateType type(std::uint32_t device) const = 0;
    virtual CertificateCiphers ciphers(std::uint32_t device) const = 0;
    // The body of the device's Certificate message, at most own_certificate_capacity bytes.
    virtual void write_certificate(std::uint32_t device, base::Writer& out) const = 0;
    virtual void key(std::uint32_t device, base::P256Scalar& out) const = 0;
    // What the server is called in the ClientHello; empty: nothing is said.
    virtual std::string_view server_name(std::uint32_t device) const = 0;
    // Is this Certificate message the server's that the device expects?
    virtual base::CertificateFault judge(std::uint32_t device, CertificateType type, base::Bytes body,
                                         PeerKey& out) const = 0;
};

// The server's side.
class ServerCertificates {
public:
    virtual ~ServerCertificates() = default;
    // The body of its Certificate message; empty: it has none of that type.
    virtual base::Bytes certificate(CertificateType type) const = 0;
    virtual bool accepts(CertificateType client) const = 0;
    virtual const base::P256Scalar& key() const = 0;
    virtual base::CertificateFault judge(CertificateType type, base::Bytes body, PeerKey& out) const = 0;
};

// Of one handshake. A plain value that may lie in a slab; whoever owns it wipes it.
struct CertificateState {
    // Which message of the peer's is next, in a full handshake.
    enum class Next : std::uint8_t { certificate, key_exchange, request_or_done, done, verify };

    base::P256Scalar ephemeral{};  // set by the owner, new for each handshake
    base::P256Point own_point{};   // of it
    base::P256Point peer_point{};
    PeerKey peer;
    base::Digest signed_digest{};  // server: what the client's CertificateVerify signs
    std::array<std::uint8_t, base::p256_signature_capacity> signature{};  // of ours
    std::uint8_t signature_size = 0;
    Next next = Next::certificate;
    CertificateType own_type = CertificateType::x509;
    CertificateType peer_type = CertificateType::x509;
    bool requested = false;  // client: a certificate is asked for
    // Server: the client has said which types it has, which it takes, and in which form it takes points.
    bool client_types_in_hello = false;
    bool server_types_in_hello = false;
    bool formats_in_hello = false;
    std::uint16_t own_size = 0;  // client
    std::array<std::uint8_t, own_certificate_capacity> own{};
    CertificateInbox inbox;
};

// What the peer is told (RFC 5246 7.2.2).
Alert alert_of(base::CertificateFault fault);

// The chain in a Certificate message, of X.509 or a raw public key, judged; a raw public key has no issuer to ask, so
// `pinned` says whether it is the one that is expected.
base::CertificateFault judge_x509(const base::CertificateTrust& trust, base::Bytes body, PeerKey& out);
base::CertificateFault judge_raw_public_key(base::Bytes body, base::Bytes pinned, PeerKey& out);

// Signs, or checks, what a ServerKeyExchange vouches for (RFC 8422 5.4).
base::Digest key_exchange_digest(const RandomBytes& client, const RandomBytes& server, base::Bytes parameters);

// A handshake message as records of epoch 0, in fragments that fit a datagram (RFC 6347 4.2.3). `sequence` is the
// number of the next record, and moves on.
void put_message_records(HandshakeType type, std::uint16_t message, base::Bytes body, std::uint64_t& sequence,
                         base::Writer& out);

// A flight may be longer than a datagram: calls send(bytes) for as many whole records as fit one. `id_size`: of the
// connection id that our records carry.
inline constexpr std::size_t flight_capacity = 12 * 1024;
template <class F>
void each_datagram(base::MutableBytes flight, std::size_t id_size, std::size_t most, F&& send) {
    RecordReader records(flight, id_size);
    std::size_t begin = 0;
    std::size_t end = 0;
    while (const auto record = records.next()) {
        const auto after = static_cast<std::size_t>(record->fragment.data() + record->fragment.size() - flight.data());
        if (after - begin > most && end > begin) {
            send(base::Bytes(flight.subspan(begin, end - begin)));
            begin = end;
        }
        end = after;
    }
    if (end > begin) send(base::Bytes(flight.subspan(begin, end - begin)));
}

}  // namespace net
