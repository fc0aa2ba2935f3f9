// The records of observations: what each asked for, what it was told last, and whether there is something new to tell
// it. When to tell it, and how, is in reporting.h.
#pragma once

#include <optional>
#include <span>

#include "simulator/fleet/device_tree.h"
#include "simulator/lwm2m/content_format.h"

namespace fleet {

struct ObserveRequest {
    lwm2m::Path path;                    // root for an Observe-Composite
    std::span<const lwm2m::Path> paths;  // of an Observe-Composite: sorted, none below another
    base::Bytes token;
    lwm2m::ContentFormat format{};
    base::Bytes payload;           // of the answer that goes out now
    lwm2m::Attributes attributes;  // that the request brings (LwM2M 1.2)
};

// Tells one payload from another.
std::uint64_t fingerprint_of(base::Bytes bytes);

// A record for it, at the head of the device's list. The values that the answer holds must still be the workspace's
// entries. no_index when there is no room; that is counted.
std::uint32_t keep_observation(Turn& turn, LinkId id, const ObserveRequest& request);
// Gives the record back with its timer; it must be off the device's list.
void release_observation(Turn& turn, std::uint32_t index);

// What it looks at; of several paths they are in the workspace, until the next of these calls.
std::span<const lwm2m::Path> observed_paths(Turn& turn, const Observation& observation);

// Does the observation look at `path`, at something above or below it?
bool concerns(Turn& turn, const Observation& observation, const lwm2m::Path& path);

// What rules an observation now (Core 1.1.1, 5.1.2; 1.2, 7.3.2): of several paths the least pmin, pmax and epmin hold,
// and the conditions of each path for that path.
struct Rules {
    base::Duration pmin{0};
    base::Duration epmin{0};
    std::optional<base::Duration> epmax;  // of several paths the least that any has
    std::optional<base::Duration> pmax;   // the same
    std::optional<bool> confirmable;
    std::uint32_t history = 0;   // hqmax; 0 where there is none
    bool conditional = false;    // not for every change
    lwm2m::Attributes of_value;  // of a single value: its conditions
};
Rules rules_of(Turn& turn, const Observation& observation, const DeviceTree& tree);

// The value as it is now, in the format of the observation; the workspace's entries are what it holds.
lwm2m::Answer read_observed(Turn& turn, const Observation& observation, const DeviceTree& tree);

// May something that it looks at be another without anybody writing it?
bool changes_by_itself(Turn& turn, const Observation& observation, const DeviceTree& tree);

// May something that it looks at have become another by itself between then and now?
bool has_changed_since(Turn& turn, const Observation& observation, base::Time moment);

// Is something worth a notification by the conditions, compared to what was told last? What is gone is, too.
bool has_news(Turn& turn, Observation& observation, const Rules& rules, const DeviceTree& tree);

// Remembers the workspace's entries as told.
void remember_told(Turn& turn, Observation& observation);

// The first moment after now at which something may happen by itself that has to be looked at.
base::Time next_moment(Turn& turn, const Observation& observation, const Rules& rules, const DeviceTree& tree);

}  // namespace fleet
