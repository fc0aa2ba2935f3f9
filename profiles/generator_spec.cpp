#include "profiles/generator_spec.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "profiles/csv_table.h"
#include "profiles/map_reader.h"
#include "profiles/value_text.h"
#include "profiles/yaml.h"

namespace profiles {
namespace {

// In the order of GeneratorSpec::Form.
constexpr std::array<std::string_view, std::variant_size_v<GeneratorSpec::Form>> names{
    "constant", "uniform", "normal", "walk", "diurnal", "drain", "counter", "states", "csv", "expr", "route"};
constexpr std::array<std::string_view, 1> later{"trace"};

// Beside the name of the generator, of its own and of the sampling.
constexpr std::array<std::string_view, 6> beside{"column", "time", "every", "resolution", "phase", "part"};

constexpr std::size_t most_states = 100;
constexpr double longest = 9.2e9;  // seconds that a Duration holds

bool is_one_of(std::string_view key, std::span<const std::string_view> keys) {
    return std::ranges::find(keys, key) != keys.end();
}

bool is_numeric(lwm2m::Type type) {
    switch (type) {
        case lwm2m::Type::integer:
        case lwm2m::Type::unsigned_integer:
        case lwm2m::Type::floating:
        case lwm2m::Type::boolean:
        case lwm2m::Type::time: return true;
        case lwm2m::Type::none:
        case lwm2m::Type::string:
        case lwm2m::Type::opaque:
        case lwm2m::Type::objlnk:
        case lwm2m::Type::corelnk: return false;
    }
    return false;
}

bool is_whole(lwm2m::Type type) { return is_numeric(type) && type != lwm2m::Type::floating; }

double share_below(double standard) { return 0.5 * std::erfc(-standard * std::sqrt(0.5)); }

class GeneratorReader {
public:
    GeneratorReader(const Node& node, const GeneratorTarget& target, Diagnostics& diagnostics)
        : map_(node, "generator", diagnostics), target_(target), diagnostics_(diagnostics) {}

    std::optional<GeneratorSpec> read(std::string_view name, const Node& body) {
        map_.take(name);
        const std::string_view form = name;
        const bool numbers = form != "constant" && form != "states" && form != "csv";
        if (numbers && !is_numeric(target_.type)) {
            diagnostics_.error(body.place(),
                               fmt::format("'{}' makes numbers, but {} is of type {}", name,
                                           lwm2m::to_string(target_.path), lwm2m::name(target_.type)),
                               "constant, states and csv make any type");
            return std::nullopt;
        }
        if (form == "constant") spec_.form = constant(body);
        if (form == "uniform") spec_.form = uniform(body);
        if (form == "normal") spec_.form = normal(body);
        if (form == "walk") spec_.form = walk(body);
        if (form == "diurnal") spec_.form = diurnal(body);
        if (form == "drain") spec_.form = drain(body);
        if (form == "counter") spec_.form = counter(body);
        if (form == "states") spec_.form = states(body);
        if (form == "csv") spec_.form = csv(body);
        if (form == "expr") spec_.form = expr(body);
        if (form == "route") spec_.form = route(body);
        spec_.type = target_.type;
        read_sampling(numbers);
        if (!map_.done() || diagnostics_.errors() != errors_before_) return std::nullopt;
        return std::move(spec_);
    }

private:
    void error(const Node& at, std::string message, std::string hint = {}) {
        diagnostics_.error(at.place(), std::move(message), std::move(hint));
    }

    std::optional<lwm2m::Value> value(const Node& node, std::string_view what) {
        std::string text;
        if (!read_text(node, what, text, diagnostics_)) return std::nullopt;
        auto read = read_value(text, target_.type);
        if (read) return *std::move(read);
        error(node,
              fmt::format("{}: '{}' does not fit {}, which is of type {}", what, printable(text),
                          lwm2m::to_string(target_.path), lwm2m::name(target_.type)),
              read.error().what);
        return std::nullopt;
    }

    ConstantGenerator constant(const Node& body) { return {value(body, "constant").value_or(lwm2m::Value{})}; }

    // min and max as the type can hold them; both, where given, in the right order.
    void check_bounds(const Node& at, double& min, double& max) {
        if (is_whole(target_.type)) {
            min = std::ceil(min);
            max = std::floor(max);
        }
        if (min > max) error(at, fmt::format("min {} is above max {}", min, max));
    }
    void read_bounds(MapReader& map, const Node& at, std::optional<double>& min, std::optional<double>& max) {
        constexpr double none = std::numeric_limits<double>::max();
        double low = -none;
        double high = none;
        const bool has_min = map.number("min", low);
        const bool has_max = map.number("max", high);
        check_bounds(at, low, high);
        if (has_min) min = low;
        if (has_max) max = high;
    }

    UniformGenerator uniform(const Node& body) {
        UniformGenerator form;
        if (body.is_sequence()) {
            const auto ends = body.items();
            if (ends.size() != 2) {
                error(body, fmt::format("uniform: {} values where two are needed", ends.size()), "try [18, 24]");
            } else if (read_number(ends[0], "min", form.min, diagnostics_) &&
                       read_number(ends[1], "max", form.max, diagnostics_)) {
                check_bounds(body, form.min, form.max);
            }
            return form;
        }
        MapReader map(body, "uniform", diagnostics_);
        if (map.require("min") != nullptr && map.require("max") != nullptr && map.number("min", form.min) &&
            map.number("max", form.max)) {
            check_bounds(body, form.min, form.max);
        }
        map.done();
        return form;
    }

    NormalGenerator normal(const Node& body) {
        NormalGenerator form;
        MapReader map(body, "normal", diagnostics_);
        if (map.require("mean") != nullptr) map.number("mean", form.mean);
        if (map.require("deviation") != nullptr) map.number("deviation", form.deviation, {.min = 0});
        read_bounds(map, body, form.min, form.max);
        if (map.done() && form.deviation > 0) {
            if (form.min) form.share_below_min = share_below((*form.min - form.mean) / form.deviation);
            if (form.max) form.share_below_max = share_below((*form.max - form.mean) / form.deviation);
        }
        return form;
    }

    WalkGenerator walk(const Node& body) {
        WalkGenerator form;
        MapReader map(body, "walk", diagnostics_);
        if (map.require("start") != nullptr) map.number("start", form.start);
        if (map.require("step") != nullptr) map.number("step", form.step, {.min = 0});
        read_bounds(map, body, form.min, form.max);
        if (form.start < form.min.value_or(form.start) || form.start > form.max.value_or(form.start)) {
            map.error("start", fmt::format("start: {} is not between min and max", form.start));
        }
        map.done();
        return form;
    }

    DiurnalGenerator diurnal(const Node& body) {
        DiurnalGenerator form;
        MapReader map(body, "diurnal", diagnostics_);
        if (map.require("mean") != nullptr) map.number("mean", form.mean);
        if (map.require("swing") != nullptr) map.number("swing", form.swing, {.min = 0});
        map.duration("peak", form.peak);
        if (map.duration("period", form.period) && form.period <= base::Duration::zero()) {
            map.error("period", "period: must be longer than 0");
        }
        map.number("noise", form.noise, {.min = 0});
        map.done();
        return form;
    }

    DrainGenerator drain(const Node& body) {
        DrainGenerator form;
        MapReader map(body, "drain", diagnostics_);
        map.number("from", form.from);
        map.number("to", form.to);
        if (map.require("over") != nullptr && map.duration_spec("over", form.over) &&
            form.over.mean() <= base::Duration::zero()) {
            map.error("over", "over: must be longer than 0");
        }
        map.done();
        return form;
    }

    CounterGenerator counter(const Node& body) {
        CounterGenerator form;
        MapReader map(body, "counter", diagnostics_);
        if (map.require("rate") != nullptr) map.rate("rate", form.rate);
        map.number("start", form.start);
        if (const Node* node = map.take("burst")) {
            MapReader burst(*node, "burst", diagnostics_);
            if (burst.require("p") != nullptr) burst.share("p", form.burst_share);
            if (burst.require("size") != nullptr) burst.number("size", form.burst_size, {.min = 0});
            burst.done();
        }
        map.done();
        return form;
    }

    StatesGenerator states(const Node& body) {
        StatesGenerator form;
        if (!body.is_map() || body.entries().empty() || body.entries().size() > most_states) {
            error(body, fmt::format("states: a map of 1 to {} states is needed", most_states),
                  "try {on: {for: 5m, value: true}, off: {for: 1h, value: false}}");
            return form;
        }
        for (const Node::Entry& entry : body.entries()) form.states.push_back(state(entry, form));
        const bool cycle = form.round > base::Duration::zero();
        form.drawn = !cycle;
        if (cycle && form.weight > 0)
            error(body, "states: either each has 'for' (a cycle) or each has 'weight' (a draw)");
        return form;
    }

    StatesGenerator::State state(const Node::Entry& entry, StatesGenerator& form) {
        StatesGenerator::State state;
        state.name = entry.key;
        MapReader map(entry.value, state.name, diagnostics_);
        const bool stays = map.duration_spec("for", state.stay);
        const bool weighs = map.number("weight", state.weight, {.min = 0});
        if (!stays && !weighs && entry.value.find("for") == nullptr && entry.value.find("weight") == nullptr) {
            diagnostics_.error(entry.place, fmt::format("{}: 'for' or 'weight' is missing", printable(state.name)));
        }
        if (stays && state.stay.mean() <= base::Duration::zero()) map.error("for", "for: must be longer than 0");
        if (weighs && state.weight <= 0) map.error("weight", "weight: must be above 0");
        const Node* given = map.take("value");
        const Node named = Node::make_scalar(entry.key, entry.place, true);
        if (auto read = value(given != nullptr ? *given : named, "value")) state.value = *std::move(read);
        map.done();
        if (base::seconds(form.round) + base::seconds(state.stay.mean()) > longest) {
            map.error("for", "for: all together are longer than 292 years");
        } else {
            form.round += state.stay.mean();
        }
        form.weight += state.weight;
        return state;
    }

    CsvGenerator csv(const Node& body) {
        CsvGenerator form;
        std::string time;
        const Node* column = map_.require("column");
        const Node* times = map_.take("time");
        const bool named = column != nullptr && read_text(*column, "column", form.column, diagnostics_);
        if (times != nullptr && !read_text(*times, "time", time, diagnostics_)) return form;
        if (!read_text(body, "csv", form.file, diagnostics_) || !named) return form;
        const auto table = load_csv(body, diagnostics_);
        if (!table) return form;
        auto data = std::make_shared<CsvGenerator::Column>();
        if (const auto at = find_column(*column, *table, form.column)) {
            for (std::size_t row = 0; row < table->rows.size(); ++row)
                read_cell(*column, *table, row, *at, data->values);
        }
        if (times != nullptr) {
            if (const auto at = find_column(*times, *table, time)) read_times(*times, *table, *at, data->times);
        }
        form.data = std::move(data);
        return form;
    }

    std::optional<std::size_t> find_column(const Node& at, const CsvTable& table, const std::string& name) {
        const auto column = table.column(name);
        if (!column)
            error(at, fmt::format("csv: no column '{}'", printable(name)),
                  did_you_mean(name, std::vector<std::string_view>(table.names.begin(), table.names.end())));
        return column;
    }

    void read_cell(const Node& at, const CsvTable& table, std::size_t row, std::size_t column,
                   std::vector<lwm2m::Value>& values) {
        auto cell = read_value(table.rows[row][column], target_.type);
        if (cell) {
            values.push_back(*std::move(cell));
        } else {
            error(at,
                  fmt::format("csv: line {}: '{}' does not fit {}, which is of type {}", table.lines[row],
                              printable(table.rows[row][column]), lwm2m::to_string(target_.path),
                              lwm2m::name(target_.type)),
                  cell.error().what);
        }
    }

    // A bare number counts seconds; anything else is a duration.
    void read_times(const Node& at, const CsvTable& table, std::size_t column, std::vector<base::Duration>& times) {
        for (std::size_t row = 0; row < table.rows.size(); ++row) {
            const std::string& cell = table.rows[row][column];
            const auto number = parse_number(cell);
            const auto time = number && *number >= 0 ? base::Result<base::Duration>(base::from_seconds(*number))
                                                     : base::parse_duration(cell);
            if (!time || (!times.empty() && *time <= times.back())) {
                error(at, fmt::format("csv: line {}: '{}' is {}", table.lines[row], printable(cell),
                                      time ? "not later than the row before" : "not a time in seconds"));
                return;
            }
            times.push_back(*time);
        }
    }

    ExprGenerator expr(const Node& body) {
        ExprGenerator form;
        read_text(body, "expr", form.text, diagnostics_);
        form.place = body.place();
        return form;
    }

    using Part = RouteGenerator::Part;
    static constexpr std::array<std::string_view, 5> parts{"latitude", "longitude", "altitude", "speed", "bearing"};

    RouteGenerator route(const Node& body) {
        RouteGenerator form;
        auto part = part_of_position(target_.path.object(), target_.path.resource());
        std::string text;
        if (map_.text("part", text)) {
            const auto at = std::ranges::find(parts, text);
            if (at == parts.end())
                map_.error("part", fmt::format("part: '{}' is no part of a position", printable(text)),
                           "latitude, longitude, altitude, speed or bearing");
            else
                part = static_cast<Part>(at - parts.begin());
        }
        if (!part) {
            error(body, fmt::format("route: what is {} of a position?", lwm2m::to_string(target_.path)),
                  "say part: latitude, longitude, altitude, speed or bearing");
            return form;
        }
        form.part = *part;
        // As fine as a receiver for satellites tells them.
        const bool angle = *part == Part::latitude || *part == Part::longitude;
        spec_.resolution = angle ? 0.000001 : 0.1;
        spec_.every = std::chrono::seconds(10);
        MapReader map(body, "route", diagnostics_);
        std::vector<Waypoint> waypoints;
        if (const Node* list = map.require("waypoints")) read_waypoints(*list, waypoints);
        double speed = 0;
        if (const Node* node = map.require("speed")) speed = read_speed(*node);
        auto then = Route::Then::loop;
        if (const Node* node = map.take("then")) then = read_then(*node);
        base::Duration pause{0};
        map.duration("pause", pause);
        if (map.done() && diagnostics_.errors() == errors_before_) {
            form.route = std::make_shared<const Route>(std::move(waypoints), speed, then, pause);
        }
        return form;
    }

    void read_waypoints(const Node& list, std::vector<Waypoint>& waypoints) {
        if (!list.is_sequence() || list.items().size() < 2) {
            error(list, "waypoints: a list of two or more is needed", "try [[48.137, 11.575], [48.2, 11.6]]");
            return;
        }
        for (const Node& item : list.items()) {
            Waypoint waypoint;
            const auto numbers = item.items();
            if (!item.is_sequence() || numbers.size() < 2 || numbers.size() > 3) {
                error(item, "a waypoint is [latitude, longitude] or [latitude, longitude, altitude]");
                return;
            }
            const bool read =
                read_number(numbers[0], "latitude", waypoint.latitude, diagnostics_) &&
                read_number(numbers[1], "longitude", waypoint.longitude, diagnostics_) &&
                (numbers.size() < 3 || read_number(numbers[2], "altitude", waypoint.altitude, diagnostics_));
            if (!read) return;
            if (std::abs(waypoint.latitude) > 90 || std::abs(waypoint.longitude) > 180) {
                error(item, "a latitude is within 90 degrees, a longitude within 180");
                return;
            }
            if (!waypoints.empty() && distance(waypoints.back(), waypoint) < 0.01) {
                error(item, "a waypoint is where the one before it is", "pause: is how long it stands at each");
                return;
            }
            waypoints.push_back(waypoint);
        }
    }

    // In m/s: "13.9", "13.9 m/s", "50 km/h".
    double read_speed(const Node& node) {
        std::string text;
        if (!read_text(node, "speed", text, diagnostics_)) return 0;
        std::string_view number = text;
        double unit = 1;
        for (const auto& [suffix, factor] : {std::pair<std::string_view, double>{"km/h", 1 / 3.6}, {"m/s", 1}}) {
            if (!number.ends_with(suffix)) continue;
            number.remove_suffix(suffix.size());
            unit = factor;
            break;
        }
        while (number.ends_with(' ')) number.remove_suffix(1);
        const auto value = parse_number(number);
        if (!value || *value <= 0) {
            error(node, fmt::format("speed: '{}' is no speed", printable(text)), "try 50 km/h, or 13.9 m/s");
            return 0;
        }
        return *value * unit;
    }

    Route::Then read_then(const Node& node) {
        if (node.text() == "bounce") return Route::Then::bounce;
        if (node.text() == "once") return Route::Then::once;
        if (node.text() != "loop") error(node, "then: loop, bounce or once");
        return Route::Then::loop;
    }

    void read_sampling(bool numbers) {
        const auto* states = std::get_if<StatesGenerator>(&spec_.form);
        const bool sampled = numbers || (states != nullptr && states->drawn);
        if (sampled && map_.duration("every", spec_.every) && spec_.every < std::chrono::milliseconds(1)) {
            map_.error("every", "every: must be 1ms or longer");
        }
        base::Duration phase{0};
        if ((sampled || states != nullptr) && map_.duration("phase", phase)) spec_.phase = phase;
        if (numbers) map_.number("resolution", spec_.resolution, {.min = 0});
    }

    MapReader map_;
    const GeneratorTarget& target_;
    Diagnostics& diagnostics_;
    const std::size_t errors_before_ = diagnostics_.errors();
    GeneratorSpec spec_;
};

}  // namespace

std::optional<RouteGenerator::Part> part_of_position(std::uint16_t object, std::uint16_t resource) {
    using Part = RouteGenerator::Part;
    if (object == 6) {
        switch (resource) {
            case 0: return Part::latitude;
            case 1: return Part::longitude;
            case 2: return Part::altitude;
            case 6: return Part::speed;
            default: return std::nullopt;
        }
    }
    switch (resource) {
        case 6051: return Part::latitude;
        case 6052: return Part::longitude;
        case 5705: return Part::bearing;
        default: return std::nullopt;
    }
}

std::string_view name(const GeneratorSpec& spec) { return names[spec.form.index()]; }

bool is_generator(const Node& node) {
    return std::ranges::any_of(node.entries(), [](const Node::Entry& entry) {
        return is_one_of(entry.key, names) || is_one_of(entry.key, later);
    });
}

std::optional<GeneratorSpec> read_generator(const Node& node, const GeneratorTarget& target, Diagnostics& diagnostics) {
    const Node::Entry* found = nullptr;
    for (const Node::Entry& entry : node.entries()) {
        if (is_one_of(entry.key, later)) {
            diagnostics.error(entry.place, fmt::format("generator '{}' is not supported yet", entry.key));
            return std::nullopt;
        }
        if (!is_one_of(entry.key, names)) continue;
        if (found != nullptr) {
            diagnostics.error(entry.place,
                              fmt::format("two generators for one value: '{}' and '{}'", found->key, entry.key));
            return std::nullopt;
        }
        found = &entry;
    }
    if (found != nullptr) return GeneratorReader(node, target, diagnostics).read(found->key, found->value);
    std::string hint = "a generator is one of";
    for (const std::string_view name : names) hint += fmt::format("{}{}", &name == names.data() ? " " : ", ", name);
    if (!node.is_map()) {
        diagnostics.error(node.place(), fmt::format("{} where a generator is needed", name(node.kind())), hint);
        return std::nullopt;
    }
    for (const Node::Entry& entry : node.entries()) {
        if (is_one_of(entry.key, beside)) continue;
        std::string near = did_you_mean(entry.key, std::span<const std::string_view>(names));
        diagnostics.error(entry.place, fmt::format("unknown generator '{}'", printable(entry.key)),
                          near.empty() ? hint : near);
        return std::nullopt;
    }
    diagnostics.error(node.place(), "a generator is missing", hint);
    return std::nullopt;
}

}  // namespace profiles
