#include "simulator/cli/command_list.h"

#include <array>
#include <ostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "profiles/object_loader.h"
#include "profiles/profile_loader.h"
#include "profiles/resolve.h"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;

struct GeneratorLine {
    std::string_view name;
    std::string_view example;
    std::string_view meaning;
};
constexpr std::array<GeneratorLine, 11> generators{{
    {"constant", "{constant: 21}", "the same value always"},
    {"uniform", "{uniform: [18, 24]}", "drawn anew at each sample"},
    {"normal", "{normal: {mean: 21, deviation: 0.5}}", "drawn anew; min and max cut it"},
    {"walk", "{walk: {start: 21, step: 0.2, min: 15, max: 30}}", "a random walk that turns back at min and max"},
    {"diurnal", "{diurnal: {mean: 11, swing: 6, peak: 15h, noise: 0.3}}", "a day's wave"},
    {"drain", "{drain: {from: 100, to: 5, over: 10y ±20%}}", "a straight line down, or up"},
    {"counter", "{counter: {rate: 0.8/h, burst: {p: 2%, size: 40}}}", "never falls"},
    {"states", "{states: {on: {for: 5m, value: true}, off: {for: 1h, value: false}}}",
     "one after the other, or by weight"},
    {"csv", "{csv: sites.csv, column: lat}", "a row for each device, or for each moment"},
    {"expr", "{expr: \"20 + 3*sin(t/600) + index%5\"}", "an expression of t, index and u"},
    {"route", "{route: {waypoints: [[48.1, 11.5], [48.2, 11.6]], speed: 50 km/h}}", "a part of a position that moves"},
}};

int refuse(std::ostream& err, const std::string& message) {
    err << "error: " << message << '\n';
    return 2;
}

int list_profiles(const ListOptions& options, std::ostream& out, std::ostream& err) {
    const auto& catalog = profiles::builtin_profiles();
    profiles::Diagnostics diagnostics;
    if (options.name) {
        const auto tree = profiles::load_profile_tree(*options.name, catalog, diagnostics);
        if (!tree) {
            err << diagnostics.text();
            return 2;
        }
        out << catalog.find(*options.name)->text;
        return 0;
    }
    Json json = Json::array();
    for (const auto& entry : catalog.entries()) {
        const auto profile = profiles::load_profile(entry.name, catalog, diagnostics);
        const std::string description = profile ? profile->description : "";
        if (options.json) {
            json.push_back({{"name", entry.name}, {"description", description}});
        } else {
            out << fmt::format("{:20} {}\n", entry.name, description);
        }
    }
    if (options.json) out << json.dump(2) << '\n';
    err << diagnostics.text();
    return diagnostics.ok() ? 0 : 2;
}

std::string versions_of(const lwm2m::ObjectRegistry& registry, std::uint16_t object) {
    std::string text;
    for (const auto* model : registry.versions(object))
        text += (text.empty() ? "" : " ") + lwm2m::to_string(model->version);
    return text;
}

void show_object(const lwm2m::ObjectModel& object, bool as_json, std::ostream& out) {
    Json json = Json::array();
    if (!as_json) {
        out << fmt::format("{} {} {} ({}), {}\n", object.id, object.name, lwm2m::to_string(object.version), object.urn,
                           object.multiple ? "several instances" : "one instance");
    }
    for (const auto& resource : object.resources) {
        if (as_json) {
            json.push_back({{"id", resource.id},
                            {"key", resource.key},
                            {"name", resource.name},
                            {"operations", lwm2m::to_string(resource.operations)},
                            {"type", profiles::registry_name(resource.type)},
                            {"multiple", resource.multiple},
                            {"mandatory", resource.mandatory},
                            {"range", resource.range.text},
                            {"units", resource.units}});
        } else {
            out << fmt::format("  {:5} {:36} {:2} {:16} {}{}{} {}\n", resource.id, resource.key,
                               lwm2m::to_string(resource.operations),
                               resource.operations.execute ? "" : profiles::registry_name(resource.type),
                               resource.mandatory ? "mandatory " : "", resource.multiple ? "multiple " : "",
                               resource.range.text, resource.units);
        }
    }
    if (as_json) out << json.dump(2) << '\n';
}

int list_objects(const ListOptions& options, std::ostream& out, std::ostream& err) {
    lwm2m::ObjectRegistry registry = profiles::builtin_objects();
    profiles::Diagnostics diagnostics;
    profiles::load_objects(options.objects, registry, diagnostics);
    err << diagnostics.text();
    if (!diagnostics.ok()) return 2;
    if (options.name) {
        const auto id = registry.object(*options.name);
        if (!id) return refuse(err, id.error().message);
        const auto* model = registry.newest(*id);
        if (model == nullptr) return refuse(err, fmt::format("object {} is not in the catalogue", *id));
        show_object(*model, options.json, out);
        return 0;
    }
    Json json = Json::array();
    for (const std::uint16_t id : registry.objects()) {
        const auto& model = *registry.newest(id);
        if (options.json) {
            json.push_back(
                {{"id", id}, {"key", registry.key(id)}, {"name", model.name}, {"versions", versions_of(registry, id)}});
        } else {
            out << fmt::format("{:5} {:40} {:40} {}\n", id, registry.key(id), model.name, versions_of(registry, id));
        }
    }
    if (options.json) out << json.dump(2) << '\n';
    return 0;
}

int list_generators(const ListOptions& options, std::ostream& out) {
    Json json = Json::array();
    for (const GeneratorLine& line : generators) {
        if (options.json) {
            json.push_back({{"name", line.name}, {"example", line.example}, {"meaning", line.meaning}});
        } else {
            out << fmt::format("{:10} {:45} {}\n", line.name, line.meaning, line.example);
        }
    }
    if (options.json) out << json.dump(2) << '\n';
    return 0;
}

Json to_json(const std::vector<profiles::FieldInfo>& fields) {
    Json json = Json::array();
    for (const profiles::FieldInfo& field : fields) {
        if (!field.supported) continue;
        json.push_back({{"key", field.key}, {"type", field.type}, {"default", field.fallback}, {"doc", field.doc}});
        if (field.children != nullptr) json.back()["keys"] = to_json(field.children());
    }
    return json;
}

}  // namespace

int run_list(const ListOptions& options, std::ostream& out, std::ostream& err) {
    if (options.what == "profiles") return list_profiles(options, out, err);
    if (options.what == "objects") return list_objects(options, out, err);
    if (options.name) return refuse(err, "'" + options.what + "' takes no name");
    if (options.what == "generators") return list_generators(options, out);
    if (options.what == "keys") {
        const auto fields = profiles::profile_fields();
        out << (options.json ? to_json(fields).dump(2) + "\n" : profiles::field_reference(fields));
        return 0;
    }
    constexpr std::array<std::string_view, 4> kinds{"profiles", "objects", "generators", "keys"};
    const std::string near = profiles::did_you_mean(options.what, kinds);
    return refuse(err, fmt::format("there is no list of '{}': {}", profiles::printable(options.what),
                                   near.empty() ? "profiles, objects, generators or keys" : near));
}

}  // namespace cli
