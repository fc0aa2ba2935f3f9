// ServerFronts: the threads of the embedded server that take in datagrams, open and seal them and shake hands, where
// one thread is not enough. Each has a socket of its own at the one address, a layer of DTLS and timers.
//
//   socket 0 ─► front 0: DTLS ─ ring ─►
//   socket 1 ─► front 1: DTLS ─ ring ─►  LwM2M: server::Server, on one more thread
//            ◄─                ◄─ ring ─
//
// To the thread of LwM2M they are one transport. Which front a datagram comes through follows from its source, or from
// its connection id (net::Steering); so does the one through which it is answered, since above a client is known by the
// address of its handshake.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "simulator/engine/secure_fleet.h"
#include "simulator/engine/worker_thread.h"
#include "simulator/net/datagram_ring.h"
#include "simulator/net/doorbell.h"
#include "simulator/net/steering.h"

namespace engine {

class ServerFronts final : public net::Transport {
public:
    // `io` is that of LwM2M's thread; it and the clock must outlive this object. `count`: two or more.
    static tl::expected<std::unique_ptr<ServerFronts>, net::SocketError> open(const net::Address& address,
                                                                              std::uint32_t count, asio::io_context& io,
                                                                              const WallClock& clock);
    ~ServerFronts() override;

    net::Address local_address() const;
    std::uint32_t count() const { return steering_.sockets(); }
    // DTLS of that front, whose socket this is; before start().
    net::Transport& socket(std::uint32_t front);
    void secure(std::uint32_t front, SecureServer layer);
    const SecureServer& security(std::uint32_t front) const;

    // Makes the threads; `prefix`: of their names.
    void set_up(const std::string& prefix);
    void start();
    // Has each front take in what has arrived and send what was handed down, until nothing waits. From outside.
    void settle();
    // Ends the threads; what they have counted is exact from then on.
    void stop();
    void freeze(base::Duration length);

    // On LwM2M's thread.
    void on_arrival(std::function<void()> work) { bell_.on_ring(std::move(work)); }
    void send(base::Time now, std::span<const net::Packet> packets) override;
    std::span<const net::Packet> receive(base::Time now) override;
    // Before the thread waits: true where something has come meanwhile, and it must not.
    bool has_arrivals();

    // What the fronts have counted, all together, as of less than a second ago; from any thread.
    net::TransportCounts counts() const override;
    SecurityCounts security_counts() const;
    std::vector<base::Duration> thread_cpu() const;

private:
    class Front;
    explicit ServerFronts(std::uint32_t count, asio::io_context& io, const WallClock& clock);

    net::Steering steering_;
    const WallClock& clock_;
    net::Doorbell bell_;
    std::vector<std::unique_ptr<Front>> fronts_;
    std::size_t next_ = 0;  // whose ring is looked at first
};

}  // namespace engine
