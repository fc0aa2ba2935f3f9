#include "profiles/object_yaml.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "profiles/map_reader.h"

namespace profiles {
namespace {

using lwm2m::ObjectModel;
using lwm2m::ResourceModel;
using lwm2m::Type;

constexpr std::array<Type, 9> types{Type::string, Type::integer, Type::unsigned_integer, Type::floating, Type::boolean,
                                    Type::opaque, Type::time,    Type::objlnk,           Type::corelnk};

std::optional<std::uint16_t> parse_id(std::string_view text) {
    std::uint16_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    const bool padded = text.size() > 1 && text[0] == '0';
    return whole && !padded && id <= lwm2m::max_id ? std::optional(id) : std::nullopt;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

// The columns of a row; a bar that touches a word on either side is a part of it, as in "Active power (|+A|-|-A|)".
std::vector<std::string_view> split_row(std::string_view row) {
    std::vector<std::string_view> cells;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < row.size(); ++at) {
        const bool bar = row[at] == '|' && at > 0 && row[at - 1] == ' ' && (at + 1 == row.size() || row[at + 1] == ' ');
        if (!bar) continue;
        cells.push_back(trimmed(row.substr(begin, at - begin)));
        begin = at + 1;
    }
    cells.push_back(trimmed(row.substr(begin)));
    return cells;
}

// One row of the table of resources: NAME | OPERATIONS | TYPE and flags | RANGE | UNITS.
class RowReader {
public:
    RowReader(const Node& node, std::string what, Diagnostics& diagnostics)
        : node_(node), what_(std::move(what)), diagnostics_(diagnostics) {}

    std::optional<ResourceModel> read(std::uint16_t id) {
        const auto cells = split_row(node_.text());
        if (!node_.is_scalar() || cells.size() < 2 || cells.size() > 5 || cells[0].empty()) {
            return wrong(fmt::format("{} is no resource", what_), "write NAME | OPERATIONS | TYPE | RANGE | UNITS");
        }
        ResourceModel model;
        model.id = id;
        model.name = cells[0];
        const auto operations = lwm2m::parse_operations(cells[1]);
        if (!operations || cells[1].empty()) {
            return wrong(fmt::format("{}: '{}' are no operations", what_, printable(cells[1])),
                         "write R, W, RW, E or none");
        }
        model.operations = *operations;
        if (!read_words(cells.size() > 2 ? cells[2] : std::string_view{}, model)) return std::nullopt;
        if (model.operations.execute != (model.type == Type::none)) {
            return model.operations.execute
                       ? wrong(fmt::format("{} has a type, though it is executable", what_), "leave the type out")
                       : wrong(fmt::format("{} has no type", what_), "the third column is its type, such as integer");
        }
        if (cells.size() > 3) model.range = lwm2m::parse_range(cells[3], model.type);
        if (cells.size() > 4) model.units = cells[4];
        return model;
    }

private:
    bool read_words(std::string_view words, ResourceModel& model) {
        while (!(words = trimmed(words)).empty()) {
            const std::string_view word = words.substr(0, words.find(' '));
            words.remove_prefix(word.size());
            const auto type =
                std::find_if(types.begin(), types.end(), [word](Type known) { return lwm2m::name(known) == word; });
            if (word == "multiple") {
                model.multiple = true;
            } else if (word == "mandatory") {
                model.mandatory = true;
            } else if (type != types.end() && model.type == Type::none) {
                model.type = *type;
            } else {
                std::vector<std::string_view> known{"multiple", "mandatory"};
                for (const Type candidate : types) known.push_back(lwm2m::name(candidate));
                std::string hint = did_you_mean(word, known);
                if (hint.empty())
                    hint = fmt::format("one type, 'multiple' and 'mandatory'; types: {}",
                                       fmt::join(known.begin() + 2, known.end(), ", "));
                wrong(fmt::format("{}: '{}' in the column of the type", what_, printable(word)), std::move(hint));
                return false;
            }
        }
        return true;
    }

    std::nullopt_t wrong(std::string message, std::string hint) {
        diagnostics_.error(node_.place(), std::move(message), std::move(hint));
        return std::nullopt;
    }

    const Node& node_;
    std::string what_;
    Diagnostics& diagnostics_;
};

// Reads the versions of one object in the order of the file, so that each can extend one above it.
class ObjectReader {
public:
    explicit ObjectReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

    std::vector<ObjectModel> read(const Node& node) {
        MapReader map(node, "object definition", diagnostics_);
        const Node* const id = map.require("object");
        if (id != nullptr) read_id(*id);
        map.require("name");
        map.text("name", common_.name);
        map.boolean("multiple", common_.multiple);
        map.boolean("mandatory", common_.mandatory);
        const Node* const versions = map.require("versions");
        if (!map.done()) return {};
        if (versions->entries().empty()) {
            diagnostics_.error(versions->place(), "versions: a map of versions is needed",
                               "such as  \"1.0\": {resources: ...}");
        }
        for (const Node::Entry& entry : versions->entries()) read_version(entry);
        return std::move(models_);
    }

private:
    using Resources = std::map<std::uint16_t, ResourceModel>;

    void read_id(const Node& node) {
        const auto id = parse_id(node.text());
        if (id) {
            common_.id = *id;
        } else {
            diagnostics_.error(node.place(), fmt::format("'{}' is no object id", printable(node.text())), "0 to 65534");
        }
    }

    void read_version(const Node::Entry& entry) {
        const std::size_t errors_before = diagnostics_.errors();
        ObjectModel model = common_;
        const auto version = lwm2m::parse_version(entry.key);
        if (!version) {
            diagnostics_.error(entry.place, fmt::format("'{}' is no version", printable(entry.key)), "write \"1.0\"");
            return;
        }
        model.version = *version;
        model.urn = lwm2m::default_urn(model.id, model.version);
        const std::string what = "version " + entry.key;
        MapReader map(entry.value, what, diagnostics_);
        map.text("name", model.name);
        map.boolean("multiple", model.multiple);
        map.boolean("mandatory", model.mandatory);
        map.text("urn", model.urn);
        std::string text = "1.0";
        if (map.text("lwm2m", text)) {
            const auto lwm2m_version = lwm2m::parse_version(text);
            if (!lwm2m_version) map.error("lwm2m", fmt::format("'{}' is no version", printable(text)), "write \"1.1\"");
            model.lwm2m_version = lwm2m_version.value_or(lwm2m::Version{});
        }
        Resources resources;
        if (map.text("extends", text)) resources = resources_of(text, map);
        if (const Node* const rows = map.take("resources")) read_resources(*rows, resources);
        map.done();
        if (diagnostics_.errors() != errors_before) return;
        for (auto& [id, resource] : resources) model.resources.push_back(std::move(resource));
        if (const auto completed = lwm2m::complete(model); !completed) {
            diagnostics_.error(entry.place, fmt::format("{}: {}", what, completed.error().what));
            return;
        }
        models_.push_back(std::move(model));
    }

    Resources resources_of(std::string_view version, MapReader& map) {
        Resources resources;
        for (const ObjectModel& above : models_) {
            if (lwm2m::to_string(above.version) != version) continue;
            for (const ResourceModel& resource : above.resources) resources.emplace(resource.id, resource);
            return resources;
        }
        map.error("extends", fmt::format("no version '{}' above this one", printable(version)),
                  "the order is from old to new");
        return resources;
    }

    void read_resources(const Node& node, Resources& resources) {
        if (!node.is_map()) {
            diagnostics_.error(node.place(),
                               fmt::format("resources: {} where a map of ids is needed", name(node.kind())));
        }
        for (const Node::Entry& entry : node.entries()) {
            const auto id = parse_id(entry.key);
            if (!id) {
                diagnostics_.error(entry.place, fmt::format("'{}' is no resource id", printable(entry.key)),
                                   "0 to 65534");
            } else if (!entry.value.is_null()) {
                auto resource = RowReader(entry.value, "resource " + entry.key, diagnostics_).read(*id);
                if (resource) resources.insert_or_assign(*id, std::move(*resource));
            } else if (resources.erase(*id) == 0) {
                diagnostics_.error(entry.place, fmt::format("resource {} is not there to be removed", entry.key));
            }
        }
    }

    Diagnostics& diagnostics_;
    ObjectModel common_;  // what all versions start from
    std::vector<ObjectModel> models_;
};

}  // namespace

std::vector<ObjectModel> read_objects(const Node& root, Diagnostics& diagnostics) {
    if (!root.is_sequence()) return ObjectReader(diagnostics).read(root);
    std::vector<ObjectModel> all;
    for (const Node& item : root.items()) {
        auto models = ObjectReader(diagnostics).read(item);
        std::move(models.begin(), models.end(), std::back_inserter(all));
    }
    return all;
}

}  // namespace profiles
