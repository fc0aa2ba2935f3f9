#include "simulator/base/units.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "simulator/base/random.h"

namespace base {
namespace {

constexpr const char* no_duration = "not a duration; try \"30 s\" or \"1h30m\"";
constexpr const char* no_count = "not a count; try 500 or 100k";
constexpr const char* no_share = "not a share; try 90% or 0.9";
constexpr const char* no_size = "not a size; try 12KB";
constexpr const char* no_rate = "not a rate; try 200/s";
constexpr const char* no_byte_rate = "not a data rate; try 12KB/s";
constexpr const char* no_spec = "not a duration; try \"30 s\", \"1h ±5%\" or exp(20s)";
constexpr const char* too_long = "duration longer than 292 years";
constexpr const char* too_large = "number too large";

constexpr double z99 = 2.3263478740408408;  // 99 % of a standard normal variable is below this

struct Unit {
    std::string_view name;
    std::int64_t ns;
};
constexpr std::int64_t second = 1'000'000'000;
constexpr std::array<Unit, 11> units{{
    {"ns", 1},
    {"us", 1'000},
    {"µs", 1'000},
    {"ms", 1'000'000},
    {"s", second},
    {"m", 60 * second},
    {"min", 60 * second},
    {"h", 3600 * second},
    {"d", 86400 * second},
    {"w", 7 * 86400 * second},
    {"y", 365 * 86400 * second},
}};

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

// Takes an unsigned decimal number off the front: digits, optionally a point and digits. No sign, exponent, infinity.
std::optional<double> take_number(std::string_view& text) {
    std::size_t end = 0;
    std::size_t digits = 0;
    while (end < text.size() && is_digit(text[end])) ++end, ++digits;
    if (end < text.size() && text[end] == '.') {
        ++end;
        while (end < text.size() && is_digit(text[end])) ++end, ++digits;
    }
    if (digits == 0 || end > 64) return std::nullopt;
    double number = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + end, number, std::chars_format::fixed);
    if (error != std::errc{} || stop != text.data() + end) return std::nullopt;
    text.remove_prefix(end);
    return number;
}

std::string_view take_blanks(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    return text;
}

const Unit* take_unit(std::string_view& text) {
    std::size_t end = 0;
    while (end < text.size() && !is_digit(text[end]) && !is_blank(text[end]) && text[end] != '.') ++end;
    for (const Unit& unit : units) {
        if (unit.name != text.substr(0, end)) continue;
        text.remove_prefix(end);
        return &unit;
    }
    return nullptr;
}

// "1_000" and "1,000" -> "1000"; empty where a separator stands elsewhere than between digits.
std::string ungroup(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '_' && text[i] != ',') {
            plain += text[i];
        } else if (i == 0 || i + 1 == text.size() || !is_digit(text[i - 1]) || !is_digit(text[i + 1])) {
            return {};
        }
    }
    return plain;
}

struct Scale {
    std::string_view suffix;
    double factor;
};
constexpr std::array<Scale, 5> count_scales{{{"", 1}, {"k", 1e3}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9}}};
constexpr std::array<Scale, 9> size_scales{{{"", 1},
                                            {"B", 1},
                                            {"kB", 1e3},
                                            {"KB", 1e3},
                                            {"MB", 1e6},
                                            {"GB", 1e9},
                                            {"KiB", 1024},
                                            {"MiB", 1048576},
                                            {"GiB", 1073741824}}};

template <std::size_t N>
std::optional<double> scaled(std::string_view text, const std::array<Scale, N>& scales) {
    const std::string plain = ungroup(trim(text));
    std::string_view left = plain;
    const auto number = take_number(left);
    if (!number) return std::nullopt;
    left = take_blanks(left);
    for (const Scale& scale : scales) {
        if (left == scale.suffix) return *number * scale.factor;
    }
    return std::nullopt;
}

// The exact whole number that `value` is meant to be ("1.1k" is 1100.0000000000002 in floating point).
Result<std::uint64_t> whole(double value, const char* message) {
    const double rounded = std::round(value);
    if (rounded > 9e15) return fail(too_large);
    if (std::abs(value - rounded) > 1e-6 * std::max(1.0, rounded) || (value != 0 && rounded == 0)) return fail(message);
    return static_cast<std::uint64_t>(rounded);
}

// "200/s" -> (200, 1 s) by way of `amount`, which reads what stands before the slash.
template <class Amount>
Result<double> per_second(std::string_view text, const char* message, Amount amount) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) return fail(message);
    const std::optional<double> number = amount(text.substr(0, slash));
    std::string_view unit_text = trim(text.substr(slash + 1));
    const Unit* unit = take_unit(unit_text);
    if (!number || unit == nullptr || !unit_text.empty()) return fail(message);
    return *number / (static_cast<double>(unit->ns) / 1e9);
}

std::string trimmed_number(double value) {
    std::string text = fmt::format("{:.6f}", value);
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
    text = trim(text);
    if (text == "0") return Duration::zero();
    if (text.empty()) return fail(no_duration);
    Duration total{0};
    while (!text.empty()) {
        const auto number = take_number(text);
        if (!number) return fail(no_duration);
        text = take_blanks(text);
        const Unit* unit = take_unit(text);
        if (unit == nullptr) return fail(no_duration);
        text = take_blanks(text);
        const double ns = *number * static_cast<double>(unit->ns);
        if (ns > 9.2e18 - static_cast<double>(total.count())) return fail(too_long);
        total += Duration(std::llround(ns));
    }
    return total;
}

Result<std::uint64_t> parse_count(std::string_view text) {
    const auto value = scaled(text, count_scales);
    if (!value) return fail(no_count);
    return whole(*value, no_count);
}

Result<double> parse_share(std::string_view text) {
    text = trim(text);
    const bool percent = !text.empty() && text.back() == '%';
    if (percent) text = trim(text.substr(0, text.size() - 1));
    const auto number = take_number(text);
    if (!number || !text.empty()) return fail(no_share);
    const double share = percent ? *number / 100 : *number;
    if (share > 1)
        return fail(percent ? "a share is 100% at most"
                            : "a share is between 0 and 1; did you mean a percentage (90%)?");
    return share;
}

Result<std::uint64_t> parse_size(std::string_view text) {
    const auto value = scaled(text, size_scales);
    if (!value) return fail(no_size);
    return whole(*value, no_size);
}

Result<double> parse_rate(std::string_view text) {
    return per_second(text, no_rate, [](std::string_view amount) { return scaled(amount, count_scales); });
}

Result<double> parse_byte_rate(std::string_view text) {
    return per_second(text, no_byte_rate, [](std::string_view amount) { return scaled(amount, size_scales); });
}

std::string format_duration(Duration duration) {
    if (duration < Duration::zero())
        return "-" + format_duration(duration == Duration::min() ? Duration::max() : -duration);
    if (duration == Duration::zero()) return "0s";
    constexpr std::array<Unit, 3> large{{{"d", 86400 * second}, {"h", 3600 * second}, {"m", 60 * second}}};
    std::int64_t left = duration.count();
    std::string text;
    for (const Unit& unit : large) {
        if (left >= unit.ns) text += fmt::format("{}{}", left / unit.ns, unit.name);
        left %= unit.ns;
    }
    if (left == 0) return text;
    const auto with_fraction = [](std::int64_t ns, std::int64_t unit) {
        std::string number = fmt::format("{}.{:0{}}", ns / unit, ns % unit,
                                         unit == second      ? 9
                                         : unit == 1'000'000 ? 6
                                                             : 3);
        while (number.back() == '0') number.pop_back();
        if (number.back() == '.') number.pop_back();
        return number;
    };
    if (left >= second || !text.empty()) return text + with_fraction(left, second) + "s";
    if (left >= 1'000'000) return with_fraction(left, 1'000'000) + "ms";
    if (left >= 1'000) return with_fraction(left, 1'000) + "us";
    return fmt::format("{}ns", left);
}

std::string format_count(std::uint64_t count) {
    constexpr std::array<std::pair<std::uint64_t, char>, 3> scales{
        {{1'000'000'000, 'G'}, {1'000'000, 'M'}, {1'000, 'k'}}};
    for (const auto& [unit, letter] : scales) {
        if (count < unit || count % (unit / 10) != 0) continue;
        if (count % unit == 0) return fmt::format("{}{}", count / unit, letter);
        return fmt::format("{}.{}{}", count / unit, count % unit / (unit / 10), letter);
    }
    std::string text = std::to_string(count);
    for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
    return text;
}

std::string format_size(std::uint64_t bytes) {
    constexpr std::array<std::string_view, 5> names{"B", "KB", "MB", "GB", "TB"};
    double value = static_cast<double>(bytes);
    std::size_t scale = 0;
    while (value >= 999.5 && scale + 1 < names.size()) value /= 1000, ++scale;
    if (scale == 0) return fmt::format("{} B", bytes);
    return fmt::format("{:.{}f} {}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0, names[scale]);
}

std::string format_share(double share) { return trimmed_number(share * 100) + "%"; }

Duration DurationSpec::at(double unit) const {
    const double middle = seconds(centre);
    const double width = seconds(spread);
    double drawn = middle;
    switch (shape) {
        case Shape::fixed: return centre;
        case Shape::jitter:
        case Shape::uniform: drawn = middle + width * (2 * unit - 1); break;
        case Shape::exponential: drawn = exponential(unit, middle); break;
        case Shape::normal: drawn = normal(unit, middle, width); break;
        case Shape::lognormal: drawn = middle * std::exp(normal(unit, 0, sigma)); break;
    }
    return std::max(Duration::zero(), from_seconds(drawn));
}

Duration DurationSpec::mean() const {
    return shape == Shape::lognormal ? from_seconds(seconds(centre) * std::exp(sigma * sigma / 2)) : centre;
}

namespace {

// "1h ±5%" and "15m ±2m".
Result<DurationSpec> parse_jitter(std::string_view centre_text, std::string_view spread_text) {
    const auto centre = parse_duration(centre_text);
    if (!centre) return tl::unexpected(centre.error());
    DurationSpec spec(*centre);
    spec.shape = DurationSpec::Shape::jitter;
    spread_text = trim(spread_text);
    if (!spread_text.empty() && spread_text.back() == '%') {
        const auto share = parse_share(spread_text);
        if (!share) return tl::unexpected(share.error());
        spec.spread = Duration(std::llround(static_cast<double>(centre->count()) * *share));
    } else {
        const auto spread = parse_duration(spread_text);
        if (!spread) return tl::unexpected(spread.error());
        spec.spread = *spread;
    }
    if (spec.spread > spec.centre) return fail("the jitter is larger than the duration that it varies");
    return spec;
}

struct Call {
    std::string_view name;
    std::vector<std::string_view> arguments;
};

std::optional<Call> parse_call(std::string_view text) {
    const auto open = text.find('(');
    if (open == std::string_view::npos || text.back() != ')') return std::nullopt;
    Call call{trim(text.substr(0, open)), {}};
    std::string_view inside = text.substr(open + 1, text.size() - open - 2);
    for (;;) {
        const auto comma = inside.find(',');
        call.arguments.push_back(trim(inside.substr(0, comma)));
        if (comma == std::string_view::npos) return call;
        inside.remove_prefix(comma + 1);
    }
}

Result<DurationSpec> distribution(DurationSpec::Shape shape, Duration first, Duration second_one) {
    DurationSpec spec(first);
    spec.shape = shape;
    spec.spread = second_one;
    if (shape == DurationSpec::Shape::uniform) {
        if (second_one < first) return fail("uniform(a, b) needs a <= b");
        spec.centre = first + (second_one - first) / 2;
        spec.spread = (second_one - first) / 2;
    }
    if (shape == DurationSpec::Shape::lognormal) {
        if (first <= Duration::zero() || second_one < first)
            return fail("lognormal(median, p99=x) needs 0 < median <= p99");
        spec.sigma = std::log(seconds(second_one) / seconds(first)) / z99;
    }
    return spec;
}

Result<DurationSpec> parse_distribution(const Call& call) {
    const auto& given = call.arguments;
    const auto first = parse_duration(given[0]);
    if (!first) return tl::unexpected(first.error());
    if (call.name == "exp" || call.name == "exponential") {
        if (given.size() != 1) return fail("exp takes its mean: exp(20s)");
        return distribution(DurationSpec::Shape::exponential, *first, Duration::zero());
    }
    if (given.size() != 2)
        return fail("a distribution takes two values: uniform(1s, 5s), normal(10s, 2s), lognormal(180ms, p99=2.5s)");
    std::string_view second_text = given[1];
    const bool named = second_text.starts_with("p99");
    if (named) {
        const auto equals = second_text.find('=');
        if (equals == std::string_view::npos || call.name != "lognormal") return fail(no_spec);
        second_text = second_text.substr(equals + 1);
    }
    const auto last = parse_duration(second_text);
    if (!last) return tl::unexpected(last.error());
    if (call.name == "uniform") return distribution(DurationSpec::Shape::uniform, *first, *last);
    if (call.name == "normal") return distribution(DurationSpec::Shape::normal, *first, *last);
    if (call.name == "lognormal" && named) return distribution(DurationSpec::Shape::lognormal, *first, *last);
    return fail("not a distribution; there are exp(20s), uniform(1s, 5s), normal(10s, 2s), lognormal(180ms, p99=2.5s)");
}

}  // namespace

Result<DurationSpec> parse_duration_spec(std::string_view text) {
    text = trim(text);
    for (const std::string_view sign : {"±", "+/-", "+-"}) {
        const auto at = text.find(sign);
        if (at != std::string_view::npos) return parse_jitter(text.substr(0, at), text.substr(at + sign.size()));
    }
    if (const auto call = parse_call(text)) return parse_distribution(*call);
    if (text.find('(') != std::string_view::npos) {
        return fail("the parenthesis is not closed; within { } a value with a comma needs quotes");
    }
    const auto always = parse_duration(text);
    if (!always) return fail(always.error().what == no_duration ? no_spec : always.error().what);
    return DurationSpec(*always);
}

std::string format_duration_spec(const DurationSpec& spec) {
    const auto show = [](Duration duration) { return format_duration(duration); };
    switch (spec.shape) {
        case DurationSpec::Shape::fixed: return show(spec.centre);
        case DurationSpec::Shape::jitter: return fmt::format("{} ±{}", show(spec.centre), show(spec.spread));
        case DurationSpec::Shape::uniform:
            return fmt::format("uniform({}, {})", show(spec.centre - spec.spread), show(spec.centre + spec.spread));
        case DurationSpec::Shape::exponential: return fmt::format("exp({})", show(spec.centre));
        case DurationSpec::Shape::normal: return fmt::format("normal({}, {})", show(spec.centre), show(spec.spread));
        case DurationSpec::Shape::lognormal:
            return fmt::format("lognormal({}, p99={})", show(spec.centre), show(spec.spread));
    }
    return {};
}

}  // namespace base
