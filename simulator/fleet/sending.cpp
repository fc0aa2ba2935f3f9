#include "simulator/fleet/sending.h"

#include <algorithm>
#include <cmath>

#include "coap/blockwise.h"
#include "simulator/fleet/device_tree.h"
#include "simulator/fleet/life.h"
#include "simulator/fleet/oscore.h"
#include "simulator/lwm2m/read.h"
#include "simulator/lwm2m/send.h"

namespace fleet {
namespace {

using lwm2m::Path;
using metrics::Operation;
using profiles::SendSpec;

constexpr std::uint16_t test_object = 3442, send_data = 5, resources_to_send = 6;

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

// What resource 5 of an instance of object 3442 was executed for, as a note there.
struct Asked {
    lwm2m::ContentFormat format = lwm2m::ContentFormat::senml_cbor;
    std::uint8_t server = 0;  // Link::server
    bool waits = false;

    std::uint64_t pack() const {
        return static_cast<std::uint64_t>(format) | std::uint64_t{server} << 16 | std::uint64_t{waits} << 24;
    }
    static Asked unpack(std::uint64_t number) {
        return {static_cast<lwm2m::ContentFormat>(number & 0xffff), static_cast<std::uint8_t>(number >> 16),
                (number >> 24 & 1) != 0};
    }
};

Asked asked_at(const DeviceTree& tree, const Path& instance) {
    return Asked::unpack(tree.note(instance.child(send_data)).value_or(Asked{}.pack()));
}

// What the instance names, sorted, none below another; the workspace has them. A text that is no path is an error.
base::Result<void> find_named(const DeviceTree& tree, const Path& instance) {
    auto& workspace = tree.turn().pool.workspace;
    auto& paths = workspace.paths;
    paths.clear();
    const Path list = instance.child(resources_to_send);
    workspace.ids.clear();
    if (tree.exists(list)) tree.children(list, workspace.ids);
    for (const auto member : workspace.ids) {
        const auto path = lwm2m::parse_path(base::as_text(tree.read(list.child(member)).bytes));
        if (!path || path->depth == 0) return base::fail("no path of an object or below");
        paths.push_back(*path);
    }
    if (paths.empty()) paths.push_back(instance);
    std::ranges::sort(paths);
    std::size_t kept = 0;
    for (const Path& path : paths) {
        if (kept == 0 || !paths[kept - 1].contains(path)) paths[kept++] = path;
    }
    paths.resize(kept);
    return {};
}

// What a Send is made of.
struct Source {
    std::span<const Path> paths;
    lwm2m::ContentFormat format{};
    std::uint32_t samples = 1;
    base::Duration every{};
};

// 0: what the profile says; else what an instance of object 3442 names, and one more than its id.
Source source_of(Turn& turn, LinkId id, std::uint32_t detail) {
    if (detail == 0) {
        const SendSpec& spec = spec_of(turn, id);
        return {spec.paths, spec.format, spec.samples, spec.every.centre};
    }
    const DeviceTree tree(turn, id);
    const Path instance(test_object, static_cast<std::uint16_t>(detail - 1));
    if (!find_named(tree, instance)) turn.pool.workspace.paths.clear();
    return {.paths = turn.pool.workspace.paths, .format = asked_at(tree, instance).format};
}

// The values of all samples, the oldest first, each with its age at `sent`. RFC 8428 4.5.3: a time below 2^28 counts
// from now. The values are those of their moments, so that a later block is one of the same body.
base::Bytes body_of(Turn& turn, LinkId id, const Source& source, base::Time intended, base::Time sent) {
    auto& workspace = turn.pool.workspace;
    workspace.entries.clear();
    workspace.ids.clear();
    for (std::uint32_t back = source.samples; back-- > 0;) {
        const base::Time moment = intended - source.every * back / source.samples;
        if (moment < base::Time{}) continue;  // the device was not there yet
        Turn then{moment, turn.pool, turn.outbox, turn.timers, turn.endpoint, turn.counters, turn.latency};
        const DeviceTree tree(then, id);
        const std::size_t first = workspace.entries.entries.size();
        for (const auto& path : source.paths) lwm2m::collect(path, tree, workspace);
        const double age = std::round(base::seconds(sent - moment) * 1000) / 1000;
        for (std::size_t i = first; i < workspace.entries.entries.size(); ++i) {
            workspace.entries.entries[i].time = age > 0 ? -age : 0;
        }
    }
    // Core 1.1.1, 6.4.6: values only; an instance or multiple resource without any has none.
    std::erase_if(workspace.entries.entries, [](const auto& entry) { return entry.value.type == lwm2m::Type::none; });
    if (workspace.entries.entries.empty()) return {};
    return lwm2m::encode_entries({}, source.format, workspace).payload;
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
    std::uint32_t detail = 0;  // see source_of
};

void send_values(Turn& turn, LinkId id, Sending sending) {
    Link& link = turn.pool.link(id);
    const Source source = source_of(turn, id, sending.detail);
    const auto body = body_of(turn, id, source, sending.intended, sending.first_sent);
    if (sending.first) {
        if (body.empty()) return;
        turn.counters.start(Operation::send, link.profile);
    }
    // A value that was written since may have made it shorter.
    if (sending.progress.offset() >= body.size()) sending.progress = coap::Block1Sender();
    const auto token = next_token(turn, id, link);
    auto out = turn.open();
    lwm2m::write_send({.message_id = link.peer.take_message_id(), .token = token.view()}, source.format,
                      block_of(body, sending.progress), out);
    protect_request(turn, id, out);
    const coap::ExchangeTag tag{tag_of(Operation::send, sending.detail), sending.progress.pack(), sending.intended,
                                sending.first_sent};
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

// The next Send that the link's server has asked for; false where none waits.
bool send_asked(Turn& turn, LinkId id, bool sends) {
    DeviceTree tree(turn, id);
    auto& ids = turn.pool.workspace.ids;
    ids.clear();
    tree.children(Path(test_object), ids);
    for (const auto number : ids) {
        const Path instance(test_object, number);
        Asked asked = asked_at(tree, instance);
        if (!asked.waits || asked.server != turn.pool.link(id).server) continue;
        asked.waits = false;
        (void)tree.set_note(instance.child(send_data), asked.pack());
        const auto detail = std::uint32_t{number} + 1;
        if (sends) {
            send_values(
                turn, id,
                {.intended = turn.now, .first_sent = turn.now, .progress = coap::Block1Sender(), .detail = detail});
        }
        return true;
    }
    return false;
}

}  // namespace

coap::Code ask_send(Turn& turn, LinkId id, const Path& instance, lwm2m::ContentFormat format) {
    Link& link = turn.pool.link(id);
    if (turn.pool.profile_of(link).abilities.version < lwm2m::Version{1, 1} || is_muted(turn, id)) {
        return coap::Code::method_not_allowed;
    }
    DeviceTree tree(turn, id);
    if (!find_named(tree, instance)) return coap::Code::bad_request;
    const Source source{.paths = turn.pool.workspace.paths, .format = format};
    if (body_of(turn, id, source, turn.now, turn.now).empty()) return coap::Code::not_found;
    const bool waits = link.asked_due && asked_at(tree, instance).waits;
    const Asked asked{.format = format, .server = link.server, .waits = true};
    const auto code = tree.set_note(instance.child(send_data), asked.pack());
    if (code != coap::Code::changed) return code;
    if (waits) {
        // One waits already: this one takes its place.
        turn.counters.start(Operation::send, link.profile);
        turn.counters.coalesce(Operation::send, link.profile);
    }
    link.asked_due = true;
    return code;
}

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
    const auto go_on = [&] {
        send_values(turn, id,
                    {.intended = tag.intended,
                     .first_sent = tag.first_sent,
                     .progress = progress,
                     .first = false,
                     .detail = detail_of(tag)});
    };
    if (is_asked_again(turn, id, response)) {
        go_on();
        return;
    }
    const bool in_blocks = progress.offset() > 0 || response.find(coap::OptionNumber::block1).has_value() ||
                           response.code == coap::Code::request_entity_too_large;
    const auto size = [&] {
        return body_of(turn, id, source_of(turn, id, detail_of(tag)), tag.intended, tag.first_sent).size();
    };
    if (in_blocks && progress.on_response(response, size()) == coap::Block1Sender::Step::next) {
        go_on();
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
    if (link.peer.busy() || !(link.send_due || link.asked_due)) return link.peer.busy();
    const bool sends = link.state == metrics::DeviceState::registered && !link.deregister_due && !is_muted(turn, id);
    while (link.asked_due && !link.peer.busy()) link.asked_due = send_asked(turn, id, sends);
    if (link.send_due && !link.peer.busy()) {
        link.send_due = false;
        if (sends) send_latest(turn, id);
    }
    return link.peer.busy();
}

}  // namespace fleet
