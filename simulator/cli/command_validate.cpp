#include "simulator/cli/command_validate.h"

#include <algorithm>
#include <ostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "profiles/object_loader.h"
#include "profiles/profile_loader.h"
#include "profiles/resolve.h"
#include "scenarios/scenario_loader.h"
#include "simulator/engine/dtls13_limits.h"
#include "simulator/engine/fleet_model.h"
#include "simulator/fleet/generators.h"
#include "simulator/lwm2m/object_registry.h"

namespace cli {
namespace {

using profiles::Diagnostics;
using profiles::Node;
using profiles::ResolvedProfilePtr;

// What was found out about one argument.
struct Finding {
    std::string file;
    std::string kind;
    std::string name;
    std::string summary;
    std::string expanded;
    bool ok = false;
};

class Validation {
public:
    explicit Validation(const ValidateOptions& options) : options_(options), registry_(profiles::builtin_objects()) {
        yaml_.environment = options.environment;
        profiles::load_objects(options.objects, registry_, diagnostics_);
    }

    Finding check(const std::string& file) {
        const std::size_t errors = diagnostics_.errors();
        Finding finding = look(file);
        finding.file = file;
        finding.ok = diagnostics_.errors() == errors;
        return finding;
    }

    const Diagnostics& diagnostics() const { return diagnostics_; }

private:
    Finding look(const std::string& file) {
        if (file.ends_with(".xml")) return objects(file);
        const bool is_name = !file.ends_with(".yaml") && !file.ends_with(".yml");
        const auto* entry = is_name ? profiles::builtin_profiles().find(file) : nullptr;
        if (is_name && entry == nullptr && file.find('/') == std::string::npos) {
            // Says what names there are.
            profiles::load_profile_tree(file, profiles::builtin_profiles(), diagnostics_, yaml_);
            return {};
        }
        const auto tree = entry != nullptr ? profiles::parse_yaml(entry->text, entry->file, diagnostics_, yaml_)
                                           : profiles::load_yaml(file, diagnostics_, yaml_);
        if (!tree) return {};
        if (tree->find("object") != nullptr) return objects(file);
        if (tree->find("scenario") != nullptr || tree->find("phases") != nullptr || tree->find("fleet") != nullptr) {
            return scenario(*tree);
        }
        return profile(*tree);
    }

    Finding objects(const std::string& file) {
        profiles::load_objects(std::span<const std::string>(&file, 1), registry_, diagnostics_);
        return {.kind = "objects", .summary = fmt::format("{} objects known", registry_.objects().size())};
    }

    Finding profile(const Node& tree) {
        Finding finding{.kind = "profile"};
        const std::size_t errors = diagnostics_.errors();
        const auto merged = profiles::extend_profile_tree(tree, profiles::builtin_profiles(), diagnostics_, yaml_);
        if (!merged) return finding;
        const auto read = profiles::read_profile(*merged, diagnostics_);
        finding.name = read.name.value;
        const ResolvedProfilePtr resolved = profiles::resolve(read, registry_, diagnostics_);
        if (!resolved || diagnostics_.errors() != errors) return finding;
        fleet::Generators::check(resolved->generators, diagnostics_);
        engine::check_dtls13(*resolved, tree.place(), diagnostics_);
        finding.summary = summary(*resolved);
        if (options_.expand) {
            const auto shown = profiles::without_oscore_secrets(profiles::without_secrets(*merged));
            finding.expanded = profiles::to_yaml(shown) + resources(*resolved);
        }
        return finding;
    }

    Finding scenario(const Node& tree) {
        Finding finding{.kind = "scenario"};
        const auto read = scenarios::read_scenario(tree, diagnostics_);
        if (!read) return finding;
        finding.name = read->name;
        const auto model =
            engine::make_fleet_model(*read, profiles::builtin_profiles(), registry_, diagnostics_, yaml_);
        if (model) finding.summary = summary(*read, *model->population);
        if (options_.expand) finding.expanded = profiles::to_yaml(profiles::without_secrets(read->tree));
        return finding;
    }

    static std::string summary(const profiles::ResolvedProfile& profile) {
        return fmt::format("LwM2M {}, lifetime {}, {} objects, {} resources ({} generators), {} bytes of links",
                           profiles::name(profile.version),
                           base::format_duration_spec(profile.servers.front().lifetime), profile.objects.size(),
                           profile.resources.size(), profile.generators.size(), profile.object_links.size());
    }

    static std::string summary(const scenarios::Scenario& scenario, const profiles::Population& fleet) {
        std::string text = fmt::format("{} devices, seed {}, {} phases:", base::format_count(scenario.devices),
                                       scenario.seed, scenario.phases.size());
        for (std::size_t part = 0; part < fleet.parts(); ++part) {
            text += fmt::format("{} {} {}", part == 0 ? "" : ",", base::format_count(fleet.count(part)),
                                fleet.profile(part)->name);
        }
        return text;
    }

    static std::string resources(const profiles::ResolvedProfile& profile) {
        std::string text = fmt::format("# registers {}\n", profile.object_links);
        text += fmt::format("# as {}\n", profiles::endpoint_name(profile, {.index = 0, .seed = 42}));
        for (const auto& resource : profile.resources) {
            const auto& object =
                *std::find_if(profile.objects.begin(), profile.objects.end(), [&](const auto& candidate) {
                     return candidate.id == resource.path.object();
                 })->model;
            const auto* model = object.find(resource.path.resource());
            const std::string value =
                resource.generator >= 0
                    ? fmt::format("({})",
                                  profiles::name(profile.generators[static_cast<std::size_t>(resource.generator)]))
                    : profiles::printable(lwm2m::to_string(resource.value.view()));
            text += fmt::format("# {:16} {:40} {:2} {:16} {}\n", lwm2m::to_string(resource.path),
                                object.key + "/" + (model == nullptr ? "" : model->key),
                                lwm2m::to_string(resource.operations), profiles::registry_name(resource.type), value);
        }
        return text;
    }

    const ValidateOptions& options_;
    lwm2m::ObjectRegistry registry_;
    profiles::YamlOptions yaml_;
    Diagnostics diagnostics_;
};

nlohmann::ordered_json to_json(const profiles::Diagnostic& diagnostic) {
    nlohmann::ordered_json json;
    json["severity"] = diagnostic.severity == profiles::Diagnostic::Severity::error ? "error" : "warning";
    json["file"] = diagnostic.place.source ? nlohmann::ordered_json(diagnostic.place.source->name) : nullptr;
    json["line"] = diagnostic.place.line > 0 ? nlohmann::ordered_json(diagnostic.place.line) : nullptr;
    json["column"] = diagnostic.place.line > 0 ? nlohmann::ordered_json(diagnostic.place.column) : nullptr;
    json["message"] = diagnostic.message;
    json["hint"] = diagnostic.hint;
    return json;
}

void print_json(const std::vector<Finding>& findings, const Diagnostics& diagnostics, bool ok, std::ostream& out) {
    nlohmann::ordered_json json;
    json["ok"] = ok;
    json["errors"] = diagnostics.errors();
    json["warnings"] = diagnostics.warnings();
    json["files"] = nlohmann::ordered_json::array();
    for (const Finding& finding : findings) {
        nlohmann::ordered_json file;
        file["file"] = finding.file;
        file["kind"] = finding.kind.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(finding.kind);
        file["ok"] = finding.ok;
        file["name"] = finding.name;
        file["summary"] = finding.summary;
        if (!finding.expanded.empty()) file["expanded"] = finding.expanded;
        json["files"].push_back(std::move(file));
    }
    json["diagnostics"] = nlohmann::ordered_json::array();
    for (const auto& diagnostic : diagnostics.sorted()) json["diagnostics"].push_back(to_json(diagnostic));
    // A file's name need not be UTF-8.
    out << json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

}  // namespace

int run_validate(const ValidateOptions& options, std::ostream& out, std::ostream& err) {
    Validation validation(options);
    std::vector<Finding> findings;
    for (const std::string& file : options.files) findings.push_back(validation.check(file));
    const Diagnostics& diagnostics = validation.diagnostics();
    const bool ok = diagnostics.ok() && !(options.strict && diagnostics.warnings() > 0);
    if (options.json) {
        print_json(findings, diagnostics, ok, out);
        return ok ? 0 : 2;
    }
    for (const Finding& finding : findings) {
        if (!finding.ok) continue;
        const std::string line = fmt::format("ok  {}: {} {}", finding.file, finding.kind, finding.name) +
                                 (finding.summary.empty() ? "" : ", " + finding.summary);
        out << (options.expand ? "# " : "") << line << '\n' << finding.expanded;
    }
    err << diagnostics.text();
    if (!ok) err << diagnostics.summary() << "; nothing was sent\n";
    return ok ? 0 : 2;
}

}  // namespace cli
