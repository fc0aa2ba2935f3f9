// Security: how the devices of a profile prove who they are: the `security` block, and the keys that it stands for.
//
//   security:
//     mode: psk
//     key: {derive: "${FLEET_SECRET}"}
//
// A key comes from one secret of the fleet and the identity of the device, is the same for all, or stands in a file.
// Nothing here prints a secret, and messages about one do not repeat it.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "profiles/fields.h"
#include "profiles/key_table.h"
#include "simulator/base/crypto.h"

namespace profiles {

inline constexpr std::size_t derived_key_size = 16;
inline constexpr std::size_t key_capacity = 64;
inline constexpr std::size_t least_secret = 16;  // bytes of a fleet's secret

enum class SecurityMode : std::uint8_t { none, psk };

// Of TLS_PSK_WITH_AES_128_CCM_8 and TLS_PSK_WITH_AES_128_CBC_SHA256 (Transport 1.1.1, 5.2.8.1).
enum class PskSuite : std::uint8_t { ccm8, cbc_sha256, both };

struct SecuritySpec {
    enum class Key : std::uint8_t { none, derived, shared, listed };

    SecurityMode mode = SecurityMode::none;
    std::string identity;  // template as of endpoint names; empty: the endpoint name
    Key key = Key::none;
    std::shared_ptr<const base::Secret> secret;  // derived: of the fleet; shared: the key itself
    std::shared_ptr<const KeyTable> keys;        // listed: by the number of the device, the identity included
    PskSuite suite = PskSuite::ccm8;             // that the devices offer
    double resume = 0.9;                         // share of the handshakes that offer the last session
    bool connection_id = true;
    double wrong_key = 0;         // share of the devices whose key is wrong
    double unknown_identity = 0;  // share of the devices with an identity that no server knows
    Place place;
};

// The keys of the block with type, default and documentation.
std::vector<FieldInfo> security_fields();
// Reads the block; what is wrong goes to `diagnostics`.
void read_security_section(const Node& node, SecuritySpec& out, Diagnostics& diagnostics);

// HKDF-SHA-256 of the fleet's secret with the identity as info (RFC 5869), no salt: what devices, the embedded server
// and `provision` agree on.
void derive_key(base::Bytes fleet_secret, base::Bytes identity, std::array<std::uint8_t, derived_key_size>& out);
// What an identity that no server knows begins with.
inline constexpr std::string_view unknown_prefix = "unknown-";
// The right key of that identity; its length, or nothing where keys are listed and this is not among them. `out` has
// key_capacity bytes. REQUIRES: key != none.
std::optional<std::size_t> key_of(const SecuritySpec& spec, base::Bytes identity, base::MutableBytes out);

// The tree with every scalar of a `security: key:` block made unreadable, for people to look at.
Node without_secrets(const Node& tree);

}  // namespace profiles
