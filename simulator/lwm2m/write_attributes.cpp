#include "simulator/lwm2m/write_attributes.h"

namespace lwm2m {
namespace {

using coap::Code;

// Do the attributes that are set exist in that version?
bool are_known(const Attributes& attributes, Version version) {
    if (version < Version{1, 2} && (attributes.edge || attributes.con || attributes.hqmax)) return false;
    return version >= Version{1, 1} || !(attributes.epmin || attributes.epmax);
}

// Core 1.1.1, table 5.1.2-2: gt, lt and st belong to a resource with numbers, edge (1.2) to one with truths.
bool have_meaning(const Attributes& attributes, const Path& path, const ObjectTree& tree) {
    const Type type = path.depth >= 3 ? TreeTypes(tree).type_of(path) : Type::none;
    if ((attributes.gt || attributes.lt || attributes.st) && !is_number(type)) return false;
    return !attributes.edge || type == Type::boolean;
}

}  // namespace

base::Result<void> apply_attributes(std::span<const std::string_view> queries, const Path& path, const ObjectTree& tree,
                                    Version version, Attributes& attributes) {
    for (const std::string_view query : queries) {
        if (const auto done = apply_attribute(query, attributes); !done) return done;
    }
    if (!are_known(attributes, version)) return base::fail("an attribute of a later version");
    if (!have_meaning(attributes, path, tree)) return base::fail("an attribute that has no meaning there");
    if (!are_consistent(attributes)) return base::fail("attributes that contradict each other");
    return {};
}

Answer do_write_attributes(const Operation& operation) {
    const Path& path = operation.request.path;
    if (path.depth == 0) return refuse(Code::method_not_allowed);
    const Target target = locate(operation.tree, path);
    if (target.code != Code::content) return refuse(target.code);
    if (!operation.tree.exists(path)) return refuse(Code::not_found);
    if (path.depth >= 2 && !may(operation, Right::read, path)) return refuse(Code::unauthorized);
    const Attributes* const before = operation.attributes.find(path);
    Attributes attributes = before == nullptr ? Attributes{} : *before;
    const auto done =
        apply_attributes(operation.request.queries, path, operation.tree, operation.abilities.version, attributes);
    if (!done) return refuse(Code::bad_request);
    return refuse(operation.attributes.set(path, attributes) ? Code::changed : Code::internal_server_error);
}

}  // namespace lwm2m
