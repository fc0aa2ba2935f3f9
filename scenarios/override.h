// Override: a scenario with one value changed, as a flag of the command line does it.
#pragma once

#include <string_view>

#include "profiles/diagnostics.h"
#include "profiles/yaml.h"
#include "scenarios/scenario.h"

namespace scenarios {

// Changes one value. `key` is the way to it in the file ("devices", "fleet[1].share", "phases[0].ramp.over",
// "server.read[0].every"; an index one past the end appends), and `value` is YAML. Two keys stand for wherever they
// are:
// "for" for the length of the only hold, "over" for that of the only ramp. The whole is checked again; where
// something is
// wrong with it, that is reported and the scenario is as it was.
bool apply_override(Scenario& scenario, std::string_view key, std::string_view value,
                    profiles::Diagnostics& diagnostics);

// The map with `value` at `key`, in place of what was there or at the end. A null node is an empty map.
profiles::Node with_key(const profiles::Node& map, std::string_view key, profiles::Node value);

}  // namespace scenarios
