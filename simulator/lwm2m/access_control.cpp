#include "simulator/lwm2m/access_control.h"

namespace lwm2m {
namespace {

constexpr std::uint16_t access_control = 2;
enum Resource : std::uint16_t { object_id = 0, instance_id = 1, acl = 2, owner = 3 };

bool is_number(const ObjectTree& tree, const Path& path, std::uint16_t number) {
    const ValueView value = tree.read(path);
    return value.type != Type::none && to_number(value) == number;
}

bool has_right(const ValueView& rights, Right right) {
    const double bits = to_number(rights);
    return bits >= 0 && bits <= 0xffff && (static_cast<unsigned>(bits) & static_cast<unsigned>(right)) != 0;
}

// The instance of object 2 that speaks of `instance` of `object`; the root where there is none.
Path find(const ObjectTree& tree, std::uint16_t object, std::uint16_t instance, std::vector<std::uint16_t>& ids) {
    const std::size_t first = ids.size();
    tree.children(Path(access_control), ids);
    Path found;
    for (std::size_t i = first; i < ids.size() && found.depth == 0; ++i) {
        const Path at(access_control, ids[i]);
        if (is_number(tree, at.child(object_id), object) && is_number(tree, at.child(instance_id), instance)) {
            found = at;
        }
    }
    ids.resize(first);
    return found;
}

// The number that the server's own entry, or else the default one, has in the list; none where there is neither.
ValueView listed(const ObjectTree& tree, const Path& list, std::uint16_t server) {
    const ValueView own = tree.read(list.child(server));
    return own.type != Type::none ? own : tree.read(list.child(0));
}

}  // namespace

bool is_allowed(const ObjectTree& tree, Right right, const Path& path, std::vector<std::uint16_t>& ids) {
    const auto server = tree.server();
    if (!server) return true;
    if (path.object() == access_control) {
        return right != Right::create && path.depth >= 2 && is_number(tree, path.prefix(2).child(owner), *server);
    }
    if (right == Right::create) {
        const Path at = find(tree, path.object(), no_id, ids);
        return at.depth != 0 && has_right(tree.read(at.child(acl).child(*server)), right);
    }
    if (path.depth < 2) return true;
    const Path at = find(tree, path.object(), path.instance(), ids);
    if (at.depth == 0) return false;
    const Path list = at.child(acl);
    const bool named = tree.read(list.child(*server)).type != Type::none;
    if (!named && is_number(tree, at.child(owner), *server)) return true;
    return has_right(listed(tree, list, *server), right);
}

coap::Code add_access_control(ObjectTree& tree, const Path& instance, std::vector<std::uint16_t>& ids) {
    const auto server = tree.server();
    if (!server || tree.object(access_control) == nullptr) return coap::Code::created;
    const std::size_t first = ids.size();
    tree.children(Path(access_control), ids);
    std::uint16_t free = 0;
    for (std::size_t i = first; i < ids.size() && ids[i] == free; ++i) ++free;
    ids.resize(first);
    const Path at(access_control, free);
    if (const auto code = tree.create(at); code != coap::Code::created) return code;
    const auto write = [&](std::uint16_t resource, std::uint16_t value) {
        return tree.write(at.child(resource), ValueView::of_integer(value)) == coap::Code::changed;
    };
    if (write(object_id, instance.object()) && write(instance_id, instance.instance()) && write(owner, *server)) {
        return coap::Code::created;
    }
    tree.remove(at);
    return coap::Code::internal_server_error;
}

void remove_access_control(ObjectTree& tree, const Path& instance, std::vector<std::uint16_t>& ids) {
    if (!tree.server()) return;
    const Path at = find(tree, instance.object(), instance.instance(), ids);
    if (at.depth != 0) tree.remove(at);
}

}  // namespace lwm2m
