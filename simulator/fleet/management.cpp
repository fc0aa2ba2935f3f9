#include "simulator/fleet/management.h"

#include <charconv>

#include "simulator/fleet/device_tree.h"
#include "simulator/fleet/firmware.h"
#include "simulator/fleet/life.h"
#include "simulator/fleet/oscore.h"
#include "simulator/fleet/reporting.h"

namespace fleet {
namespace {

using coap::Code;
using coap::OptionNumber;
using lwm2m::RequestKind;

metrics::ServerRequest counted_as(RequestKind kind) {
    switch (kind) {
        case RequestKind::read: return metrics::ServerRequest::read;
        case RequestKind::discover: return metrics::ServerRequest::discover;
        case RequestKind::observe: return metrics::ServerRequest::observe;
        case RequestKind::cancel_observe:
        case RequestKind::cancel_observe_composite: return metrics::ServerRequest::cancel_observe;
        case RequestKind::write_replace:
        case RequestKind::write_update: return metrics::ServerRequest::write;
        case RequestKind::write_attributes: return metrics::ServerRequest::write_attributes;
        case RequestKind::execute: return metrics::ServerRequest::execute;
        case RequestKind::create: return metrics::ServerRequest::create;
        case RequestKind::delete_: return metrics::ServerRequest::delete_;
        case RequestKind::read_composite: return metrics::ServerRequest::read_composite;
        case RequestKind::observe_composite: return metrics::ServerRequest::observe_composite;
        case RequestKind::write_composite: return metrics::ServerRequest::write_composite;
    }
    return metrics::ServerRequest::unknown;
}

struct Response {
    lwm2m::Answer answer;
    std::optional<std::uint32_t> observe;
    std::optional<coap::Block> wanted;  // the Block2 option of the request
    std::optional<coap::Block> block1;
    std::optional<std::uint32_t> size1;
    std::optional<coap::BlockTransfers::Served> held;  // of the answer that is kept while it is fetched
    bool done = false;  // the request was dispatched; else it was not understood, or more blocks of it are to come
};

// The part of a large answer that the request asks for (RFC 7959 2.4). The answer is made anew for each block: nothing
// is kept.
coap::Block2Answer part_of(const Response& response) {
    const auto& answer = response.answer;
    if (response.held) {
        auto part = response.held->answer;
        if (part.code == Code::content) part.code = answer.code;
        return part;
    }
    coap::Block2Answer part{.code = answer.code, .bytes = answer.payload};
    if (!coap::is_success(answer.code) || answer.payload.empty()) return part;
    part = coap::answer_block2(answer.payload, response.wanted);
    if (part.code == Code::content) part.code = answer.code;
    return part;
}

void write_location(const lwm2m::Path& created, coap::MessageWriter& message) {
    std::array<char, 6> digits;
    for (std::uint8_t level = 0; level < created.depth; ++level) {
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), created.ids[level]).ptr;
        message.option(OptionNumber::location_path,
                       std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
    }
}

void write(const coap::MessageView& request, Link& link, const Response& response, base::Writer& out) {
    const bool confirmable = request.type == coap::MessageType::confirmable;
    const auto& answer = response.answer;
    const auto part = part_of(response);
    coap::MessageWriter message(
        out, {.type = confirmable ? coap::MessageType::acknowledgement : coap::MessageType::non_confirmable,
              .code = part.code,
              .message_id = confirmable ? request.message_id : link.peer.take_message_id(),
              .token = request.token});
    if (part.block2) coap::write_etag(message, response.held ? response.held->etag : coap::fingerprint(answer.payload));
    if (response.observe) message.option_uint(OptionNumber::observe, *response.observe);
    if (answer.created) write_location(*answer.created, message);
    if (answer.format) message.option_uint(OptionNumber::content_format, static_cast<std::uint16_t>(*answer.format));
    if (part.block2) message.option_uint(OptionNumber::block2, coap::encode_block(*part.block2));
    if (response.block1) message.option_uint(OptionNumber::block1, coap::encode_block(*response.block1));
    if (part.size2) message.option_uint(OptionNumber::size2, *part.size2);
    if (response.size1) message.option_uint(OptionNumber::size1, *response.size1);
    message.payload(part.bytes);
}

bool changes_something(RequestKind kind) {
    switch (kind) {
        case RequestKind::read:
        case RequestKind::discover:
        case RequestKind::observe:
        case RequestKind::cancel_observe:
        case RequestKind::read_composite:
        case RequestKind::observe_composite:
        case RequestKind::cancel_observe_composite: return false;
        case RequestKind::write_replace:
        case RequestKind::write_update:
        case RequestKind::write_attributes:
        case RequestKind::execute:
        case RequestKind::create:
        case RequestKind::delete_:
        case RequestKind::write_composite: return true;
    }
    return true;
}

bool has_paths_in_payload(RequestKind kind) {
    return kind == RequestKind::read_composite || kind == RequestKind::observe_composite ||
           kind == RequestKind::cancel_observe_composite;
}

// RFC 7959 3.3: who fetches the rest of the answer to a FETCH does not send its payload again, so the answer is kept.
Response next_block(Turn& turn, LinkId id, const coap::MessageView& message, const coap::Block& wanted) {
    const auto held = turn.pool.blocks.serve_held(turn.now, {id, coap::resource_of(message)}, wanted);
    Response response;
    response.wanted = wanted;
    response.answer.code = held ? Code::content : Code::request_entity_incomplete;
    if (held && held->answer.code == Code::content) {
        response.answer.format = static_cast<lwm2m::ContentFormat>(held->content_format);
    }
    response.held = held;
    return response;
}

// The device's id of an instance that a Create in blocks has made; the repeated last block is answered with it too.
std::uint32_t note_of(const lwm2m::Answer& answer) { return answer.created ? 1u + answer.created->instance() : 0; }
std::optional<lwm2m::Path> created_by(const lwm2m::Path& object, std::uint32_t note) {
    if (note == 0) return std::nullopt;
    return object.child(static_cast<std::uint16_t>(note - 1));
}

// 2.31 to a block in the middle: all such answers are alike, and one that is asked for again is made again. A package
// of 256 KiB has 254 of them.
bool is_next_please(const Response& response) {
    return response.answer.code == Code::continue_ && response.block1 && response.block1->number > 0;
}

// The answer to a block that has come before, where none was kept: see is_next_please. Nothing where there was another
// answer, or is none yet.
std::optional<Response> next_again(Turn& turn, LinkId id, const coap::MessageView& message) {
    const auto block = coap::find_block(message, OptionNumber::block1);
    if (!block || !*block || (*block)->number == 0 || !(*block)->more) return std::nullopt;
    if (owes_block_answer(turn, turn.pool.device_of(id), message.message_id)) return std::nullopt;
    Response response;
    response.answer.code = Code::continue_;
    response.block1 = **block;
    return response;
}

// Does what the request asks for; one in blocks when the last of them has come (RFC 7959 2.5).
Response respond(Turn& turn, LinkId id, const coap::MessageView& message, DeviceTree& tree) {
    const auto& abilities = turn.pool.profile_of(turn.pool.link(id)).abilities;
    const lwm2m::Request& request = turn.pool.workspace.request;
    Response response;
    const auto wanted = coap::find_block(message, OptionNumber::block2);
    if (!wanted) {
        response.answer.code = Code::bad_request;  // RFC 7959 2.2: a reserved size
        return response;
    }
    response.wanted = *wanted;
    const bool fetches = has_paths_in_payload(request.kind);
    if (fetches && request.payload.empty() && *wanted && (*wanted)->number > 0) {
        return next_block(turn, id, message, **wanted);
    }
    base::Bytes body = request.payload;
    const bool in_blocks = message.find(OptionNumber::block1).has_value();
    const coap::TransferKey transfer{id, in_blocks ? coap::resource_of(message) : 0};
    if (in_blocks) {
        const auto received = turn.pool.blocks.receive(turn.now, transfer, message);
        response.block1 = received.block1;
        response.size1 = received.size1;
        response.answer.code = received.code;
        if (received.kind == coap::BlockTransfers::Received::Kind::answer) {
            response.answer.created = created_by(request.path, received.note);
            return response;
        }
        body = received.body;
    }
    response.answer = lwm2m::dispatch(request, body, tree, tree, abilities, turn.pool.workspace);
    response.done = true;
    if (in_blocks) turn.pool.blocks.finish(turn.now, transfer, response.answer.code, note_of(response.answer));
    const auto& answer = response.answer;
    if (fetches && coap::is_success(answer.code) && answer.format && !answer.payload.empty()) {
        response.held = turn.pool.blocks.serve(turn.now, {id, coap::resource_of(message)}, answer.payload,
                                               static_cast<std::uint32_t>(*answer.format), *wanted);
    }
    return response;
}

void keep_observations(Turn& turn, LinkId id, const coap::MessageView& message, Response& response) {
    const lwm2m::Request& request = turn.pool.workspace.request;
    const bool succeeded = response.done && coap::is_success(response.answer.code);
    const bool observes = request.kind == RequestKind::observe || request.kind == RequestKind::observe_composite;
    const bool cancels =
        request.kind == RequestKind::cancel_observe || request.kind == RequestKind::cancel_observe_composite;
    if (succeeded && observes && response.answer.format) {
        ObserveRequest observation{.path = request.path,
                                   .paths = {},
                                   .token = message.token,
                                   .format = *response.answer.format,
                                   .payload = response.answer.payload,
                                   .attributes = {}};
        if (request.kind == RequestKind::observe_composite) observation.paths = turn.pool.workspace.paths;
        for (const auto query : request.queries) (void)lwm2m::apply_attribute(query, observation.attributes);
        response.observe = observe(turn, id, observation);
    } else if (response.done && cancels) {
        cancel_observation(turn, id, message.token);
    }
}

}  // namespace

void on_request(Turn& turn, LinkId id, const coap::MessageView& message, Repeated repeated) {
    Link& link = turn.pool.link(id);
    const lwm2m::Request& request = turn.pool.workspace.request;
    DeviceTree tree(turn, id);
    Response response;
    auto kind = metrics::ServerRequest::unknown;
    const auto understood =
        lwm2m::understand(message, turn.pool.profile_of(link).abilities, turn.pool.workspace.request);
    if (!understood) {
        response.answer.code = understood.error();
    } else {
        kind = counted_as(request.kind);
        // RFC 7252 4.5: whatever changes something has its answer kept; a repeated request that comes here changes
        // nothing.
        if (repeated == Repeated::yes && changes_something(request.kind)) {
            const auto again = next_again(turn, id, message);
            if (!again) return;
            response = *again;
        } else if (brings_package(turn, id, request)) {
            const auto block = on_package_block(turn, id, message, request);
            if (!block) return;  // it is answered when the device has dealt with it
            response.answer.code = block->code;
            response.block1 = block->block1;
            response.size1 = block->size1;
        } else {
            response = respond(turn, id, message, tree);
        }
    }
    keep_observations(turn, id, message, response);
    auto out = turn.open();
    write(message, link, response, out);
    protect_answer(turn, id, repeated, response.observe.has_value(), out);
    if (out.failed()) {
        turn.counters.drop(metrics::Drop::outbox_full);
        return;
    }
    if (!understood || (changes_something(request.kind) && !is_next_please(response))) {
        turn.endpoint.keep_reply(id, message, out.written());
    }
    if (repeated == Repeated::no) {
        turn.counters.answer(kind, static_cast<std::uint8_t>(response.answer.code));
        turn.counters.send(metrics::Sent::answer);
    } else {
        turn.counters.send(metrics::Sent::repeated_answer);
    }
    turn.send(id, out);

    if (!response.done || !coap::is_success(response.answer.code)) return;
    const DeviceId device = turn.pool.device_of(id);
    if (request.kind == RequestKind::write_attributes) {
        on_attributes_written(turn, id, request.path);
    } else if (changes_something(request.kind) && request.kind != RequestKind::execute) {
        on_written(turn, device, request.path);
    }
    for (const auto& path : tree.touched()) on_written(turn, device, path);
    if (const auto away = tree.after_answer.reboot) {
        power_cycle(turn, device, *away);
        if (tree.after_answer.factory_reset) DeviceTree::forget_changes(turn, turn.pool[device]);
        return;
    }
    for (LinkId each = device; each != base::no_index; each = turn.pool.next_link(each)) {
        if (turn.pool.link(each).disabled) {
            disable(turn, each);
        } else if (turn.pool.link(each).update_due) {
            request_update(turn, each, turn.now);
        }
    }
}

}  // namespace fleet
