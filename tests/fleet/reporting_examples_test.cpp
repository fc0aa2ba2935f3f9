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

TEST(ReportingExamples, EachAttributeHasItsList) {
    for (const auto& example : examples) {
        ScriptedDevice device(signal_);
        std::string name;
        for (const auto attribute : example.attributes) {
            name.append(name.empty() ? "" : " ").append(attribute);
            EXPECT_EQ(device.attributes("/3303/0/5700", {attribute}), coap::Code::changed);
        }
        EXPECT_EQ(device.observe("/3303/0/5700"), coap::Code::content);
        const auto told = device.told(120s);
        std::cout << fmt::format("{:16}", name.empty() ? "no attributes" : name);
        for (const auto& one : told) std::cout << fmt::format("  {} s: {}", one.at, one.payload);
        std::cout << '\n';
        EXPECT_EQ(told, example.told) << name;
    }
}

}  // namespace
