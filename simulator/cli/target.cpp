#include "simulator/cli/target.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include <fmt/format.h>

namespace cli {
namespace {

net::Address from_sockaddr(const sockaddr& name, std::uint16_t port) {
    net::Address address;
    address.port = port;
    address.v6 = name.sa_family == AF_INET6;
    if (address.v6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &name, sizeof(v6));
        std::memcpy(address.ip.data(), &v6.sin6_addr, 16);
    } else {
        sockaddr_in v4{};
        std::memcpy(&v4, &name, sizeof(v4));
        std::memcpy(address.ip.data(), &v4.sin_addr, 4);
    }
    return address;
}

struct SocketName {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

SocketName to_sockaddr(const net::Address& address) {
    SocketName name;
    if (address.v6) {
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(address.port);
        std::memcpy(&v6.sin6_addr, address.ip.data(), 16);
        std::memcpy(&name.storage, &v6, sizeof(v6));
        name.size = sizeof(v6);
    } else {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(address.port);
        std::memcpy(&v4.sin_addr, address.ip.data(), 4);
        std::memcpy(&name.storage, &v4, sizeof(v4));
        name.size = sizeof(v4);
    }
    return name;
}

}  // namespace

base::Result<net::Address, std::string> resolve(const scenarios::Target& target) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo* found = nullptr;
    const int failure = getaddrinfo(target.host.c_str(), nullptr, &hints, &found);
    if (failure != 0) {
        return tl::unexpected(
            fmt::format("cannot find the host '{}' of {}: {}", target.host, to_string(target), gai_strerror(failure)));
    }
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> keeper(found, freeaddrinfo);
    const addrinfo* chosen = found;
    for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
        if (entry->ai_family == AF_INET) {
            chosen = entry;
            break;
        }
    }
    return from_sockaddr(*chosen->ai_addr, target.port);
}

std::string refuse_stranger(const net::Address& target, std::uint64_t devices) {
    if (devices <= stranger_devices || target.private_range()) return {};
    return fmt::format(
        "{} is neither loopback nor in a private range: {} devices would be a load on somebody's server. If it is "
        "yours, "
        "say --i-own-the-target; up to {} devices need no such word",
        net::to_string(target), devices, stranger_devices);
}

std::optional<net::Address> source_address(const net::Address& target) {
    const int fd = socket(target.v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return std::nullopt;
    // Connecting a UDP socket sends nothing: the kernel only picks a route.
    const SocketName name = to_sockaddr(target);
    sockaddr_storage own{};
    socklen_t size = sizeof(own);
    const bool known = connect(fd, reinterpret_cast<const sockaddr*>(&name.storage), name.size) == 0 &&
                       getsockname(fd, reinterpret_cast<sockaddr*>(&own), &size) == 0;
    close(fd);
    if (!known) return std::nullopt;
    return from_sockaddr(reinterpret_cast<const sockaddr&>(own), 0);
}

base::Result<SourcePlan, std::string> plan_sources(const net::Address& target,
                                                   std::optional<net::AddressPlan::Kind> kind,
                                                   const std::optional<net::Prefix>& pool) {
    using Kind = net::AddressPlan::Kind;
    SourcePlan plan;
    const bool pool_on_loopback = target.loopback() && !target.v6;
    plan.kind = kind.value_or(pool || pool_on_loopback ? Kind::pool : Kind::ports);
    if (plan.kind == Kind::ports) {
        if (pool) return tl::unexpected(std::string("--address-pool goes with --addresses pool only"));
        plan.single = source_address(target);
        if (plan.single) return plan;
        return tl::unexpected(fmt::format("there is no route to {}", net::to_string(target)));
    }
    if (!pool && !pool_on_loopback) {
        return tl::unexpected(
            std::string("off IPv4 loopback a pool needs addresses of this host: --address-pool PREFIX (ip route add "
                        "local PREFIX dev "
                        "lo), or use --addresses ports"));
    }
    plan.pool = pool ? *pool : *net::parse_prefix("127.0.0.0/8");
    if (plan.pool.first.v6 != target.v6) {
        return tl::unexpected(
            fmt::format("the addresses of the pool and the target {} are not of one family", net::to_string(target)));
    }
    return plan;
}

}  // namespace cli
