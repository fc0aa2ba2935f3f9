// A firmware campaign in virtual time: the server and the devices as they are.
#include <gtest/gtest.h>

#include "profiles/object_loader.h"
#include "scenarios/scenario_loader.h"
#include "simulator/engine/virtual_run.h"

namespace {

using metrics::CampaignState;

engine::VirtualResult run(const std::string& firmware) {
    profiles::Diagnostics diagnostics;
    auto scenario = scenarios::parse_scenario(
        "scenario: test\ndevices: 50\nseed: 11\nfleet: [{profile: street-light}]\n"
        "phases: [{ramp: {over: 5s}}, {hold: {for: 30m}}, {drain: {over: 5s}}]\n"
        "server: {observe: [], firmware: " +
            firmware + "}\n",
        "test", diagnostics);
    EXPECT_TRUE(scenario.has_value()) << diagnostics.text();
    const auto model = engine::make_fleet_model(std::move(*scenario), profiles::builtin_profiles(),
                                                profiles::builtin_objects(), diagnostics);
    EXPECT_NE(model, nullptr) << diagnostics.text();
    return engine::run_virtually(*model, {.threads = 1, .info = {}});
}

std::int64_t in(const engine::VirtualResult& run, CampaignState state) {
    return metrics::total(run.result.snapshot.server->totals.campaign_devices[metrics::index(state)]);
}

TEST(CampaignInVirtualTime, EveryDeviceOfTheProfileComesToAnEnd) {
    for (const auto* mode : {"push", "pull"}) {
        const auto result =
            run("{image: 8KiB, after: 10s, profile: street-light, timeout: 5m, mode: " + std::string(mode) + "}");
        const auto ended = in(result, CampaignState::succeeded) + in(result, CampaignState::failed) +
                           in(result, CampaignState::unreachable);
        EXPECT_EQ(ended, 50) << mode;
        for (const auto& law : result.result.laws) EXPECT_TRUE(law.holds()) << metrics::to_text(law);
    }
}

TEST(CampaignInVirtualTime, TheSameSeedIsTheSameCampaign) {
    const auto once = run("{image: 8KiB, after: 10s, share: 50%, timeout: 5m}");
    const auto again = run("{image: 8KiB, after: 10s, share: 50%, timeout: 5m}");
    EXPECT_EQ(once.trace_hash, again.trace_hash);
}

TEST(CampaignInVirtualTime, AProfileThatIsNotInTheFleetIsAnError) {
    profiles::Diagnostics diagnostics;
    auto scenario = scenarios::parse_scenario(
        "devices: 5\nfleet: [{profile: street-light}]\nserver: {firmware: {image: 1KiB, profile: meter}}\n", "test",
        diagnostics);
    ASSERT_TRUE(scenario);
    EXPECT_EQ(engine::make_fleet_model(std::move(*scenario), profiles::builtin_profiles(), profiles::builtin_objects(),
                                       diagnostics),
              nullptr);
    EXPECT_NE(diagnostics.text().find("no profile 'meter' is in the fleet"), std::string::npos);
}

}  // namespace
