#include "metrics/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <thread>
#include <vector>

#include "simulator/base/random.h"

namespace metrics {
namespace {

using base::Duration;
using namespace std::chrono_literals;

Distribution of(std::initializer_list<Duration> values) {
    Histogram h;
    for (const auto v : values) h.record(v);
    Distribution d;
    d.merge(h);
    return d;
}

TEST(Buckets, CoverEveryValueWithoutGapOrOverlap) {
    for (std::size_t i = 0; i < buckets::count; ++i) {
        EXPECT_EQ(buckets::of(buckets::lowest(i)), i);
        EXPECT_EQ(buckets::of(buckets::highest(i)), i);
        EXPECT_EQ(buckets::lowest(i), i == 0 ? 0 : buckets::highest(i - 1) + 1);
    }
}

TEST(Buckets, AreAtMostEightThousandthsWide) {
    for (std::size_t i = buckets::per_octave; i < buckets::count; ++i) {
        const auto low = static_cast<double>(buckets::lowest(i));
        EXPECT_LE(static_cast<double>(buckets::highest(i)) - low, 0.008 * low) << i;
    }
}

TEST(Buckets, ReachBeyondOneHour) { EXPECT_GT(buckets::highest(buckets::count - 1), Duration(1h).count()); }

TEST(Buckets, TakeTheLongestTimeToo) { EXPECT_EQ(buckets::of(Duration::max().count()), buckets::count - 1); }

TEST(Histogram, KeepsExtremesSumAndCountExactly) {
    const auto d = of({3ms, 7'654'321ns, 1s});
    EXPECT_EQ(d.count(), 3);
    EXPECT_EQ(d.min(), Duration(3ms));
    EXPECT_EQ(d.max(), Duration(1s));
    EXPECT_EQ(d.mean(), Duration((3'000'000 + 7'654'321 + 1'000'000'000) / 3));
    EXPECT_DOUBLE_EQ(d.sum_seconds(), 1.010654321);
}

TEST(Histogram, HasNoPercentileWithoutSamples) {
    EXPECT_EQ(Distribution().percentile(50), std::nullopt);
    EXPECT_EQ(Distribution().max(), std::nullopt);
    EXPECT_EQ(Distribution().mean(), std::nullopt);
}

TEST(Histogram, CountsANegativeTimeAsZero) {
    const auto d = of({-5ms});
    EXPECT_EQ(d.percentile(100), Duration(0));
    EXPECT_EQ(d.min(), Duration(0));
}

TEST(Histogram, PercentileIsTheSmallestValueThatCoversTheRank) {
    Histogram h;
    for (int i = 1; i <= 100; ++i) h.record(Duration(i));  // below 128 ns each value has its own bucket
    Distribution d;
    d.merge(h);
    EXPECT_EQ(d.percentile(0.001), Duration(1));
    EXPECT_EQ(d.percentile(50), Duration(50));
    EXPECT_EQ(d.percentile(99), Duration(99));
    EXPECT_EQ(d.percentile(99.1), Duration(100));
    EXPECT_EQ(d.percentile(100), Duration(100));
}

TEST(Histogram, RankIsNotMovedByTheRoundingOfDoubles) {
    Histogram h;
    for (int i = 0; i < 999; ++i) h.record(1ns);
    h.record(100ns);
    Distribution d;
    d.merge(h);
    EXPECT_EQ(d.percentile(99.9), Duration(1));
    EXPECT_EQ(d.percentile(99.91), Duration(100));
}

TEST(Histogram, PercentileNeverExceedsTheMaximum) {
    const auto d = of({1'000'001ns});
    EXPECT_EQ(d.percentile(50), Duration(1'000'001));
    EXPECT_EQ(d.percentile(100), Duration(1'000'001));
}

TEST(Histogram, PercentileAboveTheLastBucketIsTheExactMaximum) {
    const auto d = of({5h});
    EXPECT_EQ(d.percentile(99), Duration(5h));
}

TEST(Histogram, PercentilesAreWithinEightThousandthsOfTheTruth) {
    constexpr std::uint64_t seed = 7;
    std::vector<std::int64_t> truth;
    Histogram h;
    for (std::uint64_t i = 0; i < 100'000; ++i) {
        // From 100 ns to 100 s, evenly in the logarithm.
        const auto v = static_cast<std::int64_t>(std::pow(10.0, 2.0 + 9.0 * base::to_unit(base::draw(seed, 0, 1, i))));
        truth.push_back(v);
        h.record(Duration(v));
    }
    std::ranges::sort(truth);
    Distribution d;
    d.merge(h);
    for (const double p : {1.0, 10.0, 50.0, 90.0, 99.0, 99.9, 99.99}) {
        const auto rank = static_cast<std::size_t>(std::ceil(p / 100 * 100'000 - 1e-6));
        const auto exact = static_cast<double>(truth[rank - 1]);
        const auto found = static_cast<double>(d.percentile(p)->count());
        EXPECT_GE(found, exact) << p;
        EXPECT_LE(found, exact * 1.008) << p;
    }
}

TEST(Histogram, PercentilesAmongTimeoutsAreInfinite) {
    Histogram h;
    for (int i = 0; i < 98; ++i) h.record(1ms);
    h.record_infinite();
    h.record_infinite();
    Distribution d;
    d.merge(h);
    EXPECT_EQ(d.count(), 100);
    EXPECT_EQ(d.timeouts(), 2);
    EXPECT_EQ(d.percentile(98), Duration(1ms));
    EXPECT_EQ(d.percentile(99), infinite);
    EXPECT_EQ(d.max(), Duration(1ms));
}

TEST(Histogram, IsInfiniteThroughoutWhenEverythingTimedOut) {
    Histogram h;
    h.record_infinite();
    Distribution d;
    d.merge(h);
    EXPECT_EQ(d.percentile(50), infinite);
    EXPECT_EQ(d.max(), std::nullopt);
}

TEST(Distribution, MergedEqualsRecordedTogether) {
    Histogram a, b, both;
    for (std::uint64_t i = 0; i < 10'000; ++i) {
        const Duration v(static_cast<std::int64_t>(base::draw(1, 2, 3, i) >> 30));
        (i % 3 == 0 ? a : b).record(v);
        both.record(v);
    }
    b.record_infinite();
    both.record_infinite();
    Distribution merged, da, whole;
    merged.merge(b);
    da.merge(a);
    merged.merge(da);
    whole.merge(both);
    EXPECT_EQ(merged, whole);
}

TEST(Distribution, SubtractionLeavesWhatCameSince) {
    Histogram h;
    h.record(1s);
    h.record(2ms);
    Distribution earlier, later;
    earlier.merge(h);
    for (int i = 0; i < 10; ++i) h.record(10ms);
    h.record_infinite();
    later.merge(h);
    later.subtract(earlier);
    EXPECT_EQ(later.count(), 11);
    EXPECT_EQ(later.timeouts(), 1);
    EXPECT_NEAR(base::seconds(*later.percentile(50)), 0.010, 0.00008);
    EXPECT_NEAR(base::seconds(*later.max()), 0.010, 0.00008);
    EXPECT_NEAR(base::seconds(*later.min()), 0.010, 0.00008);
    EXPECT_EQ(later.mean(), Duration(10ms));
}

TEST(Distribution, SubtractionOfEverythingLeavesNothing) {
    auto d = of({1ms, 2ms});
    d.subtract(of({1ms, 2ms}));
    EXPECT_EQ(d, Distribution());
}

TEST(Distribution, CountsUpToABound) {
    const auto d = of({1ms, 2ms, 300ms, 2s});
    EXPECT_EQ(d.count_up_to(100us), 0);
    EXPECT_EQ(d.count_up_to(2ms), 2);
    EXPECT_EQ(d.count_up_to(1s), 3);
    EXPECT_EQ(d.count_up_to(infinite), 4);
}

// A reader beside the writer sees whole numbers only, and the final ones at the end; clean under the thread sanitizer.
TEST(Histogram, MayBeReadWhileItIsWritten) {
    Histogram h;
    std::atomic<bool> done{false};
    std::thread writer([&] {
        for (int i = 0; i < 200'000; ++i) h.record(Duration(i));
        done = true;
    });
    std::int64_t last = 0;
    while (!done) {
        Distribution d;
        d.merge(h);
        EXPECT_GE(d.count(), last);
        last = d.count();
    }
    writer.join();
    Distribution d;
    d.merge(h);
    EXPECT_EQ(d.count(), 200'000);
}

TEST(DurationText, HasThreeDigits) {
    EXPECT_EQ(to_text(Duration(0)), "0ns");
    EXPECT_EQ(to_text(412ns), "412ns");
    EXPECT_EQ(to_text(38'200ns), "38.2us");
    EXPECT_EQ(to_text(184ms), "184ms");
    EXPECT_EQ(to_text(999'600us), "1.00s");
    EXPECT_EQ(to_text(1900ms), "1.90s");
    EXPECT_EQ(to_text(93s), "93.0s");
    EXPECT_EQ(to_text(725s), "12m05s");
    EXPECT_EQ(to_text(123min), "2h03m");
}

TEST(DurationText, SaysWhatATimeoutExceeded) {
    EXPECT_EQ(to_text(infinite), "> 93s");
    EXPECT_EQ(to_text(infinite, 7500ms), "> 7.5s");
    EXPECT_EQ(to_text(std::nullopt), "-");
}

}  // namespace
}  // namespace metrics
