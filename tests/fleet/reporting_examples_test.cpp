// The notifications of one scripted signal under each attribute: gt, lt and st as the examples of Transport 1.1.1 have
// them, and what pmin and pmax make of it. Prints the lists:
//
//   test_fleet --gtest_filter='ReportingExamples.*'
#include <iostream>

#include "tests/support/scripted_device.h"

namespace {

using namespace std::chrono_literals;
using support::ScriptedDevice;
using support::Told;

struct Example {
    std::vector<std::string_view> attributes;
    Told told;
};

// s:       0   10   20   30   40   50   60
const std::vector<ScriptedDevice::Step> signal_{{0, 20}, {10, 35}, {20, 45}, {30, 50}, {40, 40}, {50, 35}, {60, 20}};

const std::vector<Example> examples{
    {{}, {{10, "35"}, {20, "45"}, {30, "50"}, {40, "40"}, {50, "35"}, {60, "20"}}},
    {{"gt=45"}, {{30, "50"}, {40, "40"}}},
    {{"lt=30"}, {{10, "35"}, {60, "20"}}},
    {{"lt=30", "gt=45"}, {{10, "35"}, {30, "50"}, {40, "40"}, {60, "20"}}},
    {{"st=10"}, {{10, "35"}, {20, "45"}, {50, "35"}, {60, "20"}}},
    {{"st=10", "gt=45"}, {{10, "35"}, {20, "45"}, {30, "50"}, {40, "40"}, {60, "20"}}},
    {{"pmin=15"}, {{15, "35"}, {30, "50"}, {45, "40"}, {60, "20"}}},
    {{"pmax=25"}, {{10, "35"}, {20, "45"}, {30, "50"}, {40, "40"}, {50, "35"}, {60, "20"}, {85, "20"}, {110, "20"}}},
    {{"gt=45", "pmin=15"}, {{30, "50"}, {45, "40"}}},
    {{"gt=45", "pmax=25"}, {{25, "45"}, {30, "50"}, {40, "40"}, {65, "20"}, {90, "20"}, {115, "20"}}},
};

// Each of them is set at the path itself; prints the list.
void expect_list(ScriptedDevice& device, std::string_view path, const Example& example, base::Duration span) {
    std::string name;
    for (const auto attribute : example.attributes) {
        name.append(name.empty() ? "" : " ").append(attribute);
        EXPECT_EQ(device.attributes(path, {attribute}), coap::Code::changed);
    }
    EXPECT_EQ(device.observe(path), coap::Code::content);
    const auto told = device.told(span);
    std::cout << fmt::format("{:24}", name.empty() ? "no attributes" : name);
    for (const auto& one : told) std::cout << fmt::format("  {} s: {}", one.at, one.payload);
    std::cout << '\n';
    EXPECT_EQ(told, example.told) << name;
}

TEST(ReportingExamples, EachAttributeHasItsList) {
    for (const auto& example : examples) {
        ScriptedDevice device(signal_);
        expect_list(device, "/3303/0/5700", example, 120s);
    }
}

// epmin: what comes to pass sooner is looked at when it is over, as it is then. epmax: a device that sees each change
// looks often enough; together with epmin it says which looks there must have been.
const std::vector<Example> evaluation_periods{
    {{"epmin=25"}, {{25, "45"}, {50, "35"}, {75, "20"}}},
    {{"epmin=10", "gt=45"}, {{30, "50"}, {40, "40"}}},
    {{"epmin=25", "gt=45"}, {}},  // looked at with 25, 50 and 75 s
    {{"epmin=35", "gt=45"}, {{35, "50"}, {70, "20"}}},
    {{"epmin=45", "gt=45"}, {}},
    {{"epmin=15", "st=10"}, {{15, "35"}, {30, "50"}, {45, "40"}, {60, "20"}}},
    {{"epmin=15", "pmin=20"}, {{20, "45"}, {40, "40"}, {60, "20"}}},
    {{"epmin=15", "pmin=40", "gt=45"}, {{40, "40"}}},
    {{"epmin=25", "pmax=20", "gt=45"}, {{20, "45"}, {40, "40"}, {60, "20"}, {80, "20"}, {100, "20"}, {120, "20"}}},
    {{"epmax=5"}, {{10, "35"}, {20, "45"}, {30, "50"}, {40, "40"}, {50, "35"}, {60, "20"}}},
    {{"epmax=5", "gt=45"}, {{30, "50"}, {40, "40"}}},
    {{"epmin=18", "gt=45"}, {{36, "50"}, {54, "35"}}},
    {{"epmin=20", "epmax=20"}, {{20, "45"}, {40, "40"}, {60, "20"}}},
};
// Where nothing happens for long:
// s:       0   30   55
const std::vector<ScriptedDevice::Step> rare{{0, 20}, {30, 50}, {55, 20}};
const std::vector<Example> rare_evaluations{
    {{"epmin=18", "gt=45"}, {{30, "50"}, {55, "20"}}},
    {{"epmin=18", "epmax=18", "gt=45"}, {{36, "50"}, {72, "20"}}},  // looked at with 18, 36, 54 and 72 s
    {{"epmin=14", "epmax=16", "gt=45"}, {{30, "50"}, {60, "20"}}},  // 16, 30, 46 and 60 s
    {{"epmin=18", "epmax=40", "gt=45"}, {{30, "50"}, {55, "20"}}},
    {{"epmin=18", "epmax=10", "gt=45"}, {{30, "50"}, {55, "20"}}},  // an epmax below epmin does not count
};

TEST(ReportingExamples, EachEvaluationPeriodHasItsList) {
    for (const auto& example : evaluation_periods) {
        ScriptedDevice device(signal_);
        expect_list(device, "/3303/0/5700", example, 120s);
    }
    for (const auto& example : rare_evaluations) {
        ScriptedDevice device(rare);
        expect_list(device, "/3303/0/5700", example, 120s);
    }
}

// s:      0  5  15  20  30  35  45  50
// input:  1  0   1   0   1   0   1   0
const std::string input =
    "  digital_input/0:\n    digital_input_state: {states: {off: {for: 10s, value: false}, "
    "on: {for: 5s, value: true}}, phase: 0s}\n";
const std::vector<Example> edges{
    {{}, {{5, "0"}, {15, "1"}, {20, "0"}, {30, "1"}, {35, "0"}, {45, "1"}}},
    {{"edge=1"}, {{15, "1"}, {30, "1"}, {45, "1"}}},
    {{"edge=0"}, {{5, "0"}, {20, "0"}, {35, "0"}}},
    {{"edge=1", "pmin=20"}, {{20, "0"}, {40, "0"}}},
    {{"edge=0", "pmin=12"}, {{12, "0"}, {24, "0"}, {36, "0"}}},
    {{"edge=1", "pmax=12"}, {{12, "0"}, {15, "1"}, {27, "0"}, {30, "1"}, {42, "0"}, {45, "1"}}},
    {{"edge=1", "epmin=12"}, {{48, "1"}}},
    {{"edge=0", "epmin=12"}, {{12, "0"}}},
};

TEST(ReportingExamples, EachEdgeHasItsList) {
    for (const auto& example : edges) {
        ScriptedDevice device({{0, 20}}, {.version = "1.2", .objects = input});
        expect_list(device, "/3200/0/5500", example, 49s);
    }
}

// con says how, not when; without it the device's profile does. RFC 7641 4.5 has one a day in any case.
TEST(ReportingExamples, EachConHasItsTypes) {
    const auto types = [](std::string_view behaviour, std::vector<std::string_view> attributes) {
        ScriptedDevice device(signal_, {.version = "1.2", .behaviour = std::string(behaviour)});
        for (const auto attribute : attributes) {
            EXPECT_EQ(device.attributes("/3303/0/5700", {attribute}), coap::Code::changed);
        }
        device.observe("/3303/0/5700");
        std::string list;
        for (const auto& one : device.told(120s)) list += one.type == support::CON ? 'C' : 'N';
        return list;
    };
    EXPECT_EQ(types("", {}), "NNNNNN");
    EXPECT_EQ(types("", {"con=1"}), "CCCCCC");
    EXPECT_EQ(types("{notify: {confirmable: true}}", {}), "CCCCCC");
    EXPECT_EQ(types("{notify: {confirmable: true}}", {"con=0"}), "NNNNNN");
    EXPECT_EQ(types("", {"con=1", "gt=45"}), "CC");
}

TEST(ReportingExamples, ConOfTheNearestLevelHolds) {
    ScriptedDevice device(signal_, {.version = "1.2"});
    device.attributes("/3303", {"con=1"});
    device.observe("/3303/0/5700");
    EXPECT_EQ(device.told(15s).front().type, support::CON);
    device.attributes("/3303/0/5700", {"con=0"});
    EXPECT_EQ(device.told(10s).front().type, support::NON);
    device.observe("/3303/0/5700", {"con=1"});  // what the Observe brings comes before all others
    EXPECT_EQ(device.told(10s).front().type, support::CON);
}

TEST(ReportingExamples, OneADayIsConfirmableAgainstCon) {
    ScriptedDevice device({{0, 20}}, {.version = "1.2"});
    device.attributes("/3303/0/5700", {"con=0", "pmax=21600"});
    device.observe("/3303/0/5700");
    std::string list;
    for (const auto& one : device.told(48h + 1s)) list += one.type == support::CON ? 'C' : 'N';
    EXPECT_EQ(list, "NNNCNNNC");
}

}  // namespace
