#include "simulator/cli/command_catalog.h"

#include <filesystem>
#include <ostream>
#include <span>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "metrics/catalog.h"
#include "scenarios/scenario_loader.h"
#include "simulator/base/did_you_mean.h"
#include "simulator/base/embedded.h"

namespace embedded {
std::span<const base::EmbeddedFile> scenario_catalog();
}

namespace cli {
namespace {

using Json = nlohmann::ordered_json;

// "scenarios/catalog/smoke.yaml" -> "smoke"
std::string name_of(const base::EmbeddedFile& file) { return std::filesystem::path(file.path).stem().string(); }

int list_scenarios(const ListOptions& options, std::ostream& out, std::ostream& err) {
    if (options.name) {
        if (const auto text = catalog_scenario(*options.name)) {
            out << *text << std::flush;
            return 0;
        }
        std::vector<std::string> names;
        for (const auto& file : embedded::scenario_catalog()) names.push_back(name_of(file));
        const std::vector<std::string_view> words(names.begin(), names.end());
        err << fmt::format("error: no scenario is called '{}'{}\n", profiles::printable(*options.name),
                           base::did_you_mean(base::nearest(*options.name, words)));
        return 2;
    }
    Json json = Json::array();
    for (const auto& file : embedded::scenario_catalog()) {
        profiles::Diagnostics diagnostics;
        const auto scenario = scenarios::parse_scenario(std::string(file.content), std::string(file.path), diagnostics);
        err << diagnostics.text();
        if (!scenario) return 2;
        json.push_back({{"name", name_of(file)}, {"description", scenario->description}});
        if (!options.json) out << fmt::format("{:22} {}\n", name_of(file), scenario->description);
    }
    if (options.json) out << json.dump(2) << '\n';
    return 0;
}

std::string_view type_name(metrics::MetricType type) {
    switch (type) {
        case metrics::MetricType::counter: return "counter";
        case metrics::MetricType::gauge: return "gauge";
        case metrics::MetricType::histogram: return "histogram";
    }
    return "";
}

int list_metrics(const ListOptions& options, std::ostream& out, std::ostream& err) {
    if (options.name) {
        err << "error: list metrics takes no name\n";
        return 2;
    }
    Json json = Json::array();
    for (const auto& metric : metrics::metrics()) {
        if (options.json) {
            json.push_back({{"name", metric.name},
                            {"type", type_name(metric.type)},
                            {"labels", metric.labels},
                            {"help", metric.help}});
        } else {
            out << fmt::format("{:48} {:10} {:24} {}\n", metric.name, type_name(metric.type), metric.labels,
                               metric.help);
        }
    }
    if (options.json) out << json.dump(2) << '\n';
    return 0;
}

}  // namespace

std::optional<std::string_view> catalog_scenario(std::string_view name) {
    for (const auto& file : embedded::scenario_catalog()) {
        if (name_of(file) == name) return file.content;
    }
    return std::nullopt;
}

std::optional<scenarios::Scenario> load_named_scenario(const std::string& reference, profiles::Diagnostics& diagnostics,
                                                       const profiles::YamlOptions& options) {
    const auto text = catalog_scenario(reference);
    std::error_code ignored;
    if (text && !std::filesystem::exists(reference, ignored)) {
        return scenarios::parse_scenario(std::string(*text), reference, diagnostics, options);
    }
    return scenarios::load_scenario(reference, diagnostics, options);
}

std::optional<int> run_catalog_list(const ListOptions& options, std::ostream& out, std::ostream& err) {
    if (options.what == "scenarios") return list_scenarios(options, out, err);
    if (options.what == "metrics") return list_metrics(options, out, err);
    return std::nullopt;
}

}  // namespace cli
