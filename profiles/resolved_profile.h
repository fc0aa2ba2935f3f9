// ResolvedProfile: a profile with every name, reference and default worked out. Immutable, and shared by all the
// devices that follow it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coap/transmission.h"
#include "profiles/firmware_spec.h"
#include "profiles/generator_spec.h"
#include "profiles/security.h"
#include "profiles/server_uri.h"
#include "simulator/base/units.h"
#include "simulator/lwm2m/content_format.h"
#include "simulator/lwm2m/object_model.h"
#include "simulator/lwm2m/value.h"

namespace profiles {

enum class Lwm2mVersion : std::uint8_t { v1_0, v1_1, v1_2 };
std::string_view name(Lwm2mVersion version);  // "1.0"

// One resource (depth 3) or, where the resource is multiple, one resource instance (depth 4) that every device of the
// profile starts with.
struct ResolvedResource {
    lwm2m::Path path;
    lwm2m::Type type = lwm2m::Type::none;  // none: executable only
    lwm2m::Operations operations;          // of the resource, from its object's model
    bool multiple = false;                 // the resource is multiple; for depth 3 it then has no instances yet
    bool computed = false;                 // the device works its value out (computed_resources.h)
    std::int32_t generator = -1;  // index into ResolvedProfile::generators, or -1: `value` is constant until written
    lwm2m::Value value;
};

struct ResolvedInstance {
    lwm2m::Path path;                  // depth 2
    std::uint32_t first_resource = 0;  // [first, first + count) of ResolvedProfile::resources
    std::uint32_t resource_count = 0;
};

struct ResolvedObject {
    std::uint16_t id = 0;
    const lwm2m::ObjectModel* model = nullptr;  // lives as long as the profile, at least
    std::uint32_t first_instance = 0;
    std::uint32_t instance_count = 0;
};

// What the radio does to the datagrams of one device, each way.
struct NetworkSpec {
    double loss = 0;                            // share of datagrams, 0 to 1
    double duplicate = 0;                       // share
    double reorder = 0;                         // share that waits behind those sent after it
    std::optional<base::DurationSpec> latency;  // one way is half of it
    base::Duration nat_timeout{0};  // silent for longer, a device gets another source address; 0: it keeps its own

    bool perfect() const { return loss == 0 && duplicate == 0 && reorder == 0 && !latency; }
};

// What a device sends unasked (Core 1.1.1, 6.4.6).
struct SendSpec {
    base::DurationSpec every;        // fixed, or less than half of it to either side
    std::vector<lwm2m::Path> paths;  // sorted, none below another; empty: it sends nothing
    lwm2m::ContentFormat format = lwm2m::ContentFormat::senml_cbor;
    std::uint32_t samples = 1;  // values of each path in one Send, evenly spaced since the Send before
};

// A device in queue mode is out of reach most of the time (Core 1.1.1, 6.5).
struct SleepSpec {
    enum class OnWake : std::uint8_t { update, listen };
    enum class WhenDue : std::uint8_t { wake, keep };

    base::Duration window{0};         // awake for so long after its last message; 0: it never sleeps
    base::DurationSpec every;         // by its schedule it wakes so often; 0: only when it has something to say
    OnWake on_wake = OnWake::update;  // by its schedule
    WhenDue notify = WhenDue::wake;   // what becomes of a notification that is due while it sleeps

    bool sleeps() const { return window > base::Duration::zero(); }
};

struct BehaviourSpec {
    base::DurationSpec boot_delay{};  // after the moment at which the ramp starts the device
    double update_at = 0.9;           // share of the lifetime after which the Update goes out
    bool notify_confirmable = false;  // true: every notification is CON; else NON with one CON in 24 h (RFC 7641 4.5)
    std::vector<std::pair<lwm2m::Path, base::Duration>> reboot_on_execute;  // path -> how long the device is away
    SendSpec send;
    SleepSpec sleep;
    FirmwareSpec firmware;
    FirmwareSpec software;  // of object 9: what there is to say of downloads, and which installations fail (rollback)
};

struct OscoreSpec;  // oscore_spec.h

// A LwM2M server that the devices register with.
struct ResolvedServer {
    lwm2m::Path object;                          // its Server object instance
    std::uint16_t short_id = 0;                  // 1/x/0
    std::optional<ServerUri> uri;                // none: the target of the run
    base::DurationSpec lifetime;                 // 1/x/1; whole seconds when registered
    base::Duration default_pmin{0};              // 1/x/2; 0 = none
    std::optional<base::Duration> default_pmax;  // 1/x/3
    SecuritySpec security;                       // of a further server; of the first ResolvedProfile::security holds
    std::shared_ptr<const OscoreSpec> oscore;    // the same
};

struct ResolvedProfile {
    std::string name;
    std::string endpoint;  // template: {index} {index:08} {imei} {uuid} {shard} {seed} {profile}
    Lwm2mVersion version = Lwm2mVersion::v1_1;
    std::string binding = "U";
    bool queue_mode = false;
    std::string root_path;                // alternate path: "lwm2m"; empty: the root
    std::vector<ResolvedServer> servers;  // the first is the target of the run

    // Models of objects that no definition is known of; `objects` points into them.
    std::vector<std::shared_ptr<const lwm2m::ObjectModel>> guessed_models;

    std::vector<ResolvedObject> objects;      // by id; never 0 and 21 in the Register list
    std::vector<ResolvedInstance> instances;  // by path
    std::vector<ResolvedResource> resources;  // by path
    std::vector<GeneratorSpec> generators;

    // Ready for the wire: the link list of the Register and Update payload (Content-Format 40), RFC 6690.
    std::string object_links;

    std::vector<lwm2m::ContentFormat> formats;  // that the device can read and write, the preferred one first
    lwm2m::ContentFormat default_format = lwm2m::ContentFormat::tlv;  // of an answer when the request has no Accept

    coap::TransmissionParameters transmission;
    BehaviourSpec behaviour;
    NetworkSpec network;
    SecuritySpec security;
    std::shared_ptr<const OscoreSpec> oscore;  // none: no OSCORE

    // Index into `resources` of the entry at exactly that path, or -1.
    std::int32_t find(const lwm2m::Path& path) const;

    // The resource that a server would observe first: the first readable one with a generator, rather of an
    // application object (above 5, location and sensors) than of the core ones.
    std::optional<lwm2m::Path> telling_resource() const;
};

// Of the devices towards the server at that place of ResolvedProfile::servers.
inline const SecuritySpec& security_of(const ResolvedProfile& profile, std::size_t server) {
    return server == 0 ? profile.security : profile.servers[server].security;
}
// Null: no OSCORE with that server.
inline const OscoreSpec* oscore_of(const ResolvedProfile& profile, std::size_t server) {
    return server == 0 ? profile.oscore.get() : profile.servers[server].oscore.get();
}
// Do they speak DTLS to any of their servers, do they have OSCORE with any?
bool speaks_dtls(const ResolvedProfile& profile);
bool has_oscore(const ResolvedProfile& profile);

using ResolvedProfilePtr = std::shared_ptr<const ResolvedProfile>;

}  // namespace profiles
