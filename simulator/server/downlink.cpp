#include "simulator/server/downlink.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "coap/observe.h"
#include "profiles/value_text.h"
#include "simulator/base/random.h"
#include "simulator/base/reader.h"
#include "simulator/server/payload.h"

namespace server {
namespace {

using coap::Code;
using coap::OptionNumber;
using metrics::ServerRequest;

constexpr std::uint16_t no_format = 0xffff;
constexpr std::size_t observation_token_size = 6;  // index and generation; those of other requests have 2 bytes
constexpr std::size_t max_payload = 1024;

Code method_of(ServerRequest kind) {
    switch (kind) {
        case ServerRequest::write:
        case ServerRequest::write_attributes: return Code::put;
        case ServerRequest::execute:
        case ServerRequest::create:
        case ServerRequest::bootstrap_finish: return Code::post;
        case ServerRequest::delete_: return Code::delete_;
        case ServerRequest::read_composite:
        case ServerRequest::observe_composite: return Code::fetch;
        case ServerRequest::write_composite: return Code::ipatch;
        case ServerRequest::read:
        case ServerRequest::discover:
        case ServerRequest::observe:
        case ServerRequest::cancel_observe:
        case ServerRequest::unknown: return Code::get;
    }
    return Code::get;
}

void put_path(const lwm2m::Path& path, coap::MessageWriter& message) {
    std::array<char, 5> text{};
    for (std::uint8_t i = 0; i < path.depth; ++i) {
        const auto [end, error] = std::to_chars(text.begin(), text.end(), path.ids[i]);
        message.option(OptionNumber::uri_path, std::string_view(text.begin(), end));
    }
}

void put_attribute(std::string_view name, base::Duration value, coap::MessageWriter& message) {
    std::array<char, 32> text{};
    auto* at = std::copy(name.begin(), name.end(), text.begin());
    *at++ = '=';
    at = std::to_chars(at, text.end(), std::chrono::duration_cast<std::chrono::seconds>(value).count()).ptr;
    message.option(OptionNumber::uri_query, std::string_view(text.begin(), at));
}

bool more_follows(const coap::MessageView& message) {
    const auto block = coap::find_block(message, OptionNumber::block2);
    return block && *block && (*block)->more && coap::is_success(message.code);
}

std::uint32_t milliseconds(base::Time time) {
    return static_cast<std::uint32_t>(time.time_since_epoch() / std::chrono::milliseconds(1));
}

}  // namespace

Downlink::Downlink(const Parts& parts, const Capacity& capacity)
    : parts_(parts),
      requests_(capacity.requests),
      observations_(capacity.observations),
      values_(capacity.observations) {}

bool Downlink::enqueue(const Request& request) { return append(request) != base::no_index; }

std::uint32_t Downlink::append(const Request& request) {
    Client& client = parts_.registry[request.client];
    const auto index = client.waiting < max_waiting ? requests_.take() : base::no_index;
    if (index == base::no_index) {
        parts_.figures.drops[metrics::index(metrics::Drop::no_slot)].add();
        return base::no_index;
    }
    requests_[index] = request;
    requests_[index].next = base::no_index;
    (client.requests == base::no_index ? client.requests : requests_[client.last_request].next) = index;
    client.last_request = index;
    ++client.waiting;
    return index;
}

// In queue mode a device listens for MAX_TRANSMIT_WAIT after its last message; what is for it waits until the next one
// (Transport 1.1.1, 6.5).
bool Downlink::asleep(base::Time now, const Client& client) const {
    return client.queue_mode && now - client.last_seen >= parts_.parameters.max_transmit_wait();
}

void Downlink::pump(base::Time now, ClientIndex index) {
    Client& client = parts_.registry[index];
    if (asleep(now, client)) return;
    while (!client.peer.busy() && client.requests != base::no_index) {
        const auto head = client.requests;
        const auto kind = metrics::index(requests_[head].kind);
        parts_.figures.requests[kind].add();
        parts_.figures.in_flight[kind].add();
        const auto sent = send(now, index, head);
        if (sent == Sent::yes) return;
        if (sent == Sent::no_room) parts_.figures.drops[metrics::index(metrics::Drop::no_slot)].add();
        abandon(head);
    }
}

Downlink::Sent Downlink::send(base::Time now, ClientIndex index, std::uint32_t request_index) {
    Client& client = parts_.registry[index];
    Request& request = requests_[request_index];
    base::Writer out(parts_.outbox.open(now));
    const auto token = token_for(request, client);
    if (request.kind == ServerRequest::observe && request.observation == base::no_index) return Sent::no_room;
    write(request,
          {.type = coap::MessageType::confirmable,
           .code = method_of(request.kind),
           .message_id = client.peer.take_message_id(),
           .token = token.view()},
          out);
    const coap::ExchangeTag tag{
        .operation = request_index, .argument = 0, .intended = request.intended, .first_sent = now};
    const double unit = base::to_unit(base::draw(parts_.seed, index, base::Stream::server, ++draws_));
    if (out.failed()) return Sent::not_encodable;
    if (!parts_.endpoint.start(now, parts_.registry.peer_id(index), client.peer, parts_.parameters, out.written(), tag,
                               unit)) {
        return Sent::no_room;
    }
    parts_.outbox.commit(out.size(), 0, client.address);
    return Sent::yes;
}

// An observation is known by its token for as long as it lasts; a fresh Observe of the same path takes the place of the
// one before (RFC 7641 3.1), and a cancellation carries its token (3.6).
coap::Token Downlink::token_for(Request& request, Client& client) {
    std::array<std::uint8_t, observation_token_size> bytes{};
    base::Writer out(bytes);
    const bool observing = request.kind == ServerRequest::observe || request.kind == ServerRequest::cancel_observe;
    if (observing) request.observation = find_observation(request.client, request.path);
    if (request.kind == ServerRequest::observe && request.observation == base::no_index) {
        request.observation = take_observation(request.client, request.path);
    }
    if (observing && request.observation != base::no_index) {
        request.generation = observations_[request.observation].generation;
        out.put_u32(request.observation);
        out.put_u16(request.generation);
    } else {
        // Also for the rest of a long notification (RFC 7959 2.6).
        out.put_u16(client.next_token++);
    }
    return coap::Token(out.written());
}

// Is the observation of the request still the one that it was sent for?
bool Downlink::observes(const Request& request) const {
    return observations_.holds(request.observation) && observations_[request.observation].client == request.client &&
           observations_[request.observation].generation == request.generation;
}

void Downlink::write(const Request& request, coap::Header header, base::Writer& out) {
    const Client& client = parts_.registry[request.client];
    coap::MessageWriter message(out, header);
    if (request.kind == ServerRequest::observe) message.option_uint(OptionNumber::observe, 0);
    if (request.kind == ServerRequest::cancel_observe) message.option_uint(OptionNumber::observe, 1);
    message.path(OptionNumber::uri_path, parts_.lists[client.objects].prefix);
    put_path(request.path, message);
    switch (request.kind) {
        case ServerRequest::read:
        case ServerRequest::observe:
        case ServerRequest::cancel_observe:
            if (const auto format = format_of(request)) message.option_uint(OptionNumber::accept, *format);
            break;
        case ServerRequest::discover:
            message.option_uint(OptionNumber::accept, static_cast<std::uint64_t>(lwm2m::ContentFormat::link));
            break;
        case ServerRequest::write_attributes: write_attributes(request, message); break;
        case ServerRequest::delete_: break;
        case ServerRequest::create:
        case ServerRequest::write:
        case ServerRequest::execute: write_value(request, client, message); break;
        case ServerRequest::read_composite:
        case ServerRequest::write_composite:
        case ServerRequest::observe_composite:
        case ServerRequest::bootstrap_finish:
        case ServerRequest::unknown: out.fail(); break;
    }
    if (request.block2 != Request::no_block) message.option_uint(OptionNumber::block2, request.block2);
}

void Downlink::write_attributes(const Request& request, coap::MessageWriter& message) {
    if (request.command != base::no_index) {
        for (const auto& attribute : parts_.commands[request.command].command.attributes) {
            message.option(OptionNumber::uri_query, std::string_view(attribute));
        }
        return;
    }
    const auto& action = parts_.actions.actions[request.action];
    if (action.pmin) put_attribute("pmin", *action.pmin, message);
    if (action.pmax) put_attribute("pmax", *action.pmax, message);
}

void Downlink::write_value(const Request& request, const Client& client, coap::MessageWriter& message) {
    if (request.command != base::no_index) {
        const auto& pending = parts_.commands[request.command];
        if (pending.format) message.option_uint(OptionNumber::content_format, *pending.format);
        message.payload(pending.payload);
        return;
    }
    const auto& action = parts_.actions.actions[request.action];
    if (request.kind == ServerRequest::execute) {
        if (action.arguments.empty()) return;
        message.option_uint(OptionNumber::content_format, static_cast<std::uint64_t>(lwm2m::ContentFormat::text));
        message.payload(action.arguments);
        return;
    }
    std::array<std::uint8_t, max_payload> memory;
    base::Writer payload(memory);
    const auto text = profiles::fill_in(action.value, parts_.registry.endpoint(request.client), request.count);
    const auto format =
        encode_value(parts_.lists[client.objects], parts_.objects, request.path, text, action.format, payload);
    if (!format || payload.failed()) return message.out().fail();
    message.option_uint(OptionNumber::content_format, static_cast<std::uint64_t>(*format));
    message.payload(payload.written());
}

std::optional<std::uint16_t> Downlink::format_of(const Request& request) const {
    if (request.command != base::no_index) return parts_.commands[request.command].format;
    if (request.action == base::no_index) return std::nullopt;
    const auto& format = parts_.actions.actions[request.action].format;
    return format ? std::optional(static_cast<std::uint16_t>(*format)) : std::nullopt;
}

void Downlink::on_response(base::Time now, const coap::ExchangeTag& tag, const coap::MessageView& message) {
    Request& request = requests_[tag.operation];
    auto& codes = parts_.figures.responses[metrics::index(request.kind)];
    codes[metrics::code_slot(static_cast<std::uint8_t>(message.code))].add();
    parts_.figures.in_flight[metrics::index(request.kind)].add(-1);
    if (request.kind == ServerRequest::observe) observed(now, request, message);
    if (request.kind == ServerRequest::cancel_observe && observes(request)) end_observation(request.observation);

    const bool rest = request.block2 != Request::no_block;
    if (!rest && !more_follows(message)) {
        return finish(tag.operation, CommandResult::Outcome::answered, &message, message.payload);
    }
    const auto fetched = parts_.transfers.fetch(now, transfer_of(tag.operation), message);
    using Kind = coap::Block2Fetcher::Step::Kind;
    switch (fetched.kind) {
        case Kind::next:
        case Kind::restart:
            // The request goes on from here; it is the first of its client, and the next pump sends it.
            if (request.kind == ServerRequest::observe) request.kind = ServerRequest::read;
            request.block2 = coap::encode_block(fetched.ask);
            return;
        case Kind::complete:
            if (observes(request)) keep_value(now, observations_[request.observation], message, fetched.body);
            return finish(tag.operation, CommandResult::Outcome::answered, &message, fetched.body);
        case Kind::broken: return finish(tag.operation, CommandResult::Outcome::answered, &message);
    }
}

coap::TransferKey Downlink::transfer_of(std::uint32_t request) const {
    return {.peer = parts_.registry.peer_id(requests_[request].client), .resource = request};
}

// RFC 7959 2.6: a notification has the first block only; the rest is read.
void Downlink::fetch_rest(base::Time now, std::uint32_t index, const coap::MessageView& message) {
    const Observation& observation = observations_[index];
    for (auto at = parts_.registry[observation.client].requests; at != base::no_index; at = requests_[at].next) {
        if (requests_[at].observation == index && requests_[at].block2 != Request::no_block) return;
    }
    Request request;
    request.path = observation.path;
    request.client = observation.client;
    request.observation = index;
    request.generation = observation.generation;
    request.intended = now;
    const auto waiting = append(request);
    if (waiting == base::no_index) return;
    const auto fetched = parts_.transfers.fetch(now, transfer_of(waiting), message);
    if (fetched.kind == coap::Block2Fetcher::Step::Kind::next) {
        requests_[waiting].block2 = coap::encode_block(fetched.ask);
    }  // else it is read whole
}

// An error, or a response without Observe, says that there is no observation (RFC 7641 3.2, 4.1).
void Downlink::observed(base::Time now, Request& request, const coap::MessageView& message) {
    const auto sequence = coap::observe_sequence(message);
    if (!observes(request)) return;
    if (!coap::is_success(message.code) || !sequence) return end_observation(request.observation);
    Observation& observation = observations_[request.observation];
    if (observation.established) {
        const coap::Freshest latest{observation.sequence,
                                    base::Time(std::chrono::milliseconds(observation.received_ms))};
        if (!coap::is_newer(latest, *sequence, now)) return;
    } else {
        observation.established = true;
        parts_.figures.observations.add();
    }
    observation.sequence = *sequence;
    keep_value(now, observation, message, message.payload);
}

void Downlink::on_reset(const coap::ExchangeTag& tag) {
    Request& request = requests_[tag.operation];
    parts_.figures.resets[metrics::index(request.kind)].add();
    parts_.figures.in_flight[metrics::index(request.kind)].add(-1);
    if (request.kind == ServerRequest::observe && observes(request)) end_observation(request.observation);
    finish(tag.operation, CommandResult::Outcome::reset);
}

void Downlink::on_timeout(const coap::ExchangeTag& tag) {
    Request& request = requests_[tag.operation];
    parts_.figures.timeouts[metrics::index(request.kind)].add();
    parts_.figures.in_flight[metrics::index(request.kind)].add(-1);
    if (request.kind == ServerRequest::observe && observes(request)) end_observation(request.observation);
    finish(tag.operation, CommandResult::Outcome::timed_out);
}

Downlink::Notified Downlink::on_notification(base::Time now, ClientIndex client, const coap::MessageView& message) {
    base::Reader token(message.token);
    if (token.left() != observation_token_size) return Notified::unknown;
    const auto index = static_cast<std::uint32_t>(*token.take_uint(4));
    const auto generation = *token.take_u16();
    if (!observations_.holds(index)) return Notified::unknown;
    Observation& observation = observations_[index];
    if (observation.client != client || observation.generation != generation) return Notified::unknown;
    const auto sequence = coap::observe_sequence(message);
    if (!sequence || !coap::is_success(message.code)) {
        // RFC 7641 3.2: whatever is no notification ends the observation.
        end_observation(index);
        return Notified::taken;
    }
    const coap::Freshest latest{observation.sequence, base::Time(std::chrono::milliseconds(observation.received_ms))};
    if (!observation.established) {
        // The response to the Observe was overtaken or lost; this says the same.
        observation.established = true;
        parts_.figures.observations.add();
    } else if (!coap::is_newer(latest, *sequence, now)) {
        return *sequence == observation.sequence ? Notified::repeated : Notified::taken;
    }
    observation.sequence = *sequence;
    keep_value(now, observation, message, message.payload);
    if (more_follows(message)) fetch_rest(now, index, message);
    return Notified::taken;
}

void Downlink::keep_value(base::Time now, Observation& observation, const coap::MessageView& message,
                          base::Bytes body) {
    observation.received_ms = milliseconds(now);
    values_.release(observation.value);
    observation.value = values_.keep(body);
    const auto format = message.find_uint(OptionNumber::content_format);
    observation.format = format && *format < no_format ? static_cast<std::uint16_t>(*format) : no_format;
}

std::uint32_t Downlink::find_observation(ClientIndex client, const lwm2m::Path& path) const {
    auto index = parts_.registry[client].observations;
    while (index != base::no_index && observations_[index].path != path) index = observations_[index].next;
    return index;
}

std::uint32_t Downlink::take_observation(ClientIndex client_index, const lwm2m::Path& path) {
    const auto index = observations_.take();
    if (index == base::no_index) return base::no_index;
    Client& client = parts_.registry[client_index];
    Observation& observation = observations_[index];
    observation.client = client_index;
    observation.path = path;
    observation.generation = ++generation_;
    observation.next = client.observations;
    client.observations = index;
    return index;
}

void Downlink::end_observation(std::uint32_t index) {
    Observation& observation = observations_[index];
    if (observation.established) parts_.figures.observations.add(-1);
    values_.release(observation.value);
    std::uint32_t* link = &parts_.registry[observation.client].observations;
    while (*link != index) link = &observations_[*link].next;
    *link = observation.next;
    observations_.give_back(index);
}

// The request is the first of its client.
void Downlink::finish(std::uint32_t index, CommandResult::Outcome outcome, const coap::MessageView* message,
                      base::Bytes body) {
    const Request request = requests_[index];
    Client& client = parts_.registry[request.client];
    CHECK(client.requests == index);
    client.requests = request.next;
    --client.waiting;
    if (request.block2 != Request::no_block && message == nullptr) parts_.transfers.drop_fetch(transfer_of(index));
    requests_.give_back(index);
    if (request.command != base::no_index) answer_command(request, outcome, message, body);
}

// A request that was counted, but whose answer is not waited for.
void Downlink::abandon(std::uint32_t index) {
    const Request& request = requests_[index];
    parts_.figures.cancelled[metrics::index(request.kind)].add();
    parts_.figures.in_flight[metrics::index(request.kind)].add(-1);
    if (request.kind == ServerRequest::observe && observes(request) &&
        !observations_[request.observation].established) {
        end_observation(request.observation);
    }
    finish(index, CommandResult::Outcome::cancelled);
}

void Downlink::cancel_requests(ClientIndex index) {
    Client& client = parts_.registry[index];
    if (client.peer.busy()) {
        parts_.endpoint.cancel(client.peer);
        abandon(client.requests);
    }
    while (client.requests != base::no_index) {
        // Never sent: it does not count as a request.
        finish(client.requests, CommandResult::Outcome::cancelled);
    }
}

void Downlink::forget(ClientIndex index) {
    cancel_requests(index);
    while (parts_.registry[index].observations != base::no_index) {
        end_observation(parts_.registry[index].observations);
    }
}

}  // namespace server
