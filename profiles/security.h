// Security: how the devices of a profile prove who they are: the `security` block, and the keys that it stands for.
//
//   security:
//     mode: x509
//     key: {derive: "${FLEET_SECRET}"}
//     server: {trust: server-ca.pem}
//
// A key comes from one secret of the fleet and the identity of the device, is the same for all, or stands in a file.
// What is made of keys (certificates, raw public keys) is in certificates.h. Nothing here prints a secret, and messages
// about one do not repeat it.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "profiles/fields.h"
#include "profiles/key_table.h"
#include "simulator/base/crypto_trust.h"
#include "simulator/base/writer.h"

namespace profiles {

inline constexpr std::size_t derived_key_size = 16;
inline constexpr std::size_t key_capacity = 64;
inline constexpr std::size_t least_secret = 16;  // bytes of a fleet's secret
// A device's key is one of several generations, counted from 0: keys rotate by going from one to the next.
inline constexpr unsigned most_generations = 8;

enum class SecurityMode : std::uint8_t { none, psk, rpk, x509 };
std::string_view name(SecurityMode mode);
constexpr bool is_by_certificate(SecurityMode mode) { return mode == SecurityMode::rpk || mode == SecurityMode::x509; }

enum class DtlsVersion : std::uint8_t { v12, v13 };

// Of DTLS 1.2 with pre-shared keys TLS_PSK_WITH_AES_128_CCM_8 and _CBC_SHA256 (Transport 1.1.1, 5.2.8.1), else
// TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8 and _GCM_SHA256; both: CCM_8 first. Of DTLS 1.3 TLS_AES_128_CCM_SHA256 and
// TLS_AES_128_GCM_SHA256; both: CCM first.
enum class SuiteChoice : std::uint8_t { ccm8, cbc_sha256, gcm_sha256, both, ccm };

// Where the devices' certificates come from: files of the user's, else a CA that issues them, the user's or one that is
// made from the fleet's secret.
struct CertificateSection {
    std::string file;      // template of a path, as of endpoint names: the certificate and those of its issuers, PEM
    std::string key_file;  // the same, of its private key; empty: in the same file
    std::vector<std::uint8_t> ca;  // in DER
    std::shared_ptr<const base::Secret> ca_key;
    double expired = 0;  // share of the devices whose certificate is out of date
    Place place;
};

// Which server the devices take for theirs.
struct ServerCheck {
    std::vector<std::vector<std::uint8_t>> trust;  // CA certificates
    // The server's certificate (0/x/4) or a hash of it; of mode rpk its public key.
    std::vector<std::uint8_t> certificate;
    base::CertificateUsage usage = base::CertificateUsage::domain_issued;   // 0/x/15
    base::CertificateMatching matching = base::CertificateMatching::exact;  // 0/x/13
    std::string name;  // that it is called by (0/x/14); empty: as the target is

    bool empty() const { return trust.empty() && certificate.empty(); }
};

struct SecuritySpec {
    enum class Key : std::uint8_t { none, derived, shared, listed };

    SecurityMode mode = SecurityMode::none;
    DtlsVersion dtls = DtlsVersion::v12;
    std::string identity;  // template as of endpoint names; empty: the endpoint name
    Key key = Key::none;
    std::shared_ptr<const base::Secret> secret;  // derived: of the fleet; shared: the key itself
    std::shared_ptr<const KeyTable> keys;        // listed: by the number of the device, the identity included
    // The same of the generations after the first, where they do not follow from the secret of the fleet.
    std::vector<std::shared_ptr<const base::Secret>> later_secrets;
    std::vector<std::shared_ptr<const KeyTable>> later_keys;
    unsigned generation = 0;                // of the keys that the devices start with
    SuiteChoice suite = SuiteChoice::ccm8;  // that the devices offer
    double resume = 0.9;                    // share of the handshakes that offer the last session
    bool connection_id = true;
    double wrong_key = 0;         // share of the devices whose key is wrong
    double unknown_identity = 0;  // share of the devices with an identity that no server knows
    CertificateSection certificate;
    ServerCheck server;
    Place place;
};

// The keys of the block with type, default and documentation.
std::vector<FieldInfo> security_fields();
// Reads the block; what is wrong goes to `diagnostics`.
void read_security_section(const Node& node, SecuritySpec& out, Diagnostics& diagnostics);

// How many generations of keys there are; 1: they cannot rotate.
unsigned generations_of(const SecuritySpec& spec);
// The file of keys of that generation. REQUIRES: spec.key == listed, generation < generations_of(spec).
const KeyTable& table_of(const SecuritySpec& spec, unsigned generation);
// What a key of that generation is derived by: the identity, from the second generation on with a zero byte and the
// number of the generation, a digit, behind it.
inline constexpr std::size_t key_info_capacity = 128 + 2;
void put_key_info(base::Bytes identity, unsigned generation, base::Writer& out);
// HKDF-SHA-256 of the fleet's secret with the identity as info (RFC 5869), no salt: what devices, the embedded server
// and `provision` agree on.
void derive_key(base::Bytes fleet_secret, base::Bytes identity, std::array<std::uint8_t, derived_key_size>& out,
                unsigned generation = 0);
// What an identity that no server knows begins with.
inline constexpr std::string_view unknown_prefix = "unknown-";
// The right key of that identity; its length, or nothing where keys are listed and this is not among them. `out` has
// key_capacity bytes. REQUIRES: key != none, generation < generations_of(spec).
std::optional<std::size_t> key_of(const SecuritySpec& spec, base::Bytes identity, base::MutableBytes out,
                                  unsigned generation = 0);

// The tree with every scalar of a `security: key:` block made unreadable, for people to look at.
Node without_secrets(const Node& tree);

}  // namespace profiles
