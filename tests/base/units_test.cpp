#include "simulator/base/units.h"

#include <array>
#include <cmath>

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(Duration, IsReadWithItsUnits) {
    EXPECT_EQ(parse_duration("1h"), 1h);
    EXPECT_EQ(parse_duration("30 s"), 30s);
    EXPECT_EQ(parse_duration(" 1h30m "), 90min);
    EXPECT_EQ(parse_duration("1h 30m 5s"), 90min + 5s);
    EXPECT_EQ(parse_duration("1.5h"), 90min);
    EXPECT_EQ(parse_duration("250ms"), 250ms);
    EXPECT_EQ(parse_duration("250us"), 250us);
    EXPECT_EQ(parse_duration("250µs"), 250us);
    EXPECT_EQ(parse_duration("7ns"), 7ns);
    EXPECT_EQ(parse_duration("10min"), 10min);
    EXPECT_EQ(parse_duration("2d"), 48h);
    EXPECT_EQ(parse_duration("1w"), 7 * 24h);
    EXPECT_EQ(parse_duration("10y"), 3650 * 24h);
    EXPECT_EQ(parse_duration("0"), 0s);
}

TEST(Duration, RefusesWhatIsNone) {
    for (const char* text :
         {"", " ", "5", "s", "1x", "-1s", "+1s", "1s-", "1e3s", "1..5s", ".", ".s", "1 h 5", "inf", "nan s", "0x10s",
          "1S", "1hh", "99999999999999999999999999999999999999999999999999999999999999999999999999s"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
}

TEST(Duration, RefusesWhatDoesNotFitNanoseconds) {
    EXPECT_FALSE(parse_duration("300y"));
    EXPECT_FALSE(parse_duration("292y 292y"));
    EXPECT_TRUE(parse_duration("291y"));
}

TEST(Duration, IsWrittenAsItIsRead) {
    EXPECT_EQ(format_duration(0s), "0s");
    EXPECT_EQ(format_duration(90min), "1h30m");
    EXPECT_EQ(format_duration(2500ms), "2.5s");
    EXPECT_EQ(format_duration(180ms), "180ms");
    EXPECT_EQ(format_duration(93s), "1m33s");
    EXPECT_EQ(format_duration(25h), "1d1h");
    EXPECT_EQ(format_duration(-90s), "-1m30s");
    for (const Duration value : {1ns, 999ns, 1001ns, 1234567ns, Duration(1'234'567'890), 59999999999ns,
                                 Duration(3600s + 1ns), Duration(400 * 24h), Duration(9'000'000'000'123'456'789)}) {
        EXPECT_EQ(parse_duration(format_duration(value)), value) << format_duration(value);
    }
}

TEST(Count, IsReadWithItsSuffix) {
    EXPECT_EQ(parse_count("100000"), 100000u);
    EXPECT_EQ(parse_count("100k"), 100000u);
    EXPECT_EQ(parse_count("100 k"), 100000u);
    EXPECT_EQ(parse_count("1.5M"), 1500000u);
    EXPECT_EQ(parse_count("1.1k"), 1100u);
    EXPECT_EQ(parse_count("2G"), 2000000000u);
    EXPECT_EQ(parse_count("100_000"), 100000u);
    EXPECT_EQ(parse_count("1,000,000"), 1000000u);
    EXPECT_EQ(parse_count("0"), 0u);
}

TEST(Count, RefusesFractionsSignsAndNonsense) {
    for (const char* text :
         {"", "1.5", "0.0001k", "-1", "+1", "1m", "1kk", "k", "ten", "1e3", "_1", "1__0", "1_", "99999999G", "1 2"}) {
        EXPECT_FALSE(parse_count(text)) << text;
    }
}

TEST(Count, IsWrittenForPeople) {
    EXPECT_EQ(format_count(0), "0");
    EXPECT_EQ(format_count(999), "999");
    EXPECT_EQ(format_count(1000), "1k");
    EXPECT_EQ(format_count(100000), "100k");
    EXPECT_EQ(format_count(1500000), "1.5M");
    EXPECT_EQ(format_count(12345), "12,345");
    EXPECT_EQ(format_count(1234567), "1,234,567");
}

TEST(Share, IsReadAsPercentOrFraction) {
    EXPECT_DOUBLE_EQ(*parse_share("90%"), 0.9);
    EXPECT_DOUBLE_EQ(*parse_share("0.9"), 0.9);
    EXPECT_DOUBLE_EQ(*parse_share("0.1 %"), 0.001);
    EXPECT_DOUBLE_EQ(*parse_share("100%"), 1);
    EXPECT_DOUBLE_EQ(*parse_share("0"), 0);
    EXPECT_EQ(format_share(0.9), "90%");
    EXPECT_EQ(format_share(0.001), "0.1%");
}

TEST(Share, RefusesMoreThanAll) {
    for (const char* text : {"101%", "1.1", "90", "-1%", "%", "", "many"}) EXPECT_FALSE(parse_share(text)) << text;
}

TEST(Size, IsReadInBytes) {
    EXPECT_EQ(parse_size("12KB"), 12000u);
    EXPECT_EQ(parse_size("1.5 MB"), 1500000u);
    EXPECT_EQ(parse_size("512 B"), 512u);
    EXPECT_EQ(parse_size("64KiB"), 65536u);
    EXPECT_EQ(parse_size("100"), 100u);
    EXPECT_FALSE(parse_size("12kb"));
    EXPECT_FALSE(parse_size("12 apples"));
    EXPECT_EQ(format_size(512), "512 B");
    EXPECT_EQ(format_size(12345), "12.3 KB");
    EXPECT_EQ(format_size(1600000000), "1.60 GB");
}

TEST(Rate, IsReadPerSecond) {
    EXPECT_DOUBLE_EQ(*parse_rate("200/s"), 200);
    EXPECT_DOUBLE_EQ(*parse_rate("0.8/h"), 0.8 / 3600);
    EXPECT_DOUBLE_EQ(*parse_rate("20k/s"), 20000);
    EXPECT_DOUBLE_EQ(*parse_rate("3 / min"), 0.05);
    EXPECT_DOUBLE_EQ(*parse_byte_rate("12KB/s"), 12000);
    for (const char* text : {"200", "/s", "200/", "200/x", "-1/s", "1/s/s"}) EXPECT_FALSE(parse_rate(text)) << text;
}

TEST(DurationSpec, TakesJitterAsShareOrTime) {
    const auto share = *parse_duration_spec("1h ±5%");
    EXPECT_EQ(share.at(0), 57min);
    EXPECT_EQ(share.at(0.5), 1h);
    EXPECT_LT(share.at(0.999999), 63min);
    EXPECT_EQ(parse_duration_spec("15m +-2m")->at(0), 13min);
    EXPECT_EQ(parse_duration_spec("15m +/- 2m"), parse_duration_spec("15m ±2m"));
    EXPECT_FALSE(parse_duration_spec("1m ±2m"));
    EXPECT_FALSE(parse_duration_spec("1m ±101%"));
}

TEST(DurationSpec, IsFixedWithoutMore) {
    EXPECT_EQ(parse_duration_spec("90s"), DurationSpec(90s));
    EXPECT_EQ(DurationSpec(90s).at(0.3), 90s);
    EXPECT_TRUE(DurationSpec().is_zero());
}

double mean_of(const DurationSpec& spec) {
    constexpr int draws = 20000;
    double sum = 0;
    for (int i = 0; i < draws; ++i) sum += seconds(spec.at((i + 0.5) / draws));
    return sum / draws;
}

TEST(DurationSpec, DrawsFollowTheirDistribution) {
    EXPECT_NEAR(mean_of(*parse_duration_spec("exp(20s)")), 20, 0.05);
    EXPECT_NEAR(mean_of(*parse_duration_spec("uniform(1s, 5s)")), 3, 0.001);
    EXPECT_NEAR(mean_of(*parse_duration_spec("normal(10s, 2s)")), 10, 0.001);
    const auto latency = *parse_duration_spec("lognormal(180ms, p99=2.5s)");
    EXPECT_NEAR(seconds(latency.at(0.5)), 0.18, 1e-6);
    EXPECT_NEAR(seconds(latency.at(0.99)), 2.5, 1e-5);
    EXPECT_NEAR(mean_of(latency), seconds(latency.mean()), 0.01);
}

TEST(DurationSpec, NeverDrawsNegativeTime) {
    const auto wide = *parse_duration_spec("normal(1s, 10s)");
    for (const double unit : {0.0, 0.001, 0.3, 1 - 0x1.0p-53}) EXPECT_GE(wide.at(unit), 0s);
    EXPECT_GE(parse_duration_spec("exp(20s)")->at(0), 0s);
    EXPECT_LT(parse_duration_spec("lognormal(1s, p99=100s)")->at(1 - 0x1.0p-53), Duration::max());
}

TEST(DurationSpec, RefusesWhatIsNoDistribution) {
    for (const char* text : {"exp()", "exp(20s", "exp 20s", "exp(1s, 2s)", "uniform(5s, 1s)", "uniform(1s)",
                             "normal(1s, p99=2s)", "lognormal(1s, 2s)", "lognormal(0s, p99=2s)",
                             "lognormal(3s, p99=2s)", "poisson(1s, 2s)", "±5%", "1h ±", "1h ± ±", "()", "(", "fast"}) {
        EXPECT_FALSE(parse_duration_spec(text)) << text;
    }
}

TEST(DurationSpec, IsWrittenAsItIsRead) {
    for (const char* text :
         {"1h", "1h ±3m", "exp(20s)", "uniform(1s, 5s)", "normal(10s, 2s)", "lognormal(180ms, p99=2.5s)"}) {
        EXPECT_EQ(format_duration_spec(*parse_duration_spec(text)), text);
    }
}

}  // namespace
}  // namespace base
