// run: a scenario in real time.
#pragma once

#include "simulator/cli/context.h"
#include "simulator/cli/options.h"

namespace cli {

// Blocks until the run is over. Returns the exit code of metrics::ExitCode; nothing has been sent where that is 2 or 3.
int run_scenario(const RunCommand& command, const Context& context);

}  // namespace cli
