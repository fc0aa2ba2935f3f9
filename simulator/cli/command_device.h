// device: one device in the foreground: every message decoded, its values shown and changed from a prompt.
#pragma once

#include "simulator/cli/context.h"
#include "simulator/cli/options.h"

namespace cli {

// Reads commands from context.in until its end, `quit` or an interrupt; then the device de-registers. The exit code
// says whether it was registered.
int run_device(const DeviceCommand& command, const Context& context);

}  // namespace cli
