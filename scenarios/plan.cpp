#include "scenarios/plan.h"

#include <algorithm>
#include <bit>

#include "simulator/base/random.h"

namespace scenarios {
namespace {

__extension__ using Wide = unsigned __int128;

base::Duration default_over(std::uint64_t before, std::uint64_t after) {
    const auto moved = static_cast<double>(before > after ? before - after : after - before);
    return std::max<base::Duration>(std::chrono::seconds(1), base::from_seconds(moved / default_ramp_rate));
}

PlannedPhase planned(const Phase& phase, base::Time begin, std::uint64_t before, std::uint64_t devices) {
    PlannedPhase plan{.name = phase.name, .begin = begin, .before = before, .after = before};
    base::Duration length{0};
    if (const auto* ramp = std::get_if<Ramp>(&phase.what)) {
        plan.kind = PlannedPhase::Kind::ramp;
        plan.after = ramp->to.of(devices);
        plan.arrivals = ramp->arrivals;
        length = ramp->over.value_or(default_over(before, plan.after));
    } else if (const auto* hold = std::get_if<Hold>(&phase.what)) {
        length = hold->length;
    } else if (const auto* drain = std::get_if<Drain>(&phase.what)) {
        plan.kind = PlannedPhase::Kind::drain;
        plan.after = 0;
        length = drain->over.value_or(default_over(before, 0));
    }
    if (const auto* storm = std::get_if<Storm>(&phase.what)) {
        plan.kind = PlannedPhase::Kind::storm;
        plan.storm = storm->what.value_or(Storm::What::power_cycle);
        plan.struck = std::min(storm->devices.of(devices), before);
        plan.arrivals = storm->arrivals;
        plan.unknown = storm->unknown;
        length = storm->within;
    }
    plan.end = length > base::never - begin ? base::never : begin + length;
    return plan;
}

}  // namespace

Plan::Plan(const Scenario& scenario) : seed_(scenario.seed), devices_(scenario.devices) {
    base::Time now{};
    std::uint64_t up = 0;
    for (const Phase& phase : scenario.phases) {
        phases_.push_back(planned(phase, now, up, devices_));
        now = phases_.back().end;
        up = phases_.back().after;
    }
    for (std::size_t i = 0; i < keys_.size(); ++i) keys_[i] = base::draw(seed_, i, base::Stream::population, 0);
    half_bits_ = std::max(1, (static_cast<int>(std::bit_width(devices_ - 1)) + 1) / 2);
}

std::size_t Plan::phase_at(base::Time time) const {
    const auto later = std::ranges::upper_bound(phases_, time, {}, &PlannedPhase::end);
    return later == phases_.end() ? phases_.size() - 1 : static_cast<std::size_t>(later - phases_.begin());
}

std::optional<PlannedStep> Plan::next(std::uint64_t device, std::size_t phase) const {
    if (phase >= phases_.size()) return std::nullopt;
    const std::uint64_t place = rank(device);
    for (; phase < phases_.size(); ++phase) {
        const PlannedPhase& plan = phases_[phase];
        const bool storm = plan.kind == PlannedPhase::Kind::storm;
        const std::uint64_t low = storm ? 0 : std::min(plan.before, plan.after);
        const std::uint64_t high = storm ? plan.struck : std::max(plan.before, plan.after);
        if (place < low || place >= high) continue;
        const bool rising = storm || plan.after > plan.before;
        const auto length = static_cast<std::uint64_t>((plan.end - plan.begin).count());
        // Those that came last go first.
        const std::uint64_t turn = rising ? place - low : high - 1 - place;
        std::uint64_t offset = static_cast<std::uint64_t>(Wide{length} * turn / (high - low));
        if (plan.arrivals == Arrivals::poisson) {
            // The moments of a Poisson process that is known to have n arrivals are n independent even draws.
            const double unit = base::to_unit(base::draw(seed_, device, base::Stream::ramp, phase));
            offset =
                std::min(static_cast<std::uint64_t>(unit * static_cast<double>(length)), length - (length > 0 ? 1 : 0));
        }
        const base::Time moment = plan.begin + base::Duration(static_cast<std::int64_t>(offset));
        if (storm && plan.storm == Storm::What::power_cycle) {
            return PlannedStep{
                .kind = PlannedStep::Kind::power_cycle, .at = plan.begin, .back = moment, .phase = phase};
        }
        const auto kind =
            storm    ? plan.storm == Storm::What::rebind ? PlannedStep::Kind::rebind : PlannedStep::Kind::rotate_keys
            : rising ? PlannedStep::Kind::start
                     : PlannedStep::Kind::stop;
        return PlannedStep{.kind = kind, .at = moment, .phase = phase};
    }
    return std::nullopt;
}

bool Plan::rebinds() const {
    return std::ranges::any_of(phases_, [](const PlannedPhase& phase) {
        return phase.kind == PlannedPhase::Kind::storm && phase.storm == Storm::What::rebind;
    });
}

std::vector<double> Plan::rotations() const {
    std::vector<double> found;
    for (const auto& phase : phases_) {
        const bool rotates = phase.kind == PlannedPhase::Kind::storm && phase.storm == Storm::What::rotate_keys;
        if (rotates) found.push_back(phase.unknown);
    }
    return found;
}

// A Feistel network is a bijection of the numbers of 2 * half_bits_ bits, whatever its round function is; what falls
// outside the fleet goes round again until it falls inside, which keeps it a bijection of the fleet.
std::uint64_t Plan::rank(std::uint64_t device) const {
    const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
    do {
        std::uint64_t left = device >> half_bits_;
        std::uint64_t right = device & mask;
        for (const std::uint64_t key : keys_) {
            const std::uint64_t mixed = left ^ (base::mix(right + key) & mask);
            left = right;
            right = mixed;
        }
        device = left << half_bits_ | right;
    } while (device >= devices_);
    return device;
}

}  // namespace scenarios
