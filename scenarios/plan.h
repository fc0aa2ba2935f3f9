// Plan: a scenario as a schedule: which device comes and goes at which moment. Open model: the moments are fixed by the
// scenario and its seed alone; they wait for nothing, and depend on no thread, no shard and no other device.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/scenario.h"
#include "simulator/base/time.h"

namespace scenarios {

struct PlannedPhase {
    enum class Kind : std::uint8_t { ramp, hold, drain, storm };
    std::string name;
    Kind kind = Kind::hold;
    base::Time begin;
    base::Time end;
    std::uint64_t before = 0;  // devices that are up when it begins
    std::uint64_t after = 0;   // ... and when it ends
    Arrivals arrivals = Arrivals::even;
    std::uint64_t struck = 0;  // by a storm: those that came first
    Storm::What storm = Storm::What::power_cycle;
    double unknown = 0;  // rotate_keys: Storm::unknown
};

struct PlannedStep {
    enum class Kind : std::uint8_t { start, stop, power_cycle, rebind, rotate_keys };
    Kind kind = Kind::start;
    base::Time at;
    base::Time back{};      // power_cycle: when it comes back
    std::size_t phase = 0;  // that it belongs to
};

// Immutable; may be read by all threads at once.
class Plan {
public:
    explicit Plan(const Scenario& scenario);

    std::uint64_t devices() const { return devices_; }
    const std::vector<PlannedPhase>& phases() const { return phases_; }
    base::Time end() const { return phases_.back().end; }
    // Does a storm give devices new addresses?
    bool rebinds() const;
    // The storms that rotate keys, each by its `unknown`: a device has had at most as many new keys at the end.
    std::vector<double> rotations() const;
    // Index of the phase that is on at that moment: the first one before the start, the last one after the end.
    std::size_t phase_at(base::Time time) const;

    // The first step of the device in the phases from `phase` on; the one after it is next(device, step.phase + 1).
    // A pure function of the scenario's seed and numbers.
    std::optional<PlannedStep> next(std::uint64_t device, std::size_t phase = 0) const;

    // The device's place in the order in which devices come (and, backwards, go): a shuffle of all of them, so that
    // neighbours in memory, which share a thread, do not come all at once. Each of 0 .. devices() - 1 once.
    std::uint64_t rank(std::uint64_t device) const;

private:
    std::uint64_t seed_ = 0;
    std::uint64_t devices_ = 0;
    std::vector<PlannedPhase> phases_;
    std::array<std::uint64_t, 4> keys_{};  // of the shuffle's rounds
    int half_bits_ = 1;
};

}  // namespace scenarios
