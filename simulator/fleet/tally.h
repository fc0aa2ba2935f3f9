// Tally: what a device has measured of one of its values since the start of the run or the last reset: the least, the
// most, how much and for how long. Of a value that nobody generates it is worked out when it is asked for; of a
// generated one it goes on from where it was asked for last, sample by sample, a long silence by 256 values.
#pragma once

#include "simulator/fleet/device.h"

namespace fleet {

class DeviceTree;

// The tally of the value at `path`, up to now.
Tally measure(const DeviceTree& tree, const lwm2m::Path& path);

// Another value is about to be written at `path`: what was measured of the old one is kept.
void settle(const DeviceTree& tree, const lwm2m::Path& path);

// An on/off and dimmed load without a power of its own to measure draws so much, in W, when it is fully on.
inline constexpr double full_power = 10;

}  // namespace fleet
