// Plan: which device comes and goes at which moment, as a function of the scenario alone.
#include "scenarios/plan.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "scenarios/scenario_loader.h"

namespace {

using namespace std::chrono_literals;
using base::Time;
using scenarios::Plan;
using scenarios::PlannedStep;
using scenarios::Scenario;

Scenario scenario(const std::string& phases, std::uint64_t devices = 1000, std::uint64_t seed = 42) {
    profiles::Diagnostics diagnostics;
    auto read = scenarios::parse_scenario("phases: " + phases, "test.yaml", diagnostics);
    if (!read) throw std::runtime_error(diagnostics.text());
    read->devices = devices;
    read->seed = seed;
    return *read;
}

// When each device first starts, in the order of the devices.
std::vector<Time> starts(const Plan& plan) {
    std::vector<Time> all;
    for (std::uint64_t device = 0; device < plan.devices(); ++device) all.push_back(plan.next(device).value().at);
    return all;
}

TEST(Plan, PhasesFollowOneAnother) {
    const Plan plan(scenario("[{ramp: {to: 50%, over: 10s}}, {hold: {for: 1m, name: half}}, {drain: {over: 5s}}]"));
    ASSERT_EQ(plan.phases().size(), 3u);
    EXPECT_EQ(plan.phases()[0].name, "ramp");
    EXPECT_EQ(plan.phases()[0].end, Time(10s));
    EXPECT_EQ(plan.phases()[0].after, 500u);
    EXPECT_EQ(plan.phases()[1].name, "half");
    EXPECT_EQ(plan.phases()[1].begin, Time(10s));
    EXPECT_EQ(plan.phases()[1].before, 500u);
    EXPECT_EQ(plan.phases()[1].after, 500u);
    EXPECT_EQ(plan.phases()[2].after, 0u);
    EXPECT_EQ(plan.end(), Time(75s));
}

TEST(Plan, EachMomentBelongsToOnePhase) {
    const Plan plan(scenario("[{ramp: {over: 10s}}, {hold: {for: 20s}}, {drain: {over: 5s}}]"));
    EXPECT_EQ(plan.phase_at(Time(-1s)), 0u);
    EXPECT_EQ(plan.phase_at(Time(0s)), 0u);
    EXPECT_EQ(plan.phase_at(Time(10s) - 1ns), 0u);
    EXPECT_EQ(plan.phase_at(Time(10s)), 1u);
    EXPECT_EQ(plan.phase_at(Time(30s)), 2u);
    EXPECT_EQ(plan.phase_at(Time(1h)), 2u);
}

TEST(Plan, ARampTakesAsLongAsItsDevicesNeed) {
    EXPECT_EQ(Plan(scenario("[{ramp: {}}]", 1'000'000)).end(), Time(50s));
    EXPECT_EQ(Plan(scenario("[{ramp: {}}]", 100)).end(), Time(1s));
    const Plan both(scenario("[{ramp: {to: 40%}}, {ramp: {to: 100%}}, {drain: {}}]", 100'000));
    EXPECT_EQ(both.phases()[0].end, Time(2s));
    EXPECT_EQ(both.phases()[1].end, Time(5s));
    EXPECT_EQ(both.phases()[2].end, Time(10s));
}

TEST(Plan, EvenArrivalsAreEquallyFarApart) {
    const Plan plan(scenario("[{ramp: {over: 10s}}]"));
    auto times = starts(plan);
    std::ranges::sort(times);
    for (std::size_t i = 0; i < times.size(); ++i) EXPECT_EQ(times[i], Time(i * 10ms));
}

TEST(Plan, EvenArrivalsOfManyDevicesOverYearsDoNotOverflow) {
    const Plan plan(scenario("[{ramp: {over: 200y}}]", 90'000'000));
    for (std::uint64_t device = 0; device < 1000; ++device) {
        const auto step = plan.next(device);
        ASSERT_TRUE(step);
        EXPECT_GE(step->at, Time(0s));
        EXPECT_LT(step->at, plan.end());
    }
}

// The gaps of a Poisson process are exponential: their deviation is their mean, and a share 1 - 1/e is below it.
TEST(Plan, PoissonArrivalsHaveExponentialGaps) {
    const Plan plan(scenario("[{ramp: {over: 100s, arrivals: poisson}}]", 20'000));
    auto times = starts(plan);
    std::ranges::sort(times);
    EXPECT_GE(times.front(), Time(0s));
    EXPECT_LT(times.back(), Time(100s));
    const double mean = 100.0 / 20'000;
    double squares = 0;
    int below = 0;
    for (std::size_t i = 1; i < times.size(); ++i) {
        const double gap = base::seconds(times[i] - times[i - 1]);
        squares += (gap - mean) * (gap - mean);
        below += gap < mean ? 1 : 0;
    }
    EXPECT_NEAR(std::sqrt(squares / 20'000), mean, 0.05 * mean);
    EXPECT_NEAR(below / 20'000.0, 1 - 1 / std::exp(1.0), 0.01);
}

TEST(Plan, TheSameSeedGivesTheSameMomentsAndAnotherOneOthers) {
    const std::string phases = "[{ramp: {over: 100s, arrivals: poisson}}]";
    EXPECT_EQ(starts(Plan(scenario(phases))), starts(Plan(scenario(phases))));
    EXPECT_NE(starts(Plan(scenario(phases))), starts(Plan(scenario(phases, 1000, 43))));
    EXPECT_NE(starts(Plan(scenario("[{ramp: {over: 9s}}]"))), starts(Plan(scenario("[{ramp: {over: 9s}}]", 1000, 43))));
}

TEST(Plan, TheOrderIsAShuffle) {
    for (const std::uint64_t devices : {1u, 2u, 3u, 4u, 5u, 17u, 1000u, 1024u, 65'537u}) {
        const Plan plan(scenario("[{ramp: {}}]", devices));
        std::vector<bool> seen(devices);
        for (std::uint64_t device = 0; device < devices; ++device) {
            const std::uint64_t rank = plan.rank(device);
            ASSERT_LT(rank, devices);
            ASSERT_FALSE(seen[rank]);
            seen[rank] = true;
        }
    }
}

// Devices next to each other belong to one thread: it must not have all its work at once.
TEST(Plan, NeighboursDoNotComeTogether) {
    const Plan plan(scenario("[{ramp: {over: 100s}}]", 10'000));
    const auto times = starts(plan);
    for (std::size_t block = 0; block < 10; ++block) {
        double sum = 0;
        for (std::size_t i = 0; i < 1000; ++i) sum += base::seconds(times[block * 1000 + i]);
        EXPECT_NEAR(sum / 1000, 50, 5) << block;
    }
}

TEST(Plan, TheSecondRampStartsThoseWhoAreNotUpYet) {
    const Plan plan(scenario("[{ramp: {to: 50%, over: 10s}}, {hold: {for: 10s}}, {ramp: {to: 100%, over: 10s}}]"));
    int first = 0;
    int second = 0;
    for (std::uint64_t device = 0; device < 1000; ++device) {
        const auto step = plan.next(device);
        ASSERT_TRUE(step);
        EXPECT_EQ(step->kind, PlannedStep::Kind::start);
        first += step->phase == 0 ? 1 : 0;
        second += step->phase == 2 ? 1 : 0;
        EXPECT_TRUE(step->phase == 0 ? step->at < Time(10s) : step->at >= Time(20s) && step->at < Time(30s));
        EXPECT_FALSE(plan.next(device, step->phase + 1));
    }
    EXPECT_EQ(first, 500);
    EXPECT_EQ(second, 500);
}

TEST(Plan, ARampDownStopsThoseWhoCameLast) {
    const Plan plan(scenario("[{ramp: {over: 10s}}, {ramp: {to: 20%, over: 10s}}, {drain: {over: 10s}}]"));
    int early = 0;
    for (std::uint64_t device = 0; device < 1000; ++device) {
        const auto start = plan.next(device);
        const auto stop = plan.next(device, start->phase + 1);
        ASSERT_TRUE(stop);
        EXPECT_EQ(stop->kind, PlannedStep::Kind::stop);
        EXPECT_FALSE(plan.next(device, stop->phase + 1));
        EXPECT_EQ(stop->phase, plan.rank(device) >= 200 ? 1u : 2u);
        EXPECT_GE(stop->at, plan.phases()[stop->phase].begin);
        EXPECT_LT(stop->at, plan.phases()[stop->phase].end);
        early += stop->phase == 1 ? 1 : 0;
    }
    EXPECT_EQ(early, 800);
}

// At every moment the number of devices that are up lies between those of the phase's begin and end.
TEST(Plan, TheCountsAddUpAtTheEndOfEachPhase) {
    const Plan plan(scenario(
        "[{ramp: {to: 30%, over: 3s}}, {ramp: {to: 777, over: 3s, arrivals: poisson}}, {ramp: {to: 10%, over: 0s}},"
        " {hold: {for: 1s}}, {ramp: {over: 5s, arrivals: poisson}}, {drain: {over: 2s}}]"));
    std::vector<std::int64_t> change(plan.phases().size());
    for (std::uint64_t device = 0; device < plan.devices(); ++device) {
        bool up = false;
        Time last{};
        for (auto step = plan.next(device); step; step = plan.next(device, step->phase + 1)) {
            ASSERT_EQ(step->kind, up ? PlannedStep::Kind::stop : PlannedStep::Kind::start);
            ASSERT_GE(step->at, last);
            up = !up;
            last = step->at;
            change[step->phase] += up ? 1 : -1;
        }
        ASSERT_FALSE(up);
    }
    std::int64_t level = 0;
    for (std::size_t i = 0; i < change.size(); ++i) {
        level += change[i];
        EXPECT_EQ(level, static_cast<std::int64_t>(plan.phases()[i].after)) << i;
    }
    EXPECT_EQ(plan.phases()[1].after, 777u);
}

TEST(Plan, ALevelNeverExceedsTheFleet) {
    EXPECT_EQ(Plan(scenario("[{ramp: {to: 20k}}]", 1000)).phases()[0].after, 1000u);
    EXPECT_EQ(Plan(scenario("[{ramp: {to: 33.3%}}]", 1000)).phases()[0].after, 333u);
    EXPECT_EQ(Plan(scenario("[{ramp: {to: 0%}}]", 1000)).phases()[0].after, 0u);
}

TEST(Plan, AStormStrikesDevicesThatAreUpAndBringsThemBackWithinItsTime) {
    const Plan plan(scenario("[{ramp: {to: 50%, over: 10s}}, {storm: {do: power_cycle, devices: 300, within: 30s}}]"));
    ASSERT_EQ(plan.phases()[1].kind, scenarios::PlannedPhase::Kind::storm);
    EXPECT_EQ(plan.phases()[1].before, 500u);
    EXPECT_EQ(plan.phases()[1].after, 500u);
    EXPECT_EQ(plan.end(), Time(40s));
    int struck = 0;
    for (std::uint64_t device = 0; device < plan.devices(); ++device) {
        const auto step = plan.next(device, 1);
        if (!step) continue;
        ++struck;
        EXPECT_EQ(step->kind, PlannedStep::Kind::power_cycle);
        EXPECT_EQ(step->at, Time(10s));
        EXPECT_GE(step->back, Time(10s));
        EXPECT_LT(step->back, Time(40s));
        EXPECT_TRUE(plan.next(device, 0)) << "it was never up";
    }
    EXPECT_EQ(struck, 300);
    EXPECT_FALSE(plan.rebinds());
}

TEST(Plan, KeysRotateAtAMomentOfTheStormForEachDevice) {
    const Plan plan(
        scenario("[{ramp: {over: 10s}}, {storm: {do: rotate_keys, devices: 40%, within: 10s, unknown: 5%}}]"));
    EXPECT_EQ(plan.rotations(), std::vector<double>{0.05});
    int struck = 0;
    for (std::uint64_t device = 0; device < plan.devices(); ++device) {
        const auto step = plan.next(device, 1);
        if (!step) continue;
        ++struck;
        EXPECT_EQ(step->kind, PlannedStep::Kind::rotate_keys);
        EXPECT_GE(step->at, Time(10s));
        EXPECT_LT(step->at, Time(20s));
    }
    EXPECT_EQ(struck, 400);
    EXPECT_FALSE(plan.rebinds());
}

TEST(Plan, AStormOfNewAddressesIsSpreadOverItsTime) {
    const Plan plan(scenario("[{ramp: {over: 10s}}, {storm: {do: rebind, within: 10s, arrivals: even}}]"));
    EXPECT_TRUE(plan.rebinds());
    std::set<Time> moments;
    for (std::uint64_t device = 0; device < plan.devices(); ++device) {
        const auto step = plan.next(device, 1);
        ASSERT_TRUE(step);
        EXPECT_EQ(step->kind, PlannedStep::Kind::rebind);
        moments.insert(step->at);
    }
    EXPECT_EQ(moments.size(), 1000u);
    EXPECT_EQ(*moments.begin(), Time(10s));
    EXPECT_LT(*moments.rbegin(), Time(20s));
}

}  // namespace
