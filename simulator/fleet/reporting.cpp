#include "simulator/fleet/reporting.h"

#include <algorithm>

#include "coap/blockwise.h"
#include "coap/observe.h"
#include "simulator/fleet/history.h"
#include "simulator/fleet/life.h"
#include "simulator/fleet/oscore.h"
#include "simulator/fleet/sleep.h"

namespace fleet {
namespace {

using metrics::Confirmable;
using metrics::Operation;

// When what comes to pass at `moment` is looked at: not sooner than epmin after the look before. Where nothing happened
// for longer than epmax there were looks that found nothing.
base::Time evaluation_of(const Observation& observation, const Rules& rules, base::Time moment) {
    if (rules.epmin == base::Duration{0} || moment <= observation.evaluated) {
        return std::max(moment, observation.evaluated + rules.epmin);
    }
    base::Time last = observation.evaluated;
    if (rules.epmax) last += (moment - last - base::Duration{1}) / *rules.epmax * *rules.epmax;
    return std::max(moment, last + rules.epmin);
}

// Plans the next look at an observation: when a condition may be met or the value be another, at the end of pmin for
// what has come to pass before it, and at pmax in any case.
void arm(Turn& turn, std::uint32_t index, const Rules& rules) {
    Observation& observation = turn.pool.observations[index];
    const base::Time loud = observation.notified + rules.pmin;
    base::Time due = base::never;
    if (observation.held && has_changed_since(turn, observation, observation.evaluated)) observation.touched = true;
    observation.held = false;
    if (observation.pending) {
        if (!observation.waiting) due = loud;
    } else {
        if (observation.changing) due = next_moment(turn, observation, rules, DeviceTree(turn, observation.link));
        if (observation.touched) due = turn.now;
        const base::Time moment = due;
        if (due != base::never) due = evaluation_of(observation, rules, due);
        // Whether a condition was met in between has to be known; whether the value is another, only at the end.
        if (due != base::never && !rules.conditional) due = std::max(due, loud);
        observation.held = due > moment;
    }
    if (rules.pmax) {
        const base::Time latest = observation.notified + *rules.pmax;
        due = std::min(due, observation.waiting && latest <= turn.now ? turn.now + *rules.pmax : latest);
    }
    turn.timers.cancel(observation.timer);
    if (due == base::never) return;
    observation.intended = std::max(due, turn.now);
    observation.timer = turn.timers.arm(observation.intended, {static_cast<std::uint32_t>(TimerKind::notify), index});
    if (observation.timer == base::no_index) turn.counters.drop(metrics::Drop::no_slot);
}

// Takes the first observation for which `matches` holds off the link's list.
template <class F>
bool remove_if(Turn& turn, Link& link, F&& matches) {
    for (std::uint32_t* at = &link.observations; *at != base::no_index; at = &turn.pool.observations[*at].next) {
        const std::uint32_t index = *at;
        if (!matches(turn.pool.observations[index])) continue;
        *at = turn.pool.observations[index].next;
        release_observation(turn, index);
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
    Link& link = turn.pool.link(observation.link);
    auto out = turn.open();
    observation.message_id = link.peer.take_message_id();
    write(observation, notification, observation.message_id, out);
    protect_notification(turn, observation.link, notification.observation, out);
    turn.counters.start(Operation::notify, link.profile);
    if (out.failed()) {
        turn.counters.fail(Operation::notify, link.profile, metrics::Cause::no_slot, turn.index_of(observation.link));
        return;
    }
    turn.counters.notify(Confirmable::no);
    turn.counters.send(metrics::Sent::request);
    turn.record_sent(Operation::notify, link.profile, observation.intended);
    turn.send(observation.link, out);
    turn.counters.succeed(Operation::notify, link.profile);
}

void send_con(Turn& turn, const Notification& notification) {
    Observation& observation = turn.pool.observations[notification.observation];
    const LinkId id = observation.link;
    Link& link = turn.pool.link(id);
    auto out = turn.open();
    observation.message_id = link.peer.take_message_id();
    observation.confirmed = turn.now;
    write(observation, notification, observation.message_id, out);
    protect_notification(turn, observation.link, notification.observation, out);
    turn.counters.start(Operation::notify, link.profile);
    const coap::ExchangeTag tag{tag_of(Operation::notify), notification.observation, observation.intended, turn.now};
    const double unit = turn.unit(id, base::Stream::retransmission, observation.sequence);
    if (out.failed() ||
        !turn.endpoint.start(turn.now, id, link.peer, turn.pool.profile(link).transmission, out.written(), tag, unit)) {
        turn.counters.fail(Operation::notify, link.profile, metrics::Cause::no_slot, turn.index_of(id));
        turn.counters.drop(metrics::Drop::no_slot);
        return;
    }
    turn.counters.notify(Confirmable::yes);
    turn.counters.send(metrics::Sent::request);
    turn.record_sent(Operation::notify, link.profile, observation.intended);
    turn.send(id, out);
}

// RFC 7252 4.7: one confirmable message at a time. What comes due while another notification waits takes its place (RFC
// 7641 4.5.2).
void wait(Turn& turn, std::uint32_t index, const Rules& rules) {
    Observation& observation = turn.pool.observations[index];
    Link& link = turn.pool.link(observation.link);
    if (observation.waiting) {
        turn.counters.start(Operation::notify, link.profile);
        turn.counters.coalesce(Operation::notify, link.profile);
    } else {
        observation.waiting = true;
        observation.waiting_since = observation.intended;
        link.notify_due = true;
    }
    arm(turn, index, rules);
}

// The workspace's answer counts as told from here on.
void mark_told(Turn& turn, Observation& observation, base::Bytes payload) {
    observation.notified = std::min(observation.intended, turn.now);
    if (observation.waiting) observation.intended = observation.waiting_since;
    observation.waiting = false;
    observation.pending = false;
    observation.payload_hash = fingerprint_of(payload);
    observation.evaluated = turn.now;
    remember_told(turn, observation);
}

void tell(Turn& turn, std::uint32_t index, base::Bytes payload, Confirmable confirmable) {
    if (confirmable == Confirmable::yes) {
        send_con(turn, {index, payload, coap::MessageType::confirmable});
    } else {
        send_non(turn, {index, payload, coap::MessageType::non_confirmable});
    }
}

// Has the link's confirmable message been without an answer for so long that it was repeated?
bool is_offline(Turn& turn, const Link& link) {
    const auto* const tag = turn.endpoint.current(link.peer);
    return tag != nullptr && turn.now - tag->first_sent >= turn.pool.profile(link).transmission.ack_timeout;
}

// What is due cannot go out now. Core 1.1.1, E.2: it is kept for when the server can be reached, unless that wants
// nothing kept; 1.2, 7.3.2: as many as hqmax says, else the newest.
void postpone(Turn& turn, std::uint32_t index, const Rules& rules, base::Bytes payload) {
    Observation& observation = turn.pool.observations[index];
    Link& link = turn.pool.link(observation.link);
    const bool keeps = keeps_history(turn, observation.link);
    if (!keeps && is_offline(turn, link)) {
        turn.counters.start(Operation::notify, link.profile);
        turn.counters.abort(Operation::notify, link.profile);
        observation.waiting = false;
        mark_told(turn, observation, payload);
        arm(turn, index, rules);
        return;
    }
    const bool first = observation.history == base::no_index;
    const auto hash = fingerprint_of(payload);  // what is kept takes the payload's place in the workspace
    if (!keeps || rules.history == 0 || observation.waiting || !keep_in_history(turn, observation, rules.history)) {
        wait(turn, index, rules);
        return;
    }
    if (first) {
        observation.waiting_since = observation.intended;
        link.notify_due = true;
    } else {
        turn.counters.start(Operation::notify, link.profile);
        turn.counters.coalesce(Operation::notify, link.profile);
    }
    mark_told(turn, observation, {});
    observation.payload_hash = hash;
    arm(turn, index, rules);
}

Confirmable how(Turn& turn, const Observation& observation, const Rules& rules) {
    const auto& profile = turn.pool.profile(turn.pool.link(observation.link));
    const bool confirmable = rules.confirmable.value_or(profile.behaviour.notify_confirmable) ||
                             coap::must_confirm(observation.confirmed, turn.now);
    return confirmable ? Confirmable::yes : Confirmable::no;
}

// Tells all that was kept, in one notification.
void tell_history(Turn& turn, std::uint32_t index) {
    Observation& observation = turn.pool.observations[index];
    const DeviceTree tree(turn, observation.link);
    const auto payload = history_payload(turn, observation, tree);
    const base::Time next = observation.intended;
    observation.intended = observation.waiting_since;
    if (!payload.empty()) tell(turn, index, payload, how(turn, observation, rules_of(turn, observation, tree)));
    observation.intended = next;
    forget_history(turn, observation);
}

// Is there something to tell now? Core 1.1.1, 5.1.2: what has come to pass before pmin was over is told when it is, and
// pmax asks for no reason.
bool is_due(Turn& turn, Observation& observation, const Rules& rules, const DeviceTree& tree) {
    if (rules.conditional && !observation.pending && turn.now >= observation.evaluated + rules.epmin) {
        observation.pending = has_news(turn, observation, rules, tree);
        observation.evaluated = turn.now;
        observation.touched = false;
    }
    if (rules.pmax && turn.now >= observation.notified + *rules.pmax) return true;
    return turn.now >= observation.notified + rules.pmin && (observation.pending || !rules.conditional);
}

// The value as it is now, if it has to be told; else plans when to look again.
void notify(Turn& turn, std::uint32_t index) {
    Observation& observation = turn.pool.observations[index];
    const LinkId id = observation.link;
    Link& link = turn.pool.link(id);
    const DeviceTree tree(turn, id);
    const Rules rules = rules_of(turn, observation, tree);
    if (!is_due(turn, observation, rules, tree)) {
        arm(turn, index, rules);
        return;
    }
    observation.touched = false;
    const auto answer = read_observed(turn, observation, tree);
    if (answer.code != coap::Code::content) {
        // RFC 7641 4.2: an error ends the observation, and says so.
        send_non(turn, {index, {}, coap::MessageType::non_confirmable, answer.code});
        remove_if(turn, link, [&](const Observation& other) { return &other == &observation; });
        return;
    }
    const bool latest = rules.pmax && turn.now >= observation.notified + *rules.pmax;
    if (!latest && !observation.pending && fingerprint_of(answer.payload) == observation.payload_hash) {
        observation.waiting = false;
        observation.evaluated = turn.now;
        arm(turn, index, rules);
        return;
    }
    const auto confirmable = how(turn, observation, rules);
    const bool holds = rules.history > 0 && is_offline(turn, link);
    if (((confirmable == Confirmable::yes || holds) && link.peer.busy()) || keeps_for_later(turn, id)) {
        postpone(turn, index, rules, answer.payload);
        return;
    }
    mark_told(turn, observation, answer.payload);
    tell(turn, index, answer.payload, confirmable);
    arm(turn, index, rules);
}

template <class F>
void for_each_observation(Turn& turn, LinkId id, F&& act) {
    for (auto at = turn.pool.link(id).observations; at != base::no_index; at = turn.pool.observations[at].next) act(at);
}

}  // namespace

std::optional<std::uint32_t> observe(Turn& turn, LinkId id, const ObserveRequest& request) {
    Link& link = turn.pool.link(id);
    std::uint32_t sequence = 1;
    remove_if(turn, link, [&](const Observation& old) {
        const bool same = base::equal(old.token.view(), request.token);
        // RFC 7641 4.1, 4.4: it is the same observation, and its numbers go on rising.
        if (same) sequence = coap::next_observe_sequence(old.sequence);
        return same;
    });
    std::uint32_t count = 0;
    for_each_observation(turn, id, [&](std::uint32_t) { ++count; });
    if (count >= max_observations_per_device) return std::nullopt;
    const auto index = keep_observation(turn, id, request);
    if (index == base::no_index) return std::nullopt;
    Observation& observation = turn.pool.observations[index];
    observation.sequence = sequence;
    note_observe_request(turn, id, index);
    arm(turn, index, rules_of(turn, observation, DeviceTree(turn, id)));
    return sequence;
}

void cancel_observation(Turn& turn, LinkId id, base::Bytes token) {
    remove_if(turn, turn.pool.link(id), [&](const Observation& old) { return base::equal(old.token.view(), token); });
}

void cancel_observations(Turn& turn, LinkId id) {
    while (remove_if(turn, turn.pool.link(id), [](const Observation&) { return true; })) {
    }
}

bool on_notification_reset(Turn& turn, LinkId id, std::uint16_t message_id) {
    return remove_if(turn, turn.pool.link(id), [&](const Observation& old) { return old.message_id == message_id; });
}

void on_notify_timer(Turn& turn, std::uint32_t observation) {
    turn.pool.observations[observation].timer = base::no_index;
    turn.pool.observations[observation].held = false;
    notify(turn, observation);
}

void on_written(Turn& turn, DeviceId device, const lwm2m::Path& path) {
    for (LinkId id = device; id != base::no_index; id = turn.pool.next_link(id)) {
        const DeviceTree tree(turn, id);
        for_each_observation(turn, id, [&](std::uint32_t index) {
            Observation& observation = turn.pool.observations[index];
            const bool touched = concerns(turn, observation, path);
            // The defaults of pmin and pmax are in the Server object.
            if (!touched && path.object() != 1) return;
            observation.touched = observation.touched || touched;
            if (touched) observation.changing = observation.changing || changes_by_itself(turn, observation, tree);
            arm(turn, index, rules_of(turn, observation, tree));
        });
    }
}

void on_attributes_written(Turn& turn, LinkId id, const lwm2m::Path& path) {
    const DeviceTree tree(turn, id);
    for_each_observation(turn, id, [&](std::uint32_t index) {
        const Observation& observation = turn.pool.observations[index];
        if (concerns(turn, observation, path)) arm(turn, index, rules_of(turn, observation, tree));
    });
}

std::size_t notify_all(Turn& turn, DeviceId device) {
    std::vector<std::uint32_t> all;  // telling may end one
    for (LinkId id = device; id != base::no_index; id = turn.pool.next_link(id)) {
        for_each_observation(turn, id, [&](std::uint32_t index) { all.push_back(index); });
    }
    for (const auto index : all) {
        Observation& observation = turn.pool.observations[index];
        const DeviceTree tree(turn, observation.link);
        observation.pending = true;
        observation.intended = turn.now;
        observation.notified = turn.now - rules_of(turn, observation, tree).pmin;
        turn.timers.cancel(observation.timer);
        notify(turn, index);
    }
    return all.size();
}

void on_notification_delivered(Turn& turn, LinkId id, const coap::ExchangeTag& tag) {
    const Link& link = turn.pool.link(id);
    turn.counters.respond(Operation::notify, 0);
    turn.counters.succeed(Operation::notify, link.profile);
    turn.latency.record_success(Operation::notify, link.profile, tag.intended, tag.first_sent, turn.now);
}

void on_notification_failure(Turn& turn, LinkId id, const coap::ExchangeTag& tag, metrics::Cause cause) {
    Link& link = turn.pool.link(id);
    turn.counters.fail(Operation::notify, link.profile, cause, turn.index_of(id));
    if (cause == metrics::Cause::timeout) turn.latency.record_timeout(Operation::notify, link.profile);
    // RFC 7641 3.6, 4.5: a rejected or unacknowledged notification ends the observation.
    if (!turn.pool.observations.holds(tag.argument)) return;
    const Observation* const ended = &turn.pool.observations[tag.argument];
    // The slot may have a new tenant: the observation was cancelled while its notification was under way.
    if (ended->link != id || ended->confirmed != tag.first_sent) return;
    remove_if(turn, link, [&](const Observation& old) { return &old == ended; });
}

void renew_retransmission(Turn& turn, LinkId id) {
    Link& link = turn.pool.link(id);
    const auto* const tag = turn.endpoint.current(link.peer);
    if (tag == nullptr || operation_of(*tag) != Operation::notify || !link.notify_due) return;
    if (!turn.pool.observations.holds(tag->argument)) return;
    Observation& observation = turn.pool.observations[tag->argument];
    // What is kept with its times is no newer state of what is under way.
    const bool same = observation.link == id && observation.confirmed == tag->first_sent;
    if (!same || !observation.waiting || observation.history != base::no_index) return;
    const auto answer = read_observed(turn, observation, DeviceTree(turn, id));
    if (answer.code != coap::Code::content) return;
    auto out = turn.open();
    const auto message_id = link.peer.take_message_id();
    write(observation, {tag->argument, answer.payload, coap::MessageType::confirmable}, message_id, out);
    protect_notification(turn, id, tag->argument, out);
    if (out.failed() || !turn.endpoint.supersede(link.peer, out.written())) return;
    observation.message_id = message_id;
    mark_told(turn, observation, answer.payload);
    turn.counters.start(Operation::notify, link.profile);
    turn.counters.coalesce(Operation::notify, link.profile);
    turn.counters.notify(Confirmable::yes);
    arm(turn, tag->argument, rules_of(turn, observation, DeviceTree(turn, id)));
}

bool resume_reporting(Turn& turn, LinkId id) {
    Link& link = turn.pool.link(id);
    if (!link.notify_due || link.peer.busy()) return link.peer.busy();
    link.notify_due = false;
    for (auto at = link.observations; at != base::no_index && !link.peer.busy();) {
        const Observation& observation = turn.pool.observations[at];
        const auto next = observation.next;
        if (observation.history != base::no_index) tell_history(turn, at);
        if (observation.waiting) notify(turn, at);
        at = next;
    }
    for_each_observation(turn, id, [&](std::uint32_t index) {
        const Observation& observation = turn.pool.observations[index];
        if (observation.waiting || observation.history != base::no_index) link.notify_due = true;
    });
    return link.peer.busy();
}

}  // namespace fleet
