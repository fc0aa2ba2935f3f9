#include "simulator/lwm2m/create.h"

#include <algorithm>

#include "simulator/lwm2m/write.h"

namespace lwm2m {
namespace {

using coap::Code;

// The lowest id that no instance has; no_id when there is none left.
std::uint16_t free_id(const Path& object, const Operation& operation) {
    auto& ids = operation.workspace.ids;
    ids.clear();
    operation.tree.children(object, ids);
    std::uint16_t id = 0;
    for (const std::uint16_t taken : ids) {
        if (taken != id) break;
        ++id;
    }
    return id;
}

// The instance that the payload speaks of; one whose id is no_id where it leaves the choice to the device (bare
// resources). Nothing when it speaks of several.
std::optional<Path> instance_of(const Path& object, const std::vector<Entry>& entries) {
    if (entries.empty()) return object.child(no_id);
    const Path instance = entries.front().path.prefix(2);
    const bool one =
        std::all_of(entries.begin(), entries.end(), [&](const Entry& entry) { return instance.contains(entry.path); });
    return one ? std::optional(instance) : std::nullopt;
}

// Core 1.1.1, 6.3.6: values that a server may not write are not taken from it.
void leave_out_unwritable(std::vector<Entry>& entries, const ObjectModel& object) {
    std::erase_if(entries, [&](const Entry& entry) {
        const ResourceModel* const model = object.find(entry.path.resource());
        return entry.path.depth < 3 || (model != nullptr && !model->operations.write);
    });
}

bool has_all_mandatory(const std::vector<Entry>& entries, const ObjectModel& object, const Path& instance) {
    return std::all_of(object.resources.begin(), object.resources.end(), [&](const ResourceModel& resource) {
        return !resource.mandatory || !resource.operations.write ||
               find_entry(entries, instance.child(resource.id)) != entries.end();
    });
}

Code check(const std::vector<Entry>& entries, const ObjectModel& object, const Path& instance, const ObjectTree& tree) {
    if (!has_all_mandatory(entries, object, instance)) return Code::bad_request;
    for (const Entry& entry : entries) {
        if (object.find(entry.path.resource()) == nullptr) return Code::bad_request;
        if (const Code code = check_value(entry, tree); code != Code::changed) return code;
    }
    return Code::created;
}

Code fill(const Path& instance, const Operation& operation) {
    ObjectTree& tree = operation.tree;
    if (const Code code = tree.create(instance); code != Code::created) return code;
    Code code = write_values(operation.workspace.entries.entries, tree);
    if (code == Code::changed) code = add_access_control(tree, instance, operation.workspace.ids);
    if (code == Code::created) return code;
    tree.remove(instance);
    return code;
}

}  // namespace

Answer do_create(const Operation& operation) {
    const Path& path = operation.request.path;
    const Target target = locate(operation.tree, path);
    if (target.code != Code::content) return refuse(target.code);
    if (!may(operation, Right::create, path)) return refuse(Code::unauthorized);
    const ObjectModel& object = *target.object;
    const std::uint16_t id = free_id(path, operation);
    if (!object.multiple && !operation.workspace.ids.empty()) return refuse(Code::method_not_allowed);

    auto& entries = operation.workspace.entries.entries;
    operation.workspace.entries.clear();
    const bool bare = operation.payload.empty() && !operation.request.content_format;
    if (!bare) {
        if (const Code code = decode_payload(operation, path); code != Code::content) return refuse(code);
    }
    auto instance = instance_of(path, entries);
    if (!instance) return refuse(Code::bad_request);
    Answer answer;
    if (instance->instance() == no_id) {
        if (id == no_id) return refuse(Code::internal_server_error);
        for (Entry& entry : entries) entry.path.ids[1] = id;
        instance = answer.created = path.child(id);
    }
    const bool possible = object.multiple || instance->instance() == 0;
    if (!possible || operation.tree.exists(*instance)) return refuse(Code::bad_request);
    leave_out_unwritable(entries, object);
    if (const Code code = check(entries, object, *instance, operation.tree); code != Code::created) {
        return refuse(code);
    }
    answer.code = fill(*instance, operation);
    return answer.code == Code::created ? answer : refuse(answer.code);
}

}  // namespace lwm2m
