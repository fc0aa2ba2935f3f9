#include "simulator/fleet/life.h"

#include <algorithm>

#include "coap/blockwise.h"
#include "simulator/fleet/device_tree.h"
#include "simulator/fleet/firmware.h"
#include "simulator/fleet/object_links.h"
#include "simulator/fleet/oscore.h"
#include "simulator/fleet/reporting.h"
#include "simulator/fleet/sending.h"
#include "simulator/fleet/server_settings.h"
#include "simulator/lwm2m/operation.h"
#include "simulator/lwm2m/registration.h"

namespace fleet {
namespace {

using metrics::DeviceState;
using metrics::Operation;

constexpr base::Duration least_update_interval = std::chrono::milliseconds(10);

constexpr std::uint32_t never_again = 0xffffffff;  // of the sequence delay

void arm_life(Turn& turn, LinkId id, base::Time due) {
    Link& link = turn.pool.link(id);
    turn.timers.cancel(link.life_timer);
    link.intended = due;
    link.life_timer = turn.timers.arm(due, {static_cast<std::uint32_t>(TimerKind::life), id});
    if (link.life_timer == base::no_index) turn.counters.drop(metrics::Drop::no_slot);
}

// Where an operation stands whose request is too long for one message (RFC 7959 2.5); nothing: it begins.
using Progress = std::optional<coap::Block1Sender>;

// Hands an encoded confirmable request to the endpoint and to the network.
bool launch(Turn& turn, LinkId id, Operation operation, base::Time intended, const Progress& progress,
            base::Writer& datagram) {
    Link& link = turn.pool.link(id);
    protect_request(turn, id, datagram);
    if (!progress) turn.counters.start(operation, link.profile);
    const std::uint32_t argument = progress.value_or(coap::Block1Sender()).pack();
    const coap::ExchangeTag tag{tag_of(operation), argument, intended, turn.now};
    const double unit = turn.unit(id, base::Stream::retransmission, link.tokens);
    if (datagram.failed() || !turn.endpoint.start(turn.now, id, link.peer, turn.pool.profile(link).transmission,
                                                  datagram.written(), tag, unit)) {
        turn.counters.fail(operation, link.profile, metrics::Cause::no_slot, turn.index_of(id));
        turn.counters.drop(metrics::Drop::no_slot);
        return false;
    }
    if (!progress) turn.record_sent(operation, link.profile, intended);
    turn.counters.send(metrics::Sent::request);
    turn.send(id, datagram);
    return true;
}

// The part of the object list that goes out now. It may have become shorter since the last one: then from its start.
lwm2m::PayloadBlock block_of(std::string_view links, Progress& progress) {
    if (progress && progress->offset() >= links.size()) progress = coap::Block1Sender();
    const auto piece = progress.value_or(coap::Block1Sender()).next(base::as_bytes(links));
    const bool whole = piece.block.number == 0 && !piece.block.more;
    if (whole) return {piece.bytes, std::nullopt, std::nullopt};
    lwm2m::PayloadBlock block{piece.bytes, coap::encode_block(piece.block), std::nullopt};
    if (piece.block.number == 0) block.size1 = static_cast<std::uint32_t>(links.size());
    return block;
}

bool secured(const Turn& turn, LinkId id) { return turn.security != nullptr && turn.security->secured(id); }

// A device that speaks DTLS needs a session before it registers. True when it waits for one now.
bool await_session(Turn& turn, LinkId id, base::Time intended) {
    if (!secured(turn, id) || turn.security->connected(id)) return false;
    Link& link = turn.pool.link(id);
    if (link.state == DeviceState::handshaking) return true;
    turn.timers.cancel(link.life_timer);
    link.intended = intended;
    turn.move(id, DeviceState::handshaking);
    turn.counters.start(Operation::handshake, link.profile);
    turn.security->connect(turn.now, id);
    return true;
}

// Without a word: the server does not learn of it. A handshake under way ends here.
void abandon_session(Turn& turn, LinkId id) {
    if (!secured(turn, id)) return;
    turn.security->abandon(id);
    const Link& link = turn.pool.link(id);
    if (link.state == DeviceState::handshaking) turn.counters.abort(Operation::handshake, link.profile);
}

// Core 1.1.1, E.2: the timer, doubled with each attempt that has failed.
base::Duration retry_pause(Turn& turn, LinkId id, unsigned doublings) {
    constexpr std::uint64_t longest = 10ULL * 365 * 86400;
    const std::uint64_t timer = setting_number(turn, id, setting::retry_timer).value_or(60);
    return std::chrono::seconds(std::min(timer << std::min(doublings, 16u), longest));
}

void send_register(Turn& turn, LinkId id, base::Time intended, Progress progress = std::nullopt) {
    if (!progress && await_session(turn, id, intended)) return;
    Link& link = turn.pool.link(id);
    const auto& profile = turn.pool.profile(link);
    if (!progress) {
        link.lifetime = lifetime_to_register(turn, id);
        link.lifetime_changed = false;
        link.links_changed = false;
        link.binding_changed = false;
        turn.move(id, DeviceState::registering);
        prepare_context(turn, id);
    }
    std::array<std::uint8_t, 256> name;
    const auto name_size = turn.pool.membership.endpoint_name(turn.index_of(id), name);
    const auto links = block_of(object_links(turn, id), progress);
    const auto token = next_token(turn, id, link);
    auto out = turn.open();
    lwm2m::write_register({.message_id = link.peer.take_message_id(), .token = token.view()},
                          {.endpoint = base::as_text(base::Bytes(name).first(name_size)),
                           .lifetime = link.lifetime,
                           .version = profiles::name(profile.version),
                           .binding = binding_of(turn, id),
                           .queue_mode = turn.pool.profile_of(link).queue_parameter},
                          links, out);
    if (!launch(turn, id, Operation::register_, intended, progress, out)) {
        turn.move(id, DeviceState::backoff);
        arm_life(turn, id, turn.now + retry_pause(turn, id, 0));
    }
}

void send_update(Turn& turn, LinkId id, base::Time intended, Progress progress = std::nullopt) {
    Link& link = turn.pool.link(id);
    lwm2m::UpdateParameters parameters{.location = link.location.text(), .lifetime = {}, .binding = {}};
    // Core 1.1.1, 6.2.2: only what has changed.
    if (!progress) {
        if (link.lifetime_changed) link.lifetime = written_lifetime(turn, id).value_or(link.lifetime);
        if (link.lifetime_changed) parameters.lifetime = link.lifetime;
        if (link.binding_changed) parameters.binding = binding_of(turn, id);
        parameters.queue_mode = turn.pool.profile_of(link).queue_parameter;
        link.links_sent = link.links_changed;
    }
    lwm2m::PayloadBlock links;
    std::array<char, 16> binding;
    if (link.links_sent) {
        // The list is made from the tree, and what was read of it before is gone then.
        const auto size = parameters.binding.copy(binding.data(), binding.size());
        parameters.binding = std::string_view(binding.data(), size);
        links = block_of(object_links(turn, id), progress);
    }
    const auto token = next_token(turn, id, link);
    auto out = turn.open();
    lwm2m::write_update({.message_id = link.peer.take_message_id(), .token = token.view()}, parameters, links, out);
    const bool begun = launch(turn, id, Operation::update, intended, progress, out);
    if (!begun) {
        arm_life(turn, id, turn.now + least_update_interval);
    } else if (!progress) {
        link.lifetime_changed = false;
        link.links_changed = false;
        link.binding_changed = false;
    }
}

// The De-register is over. Core 1.1.1, E.2: a server that was disabled is registered with again after a while.
void leave(Turn& turn, LinkId id) {
    const bool disabled = turn.pool.link(id).disabled;
    stop(turn, id);
    if (!disabled) return;
    turn.move(id, DeviceState::backoff);
    arm_life(turn, id,
             turn.now + std::chrono::seconds(setting_number(turn, id, setting::disable_timeout).value_or(86400)));
}

void send_deregister(Turn& turn, LinkId id, base::Time intended, const Progress& progress = std::nullopt) {
    Link& link = turn.pool.link(id);
    const auto token = next_token(turn, id, link);
    auto out = turn.open();
    lwm2m::write_deregister({.message_id = link.peer.take_message_id(), .token = token.view()}, link.location.text(),
                            out);
    if (!launch(turn, id, Operation::deregister, intended, progress, out)) leave(turn, id);
}

void arm_update(Turn& turn, LinkId id, base::Time registered) {
    const Link& link = turn.pool.link(id);
    if (link.lifetime == 0) return;
    const double share = turn.pool.profile(link).behaviour.update_at;
    const auto wait = base::from_seconds(link.lifetime * share);
    arm_life(turn, id, registered + std::max<base::Duration>(wait, least_update_interval));
}

bool has_order(Turn& turn, LinkId id) { return setting_number(turn, id, setting::priority_order).has_value(); }

void begin(Turn& turn, LinkId id, base::Time at) {
    Link& link = turn.pool.link(id);
    // Core 1.1.1, E.2: until it has been registered once.
    const auto delay = link.was_registered ? 0 : setting_number(turn, id, setting::initial_delay).value_or(0);
    arm_life(turn, id, at + std::chrono::seconds(delay));
}

// Of those that wait the one whose turn is next.
void begin_next(Turn& turn, DeviceId device, base::Time at) {
    LinkId next = base::no_index;
    std::uint32_t least = 0;
    for (LinkId id = device; id != base::no_index; id = turn.pool.next_link(id)) {
        if (!turn.pool.link(id).in_line) continue;
        const auto order = setting_number(turn, id, setting::priority_order).value_or(0);
        if (next != base::no_index && order >= least) continue;
        next = id;
        least = order;
    }
    if (next == base::no_index) return;
    turn.pool.link(next).in_line = false;
    begin(turn, next, at);
}

// Core 1.1.1, 6.2.1: servers with a priority one after the other, the lowest first; the others at once.
void line_up(Turn& turn, DeviceId device, base::Time at) {
    for (LinkId id = device; id != base::no_index; id = turn.pool.next_link(id)) {
        Link& link = turn.pool.link(id);
        link.in_line = turn.pool[device].further != base::no_index && has_order(turn, id);
        if (!link.in_line) begin(turn, id, at);
    }
    begin_next(turn, device, at);
}

// The registration with this server has succeeded, or failed for good.
void go_on_after(Turn& turn, LinkId id) {
    const DeviceId device = turn.pool.device_of(id);
    if (turn.pool[device].further != base::no_index && has_order(turn, id)) begin_next(turn, device, turn.now);
}

// There is no bootstrap that could follow. Core 1.1.1, E.2: where this server blocks the others, they are not tried.
void give_up(Turn& turn, LinkId id) {
    turn.move(id, DeviceState::stopped);
    if (!setting_is_true(turn, id, setting::failure_block)) go_on_after(turn, id);
}

// A code of the class 4: the server would not have it (Core 1.1.1, E.2, resource 16).
bool is_rejection(metrics::Cause cause) { return metrics::result_of(cause) == metrics::Result::client_error; }

// Core 1.1.1, 6.2.1.1: attempts with growing pauses make a sequence; after the last sequence the device gives up.
void back_off(Turn& turn, LinkId id, metrics::Cause cause) {
    Link& link = turn.pool.link(id);
    turn.move(id, DeviceState::backoff);
    if (is_rejection(cause) && setting_is_true(turn, id, setting::bootstrap_on_failure)) {
        give_up(turn, id);
        return;
    }
    if (link.attempts < 255) ++link.attempts;
    if (link.attempts < setting_number(turn, id, setting::retry_count).value_or(5)) {
        arm_life(turn, id, turn.now + retry_pause(turn, id, link.attempts - 1u));
        return;
    }
    link.attempts = 0;
    if (link.sequences < 255) ++link.sequences;
    const auto delay = setting_number(turn, id, setting::sequence_delay).value_or(86400);
    if (link.sequences < setting_number(turn, id, setting::sequence_count).value_or(1) && delay != never_again) {
        arm_life(turn, id, turn.now + std::chrono::seconds(delay));
    } else {
        give_up(turn, id);
    }
}

// A new session means a new registration (Transport 1.1.1, 6.4.3), unless the device was about to go. `under_way`: the
// exchange that ended with the old one.
void come_back(Turn& turn, LinkId id, base::Time intended, const std::optional<coap::ExchangeTag>& under_way) {
    Link& link = turn.pool.link(id);
    turn.timers.cancel(link.life_timer);
    if (link.deregister_due || (under_way && operation_of(*under_way) == Operation::deregister)) {
        leave(turn, id);
        return;
    }
    cancel_observations(turn, id);
    DeviceTree::forget_attributes(turn, id);
    link.update_due = false;
    link.send_due = false;
    link.asked_due = false;
    send_register(turn, id, intended);
}

// The server has ended the session: what was under way has failed, and the device comes back with a new one.
void on_session_lost(Turn& turn, LinkId id) {
    Link& link = turn.pool.link(id);
    if (link.state != DeviceState::registered && link.state != DeviceState::registering) return;
    const auto tag = turn.endpoint.cancel(link.peer);
    if (tag) turn.counters.fail(operation_of(*tag), link.profile, metrics::Cause::alert, turn.index_of(id));
    come_back(turn, id, turn.now, tag);
}

void registered(Turn& turn, LinkId id, const coap::ExchangeTag& tag) {
    Link& link = turn.pool.link(id);
    turn.counters.succeed(Operation::register_, link.profile);
    turn.latency.record_success(Operation::register_, link.profile, tag.intended, tag.first_sent, turn.now);
    link.attempts = 0;
    link.sequences = 0;
    turn.move(id, DeviceState::registered);
    // What has come to pass while it was under way.
    link.update_due = link.lifetime_changed || link.links_changed || link.binding_changed;
    link.was_registered = true;
    arm_update(turn, id, turn.now);
    plan_send(turn, id);
    go_on_after(turn, id);
}

void on_register_response(Turn& turn, LinkId id, const coap::ExchangeTag& tag, const coap::MessageView& response) {
    Link& link = turn.pool.link(id);
    auto progress = coap::Block1Sender::unpack(tag.argument);
    const auto step = progress.on_response(response, object_links(turn, id).size());
    if (step == coap::Block1Sender::Step::next) {
        send_register(turn, id, tag.intended, progress);
        return;
    }
    if (response.code != coap::Code::created) {
        on_registration_failure(turn, id, tag, metrics::cause_of(static_cast<std::uint8_t>(response.code)));
        return;
    }
    std::array<std::uint8_t, Location::max_size> memory;
    const auto location = lwm2m::read_location(response, memory);
    if (!location) {
        on_registration_failure(turn, id, tag, metrics::Cause::bad_response);
        return;
    }
    link.location.set(*location);
    registered(turn, id, tag);
}

void on_update_response(Turn& turn, LinkId id, const coap::ExchangeTag& tag, const coap::MessageView& response) {
    Link& link = turn.pool.link(id);
    auto progress = coap::Block1Sender::unpack(tag.argument);
    const auto step = progress.on_response(response, link.links_sent ? object_links(turn, id).size() : 0);
    if (step == coap::Block1Sender::Step::next) {
        send_update(turn, id, tag.intended, progress);
        return;
    }
    if (response.code != coap::Code::changed) {
        on_registration_failure(turn, id, tag, metrics::cause_of(static_cast<std::uint8_t>(response.code)));
        return;
    }
    turn.counters.succeed(Operation::update, link.profile);
    turn.latency.record_success(Operation::update, link.profile, tag.intended, tag.first_sent, turn.now);
    // An open schedule: the next Update counts from when this one was meant to be.
    arm_update(turn, id, tag.intended);
}

void send_again(Turn& turn, DeviceId id, const coap::ExchangeTag& tag) {
    const auto progress = coap::Block1Sender::unpack(tag.argument);
    switch (operation_of(tag)) {
        case Operation::register_: send_register(turn, id, tag.intended, progress); break;
        case Operation::update: send_update(turn, id, tag.intended, progress); break;
        case Operation::deregister: send_deregister(turn, id, tag.intended, progress); break;
        case Operation::notify:
        case Operation::send:
        case Operation::bootstrap:
        case Operation::bootstrap_pack:
        case Operation::handshake:
        case Operation::download: break;
    }
}

}  // namespace

void plan_start(Turn& turn, DeviceId device, base::Time at) {
    const auto& behaviour = turn.pool.profile(turn.pool[device]).behaviour;
    const auto delay = behaviour.boot_delay.is_zero()
                           ? base::Duration{0}
                           : behaviour.boot_delay.at(turn.unit(device, base::Stream::behaviour, 0));
    line_up(turn, device, at + delay);
}

void on_life_timer(Turn& turn, LinkId id) {
    Link& link = turn.pool.link(id);
    link.life_timer = base::no_index;
    switch (link.state) {
        case DeviceState::idle:
        case DeviceState::stopped: boot_firmware(turn, turn.pool.device_of(id)); [[fallthrough]];
        case DeviceState::backoff:
            if (!link.peer.busy()) send_register(turn, id, link.intended);
            break;
        case DeviceState::registered: request_update(turn, id, link.intended); break;
        case DeviceState::registering:
        case DeviceState::bootstrapping:
        case DeviceState::handshaking:
        case DeviceState::asleep: break;
    }
}

void request_update(Turn& turn, LinkId id, base::Time intended) {
    Link& link = turn.pool.link(id);
    if (link.state != DeviceState::registered || link.deregister_due) return;
    turn.timers.cancel(link.life_timer);
    if (link.peer.busy()) {
        link.update_due = true;
        link.intended = intended;
        return;
    }
    link.update_due = false;
    send_update(turn, id, intended);
}

namespace {

void begin_deregister(Turn& turn, LinkId id, base::Time intended) {
    Link& link = turn.pool.link(id);
    turn.timers.cancel(link.life_timer);
    link.update_due = false;
    if (link.peer.busy()) {
        link.deregister_due = true;
        link.intended = intended;
        return;
    }
    link.deregister_due = false;
    cancel_observations(turn, id);
    send_deregister(turn, id, intended);
}

}  // namespace

void request_deregister(Turn& turn, LinkId id, base::Time intended) {
    Link& link = turn.pool.link(id);
    link.disabled = false;
    if (link.state != DeviceState::registered && link.state != DeviceState::registering) {
        stop(turn, id);
    } else {
        begin_deregister(turn, id, intended);
    }
}

void disable(Turn& turn, LinkId id) {
    Link& link = turn.pool.link(id);
    if (link.state == DeviceState::registered) begin_deregister(turn, id, turn.now);
}

void on_link_event(Turn& turn, const net::LinkEvent& event) {
    const LinkId id = event.link;
    Link& link = turn.pool.link(id);
    if (event.kind == net::LinkEvent::Kind::closed) {
        on_session_lost(turn, id);
        return;
    }
    if (link.state != DeviceState::handshaking) return;
    turn.latency.record_sent(Operation::handshake, link.profile, link.intended, event.first_sent);
    if (event.kind == net::LinkEvent::Kind::established) {
        turn.counters.succeed(Operation::handshake, link.profile);
        turn.latency.record_success(Operation::handshake, link.profile, link.intended, event.first_sent, turn.now);
        const auto kind = event.resumed ? metrics::HandshakeKind::resumed : metrics::HandshakeKind::full;
        turn.latency.record_handshake(kind, turn.now - link.intended);
        send_register(turn, id, turn.now);
        return;
    }
    const bool timeout = event.cause == net::LinkEvent::Cause::timeout;
    const auto cause = timeout                                                  ? metrics::Cause::handshake_timeout
                       : event.cause == net::LinkEvent::Cause::unknown_identity ? metrics::Cause::unknown_identity
                                                                                : metrics::Cause::alert;
    turn.counters.fail(Operation::handshake, link.profile, cause, turn.index_of(id));
    if (timeout) turn.latency.record_timeout(Operation::handshake, link.profile);
    back_off(turn, id, cause);
}

void take_next_key(Turn& turn, LinkId id, base::Time intended) {
    if (!secured(turn, id)) return;
    Link& link = turn.pool.link(id);
    turn.security->take_next_key(turn.now, id);
    turn.counters.inject(metrics::Fault::key_rotation);
    const auto tag = turn.endpoint.cancel(link.peer);
    if (tag) turn.counters.abort(operation_of(*tag), link.profile);
    link.attempts = 0;
    link.sequences = 0;
    switch (link.state) {
        case DeviceState::handshaking:
            turn.counters.abort(Operation::handshake, link.profile);
            turn.move(id, DeviceState::backoff);
            [[fallthrough]];
        case DeviceState::registered:
        case DeviceState::registering: come_back(turn, id, intended, tag); break;
        case DeviceState::idle:
        case DeviceState::backoff:
        case DeviceState::bootstrapping:
        case DeviceState::asleep:
        case DeviceState::stopped: break;
    }
}

void power_cycle(Turn& turn, DeviceId device, base::Duration away) {
    bool runs = false;
    for (LinkId id = device; id != base::no_index; id = turn.pool.next_link(id)) {
        if (turn.pool.link(id).state == DeviceState::stopped) continue;
        runs = true;
        stop(turn, id);
    }
    if (runs) line_up(turn, device, turn.now + away);
}

void stop(Turn& turn, LinkId id) {
    Link& link = turn.pool.link(id);
    turn.timers.cancel(link.life_timer);
    drop_download(turn, id);
    if (const auto tag = turn.endpoint.cancel(link.peer)) {
        turn.counters.abort(operation_of(*tag), link.profile);
    }
    abandon_session(turn, id);
    cancel_observations(turn, id);
    DeviceTree::forget_attributes(turn, id);
    switch_off_context(turn, id);
    link.update_due = false;
    link.deregister_due = false;
    link.disabled = false;
    link.in_line = false;
    link.send_due = false;
    link.asked_due = false;
    link.attempts = 0;
    link.sequences = 0;
    link.location.clear();
    turn.move(id, DeviceState::stopped);
    const DeviceId device = turn.pool.device_of(id);
    if (turn.pool[device].asleep) stay_awake(turn, device);
}

void on_registration_response(Turn& turn, LinkId id, const coap::ExchangeTag& tag, const coap::MessageView& response) {
    turn.counters.respond(operation_of(tag), static_cast<std::uint8_t>(response.code));
    if (is_asked_again(turn, id, response)) {
        send_again(turn, id, tag);
        return;
    }
    switch (operation_of(tag)) {
        case Operation::register_: on_register_response(turn, id, tag, response); break;
        case Operation::update: on_update_response(turn, id, tag, response); break;
        case Operation::deregister:
            if (response.code == coap::Code::deleted) {
                Link& link = turn.pool.link(id);
                turn.counters.succeed(Operation::deregister, link.profile);
                turn.latency.record_success(Operation::deregister, link.profile, tag.intended, tag.first_sent,
                                            turn.now);
                if (secured(turn, id)) turn.security->close(turn.now, id);
                leave(turn, id);
            } else {
                on_registration_failure(turn, id, tag, metrics::cause_of(static_cast<std::uint8_t>(response.code)));
            }
            break;
        case Operation::notify:
        case Operation::send:
        case Operation::bootstrap:
        case Operation::bootstrap_pack:
        case Operation::handshake:
        case Operation::download: break;
    }
}

void on_registration_failure(Turn& turn, LinkId id, const coap::ExchangeTag& tag, metrics::Cause cause) {
    Link& link = turn.pool.link(id);
    const auto operation = operation_of(tag);
    turn.counters.fail(operation, link.profile, cause, turn.index_of(id));
    if (cause == metrics::Cause::timeout) {
        turn.latency.record_timeout(operation, link.profile);
        // Perhaps the server has lost the session and may not say so: the next attempt begins with a handshake.
        abandon_session(turn, id);
    }
    if (operation == Operation::deregister || link.deregister_due) {
        leave(turn, id);
        return;
    }
    if (operation == Operation::register_) doubt_context(turn, id);
    if (operation == Operation::update) {
        // Core 1.1.1, 6.2.2: whatever the reason, the registration is in doubt: the device registers anew, and its
        // observations are gone.
        cancel_observations(turn, id);
        DeviceTree::forget_attributes(turn, id);
        send_register(turn, id, turn.now);
        return;
    }
    back_off(turn, id, cause);
}

bool resume_life(Turn& turn, LinkId id) {
    Link& link = turn.pool.link(id);
    if (link.peer.busy()) return true;
    if (link.deregister_due) {
        begin_deregister(turn, id, link.intended);
    } else if (link.update_due) {
        request_update(turn, id, std::min(link.intended, turn.now));
    }
    return link.peer.busy();
}

}  // namespace fleet
