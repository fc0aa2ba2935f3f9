// Units: quantities as people write them in YAML and on the command line ("1h30m", "100k", "90%", "12KB/s"), and spans
// of time that vary.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "simulator/base/error.h"
#include "simulator/base/time.h"

namespace base {

// All parsers take the whole text (blanks around it and between number and unit are allowed), refuse signs, and refuse
// what does not fit the type; the message of the error ends with an example.

// One or more of number + unit: "30 s", "1.5h", "1h30m", "250ms", "10y". Units: ns us (or µs) ms s m (or min) h d w y
// (365 days). A bare number is refused except 0.
Result<Duration> parse_duration(std::string_view text);

// A whole number: "100000", "100k", "1.5M", "2G"; k M G are powers of 1000. Digits may be grouped by '_' or ','.
Result<std::uint64_t> parse_count(std::string_view text);

// A share: "90%" or "0.9" give 0.9. Between 0 and 1.
Result<double> parse_share(std::string_view text);

// Bytes: "12KB", "1.5 MB", "512 B", "64KiB", "100"; kB and KB are 1000, KiB is 1024.
Result<std::uint64_t> parse_size(std::string_view text);

// Events a second: "200/s", "0.8/h", "20k/s", "3/min". The unit of time is needed.
Result<double> parse_rate(std::string_view text);

// Bytes a second: "12KB/s".
Result<double> parse_byte_rate(std::string_view text);

// Shortest text that parse_duration() reads back as the same value: "1h30m", "2.5s", "180ms", "0s".
std::string format_duration(Duration duration);

// "100k", "1.5M", "12,345": for people; a count that is not round keeps all its digits, grouped.
std::string format_count(std::uint64_t count);

// "12.3 KB": three digits at most.
std::string format_size(std::uint64_t bytes);

// "90%", "0.1%".
std::string format_share(double share);

// A span of time that differs from draw to draw. Plain value, 32 bytes.
//   "1h"  "1h ±5%"  "15m ±2m" (also "+-")  exp(20s)  uniform(1s, 5s)  normal(10s, 2s)  lognormal(180ms, p99=2.5s)
struct DurationSpec {
    enum class Shape : std::uint8_t {
        fixed,        // always `centre`
        jitter,       // evenly between centre - spread and centre + spread
        uniform,      // the same, written by its ends: from `centre` - `spread` to `centre` + `spread`
        exponential,  // mean `centre`
        normal,       // mean `centre`, standard deviation `spread`
        lognormal,    // median `centre`, 99 % of the draws below `spread`
    };

    Shape shape = Shape::fixed;
    Duration centre{0};
    Duration spread{0};
    double sigma = 0;  // of the logarithm; lognormal only, follows from centre and spread

    constexpr DurationSpec() = default;
    constexpr DurationSpec(Duration always) : centre(always) {}  // NOLINT: a span is the simplest spec

    // The draw that `unit` in [0, 1) stands for, by the inverse of the distribution function. Never negative.
    Duration at(double unit) const;

    bool is_fixed() const { return shape == Shape::fixed; }
    bool is_zero() const { return is_fixed() && centre == Duration::zero(); }
    // The mean of the draws, before negative ones are cut off.
    Duration mean() const;

    friend bool operator==(const DurationSpec&, const DurationSpec&) = default;
};

Result<DurationSpec> parse_duration_spec(std::string_view text);
// Text that parse_duration_spec() reads back as the same value.
std::string format_duration_spec(const DurationSpec& spec);

}  // namespace base
