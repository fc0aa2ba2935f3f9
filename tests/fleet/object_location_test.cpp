// Object 6, Location (Core 1.1.1, E.7), and whatever else is somewhere.
#include "tests/support/object_lockstep.h"

namespace {

using namespace std::chrono_literals;
using coap::Code;

// A degree north in a thousand seconds, and back.
constexpr auto route = "{waypoints: [[0, 10, 0], [1, 10, 100]], speed: 111.19493, then: bounce, every: 10s, phase: 0s}";

class ObjectLocation : public support::ObjectLockstep {
protected:
    ObjectLocation()
        : ObjectLockstep(
              "  location/0: {route: " + std::string(route) + "}\n  \"3336/0\": {route: " + route + ", \"5518\": }\n",
              "\"3336\": \"2.0\"") {}

    double number(std::string_view path) { return std::stod(read(path)); }
};

TEST_F(ObjectLocation, TravelsItsRoute) {
    EXPECT_EQ(read("/6/0/0"), "0");
    after(505s);
    EXPECT_NEAR(number("/6/0/0"), 0.5, 1e-5);
    EXPECT_NEAR(number("/6/0/1"), 10, 1e-5);
    EXPECT_NEAR(number("/6/0/2"), 50, 0.1);
    EXPECT_NEAR(number("/6/0/6"), 111.2, 0.01);
    after(1000s);
    EXPECT_NEAR(number("/6/0/0"), 0.5, 1e-5);
    EXPECT_NEAR(number("/3336/0/6051"), 0.5, 1e-5);
    EXPECT_EQ(read("/3336/0/5705"), "180");
}

// Resource 5: the position stands since the last sample.
TEST_F(ObjectLocation, TellsWhenItsPositionWasTaken) {
    after(505s);
    EXPECT_EQ(read("/6/0/5"), "1767226100");
    EXPECT_EQ(read("/3336/0/5518"), "1767226100");
    EXPECT_EQ(write("/3/0/13", "1000"), Code::changed);
    EXPECT_EQ(read("/6/0/5"), "995");
}

TEST_F(ObjectLocation, IsObservedAsAWhole) {
    (void)answer(ask(Code::get, "/6/0").uint(coap::OptionNumber::accept, 110).observe(0));
    after(10s);
    const auto told = notified();
    EXPECT_NE(told.find("\"n\":\"5\",\"v\":1767225610"), std::string::npos) << told;
}

// Where the profile gives nothing that moves, the position is taken now.
class ObjectPlace : public support::ObjectLockstep {
protected:
    ObjectPlace() : ObjectLockstep("  location/0: {latitude: 48, longitude: 11}\n") {}
};

TEST_F(ObjectPlace, StandsStill) {
    after(90s);
    EXPECT_EQ(read("/6/0/0"), "48");
    EXPECT_EQ(read("/6/0/5"), "1767225690");
}

}  // namespace
