#include "simulator/lwm2m/dispatcher.h"

#include "simulator/lwm2m/composite.h"
#include "simulator/lwm2m/create.h"
#include "simulator/lwm2m/delete_instance.h"
#include "simulator/lwm2m/discover.h"
#include "simulator/lwm2m/execute.h"
#include "simulator/lwm2m/read.h"
#include "simulator/lwm2m/write.h"
#include "simulator/lwm2m/write_attributes.h"

namespace lwm2m {
namespace {

// Core 1.2, 7.3.2: from 1.2 on an Observe may bring its own attributes. No other read takes a query.
bool queries_fit(const Operation& operation) {
    const Request& request = operation.request;
    const bool cancels =
        request.kind == RequestKind::cancel_observe || request.kind == RequestKind::cancel_observe_composite;
    if (request.queries.empty() || cancels) return true;
    const bool observes = request.kind == RequestKind::observe || request.kind == RequestKind::observe_composite;
    if (!observes || operation.abilities.version < Version{1, 2}) return false;
    Attributes attributes;
    return apply_attributes(request.queries, request.path, operation.tree, operation.abilities.version, attributes)
        .has_value();
}

Answer answer(const Operation& operation) {
    switch (operation.request.kind) {
        case RequestKind::read:
        case RequestKind::observe:
        case RequestKind::cancel_observe:
            return queries_fit(operation) ? do_read(operation) : refuse(coap::Code::bad_request);
        case RequestKind::discover: return do_discover(operation);
        case RequestKind::write_replace: return do_write(operation, WriteMode::replace);
        case RequestKind::write_update: return do_write(operation, WriteMode::update);
        case RequestKind::write_attributes: return do_write_attributes(operation);
        case RequestKind::execute: return do_execute(operation);
        case RequestKind::create: return do_create(operation);
        case RequestKind::delete_: return do_delete(operation);
        case RequestKind::read_composite:
        case RequestKind::observe_composite:
        case RequestKind::cancel_observe_composite:
            return queries_fit(operation) ? do_read_composite(operation) : refuse(coap::Code::bad_request);
        case RequestKind::write_composite: return do_write_composite(operation);
    }
    return {};
}

}  // namespace

Answer dispatch(const Request& request, base::Bytes payload, ObjectTree& tree, AttributeStore& attributes,
                const Abilities& abilities, Workspace& workspace) {
    workspace.ids.clear();
    return answer({request, payload, tree, attributes, abilities, workspace});
}

}  // namespace lwm2m
