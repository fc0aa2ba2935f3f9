// ServerActions: what a scenario has the embedded server do to each device, and when: the `server:` block.
//
//   server:
//     observe: [/3303/0/5700]                # right after each registration; omitted: default_observations()
//     read:    [{path: /3/0, every: 60s, format: tlv}]
//     write:   [{path: /3/0/15, value: "Europe/Berlin", every: 5m}]
//     execute: [{path: /3303/0/5605, every: 10m}]
//     read_composite: [{paths: [/3/0/9, /3303], every: 5m}]
//     firmware: {image: 256KiB, after: 60s}  # campaign_spec.h
//
//     threads: 4                             # that take in datagrams and speak DTLS; not in virtual time
//
// There is a key for each operation; an entry is a path or a map of the keys that server_fields() lists.
//
// The times count from the moment at which the server answered the registration; an Update does not start them anew, a
// new Register does.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/campaign_spec.h"
#include "profiles/diagnostics.h"
#include "profiles/fields.h"
#include "profiles/resolved_profile.h"
#include "simulator/base/time.h"
#include "simulator/base/units.h"
#include "simulator/lwm2m/content_format.h"
#include "simulator/lwm2m/path.h"

namespace profiles {

class Node;

struct ServerAction {
    enum class Operation : std::uint8_t {
        observe,
        read,
        write,
        execute,
        discover,
        write_attributes,
        create,
        delete_,
        cancel,
        read_composite,
        write_composite,
        observe_composite,
        cancel_composite,
    };
    // Core 1.1.1, 6.3.3: of an object instance.
    enum class Mode : std::uint8_t { replace, update };
    // How an observation ends (RFC 7641 3.6).
    enum class By : std::uint8_t { get, reset };

    Operation operation = Operation::read;
    lwm2m::Path path;                // the root for a composite operation
    std::vector<lwm2m::Path> paths;  // of a composite operation, in order, each once
    base::DurationSpec after{};
    std::optional<base::DurationSpec> every;  // none: once
    double share = 1;
    std::optional<lwm2m::ContentFormat> format;
    std::optional<base::Duration> pmin;   // of observe; whole seconds; written as attributes before it is observed
    std::optional<base::Duration> pmax;   // the same
    std::vector<std::string> attributes;  // "pmin=10", "pmax" to unset: of write_attributes; of observe in its query
    std::string value;                    // template, of write
    std::vector<std::pair<lwm2m::Path, std::string>> values;  // templates by path, of write, create and write_composite
    std::string arguments;                                    // of execute, may be empty
    std::optional<std::uint8_t> depth;                        // of discover
    Mode mode = Mode::replace;                                // of write
    By by = By::get;                                          // of cancel and cancel_composite
    Place place;                                              // for messages
};

// "observe", "write_attributes", "delete": the key of the block.
std::string_view name(ServerAction::Operation operation);

struct ServerActions {
    bool observe_defaults = true;  // no `observe:` was given: default_observations() come in
    std::vector<ServerAction> actions;
    std::vector<PlannedCampaign> campaigns;
    std::optional<std::uint32_t> threads;                       // that take in datagrams; none: what suits the machine
    std::vector<std::pair<std::string, std::string>> profiles;  // name, and pattern of the endpoint names: CampaignSpec
};

inline constexpr std::uint32_t most_server_threads = 64;

// Every key of the block.
std::vector<FieldInfo> server_fields();

// What is observed of a device of this profile when nobody says so: its resource that changes most surely (one sampled
// by a draw or a daily course rather than one that drains, counts or goes through states), of the objects from 500 up
// rather than of the others, the first by path. Nothing where no readable resource ever changes.
std::optional<lwm2m::Path> default_observation(const ResolvedProfile& profile);

// The actions with those of all the profiles in place of observe_defaults, each path once.
ServerActions with_default_observations(ServerActions actions, std::span<const ResolvedProfilePtr> profiles);

// Reads the `server:` block. What is wrong goes to `diagnostics`; the result is then what could be read.
ServerActions read_server_actions(const Node& node, Diagnostics& diagnostics);

// The schedule: pure functions, so that it does not depend on threads. The server knows its devices by name only:
// `device` is device_key().
struct ServerSchedule {
    std::uint64_t seed = 0;
    std::uint64_t device = 0;
    std::uint32_t action = 0;  // index into ServerActions::actions
};
std::uint64_t device_key(std::string_view endpoint);

// Is the device among the action's share?
bool takes_part(const ServerAction& action, const ServerSchedule& schedule);

// How long after the registration the `count`th request (from 0) is meant to go out; nothing where there is none. Grows
// with `count`.
std::optional<base::Duration> intended(const ServerAction& action, const ServerSchedule& schedule, std::uint64_t count);

// The value to write, with its placeholders filled in. Text that profiles::read_value() turns into the resource's type.
std::string fill_in(std::string_view value, std::string_view endpoint, std::uint64_t count);

}  // namespace profiles
