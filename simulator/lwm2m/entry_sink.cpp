#include "simulator/lwm2m/entry_sink.h"

#include <algorithm>
#include <numeric>

#include "simulator/lwm2m/number_text.h"

namespace lwm2m {
namespace {

// Follow-up bytes of a UTF-8 lead byte, and the smallest code point that needs them; 0xff: not a lead byte.
struct Utf8Lead {
    std::uint8_t follow;
    std::uint32_t bits;
    std::uint32_t least;
};

Utf8Lead utf8_lead(std::uint8_t byte) {
    if (byte < 0x80) return {0, byte, 0};
    if (byte >= 0xc0 && byte < 0xe0) return {1, byte & 0x1fu, 0x80};
    if (byte >= 0xe0 && byte < 0xf0) return {2, byte & 0x0fu, 0x800};
    if (byte >= 0xf0 && byte < 0xf8) return {3, byte & 0x07u, 0x10000};
    return {0xff, 0, 0};
}

}  // namespace

bool is_utf8(base::Bytes bytes) {
    for (std::size_t i = 0; i < bytes.size();) {
        const Utf8Lead lead = utf8_lead(bytes[i++]);
        if (lead.follow == 0xff || bytes.size() - i < lead.follow) return false;
        std::uint32_t code_point = lead.bits;
        for (std::uint8_t k = 0; k < lead.follow; ++k) {
            if ((bytes[i] & 0xc0) != 0x80) return false;
            code_point = code_point << 6 | (bytes[i++] & 0x3fu);
        }
        if (code_point < lead.least || code_point > 0x10ffff || (code_point >= 0xd800 && code_point < 0xe000))
            return false;
    }
    return true;
}

base::Result<ValueView> fit(const ValueView& value, Type type) {
    if (type == Type::objlnk && value.type == Type::string) return parse_objlnk(value.text()).map(ValueView::of_objlnk);
    return convert(value, type);
}

EntrySink::EntrySink(const Path& base, const TypeSource& types, Entries& out, const DecodeLimits& limits)
    : base_(base), types_(types), out_(out), limits_(limits) {
    out_.clear();
}

base::Result<ValueView> EntrySink::typed(const Path& path, const ValueView& value) const {
    if (path.depth < 3) {
        if (value.type != Type::none) return base::fail("a value needs the path of a resource");
        return value;
    }
    const Type type = type_of(path);
    if (type == Type::none) return value;
    const bool multiple = is_multiple(path);
    if (path.depth == 4 && !multiple) return base::fail("the resource has no instances");
    if (path.depth == 3 && multiple && value.type != Type::none)
        return base::fail("the resource has instances: one value is not enough");
    if (value.type != Type::none) return fit(value, type);
    if (!multiple || path.depth == 4) return base::fail("a value is missing");
    return value;
}

base::Result<void> EntrySink::add(const Path& path, const ValueView& value, std::size_t offset, double time) {
    if (!base_.contains(path)) return base::fail("path lies outside the one addressed", offset);
    if (out_.entries.size() >= limits_.max_entries) return base::fail("more values than the limit", offset);
    const auto view = typed(path, value);
    if (!view) return base::fail(view.error().what, offset);
    if ((view->type == Type::string || view->type == Type::corelnk) && !is_utf8(view->bytes))
        return base::fail("text is not UTF-8", offset);
    out_.entries.push_back({path, *view, time});
    offsets_.push_back(offset);
    return {};
}

base::Bytes EntrySink::keep(std::vector<std::uint8_t> bytes) { return out_.storage.emplace_back(std::move(bytes)); }

base::Result<void> EntrySink::finish() {
    auto& entries = out_.entries;
    const auto in_order = [](const Entry& a, const Entry& b) { return a.path < b.path; };
    const auto clash = std::adjacent_find(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) {
        return !in_order(a, b) || a.path.contains(b.path);
    });
    if (clash == entries.end()) return {};
    // By path, and within a path by time, so that duplicates become neighbours.
    std::vector<std::size_t> order(entries.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        if (entries[a].path != entries[b].path) return entries[a].path < entries[b].path;
        return entries[a].time < entries[b].time;
    });
    for (std::size_t i = 1; i < order.size(); ++i) {
        const Entry& before = entries[order[i - 1]];
        const Entry& entry = entries[order[i]];
        if (!before.path.contains(entry.path)) continue;
        if (before.path == entry.path && before.time < entry.time) continue;
        const bool twice = before.path == entry.path;
        return base::fail(twice ? "a path is given twice" : "a path has both a value and members", offsets_[order[i]]);
    }
    std::stable_sort(entries.begin(), entries.end(), in_order);  // those of one path stay as they came
    return {};
}

}  // namespace lwm2m
