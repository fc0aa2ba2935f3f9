// Transport: carries datagrams, a batch at a time. The one seam between the protocol and the world: sockets, a memory
// network or impairments.
#pragma once

#include <cstdint>
#include <span>

#include "simulator/base/time.h"
#include "simulator/net/packet.h"

namespace net {

// What the transport itself saw; counted since its construction.
struct TransportCounts {
    std::uint64_t sent = 0;  // datagrams that the kernel (or the memory network) took
    std::uint64_t sent_bytes = 0;
    std::uint64_t received = 0;  // datagrams handed up
    std::uint64_t received_bytes = 0;
    std::uint64_t receive_overruns = 0;  // dropped by the kernel for want of buffer (SO_RXQ_OVFL)
    std::uint64_t send_refused = 0;      // not taken: ENOBUFS, or EAGAIN past the retries
    std::uint64_t unreachable = 0;       // ICMP said so
    std::uint64_t oversized = 0;         // longer than max_datagram, dropped
    std::uint64_t misdirected = 0;       // came to a socket that Steering does not lead to, dropped

    TransportCounts& operator+=(const TransportCounts& other) {
        sent += other.sent;
        sent_bytes += other.sent_bytes;
        received += other.received;
        received_bytes += other.received_bytes;
        receive_overruns += other.receive_overruns;
        send_refused += other.send_refused;
        unreachable += other.unreachable;
        oversized += other.oversized;
        misdirected += other.misdirected;
        return *this;
    }
};

class Transport {
public:
    virtual ~Transport() = default;

    // Sends the packets in order. A packet that cannot be sent is counted, never kept.
    virtual void send(base::Time now, std::span<const Packet> packets) = 0;

    // What has arrived, at most one batch; empty when nothing is waiting. The packets live until the next call.
    virtual std::span<const Packet> receive(base::Time now) = 0;

    // When `receive` will have something without anything arriving from outside (delayed packets); base::never if not.
    virtual base::Time next_due() const { return base::never; }

    virtual TransportCounts counts() const = 0;
};

}  // namespace net
