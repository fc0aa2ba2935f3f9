#include "simulator/lwm2m/object_model.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace lwm2m {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
// Locale plays no part: what is no ASCII letter is a separator.
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_word(char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z'); }

bool is_number(Type type) {
    return type == Type::integer || type == Type::unsigned_integer || type == Type::floating || type == Type::boolean ||
           type == Type::time;
}
bool has_length(Type type) { return type == Type::string || type == Type::opaque || type == Type::corelnk; }

std::string single_spaced(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (!is_space(c)) {
            out += c;
        } else if (!out.empty() && out.back() != ' ') {
            out += ' ';
        }
    }
    if (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

// A walk over the text of a range; each `take_` moves on only when it found what it looked for.
class RangeReader {
public:
    explicit RangeReader(std::string_view text) : rest_(text) {}

    bool at_end() {
        skip_spaces();
        return rest_.empty();
    }
    bool take(std::string_view token) {
        skip_spaces();
        if (rest_.size() < token.size()) return false;
        for (std::size_t i = 0; i < token.size(); ++i) {
            if (lower(rest_[i]) != token[i]) return false;
        }
        rest_.remove_prefix(token.size());
        return true;
    }
    std::optional<double> take_number() {
        skip_spaces();
        // "0..5": a point belongs to the number only where a digit follows it.
        std::size_t length = !rest_.empty() && rest_[0] == '-' ? 1 : 0;
        while (length < rest_.size() && is_digit(rest_[length])) ++length;
        if (length + 1 < rest_.size() && rest_[length] == '.' && is_digit(rest_[length + 1])) {
            ++length;
            while (length < rest_.size() && is_digit(rest_[length])) ++length;
        }
        double number = 0;
        const auto [end, error] =
            std::from_chars(rest_.data(), rest_.data() + length, number, std::chars_format::fixed);
        if (error != std::errc{} || end != rest_.data() + length) return std::nullopt;
        rest_.remove_prefix(length);
        return number;
    }
    void skip_word() {
        while (!rest_.empty() && !is_space(rest_.front())) rest_.remove_prefix(1);
    }

private:
    void skip_spaces() {
        while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
    }
    std::string_view rest_;
};

enum class Unit : std::uint8_t { none, bytes, bits };

Unit take_unit(RangeReader& reader) {
    if (reader.take("-bits") || reader.take("-bit") || reader.take("bits") || reader.take("bit")) return Unit::bits;
    if (reader.take("bytes") || reader.take("byte")) return Unit::bytes;
    return Unit::none;
}

bool take_list_separator(RangeReader& reader) { return reader.take(",") || reader.take(";") || reader.take("or "); }
bool take_range_separator(RangeReader& reader) { return reader.take("...") || reader.take("..") || reader.take(":"); }

// "0..3, 99", "16-32-48 bytes", "[1:4]". Nothing when any part of the text makes no sense.
std::optional<std::pair<std::vector<Range::Interval>, Unit>> parse_intervals(std::string_view text) {
    RangeReader reader(text);
    std::vector<Range::Interval> intervals;
    const bool bracketed = reader.take("[");
    Unit unit = Unit::none;
    do {
        const auto first = reader.take_number();
        if (!first) return std::nullopt;
        std::vector<double> numbers{*first};
        bool dashed = false;
        while (true) {
            unit = take_unit(reader);
            if (unit != Unit::none) break;
            const bool dash = reader.take("-");
            if (!dash && (numbers.size() > 1 || !take_range_separator(reader))) break;
            const auto next = reader.take_number();
            if (!next) return std::nullopt;
            numbers.push_back(*next);
            dashed = dash;
        }
        if (numbers.size() == 2) {
            intervals.push_back({std::min(numbers[0], numbers[1]), std::max(numbers[0], numbers[1])});
        } else if (numbers.size() == 1 || dashed) {  // "16-32-48" lists three values
            for (const double number : numbers) intervals.push_back({number, number});
        }
    } while (unit == Unit::none && take_list_separator(reader));
    if (bracketed && !reader.take("]")) return std::nullopt;
    if (!reader.at_end()) return std::nullopt;
    return std::pair{std::move(intervals), unit};
}

// "0: off 1: on 255: stuck": the numbers before the colons.
std::vector<Range::Interval> parse_enumeration(std::string_view text) {
    RangeReader reader(text);
    std::vector<Range::Interval> values;
    while (!reader.at_end()) {
        const auto number = reader.take_number();
        if (number && reader.take(":")) {
            values.push_back({*number, *number});
        } else if (values.empty()) {
            return {};
        } else {
            reader.skip_word();
        }
    }
    return values;
}

}  // namespace

std::string to_string(Version version) { return fmt::format("{}.{}", version.major, version.minor); }

base::Result<Version> parse_version(std::string_view text) {
    Version version;
    const char* const end = text.data() + text.size();
    const auto major = std::from_chars(text.data(), end, version.major);
    if (major.ec != std::errc{} || major.ptr == end || *major.ptr != '.') {
        return base::fail("a version is written as \"1.0\"");
    }
    const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
    if (minor.ec != std::errc{} || minor.ptr != end) return base::fail("a version is written as \"1.0\"");
    return version;
}

std::string to_string(Operations operations) {
    std::string text;
    if (operations.read) text += 'R';
    if (operations.write) text += 'W';
    if (operations.execute) text += 'E';
    return text.empty() ? "none" : text;
}

base::Result<Operations> parse_operations(std::string_view text) {
    Operations operations;
    if (text.empty() || text == "none") return operations;
    for (std::size_t i = 0; i < text.size(); ++i) {
        bool* const flag = text[i] == 'R'   ? &operations.read
                           : text[i] == 'W' ? &operations.write
                           : text[i] == 'E' ? &operations.execute
                                            : nullptr;
        if (flag == nullptr || *flag) return base::fail("operations are R, W, RW, E or none", i);
        *flag = true;
    }
    if (operations.execute && (operations.read || operations.write)) {
        return base::fail("an executable resource can be neither read nor written");
    }
    return operations;
}

bool Range::allows(const ValueView& value) const {
    if (intervals.empty()) return true;
    if (of == Of::length ? !has_length(value.type) : !is_number(value.type)) return true;
    const double measure = of == Of::length ? static_cast<double>(value.bytes.size()) : to_number(value);
    return std::any_of(intervals.begin(), intervals.end(), [measure](const Interval& interval) {
        return measure >= interval.min && measure <= interval.max;
    });
}

Range parse_range(std::string_view text, Type type) {
    Range range;
    range.text = single_spaced(text);
    if (range.text.empty() || (!is_number(type) && !has_length(type))) return range;
    range.of = has_length(type) ? Range::Of::length : Range::Of::value;

    auto parsed = parse_intervals(range.text);
    if (!parsed) {
        if (is_number(type)) range.intervals = parse_enumeration(range.text);
        return range;
    }
    auto& [intervals, unit] = *parsed;
    const bool is_size = unit != Unit::none;
    if (range.of == Range::Of::value) {
        // "2 bytes" of an integer leaves its sign open, and a lone number says nothing about the others.
        const bool lone = intervals.size() == 1 && intervals[0].min == intervals[0].max;
        if (!is_size && !lone) range.intervals = std::move(intervals);
        return range;
    }
    for (Range::Interval& interval : intervals) {
        if (interval.min < 0) return range;
        if (unit == Unit::bits) interval = {std::ceil(interval.min / 8), std::ceil(interval.max / 8)};
    }
    range.intervals = std::move(intervals);
    return range;
}

const ResourceModel* ObjectModel::find(std::uint16_t resource) const {
    const auto at =
        std::lower_bound(resources.begin(), resources.end(), resource,
                         [](const ResourceModel& model, std::uint16_t wanted) { return model.id < wanted; });
    return at != resources.end() && at->id == resource ? &*at : nullptr;
}

const ResourceModel* ObjectModel::find(std::string_view resource) const {
    const std::string folded = fold(resource);
    for (const ResourceModel& model : resources) {
        if (fold(model.key) == folded) return &model;
    }
    return nullptr;
}

std::string to_key(std::string_view name) {
    std::string key;
    for (const char c : name) {
        if (is_word(c)) {
            key += lower(c);
        } else if (!key.empty() && key.back() != '_') {
            key += '_';
        }
    }
    if (!key.empty() && key.back() == '_') key.pop_back();
    constexpr std::string_view prefix = "lwm2m_";
    if (key.starts_with(prefix)) key.erase(0, prefix.size());
    return key;
}

std::string fold(std::string_view name) {
    std::string folded;
    for (const char c : name) {
        if (is_word(c)) folded += lower(c);
    }
    constexpr std::string_view prefix = "lwm2m";
    if (folded.size() > prefix.size() && folded.starts_with(prefix)) folded.erase(0, prefix.size());
    return folded;
}

std::string default_urn(std::uint16_t object, Version version) {
    const std::string_view kind = object < 2048 ? "oma" : object <= 10240 ? "ext" : "x";
    std::string urn = fmt::format("urn:oma:lwm2m:{}:{}", kind, object);
    if (version != Version{}) urn += ':' + to_string(version);
    return urn;
}

base::Result<void> complete(ObjectModel& model) {
    std::sort(model.resources.begin(), model.resources.end(),
              [](const ResourceModel& a, const ResourceModel& b) { return a.id < b.id; });
    const auto twin = std::adjacent_find(model.resources.begin(), model.resources.end(),
                                         [](const ResourceModel& a, const ResourceModel& b) { return a.id == b.id; });
    if (twin != model.resources.end()) return base::fail("a resource id occurs twice", twin->id);

    // A key of digits alone would read as an id.
    const auto key_of = [](std::string_view name, std::string_view noun, unsigned id) {
        std::string key = to_key(name);
        return std::all_of(key.begin(), key.end(), is_digit) ? fmt::format("{}_{}", noun, id) : key;
    };
    model.key = key_of(model.name, "object", model.id);
    std::set<std::string> taken;
    for (ResourceModel& resource : model.resources) {
        resource.key = key_of(resource.name, "resource", resource.id);
        while (taken.contains(fold(resource.key))) resource.key += fmt::format("_{}", resource.id);
        taken.insert(fold(resource.key));
    }
    return {};
}

}  // namespace lwm2m
