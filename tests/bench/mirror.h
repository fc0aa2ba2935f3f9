// Mirror: the least server that devices can register with, on a thread of its own: answers from templates, keeps
// nothing but how far it is. What it costs is not counted.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include <netinet/in.h>

namespace bench {

// Writes what the mirror answers to a datagram and returns its size: a 2.01 with Location rd/XXXXXXXX to POST /rd, a
// 2.04 to other confirmable requests, an empty ACK to a confirmable notification; 0 where it answers nothing.
std::size_t reply(const std::uint8_t* in, std::size_t size, std::uint8_t* out);
// Writes the Observe of /3303/0/5700 that the mirror sends as its `index`th, and returns its size.
std::size_t write_observe(std::uint32_t index, std::uint8_t* out);
inline constexpr std::size_t most_reply = 32;

// What the devices' side of a measurement needs of a server on another thread, or in another process.
class Peer {
public:
    std::uint16_t port() const { return port_; }
    // Datagrams taken in so far: whoever sends may keep a window by it.
    std::uint64_t received() const { return shared_->received.load(std::memory_order_relaxed); }
    // Sends an Observe of /3303/0/5700 to `count` of the addresses that have registered, going on where the last call
    // ended. Returns how many.
    void observe_next(std::uint32_t count) { shared_->observe.fetch_add(count); }
    // Some of those asked for are still to be sent.
    bool observing() const { return shared_->observe.load() > 0 && shared_->observes_sent < shared_->registered; }
    std::uint64_t observes_sent() const { return shared_->observes_sent.load(); }
    std::uint64_t registered() const { return shared_->registered.load(); }

protected:
    // Lies in memory that a process and its children share.
    struct Shared {
        std::atomic<bool> stop{false};
        std::atomic<std::uint64_t> received{0};
        std::atomic<std::uint64_t> registered{0};
        std::atomic<std::uint32_t> observe{0};
        std::atomic<std::uint64_t> observes_sent{0};
    };
    Peer();
    ~Peer();
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    std::uint16_t port_ = 0;
    Shared* shared_;
};

class Mirror final : public Peer {
public:
    Mirror();
    ~Mirror();

private:
    void run();
    void send_observes(int fd);

    int fd_ = -1;
    std::vector<sockaddr_in> clients_;
    std::thread thread_;
};

}  // namespace bench
