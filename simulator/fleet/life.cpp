#include "simulator/fleet/life.h"

#include "coap/blockwise.h"
#include "simulator/fleet/device_tree.h"
#include "simulator/fleet/reporting.h"
#include "simulator/fleet/sending.h"
#include "simulator/lwm2m/registration.h"

namespace fleet {
namespace {

using metrics::DeviceState;
using metrics::Operation;

constexpr base::Duration least_update_interval = std::chrono::milliseconds(10);

void arm_life(Turn& turn, DeviceId id, base::Time due) {
    Device& device = turn.pool[id];
    turn.timers.cancel(device.life_timer);
    device.intended = due;
    device.life_timer = turn.timers.arm(due, {static_cast<std::uint32_t>(TimerKind::life), id});
    if (device.life_timer == base::no_index) turn.counters.drop(metrics::Drop::no_slot);
}

// Where an operation stands whose request is too long for one message (RFC 7959 2.5); nothing: it begins.
using Progress = std::optional<coap::Block1Sender>;

// Hands an encoded confirmable request to the endpoint and to the network.
bool launch(Turn& turn, DeviceId id, Operation operation, base::Time intended, const Progress& progress,
            const base::Writer& datagram) {
    Device& device = turn.pool[id];
    if (!progress) turn.counters.start(operation, device.profile);
    const std::uint32_t argument = progress.value_or(coap::Block1Sender()).pack();
    const coap::ExchangeTag tag{tag_of(operation), argument, intended, turn.now};
    const double unit = turn.unit(id, base::Stream::retransmission, device.tokens);
    if (datagram.failed() || !turn.endpoint.start(turn.now, id, device.peer, turn.pool.profile(device).transmission,
                                                  datagram.written(), tag, unit)) {
        turn.counters.fail(operation, device.profile, metrics::Cause::no_slot, turn.index_of(id));
        turn.counters.drop(metrics::Drop::no_slot);
        return false;
    }
    if (!progress) turn.latency.record_sent(operation, device.profile, intended, turn.now);
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

// The object list as it is now: the profile's, unless the device has created or deleted instances.
std::string_view object_links(Turn& turn, DeviceId id);

void append_links(Turn& turn, DeviceId id, std::string& text) {
    const auto& profile = turn.pool.profile(turn.pool[id]);
    // Root link and object versions stay; only the instances may differ.
    const std::string& original = profile.object_links;
    const auto first_object = original.find("</", original.starts_with("</>") ? 1 : 0);
    text.assign(original, 0, original.starts_with("</>") ? first_object : 0);
    DeviceTree tree(turn, id);
    std::vector<std::uint16_t> instances;
    for (const auto& object : profile.objects) {
        if (object.id == 0 || object.id == 21) continue;
        instances.clear();
        tree.children(lwm2m::Path(object.id), instances);
        const auto versioned = "</" + std::to_string(object.id) + ">;ver=";
        const auto at = original.find(versioned);
        if (at != std::string::npos) {
            text.append(original, at, original.find(',', at) - at).append(",");
        } else if (instances.empty()) {
            text.append("</").append(std::to_string(object.id)).append(">,");
        }
        for (const auto instance : instances) {
            text.append("<").append(lwm2m::to_string(lwm2m::Path(object.id, instance))).append(">,");
        }
    }
    if (text.ends_with(',')) text.pop_back();
}

std::string_view object_links(Turn& turn, DeviceId id) {
    const Device& device = turn.pool[id];
    if (device.changes == base::no_index) return turn.pool.profile(device).object_links;
    append_links(turn, id, turn.pool.workspace.path_text);
    return turn.pool.workspace.path_text;
}

void send_register(Turn& turn, DeviceId id, base::Time intended, Progress progress = std::nullopt) {
    Device& device = turn.pool[id];
    const auto& profile = turn.pool.profile(device);
    if (!progress) {
        DeviceTree tree(turn, id);
        const auto written = tree.read(lwm2m::Path(1, 0, 1));
        const double jittered = base::seconds(profile.lifetime.at(turn.unit(id, base::Stream::update, 0)));
        device.lifetime = static_cast<std::uint32_t>(std::max(
            1.0, device.lifetime_changed && written.type != lwm2m::Type::none ? lwm2m::to_number(written) : jittered));
        turn.move(device, DeviceState::registering);
    }
    std::array<std::uint8_t, 256> name;
    const auto name_size = turn.pool.membership.endpoint_name(turn.index_of(id), name);
    const auto links = block_of(object_links(turn, id), progress);
    const auto token = next_token(turn, id, device);
    auto out = turn.open();
    lwm2m::write_register({.message_id = device.peer.take_message_id(), .token = token.view()},
                          {.endpoint = base::as_text(base::Bytes(name).first(name_size)),
                           .lifetime = device.lifetime,
                           .version = profiles::name(profile.version),
                           .binding = profile.binding,
                           .queue_mode = profile.queue_mode},
                          links, out);
    if (!launch(turn, id, Operation::register_, intended, progress, out)) {
        turn.move(device, DeviceState::backoff);
        arm_life(turn, id, turn.now + turn.pool.profile_of(device).retry_timer);
    }
}

void send_update(Turn& turn, DeviceId id, base::Time intended, Progress progress = std::nullopt) {
    Device& device = turn.pool[id];
    if (device.lifetime_changed && !progress) {
        DeviceTree tree(turn, id);
        const double written = lwm2m::to_number(tree.read(lwm2m::Path(1, 0, 1)));
        if (written >= 1) device.lifetime = static_cast<std::uint32_t>(written);
    }
    lwm2m::UpdateParameters parameters{.location = device.location.text(), .lifetime = {}, .binding = {}};
    if (device.lifetime_changed) parameters.lifetime = device.lifetime;
    lwm2m::PayloadBlock links;
    if (device.links_changed) links = block_of(object_links(turn, id), progress);
    const auto token = next_token(turn, id, device);
    auto out = turn.open();
    lwm2m::write_update({.message_id = device.peer.take_message_id(), .token = token.view()}, parameters, links, out);
    if (!launch(turn, id, Operation::update, intended, progress, out)) {
        arm_life(turn, id, turn.now + least_update_interval);
    }
}

void send_deregister(Turn& turn, DeviceId id, base::Time intended) {
    Device& device = turn.pool[id];
    const auto token = next_token(turn, id, device);
    auto out = turn.open();
    lwm2m::write_deregister({.message_id = device.peer.take_message_id(), .token = token.view()},
                            device.location.text(), out);
    if (!launch(turn, id, Operation::deregister, intended, std::nullopt, out)) stop(turn, id);
}

void arm_update(Turn& turn, DeviceId id, base::Time registered) {
    const Device& device = turn.pool[id];
    const double share = turn.pool.profile(device).behaviour.update_at;
    const auto wait = base::from_seconds(device.lifetime * share);
    arm_life(turn, id, registered + std::max<base::Duration>(wait, least_update_interval));
}

// Core 1.1.1, 6.2.1.1: attempts with growing pauses make a sequence; after the last sequence the device gives up.
void back_off(Turn& turn, DeviceId id) {
    Device& device = turn.pool[id];
    const auto& state = turn.pool.profile_of(device);
    turn.move(device, DeviceState::backoff);
    if (++device.attempts < state.retry_count) {
        const unsigned doublings = std::min<unsigned>(device.attempts - 1u, 16);
        arm_life(turn, id, turn.now + state.retry_timer * (1 << doublings));
        return;
    }
    device.attempts = 0;
    if (++device.sequences < state.sequence_count) {
        arm_life(turn, id, turn.now + state.sequence_delay);
    } else {
        turn.move(device, DeviceState::stopped);
    }
}

void registered(Turn& turn, DeviceId id, const coap::ExchangeTag& tag) {
    Device& device = turn.pool[id];
    turn.counters.succeed(Operation::register_, device.profile);
    turn.latency.record_success(Operation::register_, device.profile, tag.intended, tag.first_sent, turn.now);
    device.attempts = 0;
    device.sequences = 0;
    device.lifetime_changed = false;
    device.links_changed = false;
    turn.move(device, DeviceState::registered);
    arm_update(turn, id, turn.now);
    plan_send(turn, id);
}

void on_register_response(Turn& turn, DeviceId id, const coap::ExchangeTag& tag, const coap::MessageView& response) {
    Device& device = turn.pool[id];
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
    device.location.set(*location);
    registered(turn, id, tag);
}

void on_update_response(Turn& turn, DeviceId id, const coap::ExchangeTag& tag, const coap::MessageView& response) {
    Device& device = turn.pool[id];
    auto progress = coap::Block1Sender::unpack(tag.argument);
    const auto step = progress.on_response(response, device.links_changed ? object_links(turn, id).size() : 0);
    if (step == coap::Block1Sender::Step::next) {
        send_update(turn, id, tag.intended, progress);
        return;
    }
    if (response.code != coap::Code::changed) {
        on_registration_failure(turn, id, tag, metrics::cause_of(static_cast<std::uint8_t>(response.code)));
        return;
    }
    turn.counters.succeed(Operation::update, device.profile);
    turn.latency.record_success(Operation::update, device.profile, tag.intended, tag.first_sent, turn.now);
    device.lifetime_changed = false;
    device.links_changed = false;
    // An open schedule: the next Update counts from when this one was meant to be.
    arm_update(turn, id, tag.intended);
}

}  // namespace

void plan_start(Turn& turn, DeviceId id, base::Time at) {
    const auto& behaviour = turn.pool.profile(turn.pool[id]).behaviour;
    const auto delay = behaviour.boot_delay.is_zero()
                           ? base::Duration{0}
                           : behaviour.boot_delay.at(turn.unit(id, base::Stream::behaviour, 0));
    arm_life(turn, id, at + delay);
}

void on_life_timer(Turn& turn, DeviceId id) {
    Device& device = turn.pool[id];
    device.life_timer = base::no_index;
    switch (device.state) {
        case DeviceState::idle:
        case DeviceState::stopped:
        case DeviceState::backoff:
            if (!device.peer.busy()) send_register(turn, id, device.intended);
            break;
        case DeviceState::registered: request_update(turn, id, device.intended); break;
        case DeviceState::registering:
        case DeviceState::bootstrapping:
        case DeviceState::handshaking:
        case DeviceState::asleep: break;
    }
}

void request_update(Turn& turn, DeviceId id, base::Time intended) {
    Device& device = turn.pool[id];
    if (device.state != DeviceState::registered || device.deregister_due) return;
    turn.timers.cancel(device.life_timer);
    if (device.peer.busy()) {
        device.update_due = true;
        device.intended = intended;
        return;
    }
    device.update_due = false;
    send_update(turn, id, intended);
}

void request_deregister(Turn& turn, DeviceId id, base::Time intended) {
    Device& device = turn.pool[id];
    if (device.state != DeviceState::registered && device.state != DeviceState::registering) {
        stop(turn, id);
        return;
    }
    turn.timers.cancel(device.life_timer);
    device.update_due = false;
    if (device.peer.busy()) {
        device.deregister_due = true;
        device.intended = intended;
        return;
    }
    device.deregister_due = false;
    cancel_observations(turn, id);
    send_deregister(turn, id, intended);
}

void power_cycle(Turn& turn, DeviceId id, base::Duration away) {
    Device& device = turn.pool[id];
    if (device.state == DeviceState::stopped) return;
    stop(turn, id);
    device.lifetime_changed = false;
    arm_life(turn, id, turn.now + away);
}

void stop(Turn& turn, DeviceId id) {
    Device& device = turn.pool[id];
    turn.timers.cancel(device.life_timer);
    if (const auto tag = turn.endpoint.cancel(device.peer)) {
        turn.counters.abort(operation_of(*tag), device.profile);
    }
    cancel_observations(turn, id);
    DeviceTree::forget_attributes(turn, device);
    device.update_due = false;
    device.deregister_due = false;
    device.send_due = false;
    device.attempts = 0;
    device.sequences = 0;
    device.location.clear();
    turn.move(device, DeviceState::stopped);
}

void on_registration_response(Turn& turn, DeviceId id, const coap::ExchangeTag& tag,
                              const coap::MessageView& response) {
    turn.counters.respond(operation_of(tag), static_cast<std::uint8_t>(response.code));
    switch (operation_of(tag)) {
        case Operation::register_: on_register_response(turn, id, tag, response); break;
        case Operation::update: on_update_response(turn, id, tag, response); break;
        case Operation::deregister:
            if (response.code == coap::Code::deleted) {
                Device& device = turn.pool[id];
                turn.counters.succeed(Operation::deregister, device.profile);
                turn.latency.record_success(Operation::deregister, device.profile, tag.intended, tag.first_sent,
                                            turn.now);
                stop(turn, id);
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

void on_registration_failure(Turn& turn, DeviceId id, const coap::ExchangeTag& tag, metrics::Cause cause) {
    Device& device = turn.pool[id];
    const auto operation = operation_of(tag);
    turn.counters.fail(operation, device.profile, cause, turn.index_of(id));
    if (cause == metrics::Cause::timeout) turn.latency.record_timeout(operation, device.profile);
    if (operation == Operation::deregister || device.deregister_due) {
        stop(turn, id);
        return;
    }
    if (operation == Operation::update) {
        // Core 1.1.1, 6.2.2: whatever the reason, the registration is in doubt: the device registers anew, and its
        // observations are gone.
        cancel_observations(turn, id);
        DeviceTree::forget_attributes(turn, device);
        send_register(turn, id, turn.now);
        return;
    }
    back_off(turn, id);
}

bool resume_life(Turn& turn, DeviceId id) {
    Device& device = turn.pool[id];
    if (device.peer.busy()) return true;
    if (device.deregister_due) {
        request_deregister(turn, id, device.intended);
    } else if (device.update_due) {
        request_update(turn, id, device.intended);
    }
    return device.peer.busy();
}

}  // namespace fleet
