#include "simulator/net/probe.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace net {
namespace {

constexpr int patience_ms = 300;

// 0, or the errno of the refusal.
int ask(int fd, const Address& target) {
    sockaddr_in6 name{};
    socklen_t size = sizeof(sockaddr_in6);
    if (target.v6) {
        name.sin6_family = AF_INET6;
        name.sin6_port = htons(target.port);
        std::memcpy(&name.sin6_addr, target.ip.data(), 16);
    } else {
        auto& v4 = reinterpret_cast<sockaddr_in&>(name);
        v4.sin_family = AF_INET;
        v4.sin_port = htons(target.port);
        std::memcpy(&v4.sin_addr, target.ip.data(), 4);
        size = sizeof(sockaddr_in);
    }
    if (connect(fd, reinterpret_cast<sockaddr*>(&name), size) != 0) return errno;
    // Version 1, CON, no token, code 0.00, message id 1.
    constexpr std::array<std::uint8_t, 4> ping{0x40, 0x00, 0x00, 0x01};
    if (send(fd, ping.data(), ping.size(), 0) < 0) return errno;
    pollfd waiting{fd, POLLIN, 0};
    if (poll(&waiting, 1, patience_ms) <= 0) return 0;
    std::array<std::uint8_t, 64> answer{};
    return recv(fd, answer.data(), answer.size(), MSG_DONTWAIT) < 0 && errno != EAGAIN ? errno : 0;
}

}  // namespace

std::optional<std::string> probe(const Address& target) {
    const int fd = socket(target.v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return std::strerror(errno);
    const int refusal = ask(fd, target);
    close(fd);
    if (refusal == 0) return std::nullopt;
    return std::strerror(refusal);
}

}  // namespace net
