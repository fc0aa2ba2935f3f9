// Object 6, Location (Core 1.1.1, E.7).
#include "simulator/fleet/behaviour.h"
#include "simulator/fleet/device_clock.h"
#include "simulator/fleet/device_tree.h"

namespace fleet {
namespace {

using lwm2m::Path;

constexpr std::uint16_t latitude = 0, timestamp = 5;

// When the position was taken.
lwm2m::ValueView read(const DeviceTree& tree, const Path& path) {
    if (path.resource() != timestamp) return {};
    return lwm2m::ValueView::of_time(device_time(tree, tree.sampled(path.prefix(2).child(latitude))));
}

base::Time next_change(const DeviceTree& tree, const Path& path, const Path&) {
    return path.resource() == timestamp ? tree.next_change(path.prefix(2).child(latitude)) : base::never;
}

}  // namespace

const Behaviour location_behaviour{.read = read, .next_change = next_change};

}  // namespace fleet
