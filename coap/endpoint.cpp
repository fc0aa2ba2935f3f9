#include "coap/endpoint.h"

#include "simulator/base/check.h"

namespace coap {
namespace {

void put_empty(MessageType type, std::uint16_t message_id, base::Writer& out) {
    MessageWriter(out, {.type = type, .code = Code::empty, .message_id = message_id, .token = {}});
}

// RFC 7252 4.2: a confirmable message that cannot be understood is rejected by a RST; anything else is dropped. Another
// version is ignored altogether (RFC 7252 3).
void reject_malformed(base::Bytes datagram, base::Writer& out) {
    if (datagram.size() < 4 || datagram[0] >> 6 != 1) return;
    if (static_cast<MessageType>(datagram[0] >> 4 & 3) != MessageType::confirmable) return;
    put_empty(MessageType::reset, static_cast<std::uint16_t>(datagram[2] << 8 | datagram[3]), out);
}

// RFC 7252 5.4.1: an option without a name here is one that is not known.
bool has_unknown_critical(const MessageView& message) {
    for (const auto& option : message.options) {
        if (is_critical(option.number) && name(option.number)[0] == '\0') return true;
    }
    return false;
}

// RFC 8613 8.4: a response that does not open is no response, and the exchange goes on. One without OSCORE may be an
// error of a peer that could not open the request (8.2); whoever waits for an answer has to believe it.
bool unprotect(const OscoreLink& oscore, Incoming& incoming) {
    const auto opened = open_response(oscore, incoming.message);
    if (opened) {
        incoming.message = opened->message;
        return true;
    }
    if (opened.error() != OscoreFailure::unprotected) {
        incoming.discard = Discard::undecrypted;
        return false;
    }
    incoming.refused = code_class(incoming.message.code) >= 4;
    if (!incoming.refused) incoming.discard = Discard::unprotected;
    return incoming.refused;
}

}  // namespace

Endpoint::Endpoint(const Config& config, base::TimerWheel& timers)
    : timers_(timers),
      timer_kind_(config.timer_kind),
      exchanges_(config.exchanges),
      messages_(config.exchanges),
      known_(config.messages) {}

Incoming Endpoint::on_datagram(base::Time now, std::uint32_t peer_id, Peer& peer,
                               const TransmissionParameters& parameters, base::Bytes datagram, base::Writer& out,
                               const OscoreLink* oscore) {
    Incoming incoming;
    const auto message = parse(datagram);
    if (!message) {
        reject_malformed(datagram, out);
        incoming.discard = Discard::malformed;
        return incoming;
    }
    incoming.message = *message;
    if (message->code == Code::empty) return on_empty(now, peer, incoming, out);
    const bool answers = message->type == MessageType::acknowledgement;
    if (is_response(message->code) && message->type != MessageType::reset) {
        return on_response(now, peer_id, peer, parameters, incoming, out, oscore);
    }
    if (is_request(message->code) && message->type != MessageType::reset && !answers) {
        return on_request(now, peer_id, parameters, incoming, out);
    }
    // RFC 7252 4.2, 4.3: reserved code classes, a RST with a code, an ACK that carries a request.
    reject_malformed(datagram, out);
    incoming.discard = Discard::malformed;
    return incoming;
}

Incoming Endpoint::on_request(base::Time now, std::uint32_t peer_id, const TransmissionParameters& parameters,
                              Incoming incoming, base::Writer& out) {
    const bool confirmable = incoming.message.type == MessageType::confirmable;
    const auto lifetime = confirmable ? parameters.exchange_lifetime() : parameters.non_lifetime();
    const auto known = known_.remember(now, peer_id, incoming.message.message_id, lifetime);
    if (!known.repeated) {
        incoming.kind = Incoming::Kind::request;
    } else if (!confirmable) {
        incoming.discard = Discard::duplicate;  // RFC 7252 4.5: the recipient silently ignores a repeated NON
    } else if (known.reply.empty()) {
        incoming.kind = Incoming::Kind::repeated_request;
    } else {
        out.put(known.reply);
        incoming.kind = Incoming::Kind::repeated;
    }
    return incoming;
}

Incoming Endpoint::on_response(base::Time now, std::uint32_t peer_id, Peer& peer,
                               const TransmissionParameters& parameters, Incoming incoming, base::Writer& out,
                               const OscoreLink* oscore) {
    const MessageView message = incoming.message;
    const Exchange* exchange = peer.busy() ? &exchanges_[peer.exchange] : nullptr;
    const bool piggybacked = message.type == MessageType::acknowledgement;
    const auto refuse = [&] {
        // RFC 7252 4.2, 4.3: a CON is rejected by a RST, an ACK or NON by silence.
        if (message.type == MessageType::confirmable) reject(message, out);
        incoming.discard = Discard::malformed;
        return incoming;
    };
    if (has_unknown_critical(message)) return refuse();
    if (piggybacked && (exchange == nullptr || exchange->message_id != message.message_id)) {
        incoming.discard = Discard::late;
        return incoming;
    }
    const bool matches =
        exchange != nullptr && exchange->is_request && base::equal(exchange->token.view(), message.token);
    if (piggybacked && !matches) {
        incoming.discard = Discard::late;
        return incoming;
    }
    if (message.type == MessageType::confirmable) {
        const auto known = known_.remember(now, peer_id, message.message_id, parameters.exchange_lifetime());
        if (known.repeated) {
            out.put(known.reply);
            incoming.kind = known.reply.empty() ? Incoming::Kind::discarded : Incoming::Kind::repeated;
            incoming.discard = known.reply.empty() ? Discard::duplicate : Discard::none;
            return incoming;
        }
    }
    if (!matches) {
        incoming.kind = Incoming::Kind::unmatched_response;
        return incoming;
    }
    if (oscore != nullptr) {
        if (!unprotect(*oscore, incoming)) return incoming;
        if (has_unknown_critical(incoming.message)) return refuse();
    }
    if (message.type == MessageType::confirmable) {
        acknowledge(message, out);
        known_.keep_reply(peer_id, message.message_id, out.written());
    }
    incoming.kind = Incoming::Kind::response;
    incoming.tag = end(peer);
    return incoming;
}

Incoming Endpoint::on_empty(base::Time now, Peer& peer, Incoming incoming, base::Writer& out) {
    const MessageView& message = incoming.message;
    if (message.type == MessageType::confirmable) {
        put_empty(MessageType::reset, message.message_id, out);
        incoming.kind = Incoming::Kind::ping;
        return incoming;
    }
    if (message.type == MessageType::non_confirmable) {
        incoming.discard = Discard::malformed;  // RFC 7252 4.3: a NON is never Empty
        return incoming;
    }
    const bool matches = peer.busy() && exchanges_[peer.exchange].message_id == message.message_id;
    if (message.type == MessageType::reset) {
        incoming.kind = matches ? Incoming::Kind::reset : Incoming::Kind::unmatched_reset;
        if (matches) incoming.tag = end(peer);
        return incoming;
    }
    if (!matches || exchanges_[peer.exchange].acknowledged) {
        incoming.discard = Discard::late;
        return incoming;
    }
    Exchange& exchange = exchanges_[peer.exchange];
    if (!exchange.is_request) {
        incoming.kind = Incoming::Kind::delivered;
        incoming.tag = end(peer);
        return incoming;
    }
    // RFC 7252 5.2.2: the response comes by itself; it is waited for as long as the whole exchange may take.
    exchange.acknowledged = true;
    timers_.cancel(exchange.timer);
    exchange.timer = timers_.arm(now + exchange.parameters->max_transmit_wait(), {timer_kind_, peer.exchange});
    incoming.kind = Incoming::Kind::acknowledged;
    incoming.tag = exchange.tag;
    return incoming;
}

bool Endpoint::start(base::Time now, std::uint32_t peer_id, Peer& peer, const TransmissionParameters& parameters,
                     base::Bytes message, const ExchangeTag& tag, double unit) {
    CHECK(!peer.busy());
    CHECK(message.size() >= 4);
    const auto index = exchanges_.take();
    if (index == base::no_index) return false;
    Exchange& exchange = exchanges_[index];
    exchange.message = messages_.keep(message);
    exchange.timeout = parameters.initial_timeout(unit);
    exchange.timer = timers_.arm(now + exchange.timeout, {timer_kind_, index});
    if (!exchange.message || exchange.timer == base::no_index) {
        messages_.release(exchange.message);
        timers_.cancel(exchange.timer);
        exchanges_.give_back(index);
        return false;
    }
    exchange.tag = tag;
    exchange.parameters = &parameters;
    exchange.peer = peer_id;
    exchange.token = Token(message.subspan(4, message[0] & 15));
    exchange.is_request = is_request(static_cast<Code>(message[1]));
    exchange.message_id = static_cast<std::uint16_t>(message[2] << 8 | message[3]);
    peer.exchange = index;
    return true;
}

Expired Endpoint::on_timer(base::Time now, std::uint32_t index, Peer& peer, base::Writer& out) {
    CHECK(peer.exchange == index);
    Exchange& exchange = exchanges_[index];
    exchange.timer = base::no_index;
    if (exchange.acknowledged || exchange.retransmissions >= exchange.parameters->max_retransmit) {
        return {.kind = Expired::Kind::timed_out, .tag = end(peer)};
    }
    // RFC 7252 4.2: the timeout doubles, the counter rises.
    ++exchange.retransmissions;
    exchange.timeout *= 2;
    exchange.timer = timers_.arm(now + exchange.timeout, {timer_kind_, index});
    out.put(messages_.view(exchange.message));
    return {.kind = Expired::Kind::retransmitted, .tag = exchange.tag};
}

std::optional<ExchangeTag> Endpoint::cancel(Peer& peer) {
    if (!peer.busy()) return std::nullopt;
    return end(peer);
}

bool Endpoint::supersede(Peer& peer, base::Bytes message) {
    if (!peer.busy()) return false;
    Exchange& exchange = exchanges_[peer.exchange];
    messages_.release(exchange.message);
    exchange.message = messages_.keep(message);
    exchange.message_id = static_cast<std::uint16_t>(message[2] << 8 | message[3]);
    return true;
}

ExchangeTag Endpoint::end(Peer& peer) {
    Exchange& exchange = exchanges_[peer.exchange];
    timers_.cancel(exchange.timer);
    messages_.release(exchange.message);
    const ExchangeTag tag = exchange.tag;
    exchanges_.give_back(peer.exchange);
    peer.exchange = base::no_index;
    return tag;
}

void Endpoint::acknowledge(const MessageView& message, base::Writer& out) {
    put_empty(MessageType::acknowledgement, message.message_id, out);
}

void Endpoint::reject(const MessageView& message, base::Writer& out) {
    put_empty(MessageType::reset, message.message_id, out);
}

}  // namespace coap
