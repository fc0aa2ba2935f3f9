// Composite: several paths in one request: Read-, Observe- and Write-Composite (Core 1.1.1, 6.3.8, 6.3.9 and 6.4.4).
#pragma once

#include "simulator/lwm2m/operation.h"

namespace lwm2m {

// Also Observe-Composite and its cancellation, which are answered alike. Leaves the paths asked for in the workspace.
Answer do_read_composite(const Operation& operation);
Answer do_write_composite(const Operation& operation);

// The readable values at and below the paths, into the workspace's entries: those that a read_composite() has.
void collect_composite(std::span<const Path> paths, const ObjectTree& tree, Workspace& workspace);

}  // namespace lwm2m
