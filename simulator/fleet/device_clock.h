// DeviceClock: what time a device thinks that it is.
#pragma once

#include <cstdint>

#include "simulator/base/time.h"
#include "simulator/lwm2m/path.h"

namespace fleet {

class DeviceTree;

inline constexpr lwm2m::Path current_time(3, 0, 13);

// Unix time on the device's clock at a moment: a server may have set it (Device object, resource 13).
std::int64_t device_time(const DeviceTree& tree, base::Time moment);

// Unix time at a moment, of a clock that goes right.
std::int64_t true_time(const DeviceTree& tree, base::Time moment);

}  // namespace fleet
