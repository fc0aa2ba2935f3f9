#include "simulator/lwm2m/composite.h"

#include <algorithm>

#include "simulator/lwm2m/read.h"
#include "simulator/lwm2m/write.h"

namespace lwm2m {
namespace {

using coap::Code;

// The format of values that goes with a format of requests.
std::optional<ContentFormat> values_format(ContentFormat format) {
    switch (format) {
        case ContentFormat::senml_json:
        case ContentFormat::senml_etch_json: return ContentFormat::senml_json;
        case ContentFormat::senml_cbor:
        case ContentFormat::senml_etch_cbor: return ContentFormat::senml_cbor;
        case ContentFormat::lwm2m_cbor: return ContentFormat::lwm2m_cbor;
        case ContentFormat::text:
        case ContentFormat::link:
        case ContentFormat::opaque:
        case ContentFormat::cbor:
        case ContentFormat::tlv:
        case ContentFormat::json: break;
    }
    return std::nullopt;
}

// The format of values of a number on the wire, where the device can it.
std::optional<ContentFormat> values_format(std::uint32_t number, const Abilities& abilities) {
    const auto format = content_format(number);
    const auto values = format ? values_format(*format) : std::nullopt;
    const bool can =
        values && std::find(abilities.formats.begin(), abilities.formats.end(), *values) != abilities.formats.end();
    return can ? values : std::nullopt;
}

// Sorts, and takes out what stands below another.
void normalize(std::vector<Path>& paths) {
    std::sort(paths.begin(), paths.end());
    const auto end = std::unique(paths.begin(), paths.end(),
                                 [](const Path& before, const Path& path) { return before.contains(path); });
    paths.erase(end, paths.end());
}

void collect_objects(const ObjectTree& tree, Workspace& workspace) {
    auto& ids = workspace.ids;
    tree.children(Path{}, ids);
    const std::size_t end = ids.size();
    for (std::size_t i = 0; i < end; ++i) collect(Path(ids[i]), tree, workspace);
    ids.clear();
}

}  // namespace

void collect_composite(std::span<const Path> paths, const ObjectTree& tree, Workspace& workspace) {
    workspace.entries.clear();
    workspace.ids.clear();
    for (const Path& path : paths) {
        if (path.depth == 0) {
            collect_objects(tree, workspace);
        } else {
            collect(path, tree, workspace);  // Core 1.1.1, 6.3.8: what cannot be read is left out
        }
    }
}

Answer read_composite(std::span<const Path> paths, ContentFormat format, const ObjectTree& tree, Workspace& workspace) {
    collect_composite(paths, tree, workspace);
    return encode_entries(Path{}, format, workspace);
}

Answer do_read_composite(const Operation& operation) {
    const Request& request = operation.request;
    const Abilities& abilities = operation.abilities;
    if (!abilities.composite) return refuse(Code::method_not_allowed);
    const auto asked = request.content_format ? values_format(*request.content_format, abilities) : std::nullopt;
    if (!asked) return refuse(Code::unsupported_content_format);
    const auto answered = request.accept ? values_format(*request.accept, abilities) : asked;
    if (!answered) return refuse(Code::not_acceptable);
    auto paths = decode_paths(*content_format(*request.content_format), operation.payload);
    if (!paths) return refuse(Code::bad_request);
    operation.workspace.paths = std::move(*paths);
    normalize(operation.workspace.paths);
    return read_composite(operation.workspace.paths, *answered, operation.tree, operation.workspace);
}

Answer do_write_composite(const Operation& operation) {
    if (!operation.abilities.composite) return refuse(Code::method_not_allowed);
    const auto& number = operation.request.content_format;
    if (!number || !values_format(*number, operation.abilities)) return refuse(Code::unsupported_content_format);
    if (const Code code = decode_payload(operation, Path{}); code != Code::content) return refuse(code);
    const auto& entries = operation.workspace.entries.entries;
    for (const Entry& entry : entries) {
        if (entry.path.depth < 3) return refuse(Code::bad_request);
        if (is_closed(entry.path.object())) return refuse(Code::unauthorized);
        if (!operation.tree.exists(entry.path.prefix(2))) return refuse(Code::not_found);
        if (!may(operation, Right::write, entry.path)) return refuse(Code::unauthorized);
        if (const Code code = check_value(entry, operation.tree); code != Code::changed) return refuse(code);
    }
    Answer answer;
    answer.code = write_values(entries, operation.tree);
    return answer;
}

}  // namespace lwm2m
