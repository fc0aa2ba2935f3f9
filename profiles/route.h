// Route: where something that travels is: from waypoint to waypoint at one speed, with a pause at each.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "simulator/base/time.h"

namespace profiles {

struct Waypoint {
    double latitude = 0;   // degrees
    double longitude = 0;  // degrees
    double altitude = 0;   // m
};

struct Position {
    Waypoint at;
    double speed = 0;    // m/s
    double bearing = 0;  // degrees from north, 0 to 360: where it goes to, or last went
};

class Route {
public:
    enum class Then : std::uint8_t {
        loop,    // from the last waypoint straight to the first
        bounce,  // the same way back
        once,    // stays at the last
    };

    // REQUIRES: two waypoints at least, no two that follow each other at one place; speed above 0 m/s.
    Route(std::vector<Waypoint> waypoints, double speed, Then then, base::Duration pause);

    // The position after that many seconds; before the first it stands at the first waypoint.
    Position at(double seconds) const;
    // Until it comes round; of one that is travelled once, until it stands.
    double seconds() const { return total_; }
    bool ends() const { return then_ == Then::once; }

private:
    struct Leg {
        Waypoint from;
        Waypoint to;
        double begin = 0;  // s; the pause at `from` comes first
        double moving = 0;
        double bearing = 0;
    };
    void add_leg(const Waypoint& from, const Waypoint& to);

    std::vector<Leg> legs_;
    double speed_;
    double pause_;  // s
    Then then_;
    double total_ = 0;
};

// Metres along the great circle of a sphere as large as the earth.
double distance(const Waypoint& from, const Waypoint& to);

}  // namespace profiles
