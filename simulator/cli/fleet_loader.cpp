#include "simulator/cli/fleet_loader.h"

#include <algorithm>
#include <array>
#include <ostream>

#include <fmt/format.h>

#include "profiles/object_loader.h"
#include "scenarios/override.h"
#include "scenarios/scenario_loader.h"
#include "simulator/cli/command_catalog.h"

namespace cli {
namespace {

// Overrides of these can be judged without the file.
constexpr std::array file_independent{"devices", "seed", "target"};

}  // namespace

std::unique_ptr<engine::FleetModel> load_fleet(const ScenarioOptions& options, const Environment& environment,
                                               std::ostream& err) {
    profiles::Diagnostics diagnostics;
    profiles::YamlOptions yaml;
    yaml.environment = environment;
    auto loaded = options.file ? load_named_scenario(*options.file, diagnostics, yaml)
                               : std::optional(scenarios::default_scenario());
    scenarios::Scenario scenario = loaded ? *std::move(loaded) : scenarios::default_scenario();
    const bool file_is_right = diagnostics.ok();
    for (const auto& [key, value] : options.overrides) {
        if (!file_is_right && std::ranges::find(file_independent, key) == file_independent.end()) continue;
        scenarios::apply_override(scenario, key, value, diagnostics);
    }
    std::unique_ptr<engine::FleetModel> model;
    if (file_is_right) {
        model = engine::make_fleet_model(std::move(scenario), profiles::builtin_profiles(), profiles::builtin_objects(),
                                         diagnostics, yaml);
    }
    err << diagnostics.text();
    const bool refused = !diagnostics.ok() || (options.strict && diagnostics.warnings() > 0);
    if (!refused) return model;
    err << fmt::format("{}; nothing was sent\n", diagnostics.summary()) << std::flush;
    return nullptr;
}

}  // namespace cli
