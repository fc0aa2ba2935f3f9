// Fleet loader: from the options of a command to the fleet that it means, or to everything that is wrong, said at once.
#pragma once

#include <iosfwd>
#include <memory>

#include "simulator/cli/options.h"
#include "simulator/engine/fleet_model.h"

namespace cli {

// The scenario with its overrides and profiles. Errors and warnings go to `err`; with an error, or with a warning under
// `strict`, nothing comes back: the exit code is 2. The model lives on builtin_objects().
std::unique_ptr<engine::FleetModel> load_fleet(const ScenarioOptions& options, const Environment& environment,
                                               std::ostream& err);

}  // namespace cli
