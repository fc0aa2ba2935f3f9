// Certificates (X.509 version 3, RFC 5280) with keys on P-256: made for a test, and read.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "simulator/base/crypto_p256.h"

namespace base {

inline constexpr std::size_t certificate_capacity = 1024;  // of one that is made here
inline constexpr std::size_t key_id_size = 20;
using KeyId = std::array<std::uint8_t, key_id_size>;

// What a certificate says that is made here. Its serial number comes from subject and key, so that the same
// specification makes the same certificate.
struct CertificateSpec {
    enum class Use : std::uint8_t { authority, client, server };
    Use use = Use::client;
    std::string_view subject{};  // common name, at most 128 bytes of UTF-8
    P256Point key{};             // of the subject
    Bytes issuer{};              // its name in DER, as `common_name_der` or CertificateFacts have it
    KeyId issuer_key_id{};
    std::string_view not_before = "20200101000000Z";  // GeneralizedTime
    std::string_view not_after = "20491231235959Z";
    std::string_view host{};  // of a server: the name that it is called by, if any
    Bytes ip{};               // of a server: 4 or 16 bytes, or none
};
// Writes it to the front of `out` (certificate_capacity bytes do) and returns its length.
std::size_t issue_certificate(P256& engine, const CertificateSpec& spec, const P256Scalar& issuer_key,
                              MutableBytes out);
// A Name of one common name.
std::vector<std::uint8_t> common_name_der(std::string_view name);
KeyId key_id_of(const P256Point& key);

// What is of use in a certificate that somebody else has made. Nothing in it has been checked.
struct CertificateFacts {
    std::string common_name;            // empty: there is none
    std::vector<std::uint8_t> subject;  // Name in DER
    std::optional<P256Point> key;       // nothing: of another kind
    std::optional<KeyId> key_id;        // subject key identifier
    bool authority = false;             // may issue certificates
};
// Nothing for what is no certificate.
std::optional<CertificateFacts> read_certificate(Bytes der);

// Is the certificate that of a host of this name? An address ("192.0.2.7", of 4 or 16 bytes in `ip`) must stand in it
// as such; a name is compared with those that it has for hosts, else with its common name (RFC 6125 6.4).
struct HostName {
    std::string_view name;
    Bytes ip;  // where it is an address
};
bool is_certificate_of(Bytes der, const HostName& host);

}  // namespace base
