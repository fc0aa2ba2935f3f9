#include "simulator/lwm2m/number_text.h"

#include <charconv>
#include <cmath>

namespace lwm2m {
namespace {

template <class Number, class... Form>
void put_chars(base::Writer& out, Number number, Form... form) {
    if (out.failed()) return;
    char* const first = reinterpret_cast<char*>(out.memory().data()) + out.size();
    const auto result = std::to_chars(first, first + out.room(), number, form...);
    if (result.ec != std::errc{}) return out.fail();
    out.advance(static_cast<std::size_t>(result.ptr - first));
}

template <class Number>
base::Result<Number> parse_chars(std::string_view text, const char* malformed, const char* too_large) {
    Number number{};
    const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
    if (result.ec == std::errc::result_out_of_range) return base::fail(too_large);
    if (result.ec != std::errc{} || result.ptr != text.data() + text.size()) return base::fail(malformed);
    return number;
}

}  // namespace

void put_number(std::int64_t number, base::Writer& out) { put_chars(out, number); }
void put_number(std::uint64_t number, base::Writer& out) { put_chars(out, number); }

void put_number(double number, FloatText form, base::Writer& out) {
    if (!std::isfinite(number)) return out.fail();
    if (form == FloatText::fixed) return put_chars(out, number, std::chars_format::fixed);
    put_chars(out, number);
}

void put_objlnk(Objlnk link, base::Writer& out) {
    put_number(std::uint64_t{link.object}, out);
    out.put_u8(':');
    put_number(std::uint64_t{link.instance}, out);
}

void put_path(const Path& path, base::Writer& out) {
    if (path.depth == 0) return out.put_u8('/');
    for (std::uint8_t i = 0; i < path.depth; ++i) {
        out.put_u8('/');
        put_number(std::uint64_t{path.ids[i]}, out);
    }
}

base::Result<std::int64_t> parse_signed(std::string_view text) {
    return parse_chars<std::int64_t>(text, "not an integer", "integer does not fit 64 bits");
}

base::Result<std::uint64_t> parse_unsigned(std::string_view text) {
    return parse_chars<std::uint64_t>(text, "not an unsigned integer", "unsigned integer does not fit 64 bits");
}

base::Result<double> parse_float(std::string_view text) {
    const auto number = parse_chars<double>(text, "not a number", "number beyond the range of a double");
    if (number && !std::isfinite(*number)) return base::fail("not a number");
    return number;
}

base::Result<Objlnk> parse_objlnk(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return base::fail("an object link has the form 3:0");
    const auto object = parse_unsigned(text.substr(0, colon));
    const auto instance = parse_unsigned(text.substr(colon + 1));
    if (!object || !instance) return base::fail("an object link has the form 3:0");
    if (*object > no_id || *instance > no_id) return base::fail("an id of an object link is 65535 at most");
    return Objlnk{static_cast<std::uint16_t>(*object), static_cast<std::uint16_t>(*instance)};
}

}  // namespace lwm2m
