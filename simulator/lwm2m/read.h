// Read: the values at and below a path, in a format that can hold them (Core 1.1.1, 6.3.1; Transport 1.1.1, 6.4.5).
#pragma once

#include "simulator/lwm2m/operation.h"

namespace lwm2m {

// Also Observe and its cancellation, which are answered alike.
Answer do_read(const Operation& operation);

// Appends the readable values at and below `path` (not the root) to the workspace's entries, in order; an instance or
// multiple resource without any stands there by itself. Content, or why there are none: 4.01, 4.04, 4.05.
coap::Code collect(const Path& path, const ObjectTree& tree, Workspace& workspace);

// The entries of the workspace as the payload of an answer. 5.00 where the payload is larger than the workspace has
// room for.
Answer encode_entries(const Path& base, ContentFormat format, Workspace& workspace);

}  // namespace lwm2m
