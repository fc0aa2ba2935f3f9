// Which attributes hold, and what is worth a notification by them: Core 1.1.1, 5.1.2; 1.2, 7.3.2.
#include "simulator/lwm2m/conditions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

namespace {

using lwm2m::Attributes;
using lwm2m::Path;

// What was set at each path, as its query says it.
class Levels : public lwm2m::AttributeStore {
public:
    Levels& at(const Path& path, std::initializer_list<std::string_view> queries) {
        for (const auto query : queries) EXPECT_TRUE(lwm2m::apply_attribute(query, levels_[path])) << query;
        return *this;
    }
    const Attributes* find(const Path& path) const override {
        const auto found = levels_.find(path);
        return found == levels_.end() ? nullptr : &found->second;
    }
    bool set(const Path& path, const Attributes& attributes) override { return levels_[path] = attributes, true; }

private:
    std::map<Path, Attributes> levels_;
};

Attributes of(std::initializer_list<std::string_view> queries) {
    Attributes attributes;
    for (const auto query : queries) EXPECT_TRUE(lwm2m::apply_attribute(query, attributes)) << query;
    return attributes;
}

// The values out of a row that are told, the first one being the answer to the Observe.
std::vector<double> told(const Attributes& attributes, std::initializer_list<double> row) {
    std::vector<double> values;
    double last = *row.begin();
    for (const double value : row) {
        if (!lwm2m::meets_condition(attributes, last, value)) continue;
        values.push_back(value);
        last = value;
    }
    return values;
}

using Values = std::vector<double>;

TEST(AttributesInForce, TheNearestLevelHoldsForEachAttributeByItself) {
    Levels levels;
    levels.at(Path(3303), {"pmin=1", "pmax=100"}).at(Path(3303, 0), {"pmin=2"}).at(Path(3303, 0, 5700), {"gt=3"});
    const auto defaults = of({"pmin=9", "pmax=900"});
    EXPECT_EQ(lwm2m::attributes_in_force(Path(3303, 0, 5700), levels, {}, defaults),
              of({"pmin=2", "pmax=100", "gt=3"}));
    EXPECT_EQ(lwm2m::attributes_in_force(Path(3303, 1, 5700), levels, {}, defaults), of({"pmin=1", "pmax=100"}));
    EXPECT_EQ(lwm2m::attributes_in_force(Path(3, 0, 9), levels, {}, defaults), defaults);
}

TEST(AttributesInForce, AResourceInstanceComesBeforeItsResource) {
    Levels levels;
    levels.at(Path(3, 0, 7), {"st=10", "pmin=5"}).at(Path(3, 0, 7, 1), {"st=1"});
    EXPECT_EQ(lwm2m::attributes_in_force(Path(3, 0, 7, 1), levels, {}, {}), of({"st=1", "pmin=5"}));
}

TEST(AttributesInForce, WhatStandsBelowDoesNotCount) {
    Levels levels;
    levels.at(Path(5, 0, 3), {"pmin=10"});
    EXPECT_TRUE(lwm2m::attributes_in_force(Path(5), levels, {}, {}).empty());
}

TEST(AttributesInForce, TheObserveComesFirst) {
    Levels levels;
    levels.at(Path(3, 0, 9), {"pmin=10", "con=1"});
    EXPECT_EQ(lwm2m::attributes_in_force(Path(3, 0, 9), levels, of({"pmin=3", "con=0"}), of({"pmin=9"})),
              of({"pmin=3", "con=0"}));
}

TEST(AttributesInForce, APmaxOfZeroIsNoneAndHidesTheOnesAbove) {
    Levels levels;
    levels.at(Path(3), {"pmax=60"}).at(Path(3, 0, 9), {"pmax=0"});
    EXPECT_FALSE(lwm2m::attributes_in_force(Path(3, 0, 9), levels, {}, of({"pmax=900"})).pmax);
}

TEST(AttributesInForce, WhatContradictsItselfOverTheLevelsIsLeftOut) {
    Levels levels;
    levels.at(Path(3), {"pmax=10"}).at(Path(3, 0), {"pmin=11"});
    EXPECT_EQ(lwm2m::attributes_in_force(Path(3, 0, 9), levels, {}, {}), of({"pmin=11"}));
    Levels equal;
    equal.at(Path(3), {"pmax=10"}).at(Path(3, 0), {"pmin=10"});
    EXPECT_EQ(lwm2m::attributes_in_force(Path(3, 0, 9), equal, {}, {}), of({"pmin=10", "pmax=10"}));
    Levels thresholds;
    thresholds.at(Path(3, 0, 7), {"gt=10"}).at(Path(3, 0, 7, 0), {"lt=20", "pmin=1"});
    EXPECT_EQ(lwm2m::attributes_in_force(Path(3, 0, 7, 0), thresholds, {}, {}), of({"pmin=1"}));
}

TEST(Conditions, AThresholdIsCrossedBothWays) {
    EXPECT_EQ(told(of({"gt=45"}), {20, 44, 45, 46, 60, 45, 44}), (Values{46, 44}));
    EXPECT_EQ(told(of({"lt=10"}), {20, 10, 9, 5, 10, 11}), (Values{9, 11}));
    EXPECT_EQ(told(of({"lt=-5", "gt=5"}), {0, -6, -4, 4, 6, -6}), (Values{-6, -4, 6, -6}));
}

// By >=, not >; the distance counts from what was told last, so that small steps add up.
TEST(Conditions, AStepIsReachedNotPassed) {
    EXPECT_EQ(told(of({"st=10"}), {20, 29, 30, 39, 21, 20, 20}), (Values{30, 20}));
    EXPECT_EQ(told(of({"st=0.2"}), {20.1, 20.2, 20.3, 20.4, 20.5}), (Values{20.3, 20.5}));
}

// Transport 1.1.1, the examples of Observe: st=10 and gt=45 together.
TEST(Conditions, StepAndThresholdAreAlternatives) {
    EXPECT_EQ(told(of({"st=10", "gt=45"}), {20, 35, 45, 50, 40, 35, 20}), (Values{35, 45, 50, 40, 20}));
    EXPECT_EQ(told(of({"st=10", "gt=45"}), {41, 46, 44}), (Values{46, 44}));
}

// 1.2, 7.3.2: 1 is the rising edge, 0 the falling one.
TEST(Conditions, AnEdgeIsOneDirection) {
    EXPECT_TRUE(lwm2m::meets_condition(of({"edge=1"}), 0, 1));
    EXPECT_FALSE(lwm2m::meets_condition(of({"edge=1"}), 1, 0));
    EXPECT_TRUE(lwm2m::meets_condition(of({"edge=0"}), 1, 0));
    EXPECT_FALSE(lwm2m::meets_condition(of({"edge=0"}), 0, 1));
    EXPECT_FALSE(lwm2m::meets_condition(of({"edge=1"}), 1, 1));
}

TEST(Conditions, ANumberThatComesOrGoesIsTold) {
    EXPECT_TRUE(lwm2m::meets_condition(of({"gt=5"}), NAN, 1));
    EXPECT_TRUE(lwm2m::meets_condition(of({"gt=5"}), 1, NAN));
    EXPECT_FALSE(lwm2m::meets_condition(of({"gt=5"}), NAN, NAN));
}

// A value that stays on its side of all thresholds meets no condition, and one that passes any of them does.
TEST(Conditions, ThresholdsSayWhatToWaitFor) {
    for (const auto& attributes : {of({"gt=45"}), of({"lt=10"}), of({"st=0.2"}), of({"lt=10", "gt=45", "st=7"})}) {
        for (const double last : {5.0, 10.0, 20.1, 45.0, 60.0}) {
            const lwm2m::Thresholds thresholds(attributes, last);
            for (double now = 0; now < 70; now += 0.1) {
                bool passed = false;
                for (const double threshold : thresholds.values()) {
                    passed = passed || (now > threshold) != (last > threshold);
                }
                EXPECT_EQ(passed, lwm2m::meets_condition(attributes, last, now)) << last << " -> " << now;
            }
        }
    }
}

}  // namespace
