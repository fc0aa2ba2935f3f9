#include "simulator/fleet/device_clock.h"

#include "simulator/fleet/device_tree.h"

namespace fleet {

std::int64_t true_time(const DeviceTree& tree, base::Time moment) {
    return tree.turn().pool.unix_start + std::chrono::floor<std::chrono::seconds>(moment.time_since_epoch()).count();
}

std::int64_t device_time(const DeviceTree& tree, base::Time moment) {
    const auto offset = static_cast<std::int64_t>(tree.note(current_time).value_or(0));
    return true_time(tree, moment) + offset;
}

}  // namespace fleet
