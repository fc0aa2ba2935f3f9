// MemoryTransport: a network inside the process, for virtual time. Nothing is lost, reordered or delayed here; that is
// what impairment.h is for.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "simulator/net/transport.h"

namespace net {

// The switch: knows which transport an address belongs to. It must outlive its transports.
class MemoryNetwork {
    friend class MemoryTransport;
    struct Datagram {
        std::vector<std::uint8_t> bytes;
        Address remote;
        std::uint32_t local = 0;
    };
    struct Owner {
        class MemoryTransport* transport = nullptr;
        std::uint32_t local = 0;
    };
    std::unordered_map<Address, Owner, AddressHash> owners_;
};

// One side of the network: a shard with many addresses, or a server with one.
class MemoryTransport final : public Transport {
public:
    explicit MemoryTransport(MemoryNetwork& network) : network_(network) {}

    // From now on datagrams to `address` arrive here with this `local`, and those of `local` come from `address`.
    // Numbers count up from 0.
    void attach(std::uint32_t local, const Address& address);

    // A new address for a `local`, as behind a NAT that has forgotten it: nothing reaches the old one any more.
    void move(std::uint32_t local, const Address& address);

    void send(base::Time now, std::span<const Packet> packets) override;
    std::span<const Packet> receive(base::Time now) override;
    TransportCounts counts() const override { return counts_; }
    bool waiting() const { return !inbox_.empty(); }

private:
    static constexpr std::size_t batch = 64;

    MemoryNetwork& network_;
    std::vector<Address> addresses_;
    std::deque<MemoryNetwork::Datagram> inbox_;
    std::vector<MemoryNetwork::Datagram> delivered_;
    std::vector<Packet> packets_;
    TransportCounts counts_;
};

}  // namespace net
