// Object 5, Firmware Update (Core 1.1.1, E.6): what a server sees of it, and what it does to it; how that goes is in
// firmware.h. DeviceTree asks here for an object 5 that is more than data.
#pragma once

#include <optional>
#include <string_view>

#include "coap/code.h"
#include "simulator/lwm2m/path.h"
#include "simulator/lwm2m/value.h"

namespace fleet {

class DeviceTree;

// The value of a resource that the device works out; nothing for any other.
std::optional<lwm2m::ValueView> read_firmware(const DeviceTree& tree, const lwm2m::Path& path);
// What the device has against a write (ObjectTree::accepts).
coap::Code accepts_firmware(const DeviceTree& tree, const lwm2m::Path& path, const lwm2m::ValueView& value);
// Takes a write or an execution; nothing: it is as for any other resource.
std::optional<coap::Code> write_firmware(DeviceTree& tree, const lwm2m::Path& path, const lwm2m::ValueView& value);
std::optional<coap::Code> execute_firmware(DeviceTree& tree, const lwm2m::Path& path);

}  // namespace fleet
