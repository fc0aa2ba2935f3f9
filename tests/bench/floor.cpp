#include "tests/bench/floor.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <memory>

namespace bench {
namespace {

constexpr std::size_t batch = 64;
constexpr std::size_t sockets = 8;
constexpr std::uint64_t window = 1200;
constexpr std::uint32_t first_address = 0x7f400000;

struct Lane {
    std::array<mmsghdr, batch> headers{};
    std::array<iovec, batch> vectors{};
    std::array<sockaddr_in, batch> names{};
    std::array<std::array<std::uint8_t, 512>, batch> bytes{};
    alignas(cmsghdr) std::array<std::array<char, 64>, batch> controls{};
};

int open_socket() {
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    const int buffer = 4 << 20;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    }
    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    (void)bind(fd, reinterpret_cast<sockaddr*>(&any), sizeof any);
    return fd;
}

void prepare_send(Lane& lane, std::size_t i, std::uint32_t source, std::uint16_t port, std::size_t size) {
    lane.vectors[i] = {lane.bytes[i].data(), size};
    lane.names[i].sin_family = AF_INET;
    lane.names[i].sin_port = htons(port);
    lane.names[i].sin_addr.s_addr = htonl(0x7f000001);
    msghdr& header = lane.headers[i].msg_hdr;
    header = {};
    header.msg_name = &lane.names[i];
    header.msg_namelen = sizeof lane.names[i];
    header.msg_iov = &lane.vectors[i];
    header.msg_iovlen = 1;
    header.msg_control = lane.controls[i].data();
    header.msg_controllen = CMSG_SPACE(sizeof(in_pktinfo));
    cmsghdr* const entry = CMSG_FIRSTHDR(&header);
    entry->cmsg_level = IPPROTO_IP;
    entry->cmsg_type = IP_PKTINFO;
    entry->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
    in_pktinfo info{};
    info.ipi_spec_dst.s_addr = htonl(source);
    std::memcpy(CMSG_DATA(entry), &info, sizeof info);
}

std::uint32_t drain(int fd, Lane& lane) {
    std::uint32_t total = 0;
    for (;;) {
        for (std::size_t i = 0; i < batch; ++i) {
            lane.vectors[i] = {lane.bytes[i].data(), lane.bytes[i].size()};
            msghdr& header = lane.headers[i].msg_hdr;
            header = {};
            header.msg_name = &lane.names[i];
            header.msg_namelen = sizeof lane.names[i];
            header.msg_iov = &lane.vectors[i];
            header.msg_iovlen = 1;
            header.msg_control = lane.controls[i].data();
            header.msg_controllen = lane.controls[i].size();
        }
        const int count = recvmmsg(fd, lane.headers.data(), batch, MSG_DONTWAIT, nullptr);
        if (count <= 0) return total;
        total += static_cast<std::uint32_t>(count);
        if (static_cast<std::size_t>(count) < batch) return total;
    }
}

// Confirmable or not, a POST /rd of that size: the mirror answers confirmable ones.
void fill_message(std::uint8_t* at, std::size_t size, bool confirmable) {
    std::memset(at, 'x', size);
    at[0] = confirmable ? 0x44 : 0x54;
    at[1] = confirmable ? 0x02 : 0x45;
    std::memcpy(at + 8, "\xb2rd\x11\x28\xff", 6);
}

double run(Peer& mirror, const std::array<int, sockets>& fds, std::uint32_t count, std::size_t size, bool confirmable) {
    const auto out = std::make_unique<Lane>();
    const auto in = std::make_unique<Lane>();
    const std::uint64_t before = mirror.received();
    std::uint64_t sent = 0;
    std::uint64_t answered = 0;
    double spent = 0;
    for (auto& bytes : out->bytes) fill_message(bytes.data(), size, confirmable);
    while (sent < count) {
        for (const int fd : fds) {
            double start = thread_cpu_us();
            for (std::size_t i = 0; i < batch; ++i) {
                prepare_send(*out, i, first_address + static_cast<std::uint32_t>(sent / sockets + i), mirror.port(),
                             size);
            }
            for (std::size_t done = 0; done < batch;) {
                const int gone = sendmmsg(fd, &out->headers[done], static_cast<unsigned>(batch - done), 0);
                if (gone > 0) done += static_cast<std::size_t>(gone);
            }
            sent += batch;
            if (confirmable) answered += drain(fd, *in);
            spent += thread_cpu_us() - start;
            while (sent - (mirror.received() - before) > window) usleep(50);
        }
    }
    for (int i = 0; confirmable && i < 100 && answered < sent; ++i) {
        usleep(1000);
        const double start = thread_cpu_us();
        for (const int fd : fds) answered += drain(fd, *in);
        spent += thread_cpu_us() - start;
    }
    while (mirror.received() - before < sent) usleep(100);
    return spent / static_cast<double>(sent);
}

}  // namespace

double thread_cpu_us() {
    timespec spent{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return static_cast<double>(spent.tv_sec) * 1e6 + static_cast<double>(spent.tv_nsec) / 1e3;
}

FloorCost measure_floor(Peer& mirror, std::uint32_t count, std::size_t send_size, std::size_t request_size) {
    std::array<int, sockets> fds{};
    for (auto& fd : fds) fd = open_socket();
    FloorCost cost;
    cost.send_us = run(mirror, fds, count, send_size, false);
    cost.exchange_us = run(mirror, fds, count, request_size, true);
    for (const int fd : fds) close(fd);
    return cost;
}

}  // namespace bench
