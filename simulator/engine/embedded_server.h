// EmbeddedServer: the embedded server in real time: its sockets, DTLS where its clients speak it, and its threads: one
// for all of it, or one for LwM2M and several in front of it (ServerFronts).
//
// It is opened, secured where it is to be, set up, started and stopped, in this order.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "simulator/engine/server_fronts.h"
#include "simulator/server/server.h"

namespace engine {

class EmbeddedServer {
public:
    static constexpr std::uint32_t most_threads = net::Steering::most_sockets;
    // What suits this machine.
    static std::uint32_t default_threads(bool secure);

    struct Options {
        net::Address address;       // port 0: any that is free
        std::uint32_t threads = 1;  // that take in datagrams; more than one: LwM2M has one more
        std::string name = "server";
    };
    // Opens the sockets; nothing is read from them yet. `clock` must outlive the server.
    static tl::expected<std::unique_ptr<EmbeddedServer>, net::SocketError> open(Options options,
                                                                                const WallClock& clock);
    ~EmbeddedServer();
    net::Address address() const;

    // Builds the DTLS above a socket, once for each front. The error is a sentence for the user.
    using MakeSecure = std::function<base::Result<SecureServer, std::string>(const SecureFront&, net::Transport&)>;
    tl::expected<void, std::string> secure(const MakeSecure& make);
    // For endpoint_check; null members where there is no DTLS.
    const SecureServer& security() const { return fronts_ ? fronts_->security(0) : security_; }

    void set_up(server::ServerConfig config);
    void start();
    // Takes in what has arrived, gives up all requests and ends the threads; all figures are exact from then on.
    void stop();
    // Stands still for that long.
    void freeze(base::Duration length);

    // For `post`ed tasks only, which run on LwM2M's thread between two steps.
    server::Server& server() { return *server_; }
    void post(std::function<void()> task);

    // From any thread.
    const metrics::ServerFigures& figures() const { return server_->figures(); }
    // Of LwM2M's thread first.
    std::vector<base::Duration> thread_cpu() const;

private:
    class Peer;  // the server as a Worker
    EmbeddedServer(Options options, const WallClock& clock);

    Options options_;
    const WallClock& clock_;
    asio::io_context io_{1};
    std::unique_ptr<net::UdpTransport> socket_;  // of the one thread
    SecureServer security_;                      // the same
    std::unique_ptr<ServerFronts> fronts_;       // of several
    std::unique_ptr<server::Server> server_;
    std::unique_ptr<Peer> peer_;
    std::unique_ptr<WorkerThread> thread_;
};

}  // namespace engine
