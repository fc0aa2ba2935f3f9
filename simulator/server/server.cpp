#include "simulator/server/server.h"

#include <algorithm>

#include "simulator/base/random.h"

namespace server {
namespace {

using metrics::Direction;
using metrics::Discard;
using Operation = profiles::ServerAction::Operation;

constexpr std::size_t outbox_slots = 256;
constexpr int batches_a_step = 8;
// Of devices that firmware campaigns have under way at one time: a request each, or three when they have ended; and two
// observations. What finds no room is counted, and asked again at the next poll.
constexpr std::uint64_t campaign_requests = 1u << 16;

std::uint32_t limited(std::uint64_t count) {
    // What a timer's index can name.
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(count, (1u << 28) - 1));
}
// Actions that do not go out with the answer to the Register need a place of their own on the wheel.
std::uint64_t tasks_for(const ServerConfig& config) {
    return std::uint64_t{config.capacity} * config.actions.actions.size() + 64;
}
// At most what all actions at once put into the queues, an Observe with its attributes counting twice.
std::uint64_t requests_for(const ServerConfig& config) {
    const auto queue = std::min<std::uint64_t>(2 * config.actions.actions.size() + 2, Downlink::max_waiting);
    return std::uint64_t{config.capacity} * queue + Commands::capacity + campaign_requests;
}
std::uint64_t observations_for(const ServerConfig& config) {
    const auto observed = std::ranges::count_if(config.actions.actions, [](const profiles::ServerAction& action) {
        return action.operation == Operation::observe || action.operation == Operation::observe_composite;
    });
    return std::uint64_t{config.capacity} * (static_cast<std::uint64_t>(observed) + 1) + Commands::capacity +
           campaign_requests;
}
std::uint32_t messages_for(const ServerConfig& config) {
    return std::max<std::uint32_t>(limited(std::uint64_t{config.capacity} * 3 / 2), 1u << 16);
}

Discard discard_of(coap::Discard reason) {
    switch (reason) {
        case coap::Discard::late: return Discard::late;
        case coap::Discard::duplicate: return Discard::duplicate;
        case coap::Discard::undecrypted: return Discard::oscore_decrypt;
        case coap::Discard::unprotected: return Discard::unprotected;
        case coap::Discard::none:
        case coap::Discard::malformed: return Discard::malformed;
    }
    return Discard::malformed;
}

Discard discard_of(coap::OscoreFailure failure) {
    switch (failure) {
        case coap::OscoreFailure::malformed: return Discard::malformed;
        case coap::OscoreFailure::no_context: return Discard::oscore_context;
        case coap::OscoreFailure::replay: return Discard::oscore_replay;
        case coap::OscoreFailure::decrypt: return Discard::oscore_decrypt;
        case coap::OscoreFailure::unprotected: return Discard::unprotected;
    }
    return Discard::malformed;
}

}  // namespace

Server::Server(ServerConfig config, net::Transport& transport)
    : config_(std::move(config)),
      transport_(transport),
      timers_(limited(tasks_for(config_) + std::uint64_t{config_.capacity} * 3 + 1024)),
      endpoint_({.exchanges = config_.capacity + 64, .messages = messages_for(config_), .timer_kind = exchange_timer},
                timers_),
      transfers_({.body_bytes = ObjectLists::max_text, .lifetime = config_.transmission.exchange_lifetime()}),
      oscore_(config_.oscore, config_.capacity, config_.seed),
      registry_(config_.capacity),
      lists_(config_.actions, config_.objects),
      outbox_(transport, outbox_slots),
      downlink_({.seed = config_.seed,
                 .parameters = config_.transmission,
                 .actions = config_.actions,
                 .objects = config_.objects,
                 .registry = registry_,
                 .lists = lists_,
                 .endpoint = endpoint_,
                 .transfers = transfers_,
                 .oscore = oscore_,
                 .outbox = outbox_,
                 .commands = commands_,
                 .bodies = bodies_,
                 .figures = figures_},
                {.requests = limited(requests_for(config_)), .observations = limited(observations_for(config_))}),
      agenda_({.seed = config_.seed,
               .actions = config_.actions,
               .registry = registry_,
               .lists = lists_,
               .timers = timers_,
               .timer_kind = task_timer,
               .downlink = downlink_,
               .figures = figures_},
              limited(tasks_for(config_))),
      campaigns_({.registry = registry_,
                  .lists = lists_,
                  .timers = timers_,
                  .member_timer = member_timer,
                  .wave_timer = wave_timer,
                  .downlink = downlink_,
                  .bodies = bodies_,
                  .store = firmware_,
                  .figures = figures_,
                  .actions = config_.actions,
                  .uri = config_.uri},
                 config_.capacity) {
    plan_campaigns();
}

Server::~Server() = default;

bool Server::work(base::Time now) {
    timers_.advance(now, [&](base::TimerEvent event) { on_timer(now, event); });
    int batches = 0;
    for (; batches < batches_a_step; ++batches) {
        const auto packets = transport_.receive(now);
        if (packets.empty()) break;
        for (const auto& packet : packets) on_packet(now, packet);
    }
    outbox_.flush(now);
    return batches == batches_a_step;
}

base::Time Server::next_due() const { return std::min(timers_.next_due(), transport_.next_due()); }

void Server::every_second(base::Time) {
    const auto counts = transport_.counts();
    figures_.datagrams[metrics::index(Direction::sent)].set(static_cast<std::int64_t>(counts.sent));
    figures_.datagrams[metrics::index(Direction::received)].set(static_cast<std::int64_t>(counts.received));
    figures_.bytes[metrics::index(Direction::sent)].set(static_cast<std::int64_t>(counts.sent_bytes));
    figures_.bytes[metrics::index(Direction::received)].set(static_cast<std::int64_t>(counts.received_bytes));
    figures_.drops[metrics::index(metrics::Drop::receive_overrun)].set(
        static_cast<std::int64_t>(counts.receive_overruns));
    figures_.drops[metrics::index(metrics::Drop::send_refused)].set(static_cast<std::int64_t>(counts.send_refused));
    figures_.drops[metrics::index(metrics::Drop::misdirected)].set(static_cast<std::int64_t>(counts.misdirected));
}

void Server::stop(base::Time now) {
    for (ClientIndex client = 0; client < registry_.places(); ++client) {
        agenda_.end(client);
        downlink_.cancel_requests(client);
    }
    outbox_.flush(now);
    every_second(now);
}

// ---- timers

void Server::on_timer(base::Time now, base::TimerEvent event) {
    switch (event.kind) {
        case exchange_timer: on_exchange_timer(now, event.index); break;
        case lifetime_timer: on_lifetime_timer(now, event.index); break;
        case task_timer: downlink_.pump(now, agenda_.on_timer(event.index)); break;
        case member_timer: campaigns_.on_member_timer(now, event.index); break;
        case wave_timer: campaigns_.on_wave_timer(now, event.index); break;
        case planned_timer: begin_planned(now, event.index); break;
        default: CHECK(false);
    }
    campaigns_.handle_reports(now);
}

void Server::on_exchange_timer(base::Time now, std::uint32_t exchange) {
    const auto index = Registry::index_of_peer(endpoint_.peer_of(exchange));
    Client& client = registry_[index];
    base::Writer out(outbox_.open(now));
    const auto expired = endpoint_.on_timer(now, exchange, client.peer, out);
    if (out.size() != 0) outbox_.commit(out.size(), 0, client.address);
    switch (expired.kind) {
        case coap::Expired::Kind::retransmitted: figures_.retransmissions.add(); break;
        case coap::Expired::Kind::timed_out:
            downlink_.on_timeout(expired.tag);
            downlink_.pump(now, index);
            break;
    }
}

void Server::on_lifetime_timer(base::Time now, ClientIndex index) {
    Client& client = registry_[index];
    client.expiry = base::no_index;
    if (now < client.expires) {
        // Updates move the end of the lifetime without touching the wheel.
        client.expiry = timers_.arm(client.expires, {lifetime_timer, index});
        return;
    }
    figures_.expirations.add();
    end_registration(index);
}

// ---- datagrams

void Server::on_packet(base::Time now, const net::Packet& packet) {
    proven_ = packet.proven;
    auto client = registry_.find_address(packet.remote);
    if (client == base::no_index) client = on_stranger(now, packet);
    if (client != base::no_index) on_client(now, client, packet.bytes);
    campaigns_.handle_reports(now);
}

// An address that is not known gets a place only for a Register that may be accepted. What else it sends is answered
// at once, with fewer bytes than it sent, and forgotten.
ClientIndex Server::on_stranger(base::Time now, const net::Packet& packet) {
    const auto parsed = coap::parse(packet.bytes);
    if (!parsed) {
        discard(Discard::malformed);
        return base::no_index;
    }
    const coap::MessageView& message = *parsed;
    const bool request = coap::is_request(message.code) && (message.type == coap::MessageType::confirmable ||
                                                            message.type == coap::MessageType::non_confirmable);
    if (!request) {
        discard(Discard::unexpected);
        if (message.type != coap::MessageType::confirmable) return base::no_index;
        // A ping among others (RFC 7252 4.3).
        base::Writer out(outbox_.open(now));
        coap::Endpoint::reject(message, out);
        outbox_.commit(out.size(), 0, packet.remote);
        return base::no_index;
    }
    if (serve_stranger(now, packet, message)) return base::no_index;
    secured_ = {};
    coap::MessageView plain = message;
    if (message.find(coap::OptionNumber::oscore)) {
        const auto opened = oscore_.open(now, message, coap::OscoreReplay::check);
        if (!opened) {
            refuse_stranger(now, packet, message, opened.error());
            return base::no_index;
        }
        secured_ = *opened;
        plain = opened->message;
    }
    const auto code = secured_.renews ? coap::Code::unauthorized : judge(plain);
    if (code != coap::Code::empty) {
        reply_to_stranger(now, packet, message, code);
        return base::no_index;
    }
    const auto client = registry_.admit(packet.remote);
    if (client == base::no_index) {
        figures_.drops[metrics::index(metrics::Drop::no_slot)].add();
        reply_to_stranger(now, packet, message, coap::Code::service_unavailable);
        return base::no_index;
    }
    registry_[client].peer.next_message_id =
        static_cast<std::uint16_t>(base::draw(config_.seed, registry_.peer_id(client), base::Stream::message_id, 0));
    return client;
}

void Server::reply_to_stranger(base::Time now, const net::Packet& packet, const coap::MessageView& message,
                               coap::Code code) {
    figures_.rejections[metrics::code_slot(static_cast<std::uint8_t>(code))].add();
    if (message.type != coap::MessageType::confirmable) return;
    base::Writer out(outbox_.open(now));
    const coap::Header header{.type = coap::MessageType::acknowledgement,
                              .code = code,
                              .message_id = message.message_id,
                              .token = message.token};
    if (secured_.renews) {
        oscore_.answer_renewal(secured_, header, out);
    } else {
        coap::MessageWriter(out, header);
        // The window has not moved: the same request may come again, and its nonce serves one answer only.
        if (secured_.context != base::no_index) oscore_.protect_answer(secured_, coap::OscoreNonce::own, out);
    }
    if (!out.failed()) outbox_.commit(out.size(), 0, packet.remote);
}

// RFC 8613 8.2.
void Server::refuse_stranger(base::Time now, const net::Packet& packet, const coap::MessageView& message,
                             coap::OscoreFailure failure) {
    discard(discard_of(failure));
    figures_.rejections[metrics::code_slot(static_cast<std::uint8_t>(coap::oscore_error(failure)))].add();
    if (message.type != coap::MessageType::confirmable) return;
    base::Writer out(outbox_.open(now));
    coap::write_oscore_error(failure,
                             {.type = coap::MessageType::acknowledgement,
                              .code = coap::oscore_error(failure),
                              .message_id = message.message_id,
                              .token = message.token},
                             out);
    outbox_.commit(out.size(), 0, packet.remote);
}

void Server::on_client(base::Time now, ClientIndex index, base::Bytes datagram) {
    Client& client = registry_[index];
    client.last_seen = now;
    base::Writer out(outbox_.open(now));
    std::optional<coap::OscoreLink> link;
    if (client.oscore != base::no_index) link.emplace(oscore_.link(client.oscore));
    const auto incoming = endpoint_.on_datagram(now, registry_.peer_id(index), client.peer, config_.transmission,
                                                datagram, out, link ? &*link : nullptr);
    on_incoming(now, index, incoming, out);
}

// Each branch sends what is in `out` before it opens the next slot.
void Server::on_incoming(base::Time now, ClientIndex client, const coap::Incoming& incoming, base::Writer& out) {
    using Kind = coap::Incoming::Kind;
    auto after = After::nothing;
    switch (incoming.kind) {
        case Kind::discarded: discard(discard_of(incoming.discard)); break;
        case Kind::request:
        case Kind::repeated_request: after = on_request(now, client, incoming, out); break;
        case Kind::repeated: discard(Discard::duplicate); break;
        case Kind::ping:
        case Kind::acknowledged:
        case Kind::delivered:
        case Kind::response:
        case Kind::reset: break;
        case Kind::unmatched_response: on_unmatched(now, client, incoming.message, out); break;
        case Kind::unmatched_reset: discard(Discard::late); break;
    }
    if (out.size() != 0) outbox_.commit(out.size(), 0, registry_[client].address);
    if (incoming.kind == Kind::response) downlink_.on_response(now, incoming.tag, incoming.message);
    if (incoming.kind == Kind::reset) downlink_.on_reset(incoming.tag);
    if (after == After::begin_agenda) {
        agenda_.begin(now, client);
        campaigns_.on_registered(now, client);
    }
    downlink_.pump(now, client);
}

// A notification, or a stray (RFC 7641 3.6: one of an observation that is not known is rejected).
void Server::on_unmatched(base::Time now, ClientIndex client, const coap::MessageView& outer, base::Writer& out) {
    const auto opened = downlink_.unprotect_notification(client, outer);
    if (!opened) return discard(discard_of(opened.error()));
    const coap::MessageView& message = *opened;
    const bool confirmable = message.type == coap::MessageType::confirmable;
    switch (downlink_.on_notification(now, client, message)) {
        case Downlink::Notified::taken: figures_.notifications[confirmable ? 1 : 0].add(); break;
        case Downlink::Notified::repeated: discard(Discard::duplicate); break;
        case Downlink::Notified::unknown:
            discard(Discard::unexpected);
            coap::Endpoint::reject(message, out);
            if (confirmable) endpoint_.keep_reply(registry_.peer_id(client), message, out.written());
            return;
    }
    if (!confirmable) return;
    coap::Endpoint::acknowledge(message, out);
    endpoint_.keep_reply(registry_.peer_id(client), message, out.written());
}

// The request as it is meant. Nothing when it was not: `out` then has the answer, if there is one to give. What
// secured_ holds is of this request from here on.
std::optional<coap::MessageView> Server::unprotect(base::Time now, ClientIndex client, const coap::Incoming& incoming,
                                                   base::Writer& out) {
    const coap::MessageView& message = incoming.message;
    secured_ = {};
    if (!message.find(coap::OptionNumber::oscore)) return message;
    const bool repeated = incoming.kind == coap::Incoming::Kind::repeated_request;
    const auto opened = oscore_.open(now, message, repeated ? coap::OscoreReplay::ignore : coap::OscoreReplay::accept);
    const bool confirmable = message.type == coap::MessageType::confirmable;
    const coap::Header header{
        .type = confirmable ? coap::MessageType::acknowledgement : coap::MessageType::non_confirmable,
        .code = opened ? coap::Code::unauthorized : coap::oscore_error(opened.error()),
        .message_id = confirmable ? message.message_id : registry_[client].peer.take_message_id(),
        .token = message.token};
    if (opened && !opened->renews) {
        secured_ = *opened;
        return opened->message;
    }
    figures_.rejections[metrics::code_slot(static_cast<std::uint8_t>(header.code))].add();
    if (opened) {
        oscore_.answer_renewal(*opened, header, out);
    } else {
        discard(discard_of(opened.error()));
        if (confirmable) coap::write_oscore_error(opened.error(), header, out);
    }
    if (confirmable) endpoint_.keep_reply(registry_.peer_id(client), message, out.written());
    return std::nullopt;
}

// ---- one-off commands

void Server::submit(base::Time now, Command command) {
    const auto client = registry_.find_endpoint(command.endpoint);
    downlink_.submit(now, client, std::move(command));
    if (client != base::no_index) downlink_.pump(now, client);
    campaigns_.handle_reports(now);
    outbox_.flush(now);
}

// ---- firmware campaigns

void Server::plan_campaigns() {
    const auto& planned = config_.actions.campaigns;
    for (std::uint32_t i = 0; i < planned.size(); ++i) {
        const bool armed = timers_.arm(base::Time(planned[i].after), {planned_timer, i}) != base::no_index;
        if (!armed) figures_.drops[metrics::index(metrics::Drop::no_slot)].add();
    }
}

void Server::begin_planned(base::Time now, std::uint32_t index) {
    const auto& planned = config_.actions.campaigns[index];
    if (planned.image == nullptr) return;
    auto spec = planned.spec;
    // Two campaigns of a scenario may give the same image, or two of the same name.
    if (firmware_.find(spec.image) != nullptr) spec.image = std::to_string(index + 1) + "-" + spec.image;
    auto image = FirmwareStore::make(spec.image, *planned.image);
    const bool kept = image && firmware_.add(*std::move(image));
    if (!kept || !campaigns_.start(now, spec)) figures_.drops[metrics::index(metrics::Drop::no_slot)].add();
}

tl::expected<std::uint32_t, std::string> Server::start_campaign(base::Time now, const profiles::CampaignSpec& spec) {
    auto id = campaigns_.start(now, spec);
    campaigns_.handle_reports(now);
    outbox_.flush(now);
    return id;
}

bool Server::stop_campaign(base::Time now, std::uint32_t id) {
    const bool stopped = campaigns_.stop(now, id, "stopped by hand");
    campaigns_.handle_reports(now);
    outbox_.flush(now);
    return stopped;
}

}  // namespace server
