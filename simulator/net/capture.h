// Capture: the datagrams of one device as they are on the wire, written as pcap (nanoseconds, link type RAW: each
// packet begins with its IP header), for Wireshark and tcpdump. The IP and UDP headers are made for it, as nobody else
// sees them here.
//
//   | a1b23c4d | 2 | 4 | 0 | 0 | longest packet | 101 |       file header, of 32 and 16 bits in host order
//   | seconds | nanoseconds | bytes here | bytes there |     each packet
//   | IPv4 or IPv6 | UDP | datagram |
#pragma once

#include <ostream>

#include "simulator/net/transport.h"

namespace net {

class Capture final : public Transport {
public:
    struct Config {
        std::uint32_t device = 0;     // Packet::local
        Address address;              // its own
        std::ostream* out = nullptr;  // must outlive this object; whether it fails is for its owner to see
        base::Duration unix_start{};  // Unix time at base::Time{}
    };
    // `inner` must outlive this object.
    Capture(const Config& config, Transport& inner);

    // From here on it is the device's, which a NAT has moved.
    void set_address(const Address& address) { config_.address = address; }
    // Where it becomes known only when the run begins.
    void set_unix_start(base::Duration start) { config_.unix_start = start; }

    void send(base::Time now, std::span<const Packet> packets) override;
    std::span<const Packet> receive(base::Time now) override;
    base::Time next_due() const override { return inner_.next_due(); }
    TransportCounts counts() const override { return inner_.counts(); }

private:
    void write(base::Time now, const Address& from, const Address& to, base::Bytes datagram);

    Config config_;
    Transport& inner_;
};

}  // namespace net
