// What a person asks of one client, on its way through the queue of requests.
#include "simulator/server/downlink.h"
#include "simulator/server/payload.h"

namespace server {
namespace {

using coap::OptionNumber;
using metrics::ServerRequest;

constexpr std::uint32_t no_format = 0xffff;
constexpr std::size_t max_arguments = 1024;

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
    if (!pending.command.paths.empty()) request.paths = paths_.acquire(pending.command.paths);
    const bool forgets = pending.command.by_reset && request.kind == ServerRequest::cancel_observe;
    const bool cancels = request.kind == ServerRequest::cancel_observe;
    const auto observation = cancels ? find_observation(client, request.path, request.paths) : base::no_index;
    if (cancels && observation == base::no_index) {
        result.outcome = Outcome::refused;
        result.message = "this is not observed";
    } else if (forgets) {
        forget_observation(observation);
        result.outcome = Outcome::forgotten;
    } else if (enqueue(request)) {
        paths_.release(request.paths);
        return;
    } else {
        result.outcome = Outcome::no_room;
        result.message = "too many requests of this client are waiting";
    }
    paths_.release(request.paths);
    parts_.commands.finish(index, result);
}

// Encodes what the command says; what is wrong with it, or nothing.
std::string Downlink::prepare(ClientIndex client, Commands::Pending& pending) const {
    const Command& command = pending.command;
    const auto& list = parts_.lists[parts_.registry[client].objects];
    if (command.kind == ServerRequest::execute) {
        const auto bytes = base::as_bytes(command.arguments);
        if (bytes.size() > max_arguments) return "arguments of more than 1024 bytes";
        pending.payload.assign(bytes.begin(), bytes.end());
        if (!bytes.empty()) pending.format = static_cast<std::uint16_t>(lwm2m::ContentFormat::text);
        return {};
    }
    if (!command.paths.empty() && command.kind != ServerRequest::write_composite) {
        // Tried out, so that a format that cannot hold paths is refused with a reason.
        std::vector<std::uint8_t> memory(max_body);
        base::Writer out(memory);
        const auto encoded = lwm2m::encode_paths(command.format.value_or(composite_format(list)), command.paths, out);
        return encoded ? "" : encoded.error().what;
    }
    const bool composite = command.kind == ServerRequest::write_composite;
    if (command.kind != ServerRequest::write && command.kind != ServerRequest::create && !composite) return {};
    auto wanted = command.format;
    auto base = command.path;
    if (composite) wanted = command.format.value_or(composite_format(list));
    if (command.any_instance) {
        // Resources without an instance around them (Core 1.1.1, 6.3.6): only TLV can say that.
        wanted = command.format.value_or(lwm2m::ContentFormat::tlv);
        if (*wanted != lwm2m::ContentFormat::tlv) return "only tlv leaves the id of the instance to the device";
        base = base.child(0);
    }
    std::vector<std::uint8_t> memory(max_body);
    base::Writer out(memory);
    const auto format = encode_values(list, parts_.objects, base, command.values, wanted, out);
    if (!format) return out.failed() ? "values of more than 64 KiB" : format.error().what;
    if (out.failed()) return "values of more than 64 KiB";
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
                                request.kind == ServerRequest::cancel_observe ||
                                request.kind == ServerRequest::read_composite ||
                                request.kind == ServerRequest::observe_composite;
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
