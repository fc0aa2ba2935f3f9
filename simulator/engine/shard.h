// Shard: the devices of one thread, with their timers, exchanges and counters, following the plan. It knows neither
// threads nor clocks.
#pragma once

#include <memory>
#include <vector>

#include "metrics/conservation.h"
#include "scenarios/plan.h"
#include "simulator/engine/worker.h"
#include "simulator/fleet/firmware.h"
#include "simulator/fleet/steps.h"
#include "simulator/net/impairment.h"
#include "simulator/net/nat.h"
#include "simulator/net/secure_link.h"

namespace engine {

struct ShardConfig {
    std::uint64_t seed = 0;
    fleet::Membership membership;
    std::vector<profiles::ResolvedProfilePtr> profiles;
    fleet::ServerAddresses servers;
    const scenarios::Plan* plan = nullptr;  // must outlive the shard
    fleet::PoolCapacity capacity{};
    const net::Impairment* impairment =
        nullptr;                      // what the transport passes through, if anything; counted with the rest
    net::SecureLink* dtls = nullptr;  // the transport itself, where devices speak DTLS
    net::Nat* nat = nullptr;          // below, where devices get new addresses
};

// The operations that devices of these profiles can start in this version: what the latency recorder has room for.
std::vector<metrics::Operation> supported_operations(std::span<const profiles::ResolvedProfilePtr> profiles);

class Shard final : public Worker {
public:
    // `transport` must outlive the shard. Plans the first step of every device.
    Shard(ShardConfig config, net::Transport& transport);

    bool work(base::Time now) override;
    base::Time next_due() const override;
    void every_second(base::Time now) override;

    // Ends the plan: from now on devices go, evenly over that time, each with a De-register.
    void begin_drain(base::Time now, base::Duration over);
    // Ends everything without a word; what is in flight counts as aborted.
    void stop_all(base::Time now);

    // A package that a device had fetched otherwise than by CoAP.
    void fetched(base::Time now, const fleet::Fetched& fetched);
    // A host that a device had looked up by its name.
    void looked_up(base::Time now, const fleet::LookedUp& found);

    // Devices that neither wait for an answer nor have a step of the plan to come before `never`: is all done?
    std::uint32_t in_flight() const { return endpoint_.in_flight(); }

    // Safe from any thread.
    const metrics::Counters& counters() const { return counters_; }
    const metrics::LatencyRecorder& latency() const { return latency_; }
    bool conservation_held() const { return conservation_held_.get() != 0; }

    // For the owning thread only.
    fleet::DevicePool& pool() { return pool_; }
    // Starts an operation that never ends: for tests of the conservation law.
    void leak_operation() { counters_.start(metrics::Operation::update, 0); }
    void sync_transport();

private:
    // Beside fleet::TimerKind on the same wheel.
    static constexpr std::uint32_t plan_timer = 8;  // index: DeviceId
    static constexpr std::uint32_t scan_timer = 9;  // the next slice of the devices gets its next step planned

    fleet::Turn turn(base::Time now);
    void fetch_ahead(base::TimerEvent event, base::Nearness nearness);
    void on_timer(fleet::Turn& turn, base::TimerEvent event);
    void plan_device(fleet::DeviceId id, std::size_t phase);
    void on_plan_timer(fleet::Turn& turn, fleet::DeviceId id);
    void on_scan_timer(base::Time now);
    void drain_slice(fleet::Turn& turn);
    void take_link_events(fleet::Turn& turn);
    void sync_dtls();
    void sync_nat();

    net::Transport& transport_;
    const scenarios::Plan& plan_;
    base::TimerWheel timers_;
    coap::Endpoint endpoint_;
    fleet::DevicePool pool_;
    net::Outbox outbox_;
    metrics::Counters counters_;
    metrics::LatencyRecorder latency_;
    const net::Impairment* impairment_;
    net::SecureLink* dtls_;
    net::Nat* nat_;
    net::NatCounts seen_nat_;
    net::TransportCounts seen_;
    net::DtlsCounts seen_dtls_;
    net::ImpairmentCounts seen_faults_;

    std::size_t scan_phase_ = 0;       // the phase whose steps are planned next
    fleet::DeviceId scan_device_ = 0;  // the device it goes on with
    bool draining_ = false;
    fleet::DeviceId drained_ = 0;
    base::Time drain_begin_{};
    base::Duration drain_over_{};
    metrics::Cell conservation_held_;
};

}  // namespace engine
