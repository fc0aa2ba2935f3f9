#include "simulator/fleet/tally.h"

#include <algorithm>
#include <cmath>

#include "simulator/fleet/device_tree.h"

namespace fleet {
namespace {

using lwm2m::Path;

constexpr std::int64_t most_values = 256;
constexpr std::uint16_t cumulative_power = 5805, on_off = 5850, dimmer = 5851;

// The power that a switched load draws is no resource: it stands where its integral does.
bool is_load(const Path& path) { return path.resource() == cumulative_power; }

double value_of(const DeviceTree& tree, const Path& path) {
    if (!is_load(path)) return lwm2m::to_number(tree.read(path));
    const Path instance = path.prefix(2);
    const double level = lwm2m::to_number(tree.read(instance.child(dimmer)));
    const double on = lwm2m::to_number(tree.read(instance.child(on_off)));
    return full_power * on * (std::isnan(level) ? 1 : level / 100);
}

bool is_generated(const DeviceTree& tree, const Path& path) {
    if (!is_load(path)) return tree.is_generated(path);
    const Path instance = path.prefix(2);
    return tree.is_generated(instance.child(on_off)) || tree.is_generated(instance.child(dimmer));
}

// Until when the value stands as it does now.
base::Time next_change(const DeviceTree& tree, const Path& path) {
    if (!is_load(path)) return tree.next_change(path);
    const Path instance = path.prefix(2);
    return std::min(tree.next_change(instance.child(on_off)), tree.next_change(instance.child(dimmer)));
}

void add(Tally& tally, double value, base::Duration span) {
    if (std::isnan(value)) return;
    const double seconds = base::seconds(span);
    tally.least = std::isnan(tally.least) ? value : std::min(tally.least, value);
    tally.most = std::isnan(tally.most) ? value : std::max(tally.most, value);
    tally.sum += value * seconds;
    (value > 0 ? tally.active : tally.idle) += seconds;
}

}  // namespace

Tally measure(const DeviceTree& tree, const Path& path) {
    const Tally* const known = tree.tally(path);
    Tally tally = known == nullptr ? Tally{} : *known;
    const Turn& turn = tree.turn();
    const base::Time now = turn.now;
    if (now < tally.upto) return tally;
    if (is_generated(tree, path)) {
        const base::Duration least = (now - tally.upto) / most_values;
        for (base::Time at = tally.upto; at < now;) {
            Turn then{at, turn.pool, turn.outbox, turn.timers, turn.endpoint, turn.counters, turn.latency};
            const DeviceTree tree_then(then, tree.id());
            const base::Time until = std::min(now, std::max(next_change(tree_then, path), at + least));
            add(tally, value_of(tree_then, path), until - at);
            at = until;
        }
        add(tally, value_of(tree, path), base::Duration::zero());
        tally.upto = now;
        (void)tree.keep_tally(path, tally);
        return tally;
    }
    add(tally, value_of(tree, path), now - tally.upto);
    tally.upto = now;
    return tally;
}

void settle(const DeviceTree& tree, const Path& path) { (void)tree.keep_tally(path, measure(tree, path)); }

}  // namespace fleet
