#include "simulator/lwm2m/read.h"

#include <algorithm>

#include "simulator/lwm2m/access_control.h"

namespace lwm2m {
namespace {

using coap::Code;

// Goes down the tree; the ids of the levels that it is in lie one behind the other in the workspace.
class Collector {
public:
    Collector(const ObjectModel& object, const ObjectTree& tree, Workspace& workspace)
        : object_(object), tree_(tree), ids_(workspace.ids), entries_(workspace.entries.entries) {}

    void instances(const Path& object) {
        for_each_child(object, [this](const Path& instance) {
            // Core 1.1.1, 8.2.4: of an object, the instances that the server may read.
            if (!is_allowed(tree_, Right::read, instance, ids_)) return;
            const std::size_t before = entries_.size();
            resources(instance);
            if (entries_.size() == before) entries_.push_back({instance, ValueView{}, 0});
        });
    }
    void resources(const Path& instance) {
        for_each_child(instance, [this](const Path& path) {
            const ResourceModel* const model = object_.find(path.resource());
            // Core 1.1.1, 6.3.1: what is not readable is left out.
            if (model == nullptr || !model->operations.read) return;
            model->multiple ? resource_instances(path) : static_cast<void>(single(path));
        });
    }
    void resource_instances(const Path& resource) {
        const std::size_t before = entries_.size();
        for_each_child(resource, [this](const Path& path) { single(path); });
        if (entries_.size() == before) entries_.push_back({resource, ValueView{}, 0});
    }
    bool single(const Path& path) {
        const ValueView value = tree_.read(path);
        if (value.type == Type::none) return false;
        entries_.push_back({path, value, 0});
        return true;
    }

private:
    template <class F>
    void for_each_child(const Path& path, F&& visit) {
        const std::size_t first = ids_.size();
        tree_.children(path, ids_);
        const std::size_t end = ids_.size();
        for (std::size_t i = first; i < end; ++i) visit(path.child(ids_[i]));
        ids_.resize(first);
    }

    const ObjectModel& object_;
    const ObjectTree& tree_;
    std::vector<std::uint16_t>& ids_;
    std::vector<Entry>& entries_;
};

Code collect_resource(const Path& path, const Target& target, const ObjectTree& tree, Collector& collector) {
    if (!target.resource->operations.read) return tree.exists(path) ? Code::method_not_allowed : Code::not_found;
    if (path.depth == 4 || !target.resource->multiple) {
        return collector.single(path) ? Code::content : Code::not_found;
    }
    if (!tree.exists(path)) return Code::not_found;
    collector.resource_instances(path);
    return Code::content;
}

// Can `format` hold what is at `path`? Text, opaque and CBOR hold one value; the ETCH formats hold requests.
bool holds(ContentFormat format, const Path& path, const ResourceModel* resource) {
    const bool single = path.depth == 4 || (path.depth == 3 && !resource->multiple);
    switch (format) {
        case ContentFormat::text:
        case ContentFormat::cbor: return single;
        case ContentFormat::opaque: return single && resource->type == Type::opaque;
        case ContentFormat::senml_json:
        case ContentFormat::senml_cbor:
        case ContentFormat::tlv:
        case ContentFormat::json:
        case ContentFormat::lwm2m_cbor: return true;
        case ContentFormat::link:
        case ContentFormat::senml_etch_json:
        case ContentFormat::senml_etch_cbor: return false;
    }
    return false;
}

// Accept decides; without it the device's own choice, or the first of its formats that will do.
std::optional<ContentFormat> choose_format(const Request& request, const Abilities& abilities,
                                           const ResourceModel* resource) {
    const auto can = [&](ContentFormat format) { return holds(format, request.path, resource); };
    const auto& formats = abilities.formats;
    if (request.accept) {
        const auto wanted = content_format(*request.accept);
        const bool known = wanted && std::find(formats.begin(), formats.end(), *wanted) != formats.end();
        return known && can(*wanted) ? wanted : std::nullopt;
    }
    if (can(abilities.default_format)) return abilities.default_format;
    const auto first = std::find_if(formats.begin(), formats.end(), can);
    return first == formats.end() ? std::nullopt : std::optional(*first);
}

}  // namespace

Code collect(const Path& path, const ObjectTree& tree, Workspace& workspace) {
    const Target target = locate(tree, path);
    if (target.code != Code::content) return target.code;
    // Core 1.1.1, 8.2: the right comes before what the resource supports.
    if (path.depth >= 2 && tree.exists(path.prefix(2)) && !is_allowed(tree, Right::read, path, workspace.ids)) {
        return Code::unauthorized;
    }
    Collector collector(*target.object, tree, workspace);
    if (path.depth >= 3) return collect_resource(path, target, tree, collector);
    if (!tree.exists(path)) return Code::not_found;
    if (path.depth == 1) {
        collector.instances(path);
    } else {
        collector.resources(path);
    }
    return Code::content;
}

Answer encode_entries(const Path& base, ContentFormat format, Workspace& workspace) {
    base::Writer out(workspace.payload);
    if (!encode(format, base, workspace.entries.entries, out)) return refuse(Code::internal_server_error);
    Answer answer;
    answer.code = Code::content;
    answer.format = format;
    answer.payload = out.written();
    return answer;
}

Answer do_read(const Operation& operation) {
    const Request& request = operation.request;
    if (request.path.depth == 0) return refuse(Code::method_not_allowed);
    const Target target = locate(operation.tree, request.path);
    if (target.code != Code::content) return refuse(target.code);
    operation.workspace.entries.clear();
    const Code code = collect(request.path, operation.tree, operation.workspace);
    if (code != Code::content) return refuse(code);
    const auto format = choose_format(request, operation.abilities, target.resource);
    if (!format) return refuse(Code::not_acceptable);
    return encode_entries(request.path, *format, operation.workspace);
}

Answer read(const Path& path, ContentFormat format, const ObjectTree& tree, Workspace& workspace) {
    if (path.depth == 0) return refuse(Code::method_not_allowed);
    workspace.entries.clear();
    const Code code = collect(path, tree, workspace);
    return code == Code::content ? encode_entries(path, format, workspace) : refuse(code);
}

}  // namespace lwm2m
