#include "simulator/lwm2m/operation.h"

#include <algorithm>

namespace lwm2m {
namespace {

// RFC 8790 5: the ETCH formats say what to fetch or patch; they are no payload of a Write.
constexpr bool is_etch(ContentFormat format) {
    return format == ContentFormat::senml_etch_json || format == ContentFormat::senml_etch_cbor;
}

}  // namespace

Target locate(const ObjectTree& tree, const Path& path) {
    Target target;
    if (is_closed(path.object())) {
        target.code = coap::Code::unauthorized;
        return target;
    }
    target.object = tree.object(path.object());
    if (target.object == nullptr) return target;
    if (path.depth >= 3) {
        target.resource = target.object->find(path.resource());
        if (target.resource == nullptr || (path.depth == 4 && !target.resource->multiple)) return target;
    }
    target.code = coap::Code::content;
    return target;
}

bool may(const Operation& operation, Right right, const Path& path) {
    if (right != Right::create && !operation.tree.exists(path.prefix(2))) return true;
    return is_allowed(operation.tree, right, path, operation.workspace.ids);
}

coap::Code decode_payload(const Operation& operation, const Path& base) {
    const auto& formats = operation.abilities.formats;
    const auto format =
        operation.request.content_format ? content_format(*operation.request.content_format) : std::nullopt;
    const bool patch = operation.request.kind == RequestKind::write_composite;
    // A device that can SenML can its ETCH variant too: the records are the same.
    const auto plain = format == ContentFormat::senml_etch_json   ? ContentFormat::senml_json
                       : format == ContentFormat::senml_etch_cbor ? ContentFormat::senml_cbor
                                                                  : format.value_or(ContentFormat::link);
    const bool known =
        format && (std::find(formats.begin(), formats.end(), *format) != formats.end() ||
                   (is_etch(*format) && std::find(formats.begin(), formats.end(), plain) != formats.end()));
    if (!known || (is_etch(*format) && !patch)) return coap::Code::unsupported_content_format;
    const TreeTypes types(operation.tree);
    const auto done = decode(*format, base, operation.payload, types, operation.workspace.entries);
    return done ? coap::Code::content : coap::Code::bad_request;
}

std::vector<Entry>::const_iterator find_entry(const std::vector<Entry>& entries, const Path& path) {
    const auto at = std::lower_bound(entries.begin(), entries.end(), path,
                                     [](const Entry& entry, const Path& wanted) { return entry.path < wanted; });
    return at != entries.end() && path.contains(at->path) ? at : entries.end();
}

}  // namespace lwm2m
