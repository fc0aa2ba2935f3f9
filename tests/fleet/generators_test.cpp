// Generators: the values of devices as pure functions of (seed, device, path, time).
#include "simulator/fleet/generators.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "profiles/yaml.h"

namespace {

using namespace std::chrono_literals;
using base::Time;
using fleet::GeneratorContext;
using fleet::Generators;
using lwm2m::Path;
using lwm2m::Type;
using lwm2m::ValueView;

constexpr Path temperature(3303, 0, 5700);

// One generator of a resource, as written in a profile.
class Made {
public:
    explicit Made(const std::string& yaml, Type type = Type::floating) {
        profiles::Diagnostics diagnostics;
        const auto node = profiles::parse_yaml(yaml, "test.yaml", diagnostics);
        if (node) {
            if (auto spec = profiles::read_generator(*node, {temperature, type}, diagnostics)) specs_.push_back(*spec);
        }
        Generators::check(specs_, diagnostics);
        if (!diagnostics.ok()) throw std::runtime_error(diagnostics.text());
        generators_.emplace(specs_);
    }

    GeneratorContext context(base::Duration at, std::uint64_t device = 0) const {
        return {.seed = 42, .device = device, .path = temperature, .time = Time(at)};
    }
    ValueView view(base::Duration at, std::uint64_t device = 0) const {
        return generators_->evaluate(0, context(at, device));
    }
    double number(base::Duration at, std::uint64_t device = 0) const { return lwm2m::to_number(view(at, device)); }
    Time next(base::Duration at, std::uint64_t device = 0) const {
        return generators_->next_change(0, context(at, device));
    }
    std::optional<Time> crossing(base::Duration at, double threshold) const {
        return generators_->next_crossing(0, context(at), threshold);
    }
    const Generators& generators() const { return *generators_; }

    // One value for each of `count` samples of a minute, from device to device.
    std::vector<double> samples(int count, int devices = 1) const {
        std::vector<double> values;
        for (int device = 0; device < devices; ++device) {
            for (int i = 0; i < count; ++i) values.push_back(number(i * 1min, static_cast<std::uint64_t>(device)));
        }
        return values;
    }

private:
    std::vector<profiles::GeneratorSpec> specs_;
    std::optional<Generators> generators_;
};

double mean(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
}

double deviation(const std::vector<double>& values) {
    const double middle = mean(values);
    double sum = 0;
    for (const double value : values) sum += (value - middle) * (value - middle);
    return std::sqrt(sum / static_cast<double>(values.size()));
}

const std::vector<std::string> sampled_forms{
    "{uniform: [18, 24]}",
    "{normal: {mean: 21, deviation: 0.5, min: 20, max: 22}}",
    "{walk: {start: 21, step: 0.2, min: 15, max: 30}}",
    "{diurnal: {mean: 11, swing: 6, peak: 15h, noise: 0.3}}",
    "{drain: {from: 100, to: 5, over: 10y ±20%}}",
    "{counter: {rate: 0.8/h, burst: {p: 2%, size: 40}}}",
    "{expr: \"20 + 3*sin(t/600) + index%5 + u\"}",
};

// Bits, not decimals: the values of a run are part of "same seed, same run" and must never move unnoticed.
TEST(Generators, ValuesAreBitEqualToThoseOnRecord) {
    struct Record {
        std::string yaml;
        std::uint64_t bits;
    };
    const std::vector<Record> records{
        {"{uniform: [18, 24]}", 0x4032744162fc7122},
        {"{normal: {mean: 21, deviation: 0.5, min: 20, max: 22}}", 0x4034583dad6556b0},
        {"{walk: {start: 21, step: 0.2, min: 15, max: 30}}", 0x40337e9408478dcb},
        {"{diurnal: {mean: 11, swing: 6, peak: 15h, noise: 0.3}}", 0x4013165724434743},
        {"{drain: {from: 100, to: 5, over: 10y ±20%}}", 0x4058f82706d8d1bc},
        {"{counter: {rate: 0.8/h, burst: {p: 2%, size: 40}}}", 0x40b30ffbb944c9e7},
        {"{states: {a: {for: exp(1h), value: 1}, b: {for: 2h ±10%, value: 2}, c: {for: 3h, value: 3}}}",
         0x4008000000000000},
        {"{expr: 'floor(u * 1000000) + index * 1000000'}", 0x420fbdd16f380000},
    };
    for (const Record& record : records) {
        EXPECT_EQ(std::bit_cast<std::uint64_t>(Made(record.yaml).number(100h + 7s, 17041)), record.bits)
            << record.yaml << " is now " << std::hex << "0x"
            << std::bit_cast<std::uint64_t>(Made(record.yaml).number(100h + 7s, 17041));
    }
}

TEST(Generators, AValueDoesNotDependOnWhatWasAskedBefore) {
    for (const std::string& yaml : sampled_forms) {
        const Made one(yaml);
        const Made other(yaml);
        std::vector<double> forwards;
        for (int i = 0; i < 500; ++i) forwards.push_back(one.number(i * 37min, 3));
        for (int i = 499; i >= 0; --i)
            EXPECT_EQ(other.number(i * 37min, 3), forwards[static_cast<std::size_t>(i)]) << yaml;
    }
}

TEST(Generators, AnotherDeviceSeedOrPathHasOtherValues) {
    const Made made("{uniform: [0, 1]}");
    const auto at = [&](std::uint64_t seed, std::uint64_t device, const Path& path) {
        return lwm2m::to_number(
            made.generators().evaluate(0, {.seed = seed, .device = device, .path = path, .time = Time(1h)}));
    };
    const double here = at(42, 1, temperature);
    EXPECT_NE(at(43, 1, temperature), here);
    EXPECT_NE(at(42, 2, temperature), here);
    EXPECT_NE(at(42, 1, Path(3303, 1, 5700)), here);
    EXPECT_NE(at(42, 1, Path(3303, 0, 5700, 0)), here);
    EXPECT_EQ(at(42, 1, temperature), here);
}

TEST(Generators, TheValueStandsStillBetweenTwoSamples) {
    for (const std::string& yaml : sampled_forms) {
        const Made made(yaml);
        for (std::uint64_t device = 0; device < 20; ++device) {
            Time now{};
            for (int i = 0; i < 20; ++i) {
                const Time next = made.next(now.time_since_epoch(), device);
                ASSERT_GT(next, now) << yaml;
                ASSERT_EQ(made.number(next.time_since_epoch() - 1ns, device),
                          made.number(now.time_since_epoch(), device))
                    << yaml;
                now = next;
            }
        }
    }
}

TEST(Generators, SamplesComeEveryPeriodAtAPhaseOfEachDevice) {
    const Made made("{uniform: [0, 1], every: 10s}");
    std::vector<double> phases;
    for (std::uint64_t device = 0; device < 1000; ++device) {
        const Time first = made.next(0s, device);
        EXPECT_EQ(made.next(first.time_since_epoch(), device), first + 10s);
        phases.push_back(base::seconds(first));
    }
    EXPECT_NEAR(mean(phases), 5, 0.3);
    EXPECT_LT(std::ranges::min(phases), 0.1);
    EXPECT_GT(std::ranges::max(phases), 9.9);
}

TEST(Generators, AGivenPhaseIsTheSameForAllDevices) {
    const Made made("{uniform: [0, 1], every: 10s, phase: 3s}");
    for (std::uint64_t device = 0; device < 10; ++device) EXPECT_EQ(made.next(0s, device), Time(3s));
    EXPECT_EQ(made.next(3s), Time(13s));
}

TEST(Generators, AConstantNeverChanges) {
    const Made made("{constant: 21.5}");
    EXPECT_EQ(made.view(3h), ValueView::of_floating(21.5));
    EXPECT_EQ(made.next(3h), base::never);
    EXPECT_EQ(made.crossing(3h, 5), base::never);
}

TEST(Generators, UniformFillsItsRangeEvenly) {
    const auto values = Made("{uniform: [18, 24]}").samples(1000, 20);
    EXPECT_NEAR(mean(values), 21, 0.05);
    EXPECT_NEAR(deviation(values), 6 / std::sqrt(12), 0.03);
    EXPECT_GE(std::ranges::min(values), 18);
    EXPECT_LE(std::ranges::max(values), 24);
}

TEST(Generators, UniformWholeNumbersHaveOneChanceEach) {
    const Made die("{uniform: [1, 6]}", Type::integer);
    std::vector<int> counts(8);
    for (int i = 0; i < 60'000; ++i) ++counts.at(static_cast<std::size_t>(die.view(i * 1min).integer));
    EXPECT_EQ(counts[0] + counts[7], 0);
    for (std::size_t face = 1; face <= 6; ++face) EXPECT_NEAR(counts[face], 10'000, 400) << face;
}

TEST(Generators, NormalHasItsMeanAndDeviation) {
    const auto values = Made("{normal: {mean: 21, deviation: 0.5}}").samples(1000, 20);
    EXPECT_NEAR(mean(values), 21, 0.02);
    EXPECT_NEAR(deviation(values), 0.5, 0.01);
}

TEST(Generators, NormalIsCutAtItsBoundsWithoutHeapsThere) {
    const auto values = Made("{normal: {mean: 0, deviation: 1, min: -1, max: 1}}").samples(1000, 20);
    EXPECT_GE(std::ranges::min(values), -1);
    EXPECT_LE(std::ranges::max(values), 1);
    EXPECT_LT(std::ranges::count(values, -1.0) + std::ranges::count(values, 1.0), 2);
    EXPECT_NEAR(deviation(values), 0.5396, 0.01);  // of a standard normal variable between -1 and 1
}

// The steps of one device, and how far all devices are after n of them: sqrt(n) steps.
TEST(Generators, AWalkSpreadsAsRandomWalksDo) {
    const Made made("{walk: {start: 100, step: 0.5}}");
    std::vector<double> steps;
    for (int i = 1; i < 5000; ++i) steps.push_back(made.number(i * 1min) - made.number((i - 1) * 1min));
    EXPECT_NEAR(deviation(steps), 0.5, 0.02);
    EXPECT_NEAR(mean(steps), 0, 0.05);
    for (const int n : {16, 100, 1000, 4096}) {
        std::vector<double> reached;
        for (std::uint64_t device = 0; device < 4000; ++device) reached.push_back(made.number(n * 1min, device));
        EXPECT_NEAR(mean(reached), 100, 0.03 * std::sqrt(n)) << n;
        EXPECT_NEAR(deviation(reached), 0.5 * std::sqrt(n), 0.025 * std::sqrt(n)) << n;
    }
}

TEST(Generators, TheStepsOfAWalkAreIndependent) {
    const Made made("{walk: {start: 0, step: 1}}");
    std::vector<double> products;
    for (std::uint64_t device = 0; device < 50; ++device) {
        double before = made.number(1min, device) - made.number(0min, device);
        for (int i = 2; i < 500; ++i) {
            const double step = made.number(i * 1min, device) - made.number((i - 1) * 1min, device);
            products.push_back(before * step);
            before = step;
        }
    }
    EXPECT_NEAR(mean(products), 0, 0.03);
}

TEST(Generators, AWalkTurnsBackAtItsBounds) {
    const Made made("{walk: {start: 21, step: 0.8, min: 15, max: 30}}");
    std::vector<double> values;
    for (int i = 0; i < 20'000; ++i) {
        values.push_back(made.number(i * 1min));
        const double before = values[values.size() - (i > 0 ? 2 : 1)];
        ASSERT_LT(std::abs(values.back() - before), 0.8 * 6);
    }
    EXPECT_GE(std::ranges::min(values), 15);
    EXPECT_LE(std::ranges::max(values), 30);
    EXPECT_NEAR(mean(values), 22.5, 1.5);  // it ends up everywhere alike
    EXPECT_EQ(made.number(0s), 21);
}

TEST(Generators, AWalkWithOneBoundStaysOnItsSide) {
    for (const double value : Made("{walk: {start: 1, step: 1, min: 0}}").samples(2000, 5)) EXPECT_GE(value, 0);
    for (const double value : Made("{walk: {start: 1, step: 1, max: 2}}").samples(2000, 5)) EXPECT_LE(value, 2);
}

TEST(Generators, ADayIsWarmestAtItsPeak) {
    const Made made("{diurnal: {mean: 11, swing: 6, peak: 15h}, every: 1s, phase: 0s}");
    EXPECT_NEAR(made.number(15h), 17, 1e-6);
    EXPECT_NEAR(made.number(3h), 5, 1e-6);
    EXPECT_NEAR(made.number(9h), 11, 1e-6);
    EXPECT_NEAR(made.number(24h * 365 + 15h), 17, 1e-6);
}

TEST(Generators, NoiseLiesOnTopOfTheDay) {
    const Made made("{diurnal: {mean: 11, swing: 0, noise: 0.3, period: 10m}}");
    const auto values = made.samples(1000, 10);
    EXPECT_NEAR(mean(values), 11, 0.01);
    EXPECT_NEAR(deviation(values), 0.3, 0.01);
}

TEST(Generators, ADrainIsAStraightLineAndStaysAtItsEnd) {
    const Made made("{drain: {from: 100, to: 5, over: 100h}, every: 1s, phase: 0s}");
    EXPECT_EQ(made.number(0s), 100);
    EXPECT_NEAR(made.number(50h), 52.5, 1e-9);
    EXPECT_EQ(made.number(100h), 5);
    EXPECT_EQ(made.number(100'000h), 5);
    EXPECT_EQ(made.next(100h), base::never);
}

TEST(Generators, ADrainOfDifferentSpansDiffersBetweenDevices) {
    const Made made("{drain: {from: 100, to: 0, over: 100h ±20%}}");
    std::vector<double> values;
    for (std::uint64_t device = 0; device < 500; ++device) values.push_back(made.number(50h, device));
    EXPECT_NEAR(std::ranges::min(values), 37.5, 0.5);
    EXPECT_NEAR(std::ranges::max(values), 58.3, 0.5);
}

// A battery that loses a percent a month must not wake its device every minute.
TEST(Generators, TheNextChangeOfABatteryIsTheNextPercent) {
    const Made made("{drain: {from: 100, to: 0, over: 100h}}", Type::integer);
    const Time first = made.next(0s);
    EXPECT_EQ(made.view(first.time_since_epoch()).integer, 99);
    EXPECT_EQ(made.view(first.time_since_epoch() - 1ns).integer, 100);
    EXPECT_NEAR(base::seconds(first), 1800, 61);  // 99.5 is rounded up
    int changes = 1;
    for (Time now = first; now != base::never; now = made.next(now.time_since_epoch())) {
        ASSERT_EQ(made.view(now.time_since_epoch()).integer, 100 - changes);
        if (made.next(now.time_since_epoch()) == base::never) break;
        ++changes;
    }
    EXPECT_EQ(changes, 100);
}

TEST(Generators, ACounterNeverFalls) {
    for (const char* yaml : {"{counter: {rate: 30/h, burst: {p: 10%, size: 7}}, every: 20s}", "{counter: {rate: 5/s}}",
                             "{counter: {rate: 0/s, burst: {p: 100%, size: 1}}}"}) {
        const Made made(yaml);
        for (std::uint64_t device = 0; device < 10; ++device) {
            double before = made.number(0s, device);
            for (int i = 1; i < 3000; ++i) {
                const double now = made.number(i * 13s, device);
                ASSERT_GE(now, before) << yaml << " at " << i * 13;
                before = now;
            }
        }
    }
}

TEST(Generators, ACounterKeepsItsRateAndItsBursts) {
    const Made even("{counter: {rate: 0.8/h, start: 1000}}");
    EXPECT_EQ(even.number(0s), 1000);
    EXPECT_NEAR(even.number(10'000h), 1000 + 8000, 1);
    const Made burst("{counter: {rate: 0/s, burst: {p: 2%, size: 40}}}");
    EXPECT_NEAR(burst.number(100'000min), 0.02 * 100'000 * 40, 41);
    const Made both("{counter: {rate: 60/h, burst: {p: 50%, size: 10}}}");
    EXPECT_NEAR(both.number(10'000min), 10'000 + 50'000, 12);
}

TEST(Generators, BurstsComeAtRandomTimes) {
    const Made made("{counter: {rate: 0/s, burst: {p: 5%, size: 1}}, phase: 0s}", Type::integer);
    std::vector<double> gaps;
    Time before = made.next(0s);
    for (int i = 0; i < 500; ++i) {
        const Time burst = made.next(before.time_since_epoch());
        gaps.push_back(base::seconds(burst - before) / 60);
        before = burst;
    }
    EXPECT_NEAR(mean(gaps), 20, 1);
    EXPECT_GT(deviation(gaps), 6);
}

TEST(Generators, ACrossingIsFoundWithoutStepping) {
    const Made battery("{drain: {from: 100, to: 0, over: 100h}, phase: 0s}");
    const auto low = battery.crossing(0s, 20);
    ASSERT_TRUE(low.has_value());
    EXPECT_EQ(*low, Time(80h));
    EXPECT_EQ(battery.crossing(80h, 20), base::never);
    EXPECT_EQ(battery.crossing(0s, -1), base::never);
    const Made meter("{counter: {rate: 10/h}}");
    const auto full = meter.crossing(0s, 1000);
    ASSERT_TRUE(full.has_value());
    EXPECT_GT(meter.number(full->time_since_epoch()), 1000);
    EXPECT_LE(meter.number(full->time_since_epoch() - 1ns), 1000);
    EXPECT_EQ(Made("{uniform: [0, 1]}").crossing(0s, 0.5), std::nullopt);
}

TEST(Generators, StatesFollowOneAnotherInOrder) {
    const Made made("{states: {off: {for: 10s, value: false}, on: {for: 5s, value: true}}, phase: 2s}", Type::boolean);
    EXPECT_TRUE(made.view(0s).boolean);  // the end of the round before
    EXPECT_EQ(made.next(0s), Time(2s));
    EXPECT_FALSE(made.view(2s).boolean);
    EXPECT_EQ(made.next(2s), Time(12s));
    EXPECT_FALSE(made.view(12s - 1ns).boolean);
    EXPECT_TRUE(made.view(12s).boolean);
    EXPECT_EQ(made.next(12s), Time(17s));
    EXPECT_FALSE(made.view(17s + 15s * 1'000'000).boolean);
}

TEST(Generators, DrawnStaysKeepTheirShareOfTheTime) {
    const Made made("{states: {idle: {for: exp(30m)}, busy: {for: 10m ±50%}}}", Type::string);
    int busy = 0;
    int asked = 0;
    for (std::uint64_t device = 0; device < 50; ++device) {
        for (int i = 0; i < 500; ++i, ++asked) busy += made.view(i * 7min, device).text() == "busy" ? 1 : 0;
    }
    EXPECT_NEAR(static_cast<double>(busy) / asked, 0.33, 0.06);
}

TEST(Generators, AStateLastsUntilItsNextChange) {
    const Made made("{states: {a: {for: exp(30m)}, b: {for: 10m ±50%}, c: {for: 'uniform(1s, 2s)'}}}", Type::string);
    for (std::uint64_t device = 0; device < 20; ++device) {
        Time now{};
        for (int i = 0; i < 30; ++i) {
            const Time next = made.next(now.time_since_epoch(), device);
            ASSERT_GT(next, now);
            const auto state = made.view(now.time_since_epoch(), device);
            EXPECT_EQ(made.view(next.time_since_epoch() - 1ns, device), state);
            EXPECT_FALSE(made.view(next.time_since_epoch(), device) == state);
            now = next;
        }
    }
}

TEST(Generators, DevicesGoThroughTheirStatesAtDifferentTimes) {
    const Made made("{states: {off: {for: 9h, value: 0}, on: {for: 1h, value: 100}}}");
    int on = 0;
    for (std::uint64_t device = 0; device < 1000; ++device) on += made.number(5h, device) > 0 ? 1 : 0;
    EXPECT_NEAR(on, 100, 35);
}

TEST(Generators, StatesAreDrawnByWeight) {
    const Made made("{states: {ok: {weight: 98, value: 0}, low: {weight: 2, value: 1}}, every: 1h}", Type::integer);
    int low = 0;
    for (int i = 0; i < 50'000; ++i) low += made.view(i * 1h).integer == 1 ? 1 : 0;
    EXPECT_NEAR(low, 1000, 120);
    const Time next = made.next(0s);
    EXPECT_EQ(made.next(next.time_since_epoch()), next + 1h);
}

TEST(Generators, AnExpressionKnowsTimeIndexAndChance) {
    EXPECT_DOUBLE_EQ(Made("{expr: \"20 + 3*sin(t/600) + index%5\", every: 1s, phase: 0s}").number(10min, 7),
                     22 + 3 * std::sin(1.0));
    EXPECT_DOUBLE_EQ(Made("{expr: \"cos(pi)\"}").number(0s), -1);
    const auto draws = Made("{expr: u}").samples(1000, 5);
    EXPECT_NEAR(mean(draws), 0.5, 0.02);
    EXPECT_EQ(Made("{expr: \"t > 60 ? 1 : 0\", every: 1s, phase: 0s}", Type::boolean).view(61s),
              ValueView::of_boolean(true));
}

TEST(Generators, AnExpressionWithoutAResultIsNoNumber) {
    EXPECT_TRUE(std::isnan(Made("{expr: \"0/t\", phase: 0s, every: 1s}").number(0s)));
    EXPECT_EQ(Made("{expr: \"0/t\"}", Type::integer).view(0s), ValueView::of_integer(0));
    EXPECT_EQ(Made("{expr: \"-1/t\"}", Type::integer).view(0s).integer, std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(Made("{expr: \"-5\"}", Type::unsigned_integer).view(0s), ValueView::of_unsigned(0));
}

TEST(Generators, AWrongExpressionIsReportedWhereItStands) {
    for (const char* wrong : {"20 +", "foo(t)", "tt + 1", "1, 2", "", "((t)", "\\\"a\\\""}) {
        profiles::Diagnostics diagnostics;
        const auto node = profiles::parse_yaml("x:\n  expr: \"" + std::string(wrong) + "\"\n", "m.yaml", diagnostics);
        ASSERT_TRUE(node) << wrong;
        const auto spec = profiles::read_generator(*node->find("x"), {temperature, Type::floating}, diagnostics);
        ASSERT_TRUE(spec) << diagnostics.text();
        Generators::check({*spec}, diagnostics);
        ASSERT_EQ(diagnostics.errors(), 1u) << wrong;
        EXPECT_EQ(diagnostics.sorted().front().place.line, 2u);
    }
}

TEST(Generators, EachThreadWithItsOwnCompiledExpressionsSeesTheSameValues) {
    profiles::Diagnostics diagnostics;
    const auto node = profiles::parse_yaml("{expr: \"sin(t)+index+u\"}", "m.yaml", diagnostics);
    const std::vector<profiles::GeneratorSpec> specs{
        *profiles::read_generator(*node, {temperature, Type::floating}, diagnostics)};
    const auto run = [&](std::vector<double>& out) {
        const Generators mine(specs);
        for (std::uint64_t device = 0; device < 2000; ++device) {
            out.push_back(
                mine.evaluate(0, {.seed = 1, .device = device, .path = temperature, .time = Time(device * 1s)})
                    .floating);
        }
    };
    std::vector<double> one;
    std::vector<double> two;
    std::thread thread([&] { run(one); });
    run(two);
    thread.join();
    EXPECT_EQ(one, two);
}

TEST(Generators, TheResultHasTheTypeOfTheResource) {
    EXPECT_EQ(Made("{expr: \"20.6\"}", Type::integer).view(0s), ValueView::of_integer(21));
    EXPECT_EQ(Made("{expr: \"-20.6\"}", Type::integer).view(0s), ValueView::of_integer(-21));
    EXPECT_EQ(Made("{expr: \"20.6\"}", Type::unsigned_integer).view(0s), ValueView::of_unsigned(21));
    EXPECT_EQ(Made("{expr: \"1767225600 + t\"}", Type::time).view(0s), ValueView::of_time(1767225600));
    EXPECT_EQ(Made("{expr: \"0.4\"}", Type::boolean).view(0s), ValueView::of_boolean(false));
    EXPECT_EQ(Made("{expr: \"0.5\"}", Type::boolean).view(0s), ValueView::of_boolean(true));
    EXPECT_EQ(Made("{constant: \"3:0\"}", Type::objlnk).view(0s), ValueView::of_objlnk({3, 0}));
}

TEST(Generators, TheResolutionRoundsToDecimalsThatPrintShort) {
    const Made made("{uniform: [18, 24], resolution: 0.1}");
    for (int i = 0; i < 1000; ++i) {
        const double value = made.number(i * 1min);
        EXPECT_EQ(value, std::round(value * 10) / 10);
        EXPECT_LE(lwm2m::to_string(made.view(i * 1min)).size(), 4u);
    }
    for (const double value : Made("{uniform: [0, 100], resolution: 5}").samples(100))
        EXPECT_EQ(std::fmod(value, 5), 0);
    // Rounding does not carry a value over its bounds.
    for (const double value : Made("{uniform: [0.26, 0.74], resolution: 0.5}").samples(100)) {
        EXPECT_GE(value, 0.26);
        EXPECT_LE(value, 0.74);
    }
}

TEST(Generators, TimeHasNoEdges) {
    for (const std::string& yaml : sampled_forms) {
        const Made made(yaml);
        for (const auto at : {base::Duration::min(), -1s + 0ns, base::Duration::max(), base::Duration::max() - 1ns}) {
            EXPECT_TRUE(std::isfinite(made.number(at))) << yaml;
            EXPECT_GT(made.next(at), Time(0s)) << yaml;
        }
        EXPECT_EQ(made.number(-5s), made.number(0s));
    }
    const Made states("{states: {a: {for: 200y, value: 1}, b: {for: 90y, value: 2}}}");
    EXPECT_GE(states.next(base::Duration::max() - 1ns), Time(base::Duration::max() - 1ns));
}

}  // namespace
