// serve: the embedded server alone.
#pragma once

#include "simulator/cli/context.h"
#include "simulator/cli/options.h"

namespace cli {

// Blocks until SIGINT or SIGTERM, then prints the server's figures. Returns the exit code of metrics::ExitCode.
int serve(const ServeCommand& command, const Context& context);

}  // namespace cli
