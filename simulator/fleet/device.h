// Device: what one virtual device remembers. Everything that it shares with others of its profile is in the
// ResolvedProfile; what only some have (observations, written values, exchanges under way) is in slabs of the
// DevicePool.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>

#include "coap/endpoint.h"
#include "metrics/catalog.h"
#include "simulator/base/byte_pool.h"
#include "simulator/base/slab.h"
#include "simulator/base/timer_wheel.h"
#include "simulator/lwm2m/path.h"
#include "simulator/lwm2m/value.h"

namespace fleet {

using DeviceId = std::uint32_t;  // number of a device in its shard
// Number of a link in its shard. The first link of a device has the device's number; those of further links follow on
// the last device's.
using LinkId = std::uint32_t;

// The kinds of timers on a shard's wheel (TimerEvent::kind).
enum class TimerKind : std::uint32_t {
    exchange = 0,  // index: exchange of the coap::Endpoint
    life = 1,      // index: LinkId; start, update, retry, reboot
    notify = 2,    // index: observation
    send = 3,      // index: LinkId; one at most
    sleep = 4,     // index: DeviceId; one at most
    firmware = 5,  // index: DeviceId; one at most
    download = 6,  // the same
};

// Where the server keeps the registration: "rd/5a3f". Longer ones than fit are refused as a bad response.
class Location {
public:
    static constexpr std::size_t max_size = 31;

    void set(std::string_view text) {
        size_ = static_cast<std::uint8_t>(text.size());
        std::copy(text.begin(), text.end(), bytes_.begin());
    }
    void clear() { size_ = 0; }
    std::string_view text() const { return {bytes_.data(), size_}; }

private:
    std::uint8_t size_ = 0;
    std::array<char, max_size> bytes_{};
};

// What a device remembers of one of its servers: a registration of its own, and all that belongs to it.
struct Link {
    coap::Peer peer;
    base::TimerId life_timer = base::no_index;
    std::uint32_t observations = base::no_index;  // head of a list through Observation::next
    std::uint32_t lifetime = 0;                   // s, as registered
    std::uint32_t tokens = 0;                     // how many tokens were made
    metrics::ProfileIndex profile = 0;            // of the device
    std::uint8_t server = 0;                      // its place in ProfileState::servers
    metrics::DeviceState state = metrics::DeviceState::idle;
    std::uint8_t attempts = 0;        // of the registration sequence under way (Core 1.1.1, 6.2.1.1)
    std::uint8_t sequences = 0;       // that have failed
    bool update_due : 1 = false;      // asked for; goes out when the exchange under way has ended
    bool deregister_due : 1 = false;  // the same
    bool lifetime_changed : 1 = false;
    bool links_changed : 1 = false;
    bool links_sent : 1 = false;  // the Update under way has the object list
    bool binding_changed : 1 = false;
    bool disabled : 1 = false;        // by 1/x/4: it comes back when 1/x/5 is over
    bool in_line : 1 = false;         // waits until those before it in the order have registered (1/x/13)
    bool was_registered : 1 = false;  // since the run began
    bool sleeps : 1 = false;          // of a device, in its first link: its profile has it sleep
    bool asleep : 1 = false;          // the same: out of reach
    bool notify_due : 1 = false;      // an observation waits for the exchange under way to end
    bool send_due : 1 = false;        // a Send does
    bool send_armed : 1 = false;      // its timer runs
    bool asked_due : 1 = false;       // what a server had it asked to send waits (sending.h)
    bool has_context : 1 = false;     // an OSCORE context (oscore.h)
    base::Time intended{};            // of the life step that waits, or of the one under way
    Location location;
};

// A device is its first link, and what all its links share.
struct Device : Link {
    std::uint32_t changes = base::no_index;   // head of a list through Change::next
    std::uint32_t further = base::no_index;   // its second link: head of a list through FurtherLink::next
    std::uint32_t firmware = base::no_index;  // what it remembers of firmware and downloads (firmware_records.h)
};
static_assert(sizeof(Device) == 88);

// Of a device that sleeps.
struct Sleep {
    base::Time last_sent{};
    base::Time wake{};        // by its schedule
    std::uint32_t wakes = 0;  // that the schedule has had
    base::TimerId timer = base::no_index;
};

// A link to another server than the first; few devices have any.
struct FurtherLink : Link {
    DeviceId device = 0;
    std::uint32_t next = base::no_index;  // of the same device
};

// What one Observe or Observe-Composite of a server asked for.
struct Observation {
    base::Time intended{};           // when the next notification is due
    base::Time notified{};           // when the last one was (or the answer to the Observe)
    base::Time waiting_since{};      // when the notification that waits was due
    base::Time confirmed{};          // when the last confirmable one was
    base::Time evaluated{};          // when the conditions were last looked at
    std::uint64_t payload_hash = 0;  // of what was sent last
    double told = 0;   // the number that was sent last, where a single one is observed; else see `compound`
    lwm2m::Path path;  // root: see `compound`
    coap::Token token;
    std::uint16_t format = 0;
    std::uint16_t message_id = 0;  // of the last notification: a RST names it
    std::uint32_t sequence = 0;
    LinkId link = 0;
    std::uint32_t next = base::no_index;        // of the same link
    std::uint32_t attributes = base::no_index;  // those that the Observe itself brought (LwM2M 1.2)
    std::uint32_t compound = base::no_index;    // of an observation of several paths or of a multiple resource
    std::uint32_t history = base::no_index;     // the oldest of the notifications that are kept for later
    base::TimerId timer = base::no_index;
    bool waiting : 1 = false;   // due, but the device is busy with a confirmable message
    bool changing : 1 = false;  // something under the path has a generator
    bool touched : 1 = false;   // something under the path was written since it was looked at
    bool pending : 1 = false;   // a condition was met: due as soon as pmin allows
    bool held : 1 = false;      // epmin or pmin keeps the timer from the moment of a change
};

// What an observation of several values remembers; the bytes are in the DevicePool's pool.
struct Compound {
    base::BytePool::Handle paths;  // of an Observe-Composite: lwm2m::Path, sorted, none below another
    base::BytePool::Handle told;   // what was sent last: a fingerprint of which values, then 8 bytes for each
};

// A notification that could not go out when it was due; a list from the oldest to the newest.
struct PastNotification {
    base::Time at{};
    base::BytePool::Handle values;  // SenML CBOR
    std::uint32_t next = base::no_index;
};

// What was measured of a value (tally.h).
struct Tally {
    base::Time upto{};  // until when
    double least = std::numeric_limits<double>::quiet_NaN();
    double most = std::numeric_limits<double>::quiet_NaN();
    double sum = 0;     // value times seconds
    double active = 0;  // seconds above 0
    double idle = 0;    // the others
};

// How one device differs from its profile at one path. The newest change at a path holds.
struct Change {
    enum class Kind : std::uint8_t {
        value,             // of a resource or resource instance
        removed,           // instance, resource or resource instance: it and all below are gone
        instance_created,  // depth 2; replaces what the profile has there
        attributes,        // see `number`: index of the attribute record
        tally,             // see `number`: index of the tally of the value at the path
        note,              // see `number`: what the object's behaviour remembers there (behaviour.h)
    };
    lwm2m::Path path;
    Kind kind = Kind::value;
    lwm2m::Type type = lwm2m::Type::none;
    std::uint16_t size = 0;    // of the bytes
    std::uint8_t server = 0;   // whose attributes: Link::server
    std::uint64_t number = 0;  // the bits of a value without bytes, or the handle of the bytes
    std::uint32_t next = base::no_index;
};

}  // namespace fleet
