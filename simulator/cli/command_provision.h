// provision: what a server must know of a fleet before it comes: endpoint, identity and key of every device; or what a
// tester must know to judge a server's firmware campaign: how each device's update ends.
#pragma once

#include "simulator/cli/context.h"
#include "simulator/cli/options.h"

namespace cli {

// One line a device on standard output, and nothing else there: it is made to be stored where secrets are. Devices
// without security have no line. A device whose key is wrong on purpose is told with the right one. Where a device has
// OSCORE, all lines have its columns. Returns the exit code.
int provision(const ProvisionCommand& command, const Context& context);

}  // namespace cli
