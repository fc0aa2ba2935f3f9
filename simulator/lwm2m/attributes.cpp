#include "simulator/lwm2m/attributes.h"

#include <limits>

#include "simulator/lwm2m/number_text.h"

namespace lwm2m {
namespace {

base::Result<void> read(std::string_view text, std::optional<std::uint32_t>& field) {
    const auto number = parse_unsigned(text);
    if (!number) return tl::unexpected(number.error());
    if (*number > std::numeric_limits<std::uint32_t>::max()) return base::fail("a number of 32 bits at most");
    field = static_cast<std::uint32_t>(*number);
    return {};
}

// The grammar knows no sign and no exponent; in practice both are sent.
base::Result<void> read(std::string_view text, std::optional<double>& field) {
    const auto number = parse_float(text);
    if (!number) return tl::unexpected(number.error());
    field = *number;
    return {};
}

base::Result<void> read(std::string_view text, std::optional<bool>& field) {
    if (text != "0" && text != "1") return base::fail("0 or 1");
    field = text == "1";
    return {};
}

// `text` is empty and `unset` true for an attribute without "=".
template <class T>
base::Result<void> change(std::optional<std::string_view> text, std::optional<T>& field) {
    if (text) return read(*text, field);
    field.reset();
    return {};
}

}  // namespace

base::Result<void> apply_attribute(std::string_view query, Attributes& attributes) {
    const std::size_t equals = query.find('=');
    const std::string_view name = query.substr(0, equals);
    std::optional<std::string_view> value;
    if (equals != std::string_view::npos) value = query.substr(equals + 1);
    if (name == "pmin") return change(value, attributes.pmin);
    if (name == "pmax") return change(value, attributes.pmax);
    if (name == "gt") return change(value, attributes.gt);
    if (name == "lt") return change(value, attributes.lt);
    if (name == "st") return change(value, attributes.st);
    if (name == "epmin") return change(value, attributes.epmin);
    if (name == "epmax") return change(value, attributes.epmax);
    if (name == "edge") return change(value, attributes.edge);
    if (name == "con") return change(value, attributes.con);
    if (name == "hqmax") return change(value, attributes.hqmax);
    return base::fail("no attribute of that name");
}

bool are_consistent(const Attributes& attributes) {
    if (attributes.st && *attributes.st < 0) return false;
    if (!attributes.lt || !attributes.gt) return true;
    return *attributes.lt < *attributes.gt && *attributes.lt + 2 * attributes.st.value_or(0) < *attributes.gt;
}

}  // namespace lwm2m
