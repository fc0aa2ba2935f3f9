// Nat: a network address translator between devices and the world. It forgets a device that was silent for too long
// (RFC 4787 4.3): what is sent to it is lost then, and the next datagram of the device comes from another address,
// which the device does not know.
#pragma once

#include <functional>
#include <vector>

#include "simulator/base/region.h"
#include "simulator/net/transport.h"

namespace net {

struct NatCounts {
    std::uint64_t rebinds = 0;  // new addresses given
    std::uint64_t expired = 0;  // datagrams for a device that was forgotten
};

class Nat final : public Transport {
public:
    struct Config {
        std::uint32_t devices = 0;
        std::function<base::Duration(std::uint32_t device)> timeout_of;  // 0: it never forgets the device
        // Gives the device another address below.
        std::function<void(std::uint32_t device)> move;
    };
    // `inner` must outlive this object.
    Nat(Config config, Transport& inner);

    void send(base::Time now, std::span<const Packet> packets) override;
    std::span<const Packet> receive(base::Time now) override;
    base::Time next_due() const override { return inner_.next_due(); }
    TransportCounts counts() const override { return inner_.counts(); }

    // At once, whether or not it was silent.
    void rebind(std::uint32_t device);
    const NatCounts& nat_counts() const { return counts_; }

private:
    bool forgotten(base::Time now, std::uint32_t device) const;
    void note(base::Time now, std::uint32_t device) { heard_[device] = now; }

    Config config_;
    Transport& inner_;
    // By device: when it last sent or got something. Only where some are forgotten; a device that was never heard is at
    // the epoch, and has nothing to lose.
    base::Region<base::Time> heard_;
    std::vector<Packet> through_;
    NatCounts counts_;
};

}  // namespace net
