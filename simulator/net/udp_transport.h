// UdpTransport: many devices on a few UDP sockets. The source address of a device goes out, and comes back, as
// IP_PKTINFO; datagrams move 64 at a time (sendmmsg, recvmmsg).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <asio/io_context.hpp>

#include "simulator/base/error.h"
#include "simulator/net/address_plan.h"
#include "simulator/net/transport.h"

namespace net {

// Why sockets could not be had: a sentence for the user, with the way out.
struct SocketError {
    std::string message;
    bool address_in_use = false;
};

class UdpTransport final : public Transport {
public:
    // Opens the sockets of a shard: each on a port that the kernel picks. Buffers are asked for at 4 MB each.
    static tl::expected<std::unique_ptr<UdpTransport>, SocketError> open(asio::io_context& io, const AddressPlan& plan);
    // Opens one socket at a fixed address, as a server does; all packets have `local` 0.
    static tl::expected<std::unique_ptr<UdpTransport>, SocketError> open_server(asio::io_context& io,
                                                                                const Address& local);
    // The same with several sockets, each for a thread of its own, that share the address as Steering says; `ios` has
    // two or more. What comes to the wrong one is dropped and counted.
    static tl::expected<std::vector<std::unique_ptr<UdpTransport>>, SocketError> open_server(
        std::span<asio::io_context* const> ios, const Address& local);
    ~UdpTransport() override;

    // Calls `readable` from the io_context, on its thread, whenever datagrams are waiting; the callee then calls
    // receive() until it is empty.
    void on_readable(std::function<void()> readable);
    void close();

    void send(base::Time now, std::span<const Packet> packets) override;
    std::span<const Packet> receive(base::Time now) override;
    TransportCounts counts() const override;

    // From now on the device speaks from another address: nothing that is sent to the one before reaches it. False
    // where the plan has no other (AddressPlan::banks).
    bool rebind(std::uint32_t device);

    // The address of the (first) socket, with the port that it got.
    Address local_address() const;
    // Where device `device` speaks from, its port included.
    Address device_address(std::uint32_t device) const;
    // What the kernel granted of the receive buffer asked for, the smallest of all sockets, in bytes.
    std::size_t receive_buffer() const;

private:
    struct Impl;
    explicit UdpTransport(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace net
