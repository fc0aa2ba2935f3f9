// Behaviour: what an object of a device does beyond holding values: values that the device works out, writes with
// consequences, and executions. One file an object (object_device.cpp, ...); most objects have none.
//
// A behaviour has no memory of its own. What a device has to remember lies in its changes: DeviceTree::keep() for what
// a server can read, DeviceTree::note() for the rest. What has to happen after the answer is asked for by the tree's
// after_answer.
//
// A value or generator that the profile gives always wins: `read` and `next_change` are asked only for resources that
// the profile leaves to the device (profiles/computed_resources.h), and that nobody has written since.
#pragma once

#include <optional>
#include <string_view>

#include "coap/code.h"
#include "simulator/base/time.h"
#include "simulator/lwm2m/object_model.h"
#include "simulator/lwm2m/path.h"
#include "simulator/lwm2m/value.h"

namespace fleet {

class DeviceTree;

// What is null is as for any object: a write is kept, an execution answers 2.04 and does nothing.
struct Behaviour {
    // The value now at a computed resource or resource instance; Type::none where it has none. Text and bytes must live
    // as long as the request: DevicePool::texts has memory for them.
    lwm2m::ValueView (*read)(const DeviceTree& tree, const lwm2m::Path& path) = nullptr;

    // The first moment after now at which the computed value at `path` may be another by itself, base::never where only
    // touch() says so. `observed` is `path` or above it: what a clock shows is no news to who looks at all of it.
    base::Time (*next_change)(const DeviceTree& tree, const lwm2m::Path& path, const lwm2m::Path& observed) = nullptr;

    // What the device has against a write, asked before any value of the request is written (ObjectTree::accepts).
    coap::Code (*accepts)(const DeviceTree& tree, const lwm2m::Path& path, const lwm2m::ValueView& value) = nullptr;

    // Takes a write in its own way; nothing: the value is kept as it is.
    std::optional<coap::Code> (*write)(DeviceTree& tree, const lwm2m::Path& path,
                                       const lwm2m::ValueView& value) = nullptr;
    // The value has been kept.
    void (*written)(DeviceTree& tree, const lwm2m::Path& path) = nullptr;

    // Nothing: the resource does nothing.
    std::optional<coap::Code> (*execute)(DeviceTree& tree, const lwm2m::Path& path,
                                         std::string_view arguments) = nullptr;

    // An instance has come, without resources yet.
    void (*created)(DeviceTree& tree, const lwm2m::Path& instance) = nullptr;
};

// Null for an object that only holds values.
const Behaviour* behaviour_of(const lwm2m::ObjectModel& object);

// One file each.
extern const Behaviour security_behaviour;                 // 0
extern const Behaviour server_behaviour;                   // 1
extern const Behaviour device_behaviour;                   // 3
extern const Behaviour connectivity_monitoring_behaviour;  // 4
extern const Behaviour firmware_behaviour;                 // 5
extern const Behaviour location_behaviour;                 // 6
extern const Behaviour software_management_behaviour;      // 9
extern const Behaviour portfolio_behaviour;                // 16
extern const Behaviour timer_behaviour;                    // 3340
extern const Behaviour connectivity_statistics_behaviour;  // 7
extern const Behaviour test_object_behaviour;              // 3441, 3442
extern const Behaviour ipso_behaviour;                     // whatever has reusable resources

}  // namespace fleet
