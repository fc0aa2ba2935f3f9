#include "simulator/fleet/generators.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <limits>
#include <numbers>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <muParser.h>

#include "simulator/base/check.h"
#include "simulator/base/random.h"

namespace fleet {

using base::Duration;
using base::Time;
using lwm2m::Type;
using lwm2m::ValueView;
using profiles::GeneratorSpec;

// Variables that muParser reads through pointers, so it never moves.
struct Generators::Expression {
    double t = 0;
    double index = 0;
    double u = 0;
    mu::Parser parser;

    explicit Expression(const std::string& text) {
        parser.DefineConst("pi", std::numbers::pi);
        parser.DefineVar("t", &t);
        parser.DefineVar("index", &index);
        parser.DefineVar("u", &u);
        constexpr auto remainder = +[](double a, double b) { return std::fmod(a, b); };
        parser.DefineOprt("%", remainder, mu::prMUL_DIV, mu::oaLEFT);
        parser.DefineFun(
            "floor", +[](double a) { return std::floor(a); });  // muParser has rint() only
        parser.DefineFun(
            "ceil", +[](double a) { return std::ceil(a); });
        parser.SetExpr(text);
        parser.Eval();  // compiles
    }
    // NaN where muParser gives up.
    double result() {
        try {
            return parser.Eval();
        } catch (const mu::Parser::exception_type&) {
            return std::numeric_limits<double>::quiet_NaN();
        }
    }
    Expression(const Expression&) = delete;
    Expression& operator=(const Expression&) = delete;
};

namespace {

// The draws of one value of one device: two rounds of mixing for the whole value, one more for each draw.
class Draws {
public:
    explicit Draws(const GeneratorContext& context)
        : key_(base::draw(context.seed, context.device, base::Stream::value, path_number(context.path))) {}

    std::uint64_t bits(std::uint64_t counter) const { return base::mix(key_ + (counter + 1) * 0x9e3779b97f4a7c15ULL); }
    double unit(std::uint64_t counter) const { return base::to_unit(bits(counter)); }

    // Apart from the samples, which count up from 0.
    static constexpr std::uint64_t phase = ~std::uint64_t{0};
    static constexpr std::uint64_t span = ~std::uint64_t{1};
    static constexpr std::uint64_t bursts = std::uint64_t{1} << 62;
    static constexpr std::uint64_t reaches = std::uint64_t{2} << 62;

private:
    static std::uint64_t path_number(const lwm2m::Path& path) {
        std::uint64_t number = 0;
        for (const std::uint16_t id : path.ids) number = number << 16 | id;
        return number;
    }
    std::uint64_t key_;
};

std::int64_t since_start(Time time) { return std::max<std::int64_t>(0, time.time_since_epoch().count()); }

// When a value is sampled: number 0 at the start of the run, then one at phase, phase + every, ...
struct Sampling {
    std::int64_t every;
    std::int64_t phase;

    Sampling(const GeneratorSpec& spec, const Draws& draws)
        : every(spec.every.count()),
          phase(spec.phase ? spec.phase->count()
                           : static_cast<std::int64_t>(draws.unit(Draws::phase) * static_cast<double>(every))) {}

    std::uint64_t number(Time time) const {
        const std::int64_t at = since_start(time);
        return at < phase ? 0 : static_cast<std::uint64_t>((at - phase) / every) + 1;
    }
    Duration at(std::uint64_t number) const {
        return number == 0 ? Duration(0) : Duration(phase + static_cast<std::int64_t>(number - 1) * every);
    }
    // The last one that base::Time can hold.
    std::uint64_t last() const {
        return static_cast<std::uint64_t>((std::numeric_limits<std::int64_t>::max() - 1 - phase) / every) + 1;
    }
};

struct Sample {
    std::uint64_t number;
    double t;      // seconds since the start of the run, of the sample
    double every;  // seconds
};

double value_of(const profiles::UniformGenerator& form, Type type, const Sample& sample, const Draws& draws) {
    const double unit = draws.unit(sample.number);
    // Whole numbers: each of them with the same chance, the ends too.
    if (type != Type::floating) return std::min(form.max, form.min + std::floor(unit * (form.max - form.min + 1)));
    return form.min + unit * (form.max - form.min);
}

double value_of(const profiles::NormalGenerator& form, Type, const Sample& sample, const Draws& draws) {
    const double share = form.share_below_max - form.share_below_min;
    return base::normal(form.share_below_min + draws.unit(sample.number) * share, form.mean, form.deviation);
}

// Brownian motion by midpoint displacement: first where it is at the powers of two around the sample, then halving the
// stretch between them until the sample is its middle. Logarithmic in the number of samples. Each displacement is
// evenly distributed with the deviation that the construction asks for; the sum of them is all but normal.
double walk_at(std::uint64_t n, const Draws& draws) {
    constexpr double width = 2 * std::numbers::sqrt3;  // of an even distribution of deviation 1
    const auto displacement = [&](std::uint64_t counter) { return width * (draws.unit(counter) - 0.5); };
    if (n == 0) return 0;
    double here = displacement(Draws::reaches);  // at 1
    if (n == 1) return here;
    std::uint64_t left = 1;
    double deviation = 1;  // of a stretch as long as `left`
    const int doublings = static_cast<int>(std::bit_width(n)) - 1;
    for (int i = 1; i <= doublings; ++i) {
        here += deviation * displacement(Draws::reaches + static_cast<std::uint64_t>(i));
        left *= 2;
        deviation *= std::numbers::sqrt2;
    }
    if (n == left) return here;
    double there = here + deviation * displacement(Draws::reaches + static_cast<std::uint64_t>(doublings) + 1);
    for (std::uint64_t length = left;;) {
        const std::uint64_t half = length / 2;
        const std::uint64_t middle = left + half;
        const double at_middle = (here + there) / 2 + deviation / 2 * displacement(middle);
        if (n == middle) return at_middle;
        if (n > middle) {
            left = middle;
            here = at_middle;
        } else {
            there = at_middle;
        }
        length = half;
        deviation *= std::numbers::sqrt2 / 2;
    }
}

// Reflected at both ends as often as needed: a mirrored path is as likely as the path, so it is still a random walk.
double fold(double value, double min, double max) {
    const double width = max - min;
    if (width <= 0) return min;
    double along = std::fmod(value - min, 2 * width);
    if (along < 0) along += 2 * width;
    return along <= width ? min + along : max - (along - width);
}

double value_of(const profiles::WalkGenerator& form, Type, const Sample& sample, const Draws& draws) {
    const double value = form.start + form.step * walk_at(sample.number, draws);
    if (form.min && form.max) return fold(value, *form.min, *form.max);
    if (form.min) return *form.min + std::abs(value - *form.min);
    if (form.max) return *form.max - std::abs(*form.max - value);
    return value;
}

double value_of(const profiles::DiurnalGenerator& form, Type, const Sample& sample, const Draws& draws) {
    const double turn = (sample.t - base::seconds(form.peak)) / base::seconds(form.period);
    const double value = form.mean + form.swing * std::cos(2 * std::numbers::pi * turn);
    return form.noise > 0 ? base::normal(draws.unit(sample.number), value, form.noise) : value;
}

double value_of(const profiles::DrainGenerator& form, Type, const Sample& sample, const Draws& draws) {
    const double over = base::seconds(form.over.is_fixed() ? form.over.centre : form.over.at(draws.unit(Draws::span)));
    if (sample.t >= over) return form.to;
    return form.from + (form.to - form.from) * (sample.t / over);
}

// What was counted until some moment of the last period, another one in each: even in the long run, uneven from sample
// to sample, never less than before. Bursts come likewise: one in each 1/p samples, at a random place among them.
double value_of(const profiles::CounterGenerator& form, Type, const Sample& sample, const Draws& draws) {
    const double periods = sample.t / sample.every;
    const double moment = sample.number == 0 ? 0 : std::max(0.0, periods - 1 + draws.unit(sample.number));
    double value = form.start + form.rate * sample.every * moment;
    if (form.burst_share > 0) {
        const double due = periods * form.burst_share;
        const double whole = std::floor(due);
        const bool one_more = draws.unit(Draws::bursts + static_cast<std::uint64_t>(whole)) < due - whole;
        value += form.burst_size * (whole + (one_more ? 1 : 0));
    }
    return value;
}

// Devices are spread over a route that comes round; all set out together where it ends, or where `phase` says when.
double value_of(const profiles::RouteGenerator& form, const GeneratorSpec& spec, const Sample& sample,
                const Draws& draws) {
    using Part = profiles::RouteGenerator::Part;
    const profiles::Route& route = *form.route;
    const double ahead = spec.phase     ? -base::seconds(*spec.phase)
                         : route.ends() ? 0
                                        : draws.unit(Draws::span) * route.seconds();
    const auto position = route.at(sample.t + ahead);
    switch (form.part) {
        case Part::latitude: return position.at.latitude;
        case Part::longitude: return position.at.longitude;
        case Part::altitude: return position.at.altitude;
        case Part::speed: return position.speed;
        case Part::bearing: return position.bearing;
    }
    return 0;
}

// All values of a position are drawn alike, and sampled at the same moments: by their instance.
GeneratorContext drawn_for(const GeneratorSpec& spec, GeneratorContext context) {
    if (std::holds_alternative<profiles::RouteGenerator>(spec.form)) context.path = context.path.prefix(2);
    return context;
}

// To the nearest multiple of the resolution; by division where it is a fraction such as 0.1, so that 0.3 is 3/10 and
// not 3 * 0.1.
double rounded(double value, double resolution) {
    if (resolution <= 0) return value;
    const double per_unit = std::round(1 / resolution);
    if (resolution < 1 && std::abs(per_unit * resolution - 1) < 1e-9) return std::round(value * per_unit) / per_unit;
    return std::round(value / resolution) * resolution;
}

struct Limits {
    double min = -std::numeric_limits<double>::infinity();
    double max = std::numeric_limits<double>::infinity();
};

template <class Form>
Limits limits(const Form& form) {
    Limits limits;
    if constexpr (std::same_as<Form, profiles::UniformGenerator>) limits = {form.min, form.max};
    if constexpr (std::same_as<Form, profiles::NormalGenerator> || std::same_as<Form, profiles::WalkGenerator>) {
        if (form.min) limits.min = *form.min;
        if (form.max) limits.max = *form.max;
    }
    if constexpr (std::same_as<Form, profiles::DrainGenerator>)
        limits = {std::min(form.from, form.to), std::max(form.from, form.to)};
    return limits;
}

std::int64_t to_integer(double value) {
    constexpr double edge = 9223372036854775808.0;  // 2^63
    if (std::isnan(value)) return 0;
    if (value >= edge) return std::numeric_limits<std::int64_t>::max();
    if (value < -edge) return std::numeric_limits<std::int64_t>::min();
    return std::llround(value);
}

std::uint64_t to_unsigned(double value) {
    constexpr double edge = 18446744073709551616.0;  // 2^64
    if (!(value > 0)) return 0;
    if (value >= edge) return std::numeric_limits<std::uint64_t>::max();
    return static_cast<std::uint64_t>(std::round(value));
}

ValueView in_type(double value, Type type) {
    switch (type) {
        case Type::integer: return ValueView::of_integer(to_integer(value));
        case Type::time: return ValueView::of_time(to_integer(value));
        case Type::unsigned_integer: return ValueView::of_unsigned(to_unsigned(value));
        case Type::boolean: return ValueView::of_boolean(value >= 0.5);
        case Type::floating:
        case Type::none:
        case Type::string:
        case Type::opaque:
        case Type::objlnk:
        case Type::corelnk: break;
    }
    return ValueView::of_floating(value);
}

template <class Form>
ValueView view_of(const Form& form, const GeneratorSpec& spec, const Sampling& sampling, const Draws& draws,
                  std::uint64_t number) {
    const Sample sample{number, base::seconds(sampling.at(number)), static_cast<double>(sampling.every) / 1e9};
    const Limits within = limits(form);
    double value = 0;
    if constexpr (std::same_as<Form, profiles::RouteGenerator>) {
        value = value_of(form, spec, sample, draws);
    } else {
        value = value_of(form, spec.type, sample, draws);
    }
    value = rounded(value, spec.resolution);
    return in_type(std::clamp(value, within.min, within.max), spec.type);
}

// Where a cycle of states is: the current stay and when it ends, in nanoseconds since the start of the run.
struct Stay {
    std::size_t state;
    std::int64_t end;
};

// Rounds are all equally long, the sum of the mean stays, so that the round is known from the time alone; within a
// round the stays are drawn, and stretched to fill it.
Stay stay_at(const profiles::StatesGenerator& form, const GeneratorSpec& spec, const Draws& draws, std::int64_t at) {
    const std::int64_t round = form.round.count();
    const std::int64_t first = spec.phase
                                   ? spec.phase->count() % round
                                   : static_cast<std::int64_t>(draws.unit(Draws::phase) * static_cast<double>(round));
    // The first round began at or before the start of the run.
    const std::int64_t shift = first == 0 ? 0 : round - first;
    const auto rounds =
        (static_cast<std::uint64_t>(at) + static_cast<std::uint64_t>(shift)) / static_cast<std::uint64_t>(round);
    const std::int64_t begin =
        static_cast<std::int64_t>(rounds * static_cast<std::uint64_t>(round) - static_cast<std::uint64_t>(shift));
    const std::size_t count = form.states.size();
    const auto length = [&](std::size_t i) {
        const base::DurationSpec& stay = form.states[i].stay;
        return base::seconds(stay.is_fixed() ? stay.centre : stay.at(draws.unit(rounds * count + i)));
    };
    double total = 0;
    for (std::size_t i = 0; i < count; ++i) total += length(i);
    const std::int64_t within = at - begin;
    // What would end after the end of time does not end.
    const auto ending = [&](std::int64_t after) {
        return begin > std::numeric_limits<std::int64_t>::max() - after ? std::numeric_limits<std::int64_t>::max()
                                                                        : begin + after;
    };
    double until = 0;
    for (std::size_t i = 0; i + 1 < count; ++i) {
        until += length(i);
        const double share = total > 0 ? until / total : static_cast<double>(i + 1) / static_cast<double>(count);
        const auto after = std::min(round, std::int64_t{std::llround(share * static_cast<double>(round))});
        if (within < after) return {i, ending(after)};
    }
    return {count - 1, ending(round)};
}

std::size_t drawn_state(const profiles::StatesGenerator& form, double unit) {
    double left = unit * form.weight;
    for (std::size_t i = 0; i + 1 < form.states.size(); ++i) {
        left -= form.states[i].weight;
        if (left < 0) return i;
    }
    return form.states.size() - 1;
}

// The row of a timed table; before its first row the first one holds.
std::size_t timed_row(const profiles::CsvGenerator::Column& column, std::int64_t at) {
    const auto later = std::ranges::upper_bound(column.times, Duration(at));
    return later == column.times.begin() ? 0 : static_cast<std::size_t>(later - column.times.begin()) - 1;
}

// The first sample after `number` for which `differs` holds, which once it holds must hold for all later ones.
template <class Differs>
Time first_sample(const Sampling& sampling, std::uint64_t number, Differs differs) {
    const std::uint64_t last = sampling.last();
    if (number >= last) return base::never;
    std::uint64_t same = number;
    std::uint64_t step = 1;
    while (step <= last - same && !differs(same + step)) {
        same += step;
        step *= 2;
    }
    std::uint64_t other = step <= last - same ? same + step : last;
    if (step > last - same && !differs(last)) return base::never;
    while (other - same > 1) {
        const std::uint64_t middle = same + (other - same) / 2;
        (differs(middle) ? other : same) = middle;
    }
    return Time(sampling.at(other));
}

// It never rises, or it never falls.
template <class Form>
concept Monotone = std::same_as<Form, profiles::DrainGenerator> || std::same_as<Form, profiles::CounterGenerator>;

Time next_sample(const GeneratorSpec& spec, const GeneratorContext& context) {
    const Draws draws(context);
    const Sampling sampling(spec, draws);
    const std::uint64_t next = sampling.number(context.time) + 1;
    return next > sampling.last() ? base::never : Time(sampling.at(next));
}

}  // namespace

void Generators::check(const std::vector<GeneratorSpec>& specs, profiles::Diagnostics& diagnostics) {
    for (const GeneratorSpec& spec : specs) {
        const auto* form = std::get_if<profiles::ExprGenerator>(&spec.form);
        if (form == nullptr) continue;
        const auto report = [&](const std::string& what) {
            diagnostics.error(form->place, fmt::format("expr: '{}': {}", profiles::printable(form->text), what),
                              "variables are t (seconds), index, u (0 to 1) and pi");
        };
        try {
            const Expression expression(form->text);
            if (expression.parser.GetNumResults() > 1) report("a comma makes two results of it");
        } catch (const mu::Parser::exception_type& error) {
            report(error.GetMsg());
        }
    }
}

Generators::Generators(const std::vector<GeneratorSpec>& specs) : specs_(&specs), expressions_(specs.size()) {
    for (std::size_t i = 0; i < specs.size(); ++i) {
        const auto* form = std::get_if<profiles::ExprGenerator>(&specs[i].form);
        if (form == nullptr) continue;
        try {
            expressions_[i] = std::make_unique<Expression>(form->text);
        } catch (const mu::Parser::exception_type&) {
            CHECK(!"check() lets only valid expressions through");
        }
    }
}

Generators::~Generators() = default;
Generators::Generators(Generators&&) noexcept = default;
Generators& Generators::operator=(Generators&&) noexcept = default;

ValueView Generators::evaluate(std::size_t generator, const GeneratorContext& asked) const {
    const GeneratorSpec& spec = (*specs_)[generator];
    const GeneratorContext context = drawn_for(spec, asked);
    const std::int64_t at = since_start(context.time);
    return std::visit(
        [&]<class Form>(const Form& form) -> ValueView {
            if constexpr (std::same_as<Form, profiles::ConstantGenerator>) {
                return form.value.view();
            } else if constexpr (std::same_as<Form, profiles::CsvGenerator>) {
                const auto& data = *form.data;
                return data.values[data.times.empty() ? context.device % data.values.size() : timed_row(data, at)]
                    .view();
            } else {
                const Draws draws(context);
                if constexpr (std::same_as<Form, profiles::StatesGenerator>) {
                    if (!form.drawn) return form.states[stay_at(form, spec, draws, at).state].value.view();
                }
                const Sampling sampling(spec, draws);
                const std::uint64_t number = sampling.number(context.time);
                if constexpr (std::same_as<Form, profiles::StatesGenerator>) {
                    return form.states[drawn_state(form, draws.unit(number))].value.view();
                } else if constexpr (std::same_as<Form, profiles::ExprGenerator>) {
                    Expression& expression = *expressions_[generator];
                    expression.t = base::seconds(sampling.at(number));
                    expression.index = static_cast<double>(context.device);
                    expression.u = draws.unit(number);
                    return in_type(rounded(expression.result(), spec.resolution), spec.type);
                } else {
                    return view_of(form, spec, sampling, draws, number);
                }
            }
        },
        spec.form);
}

Time Generators::next_change(std::size_t generator, const GeneratorContext& asked) const {
    const GeneratorSpec& spec = (*specs_)[generator];
    const GeneratorContext context = drawn_for(spec, asked);
    const std::int64_t at = since_start(context.time);
    return std::visit(
        [&]<class Form>(const Form& form) -> Time {
            if constexpr (std::same_as<Form, profiles::ConstantGenerator>) {
                return base::never;
            } else if constexpr (std::same_as<Form, profiles::CsvGenerator>) {
                const auto& times = form.data->times;
                const auto next = std::ranges::upper_bound(
                    times, std::max(Duration(at), times.empty() ? Duration(0) : times.front()));
                return next == times.end() ? base::never : Time(*next);
            } else if constexpr (std::same_as<Form, profiles::StatesGenerator>) {
                if (form.states.size() == 1) return base::never;
                return form.drawn ? next_sample(spec, context)
                                  : Time(Duration(stay_at(form, spec, Draws(context), at).end));
            } else if constexpr (Monotone<Form>) {
                const Draws draws(context);
                const Sampling sampling(spec, draws);
                const std::uint64_t number = sampling.number(context.time);
                const ValueView now = view_of(form, spec, sampling, draws, number);
                return first_sample(sampling, number, [&](std::uint64_t other) {
                    return view_of(form, spec, sampling, draws, other) != now;
                });
            } else {
                return next_sample(spec, context);
            }
        },
        spec.form);
}

Time Generators::sampled_at(std::size_t generator, const GeneratorContext& asked) const {
    const GeneratorSpec& spec = (*specs_)[generator];
    const auto* const states = std::get_if<profiles::StatesGenerator>(&spec.form);
    if (std::holds_alternative<profiles::ConstantGenerator>(spec.form) ||
        std::holds_alternative<profiles::CsvGenerator>(spec.form) || (states != nullptr && !states->drawn)) {
        return asked.time;
    }
    const Draws draws(drawn_for(spec, asked));
    const Sampling sampling(spec, draws);
    return Time(sampling.at(sampling.number(asked.time)));
}

std::optional<Time> Generators::next_crossing(std::size_t generator, const GeneratorContext& context,
                                              double threshold) const {
    const GeneratorSpec& spec = (*specs_)[generator];
    return std::visit(
        [&]<class Form>(const Form& form) -> std::optional<Time> {
            if constexpr (Monotone<Form>) {
                const Draws draws(context);
                const Sampling sampling(spec, draws);
                const std::uint64_t number = sampling.number(context.time);
                const auto above = [&](std::uint64_t other) {
                    return lwm2m::to_number(view_of(form, spec, sampling, draws, other)) > threshold;
                };
                return first_sample(sampling, number,
                                    [&, now = above(number)](std::uint64_t other) { return above(other) != now; });
            } else if constexpr (std::same_as<Form, profiles::ConstantGenerator>) {
                return base::never;
            } else {
                return std::nullopt;
            }
        },
        spec.form);
}

}  // namespace fleet
