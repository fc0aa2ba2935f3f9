#include "simulator/lwm2m/discover.h"

#include "simulator/lwm2m/link_format.h"

namespace lwm2m {
namespace {

using coap::Code;

void put(LinkWriter& links, std::string_view name, const std::optional<std::uint32_t>& value) {
    if (value) links.number(name, std::uint64_t{*value});
}
void put(LinkWriter& links, std::string_view name, const std::optional<double>& value) {
    if (value) links.number(name, *value);
}
void put(LinkWriter& links, std::string_view name, const std::optional<bool>& value) {
    if (value) links.number(name, std::uint64_t{*value ? 1u : 0u});
}

void put(LinkWriter& links, const Attributes& attributes) {
    put(links, "pmin", attributes.pmin);
    put(links, "pmax", attributes.pmax);
    put(links, "gt", attributes.gt);
    put(links, "lt", attributes.lt);
    put(links, "st", attributes.st);
    put(links, "epmin", attributes.epmin);
    put(links, "epmax", attributes.epmax);
    put(links, "edge", attributes.edge);
    put(links, "con", attributes.con);
    put(links, "hqmax", attributes.hqmax);
}

template <class T>
void inherit(std::optional<T>& field, const std::optional<T>& above) {
    if (!field) field = above;
}

void inherit(Attributes& attributes, const Attributes& above) {
    inherit(attributes.pmin, above.pmin);
    inherit(attributes.pmax, above.pmax);
    inherit(attributes.gt, above.gt);
    inherit(attributes.lt, above.lt);
    inherit(attributes.st, above.st);
    inherit(attributes.epmin, above.epmin);
    inherit(attributes.epmax, above.epmax);
    inherit(attributes.edge, above.edge);
    inherit(attributes.con, above.con);
    inherit(attributes.hqmax, above.hqmax);
}

class Lister {
public:
    Lister(const Operation& operation, const ObjectModel& object, base::Writer& out)
        : operation_(operation),
          object_(object),
          asked_(operation.request.path),
          links_(out, operation.workspace.path_text) {}

    // The link of `path`, and of all down to `depth` levels below it.
    void list(const Path& path, unsigned depth) {
        auto& ids = operation_.workspace.ids;
        const bool has_dim = asked_.depth > 1 && path.depth == 3 && is_multiple(path);
        if (depth == 0 && !has_dim) return link(path, 0, false);
        const std::size_t first = ids.size();
        if (path.depth < 3 || is_multiple(path)) operation_.tree.children(path, ids);
        const std::size_t end = ids.size();
        link(path, end - first, has_dim);
        for (std::size_t i = first; depth > 0 && i < end; ++i) list(path.child(ids[i]), depth - 1);
        ids.resize(first);
    }

private:
    bool is_multiple(const Path& path) const {
        const ResourceModel* const model = object_.find(path.resource());
        return model != nullptr && model->multiple;
    }

    void link(const Path& path, std::size_t dim, bool has_dim) {
        links_.link(path);
        if (path.depth == 1 && object_.version != Version{}) links_.text("ver", to_string(object_.version));
        if (has_dim) links_.number("dim", std::uint64_t{dim});
        put(links_, attributes_of(path));
    }

    // Core 1.1.1, table 6.3.2-1: of an object only its own attributes are told; of an instance its own and those of its
    // resources; of a resource also those that it inherits.
    Attributes attributes_of(const Path& path) const {
        Attributes attributes;
        if (asked_.depth == 1 && path.depth > 1) return attributes;
        const bool inherits = asked_.depth >= 3 && path == asked_;
        const std::uint8_t top = inherits ? std::uint8_t{1} : path.depth;
        for (std::uint8_t depth = path.depth; depth >= top; --depth) {
            const Attributes* const found = operation_.attributes.find(path.prefix(depth));
            if (found != nullptr) inherit(attributes, *found);
        }
        return attributes;
    }

    const Operation& operation_;
    const ObjectModel& object_;
    const Path& asked_;
    LinkWriter links_;
};

// Core 1.2, 6.3.2: "depth=0" to "depth=3"; without it down to the resources, and at a multiple resource to its
// instances (which 1.0 has no paths for).
std::optional<unsigned> depth_of(const Operation& operation) {
    const Request& request = operation.request;
    const bool shallow = request.path.depth == 3 && operation.abilities.version < Version{1, 1};
    if (request.queries.empty()) return request.path.depth == 1 ? 2 : shallow ? 0 : 1;
    if (request.queries.size() > 1) return std::nullopt;
    const std::string_view query = request.queries.front();
    constexpr std::string_view name = "depth=";
    if (!query.starts_with(name) || query.size() != name.size() + 1) return std::nullopt;
    const char digit = query.back();
    return digit >= '0' && digit <= '3' ? std::optional<unsigned>(digit - '0') : std::nullopt;
}

}  // namespace

Answer do_discover(const Operation& operation) {
    const Path& path = operation.request.path;
    // The whole tree is discovered by a bootstrap server only (Core 1.1.1, 6.1.7.3).
    if (path.depth == 0 || path.depth == 4) return refuse(Code::method_not_allowed);
    const Target target = locate(operation.tree, path);
    if (target.code != Code::content) return refuse(target.code);
    if (!operation.tree.exists(path)) return refuse(Code::not_found);
    const auto depth = depth_of(operation);
    if (!depth) return refuse(Code::bad_request);
    std::string& prefix = operation.workspace.path_text;
    prefix.clear();
    if (!operation.abilities.root_path.empty()) prefix.append("/").append(operation.abilities.root_path);
    base::Writer out(operation.workspace.payload);
    Lister(operation, *target.object, out).list(path, *depth);
    if (out.failed()) return refuse(Code::internal_server_error);
    Answer answer;
    answer.code = Code::content;
    answer.format = ContentFormat::link;
    answer.payload = out.written();
    return answer;
}

}  // namespace lwm2m
