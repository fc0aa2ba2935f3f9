#include "scenarios/scenario.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace scenarios {

std::uint64_t Level::of(std::uint64_t devices) const {
    if (count) return std::min(*count, devices);
    return std::min(devices, static_cast<std::uint64_t>(std::llround(share * static_cast<double>(devices))));
}

std::string_view kind(const Phase& phase) {
    constexpr std::array<std::string_view, std::variant_size_v<decltype(Phase::what)>> names{"ramp", "hold", "drain",
                                                                                             "storm"};
    return names[phase.what.index()];
}

std::vector<double> fleet_weights(const Scenario& scenario) {
    double given = 0;
    int open = 0;
    for (const FleetShare& entry : scenario.fleet) {
        given += entry.share.value_or(0);
        open += entry.share ? 0 : 1;
    }
    const double left = std::max(0.0, 1 - given);
    std::vector<double> weights;
    for (const FleetShare& entry : scenario.fleet) weights.push_back(entry.share ? *entry.share : left / open);
    return weights;
}

}  // namespace scenarios
