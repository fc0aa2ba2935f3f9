// Address: an IPv4 or IPv6 address with a port, as a plain value that can be compared, hashed and kept a million times.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "simulator/base/error.h"
#include "simulator/base/random.h"

namespace net {

struct Address {
    std::array<std::uint8_t, 16> ip{};  // network order; IPv4 lies in the first four bytes
    std::uint16_t port = 0;             // host order
    bool v6 = false;

    // The IPv4 address as a number in host order; only where `v6` is false.
    std::uint32_t v4() const {
        return std::uint32_t{ip[0]} << 24 | std::uint32_t{ip[1]} << 16 | std::uint32_t{ip[2]} << 8 | ip[3];
    }
    static Address from_v4(std::uint32_t host_order, std::uint16_t port) {
        Address address;
        for (std::size_t i = 0; i < 4; ++i) address.ip[i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
        address.port = port;
        return address;
    }
    bool loopback() const { return v6 ? *this == with_port(v6_loopback(), port) : ip[0] == 127; }
    // Loopback, RFC 1918, RFC 4193, link-local and RFC 6598 addresses: those that cannot belong to a stranger on the
    // internet.
    bool private_range() const;

    friend bool operator==(const Address&, const Address&) = default;

private:
    static Address with_port(Address address, std::uint16_t port) {
        address.port = port;
        return address;
    }
    static Address v6_loopback() {
        Address address;
        address.ip[15] = 1;
        address.v6 = true;
        return address;
    }
};

struct AddressHash {
    std::size_t operator()(const Address& address) const {
        std::uint64_t low = 0;
        std::uint64_t high = 0;
        for (std::size_t i = 0; i < 8; ++i) {
            low = low << 8 | address.ip[i];
            high = high << 8 | address.ip[8 + i];
        }
        return base::mix(low * 0x9e3779b97f4a7c15ULL ^ high ^ address.port);
    }
};

// "127.0.0.1", "::1"; without port.
base::Result<Address> parse_ip(std::string_view text, std::uint16_t port);
// "127.0.0.1", "::1", without port; returns its length. Allocates nothing.
inline constexpr std::size_t longest_ip = 46;  // with a zero at the end
std::size_t write_ip(const Address& address, std::span<char, longest_ip> text);
// "127.0.0.1:5683", "[::1]:5683"
std::string to_string(const Address& address);

}  // namespace net
