// ServerRunner: the embedded server alone, in real time, on threads of its own.
#pragma once

#include <functional>
#include <memory>

#include "metrics/snapshot.h"
#include "simulator/engine/embedded_server.h"
#include "simulator/engine/scenario_runner.h"

namespace engine {

struct ServerRunOptions {
    net::Address address;  // that it listens at; port 0: any that is free
    server::ServerConfig config;
    metrics::RunInfo info;
    std::uint32_t threads = 1;  // that take in datagrams
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
    // Gives up all requests and ends the threads; snapshot() is exact from then on. REQUIRES: start() was called.
    void stop();

    // What is known now, from any thread: there is a server in it, and no fleet.
    metrics::Snapshot snapshot() const;
    net::Address address() const { return server_->address(); }
    base::Time now() const { return clock_.now(); }

    // For `post`ed tasks only, which run on the server's thread between two steps.
    server::Server& server() { return server_->server(); }
    void post(std::function<void()> task) { server_->post(std::move(task)); }

private:
    explicit ServerRunner(ServerRunOptions options);
    // The error is a sentence for the user.
    base::Result<SecureServer, std::string> make_secure(const SecureFront& front, net::Transport& inner) const;

    ServerRunOptions options_;
    const metrics::WithheldCpu withheld_before_ = metrics::read_withheld_cpu();
    WallClock clock_;
    std::vector<Clients> clients_;  // where they are those of a fleet
    std::unique_ptr<EmbeddedServer> server_;
};

}  // namespace engine
