// MapReader: the keys of a YAML map in their types, and what is said about wrong ones.
#include "profiles/map_reader.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using profiles::Diagnostics;
using profiles::MapReader;
using testing::HasSubstr;

class MapReaderTest : public testing::Test {
protected:
    MapReader reader(const std::string& yaml) {
        node_ = *profiles::parse_yaml(yaml, "test.yaml", diagnostics_);
        return MapReader(node_, "hold", diagnostics_);
    }
    profiles::Node node_;
    Diagnostics diagnostics_;
};

TEST_F(MapReaderTest, ReadsEachKeyInItsType) {
    MapReader map = reader("{n: -2.5e1, s: text, b: true, d: 1h30m, v: 1h ±5%, c: 100k, p: 90%, r: 0.8/h, path: /3/0}");
    double number = 0;
    double share = 0;
    double rate = 0;
    std::string text;
    bool truth = false;
    base::Duration duration{};
    base::DurationSpec varying;
    std::uint64_t count = 0;
    lwm2m::Path path;
    EXPECT_TRUE(map.number("n", number) && map.text("s", text) && map.boolean("b", truth) &&
                map.duration("d", duration));
    EXPECT_TRUE(map.duration_spec("v", varying) && map.count("c", count) && map.share("p", share) &&
                map.rate("r", rate));
    EXPECT_TRUE(map.path("path", path));
    EXPECT_TRUE(map.done()) << diagnostics_.text();
    EXPECT_EQ(number, -25);
    EXPECT_EQ(text, "text");
    EXPECT_TRUE(truth);
    EXPECT_EQ(duration, 90min);
    EXPECT_EQ(varying.spread, 3min);
    EXPECT_EQ(count, 100'000u);
    EXPECT_EQ(share, 0.9);
    EXPECT_DOUBLE_EQ(rate, 0.8 / 3600);
    EXPECT_EQ(path, lwm2m::Path(3, 0));
}

TEST_F(MapReaderTest, AKeyThatIsNotThereLeavesTheDefault) {
    MapReader map = reader("{}");
    base::Duration duration = 5s;
    EXPECT_FALSE(map.duration("for", duration));
    EXPECT_EQ(duration, 5s);
    EXPECT_TRUE(map.done());
}

TEST_F(MapReaderTest, AWrongValueIsReportedWithTheWayOutAndLeavesTheDefault) {
    MapReader map = reader("{for: fast, n: x, b: yes please, m: [1], p: 3/0}");
    base::Duration duration = 5s;
    double number = 7;
    bool truth = false;
    lwm2m::Path path;
    EXPECT_FALSE(map.duration("for", duration));
    EXPECT_FALSE(map.number("n", number));
    EXPECT_FALSE(map.number("m", number));
    EXPECT_FALSE(map.boolean("b", truth));
    EXPECT_FALSE(map.path("p", path));
    EXPECT_FALSE(map.done());
    EXPECT_EQ(diagnostics_.errors(), 5u);
    EXPECT_EQ(duration, 5s);
    EXPECT_EQ(number, 7);
    EXPECT_THAT(diagnostics_.text(), HasSubstr("for: 'fast' is not a duration"));
    EXPECT_THAT(diagnostics_.text(), HasSubstr("try \"30 s\""));
    EXPECT_THAT(diagnostics_.text(), HasSubstr("m: a list where a value is needed"));
}

TEST_F(MapReaderTest, BoundsAreInclusive) {
    MapReader map = reader("{low: -0.1, edge: 0, high: 11}");
    double number = 5;
    EXPECT_FALSE(map.number("low", number, {.min = 0}));
    EXPECT_TRUE(map.number("edge", number, {.min = 0, .max = 10}));
    EXPECT_FALSE(map.number("high", number, {.min = 0, .max = 10}));
    EXPECT_THAT(diagnostics_.text(), HasSubstr("low: -0.1 is below 0"));
    EXPECT_THAT(diagnostics_.text(), HasSubstr("high: 11 is above 10"));
}

TEST_F(MapReaderTest, KeysThatNobodyAskedForAreErrors) {
    MapReader map = reader("{fro: 5s}");
    base::Duration duration{};
    map.duration("for", duration);
    EXPECT_FALSE(map.done());
    EXPECT_THAT(diagnostics_.text(), HasSubstr("hold: unknown key 'fro'"));
    EXPECT_THAT(diagnostics_.text(), HasSubstr("did you mean 'for'"));
}

TEST_F(MapReaderTest, AMissingKeyOrAKeyOfLaterIsSaid) {
    MapReader map = reader("{storm: 1}");
    EXPECT_EQ(map.require("path"), nullptr);
    map.refuse("storm");
    map.refuse("churn");
    EXPECT_FALSE(map.done());
    EXPECT_EQ(diagnostics_.errors(), 2u);
    EXPECT_THAT(diagnostics_.text(), HasSubstr("'path' is missing"));
    EXPECT_THAT(diagnostics_.text(), HasSubstr("'storm' is not supported yet"));
}

TEST_F(MapReaderTest, WhatIsNoMapHasNoKeys) {
    MapReader map = reader("[1, 2]");
    EXPECT_EQ(map.take("for"), nullptr);
    EXPECT_EQ(map.require("path"), nullptr);
    EXPECT_FALSE(map.done());
    EXPECT_EQ(diagnostics_.errors(), 1u);
    EXPECT_THAT(diagnostics_.text(), HasSubstr("hold: a list where a map of keys is needed"));
}

TEST(ParseNumber, TakesTheWholeTextAndFiniteNumbersOnly) {
    EXPECT_EQ(profiles::parse_number("21.5").value(), 21.5);
    EXPECT_EQ(profiles::parse_number("+1e-3").value(), 0.001);
    for (const char* wrong : {"", "x", "1x", "1 2", "nan", "inf", "1e999", "++1", "+"}) {
        EXPECT_FALSE(profiles::parse_number(wrong)) << wrong;
    }
}

}  // namespace
