// What becomes of notifications while the server does not answer: RFC 7641 4.5.2; Core 1.1.1, E.2 (resource 6 of the
// Server object); 1.2, 7.3.2 (hqmax).
#include "metrics/snapshot.h"
#include "tests/support/scripted_device.h"

namespace {

using namespace std::chrono_literals;
using coap::Code;
using metrics::Operation;
using metrics::Result;
using support::ACK;
using support::CON;
using support::Message;
using support::ScriptedDevice;
using support::Told;

constexpr auto sensor = "/3303/0/5700";
constexpr unsigned senml_json = 110;

// A value a second, from 5 to 9 s.
const std::vector<ScriptedDevice::Step> five_changes{{0, 20}, {5, 21}, {6, 22}, {7, 23}, {8, 24}, {9, 25}};

class History : public testing::Test {
protected:
    void observe(ScriptedDevice& device, unsigned format) {
        EXPECT_EQ(device.observe(sensor, {}, format), Code::content);
        device.acknowledges = false;
    }
    static std::int64_t ended(ScriptedDevice& device, Result how) {
        return device.counters.figures().operations[metrics::index(Operation::notify)][0][metrics::index(how)].get();
    }
    static std::int64_t started(ScriptedDevice& device) {
        return device.counters.figures().started[metrics::index(Operation::notify)][0].get();
    }
    static void acknowledge(ScriptedDevice& device) {
        device.server.sends(Message(ACK, Code::empty).id(device.server.last_id));
    }
};

// The first is sent at 5 s, and its timeout of 2 to 3 s brings what is the newest then; so does the next one.
TEST_F(History, ANewerValueTakesThePlaceOfTheOneThatIsRepeated) {
    ScriptedDevice device(five_changes, {.behaviour = "{notify: {confirmable: true}}"});
    observe(device, 0);
    const auto told = device.told(14s);
    ASSERT_EQ(told.size(), 3u);
    EXPECT_EQ(told[0].payload, "21");
    EXPECT_EQ(told[1].payload, told[1].at < 8 ? "23" : "24");
    EXPECT_EQ(told[2].payload, "25");
    acknowledge(device);
    EXPECT_EQ(device.told(60s), Told{});
    EXPECT_EQ(ended(device, Result::ok), 1);
    EXPECT_EQ(started(device), ended(device, Result::ok) + ended(device, Result::coalesced));
}

// An acknowledgement of the older one before its timeout: the newer one follows at once.
TEST_F(History, AnAcknowledgementLetsTheNewestFollow) {
    ScriptedDevice device(five_changes, {.behaviour = "{notify: {confirmable: true}}"});
    observe(device, 0);
    EXPECT_EQ(device.told(6500ms), (Told{{5, "21"}}));
    acknowledge(device);
    const auto told = device.told(100ms);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told.front().payload, "22");
}

// The value of 6 s goes out when the server has answered that of 5 s: the server's delay, not the generator's.
TEST_F(History, WhatWaitsForTheServerIsNoLag) {
    ScriptedDevice device(five_changes, {.behaviour = "{notify: {confirmable: true}}"});
    observe(device, 0);
    (void)device.told(6500ms);
    acknowledge(device);
    (void)device.told(100ms);
    acknowledge(device);
    const std::array counters{static_cast<const metrics::Counters*>(&device.counters)};
    const std::array latencies{static_cast<const metrics::LatencyRecorder*>(&device.latency)};
    const auto clocks = metrics::fold(counters, latencies).latencies.of(metrics::Operation::notify);
    EXPECT_LT(clocks.lag.max(), 10ms);
    EXPECT_GT(clocks.latency.max(), 400ms);
}

std::string past(const std::vector<std::pair<std::string, int>>& values) {
    std::string text;
    for (const auto& [age, value] : values) {
        text += (text.empty() ? R"({"bn":"/3303/0/5700",)" : ",{") + ("\"bt\":-" + age) +
                ",\"v\":" + std::to_string(value) + "}";
    }
    return "[" + text + "]";
}

class HistoryQueue : public History {
protected:
    explicit HistoryQueue(const std::string& objects = "")
        : device(five_changes, {.version = "1.2", .objects = objects}) {
        EXPECT_EQ(device.attributes(sensor, {"con=1", "hqmax=3"}), Code::changed);
    }
    // The repetitions of the first one are alike: history is not what is newer of it.
    void expect_repetitions() {
        const auto told = device.told(11s);
        ASSERT_GE(told.size(), 2u);
        for (const auto& one : told) EXPECT_EQ(one.payload, told.front().payload);
    }
    ScriptedDevice device;
};

// 22 at 6 s is the fourth from the end: three are kept. At 11 s they are 4, 3 and 2 s old.
TEST_F(HistoryQueue, TellsAsManyAsHqmaxSaysWithTheirTimes) {
    observe(device, senml_json);
    expect_repetitions();
    device.acknowledges = true;
    acknowledge(device);
    const auto told = device.told(60s);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told.front().payload, past({{"4", 23}, {"3", 24}, {"2", 25}}));
    EXPECT_EQ(told.front().type, CON);
    EXPECT_EQ(device.pool.history.in_use(), 0u);
    EXPECT_EQ(ended(device, Result::ok), 2);
    EXPECT_EQ(ended(device, Result::coalesced), 3);
    EXPECT_EQ(started(device), 5);
}

// 22 at 6 s, 23, 24 and 25 at 9 s come due while the one of 5 s has no answer; that comes at 11 s. Without hqmax, and
// with 0, the newest takes the place of what is repeated, and needs no list.
TEST_F(History, EachHqmaxHasItsList) {
    const std::vector<std::pair<std::vector<std::string_view>, std::vector<std::pair<std::string, int>>>> lists{
        {{"hqmax=1"}, {{"2", 25}}},
        {{"hqmax=2"}, {{"3", 24}, {"2", 25}}},
        {{"hqmax=4"}, {{"5", 22}, {"4", 23}, {"3", 24}, {"2", 25}}},
        {{"hqmax=100"}, {{"5", 22}, {"4", 23}, {"3", 24}, {"2", 25}}},
        {{"hqmax=100", "st=2"}, {{"4", 23}, {"2", 25}}},
        {{"hqmax=100", "pmin=2"}, {{"4", 23}, {"2", 25}}},
    };
    for (const auto& [attributes, kept] : lists) {
        ScriptedDevice device({{0, 19}, {5, 21}, {6, 22}, {7, 23}, {8, 24}, {9, 25}}, {.version = "1.2"});
        for (const auto attribute : attributes)
            EXPECT_EQ(device.attributes(sensor, {"con=1", attribute}), Code::changed);
        observe(device, senml_json);
        EXPECT_EQ(device.told(11s).front().at, 5);
        device.acknowledges = true;
        acknowledge(device);
        const auto told = device.told(60s);
        ASSERT_EQ(told.size(), 1u) << attributes.front();
        EXPECT_EQ(told.front().payload, past(kept)) << attributes.back();
        EXPECT_EQ(device.pool.history.in_use(), 0u);
    }
}

// Plain text has no times: the newest alone is told, in the place of what is repeated.
TEST_F(HistoryQueue, AFormatWithoutTimesTellsTheNewest) {
    observe(device, 0);
    const auto told = device.told(14s);
    EXPECT_EQ(told.back().payload, "25");
    acknowledge(device);
    EXPECT_EQ(device.told(60s), Told{});
}

// Core 1.1.1, 6.4: what is kept belongs to the observation, and goes with it.
TEST_F(HistoryQueue, GoesWithTheObservation) {
    observe(device, senml_json);
    expect_repetitions();
    EXPECT_EQ(device.pool.history.in_use(), 3u);
    device.server.resets();
    EXPECT_EQ(device.told(60s), Told{});
    EXPECT_EQ(device.pool.history.in_use(), 0u);
    EXPECT_EQ(device.pool.bytes.in_use(), 0u);
}

class HistoryOff : public HistoryQueue {
protected:
    HistoryOff() : HistoryQueue("  server/0: {notification_storing_when_disabled_or_offline: false}\n") {}
};

// From the first timeout on, what comes due is not told later either.
TEST_F(HistoryOff, NothingIsKeptWhereTheServerWantsNothingKept) {
    observe(device, senml_json);
    expect_repetitions();
    device.acknowledges = true;
    acknowledge(device);
    EXPECT_EQ(device.told(60s), Told{});
    EXPECT_EQ(device.pool.history.in_use(), 0u);
    EXPECT_EQ(ended(device, Result::ok), 1);
    EXPECT_EQ(ended(device, Result::aborted), 3);  // those of 7, 8 and 9 s; that of 6 s they took the place of
    EXPECT_EQ(started(device), 4);
}

}  // namespace
