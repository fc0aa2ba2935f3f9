// Scenario loader: from YAML, or from nothing, to a Scenario, with the changes of the command line. Touches nothing but
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

// What `run` does without a file: 10,000 devices, a mix of the catalog's profiles, a ramp, a hold of 60 s and a drain,
// against the embedded server.
Scenario default_scenario();

// Changes one value, as a flag of the command line does. `key` is the way to it in the file ("devices",
// "fleet[1].share", "phases[0].ramp.over", "server.read[0].every"; an index one past the end appends), and `value` is
// YAML. Two keys stand for wherever they are: "for" for the length of the only hold, "over" for that of the only ramp.
// The whole is checked again; where something is wrong with it, that is reported and the scenario is as it was.
bool apply_override(Scenario& scenario, std::string_view key, std::string_view value,
                    profiles::Diagnostics& diagnostics);

}  // namespace scenarios
