// Time: moments and spans of the simulation. The clock itself is read in engine/ only; everywhere else time is an
// argument.
#pragma once

#include <chrono>
#include <cstdint>

namespace base {

using Duration = std::chrono::nanoseconds;
using namespace std::chrono_literals;

// A moment, counted from the start of the run; in virtual time and in real time alike. It has no now(): whoever needs
// one is told.
struct RunClock {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<RunClock>;
    static constexpr bool is_steady = true;
};
using Time = RunClock::time_point;

inline constexpr Time never = Time::max();

constexpr double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }
constexpr double seconds(Time t) { return seconds(t.time_since_epoch()); }

// Saturates: NaN and negative overflow give Duration::min(), overflow gives Duration::max().
constexpr Duration from_seconds(double s) {
    constexpr double limit = 9.2e9;  // 2^63 ns
    if (s >= limit) return Duration::max();
    if (!(s > -limit)) return Duration::min();
    return Duration(static_cast<std::int64_t>(s * 1e9));
}

}  // namespace base
