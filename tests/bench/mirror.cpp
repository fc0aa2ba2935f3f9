#include "tests/bench/mirror.h"

#include <arpa/inet.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

namespace bench {
namespace {

constexpr std::size_t batch = 64;
constexpr std::size_t most_clients = 2'100'000;

struct Batch {
    std::array<mmsghdr, batch> headers{};
    std::array<iovec, batch> vectors{};
    std::array<sockaddr_in, batch> names{};
    std::array<std::array<std::uint8_t, 1500>, batch> bytes{};

    void prepare(std::size_t i, std::size_t size) {
        vectors[i] = {bytes[i].data(), size};
        headers[i].msg_hdr = {};
        headers[i].msg_hdr.msg_name = &names[i];
        headers[i].msg_hdr.msg_namelen = sizeof names[i];
        headers[i].msg_hdr.msg_iov = &vectors[i];
        headers[i].msg_hdr.msg_iovlen = 1;
    }
    void send(int fd, std::size_t count) {
        for (std::size_t done = 0; done < count;) {
            const int sent = sendmmsg(fd, &headers[done], static_cast<unsigned>(count - done), 0);
            if (sent > 0) done += static_cast<std::size_t>(sent);
        }
    }
};

}  // namespace

std::size_t reply(const std::uint8_t* in, std::size_t size, std::uint8_t* out) {
    if (size < 4 || (in[0] >> 4 & 3) != 0) return 0;
    const std::size_t token = in[0] & 15;
    out[2] = in[2];
    out[3] = in[3];
    if (in[1] >> 5 == 2) {
        out[0] = 0x60;
        out[1] = 0;
        return 4;
    }
    out[0] = static_cast<std::uint8_t>(0x60 | token);
    std::memcpy(out + 4, in + 4, token);
    const bool registers =
        in[1] == 2 &&
        in[4 + token + 3] != 8;  // "rd" is followed by another option than a second Uri-Path (delta 0, 8 characters)
    out[1] = registers ? 0x41 : 0x44;
    if (!registers) return 4 + token;
    std::memcpy(out + 4 + token,
                "\x82rd\x08"
                "abcdefgh",
                12);
    return 4 + token + 12;
}

std::size_t write_observe(std::uint32_t index, std::uint8_t* out) {
    // CON GET, token of 4 bytes, Observe = 0, Uri-Path 3303/0/5700, Accept = 112
    const std::uint8_t head[] = {0x44,
                                 0x01,
                                 static_cast<std::uint8_t>(index >> 8),
                                 static_cast<std::uint8_t>(index),
                                 static_cast<std::uint8_t>(index >> 24),
                                 static_cast<std::uint8_t>(index >> 16),
                                 static_cast<std::uint8_t>(index >> 8),
                                 static_cast<std::uint8_t>(index),
                                 0x60};
    std::memcpy(out, head, sizeof head);
    std::memcpy(out + sizeof head,
                "\x54"
                "3303"
                "\x01"
                "0"
                "\x04"
                "5700"
                "\x61\x70",
                14);
    return sizeof head + 14;
}

Peer::Peer() {
    void* const memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        std::perror("lwm2m-bench: mmap");
        std::exit(3);
    }
    shared_ = new (memory) Shared;
}

Peer::~Peer() { munmap(shared_, sizeof(Shared)); }

Mirror::Mirror() : clients_(most_clients) {
    fd_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int buffer = 4 << 20;
    if (setsockopt(fd_, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0) {
        (void)setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    }
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(0x7f000001);
    if (bind(fd_, reinterpret_cast<sockaddr*>(&name), sizeof name) != 0) {
        std::perror("lwm2m-bench: bind");
        std::exit(3);
    }
    socklen_t size = sizeof name;
    getsockname(fd_, reinterpret_cast<sockaddr*>(&name), &size);
    port_ = ntohs(name.sin_port);
    for (auto& client : clients_) client.sin_port = 1;  // touched now, so that it is not counted as the devices' memory
    thread_ = std::thread([this] { run(); });
}

Mirror::~Mirror() {
    shared_->stop = true;
    thread_.join();
    close(fd_);
}

void Mirror::run() {
    static Batch in;
    static Batch out;
    prctl(PR_SET_TIMERSLACK, 1UL);
    while (!shared_->stop) {
        send_observes(fd_);
        for (std::size_t i = 0; i < batch; ++i) in.prepare(i, in.bytes[i].size());
        const int count = recvmmsg(fd_, in.headers.data(), batch, MSG_DONTWAIT, nullptr);
        if (count <= 0) {
            // Nobody waits on the socket: waking a thread for every batch would be the senders' cost, at the pace of
            // the mirror rather than theirs.
            usleep(20);
            continue;
        }
        std::size_t replies = 0;
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            const auto size = reply(in.bytes[i].data(), in.headers[i].msg_len, out.bytes[replies].data());
            if (size == 0) continue;
            if (out.bytes[replies][1] == 0x41 && shared_->registered < most_clients)
                clients_[shared_->registered++] = in.names[i];
            out.names[replies] = in.names[i];
            out.prepare(replies++, size);
        }
        out.send(fd_, replies);
        shared_->received.fetch_add(static_cast<std::uint64_t>(count), std::memory_order_relaxed);
    }
}

void Mirror::send_observes(int fd) {
    static Batch out;
    while (shared_->observe > 0 && shared_->observes_sent < shared_->registered) {
        std::size_t count = 0;
        for (; count < batch && shared_->observe > 0 && shared_->observes_sent < shared_->registered; ++count) {
            const auto index = static_cast<std::uint32_t>(shared_->observes_sent++);
            --shared_->observe;
            const auto size = write_observe(index, out.bytes[count].data());
            out.names[count] = clients_[index];
            out.prepare(count, size);
        }
        out.send(fd, count);
    }
}

}  // namespace bench
