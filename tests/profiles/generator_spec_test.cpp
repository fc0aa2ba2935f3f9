// GeneratorSpec: how a profile says where a value comes from, and what is said about it when it is wrong.
#include "profiles/generator_spec.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiles/yaml.h"

namespace {

using namespace std::chrono_literals;
using lwm2m::Path;
using lwm2m::Type;
using lwm2m::Value;
using lwm2m::ValueView;
using profiles::Diagnostics;
using profiles::GeneratorSpec;
using testing::AllOf;
using testing::HasSubstr;

std::optional<GeneratorSpec> read(const std::string& yaml, Type type, Diagnostics& diagnostics,
                                  const std::string& file = "meter.yaml") {
    const auto node = profiles::parse_yaml(yaml, file, diagnostics);
    EXPECT_TRUE(node) << yaml;
    return profiles::read_generator(*node, {Path(3303, 0, 5700), type}, diagnostics);
}

template <class Form>
Form form(const std::string& yaml, Type type = Type::floating) {
    Diagnostics diagnostics;
    const auto spec = read(yaml, type, diagnostics);
    if (!spec) throw std::runtime_error(diagnostics.text());
    return std::get<Form>(spec->form);
}

std::string errors(const std::string& yaml, Type type = Type::floating) {
    Diagnostics diagnostics;
    EXPECT_FALSE(read(yaml, type, diagnostics)) << yaml;
    EXPECT_FALSE(diagnostics.ok()) << yaml;
    return diagnostics.text();
}

TEST(GeneratorSpec, ReadsEachForm) {
    EXPECT_EQ(form<profiles::ConstantGenerator>("{constant: 21}").value, Value(ValueView::of_floating(21)));
    EXPECT_EQ(form<profiles::UniformGenerator>("{uniform: [18, 24]}").max, 24);
    EXPECT_EQ(form<profiles::UniformGenerator>("{uniform: {min: -18, max: 24}}").min, -18);
    EXPECT_EQ(form<profiles::NormalGenerator>("{normal: {mean: 21, deviation: 0.5, min: 15}}").min, 15);
    EXPECT_FALSE(form<profiles::NormalGenerator>("{normal: {mean: 21, deviation: 0.5, min: 15}}").max);
    EXPECT_EQ(form<profiles::WalkGenerator>("{walk: {start: 21, step: 0.2, min: 15, max: 30}}").step, 0.2);
    EXPECT_EQ(form<profiles::DiurnalGenerator>("{diurnal: {mean: 11, swing: 6, peak: 15h, noise: 0.3}}").peak, 15h);
    EXPECT_EQ(form<profiles::DrainGenerator>("{drain: {from: 100, to: 5, over: 10y}}").over,
              base::DurationSpec(24h * 3650));
    const auto counter =
        form<profiles::CounterGenerator>("{counter: {rate: 0.8/h, burst: {p: 2%, size: 40}, start: 7}}");
    EXPECT_DOUBLE_EQ(counter.rate, 0.8 / 3600);
    EXPECT_EQ(counter.burst_share, 0.02);
    EXPECT_EQ(counter.burst_size, 40);
    EXPECT_EQ(counter.start, 7);
    EXPECT_EQ(form<profiles::ExprGenerator>("{expr: \"t + 1\"}").text, "t + 1");
}

TEST(GeneratorSpec, ReadsHowItIsSampled) {
    Diagnostics diagnostics;
    const auto plain = read("{uniform: [18, 24]}", Type::floating, diagnostics);
    EXPECT_EQ(plain->every, 60s);
    EXPECT_EQ(plain->resolution, 0);
    EXPECT_FALSE(plain->phase);
    const auto spec = read("{uniform: [18, 24], every: 10s, resolution: 0.1, phase: 3s}", Type::floating, diagnostics);
    ASSERT_TRUE(spec) << diagnostics.text();
    EXPECT_EQ(spec->every, 10s);
    EXPECT_EQ(spec->resolution, 0.1);
    EXPECT_EQ(spec->phase, 3s);
    EXPECT_EQ(spec->type, Type::floating);
    EXPECT_EQ(name(*spec), "uniform");
}

TEST(GeneratorSpec, StatesAreACycleOrADraw) {
    const auto cycle = form<profiles::StatesGenerator>(
        "{states: {on: {for: 5m, value: true}, off: {for: 1h ±10%, value: false}}}", Type::boolean);
    EXPECT_FALSE(cycle.drawn);
    EXPECT_EQ(cycle.round, 65min);
    EXPECT_EQ(cycle.states[0].value, Value(ValueView::of_boolean(true)));
    EXPECT_EQ(cycle.states[1].stay.spread, 6min);
    const auto drawn = form<profiles::StatesGenerator>("{states: {ok: {weight: 98}, low: {weight: 2}}}", Type::string);
    EXPECT_TRUE(drawn.drawn);
    EXPECT_EQ(drawn.weight, 100);
    EXPECT_EQ(drawn.states[1].value, Value(ValueView::of_string("low")));
}

TEST(GeneratorSpec, AMapWithoutAGeneratorIsAPlainValue) {
    Diagnostics diagnostics;
    const auto node =
        profiles::parse_yaml("[{uniform: [1, 2]}, {every: 5s, expr: t}, {0: a}, 5, [1], {route: x}]", "x", diagnostics);
    std::vector<bool> found;
    for (const auto& item : node->items()) found.push_back(profiles::is_generator(item));
    EXPECT_EQ(found, (std::vector<bool>{true, true, false, false, false, true}));
}

TEST(GeneratorSpec, WhatIsNotSupportedYetIsRefused) {
    EXPECT_THAT(errors("{trace: day.csv}"), HasSubstr("'trace' is not supported yet"));
}

TEST(GeneratorSpec, ReadsARoute) {
    const auto route = form<profiles::RouteGenerator>(
        "{route: {waypoints: [[48, 11], [48, 12, 500]], speed: 36 km/h, then: once, pause: 2m}, part: speed}");
    EXPECT_EQ(route.part, profiles::RouteGenerator::Part::speed);
    EXPECT_TRUE(route.route->ends());
    EXPECT_EQ(route.route->at(60).speed, 0);
    EXPECT_DOUBLE_EQ(route.route->at(180).speed, 10);
}

TEST(GeneratorSpec, SaysWhatIsWrongWithARoute) {
    const auto of = [](const std::string& body) { return errors("{route: " + body + ", part: latitude}"); };
    EXPECT_THAT(errors("{route: {waypoints: [[1, 2], [3, 4]], speed: 5}}"), HasSubstr("say part: latitude"));
    EXPECT_THAT(of("berlin.gpx"), HasSubstr("route"));
    EXPECT_THAT(of("{speed: 5}"), HasSubstr("waypoints"));
    EXPECT_THAT(of("{waypoints: [[1, 2]], speed: 5}"), HasSubstr("two or more"));
    EXPECT_THAT(of("{waypoints: [[1, 2], [3]], speed: 5}"), HasSubstr("a waypoint is [latitude, longitude]"));
    EXPECT_THAT(of("{waypoints: [[1, 2], [91, 4]], speed: 5}"), HasSubstr("within 90 degrees"));
    EXPECT_THAT(of("{waypoints: [[1, 2], [1, 2]], speed: 5}"), HasSubstr("where the one before it is"));
    EXPECT_THAT(of("{waypoints: [[1, 2], [3, 4]], speed: fast}"), HasSubstr("'fast' is no speed"));
    EXPECT_THAT(of("{waypoints: [[1, 2], [3, 4]], speed: 0}"), HasSubstr("is no speed"));
    EXPECT_THAT(of("{waypoints: [[1, 2], [3, 4]], speed: 5, then: back}"), HasSubstr("loop, bounce or once"));
    EXPECT_THAT(errors("{route: {waypoints: [[1, 2], [3, 4]], speed: 5}, part: depth}"),
                HasSubstr("no part of a position"));
}

TEST(GeneratorSpec, AMisspeltNameOrKeySaysWhatWasMeant) {
    EXPECT_THAT(errors("{unifrom: [1, 2]}"), AllOf(HasSubstr("meter.yaml:1:2"), HasSubstr("did you mean 'uniform'")));
    EXPECT_THAT(errors("{diurnal: {maen: 1, swing: 2}}"),
                AllOf(HasSubstr("did you mean 'mean'"), HasSubstr("'mean' is missing")));
    EXPECT_THAT(errors("{uniform: [1, 2], evrey: 5s}"), HasSubstr("did you mean 'every'"));
    EXPECT_THAT(errors("{every: 5s}"), HasSubstr("a generator is missing"));
    EXPECT_THAT(errors("{quark: 1}"), HasSubstr("constant, uniform, normal"));
    EXPECT_THAT(errors("{uniform: [1, 2], expr: t}"), HasSubstr("two generators"));
}

TEST(GeneratorSpec, NumbersThatCannotBeAreRefused) {
    for (const char* wrong : {
             "{uniform: [2, 1]}",
             "{uniform: [1]}",
             "{uniform: [1, x]}",
             "{uniform: {min: 1}}",
             "{uniform: 5}",
             "{uniform: [.nan, 1]}",
             "{uniform: [1, .inf]}",
             "{normal: {mean: 1}}",
             "{normal: {mean: 1, deviation: -1}}",
             "{normal: {mean: 1, deviation: 1, min: 3, max: 2}}",
             "{walk: {start: 50, step: 1, min: 0, max: 10}}",
             "{walk: {start: 5, step: -1}}",
             "{diurnal: {mean: 1, swing: -1}}",
             "{diurnal: {mean: 1, swing: 1, period: 0s}}",
             "{drain: {from: 100, to: 5}}",
             "{drain: {from: 100, to: 5, over: 0s}}",
             "{drain: {from: 100, to: 5, over: fast}}",
             "{counter: {}}",
             "{counter: {rate: 5}}",
             "{counter: {rate: -5/s}}",
             "{counter: {rate: 1/s, burst: {p: 200%, size: 1}}}",
             "{counter: {rate: 1/s, burst: {p: 2%, size: -1}}}",
             "{counter: {rate: 1/s, burst: 5}}",
             "{states: {}}",
             "{states: [a]}",
             "{states: {a: {}}}",
             "{states: {a: {for: 0s, value: 1}}}",
             "{states: {a: {for: 5s, value: x}}}",
             "{states: {a: {for: 5s, value: 1}, b: {weight: 1, value: 2}}}",
             "{states: {a: {for: 200y, value: 1}, b: {for: 200y, value: 2}}}",
             "{states: {a: {weight: 0, value: 1}}}",
             "{states: {a: {for: 5s, value: 1}}, every: 5s}",
             "{states: {a: {weight: 5, value: 1}}, resolution: 5}",
             "{constant: x}",
             "{constant: [1]}",
             "{constant: 1, every: 5s}",
             "{expr: [1]}",
             "{uniform: [1, 2], every: 0s}",
             "{uniform: [1, 2], every: -5s}",
             "{uniform: [1, 2], resolution: -1}",
         }) {
        errors(wrong);
    }
}

TEST(GeneratorSpec, BoundsOfWholeNumbersAreWhole) {
    const auto walk = form<profiles::WalkGenerator>("{walk: {start: 2, step: 1, min: 0.5, max: 5.9}}", Type::integer);
    EXPECT_EQ(walk.min, 1);
    EXPECT_EQ(walk.max, 5);
    EXPECT_THAT(errors("{uniform: [0.2, 0.8]}", Type::integer), HasSubstr("is above max"));
}

TEST(GeneratorSpec, NumbersNeedAResourceOfNumbers) {
    EXPECT_THAT(errors("{uniform: [1, 2]}", Type::string),
                AllOf(HasSubstr("/3303/0/5700 is of type string"), HasSubstr("states")));
    errors("{expr: t}", Type::opaque);
    errors("{counter: {rate: 1/s}}", Type::objlnk);
    errors("{constant: 5}", Type::none);
    EXPECT_EQ(form<profiles::ConstantGenerator>("{constant: 0a1b}", Type::opaque).value.view().bytes.size(), 2u);
}

// A table in a folder of its own, gone with the test.
class GeneratorCsv : public testing::Test {
protected:
    void SetUp() override { std::filesystem::create_directory(folder_); }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    void write(const std::string& text) { std::ofstream(folder_ / "sites.csv") << text; }
    std::string profile() const { return (folder_ / "meter.yaml").string(); }

    const std::filesystem::path folder_ =
        std::filesystem::path(testing::TempDir()) /
        (std::string("lwm2m_sim_csv_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    Diagnostics diagnostics_;
};

TEST_F(GeneratorCsv, TheTableLiesBesideTheFileThatNamesIt) {
    write("name,lat,lon\n\"Berlin, Mitte\",52.5,13.4\nParis,48.9,2.3\n");
    const auto spec = read("{csv: sites.csv, column: lat}", Type::floating, diagnostics_, profile());
    ASSERT_TRUE(spec) << diagnostics_.text();
    const auto& data = *std::get<profiles::CsvGenerator>(spec->form).data;
    EXPECT_EQ(data.values, (std::vector<Value>{ValueView::of_floating(52.5), ValueView::of_floating(48.9)}));
    const auto names = read("{csv: sites.csv, column: name}", Type::string, diagnostics_, profile());
    EXPECT_EQ(std::get<profiles::CsvGenerator>(names->form).data->values[0],
              Value(ValueView::of_string("Berlin, Mitte")));
}

TEST_F(GeneratorCsv, ATimedTableHasAscendingTimes) {
    write("at,watts\n0,5\n1.5,7\n1h,9\n");
    const auto spec = read("{csv: sites.csv, column: watts, time: at}", Type::integer, diagnostics_, profile());
    ASSERT_TRUE(spec) << diagnostics_.text();
    EXPECT_EQ(std::get<profiles::CsvGenerator>(spec->form).data->times, (std::vector<base::Duration>{0s, 1500ms, 1h}));
    write("at,watts\n5,5\n5,7\n");
    EXPECT_FALSE(read("{csv: sites.csv, column: watts, time: at}", Type::integer, diagnostics_, profile()));
    EXPECT_THAT(diagnostics_.text(), HasSubstr("line 3: '5' is not later"));
}

TEST_F(GeneratorCsv, WhatIsWrongWithTheTableIsSaidWithItsLine) {
    const auto said = [&](const std::string& text, const std::string& yaml) {
        if (!text.empty()) write(text);
        Diagnostics diagnostics;
        EXPECT_FALSE(read(yaml, Type::floating, diagnostics, profile()));
        return diagnostics.text();
    };
    EXPECT_THAT(said("", "{csv: none.csv, column: lat}"), HasSubstr("cannot be read"));
    EXPECT_THAT(said("lat\n5\n", "{csv: sites.csv}"), HasSubstr("'column' is missing"));
    EXPECT_THAT(said("lat\n5\n", "{csv: sites.csv, column: lta}"), HasSubstr("did you mean 'lat'"));
    EXPECT_THAT(said("lat\n5\nfive\n", "{csv: sites.csv, column: lat}"), HasSubstr("line 3: 'five' does not fit"));
    EXPECT_THAT(said("lat,lon\n5\n", "{csv: sites.csv, column: lat}"),
                HasSubstr("sites.csv:2: a row has more or fewer"));
    EXPECT_THAT(said("lat\n", "{csv: sites.csv, column: lat}"), HasSubstr("has no rows"));
    EXPECT_THAT(said("lat\n\"5\n", "{csv: sites.csv, column: lat}"), HasSubstr("a quote is not closed"));
    EXPECT_THAT(said("lat\n5\n", "{csv: sites.csv, column: lat, every: 5s}"), HasSubstr("unknown key 'every'"));
}

}  // namespace
