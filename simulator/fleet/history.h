// History: notifications that could not go out when they were due, kept to be told later with their times (Core 1.1.1,
// E.2: resource 6 of the Server object; 1.2, 7.3.2: hqmax).
#pragma once

#include "simulator/fleet/observation.h"

namespace fleet {

// However large hqmax is, this many of one observation are kept at most.
inline constexpr std::uint32_t most_history = 64;

// May notifications be kept for the server at all? By default they may.
bool keeps_history(Turn& turn, LinkId id);

// Keeps the workspace's entries as those of now; of more than `most` the oldest goes. False where there is no room,
// which is counted, and for a format that has no times: only SenML does.
bool keep_in_history(Turn& turn, Observation& observation, std::uint32_t most);

// All that is kept, the oldest first, each with its age now (RFC 8428 4.5.3), in the format of the observation; it
// stands in the workspace. Empty when there is nothing, or more than an answer holds.
base::Bytes history_payload(Turn& turn, const Observation& observation, const DeviceTree& tree);

void forget_history(Turn& turn, Observation& observation);

}  // namespace fleet
