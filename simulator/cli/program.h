// Program: the whole of lwm2m-sim behind main().
#pragma once

#include "simulator/cli/context.h"

namespace cli {

// Does what `context.args` ask for and returns the exit code (metrics::ExitCode).
int run_program(const Context& context);

}  // namespace cli
