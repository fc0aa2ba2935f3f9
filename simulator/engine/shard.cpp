#include "simulator/engine/shard.h"

#include <algorithm>

#include "simulator/fleet/life.h"

namespace engine {
namespace {

constexpr std::size_t outbox_slots = 256;
constexpr int batches_a_step = 8;
constexpr std::uint32_t scan_slice = 2048;  // devices planned at a time
constexpr base::Duration scan_pause = std::chrono::milliseconds(5);
constexpr base::Duration drain_pause = std::chrono::milliseconds(5);

// Every device has a link to a server, some have more.
std::uint32_t links_of(const ShardConfig& config) {
    return config.membership.devices + fleet::count_further_links(config.membership, config.profiles);
}
// A link has one with its server, a device one with where a package is downloaded from.
std::uint32_t exchanges_for(std::uint32_t links) { return links * 2 + 64; }
std::uint32_t messages_for(std::uint32_t links) { return std::max<std::uint32_t>(links * 2, 1 << 15); }
std::uint32_t timers_for(std::uint32_t links) {
    // A device has a step of the plan, one for its firmware and one for a download; a link a life timer, an exchange,
    // and one for each observation.
    return links * 9 + 1024;
}

// How early the scan for a phase begins, so that it has come past every device when the phase begins.
base::Duration scan_lead(std::uint32_t devices) {
    return scan_pause * (devices / scan_slice + 2) + std::chrono::milliseconds(20);
}

// A datagram of which no record was of use.
metrics::Discard discard_of(net::RecordDiscard why) {
    switch (why) {
        case net::RecordDiscard::decrypt: return metrics::Discard::decrypt;
        case net::RecordDiscard::replay: return metrics::Discard::replay;
        case net::RecordDiscard::none:
        case net::RecordDiscard::malformed:
        case net::RecordDiscard::version: return metrics::Discard::malformed;
        case net::RecordDiscard::epoch:
        case net::RecordDiscard::unprotected:
        case net::RecordDiscard::wrong_id:
        case net::RecordDiscard::unexpected:
        case net::RecordDiscard::no_session: return metrics::Discard::unexpected;
    }
    return metrics::Discard::malformed;
}

std::vector<metrics::Operation> operations_of(const fleet::DevicePool& pool) {
    std::vector<profiles::ResolvedProfilePtr> profiles;
    for (const auto& state : pool.profiles) profiles.push_back(state.profile);
    return supported_operations(profiles);
}

}  // namespace

std::vector<metrics::Operation> supported_operations(std::span<const profiles::ResolvedProfilePtr> profiles) {
    std::vector<metrics::Operation> operations{metrics::Operation::register_, metrics::Operation::update,
                                               metrics::Operation::deregister, metrics::Operation::notify};
    const bool secured =
        std::ranges::any_of(profiles, [](const auto& profile) { return profiles::speaks_dtls(*profile); });
    if (secured) operations.push_back(metrics::Operation::handshake);
    const bool downloads = std::ranges::any_of(profiles, [](const auto& profile) {
        return profile->behaviour.firmware.behaves || profile->behaviour.software.behaves;
    });
    if (downloads) operations.push_back(metrics::Operation::download);
    return operations;
}

// The names of DTLS are those of the metrics.
static_assert(metrics::alert_names.size() == net::alert_slots);
static_assert(metrics::record_drop_names.size() + 1 == net::record_discard_count);
static_assert(metrics::certificate_fault_names.size() + 1 == base::certificate_fault_count);

Shard::Shard(ShardConfig config, net::Transport& transport)
    : transport_(transport),
      plan_(*config.plan),
      timers_(timers_for(links_of(config))),
      endpoint_({.exchanges = exchanges_for(links_of(config)),
                 .messages = messages_for(links_of(config)),
                 .timer_kind = static_cast<std::uint32_t>(fleet::TimerKind::exchange)},
                timers_),
      pool_(config.seed, std::move(config.membership), std::move(config.profiles), config.servers, config.capacity),
      outbox_(transport, outbox_slots),
      latency_(operations_of(pool_), pool_.profiles.size()),
      impairment_(config.impairment),
      dtls_(config.dtls),
      nat_(config.nat) {
    conservation_held_.set(1);
    for (fleet::DeviceId id = 0; id < pool_.size(); ++id) {
        counters_.add_devices(pool_[id].profile, metrics::DeviceState::idle, 1);
        if (pool_.profile(pool_[id]).behaviour.firmware.behaves) counters_.add_firmware_device();
        plan_device(id, 0);
    }
    scan_phase_ = 1;
    on_scan_timer(base::Time{});
}

fleet::Turn Shard::turn(base::Time now) {
    return {now, pool_, outbox_, timers_, endpoint_, counters_, latency_, dtls_};
}

void Shard::take_link_events(fleet::Turn& step) {
    if (dtls_ == nullptr) return;
    for (const auto& event : dtls_->take_events()) fleet::on_link_event(step, event);
}

bool Shard::work(base::Time now) {
    auto step = turn(now);
    timers_.advance(
        now, [&](base::TimerEvent event) { on_timer(step, event); },
        [this](base::TimerEvent event, base::Nearness nearness) { fetch_ahead(event, nearness); });
    int batches = 0;
    for (; batches < batches_a_step; ++batches) {
        const auto packets = transport_.receive(now);
        take_link_events(step);
        if (packets.empty()) break;
        for (const auto& packet : packets) pool_.prefetch(packet.local);
        for (const auto& packet : packets) fleet::on_packet(step, packet);
    }
    outbox_.flush(now);
    if (dtls_ != nullptr) dtls_->flush(now);
    return batches == batches_a_step;
}

base::Time Shard::next_due() const { return std::min(timers_.next_due(), transport_.next_due()); }

void Shard::every_second(base::Time) {
    sync_transport();
    metrics::Totals totals;
    metrics::accumulate(totals, counters_);
    if (!metrics::broken(metrics::conservation(totals, metrics::Moment::running, pool_.size())).empty()) {
        conservation_held_.set(0);
    }
}

// What the transport has counted since the last time.
void Shard::sync_transport() {
    const auto counts = transport_.counts();
    counters_.pass(metrics::Direction::sent, counts.sent - seen_.sent, counts.sent_bytes - seen_.sent_bytes);
    counters_.pass(metrics::Direction::received, counts.received - seen_.received,
                   counts.received_bytes - seen_.received_bytes);
    counters_.drop(metrics::Drop::receive_overrun, counts.receive_overruns - seen_.receive_overruns);
    counters_.drop(metrics::Drop::send_refused, counts.send_refused - seen_.send_refused);
    seen_ = counts;
    sync_dtls();
    sync_nat();
    if (impairment_ == nullptr) return;
    const auto faults = impairment_->impairments();
    const auto inject = [&](metrics::Fault fault, std::uint64_t now, std::uint64_t before) {
        counters_.inject(fault, now - before);
    };
    inject(metrics::Fault::loss_sent, faults.lost_sent, seen_faults_.lost_sent);
    inject(metrics::Fault::loss_received, faults.lost_received, seen_faults_.lost_received);
    inject(metrics::Fault::duplicate_sent, faults.duplicated_sent, seen_faults_.duplicated_sent);
    inject(metrics::Fault::duplicate_received, faults.duplicated_received, seen_faults_.duplicated_received);
    inject(metrics::Fault::delay, faults.delayed, seen_faults_.delayed);
    inject(metrics::Fault::reorder, faults.reordered, seen_faults_.reordered);
    counters_.hold(metrics::Direction::sent,
                   static_cast<int>(static_cast<std::int64_t>(faults.held_sent - seen_faults_.held_sent)));
    counters_.hold(metrics::Direction::received,
                   static_cast<int>(static_cast<std::int64_t>(faults.held_received - seen_faults_.held_received)));
    seen_faults_ = faults;
}

void Shard::sync_nat() {
    if (nat_ == nullptr) return;
    const auto& now = nat_->nat_counts();
    counters_.inject(metrics::Fault::nat_rebind, now.rebinds - seen_nat_.rebinds);
    counters_.inject(metrics::Fault::nat_expired, now.expired - seen_nat_.expired);
    seen_nat_ = now;
}

// What the layer did by itself; what it carried the devices have counted.
void Shard::sync_dtls() {
    if (dtls_ == nullptr) return;
    const auto& now = dtls_->dtls_counts();
    const auto& before = seen_dtls_;
    counters_.send(metrics::Sent::handshake, now.own_sent - before.own_sent);
    counters_.receive(metrics::Received::handshake, now.own_received - before.own_received);
    counters_.shake_hands(metrics::HandshakeKind::full, now.full - before.full);
    counters_.shake_hands(metrics::HandshakeKind::resumed, now.resumed - before.resumed);
    counters_.agree_on_id(now.with_id - before.with_id);
    counters_.rebind(now.rebinds - before.rebinds);
    for (std::size_t alert = 0; alert < net::alert_slots; ++alert) {
        counters_.alert(metrics::Direction::sent, alert, now.alerts_sent[alert] - before.alerts_sent[alert]);
        counters_.alert(metrics::Direction::received, alert,
                        now.alerts_received[alert] - before.alerts_received[alert]);
    }
    for (std::size_t why = 1; why < net::record_discard_count; ++why) {
        counters_.drop_record(why - 1, now.records_dropped[why] - before.records_dropped[why]);
        counters_.discard(discard_of(static_cast<net::RecordDiscard>(why)),
                          now.datagrams_dropped[why] - before.datagrams_dropped[why]);
    }
    for (std::size_t fault = 1; fault < base::certificate_fault_count; ++fault) {
        counters_.refuse_certificate(fault - 1, now.certificate_faults[fault] - before.certificate_faults[fault]);
    }
    seen_dtls_ = now;
}

// What a timer that fires soon will touch; an observation has to be near before it tells whose it is.
void Shard::fetch_ahead(base::TimerEvent event, base::Nearness nearness) {
    const bool near = nearness == base::Nearness::near;
    if (event.kind == static_cast<std::uint32_t>(fleet::TimerKind::notify)) {
        if (near) {
            pool_.prefetch(pool_.observations[event.index].link);
        } else {
            pool_.observations.prefetch(event.index);
        }
    } else if (event.kind == static_cast<std::uint32_t>(fleet::TimerKind::life) || event.kind == plan_timer) {
        if (near) pool_.prefetch(event.index);
    }
}

void Shard::on_timer(fleet::Turn& step, base::TimerEvent event) {
    if (event.kind == plan_timer) {
        on_plan_timer(step, event.index);
    } else if (event.kind == scan_timer) {
        draining_ ? drain_slice(step) : on_scan_timer(step.now);
    } else {
        fleet::on_timer(step, event);
    }
}

// The device's first step in `phase` waits on the wheel; steps of later phases are planned when their turn comes.
void Shard::plan_device(fleet::DeviceId id, std::size_t phase) {
    const auto step = plan_.next(pool_.membership.index_of(id), phase);
    if (!step || step->phase != phase) return;
    (void)timers_.arm(step->at, {plan_timer, id});
}

void Shard::on_plan_timer(fleet::Turn& step, fleet::DeviceId id) {
    if (draining_) return;
    const auto phase = plan_.phase_at(step.now);
    // The phase may have ended within the tick: the step is then that of the one before.
    for (std::size_t candidate = phase + 1; candidate-- > 0;) {
        const auto planned = plan_.next(pool_.membership.index_of(id), candidate);
        if (!planned || planned->phase != candidate) continue;
        switch (planned->kind) {
            case scenarios::PlannedStep::Kind::start:
                return fleet::on_command(step, id, {fleet::Command::Kind::start, planned->at});
            case scenarios::PlannedStep::Kind::stop:
                return fleet::on_command(step, id, {fleet::Command::Kind::deregister, planned->at});
            case scenarios::PlannedStep::Kind::power_cycle:
                counters_.inject(metrics::Fault::power_cycle);
                return fleet::on_command(step, id, {fleet::Command::Kind::power_cycle, planned->back});
            case scenarios::PlannedStep::Kind::rebind: return nat_->rebind(id);
            case scenarios::PlannedStep::Kind::rotate_keys:
                return fleet::on_command(step, id, {fleet::Command::Kind::rotate_keys, planned->at});
        }
    }
}

void Shard::on_scan_timer(base::Time now) {
    const auto& phases = plan_.phases();
    while (scan_phase_ < phases.size() && phases[scan_phase_].kind == scenarios::PlannedPhase::Kind::hold)
        ++scan_phase_;
    if (scan_phase_ >= phases.size()) return;
    const base::Time begin = phases[scan_phase_].begin - scan_lead(pool_.size());
    if (scan_device_ == 0 && now < begin) {
        (void)timers_.arm(begin, {scan_timer, 0});
        return;
    }
    const auto end = std::min(pool_.size(), scan_device_ + scan_slice);
    for (; scan_device_ < end; ++scan_device_) plan_device(scan_device_, scan_phase_);
    // A slice that came late delays none after it: all have to be planned when the phase begins.
    const base::Time due = begin + scan_pause * (scan_device_ / scan_slice);
    if (scan_device_ == pool_.size()) {
        scan_device_ = 0;
        ++scan_phase_;
    }
    (void)timers_.arm(std::max(now, due), {scan_timer, 0});
}

void Shard::begin_drain(base::Time now, base::Duration over) {
    draining_ = true;
    drained_ = 0;
    drain_begin_ = now;
    drain_over_ = std::max<base::Duration>(over, drain_pause);
    (void)timers_.arm(now, {scan_timer, 0});
}

void Shard::drain_slice(fleet::Turn& step) {
    const double share = std::min(1.0, base::seconds(step.now - drain_begin_) / base::seconds(drain_over_));
    const auto until = static_cast<fleet::DeviceId>(share * pool_.size());
    for (; drained_ < until; ++drained_) {
        // No plan says when: a slice is due when it comes, so it adds no lag to the run that it ends.
        fleet::on_command(step, drained_, {fleet::Command::Kind::deregister, step.now});
    }
    if (drained_ < pool_.size()) (void)timers_.arm(step.now + drain_pause, {scan_timer, 0});
}

void Shard::fetched(base::Time now, const fleet::Fetched& fetched) {
    auto step = turn(now);
    fleet::on_fetched(step, fetched);
    outbox_.flush(now);
}

void Shard::looked_up(base::Time now, const fleet::LookedUp& found) {
    auto step = turn(now);
    fleet::on_looked_up(step, found);
    outbox_.flush(now);
}

void Shard::stop_all(base::Time now) {
    auto step = turn(now);
    for (fleet::DeviceId id = 0; id < pool_.size(); ++id)
        fleet::on_command(step, id, {fleet::Command::Kind::stop, now});
    outbox_.flush(now);
    if (dtls_ != nullptr) dtls_->flush(now);
}

}  // namespace engine
