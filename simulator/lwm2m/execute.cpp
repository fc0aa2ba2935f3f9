#include "simulator/lwm2m/execute.h"

#include "simulator/lwm2m/write.h"

namespace lwm2m {
namespace {

using coap::Code;

// CHAR of the grammar: printable ASCII without blank, quotes and backslash.
constexpr bool is_argument_char(char c) {
    return c == '!' || (c >= '#' && c <= '&') || (c >= '(' && c <= '[') || (c >= ']' && c <= '~');
}

constexpr std::uint32_t text_format = static_cast<std::uint32_t>(ContentFormat::text);

// A package may come by POST as well as by PUT (the examples of Transport 1.1.1 push firmware so): a POST with a
// payload in a format of values, to a resource that is written and not executed, is a Write.
bool is_write(const Request& request, const ResourceModel& resource) {
    return resource.operations.write && request.path.depth == 3 && request.content_format &&
           *request.content_format != text_format;
}

}  // namespace

bool are_arguments(std::string_view text) {
    unsigned seen = 0;
    std::size_t at = 0;
    while (at < text.size()) {
        const char digit = text[at++];
        if (digit < '0' || digit > '9') return false;
        const unsigned bit = 1u << (digit - '0');
        if ((seen & bit) != 0) return false;  // Core 1.2.1: each once
        seen |= bit;
        if (at < text.size() && text[at] == '=') {
            if (++at == text.size() || text[at++] != '\'') return false;
            while (at < text.size() && is_argument_char(text[at])) ++at;
            if (at == text.size() || text[at++] != '\'') return false;
        }
        if (at == text.size()) return true;
        if (text[at++] != ',') return false;
    }
    return text.empty();  // or it ended with a comma
}

Answer do_execute(const Operation& operation) {
    const Request& request = operation.request;
    const Path& path = request.path;
    if (is_closed(path.object())) return refuse(Code::unauthorized);
    if (path.depth != 3) return refuse(Code::method_not_allowed);
    const Target target = locate(operation.tree, path);
    if (target.code != Code::content) return refuse(target.code);
    if (!target.resource->operations.execute && is_write(request, *target.resource)) {
        return do_write(operation, WriteMode::replace);
    }
    if (!may(operation, Right::execute, path)) return refuse(Code::unauthorized);
    if (!target.resource->operations.execute) {
        return refuse(operation.tree.exists(path) ? Code::method_not_allowed : Code::not_found);
    }
    if (!operation.tree.exists(path)) return refuse(Code::not_found);
    if (request.content_format && *request.content_format != text_format) {
        return refuse(Code::unsupported_content_format);
    }
    const std::string_view arguments = base::as_text(operation.payload);
    if (!are_arguments(arguments)) return refuse(Code::bad_request);
    Answer answer;
    answer.code = operation.tree.execute(path, arguments);
    return answer;
}

}  // namespace lwm2m
