// GeneratorSpec: how the value of a resource comes about in time, as the profile says it. fleet/generators.h computes
// it.
//
// A profile gives a generator where a value could stand: a map with one of the names below, and how it is sampled:
//
//   sensor_value: {diurnal: {mean: 11, swing: 6, peak: 15h, noise: 0.3}, every: 10s, resolution: 0.1}
//
//   every       the value stands still between two samples; 60 s by default. Each device samples at a phase of its own.
//   resolution  the value is rounded to a multiple of this, as a sensor's is; 0, the default, leaves it as computed.
//   phase       when the first sample (or state) begins, the same for all devices instead of each its own.
//
//   {constant: 21}
//   {uniform: [18, 24]}  or  {uniform: {min: 18, max: 24}}
//       drawn anew at each sample; of whole numbers, each has the same chance
//   {normal: {mean: 21, deviation: 0.5, min: 15, max: 30}}
//       drawn anew at each sample; min and max are optional: the distribution is cut there
//   {walk: {start: 21, step: 0.2, min: 15, max: 30}}
//       a random walk: `step` is the deviation of a sample from the one before; it turns back at the optional min and
//       max
//   {diurnal: {mean: 11, swing: 6, peak: 15h, noise: 0.3, period: 1d}}
//       mean +- swing, highest at `peak`; the run starts at midnight
//   {drain: {from: 100, to: 5, over: 10y ±20%}}
//       a straight line, then it stays; `over` is drawn once for each device
//   {counter: {rate: 0.8/h, burst: {p: 2%, size: 40}, start: 0}}
//       never falls; a share `p` of the samples has a burst of `size` on top
//   {states: {on: {for: 5m, value: true}, off: {for: 1h ±10%, value: false}}}
//       one after the other, in this order, round and round; without `value:` the value is the name
//   {states: {ok: {weight: 98, value: 0}, low: {weight: 2, value: 1}}}
//       drawn anew at each sample, by weight
//   {csv: sites.csv, column: lat}
//       row = device index modulo rows; `column` is a name of the first row
//   {csv: day.csv, column: watts, time: seconds}
//       the row whose time has come; the same for all devices
//   {expr: "20 + 3*sin(t/600) + index%5"}
//       t: seconds since the start of the run; index: of the device; u: a uniform draw in [0, 1) per sample; pi;
//       operators and functions are those of muParser, with %, floor() and ceil() added
//   {route: {waypoints: [[48.137, 11.575, 519], [48.2, 11.6]], speed: 50 km/h, then: bounce, pause: 2m}}
//       one value of the position of something that travels from waypoint to waypoint (latitude, longitude and, where
//       one likes, altitude), straight on and with a pause at each; `then` it goes round (loop, the default), the same
//       way back (bounce) or stays (once). The resource says which value it is; `part:` (latitude, longitude, altitude,
//       speed, bearing) where it does not. Devices are spread over a route that comes round. In an instance
//       of an object with a position, route: {...} gives all its values at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "profiles/diagnostics.h"
#include "profiles/route.h"
#include "simulator/base/time.h"
#include "simulator/base/units.h"
#include "simulator/lwm2m/path.h"
#include "simulator/lwm2m/value.h"

namespace profiles {

class Node;

struct ConstantGenerator {
    lwm2m::Value value;
};

struct UniformGenerator {
    double min = 0;
    double max = 1;
};

struct NormalGenerator {
    double mean = 0;
    double deviation = 1;
    std::optional<double> min;
    std::optional<double> max;
    // The share of the uncut distribution below min and below max: a draw between the two is cut by construction.
    double share_below_min = 0;
    double share_below_max = 1;
};

struct WalkGenerator {
    double start = 0;
    double step = 1;  // standard deviation of the change from one sample to the next
    std::optional<double> min;
    std::optional<double> max;
};

struct DiurnalGenerator {
    double mean = 0;
    double swing = 0;  // half the distance from lowest to highest
    base::Duration peak{0};
    base::Duration period = std::chrono::hours(24);
    double noise = 0;  // standard deviation
};

struct DrainGenerator {
    double from = 100;
    double to = 0;
    base::DurationSpec over;
};

struct CounterGenerator {
    double rate = 0;  // per second
    double start = 0;
    double burst_share = 0;  // of the samples
    double burst_size = 0;
};

struct StatesGenerator {
    struct State {
        std::string name;
        lwm2m::Value value;       // without `value:` the name itself
        base::DurationSpec stay;  // of a cycle
        double weight = 0;        // of a draw
    };
    std::vector<State> states;  // at least one
    bool drawn = false;         // by weight at each sample; else a cycle of stays
    base::Duration round{0};    // of a cycle: the sum of the mean stays
    double weight = 0;          // of a draw: the sum of the weights
};

struct CsvGenerator {
    // One column of a table, in the type of the resource; shared by all that name it.
    struct Column {
        std::vector<lwm2m::Value> values;   // at least one
        std::vector<base::Duration> times;  // ascending, as many as values; empty: a row is a device's
    };
    std::string file;
    std::string column;
    std::shared_ptr<const Column> data;
};

struct ExprGenerator {
    std::string text;  // compiled, and checked, by fleet/generators.h
    Place place;       // for messages
};

struct RouteGenerator {
    enum class Part : std::uint8_t { latitude, longitude, altitude, speed, bearing };
    Part part = Part::latitude;
    std::shared_ptr<const Route> route;  // shared by all values of the position
};

struct GeneratorSpec {
    using Form =
        std::variant<ConstantGenerator, UniformGenerator, NormalGenerator, WalkGenerator, DiurnalGenerator,
                     DrainGenerator, CounterGenerator, StatesGenerator, CsvGenerator, ExprGenerator, RouteGenerator>;
    Form form;
    lwm2m::Type type =
        lwm2m::Type::none;  // of the resource: numbers are rounded and cut to fit, for a boolean 0.5 and above is true
    base::Duration every = std::chrono::seconds(60);  // at least 1 ms
    std::optional<base::Duration> phase;              // from 0; none: drawn for each device
    double resolution = 0;                            // 0: none
};

// What a generator is read for.
struct GeneratorTarget {
    lwm2m::Path path;  // for messages
    lwm2m::Type type = lwm2m::Type::none;
};

// "constant", "uniform", ... as written in a profile.
std::string_view name(const GeneratorSpec& spec);

// Is this node a generator rather than a plain value: a map with the name of a generator among its keys?
bool is_generator(const Node& node);

// Reads a generator; what is wrong with it goes to `diagnostics`, all of it, and nothing is returned. Reads the table
// of `csv:`, whose path counts from the folder of the file that names it. `trace` is refused: it is not supported yet.
std::optional<GeneratorSpec> read_generator(const Node& node, const GeneratorTarget& target, Diagnostics& diagnostics);

// Which value of a position a resource of that object is; nothing where it is none.
std::optional<RouteGenerator::Part> part_of_position(std::uint16_t object, std::uint16_t resource);

}  // namespace profiles
