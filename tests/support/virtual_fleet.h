// A scenario of one profile, run in virtual time against embedded servers: what tests of whole runs ask of it.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "profiles/object_loader.h"
#include "scenarios/scenario_loader.h"
#include "simulator/engine/virtual_run.h"

namespace support {

// `scenario_yaml`: without its name and fleet. The profile is a temperature sensor with `profile_yaml` laid on it. Null
// when something is wrong with either.
inline std::unique_ptr<engine::FleetModel> model_of(const std::string& scenario_yaml, const std::string& profile_yaml,
                                                    profiles::Diagnostics& diagnostics) {
    auto scenario = scenarios::parse_scenario("scenario: test\nfleet: [{profile: under-test}]\n" + scenario_yaml,
                                              "test", diagnostics);
    if (!scenario) return nullptr;
    auto catalog = profiles::builtin_profiles();
    catalog.add({"under-test", "under-test.yaml", "profile: under-test\nextends: temperature-sensor\n" + profile_yaml});
    return engine::make_fleet_model(std::move(*scenario), catalog, profiles::builtin_objects(), diagnostics);
}

// All laws of conservation hold.
inline engine::VirtualResult run_fleet(const std::string& scenario_yaml, const std::string& profile_yaml) {
    profiles::Diagnostics diagnostics;
    const auto model = model_of(scenario_yaml, profile_yaml, diagnostics);
    EXPECT_NE(model, nullptr) << diagnostics.text();
    auto result = engine::run_virtually(*model, {.threads = 2, .info = {}});
    EXPECT_TRUE(result.result.snapshot.fleet->conservation_ok);
    for (const auto& law : result.result.laws) EXPECT_TRUE(law.holds()) << metrics::to_text(law);
    return result;
}

// What is said of a scenario or a profile that is refused.
inline std::string complaint_of(const std::string& scenario_yaml, const std::string& profile_yaml) {
    profiles::Diagnostics diagnostics;
    EXPECT_EQ(model_of(scenario_yaml, profile_yaml, diagnostics), nullptr);
    return diagnostics.text();
}

inline const metrics::Totals& totals(const engine::VirtualResult& run) { return run.result.snapshot.fleet->totals; }
inline const metrics::ServerTotals& server(const engine::VirtualResult& run) {
    return run.result.snapshot.server->totals;
}
// Operations of all profiles that ended so.
inline std::int64_t ended(const engine::VirtualResult& run, metrics::Operation operation, metrics::Result how) {
    std::int64_t sum = 0;
    for (const auto& profile : totals(run).operations[metrics::index(operation)]) sum += profile[metrics::index(how)];
    return sum;
}

}  // namespace support
