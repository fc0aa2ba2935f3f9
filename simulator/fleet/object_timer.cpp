// Object 3340, Timer: an output that follows its input by a delay, as its mode says.
//
//   1 one-shot           an edge of the input, or the trigger: on for the delay
//   2 interval           as long as the input is on: on for the delay, off for the minimum off-time, and so on
//   3 delay on pick-up   on when the input has been on for the delay
//   4 delay on drop-out  on with the input, and for the delay after it
//   0                    off
#include <cmath>

#include "simulator/fleet/behaviour.h"
#include "simulator/fleet/device_tree.h"

namespace fleet {
namespace {

using coap::Code;
using lwm2m::Path;
using lwm2m::ValueView;

constexpr std::uint16_t delay_duration = 5521, trigger = 5523, off_time = 5525, mode = 5526, counter = 5534,
                        remaining_time = 5538, digital_state = 5543, on_off = 5850;

enum class Mode : std::uint8_t { disabled, one_shot, interval, pick_up, drop_out };

// The last edge of the input.
struct Edge {
    base::Time at{};
    bool on = false;
    bool any = false;

    std::uint64_t pack() const {
        return static_cast<std::uint64_t>(at.time_since_epoch().count()) << 2 | std::uint64_t{any} << 1 |
               std::uint64_t{on};
    }
    static Edge unpack(std::uint64_t number) {
        return {base::Time(base::Duration(static_cast<std::int64_t>(number >> 2))), (number & 1) != 0,
                (number >> 1 & 1) != 0};
    }
};

struct Timer {
    Mode mode = Mode::one_shot;
    base::Duration delay{};
    base::Duration pause{};
    Edge edge;
    base::Duration since{};  // the edge

    base::Duration within() const { return since % std::max<base::Duration>(delay + pause, base::Duration(1)); }
    bool output() const {
        if (!edge.any) return false;
        switch (mode) {
            case Mode::disabled: return false;
            case Mode::one_shot: return since < delay;
            case Mode::interval: return edge.on && within() < delay;
            case Mode::pick_up: return edge.on && since >= delay;
            case Mode::drop_out: return edge.on || since < delay;
        }
        return false;
    }
    // Until the output changes by itself; zero where it does not.
    base::Duration left() const {
        if (!edge.any) return base::Duration::zero();
        const bool runs =
            mode == Mode::one_shot || (mode == Mode::pick_up && edge.on) || (mode == Mode::drop_out && !edge.on);
        if (runs) return std::max(base::Duration::zero(), delay - since);
        if (mode != Mode::interval || !edge.on) return base::Duration::zero();
        return within() < delay ? delay - within() : delay + pause - within();
    }
    // How often the output has gone on since the edge.
    std::uint64_t rises() const {
        if (!edge.any) return 0;
        switch (mode) {
            case Mode::disabled: return 0;
            case Mode::one_shot: return delay > base::Duration::zero() ? 1 : 0;
            case Mode::interval:
                return edge.on ? static_cast<std::uint64_t>(
                                     since / std::max<base::Duration>(delay + pause, base::Duration(1))) +
                                     1
                               : 0;
            case Mode::pick_up: return output() ? 1 : 0;
            case Mode::drop_out: return edge.on ? 1 : 0;
        }
        return 0;
    }
};

base::Duration seconds_at(const DeviceTree& tree, const Path& path) {
    const double seconds = lwm2m::to_number(tree.read(path));
    return seconds > 0 && seconds < 1e9 ? base::from_seconds(seconds) : base::Duration::zero();
}

Timer timer_of(const DeviceTree& tree, const Path& instance) {
    Timer timer;
    const double number = lwm2m::to_number(tree.read(instance.child(mode)));
    if (number >= 0 && number <= 4) timer.mode = static_cast<Mode>(static_cast<std::uint8_t>(number));
    timer.delay = seconds_at(tree, instance.child(delay_duration));
    timer.pause = seconds_at(tree, instance.child(off_time));
    timer.edge = Edge::unpack(tree.note(instance.child(delay_duration)).value_or(0));
    timer.since = tree.turn().now - timer.edge.at;
    return timer;
}

std::uint64_t count_of(const DeviceTree& tree, const Path& instance, const Timer& timer) {
    return tree.note(instance.child(counter)).value_or(0) + timer.rises();
}

ValueView read(const DeviceTree& tree, const Path& path) {
    const Path instance = path.prefix(2);
    const Timer timer = timer_of(tree, instance);
    switch (path.resource()) {
        case remaining_time: return ValueView::of_floating(std::ceil(base::seconds(timer.left())));
        case digital_state: return ValueView::of_boolean(timer.output());
        case counter: return ValueView::of_integer(static_cast<std::int64_t>(count_of(tree, instance, timer)));
        default: return ipso_behaviour.read(tree, path);
    }
}

base::Time next_change(const DeviceTree& tree, const Path& path, const Path& observed) {
    const base::Time now = tree.turn().now;
    const base::Duration left = timer_of(tree, path.prefix(2)).left();
    switch (path.resource()) {
        case digital_state:
        case counter: return left > base::Duration::zero() ? now + left : base::never;
        case remaining_time:
            if (left == base::Duration::zero()) return base::never;
            return path == observed ? now + std::min<base::Duration>(left, std::chrono::seconds(1)) : now + left;
        default: return ipso_behaviour.next_change(tree, path, observed);
    }
}

// What was counted so far is kept when another count begins.
void begin(DeviceTree& tree, const Path& instance, bool on) {
    const auto count = count_of(tree, instance, timer_of(tree, instance));
    if (count != 0 && tree.is_computed(instance.child(counter))) (void)tree.set_note(instance.child(counter), count);
    (void)tree.set_note(instance.child(delay_duration), Edge{tree.turn().now, on, true}.pack());
    for (const auto changed : {remaining_time, digital_state, counter}) tree.touch(instance.child(changed));
}

std::optional<Code> write(DeviceTree& tree, const Path& path, const ValueView& value) {
    const Path instance = path.prefix(2);
    if (path.resource() == on_off) {
        const bool was = lwm2m::to_number(tree.read(path)) > 0;
        const auto code = ipso_behaviour.write(tree, path, value);
        if (was != value.boolean) {
            const Timer timer = timer_of(tree, instance);
            // A one-shot goes on when its input drops.
            if (value.boolean || timer.mode != Mode::one_shot) begin(tree, instance, value.boolean);
        }
        return code;
    }
    if (path.resource() == counter && tree.is_computed(path)) {
        const auto rises = timer_of(tree, instance).rises();
        const auto wanted = static_cast<std::uint64_t>(std::max<std::int64_t>(0, value.integer));
        return tree.set_note(path, wanted - rises);
    }
    return ipso_behaviour.write(tree, path, value);
}

std::optional<Code> execute(DeviceTree& tree, const Path& path, std::string_view arguments) {
    const Path instance = path.prefix(2);
    if (path.resource() != trigger) return ipso_behaviour.execute(tree, path, arguments);
    if (timer_of(tree, instance).mode == Mode::disabled) return Code::method_not_allowed;
    begin(tree, instance, true);
    return Code::changed;
}

}  // namespace

const Behaviour timer_behaviour{.read = read,
                                .next_change = next_change,
                                .accepts = ipso_behaviour.accepts,
                                .write = write,
                                .written = ipso_behaviour.written,
                                .execute = execute};

}  // namespace fleet
