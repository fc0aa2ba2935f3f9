#include "profiles/guessed_model.h"

#include <charconv>
#include <map>

#include <fmt/format.h>

#include "profiles/generator_spec.h"
#include "profiles/map_reader.h"

namespace profiles {
namespace {

using lwm2m::Type;

std::optional<std::uint16_t> parse_id(std::string_view text) {
    unsigned id = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc{} || stop != text.data() + text.size() || id > lwm2m::max_id) return std::nullopt;
    return static_cast<std::uint16_t>(id);
}

Type type_of_text(const Node& node) {
    const std::string& text = node.text();
    if (node.quoted()) return Type::string;
    if (text == "true" || text == "false") return Type::boolean;
    if (!parse_number(text)) return Type::string;
    return text.find_first_of(".eE") == std::string::npos ? Type::integer : Type::floating;
}

// The type of a value, of a generator, or of the first member of a list or map of them.
Type type_of(const Node& node) {
    if (node.is_scalar()) return type_of_text(node);
    if (!node.items().empty()) return type_of(node.items().front());
    if (is_generator(node)) {
        const Node* constant = node.find("constant");
        return constant != nullptr && constant->is_scalar() ? type_of_text(*constant) : Type::floating;
    }
    if (!node.entries().empty()) return type_of(node.entries().front().value);
    return Type::string;
}

bool is_multiple(const Node& node) {
    if (node.is_sequence()) return true;
    return node.is_map() && !is_generator(node) && !node.entries().empty() && parse_id(node.entries().front().key);
}

lwm2m::ResourceModel guess_resource(std::uint16_t id, const Node& node) {
    lwm2m::ResourceModel model;
    model.id = id;
    model.name = fmt::format("{}", id);
    if (node.is_null()) {
        model.operations = {.read = false, .write = false, .execute = true};
        return model;
    }
    model.operations = {.read = true, .write = true, .execute = false};
    model.multiple = is_multiple(node);
    model.type = type_of(node);
    return model;
}

}  // namespace

lwm2m::ObjectModel guess_model(std::uint16_t object, std::span<const Node> instances, Diagnostics& diagnostics) {
    std::map<std::uint16_t, lwm2m::ResourceModel> resources;
    for (const Node& instance : instances) {
        for (const Node::Entry& entry : instance.entries()) {
            const auto id = parse_id(entry.key);
            if (!id) {
                diagnostics.error(entry.place,
                                  fmt::format("'{}' is no number, and object {} is not in the catalogue",
                                              printable(entry.key), object),
                                  "say its resources by number");
                continue;
            }
            const auto [known, added] = resources.emplace(*id, guess_resource(*id, entry.value));
            // 3 in one instance and 3.5 in another: both are floats.
            const Type type = type_of(entry.value);
            if (!added && known->second.type == Type::integer && type == Type::floating) known->second.type = type;
        }
    }
    lwm2m::ObjectModel model;
    model.id = object;
    model.name = fmt::format("{}", object);
    model.urn = lwm2m::default_urn(object, model.version);
    model.multiple = true;
    for (auto& [id, resource] : resources) model.resources.push_back(std::move(resource));
    (void)lwm2m::complete(model);  // cannot fail: each id is there once
    return model;
}

}  // namespace profiles
