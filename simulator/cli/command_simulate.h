// simulate: a scenario in virtual time.
#pragma once

#include "simulator/cli/context.h"
#include "simulator/cli/options.h"

namespace cli {

// Prints the summary and "trace 0123456789abcdef", the hash of every datagram: the same for the same scenario and seed.
// No socket is opened. Returns the exit code of metrics::ExitCode.
int simulate(const SimulateCommand& command, const Context& context);

}  // namespace cli
