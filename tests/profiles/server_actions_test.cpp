// ServerActions: when the embedded server asks which device for what. How the block is read is in tests/scenarios.
#include "profiles/server_actions.h"

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "profiles/yaml.h"

namespace {

using namespace std::chrono_literals;
using lwm2m::Path;
using profiles::intended;
using profiles::ServerAction;
using profiles::ServerActions;
using profiles::ServerSchedule;

ServerAction action(const std::string& yaml) {
    profiles::Diagnostics diagnostics;
    const auto node = profiles::parse_yaml("read: [" + yaml + "]", "test.yaml", diagnostics);
    const ServerActions actions = profiles::read_server_actions(*node, diagnostics);
    if (!diagnostics.ok()) throw std::runtime_error(diagnostics.text());
    return actions.actions.front();
}

ServerSchedule device(int number, std::uint64_t seed = 42, std::uint32_t index = 0) {
    return {.seed = seed, .device = profiles::device_key("meter-" + std::to_string(number)), .action = index};
}

TEST(ServerActions, OnceIsOnce) {
    const ServerAction once = action("{path: /3/0, after: 5s}");
    EXPECT_EQ(intended(once, device(1), 0), 5s);
    EXPECT_EQ(intended(once, device(1), 1), std::nullopt);
    EXPECT_EQ(intended(action("/3/0"), device(1), 0), 0s);
}

TEST(ServerActions, APeriodBeginsAtARandomPlaceOfEachDevice) {
    const ServerAction every = action("{path: /3/0, every: 60s, after: 5s}");
    double sum = 0;
    for (int i = 0; i < 2000; ++i) {
        const auto first = intended(every, device(i), 0);
        ASSERT_TRUE(first);
        EXPECT_GE(*first, 5s);
        EXPECT_LT(*first, 65s);
        sum += base::seconds(*first) - 5;
        EXPECT_NEAR(base::seconds(*intended(every, device(i), 7)) - base::seconds(*first), 420, 1e-6);
    }
    EXPECT_NEAR(sum / 2000, 30, 1.5);
}

TEST(ServerActions, APeriodThatVariesNeverGoesBackwardsAndKeepsItsMean) {
    for (const char* yaml : {"{path: /3/0, every: 60s ±20%}", "{path: /3/0, every: exp(60s)}"}) {
        const ServerAction every = action(yaml);
        base::Duration before{-1};
        bool even = true;
        for (std::uint64_t i = 0; i < 1000; ++i) {
            const auto at = intended(every, device(1), i);
            ASSERT_GE(*at, before) << i;
            even = even && (i < 2 || *at - before == 60s);
            before = *at;
        }
        EXPECT_FALSE(even);
        EXPECT_NEAR(base::seconds(before), 60'000, 120);
    }
}

TEST(ServerActions, AShareIsAShareOfTheDevices) {
    const ServerAction some = action("{path: /3/0, share: 10%}");
    int taking = 0;
    int both = 0;
    for (int i = 0; i < 20'000; ++i) {
        const bool takes = profiles::takes_part(some, device(i));
        EXPECT_EQ(takes, profiles::takes_part(some, device(i)));
        taking += takes ? 1 : 0;
        both += takes && profiles::takes_part(some, device(i, 42, 1)) ? 1 : 0;
        EXPECT_TRUE(profiles::takes_part(action("/3/0"), device(i)));
    }
    EXPECT_NEAR(taking, 2000, 150);
    EXPECT_NEAR(both, 200, 60);  // two actions draw independently
    EXPECT_FALSE(profiles::takes_part(action("{path: /3/0, share: 0%}"), device(1)));
}

TEST(ServerActions, TheScheduleFollowsFromSeedNameAndAction) {
    const ServerAction every = action("{path: /3/0, every: 60s}");
    const auto here = intended(every, device(1), 0);
    EXPECT_EQ(intended(every, device(1), 0), here);
    EXPECT_NE(intended(every, device(2), 0), here);
    EXPECT_NE(intended(every, device(1, 43), 0), here);
    EXPECT_NE(intended(every, device(1, 42, 1), 0), here);
}

TEST(ServerActions, PlaceholdersAreFilledIn) {
    EXPECT_EQ(profiles::fill_in("tz {count} of {endpoint}{endpoint}", "m-1", 12), "tz 12 of m-1m-1");
    EXPECT_EQ(profiles::fill_in("{", "m", 0), "{");
    EXPECT_EQ(profiles::fill_in("{cout} }{", "m", 0), "{cout} }{");
    EXPECT_EQ(profiles::fill_in("", "m", 0), "");
    EXPECT_EQ(profiles::fill_in("{count}", "{endpoint}", 1), "1");
    EXPECT_EQ(profiles::fill_in("{endpoint}", "{count}", 1), "{count}");  // what was filled in stays
}

// A profile of resources with the given generators (-1: a plain value).
profiles::ResolvedProfilePtr profile(const std::vector<std::pair<Path, profiles::GeneratorSpec::Form>>& resources) {
    auto made = std::make_shared<profiles::ResolvedProfile>();
    for (const auto& [path, form] : resources) {
        profiles::ResolvedResource resource;
        resource.path = path;
        resource.operations.read = true;
        resource.generator = static_cast<std::int32_t>(made->generators.size());
        made->resources.push_back(resource);
        profiles::GeneratorSpec spec;
        spec.form = form;
        made->generators.push_back(spec);
    }
    return made;
}

TEST(ServerActions, TheLiveliestResourceIsObservedByDefault) {
    const profiles::UniformGenerator lively;
    const profiles::DrainGenerator battery;
    const profiles::CounterGenerator meter;
    EXPECT_EQ(profiles::default_observation(*profile({{Path(3, 0, 9), battery}, {Path(4, 0, 2), lively}})),
              Path(4, 0, 2));
    EXPECT_EQ(profiles::default_observation(*profile({{Path(4, 0, 2), lively}, {Path(3424, 0, 1), meter}})),
              Path(3424, 0, 1));
    EXPECT_EQ(profiles::default_observation(*profile({{Path(3303, 0, 5700), lively}, {Path(3303, 1, 5700), lively}})),
              Path(3303, 0, 5700));
    EXPECT_EQ(profiles::default_observation(*profile({{Path(3, 0, 7, 0), lively}})), Path(3, 0, 7));
    EXPECT_EQ(profiles::default_observation(*profile({{Path(3, 0, 9), profiles::ConstantGenerator{}}})), std::nullopt);
    EXPECT_EQ(profiles::default_observation(*profile({})), std::nullopt);
}

TEST(ServerActions, DefaultsOfAllProfilesComeInOnce) {
    const std::vector<profiles::ResolvedProfilePtr> fleet{
        profile({{Path(3303, 0, 5700), profiles::UniformGenerator{}}}),
        profile({{Path(3303, 0, 5700), profiles::UniformGenerator{}}}),
        profile({{Path(3304, 0, 5700), profiles::UniformGenerator{}}})};
    const ServerActions with = profiles::with_default_observations({}, fleet);
    EXPECT_FALSE(with.observe_defaults);
    ASSERT_EQ(with.actions.size(), 2u);
    EXPECT_EQ(with.actions[1].path, Path(3304, 0, 5700));
    EXPECT_TRUE(profiles::with_default_observations({.observe_defaults = false}, fleet).actions.empty());
}

}  // namespace
