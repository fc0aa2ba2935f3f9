#include "simulator/fleet/sending.h"

#include <algorithm>
#include <cmath>

#include "coap/blockwise.h"
#include "simulator/fleet/device_tree.h"
#include "simulator/fleet/life.h"
#include "simulator/fleet/object_security.h"
#include "simulator/lwm2m/read.h"
#include "simulator/lwm2m/send.h"

namespace fleet {
namespace {

using metrics::Operation;
using profiles::SendSpec;

constexpr std::uint16_t mute_send = 23;  // of the Server object: Core 1.1.1, E.2

// The moments at which one device sends: a grid of its own phase, each moment moved by its own draw.
class Schedule {
public:
    Schedule(const Turn& turn, LinkId id, const base::DurationSpec& every)
        : turn_(turn), id_(id), every_(every), phase_(from_share(turn.unit(id, base::Stream::send, 0))) {}

    base::Time after(base::Time moment) const {
        std::int64_t number = number_at(moment) - 1;
        while (at(number) <= moment) ++number;
        return at(number);
    }
    // The last one at or before the moment; there may be none before the first.
    base::Time upto(base::Time moment) const {
        std::int64_t number = number_at(moment) + 1;
        while (number > 0 && at(number) > moment) --number;
        return at(number);
    }

private:
    base::Duration from_share(double share) const {
        return base::Duration(static_cast<std::int64_t>(share * static_cast<double>(every_.centre.count())));
    }
    std::int64_t number_at(base::Time moment) const {
        return std::max<std::int64_t>(0, (moment.time_since_epoch() - phase_) / every_.centre);
    }
    base::Time at(std::int64_t number) const {
        if (number < 0) return base::Time::min();
        const auto draw = every_.at(turn_.unit(id_, base::Stream::send, static_cast<std::uint64_t>(number) + 1));
        return base::Time(phase_ + number * every_.centre + (draw - every_.centre));
    }

    const Turn& turn_;
    LinkId id_;
    const base::DurationSpec& every_;
    base::Duration phase_;
};

const SendSpec& spec_of(Turn& turn, LinkId id) { return turn.pool.profile(turn.pool.link(id)).behaviour.send; }

// 1/x/23 is true: the server wants no Send.
bool is_muted(Turn& turn, LinkId id) {
    const auto& server = turn.pool.server_of(turn.pool.link(id)).object;
    const auto muted = DeviceTree(turn, id).read(server.child(mute_send));
    return muted.type == lwm2m::Type::boolean && muted.boolean;
}

// The values of all samples, the oldest first, each with its age at `sent`. RFC 8428 4.5.3: a time below 2^28 counts
// from now. The values are those of their moments, so that a later block is one of the same body.
base::Bytes body_of(Turn& turn, LinkId id, base::Time intended, base::Time sent) {
    const SendSpec& spec = spec_of(turn, id);
    auto& workspace = turn.pool.workspace;
    workspace.entries.clear();
    workspace.ids.clear();
    for (std::uint32_t back = spec.samples; back-- > 0;) {
        const base::Time moment = intended - spec.every.centre * back / spec.samples;
        if (moment < base::Time{}) continue;  // the device was not there yet
        Turn then{moment, turn.pool, turn.outbox, turn.timers, turn.endpoint, turn.counters, turn.latency};
        const DeviceTree tree(then, id);
        const std::size_t first = workspace.entries.entries.size();
        for (const auto& path : spec.paths) lwm2m::collect(path, tree, workspace);
        const double age = std::round(base::seconds(sent - moment) * 1000) / 1000;
        for (std::size_t i = first; i < workspace.entries.entries.size(); ++i) {
            workspace.entries.entries[i].time = age > 0 ? -age : 0;
        }
    }
    // Core 1.1.1, 6.4.6: values only; an instance or multiple resource without any has none.
    std::erase_if(workspace.entries.entries, [](const auto& entry) { return entry.value.type == lwm2m::Type::none; });
    if (workspace.entries.entries.empty()) return {};
    return lwm2m::encode_entries({}, spec.format, workspace).payload;
}

lwm2m::PayloadBlock block_of(base::Bytes body, coap::Block1Sender progress) {
    const auto piece = progress.next(body);
    if (piece.block.number == 0 && !piece.block.more) return {piece.bytes, std::nullopt, std::nullopt};
    lwm2m::PayloadBlock block{piece.bytes, coap::encode_block(piece.block), std::nullopt};
    if (piece.block.number == 0) block.size1 = static_cast<std::uint32_t>(body.size());
    return block;
}

struct Sending {
    base::Time intended;
    base::Time first_sent;
    coap::Block1Sender progress;
    bool first = true;
};

void send_values(Turn& turn, LinkId id, Sending sending) {
    Link& link = turn.pool.link(id);
    const auto body = body_of(turn, id, sending.intended, sending.first_sent);
    if (sending.first) {
        if (body.empty()) return;
        turn.counters.start(Operation::send, link.profile);
    }
    // A value that was written since may have made it shorter.
    if (sending.progress.offset() >= body.size()) sending.progress = coap::Block1Sender();
    const auto token = next_token(turn, id, link);
    auto out = turn.open();
    lwm2m::write_send({.message_id = link.peer.take_message_id(), .token = token.view()}, spec_of(turn, id).format,
                      block_of(body, sending.progress), out);
    protect_request(turn, id, out);
    const coap::ExchangeTag tag{tag_of(Operation::send), sending.progress.pack(), sending.intended, sending.first_sent};
    const double unit = turn.unit(id, base::Stream::retransmission, link.tokens);
    if (out.failed() ||
        !turn.endpoint.start(turn.now, id, link.peer, turn.pool.profile(link).transmission, out.written(), tag, unit)) {
        turn.counters.fail(Operation::send, link.profile, metrics::Cause::no_slot, turn.index_of(id));
        turn.counters.drop(metrics::Drop::no_slot);
        return;
    }
    if (sending.first && turn.latency.records(Operation::send)) {
        turn.record_sent(Operation::send, link.profile, sending.intended);
    }
    turn.counters.send(metrics::Sent::request);
    turn.send(id, out);
}

void send_latest(Turn& turn, LinkId id) {
    const base::Time due = Schedule(turn, id, spec_of(turn, id).every).upto(turn.now);
    send_values(turn, id, {.intended = due, .first_sent = turn.now, .progress = coap::Block1Sender()});
}

}  // namespace

void plan_send(Turn& turn, LinkId id) {
    Link& link = turn.pool.link(id);
    const SendSpec& spec = spec_of(turn, id);
    if (spec.paths.empty() || link.send_armed) return;
    const auto due = Schedule(turn, id, spec.every).after(turn.now);
    const auto timer = turn.timers.arm(due, {static_cast<std::uint32_t>(TimerKind::send), id});
    link.send_armed = timer != base::no_index;
    if (!link.send_armed) turn.counters.drop(metrics::Drop::no_slot);
}

void on_send_timer(Turn& turn, LinkId id) {
    Link& link = turn.pool.link(id);
    link.send_armed = false;
    // Whoever is not registered plans anew when it is.
    if (link.state != metrics::DeviceState::registered || link.deregister_due) return;
    plan_send(turn, id);
    if (is_muted(turn, id)) return;
    if (!link.peer.busy()) {
        send_latest(turn, id);
    } else if (link.send_due) {
        // One waits already: this one, with the newer values, takes its place.
        turn.counters.start(Operation::send, link.profile);
        turn.counters.coalesce(Operation::send, link.profile);
    } else {
        link.send_due = true;
    }
}

void on_send_response(Turn& turn, LinkId id, const coap::ExchangeTag& tag, const coap::MessageView& response) {
    const Link& link = turn.pool.link(id);
    turn.counters.respond(Operation::send, static_cast<std::uint8_t>(response.code));
    auto progress = coap::Block1Sender::unpack(tag.argument);
    if (is_asked_again(turn, id, response)) {
        send_values(turn, id,
                    {.intended = tag.intended, .first_sent = tag.first_sent, .progress = progress, .first = false});
        return;
    }
    const bool in_blocks = progress.offset() > 0 || response.find(coap::OptionNumber::block1).has_value() ||
                           response.code == coap::Code::request_entity_too_large;
    const auto size = in_blocks ? body_of(turn, id, tag.intended, tag.first_sent).size() : 0;
    if (in_blocks && progress.on_response(response, size) == coap::Block1Sender::Step::next) {
        send_values(turn, id,
                    {.intended = tag.intended, .first_sent = tag.first_sent, .progress = progress, .first = false});
        return;
    }
    if (response.code != coap::Code::changed) {
        on_send_failure(turn, id, tag, metrics::cause_of(static_cast<std::uint8_t>(response.code)));
        return;
    }
    turn.counters.succeed(Operation::send, link.profile);
    if (turn.latency.records(Operation::send)) {
        turn.latency.record_success(Operation::send, link.profile, tag.intended, tag.first_sent, turn.now);
    }
}

void on_send_failure(Turn& turn, LinkId id, const coap::ExchangeTag&, metrics::Cause cause) {
    const Link& link = turn.pool.link(id);
    turn.counters.fail(Operation::send, link.profile, cause, turn.index_of(id));
    if (cause == metrics::Cause::timeout && turn.latency.records(Operation::send)) {
        turn.latency.record_timeout(Operation::send, link.profile);
    }
}

bool resume_sending(Turn& turn, LinkId id) {
    Link& link = turn.pool.link(id);
    if (!link.send_due || link.peer.busy()) return link.peer.busy();
    link.send_due = false;
    const bool sends = link.state == metrics::DeviceState::registered && !link.deregister_due;
    if (sends && !is_muted(turn, id)) send_latest(turn, id);
    return link.peer.busy();
}

}  // namespace fleet
