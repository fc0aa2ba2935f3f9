// Profile: what a kind of device is, as its YAML says it. Nothing is looked up: a profile that loads here loads
// everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "coap/transmission.h"
#include "profiles/diagnostics.h"
#include "profiles/fields.h"
#include "profiles/firmware_spec.h"
#include "profiles/oscore_spec.h"
#include "profiles/resolved_profile.h"
#include "profiles/server_uri.h"
#include "profiles/yaml.h"
#include "simulator/base/units.h"
#include "simulator/lwm2m/content_format.h"
#include "simulator/lwm2m/object_model.h"

namespace profiles {

// A value that is checked later, and where it was written.
template <class T>
struct Placed {
    T value{};
    Place place;
};

struct Lwm2mSection {
    Lwm2mVersion version = Lwm2mVersion::v1_1;
    Placed<std::string> binding{"U", {}};
    bool queue_mode = false;
    Placed<std::string> path;
    Placed<base::DurationSpec> lifetime{base::Duration(std::chrono::hours(24)), {}};
    std::vector<Node::Entry> object_versions;  // object name or id -> version
};

struct RebootAction {
    std::string path;  // by names or ids, not looked up
    Place place;
    base::Duration away{0};
};

// What a device sends unasked; without paths it does not.
struct SendSection {
    Placed<base::DurationSpec> every;
    std::vector<Placed<std::string>> paths;  // by names or ids, not looked up
    Placed<lwm2m::ContentFormat> format{lwm2m::ContentFormat::senml_cbor, {}};
    unsigned samples = 1;
    Place place;
};

// How a device sleeps; without `queue_mode` it does not.
struct SleepSection {
    base::Duration queue_mode{0};
    Placed<base::DurationSpec> every;
    std::optional<SleepSpec::OnWake> on_wake;
    SleepSpec::WhenDue notify = SleepSpec::WhenDue::wake;
    Place place;
};

struct BehaviourSection {
    base::DurationSpec boot_delay;
    double update_at = 0.9;
    bool notify_confirmable = false;
    std::vector<RebootAction> on_execute;
    SendSection send;
    SleepSection sleep;
    FirmwareSpec firmware;
    Place firmware_place;  // where it is said; of no file where it is not
    FirmwareSpec software;
    Place software_place;  // the same
};

// A server beside the first one, which is the target of the run.
struct ServerSection {
    std::uint16_t short_id = 0;
    std::optional<ServerUri> uri;
    std::optional<Placed<base::DurationSpec>> lifetime;
    SecuritySpec security;                     // of the device towards this server
    std::shared_ptr<const OscoreSpec> oscore;  // the same
    Place place;
};

struct Profile {
    Placed<std::string> name;
    std::string description;
    Placed<std::string> endpoint{"{profile}-{index}", {}};
    Lwm2mSection lwm2m;
    std::vector<ServerSection> servers;
    coap::TransmissionParameters coap;
    std::vector<Placed<lwm2m::ContentFormat>> formats;  // empty: by the version of LwM2M
    std::vector<Node::Entry> objects;                   // "device/0" -> map of its resources
    BehaviourSection behaviour;
    NetworkSpec network;
    SecuritySpec security;
    std::shared_ptr<const OscoreSpec> oscore;  // none: no OSCORE
    Place place;                               // of the profile as a whole
};

// Every key of a profile with type, default and documentation.
std::vector<FieldInfo> profile_fields();

}  // namespace profiles
