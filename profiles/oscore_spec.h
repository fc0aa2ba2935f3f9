// OscoreSpec: the OSCORE block of a profile (RFC 8613; Transport 1.1.1, 5.5): whose secrets its devices share with
// their server, and by which ids. What is one device's own is worked out from its index, and stored nowhere.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "profiles/diagnostics.h"
#include "profiles/fields.h"
#include "profiles/population.h"
#include "simulator/base/crypto.h"

namespace profiles {

// RFC 8613 3.3: ids of AES-CCM-16-64-128.
inline constexpr std::size_t oscore_id_capacity = 7;
inline constexpr std::size_t oscore_id_context_capacity = 32;

// Text, a template of it, or bytes: "{index}", {hex: "01"}.
struct OscoreName {
    std::string text;
    std::vector<std::uint8_t> bytes;  // where it was given as hex
    bool is_hex = false;
    Place place;
};

// What a device does when it comes back: Transport 1.1.1, 5.5.3 wants b2.
enum class OscoreReboot : std::uint8_t {
    keep,  // goes on as if nothing had happened
    b1,    // RFC 8613 B.1: the sequence goes on higher up, and the server has to prove that it is live
    b2,    // RFC 8613 B.2: a new context each time
};

// Where the Master Secrets come from: one for all, one for each index, or one derived from a secret of the fleet.
struct OscoreSecrets {
    std::vector<base::Secret> each;  // by index; one: for all
    base::Secret fleet;              // not empty: HKDF of it and the endpoint name
};

struct OscoreSpec {
    OscoreName sender_id{"{index}", {}, false, {}};
    OscoreName recipient_id{"s", {}, false, {}};
    std::optional<OscoreName> id_context;
    base::Secret master_salt;
    OscoreSecrets secrets;
    OscoreReboot reboot = OscoreReboot::b2;
    std::uint64_t first_partial_iv = 0;
    double wrong_key = 0;  // share of the devices whose keys are wrong
    Place place;
};

// Reads the map `oscore:` of a profile. A place that would show a secret is not shown.
std::shared_ptr<const OscoreSpec> read_oscore(const Node::Entry& entry, Diagnostics& diagnostics);
std::vector<FieldInfo> oscore_fields();

// The side of one device. The views live as long as this object and its profile.
class OscoreIdentity {
public:
    // REQUIRES: the profile has an OSCORE block for that one of its servers.
    OscoreIdentity(const ResolvedProfile& profile, const EndpointVariables& variables, std::size_t server = 0);
    OscoreIdentity(const OscoreIdentity&) = delete;
    OscoreIdentity& operator=(const OscoreIdentity&) = delete;

    // Nothing when the template grows beyond oscore_id_capacity for this device.
    std::optional<base::Bytes> sender_id() const;
    base::Bytes recipient_id() const { return spec_.recipient_id.bytes; }
    std::optional<base::Bytes> id_context() const;
    // Empty when the table of secrets has no row for this device.
    base::Bytes master_secret() const { return secret_; }
    base::Bytes master_salt() const { return spec_.master_salt.view(); }

private:
    const OscoreSpec& spec_;
    std::array<std::uint8_t, endpoint_capacity> id_{};
    std::size_t id_size_ = 0;
    base::SecretArray<32> derived_;
    base::Bytes secret_;
};

// The same tree with `***` for the secrets of each `oscore:` in it: to be shown.
Node without_oscore_secrets(const Node& profile);

}  // namespace profiles
