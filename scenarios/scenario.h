// Scenario: what happens when: how many devices of which profiles come, stay and go, and what the server does to them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "profiles/diagnostics.h"
#include "profiles/fields.h"
#include "profiles/server_actions.h"
#include "profiles/server_uri.h"
#include "profiles/yaml.h"
#include "simulator/base/error.h"
#include "simulator/base/time.h"

namespace scenarios {

// Where the server under test listens: coap://host, coap://host:5684, coap://[::1]:5684. The host is not looked up
// here.
using Target = profiles::ServerUri;
inline base::Result<Target> parse_target(std::string_view uri) { return profiles::parse_server_uri(uri); }
using profiles::to_string;

struct FleetShare {
    std::string profile;          // a name in the catalog, or a file as seen from the folder of `place`
    std::optional<double> share;  // none: its part of what the others leave
    profiles::Place place;
};

// How many devices are up: "80%" of them all, or "20k".
struct Level {
    std::optional<std::uint64_t> count;
    double share = 1;

    // Rounded to the nearest; never above `devices`.
    std::uint64_t of(std::uint64_t devices) const;
};

enum class Arrivals : std::uint8_t {
    even,     // one after the other at equal distances
    poisson,  // at independent random moments
};

struct Ramp {
    Level to;
    std::optional<base::Duration> over;  // none: as long as it takes at default_ramp_rate
    Arrivals arrivals = Arrivals::even;
};
struct Hold {
    base::Duration length = std::chrono::seconds(60);
};
struct Drain {
    std::optional<base::Duration> over;  // none: as for a ramp
};
// What befalls many devices at one time.
struct Storm {
    enum class What : std::uint8_t {
        power_cycle,  // all of them fall silent when it begins, without a word, and come back one after the other
        rebind,       // a NAT gives one after the other a new address
        rotate_keys,  // one after the other takes the next generation of its key, and comes back with it
    };
    std::optional<What> what;  // none: was not given
    Level devices;             // of those that are up
    base::Duration within = std::chrono::seconds(30);
    Arrivals arrivals = Arrivals::poisson;
    double unknown = 0;  // rotate_keys: share of the devices whose next key the embedded server does not know
};

// Devices a second, when a ramp or drain does not say how long it takes; it takes a second at least.
inline constexpr double default_ramp_rate = 20'000;

struct Phase {
    std::string name;  // unique in its scenario: as given, or "ramp", "hold", "ramp-2", ...
    std::variant<Ramp, Hold, Drain, Storm> what;
    profiles::Place place;
};

// "ramp", "hold", "drain", "storm".
std::string_view kind(const Phase& phase);

inline constexpr std::uint64_t most_devices = 100'000'000;

struct Scenario {
    std::string name = "default";
    std::string description;
    std::uint64_t seed = 42;
    std::optional<Target> target;  // none: the embedded server
    std::uint64_t devices = 10'000;
    std::vector<FleetShare> fleet;  // at least one
    std::vector<Phase> phases;      // at least one
    profiles::ServerActions server;
    std::string report_dir;  // empty: no files

    // What it was read from, defaults filled in; apply_override() changes it and reads it anew.
    profiles::Node tree;
};

// The part of the fleet that each entry of `fleet` has, 0 to 1, together 1: those without a share divide what is left.
// Weights for profiles::Population.
std::vector<double> fleet_weights(const Scenario& scenario);

// Every key of a scenario with type, default and documentation.
std::vector<profiles::FieldInfo> scenario_fields();

}  // namespace scenarios
