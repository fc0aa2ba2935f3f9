#include "simulator/fleet/sleep.h"

#include "simulator/fleet/firmware.h"
#include "simulator/fleet/life.h"
#include "simulator/fleet/reporting.h"
#include "simulator/fleet/sending.h"

namespace fleet {
namespace {

using metrics::DeviceState;
using profiles::SleepSpec;

const SleepSpec& spec_of(Turn& turn, DeviceId device) { return turn.pool.profile(turn.pool[device]).behaviour.sleep; }

void arm(Turn& turn, DeviceId device, base::Time due) {
    Sleep& sleep = turn.pool.sleepers[device];
    turn.timers.cancel(sleep.timer);
    sleep.timer = turn.timers.arm(due, {static_cast<std::uint32_t>(TimerKind::sleep), device});
    if (sleep.timer == base::no_index) turn.counters.drop(metrics::Drop::no_slot);
}

void set_asleep(Turn& turn, DeviceId id, bool asleep) {
    Device& device = turn.pool[id];
    const auto before = turn.pool.state_of(id);
    device.asleep = asleep;
    turn.counters.move_device(device.profile, before, turn.pool.state_of(id));
}

bool is_busy(Turn& turn, DeviceId device) {
    for (LinkId id = device; id != base::no_index; id = turn.pool.next_link(id)) {
        if (turn.pool.link(id).peer.busy()) return true;
    }
    return is_downloading(turn, device);
}

// The times of the schedule are the device's own, whatever it does in between.
base::Time next_wake(Turn& turn, DeviceId device, const SleepSpec& spec) {
    Sleep& sleep = turn.pool.sleepers[device];
    if (sleep.wakes == 0) {
        const double share = turn.unit(device, base::Stream::sleep, sleep.wakes++);
        sleep.wake = turn.now + base::from_seconds(base::seconds(spec.every.centre) * share);
    }
    while (sleep.wake <= turn.now) sleep.wake += spec.every.at(turn.unit(device, base::Stream::sleep, sleep.wakes++));
    return sleep.wake;
}

void fall_asleep(Turn& turn, DeviceId device) {
    const SleepSpec& spec = spec_of(turn, device);
    set_asleep(turn, device, true);
    if (!spec.every.is_zero()) arm(turn, device, next_wake(turn, device, spec));
}

void wake(Turn& turn, DeviceId device) {
    const SleepSpec& spec = spec_of(turn, device);
    set_asleep(turn, device, false);
    turn.pool.sleepers[device].last_sent = turn.now;  // it listens for as long as if it had
    arm(turn, device, turn.now + spec.window);
    for (LinkId id = device; id != base::no_index; id = turn.pool.next_link(id)) {
        if (spec.on_wake == SleepSpec::OnWake::update) request_update(turn, id, turn.now);
        if (!resume_reporting(turn, id)) (void)resume_sending(turn, id);
    }
}

}  // namespace

void stay_awake(Turn& turn, DeviceId device) {
    Sleep& sleep = turn.pool.sleepers[device];
    sleep.last_sent = turn.now;
    const bool woken = turn.pool[device].asleep;
    if (woken) set_asleep(turn, device, false);
    // The timer of a device that is awake looks at what was sent last when it fires.
    if (woken || sleep.timer == base::no_index) arm(turn, device, turn.now + spec_of(turn, device).window);
}

void on_sleep_timer(Turn& turn, DeviceId device) {
    Sleep& sleep = turn.pool.sleepers[device];
    sleep.timer = base::no_index;
    if (turn.pool[device].asleep) {
        wake(turn, device);
        return;
    }
    const auto window = spec_of(turn, device).window;
    const auto state = turn.pool.state_of(device);
    if (state == DeviceState::stopped) return;
    const base::Time end = sleep.last_sent + window;
    if (turn.now < end) {
        arm(turn, device, end);
    } else if (state != DeviceState::registered || is_busy(turn, device)) {
        arm(turn, device, turn.now + window);
    } else {
        fall_asleep(turn, device);
    }
}

bool keeps_for_later(Turn& turn, LinkId link) {
    const DeviceId device = turn.pool.device_of(link);
    return turn.pool[device].asleep && spec_of(turn, device).notify == SleepSpec::WhenDue::keep;
}

}  // namespace fleet
