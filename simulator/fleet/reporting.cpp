#include "simulator/fleet/reporting.h"

#include <algorithm>

#include "coap/blockwise.h"
#include "coap/observe.h"
#include "simulator/fleet/device_tree.h"
#include "simulator/fleet/life.h"

namespace fleet {
namespace {

using metrics::Operation;

// FNV-1a, eight bytes at a time.
std::uint64_t hash(base::Bytes bytes) {
    std::uint64_t value = 0xcbf29ce484222325ULL ^ bytes.size();
    std::size_t i = 0;
    for (; i + 8 <= bytes.size(); i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + i, 8);
        value = (value ^ word) * 0x100000001b3ULL;
        value ^= value >> 29;
    }
    for (; i < bytes.size(); ++i) value = (value ^ bytes[i]) * 0x100000001b3ULL;
    return base::mix(value);
}

struct Periods {
    base::Duration pmin{0};
    std::optional<base::Duration> pmax;
};

// Core 1.1.1, 5.1.2: the attribute nearest to the path holds, then the Server object's defaults; pmax below pmin is
// ignored, 0 is none.
Periods periods_of(const DeviceTree& tree, const profiles::ResolvedProfile& profile, const lwm2m::Path& path) {
    Periods periods{profile.default_pmin, profile.default_pmax};
    std::optional<std::uint32_t> pmin;
    std::optional<std::uint32_t> pmax;
    for (std::uint8_t depth = path.depth; depth >= 1; --depth) {
        const auto* const attributes = tree.find(path.prefix(depth));
        if (attributes == nullptr) continue;
        if (!pmin) pmin = attributes->pmin;
        if (!pmax) pmax = attributes->pmax;
    }
    if (pmin) periods.pmin = std::chrono::seconds(*pmin);
    if (pmax) periods.pmax = std::chrono::seconds(*pmax);
    if (periods.pmax && (*periods.pmax == base::Duration{0} || *periods.pmax < periods.pmin)) periods.pmax.reset();
    return periods;
}

// Plans the next notification, counting from `last`: after pmin when something may have changed, at pmax in any case.
void arm(Turn& turn, std::uint32_t index, base::Time last) {
    Observation& observation = turn.pool.observations[index];
    Device& device = turn.pool[observation.device];
    const DeviceTree tree(turn, observation.device);
    const auto periods = periods_of(tree, turn.pool.profile(device), observation.path);
    base::Time due = base::never;
    if (observation.changing) {
        const auto change = tree.next_change(observation.path);
        if (change != base::never) due = std::max(change, last + periods.pmin);
    }
    if (periods.pmax) due = std::min(due, last + *periods.pmax);
    turn.timers.cancel(observation.timer);
    if (due == base::never) return;
    observation.intended = due;
    observation.timer = turn.timers.arm(due, {static_cast<std::uint32_t>(TimerKind::notify), index});
    if (observation.timer == base::no_index) turn.counters.drop(metrics::Drop::no_slot);
}

void release(Turn& turn, std::uint32_t index) {
    turn.timers.cancel(turn.pool.observations[index].timer);
    turn.pool.observations.give_back(index);
    turn.counters.add_observations(-1);
}

// Takes the first observation for which `matches` holds off the device's list.
template <class F>
bool remove_if(Turn& turn, Device& device, F&& matches) {
    for (std::uint32_t* link = &device.observations; *link != base::no_index;
         link = &turn.pool.observations[*link].next) {
        const std::uint32_t index = *link;
        if (!matches(turn.pool.observations[index])) continue;
        *link = turn.pool.observations[index].next;
        release(turn, index);
        return true;
    }
    return false;
}

struct Notification {
    std::uint32_t observation;
    base::Bytes payload;
    coap::MessageType type;
    coap::Code code = coap::Code::content;
};

// Writes the notification; the Observe option is left out of one that says no more will come (RFC 7641 4.2). Of a long
// value it carries the first block; the server fetches the rest (RFC 7959 2.6).
void write(Observation& observation, const Notification& notification, std::uint16_t message_id, base::Writer& out) {
    coap::MessageWriter message(out, {.type = notification.type,
                                      .code = notification.code,
                                      .message_id = message_id,
                                      .token = observation.token.view()});
    const auto part = coap::answer_block2(notification.payload, std::nullopt);
    if (coap::is_success(notification.code)) {
        observation.sequence = coap::next_observe_sequence(observation.sequence);
        if (part.block2) coap::write_etag(message, coap::fingerprint(notification.payload));
        message.option_uint(coap::OptionNumber::observe, observation.sequence);
        message.option_uint(coap::OptionNumber::content_format, observation.format);
        if (part.block2) message.option_uint(coap::OptionNumber::block2, coap::encode_block(*part.block2));
        if (part.size2) message.option_uint(coap::OptionNumber::size2, *part.size2);
    }
    message.payload(part.bytes);
}

void send_non(Turn& turn, const Notification& notification) {
    Observation& observation = turn.pool.observations[notification.observation];
    Device& device = turn.pool[observation.device];
    auto out = turn.open();
    observation.message_id = device.peer.take_message_id();
    write(observation, notification, observation.message_id, out);
    turn.counters.start(Operation::notify, device.profile);
    if (out.failed()) {
        turn.counters.fail(Operation::notify, device.profile, metrics::Cause::no_slot,
                           turn.index_of(observation.device));
        return;
    }
    turn.counters.notify(metrics::Confirmable::no);
    turn.counters.send(metrics::Sent::request);
    turn.latency.record_sent(Operation::notify, device.profile, observation.intended, turn.now);
    turn.send(observation.device, out);
    turn.counters.succeed(Operation::notify, device.profile);
}

void send_con(Turn& turn, const Notification& notification) {
    Observation& observation = turn.pool.observations[notification.observation];
    const DeviceId id = observation.device;
    Device& device = turn.pool[id];
    auto out = turn.open();
    observation.message_id = device.peer.take_message_id();
    observation.confirmed = turn.now;
    write(observation, notification, observation.message_id, out);
    turn.counters.start(Operation::notify, device.profile);
    const coap::ExchangeTag tag{tag_of(Operation::notify), notification.observation, observation.intended, turn.now};
    const double unit = turn.unit(id, base::Stream::retransmission, observation.sequence);
    if (out.failed() || !turn.endpoint.start(turn.now, id, device.peer, turn.pool.profile(device).transmission,
                                             out.written(), tag, unit)) {
        turn.counters.fail(Operation::notify, device.profile, metrics::Cause::no_slot, turn.index_of(id));
        turn.counters.drop(metrics::Drop::no_slot);
        return;
    }
    turn.counters.notify(metrics::Confirmable::yes);
    turn.counters.send(metrics::Sent::request);
    turn.latency.record_sent(Operation::notify, device.profile, observation.intended, turn.now);
    turn.send(id, out);
}

// RFC 7252 4.7: one confirmable message at a time. What comes due while another notification waits takes its place (RFC
// 7641 4.5.2).
void wait(Turn& turn, std::uint32_t index) {
    Observation& observation = turn.pool.observations[index];
    Device& device = turn.pool[observation.device];
    if (observation.waiting) {
        turn.counters.start(Operation::notify, device.profile);
        turn.counters.coalesce(Operation::notify, device.profile);
    } else {
        observation.waiting = true;
        observation.waiting_since = observation.intended;
        device.notify_due = true;
    }
    arm(turn, index, observation.intended);
}

// The value as it is now; sends nothing when it is as it was and pmax has not come.
void notify(Turn& turn, std::uint32_t index) {
    Observation& observation = turn.pool.observations[index];
    const DeviceId id = observation.device;
    Device& device = turn.pool[id];
    const auto& profile = turn.pool.profile(device);
    const DeviceTree tree(turn, id);
    const auto answer =
        lwm2m::read(observation.path, static_cast<lwm2m::ContentFormat>(observation.format), tree, turn.pool.workspace);
    if (answer.code != coap::Code::content) {
        // RFC 7641 4.2: an error ends the observation, and says so.
        send_non(turn, {index, {}, coap::MessageType::non_confirmable, answer.code});
        remove_if(turn, device, [&](const Observation& other) { return &other == &observation; });
        return;
    }
    const auto payload_hash = hash(answer.payload);
    const auto periods = periods_of(tree, profile, observation.path);
    const bool latest = periods.pmax && turn.now >= observation.notified + *periods.pmax;
    if (payload_hash == observation.payload_hash && !latest) {
        arm(turn, index, observation.notified);
        return;
    }
    const bool confirmable =
        profile.behaviour.notify_confirmable || coap::must_confirm(observation.confirmed, turn.now);
    if (confirmable && device.peer.busy()) {
        wait(turn, index);
        return;
    }
    const base::Time due = observation.intended;
    if (observation.waiting) observation.intended = observation.waiting_since;
    observation.waiting = false;
    observation.payload_hash = payload_hash;
    observation.notified = due;
    if (confirmable) {
        send_con(turn, {index, answer.payload, coap::MessageType::confirmable});
    } else {
        send_non(turn, {index, answer.payload, coap::MessageType::non_confirmable});
    }
    arm(turn, index, observation.notified);
}

}  // namespace

std::optional<std::uint32_t> observe(Turn& turn, DeviceId id, const ObserveRequest& request) {
    Device& device = turn.pool[id];
    std::uint32_t sequence = 1;
    remove_if(turn, device, [&](const Observation& old) {
        const bool same = base::equal(old.token.view(), request.token);
        // RFC 7641 4.1, 4.4: it is the same observation, and its numbers go on rising.
        if (same) sequence = coap::next_observe_sequence(old.sequence);
        return same;
    });
    std::uint32_t count = 0;
    for (auto at = device.observations; at != base::no_index; at = turn.pool.observations[at].next) ++count;
    if (count >= max_observations_per_device) return std::nullopt;
    const auto index = turn.pool.observations.take();
    if (index == base::no_index) {
        turn.counters.drop(metrics::Drop::no_slot);
        return std::nullopt;
    }
    Observation& observation = turn.pool.observations[index];
    observation.path = request.path;
    observation.token = coap::Token(request.token);
    observation.format = static_cast<std::uint16_t>(request.format);
    observation.payload_hash = hash(request.payload);
    observation.notified = turn.now;
    observation.confirmed = turn.now;
    observation.sequence = sequence;
    observation.device = id;
    observation.next = device.observations;
    observation.changing = DeviceTree(turn, id).next_change(request.path) != base::never;
    device.observations = index;
    turn.counters.add_observations(1);
    arm(turn, index, turn.now);
    return sequence;
}

void cancel_observation(Turn& turn, DeviceId id, base::Bytes token) {
    remove_if(turn, turn.pool[id], [&](const Observation& old) { return base::equal(old.token.view(), token); });
}

void cancel_observations(Turn& turn, DeviceId id) {
    while (remove_if(turn, turn.pool[id], [](const Observation&) { return true; })) {
    }
}

bool on_notification_reset(Turn& turn, DeviceId id, std::uint16_t message_id) {
    return remove_if(turn, turn.pool[id], [&](const Observation& old) { return old.message_id == message_id; });
}

void on_notify_timer(Turn& turn, std::uint32_t observation) {
    turn.pool.observations[observation].timer = base::no_index;
    notify(turn, observation);
}

void on_written(Turn& turn, DeviceId id, const lwm2m::Path& path) {
    Device& device = turn.pool[id];
    for (auto at = device.observations; at != base::no_index; at = turn.pool.observations[at].next) {
        Observation& observation = turn.pool.observations[at];
        if (!observation.path.contains(path) && !path.contains(observation.path)) continue;
        const DeviceTree tree(turn, id);
        const auto periods = periods_of(tree, turn.pool.profile(device), observation.path);
        const base::Time due = std::max(turn.now, observation.notified + periods.pmin);
        if (observation.timer != base::no_index && observation.intended <= due) continue;
        turn.timers.cancel(observation.timer);
        observation.intended = due;
        observation.timer = turn.timers.arm(due, {static_cast<std::uint32_t>(TimerKind::notify), at});
    }
}

void on_notification_delivered(Turn& turn, DeviceId id, const coap::ExchangeTag& tag) {
    const Device& device = turn.pool[id];
    turn.counters.respond(Operation::notify, 0);
    turn.counters.succeed(Operation::notify, device.profile);
    turn.latency.record_success(Operation::notify, device.profile, tag.intended, tag.first_sent, turn.now);
}

void on_notification_failure(Turn& turn, DeviceId id, const coap::ExchangeTag& tag, metrics::Cause cause) {
    Device& device = turn.pool[id];
    turn.counters.fail(Operation::notify, device.profile, cause, turn.index_of(id));
    if (cause == metrics::Cause::timeout) turn.latency.record_timeout(Operation::notify, device.profile);
    // RFC 7641 3.6, 4.5: a rejected or unacknowledged notification ends the observation.
    if (!turn.pool.observations.holds(tag.argument)) return;
    const Observation* const ended = &turn.pool.observations[tag.argument];
    // The slot may have a new tenant: the observation was cancelled while its notification was under way.
    if (ended->device != id || ended->confirmed != tag.first_sent) return;
    remove_if(turn, device, [&](const Observation& old) { return &old == ended; });
}

bool resume_reporting(Turn& turn, DeviceId id) {
    Device& device = turn.pool[id];
    if (!device.notify_due || device.peer.busy()) return device.peer.busy();
    device.notify_due = false;
    for (auto at = device.observations; at != base::no_index && !device.peer.busy();) {
        const auto next = turn.pool.observations[at].next;
        if (turn.pool.observations[at].waiting) notify(turn, at);
        at = next;
    }
    for (auto at = device.observations; at != base::no_index; at = turn.pool.observations[at].next) {
        if (turn.pool.observations[at].waiting) device.notify_due = true;
    }
    return device.peer.busy();
}

}  // namespace fleet
