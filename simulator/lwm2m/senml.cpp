#include "simulator/lwm2m/senml.h"

#include <array>
#include <cmath>

#include "simulator/lwm2m/number_text.h"

namespace lwm2m {
namespace {

// Longer than any path: a name that does not fit is none.
constexpr std::size_t max_name = 64;

bool is_number(const ValueView& value) {
    return value.type == Type::integer || value.type == Type::unsigned_integer || value.type == Type::floating;
}

bool is_zero(const ValueView& value) { return to_number(value) == 0; }

// bv + v: exact where both are integers of 64 bits.
base::Result<ValueView> sum(const ValueView& a, const ValueView& b, std::size_t offset) {
    std::int64_t whole = 0;
    if (a.type == Type::integer && b.type == Type::integer && !__builtin_add_overflow(a.integer, b.integer, &whole)) {
        return ValueView::of_integer(whole);
    }
    const double number = to_number(a) + to_number(b);
    if (!std::isfinite(number)) return base::fail("base value and value have no sum", offset);
    return ValueView::of_floating(number);
}

}  // namespace

base::Result<SenmlResolver::Resolved> SenmlResolver::resolve(const SenmlRecord& record) {
    if (record.base_name) {
        if (record.base_name->size() > max_name) return base::fail("base name too long for a path", record.offset);
        base_name_ = *record.base_name;
    }
    if (record.base_time) base_time_ = *record.base_time;
    if (record.base_value) base_value_ = *record.base_value;

    Resolved resolved{.value = record.value};
    const std::string_view name = record.name.value_or(std::string_view{});
    if (base_name_.size() + name.size() > max_name) return base::fail("name too long for a path", record.offset);
    std::array<char, max_name> text;
    base_name_.copy(text.data(), base_name_.size());
    name.copy(text.data() + base_name_.size(), name.size());
    const auto path = parse_path({text.data(), base_name_.size() + name.size()});
    if (!path) return base::fail("the name is no path such as /3/0/9", record.offset);
    resolved.path = *path;

    resolved.time = base_time_ + record.time.value_or(0);
    if (!std::isfinite(resolved.time)) return base::fail("time is not a finite number", record.offset);

    if (is_number(record.value) && !is_zero(base_value_)) {
        const auto total = sum(base_value_, record.value, record.offset);
        if (!total) return tl::unexpected(total.error());
        resolved.value = *total;
    }
    return resolved;
}

SenmlNames::SenmlNames(const Path& base, std::span<const Entry> entries) : base_(base) {
    for (const Entry& entry : entries) {
        if (entry.value.type == Type::none) continue;
        ++records_;
        if (entry.path.depth != base.depth) at_base_ = false;
    }
}

void SenmlNames::put_base_name(base::Writer& out) const {
    put_path(base_, out);
    if (!at_base_ && base_.depth > 0) out.put_u8('/');
}

void SenmlNames::put_name(const Path& path, base::Writer& out) const {
    for (std::uint8_t i = base_.depth; i < path.depth; ++i) {
        if (i > base_.depth) out.put_u8('/');
        put_number(std::uint64_t{path.ids[i]}, out);
    }
}

}  // namespace lwm2m
