#include "profiles/route.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace profiles {
namespace {

constexpr double earth_radius = 6'371'000;  // m, the mean

double radians(double degrees) { return degrees * std::numbers::pi / 180; }

// The shorter way round: from 179 to -179 are two degrees.
double longitude_between(double from, double to) { return std::remainder(to - from, 360.0); }

double bearing_of(const Waypoint& from, const Waypoint& to) {
    const double a = radians(from.latitude);
    const double b = radians(to.latitude);
    const double east = radians(longitude_between(from.longitude, to.longitude));
    const double degrees = std::atan2(std::sin(east) * std::cos(b),
                                      std::cos(a) * std::sin(b) - std::sin(a) * std::cos(b) * std::cos(east)) *
                           180 / std::numbers::pi;
    return degrees < 0 ? degrees + 360 : degrees;
}

Waypoint between(const Waypoint& from, const Waypoint& to, double share) {
    const double east = longitude_between(from.longitude, to.longitude);
    return {from.latitude + (to.latitude - from.latitude) * share, std::remainder(from.longitude + east * share, 360.0),
            from.altitude + (to.altitude - from.altitude) * share};
}

}  // namespace

double distance(const Waypoint& from, const Waypoint& to) {
    const double north = std::sin(radians(to.latitude - from.latitude) / 2);
    const double east = std::sin(radians(longitude_between(from.longitude, to.longitude)) / 2);
    const double square =
        north * north + std::cos(radians(from.latitude)) * std::cos(radians(to.latitude)) * east * east;
    return 2 * earth_radius * std::asin(std::min(1.0, std::sqrt(square)));
}

Route::Route(std::vector<Waypoint> waypoints, double speed, Then then, base::Duration pause)
    : speed_(speed), pause_(base::seconds(pause)), then_(then) {
    for (std::size_t i = 1; i < waypoints.size(); ++i) add_leg(waypoints[i - 1], waypoints[i]);
    if (then == Then::loop) add_leg(waypoints.back(), waypoints.front());
    if (then == Then::bounce) {
        for (std::size_t i = waypoints.size(); i-- > 1;) add_leg(waypoints[i], waypoints[i - 1]);
    }
}

void Route::add_leg(const Waypoint& from, const Waypoint& to) {
    const double moving = distance(from, to) / speed_;
    legs_.push_back({from, to, total_, moving, bearing_of(from, to)});
    total_ += pause_ + moving;
}

Position Route::at(double seconds) const {
    if (then_ == Then::once && seconds >= total_) return {legs_.back().to, 0, legs_.back().bearing};
    const double within = seconds <= 0 ? 0 : std::fmod(seconds, total_);
    const auto later = std::ranges::upper_bound(legs_, within, std::less<>{}, [](const Leg& leg) { return leg.begin; });
    const Leg& leg = *std::prev(later);
    const double underway = within - leg.begin - pause_;
    if (seconds < 0 || underway < 0) return {leg.from, 0, leg.bearing};
    const double share = leg.moving > 0 ? std::min(1.0, underway / leg.moving) : 1;
    return {between(leg.from, leg.to, share), speed_, leg.bearing};
}

}  // namespace profiles
