// Catalogs that the program carries beside profiles and objects: scenarios by name, and the metrics that a run exposes.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include "profiles/yaml.h"
#include "scenarios/scenario.h"
#include "simulator/cli/command_list.h"

namespace cli {

// The text of a scenario of scenarios/catalog ("smoke"), or nothing.
std::optional<std::string_view> catalog_scenario(std::string_view name);

// A scenario by the path of its file or, where there is no such file, by its name in the catalog.
std::optional<scenarios::Scenario> load_named_scenario(const std::string& reference, profiles::Diagnostics& diagnostics,
                                                       const profiles::YamlOptions& options);

// `list scenarios [NAME]` and `list metrics`: the exit code, or nothing where something else is to be listed.
std::optional<int> run_catalog_list(const ListOptions& options, std::ostream& out, std::ostream& err);

}  // namespace cli
