// ServerRunner: the embedded server alone, in real time, on a thread of its own.
#pragma once

#include <functional>
#include <memory>

#include "metrics/snapshot.h"
#include "simulator/engine/scenario_runner.h"
#include "simulator/engine/secure_fleet.h"
#include "simulator/engine/worker_thread.h"
#include "simulator/server/server.h"

namespace engine {

struct ServerRunOptions {
    net::Address address;  // that it listens at; port 0: any that is free
    server::ServerConfig config;
    metrics::RunInfo info;
    // DTLS with all that the profiles of this fleet say, which must outlive the server; null: as below.
    const FleetModel* fleet = nullptr;
    // DTLS, with pre-shared keys that are derived from this secret; null: none of those.
    std::shared_ptr<const base::Secret> psk_secret{};
    KnownGenerations generations{};  // of those keys
    // DTLS with certificates and raw public keys that are derived from it too, or with the server's own.
    bool derived_certificates = false;
    std::optional<EmbeddedCertificates::Config> credentials{};
    NamesByKey names = NamesByKey::own;  // of devices with those keys
    bool secure() const { return fleet != nullptr || psk_secret != nullptr || credentials.has_value(); }
};

class ServerRunner {
public:
    // Opens the socket; nothing is read from it yet.
    static tl::expected<std::unique_ptr<ServerRunner>, StartError> prepare(ServerRunOptions options);
    ~ServerRunner();

    void start();
    // Gives up all requests and ends the thread; snapshot() is exact from then on. REQUIRES: start() was called.
    void stop();

    // What is known now, from any thread: there is a server in it, and no fleet.
    metrics::Snapshot snapshot() const;
    net::Address address() const { return transport_->local_address(); }
    base::Time now() const { return clock_.now(); }

    // For `post`ed tasks only, which run on the server's thread between two steps.
    server::Server& server() { return *server_; }
    void post(std::function<void()> task) { thread_->post(std::move(task)); }

private:
    class Peer;  // the server as a Worker
    explicit ServerRunner(ServerRunOptions options);
    // The error is a sentence for the user.
    base::Result<SecureServer, std::string> make_secure(const net::Address& address);

    ServerRunOptions options_;
    const metrics::WithheldCpu withheld_before_ = metrics::read_withheld_cpu();
    WallClock clock_;
    asio::io_context io_{1};
    std::unique_ptr<net::UdpTransport> transport_;
    std::vector<Clients> clients_;  // where they are those of a fleet
    SecureServer dtls_;
    std::unique_ptr<server::Server> server_;
    std::unique_ptr<Peer> peer_;
    std::unique_ptr<WorkerThread> thread_;
};

}  // namespace engine
