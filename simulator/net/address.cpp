#include "simulator/net/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

namespace net {

bool Address::private_range() const {
    if (loopback()) return true;
    if (v6) return (ip[0] & 0xfe) == 0xfc || (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80);
    return ip[0] == 10 || (ip[0] == 172 && (ip[1] & 0xf0) == 16) || (ip[0] == 192 && ip[1] == 168) ||
           (ip[0] == 169 && ip[1] == 254) || (ip[0] == 100 && (ip[1] & 0xc0) == 64);
}

base::Result<Address> parse_ip(std::string_view text, std::uint16_t port) {
    const std::string terminated(text);
    Address address;
    address.port = port;
    if (inet_pton(AF_INET, terminated.c_str(), address.ip.data()) == 1) return address;
    address.v6 = true;
    if (inet_pton(AF_INET6, terminated.c_str(), address.ip.data()) == 1) return address;
    return base::fail("not an IPv4 or IPv6 address");
}

std::size_t write_ip(const Address& address, std::span<char, longest_ip> text) {
    static_assert(longest_ip >= INET6_ADDRSTRLEN);
    text[0] = 0;
    inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.ip.data(), text.data(), text.size());
    return std::string_view(text.data()).size();
}

std::string to_string(const Address& address) {
    char text[INET6_ADDRSTRLEN] = "";
    inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.ip.data(), text, sizeof text);
    return address.v6 ? fmt::format("[{}]:{}", text, address.port) : fmt::format("{}:{}", text, address.port);
}

}  // namespace net
