#include "simulator/net/nat.h"

namespace net {

Nat::Nat(Config config, Transport& inner) : config_(std::move(config)), inner_(inner) {
    bool forgets = false;
    for (std::uint32_t device = 0; device < config_.devices && !forgets; ++device) {
        forgets = config_.timeout_of(device) > base::Duration::zero();
    }
    if (forgets) heard_ = base::Region<base::Time>(config_.devices);
}

bool Nat::forgotten(base::Time now, std::uint32_t device) const {
    if (heard_[device] == base::Time{}) return false;
    const auto timeout = config_.timeout_of(device);
    return timeout > base::Duration::zero() && now - heard_[device] > timeout;
}

void Nat::rebind(std::uint32_t device) {
    ++counts_.rebinds;
    config_.move(device);
}

void Nat::send(base::Time now, std::span<const Packet> packets) {
    if (heard_.capacity() != 0) {
        for (const auto& packet : packets) {
            if (forgotten(now, packet.local)) rebind(packet.local);
            note(now, packet.local);
        }
    }
    inner_.send(now, packets);
}

std::span<const Packet> Nat::receive(base::Time now) {
    if (heard_.capacity() == 0) return inner_.receive(now);
    for (auto packets = inner_.receive(now); !packets.empty(); packets = inner_.receive(now)) {
        through_.clear();
        for (const auto& packet : packets) {
            const bool known = packet.local < config_.devices;
            if (known && forgotten(now, packet.local)) {
                ++counts_.expired;
                continue;
            }
            if (known) note(now, packet.local);
            through_.push_back(packet);
        }
        if (!through_.empty()) return through_;
    }
    return {};
}

}  // namespace net
