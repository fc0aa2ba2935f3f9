// SharedTransport: the part of a network's datagrams that one layer leaves to another. Downward everything passes; what
// goes up is what was put in.
#pragma once

#include <utility>
#include <vector>

#include "simulator/net/transport.h"

namespace net {

class SharedTransport final : public Transport {
public:
    // `network` must outlive this object.
    explicit SharedTransport(Transport& network) : network_(network) {}

    // What goes up next: all of a batch, or packet by packet. They live as long as the network's last `receive`.
    void lend(std::span<const Packet> packets) { lent_ = packets; }
    void clear() { packets_.clear(); }
    void put(const Packet& packet) { packets_.push_back(packet); }

    void send(base::Time now, std::span<const Packet> packets) override { network_.send(now, packets); }
    std::span<const Packet> receive(base::Time) override {
        if (!lent_.empty()) return std::exchange(lent_, {});
        handed_.clear();
        handed_.swap(packets_);
        return handed_;
    }
    base::Time next_due() const override { return network_.next_due(); }
    TransportCounts counts() const override { return network_.counts(); }

private:
    Transport& network_;
    std::span<const Packet> lent_;
    std::vector<Packet> packets_;
    std::vector<Packet> handed_;
};

}  // namespace net
