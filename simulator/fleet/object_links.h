// ObjectLinks: the object list of a device as it is now (Core 1.1.1, 6.2.1; RFC 6690): its profile's, unless instances
// have been created or deleted.
#pragma once

#include <string_view>

#include "simulator/fleet/turn.h"

namespace fleet {

// The view lives until the tree is looked at again.
std::string_view object_links(Turn& turn, LinkId id);

}  // namespace fleet
