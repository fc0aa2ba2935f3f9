#include "simulator/lwm2m/value.h"

#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace lwm2m {
namespace {

constexpr double two_to_63 = 9223372036854775808.0;

base::Result<std::int64_t> to_signed(const ValueView& value) {
    switch (value.type) {
        case Type::integer:
        case Type::time: return value.integer;
        case Type::unsigned_integer:
            if (value.unsigned_integer > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
                return base::fail("number too large for a signed integer");
            }
            return static_cast<std::int64_t>(value.unsigned_integer);
        case Type::floating:
            if (!(std::abs(value.floating) < two_to_63)) return base::fail("number too large for an integer");
            if (value.floating != std::trunc(value.floating)) return base::fail("a fraction is no integer");
            return static_cast<std::int64_t>(value.floating);
        case Type::none:
        case Type::string:
        case Type::boolean:
        case Type::opaque:
        case Type::objlnk:
        case Type::corelnk: break;
    }
    return base::fail("value is not a number");
}

base::Result<ValueView> to_unsigned(const ValueView& value) {
    const auto number = to_signed(value);
    if (!number) return tl::unexpected(number.error());
    if (*number < 0) return base::fail("a negative number is not unsigned");
    return ValueView::of_unsigned(static_cast<std::uint64_t>(*number));
}

base::Result<ValueView> to_boolean(const ValueView& value) {
    const auto number = to_signed(value);
    if (!number || (*number != 0 && *number != 1)) return base::fail("value is not a boolean");
    return ValueView::of_boolean(*number == 1);
}

}  // namespace

std::string_view name(Type type) {
    switch (type) {
        case Type::none: return "none";
        case Type::string: return "string";
        case Type::integer: return "integer";
        case Type::unsigned_integer: return "unsigned";
        case Type::floating: return "float";
        case Type::boolean: return "boolean";
        case Type::opaque: return "opaque";
        case Type::time: return "time";
        case Type::objlnk: return "objlnk";
        case Type::corelnk: return "corelnk";
    }
    return "none";
}

bool operator==(const ValueView& a, const ValueView& b) {
    if (a.type != b.type) return false;
    switch (a.type) {
        case Type::none: return true;
        case Type::integer:
        case Type::time: return a.integer == b.integer;
        case Type::unsigned_integer: return a.unsigned_integer == b.unsigned_integer;
        case Type::floating: return a.floating == b.floating || (std::isnan(a.floating) && std::isnan(b.floating));
        case Type::boolean: return a.boolean == b.boolean;
        case Type::objlnk: return a.objlnk == b.objlnk;
        case Type::string:
        case Type::opaque:
        case Type::corelnk: return base::equal(a.bytes, b.bytes);
    }
    return false;
}

double to_number(const ValueView& value) {
    switch (value.type) {
        case Type::integer:
        case Type::time: return static_cast<double>(value.integer);
        case Type::unsigned_integer: return static_cast<double>(value.unsigned_integer);
        case Type::floating: return value.floating;
        case Type::boolean: return value.boolean ? 1 : 0;
        case Type::none:
        case Type::string:
        case Type::opaque:
        case Type::objlnk:
        case Type::corelnk: break;
    }
    return std::numeric_limits<double>::quiet_NaN();
}

std::string to_string(const ValueView& value) {
    switch (value.type) {
        case Type::none: return "";
        case Type::integer:
        case Type::time: return fmt::format("{}", value.integer);
        case Type::unsigned_integer: return fmt::format("{}", value.unsigned_integer);
        case Type::floating: return fmt::format("{}", value.floating);
        case Type::boolean: return value.boolean ? "true" : "false";
        case Type::objlnk: return fmt::format("{}:{}", value.objlnk.object, value.objlnk.instance);
        case Type::string:
        case Type::corelnk: return std::string(value.text());
        case Type::opaque: return base::to_hex(value.bytes);
    }
    return "";
}

base::Result<ValueView> convert(const ValueView& value, Type type) {
    if (value.type == type) return value;
    switch (type) {
        case Type::integer: return to_signed(value).map(ValueView::of_integer);
        case Type::time: return to_signed(value).map(ValueView::of_time);
        case Type::unsigned_integer: return to_unsigned(value);
        case Type::boolean: return to_boolean(value);
        case Type::floating: {
            const double number = value.type == Type::boolean ? std::nan("") : to_number(value);
            if (std::isnan(number)) return base::fail("value is not a number");
            return ValueView::of_floating(number);
        }
        case Type::string:
            if (value.type == Type::corelnk) return ValueView::of_string(value.text());
            break;
        case Type::corelnk:
            if (value.type == Type::string) return ValueView::of_corelnk(value.text());
            break;
        case Type::none:
        case Type::opaque:
        case Type::objlnk: break;
    }
    return base::fail("value has another type");
}

}  // namespace lwm2m
