#include "simulator/net/memory_transport.h"

#include "simulator/base/check.h"

namespace net {

void MemoryTransport::attach(std::uint32_t local, const Address& address) {
    CHECK(local == addresses_.size());
    addresses_.push_back(address);
    network_.owners_[address] = {this, local};
}

void MemoryTransport::move(std::uint32_t local, const Address& address) {
    CHECK(local < addresses_.size());
    network_.owners_.erase(addresses_[local]);
    addresses_[local] = address;
    network_.owners_[address] = {this, local};
}

void MemoryTransport::send(base::Time, std::span<const Packet> packets) {
    for (const auto& packet : packets) {
        ++counts_.sent;
        counts_.sent_bytes += packet.bytes.size();
        const auto owner = network_.owners_.find(packet.remote);
        if (owner == network_.owners_.end()) {
            ++counts_.unreachable;
            continue;
        }
        owner->second.transport->inbox_.push_back(
            {{packet.bytes.begin(), packet.bytes.end()}, addresses_[packet.local], owner->second.local});
    }
}

std::span<const Packet> MemoryTransport::receive(base::Time) {
    delivered_.clear();
    packets_.clear();
    while (!inbox_.empty() && delivered_.size() < batch) {
        delivered_.push_back(std::move(inbox_.front()));
        inbox_.pop_front();
    }
    for (const auto& datagram : delivered_) {
        ++counts_.received;
        counts_.received_bytes += datagram.bytes.size();
        packets_.push_back({datagram.bytes, datagram.local, datagram.remote});
    }
    return packets_;
}

}  // namespace net
