#include "simulator/fleet/steps.h"

#include "simulator/fleet/firmware.h"
#include "simulator/fleet/life.h"
#include "simulator/fleet/management.h"
#include "simulator/fleet/oscore.h"
#include "simulator/fleet/reporting.h"
#include "simulator/fleet/sending.h"
#include "simulator/fleet/sleep.h"

namespace fleet {
namespace {

using coap::Incoming;
using metrics::Operation;

metrics::Discard reason(coap::Discard discard) {
    switch (discard) {
        case coap::Discard::none:
        case coap::Discard::malformed: return metrics::Discard::malformed;
        case coap::Discard::late: return metrics::Discard::late;
        case coap::Discard::duplicate: return metrics::Discard::duplicate;
        case coap::Discard::undecrypted: return metrics::Discard::oscore_decrypt;
        case coap::Discard::unprotected: return metrics::Discard::unprotected;
    }
    return metrics::Discard::malformed;
}

void resume(Turn& turn, LinkId id) {
    turn.free_since = turn.now;
    if (!resume_life(turn, id) && !resume_reporting(turn, id)) (void)resume_sending(turn, id);
    (void)resume_download(turn, turn.pool.device_of(id));  // busy or not: it may be towards somebody else
    turn.free_since = base::Time::min();
}

void on_failure(Turn& turn, LinkId id, const coap::ExchangeTag& tag, metrics::Cause cause) {
    if (operation_of(tag) == Operation::notify) {
        on_notification_failure(turn, id, tag, cause);
    } else if (operation_of(tag) == Operation::send) {
        on_send_failure(turn, id, tag, cause);
    } else if (operation_of(tag) == Operation::download) {
        on_download_failure(turn, turn.pool.device_of(id), cause);
    } else {
        on_registration_failure(turn, id, tag, cause);
    }
}

void send_if_any(Turn& turn, const net::Packet& to, const base::Writer& out, metrics::Sent kind) {
    if (out.size() == 0) return;
    turn.counters.send(kind);
    turn.send_to(to.local, to.remote, out);
}

// RFC 8613 8.2: the server could not unprotect the request. It may have lost the context.
void on_refusal(Turn& turn, LinkId id, const Incoming& incoming) {
    turn.counters.respond(operation_of(incoming.tag), static_cast<std::uint8_t>(incoming.message.code));
    doubt_context(turn, id);
    on_failure(turn, id, incoming.tag, metrics::Cause::oscore);
}

void on_response(Turn& turn, LinkId id, const Incoming& incoming) {
    turn.counters.receive(metrics::Received::response);
    if (incoming.refused) {
        on_refusal(turn, id, incoming);
    } else if (operation_of(incoming.tag) == Operation::notify) {
        on_notification_failure(turn, id, incoming.tag, metrics::Cause::bad_response);
    } else if (operation_of(incoming.tag) == Operation::send) {
        on_send_response(turn, id, incoming.tag, incoming.message);
    } else if (operation_of(incoming.tag) == Operation::download) {
        on_download_response(turn, turn.pool.device_of(id), incoming.message);
    } else {
        on_registration_response(turn, id, incoming.tag, incoming.message);
    }
    resume(turn, id);
}

void on_reset(Turn& turn, LinkId id, const Incoming& incoming) {
    turn.counters.receive(metrics::Received::reset);
    on_failure(turn, id, incoming.tag, metrics::Cause::reset);
    resume(turn, id);
}

bool is_request(base::Bytes datagram) {
    return datagram.size() >= 4 && coap::is_request(static_cast<coap::Code>(datagram[1]));
}

void on_server_request(Turn& turn, LinkId id, const coap::MessageView& request, Repeated repeated) {
    const auto plain = unprotect(turn, id, request, repeated);
    if (!plain) return;
    if (repeated == Repeated::yes) {
        turn.counters.discard(metrics::Discard::duplicate);
    } else {
        turn.counters.receive(metrics::Received::request);
    }
    on_request(turn, id, *plain, repeated);
    resume(turn, id);
}

}  // namespace

void on_packet(Turn& turn, const net::Packet& packet) {
    if (packet.local >= turn.pool.size()) {
        turn.counters.discard(metrics::Discard::stray);
        return;
    }
    const LinkId found = turn.pool.find_link(packet.local, packet.remote);
    const bool from_server = found != base::no_index;
    const LinkId id = from_server ? found : packet.local;
    Link& link = turn.pool.link(id);
    coap::Peer* const peer = from_server ? &link.peer : find_download_peer(turn, packet.local, packet.remote);
    if (peer == nullptr) {
        turn.counters.discard(metrics::Discard::wrong_source);
        return;
    }
    if (turn.pool[packet.local].asleep) {
        turn.counters.discard(metrics::Discard::asleep);
        return;
    }
    turn.pool.count_received(turn.now, packet.local, packet.bytes.size());
    // Core 1.1.1, 6.3: a device that is not registered ignores the server's requests. It does not even remember them:
    // one that is repeated when the device has registered is new to it. Nobody else may ask anything.
    if (is_request(packet.bytes) && !(from_server && link.state == metrics::DeviceState::registered)) {
        turn.counters.discard(metrics::Discard::unexpected);
        return;
    }
    const std::uint32_t peer_id = from_server ? id : download_peer(turn.pool, packet.local);
    auto out = turn.open();
    const auto incoming = from_server && link.has_context
                              ? on_protected_datagram(turn, id, packet.bytes, out)
                              : turn.endpoint.on_datagram(turn.now, peer_id, *peer,
                                                          turn.pool.profile(link).transmission, packet.bytes, out);
    switch (incoming.kind) {
        case Incoming::Kind::discarded:
            turn.counters.discard(reason(incoming.discard));
            send_if_any(turn, packet, out, metrics::Sent::reset);
            break;
        case Incoming::Kind::request: on_server_request(turn, id, incoming.message, Repeated::no); break;
        case Incoming::Kind::repeated_request: on_server_request(turn, id, incoming.message, Repeated::yes); break;
        case Incoming::Kind::repeated:
            turn.counters.discard(metrics::Discard::duplicate);
            send_if_any(turn, packet, out, metrics::Sent::repeated_answer);
            break;
        case Incoming::Kind::ping:
            turn.counters.receive(metrics::Received::request);
            send_if_any(turn, packet, out, metrics::Sent::reset);
            break;
        case Incoming::Kind::acknowledged: turn.counters.receive(metrics::Received::acknowledgement); break;
        case Incoming::Kind::delivered:
            turn.counters.receive(metrics::Received::acknowledgement);
            on_notification_delivered(turn, id, incoming.tag);
            resume(turn, id);
            break;
        case Incoming::Kind::response:
            send_if_any(turn, packet, out, metrics::Sent::acknowledgement);
            on_response(turn, id, incoming);
            break;
        case Incoming::Kind::unmatched_response:
            turn.counters.discard(metrics::Discard::unexpected);
            if (incoming.message.type == coap::MessageType::confirmable) {
                coap::Endpoint::reject(incoming.message, out);
                turn.endpoint.keep_reply(peer_id, incoming.message, out.written());
            }
            send_if_any(turn, packet, out, metrics::Sent::reset);
            break;
        case Incoming::Kind::reset: on_reset(turn, id, incoming); break;
        case Incoming::Kind::unmatched_reset:
            if (from_server && on_notification_reset(turn, id, incoming.message.message_id)) {
                turn.counters.receive(metrics::Received::reset);
            } else {
                turn.counters.discard(metrics::Discard::late);
            }
            break;
    }
}

void on_timer(Turn& turn, base::TimerEvent event) {
    switch (static_cast<TimerKind>(event.kind)) {
        case TimerKind::life: on_life_timer(turn, event.index); return;
        case TimerKind::notify: on_notify_timer(turn, event.index); return;
        case TimerKind::send: on_send_timer(turn, event.index); return;
        case TimerKind::sleep: on_sleep_timer(turn, event.index); return;
        case TimerKind::firmware:
            on_firmware_timer(turn, event.index);
            resume(turn, event.index);
            return;
        case TimerKind::download:
            on_download_timer(turn, event.index);
            resume(turn, event.index);
            return;
        case TimerKind::exchange: break;
    }
    const std::uint32_t peer = turn.endpoint.peer_of(event.index);
    if (peer >= turn.pool.link_bound()) {
        const DeviceId device = peer - turn.pool.link_bound();
        on_download_exchange_timer(turn, device, event.index);
        return;
    }
    const LinkId id = peer;
    renew_retransmission(turn, id);
    auto out = turn.open();
    const auto expired = turn.endpoint.on_timer(turn.now, event.index, turn.pool.link(id).peer, out);
    if (expired.kind == coap::Expired::Kind::retransmitted) {
        turn.counters.retransmit(operation_of(expired.tag));
        turn.send(id, out);
        return;
    }
    on_failure(turn, id, expired.tag, metrics::Cause::timeout);
    resume(turn, id);
}

void on_command(Turn& turn, DeviceId device, const Command& command) {
    if (command.kind == Command::Kind::start) {
        plan_start(turn, device, command.at);
        return;
    }
    if (command.kind == Command::Kind::power_cycle) {
        power_cycle(turn, device, std::max(base::Duration{0}, command.at - turn.now));
        return;
    }
    for (LinkId id = device; id != base::no_index; id = turn.pool.next_link(id)) {
        switch (command.kind) {
            case Command::Kind::start:
            case Command::Kind::power_cycle: break;
            case Command::Kind::deregister: request_deregister(turn, id, command.at); break;
            case Command::Kind::stop: stop(turn, id); break;
            case Command::Kind::rotate_keys: take_next_key(turn, id, command.at); break;
        }
    }
}

}  // namespace fleet
