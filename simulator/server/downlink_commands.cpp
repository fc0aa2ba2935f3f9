// What a person asks of one client, on its way through the queue of requests.
#include <array>

#include "simulator/server/downlink.h"
#include "simulator/server/payload.h"

namespace server {
namespace {

using coap::OptionNumber;
using metrics::ServerRequest;

constexpr std::uint32_t no_format = 0xffff;
constexpr std::size_t max_payload = 1024;

void answer(const Command& command, CommandResult::Outcome outcome, std::string message) {
    CommandResult result;
    result.outcome = outcome;
    result.message = std::move(message);
    if (command.done) command.done(result);
}

}  // namespace

void Downlink::submit(base::Time now, ClientIndex client, Command command) {
    using Outcome = CommandResult::Outcome;
    if (client == base::no_index) return answer(command, Outcome::unknown_client, "no such client");
    const auto index = parts_.commands.take(std::move(command));
    if (index == base::no_index) return answer(command, Outcome::no_room, "too many commands are waiting");
    CommandResult result;
    Commands::Pending& pending = parts_.commands[index];
    result.message = prepare(client, pending);
    if (!result.message.empty()) {
        result.outcome = Outcome::refused;
        return parts_.commands.finish(index, result);
    }
    Request request;
    request.path = pending.command.path;
    request.kind = pending.command.kind;
    request.client = client;
    request.command = index;
    request.intended = now;
    if (enqueue(request)) return;
    result.outcome = Outcome::no_room;
    result.message = "too many requests of this client are waiting";
    parts_.commands.finish(index, result);
}

// Encodes what the command says; what is wrong with it, or nothing.
std::string Downlink::prepare(ClientIndex client, Commands::Pending& pending) const {
    const Command& command = pending.command;
    if (command.format) pending.format = static_cast<std::uint16_t>(*command.format);
    if (command.kind == ServerRequest::execute) {
        const auto bytes = base::as_bytes(command.arguments);
        if (bytes.size() > max_payload) return "arguments of more than 1024 bytes";
        pending.payload.assign(bytes.begin(), bytes.end());
        pending.format.reset();
        if (!bytes.empty()) pending.format = static_cast<std::uint16_t>(lwm2m::ContentFormat::text);
    }
    if (command.kind == ServerRequest::cancel_observe && find_observation(client, command.path) == base::no_index) {
        return "this path is not observed";
    }
    if (command.kind != ServerRequest::write && command.kind != ServerRequest::create) return {};
    std::array<std::uint8_t, max_payload> memory;
    base::Writer out(memory);
    const auto& list = parts_.lists[parts_.registry[client].objects];
    const auto format = encode_values(list, parts_.objects, command.path, command.values, command.format, out);
    if (!format) return format.error().what;
    if (out.failed()) return "a value of more than 1024 bytes";
    pending.format = static_cast<std::uint16_t>(*format);
    pending.payload.assign(out.written().begin(), out.written().end());
    return {};
}

void Downlink::answer_command(const Request& request, CommandResult::Outcome outcome, const coap::MessageView* message,
                              base::Bytes body) {
    CommandResult result;
    result.outcome = outcome;
    if (message != nullptr) {
        result.code = message->code;
        const auto format = message->find_uint(OptionNumber::content_format);
        if (format && *format < no_format) result.format = static_cast<std::uint16_t>(*format);
        result.payload.assign(body.begin(), body.end());
        const bool has_values = request.kind == ServerRequest::read || request.kind == ServerRequest::observe ||
                                request.kind == ServerRequest::cancel_observe;
        if (has_values && coap::is_success(result.code) && result.format) {
            const auto& list = parts_.lists[parts_.registry[request.client].objects];
            auto values = decode_values(list, parts_.objects, request.path, *result.format, result.payload);
            if (values) result.values = std::move(*values);
            if (!values) result.message = values.error().what;
        }
    }
    parts_.commands.finish(request.command, result);
}

}  // namespace server
