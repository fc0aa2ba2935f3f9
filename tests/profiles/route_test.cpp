// Where something that travels is.
#include "profiles/route.h"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using profiles::Route;
using profiles::Waypoint;
using Then = Route::Then;

// A degree of a great circle, in m.
constexpr double degree = 6'371'000 * 3.14159265358979 / 180;

// One degree north, then one more, each in a thousand seconds.
Route northward(Then then, base::Duration pause = 0s) {
    return Route({{0, 10, 0}, {1, 10, 100}, {2, 10, 0}}, degree / 1000, then, pause);
}

TEST(Route, GoesStraightFromWaypointToWaypoint) {
    const auto route = northward(Then::once);
    const auto here = route.at(500);
    EXPECT_NEAR(here.at.latitude, 0.5, 1e-9);
    EXPECT_NEAR(here.at.longitude, 10, 1e-9);
    EXPECT_NEAR(here.at.altitude, 50, 1e-6);
    EXPECT_NEAR(here.speed, 111.195, 0.001);
    EXPECT_NEAR(here.bearing, 0, 1e-9);
    EXPECT_NEAR(route.at(1500).at.latitude, 1.5, 1e-9);
}

TEST(Route, StaysAtItsEnd) {
    const auto route = northward(Then::once);
    EXPECT_NEAR(route.seconds(), 2000, 1e-6);
    EXPECT_EQ(route.at(2001).at.latitude, 2);
    EXPECT_EQ(route.at(1e9).speed, 0);
    EXPECT_EQ(route.at(-5).at.latitude, 0);
    EXPECT_EQ(route.at(-5).speed, 0);
}

TEST(Route, GoesBackTheSameWay) {
    const auto route = northward(Then::bounce);
    EXPECT_NEAR(route.seconds(), 4000, 1e-6);
    EXPECT_NEAR(route.at(2500).at.latitude, 1.5, 1e-9);
    EXPECT_NEAR(route.at(2500).bearing, 180, 1e-9);
    EXPECT_NEAR(route.at(4500).at.latitude, 0.5, 1e-9);
}

TEST(Route, GoesRound) {
    const auto route = northward(Then::loop);
    EXPECT_NEAR(route.seconds(), 4000, 1e-6);
    EXPECT_NEAR(route.at(3000).at.latitude, 1, 1e-9);
    EXPECT_NEAR(route.at(4500).at.latitude, 0.5, 1e-9);
}

TEST(Route, PausesAtEachWaypoint) {
    const auto route = northward(Then::bounce, 100s);
    EXPECT_EQ(route.at(50).speed, 0);
    EXPECT_EQ(route.at(50).at.latitude, 0);
    EXPECT_NEAR(route.at(600).at.latitude, 0.5, 1e-9);
    EXPECT_EQ(route.at(1150).speed, 0);
    EXPECT_NEAR(route.at(1150).at.latitude, 1, 1e-9);
    EXPECT_NEAR(route.seconds(), 4400, 1e-6);
}

TEST(Route, TakesTheShorterWayRound) {
    const Route route({{0, 179, 0}, {0, -179, 0}}, degree / 1000, Then::once, 0s);
    EXPECT_NEAR(route.seconds(), 2000, 1e-6);
    EXPECT_NEAR(std::abs(route.at(1000).at.longitude), 180, 1e-6);
    EXPECT_NEAR(route.at(1500).at.longitude, -179.5, 1e-6);
    EXPECT_NEAR(route.at(500).bearing, 90, 1e-6);
}

// Paris to London, about 344 km.
TEST(Route, KnowsDistances) {
    EXPECT_NEAR(profiles::distance({48.8566, 2.3522, 0}, {51.5074, -0.1278, 0}), 343'600, 500);
    EXPECT_EQ(profiles::distance({1, 2, 0}, {1, 2, 9}), 0);
}

}  // namespace
