#include "metrics/catalog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace metrics {
namespace {

TEST(Catalog, NamesAreUniqueWithinEachList) {
    const auto unique = [](const auto& names) {
        return std::set<std::string_view>(names.begin(), names.end()).size() == names.size();
    };
    EXPECT_TRUE(unique(operation_names));
    EXPECT_TRUE(unique(result_names));
    EXPECT_TRUE(unique(cause_names));
    EXPECT_TRUE(unique(server_request_names));
    EXPECT_TRUE(unique(code_names));
    EXPECT_TRUE(unique(sent_names));
    EXPECT_TRUE(unique(received_names));
    EXPECT_TRUE(unique(discard_names));
    EXPECT_TRUE(unique(fault_names));
    EXPECT_TRUE(unique(drop_names));
    EXPECT_TRUE(unique(device_state_names));
}

TEST(Catalog, KeywordsOfTheLanguageKeepTheirProtocolName) {
    EXPECT_EQ(name(Operation::register_), "register");
    EXPECT_EQ(name(ServerRequest::delete_), "delete");
    EXPECT_EQ(find_operation("register"), Operation::register_);
    EXPECT_EQ(find_operation("registr"), std::nullopt);
}

TEST(Catalog, LastEnumeratorsHaveTheLastNames) {
    EXPECT_EQ(name(Operation::download), "download");
    EXPECT_EQ(name(Result::aborted), "aborted");
    EXPECT_EQ(name(Cause::decrypt), "decrypt");
    EXPECT_EQ(name(ServerRequest::unknown), "unknown");
    EXPECT_EQ(name(Sent::handshake), "handshake");
    EXPECT_EQ(name(Received::handshake), "handshake");
    EXPECT_EQ(name(Discard::replay), "replay");
    EXPECT_EQ(name(Fault::power_cycle), "power_cycle");
    EXPECT_EQ(name(Drop::no_slot), "no_slot");
    EXPECT_EQ(name(DeviceState::stopped), "stopped");
}

// RFC 7252 12.1: class in the upper three bits, detail in the lower five.
TEST(Catalog, CodeSlotsBearTheNameOfTheirCode) {
    for (const std::uint8_t code : code_values) {
        const auto text = std::to_string(code >> 5) + "." + (code % 32 < 10 ? "0" : "") + std::to_string(code % 32);
        EXPECT_EQ(code_names[code_slot(code)], text);
    }
    EXPECT_EQ(code_names[code_slot(0x43)], "other");  // 2.03 has no use in LwM2M
    EXPECT_EQ(code_names[code_slot(0xff)], "other");
}

TEST(Catalog, CauseOfACodeBearsItsNameAndItsClass) {
    for (int code = 0; code < 256; ++code) {
        const auto cause = cause_of(static_cast<std::uint8_t>(code));
        const auto text = name(cause);
        if (code >> 5 == 4) {
            EXPECT_EQ(result_of(cause), Result::client_error) << code;
            EXPECT_EQ(text[0], '4');
        } else if (code >> 5 == 5) {
            EXPECT_EQ(result_of(cause), Result::server_error) << code;
            EXPECT_EQ(text[0], '5');
        } else {
            EXPECT_EQ(cause, Cause::bad_response) << code;
        }
    }
    EXPECT_EQ(name(cause_of(0x84)), "4.04");
    EXPECT_EQ(name(cause_of(0x9f)), "4.xx");
}

TEST(Catalog, MetricNamesFollowThePrometheusRules) {
    std::set<std::string_view> seen;
    for (const auto& m : metrics()) {
        EXPECT_TRUE(std::regex_match(std::string(m.name), std::regex("(lwm2msim|process)(_[a-z0-9]+)+"))) << m.name;
        EXPECT_TRUE(seen.insert(m.name).second) << m.name;
        EXPECT_EQ(m.type == MetricType::counter, m.name.ends_with("_total")) << m.name;
        EXPECT_EQ(m.unit == Unit::seconds, m.name.find("_seconds") != std::string_view::npos) << m.name;
        EXPECT_EQ(m.unit == Unit::bytes, m.name.find("_bytes") != std::string_view::npos) << m.name;
        EXPECT_TRUE(m.help.ends_with('.')) << m.name;
    }
}

// The documentation is the table itself: a metric that is added, renamed or explained anew must be so in the README
// too.
TEST(Catalog, ReadmeListsEveryMetricAsItIs) {
    std::ostringstream text;
    text << std::ifstream(LWM2M_SIM_SOURCE_DIR "/metrics/README.md").rdbuf();
    const auto readme = text.str();
    ASSERT_FALSE(readme.empty());
    constexpr std::array types{"counter", "gauge", "histogram"};
    for (const auto& m : metrics()) {
        const auto row = "| `" + std::string(m.name) + "` | " + types[index(m.type)] + " | " + std::string(m.labels) +
                         " | " + std::string(m.help) + " |\n";
        EXPECT_NE(readme.find(row), std::string::npos) << row;
    }
    for (const auto& q : quantities()) {
        const auto row = "| `" + std::string(q.group) + "." + std::string(q.name) + "` | ";
        EXPECT_NE(readme.find(row), std::string::npos) << row;
    }
}

TEST(Catalog, BucketsHoldTheTimesOfCoap) {
    EXPECT_TRUE(std::ranges::is_sorted(bucket_bounds));
    EXPECT_NE(std::ranges::find(bucket_bounds, 2.0), bucket_bounds.end());   // ACK_TIMEOUT
    EXPECT_NE(std::ranges::find(bucket_bounds, 93.0), bucket_bounds.end());  // MAX_TRANSMIT_WAIT
    EXPECT_EQ(bucket_bounds.front(), 0.001);
    EXPECT_EQ(bucket_bounds.back(), 120.0);
}

TEST(Catalog, FindsWhatAThresholdSpeaksOf) {
    ASSERT_NE(find_quantity("register.latency"), nullptr);
    EXPECT_EQ(find_quantity("register.latency")->kind, QuantityKind::distribution);
    EXPECT_EQ(find_quantity("handshake.failures")->kind, QuantityKind::count);
    EXPECT_EQ(find_quantity("operations.success_ratio")->kind, QuantityKind::ratio);
    EXPECT_EQ(find_quantity("devices.lost")->kind, QuantityKind::gauge);
    EXPECT_NE(find_quantity("schedule.lag"), nullptr);
    EXPECT_NE(find_quantity("generator.cpu"), nullptr);
}

TEST(Catalog, RefusesWhatNobodyMeasures) {
    EXPECT_EQ(find_quantity("registr.latency"), nullptr);
    EXPECT_EQ(find_quantity("register.latencies"), nullptr);
    EXPECT_EQ(find_quantity("register"), nullptr);
    EXPECT_EQ(find_quantity("<op>.latency"), nullptr);
    EXPECT_EQ(find_quantity(""), nullptr);
}

}  // namespace
}  // namespace metrics
