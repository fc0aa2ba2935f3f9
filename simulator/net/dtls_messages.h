// DTLS handshake messages: their layout, and the fragments that they travel in (RFC 6347 4.2.2, 4.3.2; RFC 5246 7.4).
//
//   type(1) length(3) message_seq(2) fragment_offset(3) fragment_length(3) | fragment
//
// What handshakes with a pre-shared key need (RFC 4279 2), and those with certificates or raw public keys over
// ephemeral Diffie-Hellman on P-256 (RFC 8422, RFC 7250), with the extensions that we speak: extended master secret
// (RFC 7627), connection id (RFC 9146), renegotiation info (RFC 5746), and with certificates server name (RFC 6066 3),
// supported groups, point formats, signature algorithms and certificate types.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "simulator/base/crypto_trust.h"
#include "simulator/base/reader.h"
#include "simulator/base/writer.h"

namespace net {

enum class HandshakeType : std::uint8_t {
    hello_request = 0,
    client_hello = 1,
    server_hello = 2,
    hello_verify_request = 3,
    certificate = 11,
    server_key_exchange = 12,
    certificate_request = 13,
    server_hello_done = 14,
    certificate_verify = 15,
    client_key_exchange = 16,
    finished = 20,
};

enum class AlertLevel : std::uint8_t { warning = 1, fatal = 2 };

// RFC 5246 7.2.2, RFC 4279 2, RFC 6066 9.
enum class Alert : std::uint8_t {
    close_notify = 0,
    unexpected_message = 10,
    bad_record_mac = 20,
    record_overflow = 22,
    handshake_failure = 40,
    bad_certificate = 42,
    unsupported_certificate = 43,
    certificate_revoked = 44,
    certificate_expired = 45,
    certificate_unknown = 46,
    illegal_parameter = 47,
    unknown_ca = 48,
    access_denied = 49,
    decode_error = 50,
    decrypt_error = 51,
    protocol_version = 70,
    insufficient_security = 71,
    internal_error = 80,
    user_canceled = 90,
    no_renegotiation = 100,
    unsupported_extension = 110,
    unrecognized_name = 112,
    unknown_psk_identity = 115,
};
// "unknown_psk_identity"; "other" for one that has no name here.
std::string_view name(Alert alert);

enum class CipherSuite : std::uint16_t {
    psk_aes128_cbc_sha256 = 0x00ae,
    ecdhe_ecdsa_aes128_gcm = 0xc02b,
    psk_aes128_ccm8 = 0xc0a8,
    ecdhe_ecdsa_aes128_ccm8 = 0xc0ae,
};
// Does the peer prove itself by a certificate or a raw public key with this suite?
constexpr bool is_by_certificate(CipherSuite suite) {
    return suite == CipherSuite::ecdhe_ecdsa_aes128_ccm8 || suite == CipherSuite::ecdhe_ecdsa_aes128_gcm;
}

// RFC 7250 3, 5.
enum class CertificateType : std::uint8_t { x509 = 0, raw_public_key = 2 };

inline constexpr std::size_t handshake_header_size = 12;
inline constexpr std::size_t random_size = 32;
inline constexpr std::size_t max_session_id = 32;
inline constexpr std::size_t max_cookie = 255;
inline constexpr std::size_t max_psk_identity = 128;  // RFC 4279 5.3
inline constexpr std::size_t max_psk = 64;
inline constexpr std::size_t verify_data_size = 12;
inline constexpr std::size_t max_server_name = 255;

struct HandshakeFragment {
    HandshakeType type = HandshakeType::hello_request;
    std::uint16_t sequence = 0;
    std::uint32_t length = 0;  // of the whole message
    std::uint32_t offset = 0;
    base::Bytes body;

    bool whole() const { return offset == 0 && body.size() == length; }
};

// Takes the next fragment off a record. Fails where it is cut off or runs past the end of its message.
base::Result<HandshakeFragment> take_fragment(base::Reader& record);

// The header of an unfragmented message; also the form in which messages enter the hash of the handshake.
std::array<std::uint8_t, handshake_header_size> handshake_header(HandshakeType type, std::uint16_t sequence,
                                                                 std::size_t length);

struct ClientHello {
    std::uint16_t version = 0;
    base::Bytes random;
    base::Bytes session_id;
    base::Bytes cookie;
    base::Bytes suites;  // two bytes each
    bool extended_master_secret = false;
    bool renegotiation_info = false;             // read: by the SCSV or the extension
    std::optional<base::Bytes> connection_id{};  // that records to this client shall carry
    // With a suite by certificate.
    bool by_certificate = false;     // write_client_hello: with the extensions that follow
    std::string_view server_name{};  // empty: none
    base::Bytes client_types{};      // of certificates, by preference; empty: X.509
    base::Bytes server_types{};
    bool point_formats = false;    // read: it speaks of them
    bool other_groups = false;     // read: it speaks of groups, and P-256 is not among them
    bool other_signatures = true;  // read: it does not say that it takes ECDSA with SHA-256

    bool offers(CipherSuite suite) const;
    bool offers(std::uint16_t suite) const;
};
base::Result<ClientHello> read_client_hello(base::Bytes body);
// Writes the body. The suites are those in `suites`, the renegotiation SCSV is added.
void write_client_hello(const ClientHello& hello, base::Writer& out);

struct ServerHello {
    std::uint16_t version = 0;
    base::Bytes random;
    base::Bytes session_id;
    std::uint16_t suite = 0;
    std::uint8_t compression = 0;
    bool extended_master_secret = false;
    bool renegotiation_info = false;
    bool unknown_extension = false;  // one that our client never offers
    std::optional<base::Bytes> connection_id{};
    // With a suite by certificate.
    bool by_certificate = false;  // read: there is an extension of these
    bool point_formats = false;   // write_server_hello
    std::optional<CertificateType> client_type{};
    std::optional<CertificateType> server_type{};
};
base::Result<ServerHello> read_server_hello(base::Bytes body);
// Writes the body. RFC 5246 7.4.1.4: only extensions that the client has named, or the SCSV stands for.
void write_server_hello(const ServerHello& hello, base::Writer& out);

struct HelloVerifyRequest {
    std::uint16_t version = 0;
    base::Bytes cookie;
};
base::Result<HelloVerifyRequest> read_hello_verify_request(base::Bytes body);
void write_hello_verify_request(base::Bytes cookie, base::Writer& out);

// ClientKeyExchange: the identity; ServerKeyExchange: a hint, which LwM2M does not use. One string of two bytes length.
base::Result<base::Bytes> read_psk_string(base::Bytes body);
void write_psk_string(base::Bytes text, base::Writer& out);

// Certificate with X.509: the chain, the sender's own first; none at all is allowed to a client. Views on the body.
struct CertificateChain {
    std::array<base::Bytes, base::longest_chain> certificates;
    std::size_t size = 0;

    std::span<const base::Bytes> view() const { return std::span(certificates).first(size); }
};
base::Result<CertificateChain> read_certificate_chain(base::Bytes body);
void write_certificate_chain(std::span<const base::Bytes> chain, base::Writer& out);
// Certificate with a raw public key (RFC 7250 3): one SubjectPublicKeyInfo.
base::Result<base::Bytes> read_raw_public_key(base::Bytes body);
void write_raw_public_key(base::Bytes key, base::Writer& out);

// ServerKeyExchange: a point on P-256, signed with ECDSA and SHA-256 (RFC 8422 5.4).
struct ServerKeyExchange {
    base::Bytes parameters;  // what is signed behind both randoms
    base::Bytes point;
    base::Bytes signature;
};
base::Result<ServerKeyExchange> read_server_key_exchange(base::Bytes body);
inline constexpr std::size_t key_parameters_size = 4 + base::p256_point_size;
void write_key_parameters(base::Bytes point, base::Writer& out);  // the signed part
// Algorithm and signature: the end of a ServerKeyExchange, and all of a CertificateVerify.
base::Result<base::Bytes> read_signature(base::Bytes body);
void write_signature(base::Bytes signature, base::Writer& out);

// ClientKeyExchange: a point.
base::Result<base::Bytes> read_point(base::Bytes body);
void write_point(base::Bytes point, base::Writer& out);

// CertificateRequest: true when a certificate with a key for ECDSA and SHA-256 will do.
base::Result<bool> read_certificate_request(base::Bytes body);
void write_certificate_request(base::Writer& out);

}  // namespace net
