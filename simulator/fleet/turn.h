// Turn: all that a device may touch in one step of it: the moment, where datagrams go, its timers, and what is counted.
#pragma once

#include "metrics/counters.h"
#include "metrics/latency.h"
#include "simulator/base/random.h"
#include "simulator/fleet/device_pool.h"
#include "simulator/net/outbox.h"
#include "simulator/net/secure_link.h"

namespace fleet {

struct Turn;
// A device that sleeps has sent something: see sleep.h.
void stay_awake(Turn& turn, DeviceId device);

struct Turn {
    base::Time now;
    DevicePool& pool;
    net::Outbox& outbox;
    base::TimerWheel& timers;
    coap::Endpoint& endpoint;
    metrics::Counters& counters;
    metrics::LatencyRecorder& latency;
    net::SecureLink* security = nullptr;  // null: no device of the shard speaks DTLS
    // While what has waited for an exchange to end is sent: when that was. What the peer made it wait is no lag of
    // ours.
    base::Time free_since = base::Time::min();

    // The device's number in the fleet.
    std::uint64_t index_of(LinkId link) const { return pool.membership.index_of(pool.device_of(link)); }
    double unit(LinkId link, base::Stream stream, std::uint64_t counter) const {
        return base::to_unit(base::draw(pool.seed, index_of(link), stream, counter));
    }

    // Memory for one datagram; `send` it or leave it.
    base::Writer open() { return base::Writer(outbox.open(now)); }
    void send(LinkId link, const base::Writer& datagram) {
        send_to(pool.device_of(link), pool.address_of(link), datagram);
    }
    void send_to(DeviceId device, const net::Address& remote, const base::Writer& datagram) {
        pool.count_sent(now, device, datagram.size());
        outbox.commit(datagram.size(), device, remote);
        if (pool[device].sleeps) stay_awake(*this, device);
    }

    void record_sent(metrics::Operation operation, metrics::ProfileIndex profile, base::Time intended) {
        latency.record_sent(operation, profile, std::max(intended, free_since), now);
    }

    void move(LinkId id, metrics::DeviceState to) {
        const DeviceId device = pool.device_of(id);
        const auto before = pool.state_of(device);
        pool.link(id).state = to;
        counters.move_device(pool[device].profile, before, pool.state_of(device));
    }
};

// The 4-byte token of the next request on a link: differs from its earlier ones.
inline coap::Token next_token(const Turn& turn, LinkId id, Link& link) {
    const auto bits = base::draw(turn.pool.seed, turn.index_of(id), base::Stream::token, link.tokens++);
    const std::array<std::uint8_t, 4> bytes{static_cast<std::uint8_t>(bits), static_cast<std::uint8_t>(bits >> 8),
                                            static_cast<std::uint8_t>(bits >> 16),
                                            static_cast<std::uint8_t>(bits >> 24)};
    return coap::Token(bytes);
}

}  // namespace fleet
