// AddressPlan: which local address and port each device of a shard speaks from. Arithmetic both ways, no table.
//
// `pool`: the shard owns a few ports, each a wildcard socket; a device is an address of a prefix at one of them. The
// first addresses times all ports make up the devices:
//   device = socket * addresses + (address - first)
// so that devices with neighbouring numbers share a socket, and a batch of them one system call.
// The addresses behind those are banks of as many more, to which devices move when a NAT gives them another address.
// `ports`: one address, one socket a device; they do not move.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "simulator/net/address.h"

namespace net {

struct AddressPlan {
    enum class Kind : std::uint8_t { pool, ports };
    Kind kind = Kind::pool;
    Address first;  // pool: the address of device 0 of each socket; ports: the one address. Its port is not used.
    std::uint64_t prefix_size = 0;  // pool: how many addresses from `first` on may be used
    std::uint32_t devices = 0;      // of the shard
    std::uint32_t sockets = 2;      // pool: of the shard; ports: = devices

    // Addresses in use: enough for the devices of one socket.
    std::uint32_t addresses() const { return kind == Kind::pool ? (devices + sockets - 1) / sockets : 1; }
    std::uint32_t socket_of(std::uint32_t device) const { return kind == Kind::pool ? device / addresses() : device; }
    // Addresses that each device may have, one after the other.
    std::uint32_t banks() const;
    // The source address of a device in a bank (port 0: that of its socket).
    Address address_of(std::uint32_t device, std::uint32_t bank = 0) const;
    struct Place {
        std::uint32_t device = 0;
        std::uint32_t bank = 0;
        friend bool operator==(const Place&, const Place&) = default;
    };
    // What is at a local address of a socket; nothing where no device ever is.
    std::optional<Place> place_at(std::uint32_t socket, const Address& local) const;
};

// "127.0.0.0/8" with all that a pool may use of it: the network and broadcast addresses are left out, and on
// 127.0.0.0/8 the first 2^16, where servers live. Fails for a prefix too small to hold any address.
struct Prefix {
    Address first;
    std::uint64_t size = 0;
};
base::Result<Prefix> parse_prefix(std::string_view text);

}  // namespace net
