// Scenario loader: from YAML, or from nothing, to a Scenario. Touches nothing but
// the file; profiles are named, not loaded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "profiles/diagnostics.h"
#include "profiles/yaml.h"
#include "scenarios/scenario.h"

namespace scenarios {

// Everything wrong with the file is reported; nothing is returned unless all is right.
std::optional<Scenario> load_scenario(const std::string& path, profiles::Diagnostics& diagnostics,
                                      const profiles::YamlOptions& options = {});
// The same for a text that is no file; `name` stands for it in messages.
std::optional<Scenario> parse_scenario(std::string text, std::string name, profiles::Diagnostics& diagnostics,
                                       const profiles::YamlOptions& options = {});

// A tree that was parsed already.
std::optional<Scenario> read_scenario(const profiles::Node& tree, profiles::Diagnostics& diagnostics);

// What `run` does without a file: 10,000 devices, a mix of the catalog's profiles, a ramp, a hold of 60 s and a drain,
// against the embedded server.
Scenario default_scenario();

}  // namespace scenarios
