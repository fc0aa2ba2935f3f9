// Which notifications a scripted signal brings about, and when: Core 1.1.1, 5.1.2 and 6.4; 1.2, 7.3.2. Every list is
// worked out by hand from the text; where it leaves a choice, simulator/lwm2m/README.md says which one is taken.
#include "tests/support/scripted_device.h"

namespace {

using namespace std::chrono_literals;
using coap::Code;
using support::CON;
using support::NON;
using support::ScriptedDevice;
using support::Told;

constexpr auto sensor = "/3303/0/5700";

// A degree more each second.
std::vector<ScriptedDevice::Step> rising(int seconds) {
    std::vector<ScriptedDevice::Step> script;
    for (int i = 0; i <= seconds; ++i) script.push_back({double(i), 20.0 + i});
    return script;
}

Told told_of(const std::vector<ScriptedDevice::Step>& script, std::initializer_list<std::string_view> attributes,
             base::Duration span) {
    ScriptedDevice device(script);
    EXPECT_EQ(device.attributes(sensor, attributes), Code::changed);
    EXPECT_EQ(device.observe(sensor), Code::content);
    return device.told(span);
}

// Without attributes every change is told.
TEST(Reporting, EveryChangeIsTold) {
    ScriptedDevice device({{0, 20}, {3, 21}, {4, 21}, {9, 20}});
    device.observe(sensor);
    EXPECT_EQ(device.told(60s), (Told{{3, "21"}, {9, "20"}}));
}

// pmin: what changes in the quiet time is told when it is over, as it is then.
TEST(Reporting, PminIsTheLeastTimeBetweenTwo) {
    EXPECT_EQ(told_of(rising(12), {"pmin=5"}, 60s), (Told{{5, "25"}, {10, "30"}, {15, "32"}}));
}

TEST(Reporting, AChangeAfterPminIsToldAtOnce) {
    EXPECT_EQ(told_of({{0, 20}, {7, 21}, {9, 22}, {30, 23}}, {"pmin=5"}, 60s),
              (Told{{7, "21"}, {12, "22"}, {30, "23"}}));
}

// What is as it was when pmin is over is no change.
TEST(Reporting, AChangeThatIsUndoneWithinPminIsNotTold) {
    EXPECT_EQ(told_of({{0, 20}, {2, 21}, {4, 20}, {8, 22}}, {"pmin=5"}, 60s), (Told{{8, "22"}}));
}

// pmax: without any change.
TEST(Reporting, PmaxIsTheMostTimeBetweenTwo) {
    EXPECT_EQ(told_of({{0, 20}}, {"pmax=20"}, 65s), (Told{{20, "20"}, {40, "20"}, {60, "20"}}));
}

// Both timers begin anew with each notification.
TEST(Reporting, PmaxCountsFromTheLastNotification) {
    EXPECT_EQ(told_of({{0, 20}, {7, 21}}, {"pmin=5", "pmax=10"}, 40s),
              (Told{{7, "21"}, {17, "21"}, {27, "21"}, {37, "21"}}));
    EXPECT_EQ(told_of({{0, 20}, {2, 21}, {13, 22}}, {"pmin=5", "pmax=10"}, 30s),
              (Told{{5, "21"}, {13, "22"}, {23, "22"}}));
}

TEST(Reporting, EqualPeriodsAreATick) {
    EXPECT_EQ(told_of(rising(12), {"pmin=10", "pmax=10"}, 35s), (Told{{10, "30"}, {20, "32"}, {30, "32"}}));
}

// A pmax below pmin does not count, and one of 0 is none.
TEST(Reporting, APmaxThatMakesNoSenseDoesNotCount) {
    EXPECT_EQ(told_of({{0, 20}, {30, 21}}, {"pmin=20", "pmax=10"}, 100s), (Told{{30, "21"}}));
    EXPECT_EQ(told_of({{0, 20}, {30, 21}}, {"pmax=0"}, 100s), (Told{{30, "21"}}));
}

// gt: in both directions, and only across the threshold.
TEST(Reporting, GreaterThanIsToldOnCrossing) {
    EXPECT_EQ(told_of({{0, 20}, {5, 44}, {10, 45}, {15, 46}, {20, 60}, {25, 45}, {30, 44}, {35, 20}}, {"gt=45"}, 60s),
              (Told{{15, "46"}, {30, "44"}}));
}

TEST(Reporting, LessThanIsToldOnCrossing) {
    EXPECT_EQ(told_of({{0, 20}, {5, 10}, {10, 9}, {15, -3}, {20, 10}, {25, 11}}, {"lt=10"}, 60s),
              (Told{{10, "9"}, {25, "11"}}));
}

TEST(Reporting, TwoThresholdsAreABand) {
    EXPECT_EQ(told_of({{0, 20}, {5, 31}, {10, 25}, {15, 9}, {20, 35}}, {"lt=10", "gt=30"}, 60s),
              (Told{{5, "31"}, {10, "25"}, {15, "9"}, {20, "35"}}));
}

// st: by at least that much from what was told last, so that small steps add up.
TEST(Reporting, AStepCountsFromWhatWasToldLast) {
    EXPECT_EQ(told_of({{0, 20}, {5, 25}, {10, 29}, {15, 30}, {20, 39}, {25, 21}, {30, 20}}, {"st=10"}, 60s),
              (Told{{15, "30"}, {30, "20"}}));
}

// Transport 1.1.1, Observe: 20, 35, 45, 50, 40, 35, 20 with st=10 and gt=45.
TEST(Reporting, StepAndThresholdAreAlternatives) {
    EXPECT_EQ(told_of({{0, 20}, {10, 35}, {20, 45}, {30, 50}, {40, 40}, {50, 35}, {60, 20}}, {"st=10", "gt=45"}, 90s),
              (Told{{10, "35"}, {20, "45"}, {30, "50"}, {40, "40"}, {60, "20"}}));
}

// What has to be told in the quiet time is told when it is over, with the value of then.
TEST(Reporting, AConditionMetWithinPminIsToldAfterIt) {
    EXPECT_EQ(told_of({{0, 20}, {3, 50}, {20, 55}}, {"gt=45", "pmin=10"}, 60s), (Told{{10, "50"}}));
    EXPECT_EQ(told_of({{0, 20}, {3, 50}, {5, 30}}, {"gt=45", "pmin=10"}, 60s), (Told{{10, "30"}}));
}

TEST(Reporting, PmaxNeedsNoCondition) {
    EXPECT_EQ(told_of({{0, 20}, {5, 30}, {25, 50}}, {"gt=45", "pmax=20"}, 60s),
              (Told{{20, "30"}, {25, "50"}, {45, "50"}}));
}

TEST(Reporting, AllOfThemTogether) {
    EXPECT_EQ(told_of({{0, 20}, {2, 31}, {3, 25}, {12, 26}, {30, 9}, {33, 20}, {34, 31}},
                      {"pmin=10", "pmax=40", "lt=10", "gt=30", "st=8"}, 90s),
              (Told{{10, "25"}, {30, "9"}, {40, "31"}, {80, "31"}}));
}

// The nearest level holds, each attribute by itself.
TEST(Reporting, LevelsAreInherited) {
    ScriptedDevice device({{0, 20}, {1, 21}, {8, 22}});
    device.attributes("/3303", {"pmin=30", "pmax=20"});
    device.attributes("/3303/0", {"pmin=5"});
    device.attributes(sensor, {"st=1"});
    device.observe(sensor);
    EXPECT_EQ(device.told(45s), (Told{{5, "21"}, {10, "22"}, {30, "22"}}));
}

// Core 1.1.1, E.2: where no attribute says them, resources 2 and 3 of the Server object do, as they are now.
TEST(Reporting, TheServerObjectHasTheDefaults) {
    ScriptedDevice device({{0, 20}, {1, 21}}, {.objects = "  server/0: {default_minimum_period: 5, "
                                                          "default_maximum_period: 20}\n"});
    device.observe(sensor);
    EXPECT_EQ(device.told(30s), (Told{{5, "21"}, {25, "21"}}));
    EXPECT_EQ(device.write("/1/0/3", "50"), Code::changed);
    EXPECT_EQ(device.told(60s), (Told{{75, "21"}}));
}

// Attributes hold from when they are written, also for what is being observed.
TEST(Reporting, WriteAttributesRulesAnObservationUnderWay) {
    ScriptedDevice device({{0, 20}, {8, 21}, {12, 60}, {16, 61}, {30, 62}});
    device.observe(sensor);
    EXPECT_EQ(device.told(10s), (Told{{8, "21"}}));
    device.attributes(sensor, {"gt=45", "pmax=15"});
    EXPECT_EQ(device.told(10s), (Told{{12, "60"}}));
    device.attributes(sensor, {"gt", "pmax"});
    EXPECT_EQ(device.told(80s), (Told{{30, "62"}}));
}

// A change that pmin holds back is not forgotten over it.
TEST(Reporting, WriteAttributesForgetsNoChange) {
    ScriptedDevice device({{0, 20}});
    device.attributes("/3/0/15", {"pmin=20"});
    device.observe("/3/0/15");
    device.write("/3/0/15", "CET");
    device.attributes("/3/0", {"pmax=100"});
    EXPECT_EQ(device.told(60s), (Told{{20, "CET"}}));
}

// Nor is one that came by itself, be it pmin or epmin that holds it back.
TEST(Reporting, WriteAttributesForgetsNoChangeThatCameByItself) {
    for (const auto* const holds : {"pmin=10", "epmin=10"}) {
        ScriptedDevice device({{0, 20}, {2, 21}});
        device.attributes(sensor, {holds});
        device.observe(sensor);
        EXPECT_EQ(device.told(5s), Told{});
        device.attributes("/3303/0", {"pmax=100"});
        EXPECT_EQ(device.told(40s), (Told{{10, "21"}})) << holds;
    }
}

TEST(Reporting, WriteAttributesForgetsNoCrossing) {
    ScriptedDevice device({{0, 20}, {2, 50}}, {.objects = "  server/0: {default_maximum_period: 60}\n"});
    device.attributes(sensor, {"gt=45", "epmin=10"});
    device.observe(sensor);
    EXPECT_EQ(device.told(5s), Told{});
    EXPECT_EQ(device.write("/1/0/3", "100"), Code::changed);  // the defaults of all observations are looked at anew
    EXPECT_EQ(device.told(40s), (Told{{10, "50"}}));
}

// What a server writes is looked at at once, by the same conditions.
TEST(Reporting, AWrittenNumberIsJudgedByTheConditions) {
    ScriptedDevice device({{0, 20}}, {.objects = "  light_control/0: {on_off: false, dimmer: 10}\n"});
    device.attributes("/3311/0/5851", {"gt=50"});
    device.observe("/3311/0/5851");
    device.write("/3311/0/5851", "50");
    EXPECT_EQ(device.told(5s), Told{});
    device.write("/3311/0/5851", "51");
    EXPECT_EQ(device.told(5s), (Told{{5, "51"}}));
    device.write("/3311/0/5851", "80");
    device.write("/3311/0/5851", "30");
    EXPECT_EQ(device.told(50s), (Told{{10, "30"}}));
}

// 1.2, 7.3.2: attributes in the Observe itself come before all others.
TEST(Reporting, AnObserveBringsItsOwnAttributes) {
    ScriptedDevice device({{0, 20}, {1, 21}, {8, 22}}, {.version = "1.2"});
    device.attributes(sensor, {"pmin=30"});
    EXPECT_EQ(device.observe(sensor, {"pmin=5", "pmax=15"}), Code::content);
    EXPECT_EQ(device.told(30s), (Told{{5, "21"}, {10, "22"}, {25, "22"}}));
}

TEST(Reporting, AnObserveBringsAttributesFrom12On) {
    ScriptedDevice device({{0, 20}});
    EXPECT_EQ(device.observe(sensor, {"pmin=5"}), Code::bad_request);
}

// 1.2, 7.3.2: con=1.
TEST(Reporting, ConAsksForConfirmableOnes) {
    ScriptedDevice device({{0, 20}, {5, 21}, {10, 22}}, {.version = "1.2"});
    device.attributes(sensor, {"con=1"});
    device.observe(sensor);
    const auto confirmed = device.told(6s);
    ASSERT_EQ(confirmed, (Told{{5, "21"}}));
    EXPECT_EQ(confirmed.front().type, CON);
    device.attributes(sensor, {"con=0"});
    EXPECT_EQ(device.told(6s).front().type, NON);
}

// RFC 7641 4.5: one in 24 hours is confirmable.
TEST(Reporting, OneADayIsConfirmable) {
    ScriptedDevice device({{0, 20}});
    device.attributes(sensor, {"pmax=7200"});
    device.observe(sensor);
    const auto told = device.told(48h + 1s);
    ASSERT_EQ(told.size(), 24u);
    for (std::size_t i = 0; i < told.size(); ++i) EXPECT_EQ(told[i].type == CON, i % 12 == 11) << i;
}

// 1.2, 7.3.2: edge=1 is from false to true, whether or not the way back was told.
TEST(Reporting, AnEdgeIsToldInOneDirection) {
    const std::string input =
        "  digital_input/0:\n    digital_input_state: {states: {off: {for: 10s, value: false}, "
        "on: {for: 5s, value: true}}, phase: 0s}\n";
    ScriptedDevice device({{0, 20}}, {.version = "1.2", .objects = input});
    device.attributes("/3200/0/5500", {"edge=1"});
    device.observe("/3200/0/5500");
    // The states began 10 s before the Observe: on for 5 s, off for 10 s, and so on.
    EXPECT_EQ(device.told(50s), (Told{{15, "1"}, {30, "1"}, {45, "1"}}));
}

// A written truth is an edge, too.
TEST(Reporting, AWrittenTruthIsJudgedByItsEdge) {
    ScriptedDevice device({{0, 20}}, {.version = "1.2", .objects = "  light_control/0: {on_off: false}\n"});
    device.attributes("/3311/0/5850", {"edge=1"});
    device.observe("/3311/0/5850");
    Told told;
    for (const auto* const value : {"1", "0", "1", "1", "0"}) {
        device.write("/3311/0/5850", value);
        for (const auto& one : device.told(5s)) told.push_back(one);
    }
    EXPECT_EQ(told, (Told{{0, "1"}, {10, "1"}}));
}

// epmin: the least time between two looks at the value; what was not looked at was not seen.
TEST(Reporting, EpminIsTheLeastTimeBetweenTwoEvaluations) {
    EXPECT_EQ(told_of({{0, 20}, {2, 60}, {4, 20}, {12, 50}}, {"gt=45", "epmin=10"}, 60s), (Told{{20, "50"}}));
}

// What is seen does not depend on whether the crossing could be computed: at 23 s it comes, between two looks.
TEST(Reporting, EpminHoldsForAComputedCrossingToo) {
    ScriptedDevice device({{0, 20}}, {.objects = "  humidity/0:\n    sensor_value: {drain: {from: 64, to: 0, over: "
                                                 "64s}, every: 1s, phase: 0s}\n"});
    device.attributes("/3304/0/5700", {"lt=32", "epmin=15"});
    device.observe("/3304/0/5700");
    EXPECT_EQ(device.told(50s), (Told{{30, "24"}}));
}

// No polling: of 50,000 samples none is looked at until the one that crosses.
TEST(Reporting, ACrossingThatCanBeComputedIsWaitedFor) {
    ScriptedDevice device({{0, 20}}, {.objects = "  humidity/0:\n    sensor_value: {drain: {from: 100, to: 0, over: "
                                                 "100000s}, every: 1s, phase: 0s}\n"});
    device.attributes("/3304/0/5700", {"lt=50"});
    device.observe("/3304/0/5700");
    device.wakes = 0;
    const auto told = device.told(20h);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_NEAR(told.front().at, 50001 - 10, 1);
    EXPECT_LE(device.wakes, 8u);
}

}  // namespace
