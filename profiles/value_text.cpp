#include "profiles/value_text.h"

#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>

namespace profiles {
namespace {

using lwm2m::Value;
using lwm2m::ValueView;

// All of `text` as a number, in whichever type from_chars knows; a leading '+' is allowed.
template <class T>
std::optional<T> whole_text(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    T number{};
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end || text.empty()) return std::nullopt;
    return number;
}

// "2026-01-31T12:00:00Z", every digit in its place.
std::optional<std::int64_t> utc(std::string_view text) {
    constexpr std::string_view shape = "0000-00-00T00:00:00Z";
    if (text.size() != shape.size()) return std::nullopt;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (shape[i] == '0' ? !digit : text[i] != shape[i]) return std::nullopt;
    }
    const auto field = [&](std::size_t at, std::size_t size) { return *whole_text<unsigned>(text.substr(at, size)); };
    const std::chrono::year_month_day day{std::chrono::year(static_cast<int>(field(0, 4))),
                                          std::chrono::month(field(5, 2)), std::chrono::day(field(8, 2))};
    if (!day.ok() || field(11, 2) > 23 || field(14, 2) > 59 || field(17, 2) > 59) return std::nullopt;
    const std::int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
    return ((days * 24 + field(11, 2)) * 60 + field(14, 2)) * 60 + field(17, 2);
}

base::Result<Value> objlnk(std::string_view text) {
    const auto colon = text.find(':');
    if (colon != std::string_view::npos) {
        const auto object = whole_text<std::uint16_t>(text.substr(0, colon));
        const auto instance = whole_text<std::uint16_t>(text.substr(colon + 1));
        if (object && instance) return Value(ValueView::of_objlnk({*object, *instance}));
    }
    return base::fail("an object link is OBJECT:INSTANCE, such as 3:0");
}

}  // namespace

base::Result<Value> read_value(std::string_view text, lwm2m::Type type) {
    switch (type) {
        case lwm2m::Type::none: return base::fail("the resource has no value: it can only be executed");
        case lwm2m::Type::string: return Value(ValueView::of_string(text));
        case lwm2m::Type::corelnk: return Value(ValueView::of_corelnk(text));
        case lwm2m::Type::integer:
            if (const auto number = whole_text<std::int64_t>(text)) return Value(ValueView::of_integer(*number));
            return base::fail("an integer is a whole number, such as -3");
        case lwm2m::Type::unsigned_integer:
            if (const auto number = whole_text<std::uint64_t>(text)) return Value(ValueView::of_unsigned(*number));
            return base::fail("an unsigned integer is a whole number from 0, such as 3");
        case lwm2m::Type::floating:
            if (const auto number = whole_text<double>(text); number && std::isfinite(*number)) {
                return Value(ValueView::of_floating(*number));
            }
            return base::fail("a float is a number, such as 21.5");
        case lwm2m::Type::boolean:
            if (text == "true" || text == "1") return Value(ValueView::of_boolean(true));
            if (text == "false" || text == "0") return Value(ValueView::of_boolean(false));
            return base::fail("a boolean is true or false");
        case lwm2m::Type::opaque: {
            const auto bytes = base::from_hex(text);
            if (bytes) return Value(ValueView::of_opaque(*bytes));
            return base::fail("opaque is written in hexadecimal, such as 0a1b");
        }
        case lwm2m::Type::time:
            if (const auto number = whole_text<std::int64_t>(text)) return Value(ValueView::of_time(*number));
            if (const auto moment = utc(text)) return Value(ValueView::of_time(*moment));
            return base::fail("a time is Unix time, or UTC such as 2026-01-31T12:00:00Z");
        case lwm2m::Type::objlnk: return objlnk(text);
    }
    return base::fail("unknown type");
}

}  // namespace profiles
