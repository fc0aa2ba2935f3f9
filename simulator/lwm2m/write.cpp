#include "simulator/lwm2m/write.h"

namespace lwm2m {
namespace {

using coap::Code;

// Core 1.1.1, Appendix C: a link must lead to an object, or an instance of one, that is there; the null link leads
// nowhere.
bool leads_somewhere(Objlnk link, const ObjectTree& tree) {
    if (link.object == no_id) return link.instance == no_id;
    if (link.instance == no_id) return tree.object(link.object) != nullptr;
    return tree.exists(Path(link.object, link.instance));
}

// Is what the path names there to be written to?
Code check_target(const Path& path, const ObjectTree& tree) {
    const Target target = locate(tree, path);
    if (target.code != Code::content) return target.code;
    if (!tree.exists(path.prefix(2))) return Code::not_found;
    if (path.depth < 3) return Code::changed;
    if (!tree.exists(path.prefix(3)) && !tree.supports(path.prefix(3))) return Code::not_found;
    if (!target.resource->operations.write) return Code::method_not_allowed;
    // A resource instance comes into being by a write to its resource or instance.
    return path.depth == 4 && !tree.exists(path) ? Code::not_found : Code::changed;
}

template <class F>
void for_each_child(const Path& path, ObjectTree& tree, std::vector<std::uint16_t>& ids, F&& visit) {
    const std::size_t first = ids.size();
    tree.children(path, ids);
    const std::size_t end = ids.size();
    for (std::size_t i = first; i < end; ++i) visit(path.child(ids[i]));
    ids.resize(first);
}

void remove_left_out_instances(const Path& resource, ObjectTree& tree, Workspace& workspace) {
    const auto& entries = workspace.entries.entries;
    for_each_child(resource, tree, workspace.ids, [&](const Path& path) {
        if (find_entry(entries, path) == entries.end()) tree.remove(path);
    });
}

// Replace resets an instance: what can be written and was not is gone, except that a mandatory resource always has a
// value.
void remove_left_out_resources(const Path& instance, ObjectTree& tree, Workspace& workspace) {
    const ObjectModel& object = *tree.object(instance.object());
    const auto& entries = workspace.entries.entries;
    for_each_child(instance, tree, workspace.ids, [&](const Path& path) {
        const ResourceModel* const model = object.find(path.resource());
        if (model == nullptr || !model->operations.write) return;
        if (find_entry(entries, path) != entries.end()) {
            if (model->multiple) remove_left_out_instances(path, tree, workspace);
        } else if (!model->mandatory) {
            tree.remove(path);
        }
    });
}

// Core 1.0.2, 5.4.3: a partial update with a multiple resource replaces all its instances; from 1.1 it adds and changes
// some.
void remove_left_out_of_update(ObjectTree& tree, Workspace& workspace) {
    const auto& entries = workspace.entries.entries;
    Path done;
    for (const Entry& entry : entries) {
        const Path resource = entry.path.prefix(3);
        if (resource == done || resource.depth < 3) continue;
        done = resource;
        const ResourceModel* const model = locate(tree, resource).resource;
        if (model != nullptr && model->multiple) remove_left_out_instances(resource, tree, workspace);
    }
}

void remove_left_out(const Operation& operation, WriteMode mode) {
    const Path& path = operation.request.path;
    if (mode == WriteMode::update) {
        if (operation.abilities.version < Version{1, 1}) {
            remove_left_out_of_update(operation.tree, operation.workspace);
        }
    } else if (path.depth == 2) {
        remove_left_out_resources(path, operation.tree, operation.workspace);
    } else if (path.depth == 3 && locate(operation.tree, path).resource->multiple) {
        remove_left_out_instances(path, operation.tree, operation.workspace);
    }
}

}  // namespace

Code check_value(const Entry& entry, const ObjectTree& tree) {
    if (entry.path.depth < 3) return Code::changed;  // an instance without values
    const Target target = locate(tree, entry.path);
    if (target.code != Code::content) return target.code;
    const Path resource = entry.path.prefix(3);
    if (!tree.exists(resource) && !tree.supports(resource)) return Code::not_found;
    if (!target.resource->operations.write) return Code::method_not_allowed;
    if (entry.value.type == Type::none) return Code::changed;
    if (!target.resource->range.allows(entry.value)) return Code::bad_request;
    if (entry.value.type == Type::objlnk && !leads_somewhere(entry.value.objlnk, tree)) return Code::bad_request;
    return tree.accepts(entry.path, entry.value);
}

Code write_values(const std::vector<Entry>& entries, ObjectTree& tree) {
    for (const Entry& entry : entries) {
        if (entry.value.type == Type::none) continue;
        if (const Code code = tree.write(entry.path, entry.value); code != Code::changed) return code;
    }
    return Code::changed;
}

Answer do_write(const Operation& operation, WriteMode mode) {
    const Path& path = operation.request.path;
    if (path.depth == 0) return refuse(Code::method_not_allowed);
    if (is_closed(path.object())) return refuse(Code::unauthorized);
    if (path.depth == 1) return refuse(Code::method_not_allowed);
    if (!may(operation, Right::write, path)) return refuse(Code::unauthorized);
    if (const Code code = check_target(path, operation.tree); code != Code::changed) return refuse(code);
    if (const Code code = decode_payload(operation, path); code != Code::content) return refuse(code);
    const auto& entries = operation.workspace.entries.entries;
    // Core 1.1.1, 6.3.3: one value that may not be written, and nothing is.
    for (const Entry& entry : entries) {
        if (const Code code = check_value(entry, operation.tree); code != Code::changed) return refuse(code);
    }
    operation.workspace.ids.clear();
    remove_left_out(operation, mode);
    Answer answer;
    answer.code = write_values(entries, operation.tree);
    return answer;
}

}  // namespace lwm2m
