#include "profiles/fields.h"

#include <fmt/format.h>

namespace profiles {

std::string field_reference(const std::vector<FieldInfo>& fields, std::size_t indent) {
    std::string text;
    for (const FieldInfo& field : fields) {
        if (!field.supported) continue;
        const std::string key = std::string(indent, ' ') + std::string(field.key) + ":";
        text += fmt::format("{:28} {:12} {}", key, field.type, field.doc);
        if (!field.fallback.empty()) text += fmt::format(" (default {})", field.fallback);
        text += '\n';
        if (field.children != nullptr) text += field_reference(field.children(), indent + 2);
    }
    return text;
}

namespace detail {

void check_map(const Node& node, std::string_view what, Diagnostics& diagnostics) {
    if (node.is_map() || node.is_null()) return;
    diagnostics.error(node.place(), fmt::format("{}: {} where a map of keys is needed", what, name(node.kind())));
}

void report_unknown(const Node::Entry& entry, std::span<const std::string_view> known, Diagnostics& diagnostics) {
    std::string hint = did_you_mean(entry.key, known);
    if (hint.empty()) {
        for (const std::string_view key : known) hint += (hint.empty() ? "there are: " : ", ") + std::string(key);
    }
    diagnostics.error(entry.place, fmt::format("unknown key '{}'", printable(entry.key)), std::move(hint));
}

}  // namespace detail
}  // namespace profiles
