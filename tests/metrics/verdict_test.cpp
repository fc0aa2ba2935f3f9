#include "metrics/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace metrics {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Judgement : public testing::Test {
protected:
    std::vector<std::string> reasons() {
        Distribution d;
        d.merge(lag_);
        return judge_.reasons(d, drops_, withheld_);
    }
    void seconds_busy(std::size_t worker, int seconds, double ratio) {
        for (int i = 0; i < seconds; ++i) {
            judge_.observe({.worker = worker, .elapsed = 1s, .expected = 1s, .worked = base::from_seconds(ratio)});
        }
    }

    Histogram lag_;
    std::array<std::int64_t, drop_names.size()> drops_{};
    WithheldCpu withheld_;
    GeneratorJudge judge_{{}, 2};
};

TEST_F(Judgement, IsValidWithoutAnySample) { EXPECT_THAT(reasons(), IsEmpty()); }

TEST_F(Judgement, LagOfTenMillisecondsIsStillValid) {
    for (int i = 0; i < 100; ++i) lag_.record(10ms);
    EXPECT_THAT(reasons(), IsEmpty());
}

TEST_F(Judgement, OnePercentOfLateOperationsIsStillValid) {
    for (int i = 0; i < 99; ++i) lag_.record(1ms);
    lag_.record(5s);
    EXPECT_THAT(reasons(), IsEmpty());
}

TEST_F(Judgement, LagAboveTenMillisecondsIsInvalid) {
    for (int i = 0; i < 100; ++i) lag_.record(11ms);
    EXPECT_THAT(reasons(), ElementsAre("The generator fell behind its schedule: lag p99 11.0ms, allowed 10.0ms."));
}

TEST_F(Judgement, StolenTimeIsNamedBesideTheLagThatItMayHaveCaused) {
    for (int i = 0; i < 100; ++i) lag_.record(11ms);
    withheld_ = {.stolen_seconds = 2, .offered_seconds = 10, .throttled_seconds = 1.5};
    EXPECT_THAT(reasons(), ElementsAre(HasSubstr("lag p99 11.0ms"), HasSubstr("20 % of this machine's CPU time"),
                                       HasSubstr("1.5 s")));
}

TEST_F(Judgement, StolenTimeAloneIsStillValid) {
    withheld_ = {.stolen_seconds = 2, .offered_seconds = 10, .throttled_seconds = 1.5};
    EXPECT_THAT(reasons(), IsEmpty());
}

TEST_F(Judgement, LagIsHeldToOnePercentOfTheShortestPeriod) {
    judge_ = GeneratorJudge({.shortest_period = 500ms}, 2);
    for (int i = 0; i < 100; ++i) lag_.record(6ms);
    EXPECT_THAT(reasons(), ElementsAre(HasSubstr("allowed 5.00ms")));
}

TEST_F(Judgement, BusyForFourSecondsIsStillValid) {
    seconds_busy(0, 4, 0.99);
    seconds_busy(0, 1, 0.5);
    seconds_busy(0, 4, 0.99);
    EXPECT_THAT(reasons(), IsEmpty());
}

TEST_F(Judgement, BusyForFiveSecondsIsInvalid) {
    seconds_busy(0, 10, 0.3);
    seconds_busy(1, 5, 0.95);
    seconds_busy(1, 10, 0.1);
    EXPECT_THAT(reasons(), ElementsAre("Shard 1 was more than 90 % busy for 5.00s, allowed 5.00s."));
    EXPECT_DOUBLE_EQ(judge_.highest_sustained_busy(), 0.95);
}

TEST_F(Judgement, TwoShardsInTurnAreNotOneBusyShard) {
    for (int i = 0; i < 6; ++i) {
        seconds_busy(0, 1, i % 2 == 0 ? 1.0 : 0.5);
        seconds_busy(1, 1, i % 2 == 0 ? 0.5 : 1.0);
    }
    EXPECT_THAT(reasons(), IsEmpty());
}

TEST_F(Judgement, AStandstillIsInvalid) {
    judge_.observe({.worker = 0, .elapsed = 4s, .expected = 1s, .worked = 10ms});
    EXPECT_THAT(reasons(), ElementsAre("The generator stood still for 3.00s."));
}

TEST_F(Judgement, ASingleDropOfOurOwnIsInvalid) {
    drops_[index(Drop::receive_overrun)] = 1;
    EXPECT_THAT(reasons(), ElementsAre("The generator itself lost 1 by receive_overrun."));
}

TEST(ExitCodes, FirstMatchWins) {
    Happened h;
    EXPECT_EQ(exit_code(h), ExitCode::ok);
    h.interrupted = true;
    EXPECT_EQ(exit_code(h), ExitCode::interrupted);
    h.thresholds_failed = true;
    EXPECT_EQ(exit_code(h), ExitCode::thresholds);
    h.invalid = true;
    EXPECT_EQ(exit_code(h), ExitCode::invalid);
    h.target_silent = true;
    EXPECT_EQ(exit_code(h), ExitCode::unreachable);
    h.host_unfit = true;
    EXPECT_EQ(exit_code(h), ExitCode::host);
    h.usage_error = true;
    EXPECT_EQ(exit_code(h), ExitCode::usage);
    h.conservation_broken = true;
    EXPECT_EQ(exit_code(h), ExitCode::bug);
}

TEST(ExitCodes, NoSuccessAtAllIsAFailedThreshold) {
    EXPECT_EQ(exit_code({.nothing_succeeded = true}), ExitCode::thresholds);
}

}  // namespace
}  // namespace metrics
