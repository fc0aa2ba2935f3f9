#include "simulator/lwm2m/delete_instance.h"

namespace lwm2m {
namespace {

using coap::Code;

// How many there are one level below.
std::size_t count(const Path& path, const Operation& operation) {
    auto& ids = operation.workspace.ids;
    ids.clear();
    operation.tree.children(path, ids);
    return ids.size();
}

// Core 1.1.1, 6.3.7: what must be there stays: the Device object's instance, the last Server.
bool may_go(const Path& path, const Target& target, const Operation& operation) {
    if (path.depth == 2) return !target.object->mandatory || count(path.prefix(1), operation) > 1;
    if (!target.resource->operations.write) return false;
    return !target.resource->mandatory || count(path.prefix(3), operation) > 1;
}

}  // namespace

Answer do_delete(const Operation& operation) {
    const Path& path = operation.request.path;
    if (path.depth == 0) return refuse(Code::method_not_allowed);
    if (is_closed(path.object())) return refuse(Code::unauthorized);
    if (path.depth != 2 && path.depth != 4) return refuse(Code::method_not_allowed);
    const Target target = locate(operation.tree, path);
    if (target.code != Code::content) return refuse(target.code);
    if (!operation.tree.exists(path)) return refuse(Code::not_found);
    if (!may(operation, Right::delete_, path)) return refuse(Code::unauthorized);
    // Only 1.2 lets a resource instance go by itself.
    const bool can = path.depth == 2 || operation.abilities.version >= Version{1, 2};
    if (!can || !may_go(path, target, operation)) return refuse(Code::method_not_allowed);
    const Code code = operation.tree.remove(path);
    if (code == Code::deleted && path.depth == 2) {
        remove_access_control(operation.tree, path, operation.workspace.ids);
    }
    return refuse(code);
}

}  // namespace lwm2m
