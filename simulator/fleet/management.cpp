#include "simulator/fleet/management.h"

#include <charconv>

#include "simulator/fleet/device_tree.h"
#include "simulator/fleet/life.h"
#include "simulator/fleet/reporting.h"

namespace fleet {
namespace {

using coap::Code;
using coap::OptionNumber;
using lwm2m::RequestKind;

constexpr std::uint32_t largest_szx = 6;  // 1024 bytes; 7 is reserved over UDP (RFC 7959 2.2)

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

// The part of a large answer that the request asks for (RFC 7959 2.4). The answer is made anew for each block: nothing
// is kept.
struct Slice {
    base::Bytes bytes;
    std::optional<std::uint32_t> block2;
    std::optional<std::uint32_t> size2;
    bool beyond = false;
};

Slice slice(base::Bytes payload, const coap::MessageView& request) {
    const auto wanted = request.find_uint(OptionNumber::block2);
    const std::uint32_t szx = wanted ? std::min(static_cast<std::uint32_t>(*wanted & 7), largest_szx) : largest_szx;
    const std::size_t size = std::size_t{16} << szx;
    const std::size_t number = wanted ? static_cast<std::size_t>(*wanted >> 4) : 0;
    if (!wanted && payload.size() <= size) return {payload, std::nullopt, std::nullopt};
    const std::size_t start = number * size;
    if (start >= payload.size() && number > 0) return {{}, std::nullopt, std::nullopt, true};
    const std::size_t length = std::min(size, payload.size() - start);
    const bool more = start + length < payload.size();
    Slice part{payload.subspan(start, length), static_cast<std::uint32_t>(number << 4 | (more ? 8u : 0u) | szx), {}};
    if (number == 0) part.size2 = static_cast<std::uint32_t>(payload.size());
    return part;
}

std::uint32_t etag_of(base::Bytes payload) {
    std::uint64_t value = payload.size();
    for (const auto byte : payload) value = value * 0x100000001b3ULL + byte;
    return static_cast<std::uint32_t>(base::mix(value));
}

struct Response {
    lwm2m::Answer answer;
    bool observing = false;
};

void write(const coap::MessageView& request, Device& device, const Response& response, base::Writer& out) {
    const bool confirmable = request.type == coap::MessageType::confirmable;
    const auto& answer = response.answer;
    const Slice part = slice(answer.payload, request);
    coap::MessageWriter message(
        out, {.type = confirmable ? coap::MessageType::acknowledgement : coap::MessageType::non_confirmable,
              .code = part.beyond ? Code::bad_request : answer.code,
              .message_id = confirmable ? request.message_id : device.peer.take_message_id(),
              .token = request.token});
    if (part.beyond) return;
    if (part.block2) {
        const std::uint32_t etag = etag_of(answer.payload);
        const std::array<std::uint8_t, 4> bytes{static_cast<std::uint8_t>(etag >> 24),
                                                static_cast<std::uint8_t>(etag >> 16),
                                                static_cast<std::uint8_t>(etag >> 8), static_cast<std::uint8_t>(etag)};
        message.option(OptionNumber::etag, bytes);
    }
    if (response.observing) message.option_uint(OptionNumber::observe, first_sequence);
    if (answer.created) {
        std::array<char, 6> digits;
        for (std::uint8_t level = 0; level < answer.created->depth; ++level) {
            const auto end =
                std::to_chars(digits.data(), digits.data() + digits.size(), answer.created->ids[level]).ptr;
            message.option(OptionNumber::location_path,
                           std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
        }
    }
    if (answer.format) message.option_uint(OptionNumber::content_format, static_cast<std::uint16_t>(*answer.format));
    if (part.block2) message.option_uint(OptionNumber::block2, *part.block2);
    if (part.size2) message.option_uint(OptionNumber::size2, *part.size2);
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

}  // namespace

void on_request(Turn& turn, DeviceId id, const coap::MessageView& message, Repeated repeated) {
    Device& device = turn.pool[id];
    const auto& abilities = turn.pool.profile_of(device).abilities;
    lwm2m::Request& request = turn.pool.workspace.request;
    DeviceTree tree(turn, id);
    Response response;
    auto kind = metrics::ServerRequest::unknown;
    const auto understood = lwm2m::understand(message, abilities, request);
    if (!understood) {
        response.answer.code = understood.error();
    } else {
        kind = counted_as(request.kind);
        // RFC 7252 4.5: whatever changes something has its answer kept; a repeated request that comes here changes
        // nothing.
        if (repeated == Repeated::yes && changes_something(request.kind)) return;
        response.answer = lwm2m::dispatch(request, request.payload, tree, tree, abilities, turn.pool.workspace);
    }
    const bool succeeded = coap::is_success(response.answer.code);
    if (understood && succeeded && request.kind == RequestKind::observe && response.answer.format) {
        response.observing = observe(turn, id,
                                     {.path = request.path,
                                      .token = message.token,
                                      .format = *response.answer.format,
                                      .payload = response.answer.payload});
    } else if (understood && request.kind == RequestKind::cancel_observe) {
        cancel_observation(turn, id, message.token);
    }
    auto out = turn.open();
    write(message, device, response, out);
    if (out.failed()) {
        turn.counters.drop(metrics::Drop::outbox_full);
        return;
    }
    if (!understood || changes_something(request.kind)) turn.endpoint.keep_reply(id, message, out.written());
    if (repeated == Repeated::no) {
        turn.counters.answer(kind, static_cast<std::uint8_t>(response.answer.code));
        turn.counters.send(metrics::Sent::answer);
    } else {
        turn.counters.send(metrics::Sent::repeated_answer);
    }
    turn.send(id, out);

    if (!understood || !succeeded) return;
    if (changes_something(request.kind) && request.kind != RequestKind::execute) on_written(turn, id, request.path);
    if (const auto away = tree.wants_reboot()) {
        power_cycle(turn, id, *away);
    } else if (tree.wants_update()) {
        request_update(turn, id, turn.now);
    }
}

}  // namespace fleet
