// What a request of the server looks like: method, options and body (Transport 1.1.1, 6.4.2; RFC 8132; RFC 7959).
#include <algorithm>
#include <array>
#include <charconv>

#include "simulator/server/downlink.h"
#include "simulator/server/payload.h"

namespace server {
namespace {

using coap::Code;
using coap::OptionNumber;
using metrics::ServerRequest;

constexpr std::size_t max_payload = 1024;  // what is longer goes in blocks

Code method_of(const Request& request, bool update) {
    const bool composite = request.paths != base::no_index;
    switch (request.kind) {
        case ServerRequest::write: return update ? Code::post : Code::put;
        case ServerRequest::write_attributes: return Code::put;
        case ServerRequest::execute:
        case ServerRequest::create:
        case ServerRequest::bootstrap_finish: return Code::post;
        case ServerRequest::delete_: return Code::delete_;
        case ServerRequest::read_composite:
        case ServerRequest::observe_composite: return Code::fetch;
        case ServerRequest::write_composite: return Code::ipatch;
        case ServerRequest::cancel_observe: return composite ? Code::fetch : Code::get;
        case ServerRequest::read:
        case ServerRequest::discover:
        case ServerRequest::observe:
        case ServerRequest::unknown: return Code::get;
    }
    return Code::get;
}

// Does it ask for values that come back?
bool reads(ServerRequest kind) {
    return kind == ServerRequest::read || kind == ServerRequest::observe || kind == ServerRequest::cancel_observe ||
           kind == ServerRequest::read_composite || kind == ServerRequest::observe_composite;
}

void put_path(const lwm2m::Path& path, coap::MessageWriter& message) {
    std::array<char, 5> text{};
    for (std::uint8_t i = 0; i < path.depth; ++i) {
        const auto [end, error] = std::to_chars(text.begin(), text.end(), path.ids[i]);
        message.option(OptionNumber::uri_path, std::string_view(text.begin(), end));
    }
}

void put_number(std::string_view name, std::int64_t value, coap::MessageWriter& message) {
    std::array<char, 32> text{};
    auto* at = std::copy(name.begin(), name.end(), text.begin());
    *at++ = '=';
    at = std::to_chars(at, text.end(), value).ptr;
    message.option(OptionNumber::uri_query, std::string_view(text.begin(), at));
}

std::int64_t whole_seconds(base::Duration duration) {
    return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

std::uint16_t number_of(lwm2m::ContentFormat format) { return static_cast<std::uint16_t>(format); }

}  // namespace

void Downlink::write(Request& request, coap::Header header, base::Writer& out) {
    const Client& client = parts_.registry[request.client];
    const bool update = request.command != base::no_index
                            ? parts_.commands[request.command].command.update
                            : request.action != base::no_index &&
                                  parts_.actions.actions[request.action].mode == profiles::ServerAction::Mode::update;
    header.code = method_of(request, update);
    const auto content = content_of(request);
    if (!content) return out.fail();
    coap::MessageWriter message(out, header);
    if (request.kind == ServerRequest::observe || request.kind == ServerRequest::observe_composite) {
        message.option_uint(OptionNumber::observe, 0);
    }
    if (request.kind == ServerRequest::cancel_observe) message.option_uint(OptionNumber::observe, 1);
    message.path(OptionNumber::uri_path, parts_.lists[client.objects].prefix);
    put_path(request.path, message);
    if (content->format) message.option_uint(OptionNumber::content_format, *content->format);
    write_queries(request, message);
    if (const auto accept = accept_of(request)) message.option_uint(OptionNumber::accept, *accept);
    if (request.block2 != Request::no_block) message.option_uint(OptionNumber::block2, request.block2);
    write_content(request, *content, message);
}

void Downlink::write_queries(const Request& request, coap::MessageWriter& message) const {
    const auto put = [&](const std::vector<std::string>& queries) {
        for (const auto& query : queries) message.option(OptionNumber::uri_query, std::string_view(query));
    };
    const bool has_queries = request.kind == ServerRequest::write_attributes ||
                             request.kind == ServerRequest::discover || request.kind == ServerRequest::observe ||
                             request.kind == ServerRequest::observe_composite;
    if (!has_queries) return;
    if (request.command != base::no_index) return put(parts_.commands[request.command].command.queries);
    if (request.action == base::no_index) return;
    const auto& action = parts_.actions.actions[request.action];
    const bool observes = action.operation == profiles::ServerAction::Operation::observe;
    if (request.kind == ServerRequest::write_attributes && observes) {
        if (action.pmin) put_number("pmin", whole_seconds(*action.pmin), message);
        if (action.pmax) put_number("pmax", whole_seconds(*action.pmax), message);
        return;
    }
    if (action.depth) put_number("depth", *action.depth, message);
    put(action.attributes);
}

// The body, or the block of it whose turn it is.
void Downlink::write_content(Request& request, const Content& content, coap::MessageWriter& message) const {
    if (request.block2 != Request::no_block && request.paths == base::no_index) return;  // RFC 7959 3.3
    if (request.block1 == Request::no_block && content.bytes.size() > max_payload) {
        request.block1 = coap::Block1Sender(content.szx).pack();
    }
    if (request.block1 == Request::no_block) {
        message.payload(content.bytes);
        return;
    }
    const auto piece = coap::Block1Sender::unpack(request.block1).next(content.bytes);
    message.option_uint(OptionNumber::block1, coap::encode_block(piece.block));
    if (piece.block.number == 0) message.option_uint(OptionNumber::size1, content.bytes.size());
    message.payload(piece.bytes);
}

std::optional<lwm2m::ContentFormat> Downlink::stated_format(const Request& request) const {
    if (request.command != base::no_index) return parts_.commands[request.command].command.format;
    if (request.action != base::no_index) return parts_.actions.actions[request.action].format;
    return std::nullopt;
}

std::optional<std::uint16_t> Downlink::accept_of(const Request& request) const {
    if (request.kind == ServerRequest::discover) return number_of(lwm2m::ContentFormat::link);
    if (!reads(request.kind)) return std::nullopt;
    if (request.accept != Request::no_format) return request.accept;
    const auto stated = stated_format(request);
    if (request.paths != base::no_index) {
        const auto& list = parts_.lists[parts_.registry[request.client].objects];
        return number_of(answer_format(stated.value_or(composite_format(list))));
    }
    return stated ? std::optional(number_of(*stated)) : std::nullopt;
}

std::optional<Downlink::Content> Downlink::content_of(const Request& request) {
    if (request.body != base::no_index) {
        const auto& body = parts_.bodies[request.body];
        return Content{number_of(body.format), body.bytes, body.szx};
    }
    if (request.paths != base::no_index && reads(request.kind)) return encode_paths(request);
    const bool writes = request.kind == ServerRequest::write || request.kind == ServerRequest::create ||
                        request.kind == ServerRequest::execute || request.kind == ServerRequest::write_composite;
    if (!writes) return Content{};
    if (request.command == base::no_index) {
        return request.action == base::no_index ? std::optional(Content{}) : content_of_action(request);
    }
    const auto& pending = parts_.commands[request.command];
    return Content{pending.format, pending.payload};
}

std::optional<Downlink::Content> Downlink::content_of_action(const Request& request) {
    const auto& action = parts_.actions.actions[request.action];
    if (request.kind == ServerRequest::execute) {
        if (action.arguments.empty()) return Content{};
        return Content{number_of(lwm2m::ContentFormat::text), base::as_bytes(action.arguments)};
    }
    auto values = action.values;
    if (values.empty()) values.emplace_back(request.path, action.value);
    for (auto& [path, text] : values) {
        text = profiles::fill_in(text, parts_.registry.endpoint(request.client), request.count);
    }
    const auto& list = parts_.lists[parts_.registry[request.client].objects];
    const bool composite = request.kind == ServerRequest::write_composite;
    base::Writer out(scratch_);
    const auto format = encode_values(list, parts_.objects, request.path, values,
                                      composite ? action.format.value_or(composite_format(list)) : action.format, out);
    if (!format || out.failed()) return std::nullopt;
    return Content{number_of(*format), out.written()};
}

std::optional<Downlink::Content> Downlink::encode_paths(const Request& request) {
    const auto& list = parts_.lists[parts_.registry[request.client].objects];
    const auto format = stated_format(request).value_or(composite_format(list));
    base::Writer out(scratch_);
    if (!lwm2m::encode_paths(format, paths_[request.paths], out)) return std::nullopt;
    return Content{number_of(format), out.written()};
}

}  // namespace server
