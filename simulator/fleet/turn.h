// Turn: all that a device may touch in one step of it: the moment, where datagrams go, its timers, and what is counted.
#pragma once

#include "metrics/counters.h"
#include "metrics/latency.h"
#include "simulator/base/random.h"
#include "simulator/fleet/device_pool.h"
#include "simulator/net/outbox.h"

namespace fleet {

struct Turn {
    base::Time now;
    DevicePool& pool;
    net::Outbox& outbox;
    base::TimerWheel& timers;
    coap::Endpoint& endpoint;
    metrics::Counters& counters;
    metrics::LatencyRecorder& latency;

    std::uint64_t index_of(DeviceId device) const { return pool.membership.index_of(device); }
    double unit(DeviceId device, base::Stream stream, std::uint64_t counter) const {
        return base::to_unit(base::draw(pool.seed, index_of(device), stream, counter));
    }

    // Memory for one datagram; `send` it or leave it.
    base::Writer open() { return base::Writer(outbox.open(now)); }
    void send(DeviceId device, const base::Writer& datagram) { outbox.commit(datagram.size(), device, pool.server); }

    void move(Device& device, metrics::DeviceState to) {
        counters.move_device(device.profile, device.state, to);
        device.state = to;
    }
};

// The 4-byte token of a device's next request: differs from its earlier ones.
inline coap::Token next_token(const Turn& turn, DeviceId id, Device& device) {
    const auto bits = base::draw(turn.pool.seed, turn.index_of(id), base::Stream::token, device.tokens++);
    const std::array<std::uint8_t, 4> bytes{static_cast<std::uint8_t>(bits), static_cast<std::uint8_t>(bits >> 8),
                                            static_cast<std::uint8_t>(bits >> 16),
                                            static_cast<std::uint8_t>(bits >> 24)};
    return coap::Token(bytes);
}

}  // namespace fleet
