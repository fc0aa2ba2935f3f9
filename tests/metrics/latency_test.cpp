#include "metrics/latency.h"

#include <gtest/gtest.h>

namespace metrics {
namespace {

using base::Duration;
using base::Time;
using namespace std::chrono_literals;

constexpr std::array active{Operation::register_, Operation::notify};

Time at(Duration d) { return Time(d); }

TEST(Latency, ClocksCountFromTheirOwnBeginnings) {
    LatencyRecorder recorder(active, 2);
    recorder.record_sent(Operation::register_, 1, at(10s), at(12s));
    recorder.record_success(Operation::register_, 1, at(10s), at(12s), at(12s + 5ms));
    Latencies all;
    all.merge(recorder);
    const auto& clocks = all.of(Operation::register_, 1);
    EXPECT_EQ(clocks.latency.max(), Duration(2s + 5ms));
    EXPECT_EQ(clocks.service.max(), Duration(5ms));
    EXPECT_EQ(clocks.lag.max(), Duration(2s));
}

TEST(Latency, TimeoutIsInfiniteInLatencyAndService) {
    LatencyRecorder recorder(active, 1);
    recorder.record_sent(Operation::notify, 0, at(1s), at(1s));
    recorder.record_timeout(Operation::notify, 0);
    Latencies all;
    all.merge(recorder);
    EXPECT_EQ(all.of(Operation::notify, 0).latency.percentile(50), infinite);
    EXPECT_EQ(all.of(Operation::notify, 0).service.percentile(50), infinite);
    EXPECT_EQ(all.of(Operation::notify, 0).lag.percentile(50), Duration(0));
}

TEST(Latency, SumsOverProfilesAndShards) {
    LatencyRecorder one(active, 2), two(active, 2);
    one.record_success(Operation::register_, 0, at(0s), at(0s), at(1ms));
    two.record_success(Operation::register_, 1, at(0s), at(0s), at(3ms));
    Latencies all;
    all.merge(one);
    all.merge(two);
    EXPECT_EQ(all.of(Operation::register_, 0).latency.count(), 1);
    EXPECT_EQ(all.of(Operation::register_).latency.count(), 2);
    EXPECT_EQ(all.of(Operation::register_).latency.max(), Duration(3ms));
}

TEST(Latency, OverallLagIsThatOfEveryOperation) {
    LatencyRecorder recorder(active, 2);
    recorder.record_sent(Operation::register_, 0, at(0s), at(1ms));
    recorder.record_sent(Operation::notify, 1, at(0s), at(9ms));
    Latencies all;
    all.merge(recorder);
    EXPECT_EQ(all.lag().count(), 2);
    EXPECT_EQ(all.lag().max(), Duration(9ms));
}

TEST(Latency, OperationsThatAreNotActiveHaveNone) {
    LatencyRecorder recorder(active, 1);
    Latencies all;
    all.merge(recorder);
    EXPECT_TRUE(all.of(Operation::update).latency.empty());
}

TEST(LatencyDeath, RecordingAnInactiveOperationIsABug) {
    LatencyRecorder recorder(active, 1);
    EXPECT_DEATH(recorder.record_timeout(Operation::update, 0), "");
    EXPECT_DEATH(recorder.record_timeout(Operation::notify, 1), "");
}

}  // namespace
}  // namespace metrics
