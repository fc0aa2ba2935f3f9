// Access control: what one of several servers may do (Core 1.1.1, 8). An instance of object 2 says it for an object
// instance, or, for Create, for an object.
#pragma once

#include <cstdint>
#include <vector>

#include "simulator/lwm2m/object_tree.h"

namespace lwm2m {

// Bits of the ACL resource (Core 1.1.1, E.3). Observe and Write-Attributes need read, a notification too; Discover
// needs nothing.
enum class Right : std::uint8_t { read = 1, write = 2, execute = 4, delete_ = 8, create = 16 };

// May the server that the tree is seen by (ObjectTree::server) do that at `path`? What counts is the instance that the
// path is in; for `create`, the object. A server that is alone may do everything.
//
// The owner of an instance has all rights, unless the list names it; whom the list does not name has the rights of its
// instance 0, or none. Object 2 is its owners' affair alone. `ids` is memory for ids; what is in it stays.
bool is_allowed(const ObjectTree& tree, Right right, const Path& path, std::vector<std::uint16_t>& ids);

// The server has created `instance`: it owns it. Codes: created, or 5.00 no room.
coap::Code add_access_control(ObjectTree& tree, const Path& instance, std::vector<std::uint16_t>& ids);
// `instance` is gone, and what was said of it goes too.
void remove_access_control(ObjectTree& tree, const Path& instance, std::vector<std::uint16_t>& ids);

}  // namespace lwm2m
