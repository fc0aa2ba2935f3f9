#include "simulator/server/downlink.h"

#include <algorithm>
#include <array>

#include "coap/observe.h"
#include "simulator/base/random.h"
#include "simulator/base/reader.h"
#include "simulator/server/payload.h"

namespace server {
namespace {

using coap::Code;
using coap::OptionNumber;
using metrics::ServerRequest;

constexpr std::uint16_t no_format = Request::no_format;
constexpr std::uint16_t firmware_object = 5;
constexpr std::size_t observation_token_size = 6;  // index and generation; those of other requests have 2 bytes

bool is_observe(ServerRequest kind) {
    return kind == ServerRequest::observe || kind == ServerRequest::observe_composite;
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
      values_(capacity.observations),
      scratch_(max_body) {
    for (const auto& action : parts_.actions.actions) {
        action_paths_.push_back(action.paths.empty() ? base::no_index : paths_.acquire(action.paths));
    }
}

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
    if (request.paths != base::no_index) paths_.share(request.paths);
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
    if (is_observe(request.kind) && request.observation == base::no_index) return Sent::no_room;
    write(request,
          {.type = coap::MessageType::confirmable,
           .code = Code::empty,
           .message_id = client.peer.take_message_id(),
           .token = token.view()},
          out);
    protect(request, client, out);
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

void Downlink::protect(const Request& request, const Client& client, base::Writer& out) {
    if (client.oscore == base::no_index || out.failed()) return;
    coap::OscoreContext& context = parts_.oscore[client.oscore];
    coap::protect_request(context, out, parts_.oscore.workspace());
    if (!is_observe(request.kind) || !observes(request)) return;
    Observation& observation = observations_[request.observation];
    observation.earlier_iv = observation.established ? observation.request_iv : context.request_partial_iv;
    observation.request_iv = context.request_partial_iv;
}

// RFC 9175 2.2: a client that has been away wants to see that the request is fresh.
bool Downlink::is_asked_for_echo(Request& request, const coap::MessageView& message) {
    if (message.code != Code::unauthorized || request.echoed) return false;
    if (parts_.registry[request.client].oscore == base::no_index) return false;
    const auto echo = message.find(OptionNumber::echo);
    auto& kept = parts_.oscore.workspace().echo;
    if (!echo || echo->value.empty() || echo->value.size() > kept.max_size) return false;
    kept.assign(echo->value);
    request.echoed = true;
    return true;
}

// An observation is known by its token for as long as it lasts; a fresh Observe of the same path takes the place of the
// one before (RFC 7641 3.1), and a cancellation carries its token (3.6).
coap::Token Downlink::token_for(Request& request, Client& client) {
    std::array<std::uint8_t, observation_token_size> bytes{};
    base::Writer out(bytes);
    const bool observing = is_observe(request.kind) || request.kind == ServerRequest::cancel_observe;
    if (observing) request.observation = find_observation(request.client, request.path, request.paths);
    if (is_observe(request.kind) && request.observation == base::no_index) {
        request.observation = take_observation(request);
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

void Downlink::on_response(base::Time now, const coap::ExchangeTag& tag, const coap::MessageView& message) {
    Request& request = requests_[tag.operation];
    auto& codes = parts_.figures.responses[metrics::index(request.kind)];
    codes[metrics::code_slot(static_cast<std::uint8_t>(message.code))].add();
    parts_.figures.in_flight[metrics::index(request.kind)].add(-1);
    if (is_asked_for_echo(request, message)) return;  // it is the first of its client, and goes out with the next pump
    if (sends_on(request, message)) return;
    if (is_observe(request.kind)) observed(now, request, message);
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
            if (request.kind == ServerRequest::observe_composite) request.kind = ServerRequest::read_composite;
            request.block2 = coap::encode_block(fetched.ask);
            return;
        case Kind::complete:
            if (observes(request)) keep_value(now, observations_[request.observation], message, fetched.body);
            return finish(tag.operation, CommandResult::Outcome::answered, &message, fetched.body);
        case Kind::broken: return finish(tag.operation, CommandResult::Outcome::answered, &message);
    }
}

// RFC 7959 2.5: the request goes on with the next block of its body, or begins again with smaller ones after a 4.13.
bool Downlink::sends_on(Request& request, const coap::MessageView& message) {
    const bool in_blocks = request.block1 != Request::no_block;
    if (request.block2 != Request::no_block) return false;
    if (!in_blocks && message.code != Code::request_entity_too_large) return false;
    const auto content = content_of(request);
    if (!content || content->bytes.empty()) return false;
    auto sender = in_blocks ? coap::Block1Sender::unpack(request.block1) : coap::Block1Sender(content->szx);
    if (sender.on_response(message, content->bytes.size()) != coap::Block1Sender::Step::next) return false;
    request.block1 = sender.pack();
    return true;
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
    request.kind = observation.paths == base::no_index ? ServerRequest::read : ServerRequest::read_composite;
    request.path = observation.path;
    request.paths = observation.paths;
    request.client = observation.client;
    const auto format = message.find_uint(OptionNumber::content_format);
    if (format && *format < no_format) request.accept = static_cast<std::uint16_t>(*format);
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
    if (is_observe(request.kind) && observes(request)) end_observation(request.observation);
    finish(tag.operation, CommandResult::Outcome::reset);
}

void Downlink::on_timeout(const coap::ExchangeTag& tag) {
    Request& request = requests_[tag.operation];
    parts_.figures.timeouts[metrics::index(request.kind)].add();
    parts_.figures.in_flight[metrics::index(request.kind)].add(-1);
    // What could not be cancelled is forgotten: a Reset will do it (RFC 7641 3.6).
    const bool ends = is_observe(request.kind) || request.kind == ServerRequest::cancel_observe;
    if (ends && observes(request)) end_observation(request.observation);
    finish(tag.operation, CommandResult::Outcome::timed_out);
}

std::uint32_t Downlink::find_by_token(ClientIndex client, base::Bytes bytes) const {
    base::Reader token(bytes);
    if (token.left() != observation_token_size) return base::no_index;
    const auto index = static_cast<std::uint32_t>(*token.take_uint(4));
    const auto generation = *token.take_u16();
    if (!observations_.holds(index)) return base::no_index;
    const Observation& observation = observations_[index];
    return observation.client == client && observation.generation == generation ? index : base::no_index;
}

tl::expected<coap::MessageView, coap::OscoreFailure> Downlink::unprotect_notification(
    ClientIndex client, const coap::MessageView& message) {
    const auto context = parts_.registry[client].oscore;
    if (context == base::no_index) return message;
    const auto index = find_by_token(client, message.token);
    if (index == base::no_index) return message;
    Observation& observation = observations_[index];
    auto& workspace = parts_.oscore.workspace();
    auto opened = coap::unprotect_response(parts_.oscore[context], observation.request_iv, message, workspace);
    if (!opened && observation.earlier_iv != observation.request_iv) {
        opened = coap::unprotect_response(parts_.oscore[context], observation.earlier_iv, message, workspace);
    }
    if (!opened) return tl::unexpected(opened.error());
    // 4.1.3.5.2, 7.4.1: only what is newer than the Notification Number.
    if (!opened->partial_iv || *opened->partial_iv < observation.next_iv) {
        return tl::unexpected(coap::OscoreFailure::replay);
    }
    observation.next_iv = *opened->partial_iv + 1;
    return opened->message;
}

Downlink::Notified Downlink::on_notification(base::Time now, ClientIndex client, const coap::MessageView& message) {
    const auto index = find_by_token(client, message.token);
    if (index == base::no_index) return Notified::unknown;
    Observation& observation = observations_[index];
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
    const auto member = parts_.registry[client].member;
    if (member != base::no_index && observation.path.depth > 0 && observation.path.object() == firmware_object) {
        Report& told = reports_.emplace_back();
        told.member = member;
        told.notified = true;
        told.code = message.code;
        told.path = observation.path;
        report_value(told, client, message, message.payload);
    }
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

std::uint32_t Downlink::find_observation(ClientIndex client, const lwm2m::Path& path, std::uint32_t paths) const {
    auto index = parts_.registry[client].observations;
    while (index != base::no_index && (observations_[index].path != path || observations_[index].paths != paths)) {
        index = observations_[index].next;
    }
    return index;
}

std::uint32_t Downlink::take_observation(const Request& request) {
    const auto index = observations_.take();
    if (index == base::no_index) return base::no_index;
    Client& client = parts_.registry[request.client];
    Observation& observation = observations_[index];
    observation.client = request.client;
    observation.path = request.path;
    observation.paths = request.paths;
    if (request.paths != base::no_index) paths_.share(request.paths);
    observation.generation = ++generation_;
    observation.next = client.observations;
    client.observations = index;
    return index;
}

void Downlink::end_observation(std::uint32_t index) {
    Observation& observation = observations_[index];
    if (observation.established) parts_.figures.observations.add(-1);
    values_.release(observation.value);
    paths_.release(observation.paths);
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
    paths_.release(request.paths);
    if (request.block2 != Request::no_block && message == nullptr) parts_.transfers.drop_fetch(transfer_of(index));
    requests_.give_back(index);
    if (request.member != base::no_index) report(request, outcome, message, body);
    if (request.command != base::no_index) answer_command(request, outcome, message, body);
}

void Downlink::report(const Request& request, CommandResult::Outcome outcome, const coap::MessageView* message,
                      base::Bytes body) {
    Report& told = reports_.emplace_back();
    told.member = request.member;
    told.step = request.step;
    told.outcome = outcome;
    told.path = request.path;
    if (message == nullptr) return;
    told.code = message->code;
    const bool has_value = request.kind == ServerRequest::read || request.kind == ServerRequest::observe;
    if (has_value) report_value(told, request.client, *message, body);
}

void Downlink::report_value(Report& told, ClientIndex client, const coap::MessageView& message,
                            base::Bytes body) const {
    const auto format = message.find_uint(OptionNumber::content_format);
    if (!coap::is_success(message.code) || !format || *format >= no_format) return;
    const auto values = decode_values(parts_.lists[parts_.registry[client].objects], parts_.objects, told.path,
                                      static_cast<std::uint16_t>(*format), body);
    if (!values || values->empty()) return;
    const auto value = values->front().value.view();
    if (value.type == lwm2m::Type::integer) told.number = value.integer;
    if (value.type == lwm2m::Type::unsigned_integer) told.number = static_cast<std::int64_t>(value.unsigned_integer);
    if (value.type == lwm2m::Type::string) told.text = value.text();
}

// A request that was counted, but whose answer is not waited for.
void Downlink::abandon(std::uint32_t index) {
    const Request& request = requests_[index];
    parts_.figures.cancelled[metrics::index(request.kind)].add();
    parts_.figures.in_flight[metrics::index(request.kind)].add(-1);
    if (is_observe(request.kind) && observes(request) && !observations_[request.observation].established) {
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

void Downlink::cancel_requests_of(ClientIndex index, std::uint32_t member) {
    Client& client = parts_.registry[index];
    if (client.peer.busy() && requests_[client.requests].member == member) {
        parts_.endpoint.cancel(client.peer);
        abandon(client.requests);
    }
    // Those behind it were never sent: they do not count as requests.
    std::uint32_t before = base::no_index;
    for (auto at = client.requests; at != base::no_index;) {
        const auto next = requests_[at].next;
        if (requests_[at].member != member) {
            before = at;
        } else {
            (before == base::no_index ? client.requests : requests_[before].next) = next;
            if (client.last_request == at) client.last_request = before;
            --client.waiting;
            requests_.give_back(at);
        }
        at = next;
    }
}

void Downlink::forget(ClientIndex index) {
    cancel_requests(index);
    while (parts_.registry[index].observations != base::no_index) {
        end_observation(parts_.registry[index].observations);
    }
}

}  // namespace server
