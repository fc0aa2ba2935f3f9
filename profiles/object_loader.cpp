#include "profiles/object_loader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "profiles/object_yaml.h"
#include "profiles/yaml.h"
#include "simulator/base/check.h"
#include "simulator/base/embedded.h"

// Made from profiles/objects by the build.
namespace embedded {
std::span<const base::EmbeddedFile> objects();
}

namespace profiles {
namespace {

using lwm2m::ObjectModel;
using lwm2m::ResourceModel;
using lwm2m::Type;

constexpr std::size_t xml_size_cap = 4 << 20;  // the largest of the registry has 258 KB
constexpr int xml_depth_cap = 32;              // a definition has 5

// White space at the ends goes, inside it becomes one blank: the files indent their values as they like.
std::string tidy(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
        if (!space) {
            out += c;
        } else if (!out.empty() && out.back() != ' ') {
            out += ' ';
        }
    }
    if (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

struct XmlType {
    std::string_view name;
    Type type;
};
constexpr std::array<XmlType, 9> xml_types{{{"String", Type::string},
                                            {"Integer", Type::integer},
                                            {"Unsigned Integer", Type::unsigned_integer},
                                            {"Float", Type::floating},
                                            {"Boolean", Type::boolean},
                                            {"Opaque", Type::opaque},
                                            {"Time", Type::time},
                                            {"Objlnk", Type::objlnk},
                                            {"Corelnk", Type::corelnk}}};

class DepthWalker final : public pugi::xml_tree_walker {
public:
    bool for_each(pugi::xml_node& node) override {
        if (depth() < xml_depth_cap) return true;
        too_deep = node;
        return false;
    }
    pugi::xml_node too_deep;
};

// One XML text: where its elements stand, and what it defines.
class XmlReader {
public:
    XmlReader(std::string text, std::string name, Diagnostics& diagnostics)
        : source_(std::make_shared<Source>(Source{std::move(name), std::move(text)})), diagnostics_(diagnostics) {}

    // False when the text is no well-formed XML or breaks a bound; that is reported.
    bool parse() {
        const std::string& text = source_->text;
        if (text.size() > xml_size_cap) return refuse(0, "larger than 4 MiB");
        if (const std::size_t nul = text.find('\0'); nul != std::string::npos)
            return refuse(nul, "a NUL byte in a text file");
        const auto result = document_.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
        if (!result)
            return refuse(static_cast<std::size_t>(std::max<std::ptrdiff_t>(result.offset, 0)), result.description());
        DepthWalker walker;
        document_.traverse(walker);
        if (walker.too_deep)
            return wrong(walker.too_deep, fmt::format("elements are nested deeper than {} levels", xml_depth_cap));
        return true;
    }

    bool defines_objects() const {
        const auto objects = document_.child("LWM2M").children("Object");
        return std::any_of(objects.begin(), objects.end(), is_definition);
    }

    std::vector<ObjectModel> read() {
        std::vector<ObjectModel> models;
        if (!defines_objects()) {
            diagnostics_.error({source_, 0, 0, 1}, "defines no object",
                               "OMA's form is <LWM2M><Object ObjectType=\"MODefinition\">...");
        }
        for (const pugi::xml_node object : document_.child("LWM2M").children("Object")) {
            if (!is_definition(object)) continue;
            const std::size_t errors_before = diagnostics_.errors();
            ObjectModel model = read_object(object);
            if (diagnostics_.errors() == errors_before) models.push_back(std::move(model));
        }
        return models;
    }

private:
    // The registry's Common.xml holds resources without an object, as ObjectType="CommonResources".
    static bool is_definition(const pugi::xml_node& object) {
        const std::string_view type = object.attribute("ObjectType").value();
        return type.empty() || type == "MODefinition";
    }

    Place place_at(std::size_t offset) const {
        const std::string_view before = std::string_view(source_->text).substr(0, offset);
        const auto line = std::count(before.begin(), before.end(), '\n') + 1;
        const std::size_t start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
        return {source_, static_cast<std::uint32_t>(line), static_cast<std::uint32_t>(before.size() - start + 1), 1};
    }
    Place place(const pugi::xml_node& node) const {
        return place_at(static_cast<std::size_t>(std::max<std::ptrdiff_t>(node.offset_debug(), 0)));
    }
    bool refuse(std::size_t offset, std::string message) {
        diagnostics_.error(place_at(offset), std::move(message));
        return false;
    }
    bool wrong(const pugi::xml_node& node, std::string message, std::string hint = {}) {
        diagnostics_.error(place(node), std::move(message), std::move(hint));
        return false;
    }

    static std::string text_of(const pugi::xml_node& parent, const char* child) {
        return tidy(parent.child_value(child));
    }
    // The child to point at, or its parent where there is no such child.
    static pugi::xml_node at(const pugi::xml_node& parent, const char* child) {
        const pugi::xml_node node = parent.child(child);
        return node ? node : parent;
    }

    std::optional<std::uint16_t> read_id(const pugi::xml_node& node, std::string_view text, std::string_view what) {
        std::uint16_t id = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
        if (!text.empty() && error == std::errc{} && end == text.data() + text.size() && id <= lwm2m::max_id) return id;
        wrong(node,
              text.empty() ? fmt::format("{} without an id", what)
                           : fmt::format("{} id '{}' is none", what, printable(text)),
              "0 to 65534");
        return std::nullopt;
    }

    // One of two words; nothing at all counts as the second.
    bool read_choice(const pugi::xml_node& parent, const char* child, std::string_view yes, std::string_view no) {
        const std::string word = text_of(parent, child);
        const bool chosen = lwm2m::fold(word) == lwm2m::fold(yes);
        if (!chosen && !word.empty() && lwm2m::fold(word) != lwm2m::fold(no)) {
            wrong(at(parent, child), fmt::format("{}: '{}'", child, printable(word)),
                  fmt::format("it is {} or {}", yes, no));
        }
        return chosen;
    }

    // Old files leave it empty, which is 1.0. LwM2M's own may have a third part, which plays no role.
    lwm2m::Version read_version(const pugi::xml_node& object, const char* child, std::string text) {
        const std::size_t first = text.find('.');
        const std::size_t second = first == std::string::npos ? first : text.find('.', first + 1);
        text.resize(std::min(second, text.size()));
        if (text.empty()) return {};
        const auto version = lwm2m::parse_version(text);
        if (!version)
            wrong(at(object, child), fmt::format("{}: '{}' is no version", child, printable(text)), "write 1.0");
        return version.value_or(lwm2m::Version{});
    }

    ObjectModel read_object(const pugi::xml_node& object) {
        ObjectModel model;
        if (const auto id = read_id(at(object, "ObjectID"), text_of(object, "ObjectID"), "object")) model.id = *id;
        model.name = text_of(object, "Name");
        if (model.name.empty()) wrong(at(object, "Name"), "object without a name");
        model.urn = text_of(object, "ObjectURN");
        model.version = read_version(object, "ObjectVersion", version_text(object, model.urn));
        model.lwm2m_version = read_version(object, "LWM2MVersion", text_of(object, "LWM2MVersion"));
        if (model.urn.empty()) model.urn = lwm2m::default_urn(model.id, model.version);
        model.multiple = read_choice(object, "MultipleInstances", "Multiple", "Single");
        model.mandatory = read_choice(object, "Mandatory", "Mandatory", "Optional");

        std::map<std::uint16_t, pugi::xml_node> seen;
        for (const pugi::xml_node item : object.child("Resources").children("Item")) {
            const auto id = read_id(item, tidy(item.attribute("ID").value()), "resource");
            if (!id) continue;
            const auto [first, fresh] = seen.emplace(*id, item);
            if (fresh) {
                model.resources.push_back(read_resource(item, *id));
            } else {
                wrong(item, fmt::format("resource {} is there twice", *id),
                      fmt::format("the other is in line {}", place(first->second).line));
            }
        }
        const bool ids_differ = lwm2m::complete(model).has_value();
        CHECK(ids_differ);
        return model;
    }

    // Without a version element the URN may still have it (Core 1.1.1, 7.2: urn:oma:lwm2m:oma:3:1.1).
    static std::string version_text(const pugi::xml_node& object, std::string_view urn) {
        std::string text = text_of(object, "ObjectVersion");
        const std::size_t colon = urn.rfind(':');
        if (!text.empty() || std::count(urn.begin(), urn.end(), ':') != 5) return text;
        return std::string(urn.substr(colon + 1));
    }

    ResourceModel read_resource(const pugi::xml_node& item, std::uint16_t id) {
        ResourceModel model;
        model.id = id;
        model.name = text_of(item, "Name");
        if (model.name.empty()) wrong(at(item, "Name"), fmt::format("resource {} without a name", id));
        const std::string operations = text_of(item, "Operations");
        if (const auto parsed = lwm2m::parse_operations(operations)) {
            model.operations = *parsed;
        } else {
            wrong(at(item, "Operations"), fmt::format("resource {}: '{}' are no operations", id, printable(operations)),
                  "R, W, RW, E or nothing");
        }
        model.multiple = read_choice(item, "MultipleInstances", "Multiple", "Single");
        model.mandatory = read_choice(item, "Mandatory", "Mandatory", "Optional");
        // An executable resource has no value; a type that its definition gives it all the same means nothing.
        if (!model.operations.execute) model.type = read_type(item, id);
        model.range = lwm2m::parse_range(item.child_value("RangeEnumeration"), model.type);
        model.units = text_of(item, "Units");
        return model;
    }

    Type read_type(const pugi::xml_node& item, std::uint16_t id) {
        const std::string text = text_of(item, "Type");
        for (const XmlType& known : xml_types) {
            if (lwm2m::fold(known.name) == lwm2m::fold(text)) return known.type;
        }
        if (text.empty()) {
            diagnostics_.warning(place(at(item, "Type")),
                                 fmt::format("resource {} has no type, so it has no values here", id));
            return Type::none;
        }
        std::vector<std::string_view> names;
        for (const XmlType& known : xml_types) names.push_back(known.name);
        wrong(at(item, "Type"), fmt::format("resource {}: '{}' is no type", id, printable(text)),
              did_you_mean(text, names));
        return Type::none;
    }

    std::shared_ptr<const Source> source_;
    Diagnostics& diagnostics_;
    pugi::xml_document document_;
};

// The files that a user names, and what they define; remembers who defined what.
class Loading {
public:
    Loading(lwm2m::ObjectRegistry& registry, Diagnostics& diagnostics)
        : registry_(registry), diagnostics_(diagnostics) {}

    void load(const std::string& path) {
        std::error_code error;
        if (!std::filesystem::is_directory(path, error)) {
            load_file(path, InFolder::no);
            return;
        }
        std::vector<std::string> files;
        for (std::filesystem::recursive_directory_iterator entry(path, error), end; !error && entry != end;
             entry.increment(error)) {
            if (entry->is_regular_file(error) && is_known(entry->path())) files.push_back(entry->path().string());
        }
        if (error) diagnostics_.error(whole(path), fmt::format("cannot read the folder: {}", error.message()));
        std::sort(files.begin(), files.end());
        for (const std::string& file : files) load_file(file, InFolder::yes);
    }

private:
    enum class InFolder : std::uint8_t { no, yes };

    static bool is_xml(const std::filesystem::path& path) { return path.extension() == ".xml"; }
    static bool is_known(const std::filesystem::path& path) {
        return is_xml(path) || path.extension() == ".yaml" || path.extension() == ".yml";
    }
    static Place whole(const std::string& path) { return {std::make_shared<Source>(Source{path, ""}), 0, 0, 1}; }

    void load_file(const std::string& path, InFolder in_folder) {
        if (!is_known(path)) {
            diagnostics_.error(whole(path), "not a file with objects: its name ends neither in .xml nor in .yaml");
        } else if (is_xml(path)) {
            load_xml(path, in_folder);
        } else {
            load_yaml_file(path, in_folder);
        }
    }

    void load_xml(const std::string& path, InFolder in_folder) {
        std::ifstream file(path, std::ios::binary);
        std::string text(xml_size_cap + 1, '\0');
        file.read(text.data(), static_cast<std::streamsize>(text.size()));
        if (!file && !file.eof()) {
            diagnostics_.error(whole(path), "cannot read the file");
            return;
        }
        text.resize(static_cast<std::size_t>(file.gcount()));
        XmlReader reader(std::move(text), path, diagnostics_);
        if (!reader.parse() || (in_folder == InFolder::yes && !reader.defines_objects())) return;
        for (ObjectModel& model : reader.read()) add(std::move(model), path);
    }

    void load_yaml_file(const std::string& path, InFolder in_folder) {
        const auto root = load_yaml(path, diagnostics_);
        if (!root) return;
        const Node& first = root->is_sequence() && !root->items().empty() ? root->items()[0] : *root;
        if (in_folder == InFolder::yes && first.find("object") == nullptr) return;
        for (ObjectModel& model : read_objects(*root, diagnostics_)) add(std::move(model), path);
    }

    void add(ObjectModel model, const std::string& path) {
        const auto [origin, fresh] = origins_.try_emplace({model.id, model.version}, path);
        // The registry has each newest version twice, once in version_history/.
        if (!fresh && *registry_.find(model.id, model.version) != model) {
            diagnostics_.error(whole(path), fmt::format("object {} version {} is defined in another way by {}",
                                                        model.id, lwm2m::to_string(model.version), origin->second));
        } else if (fresh) {
            registry_.set(std::move(model));
        }
    }

    lwm2m::ObjectRegistry& registry_;
    Diagnostics& diagnostics_;
    std::map<std::pair<std::uint16_t, lwm2m::Version>, std::string> origins_;
};

lwm2m::ObjectRegistry read_builtin() {
    lwm2m::ObjectRegistry registry;
    Diagnostics diagnostics;
    for (const base::EmbeddedFile& file : embedded::objects()) {
        const auto root = parse_yaml(std::string(file.content), std::string(file.path), diagnostics);
        if (!root) continue;
        for (ObjectModel& model : read_objects(*root, diagnostics)) registry.set(std::move(model));
    }
    if (!diagnostics.ok()) fmt::print(stderr, "{}", diagnostics.text());
    CHECK(diagnostics.ok());
    return registry;
}

}  // namespace

const lwm2m::ObjectRegistry& builtin_objects() {
    static const lwm2m::ObjectRegistry registry = read_builtin();
    return registry;
}

void load_objects(std::span<const std::string> paths, lwm2m::ObjectRegistry& registry, Diagnostics& diagnostics) {
    Loading loading(registry, diagnostics);
    for (const std::string& path : paths) loading.load(path);
}

std::vector<ObjectModel> read_objects_xml(std::string text, std::string name, Diagnostics& diagnostics) {
    XmlReader reader(std::move(text), std::move(name), diagnostics);
    return reader.parse() ? reader.read() : std::vector<ObjectModel>{};
}

}  // namespace profiles
