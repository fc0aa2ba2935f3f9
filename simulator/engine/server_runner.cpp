#include "simulator/engine/server_runner.h"

namespace engine {

class ServerRunner::Peer final : public Worker {
public:
    Peer(server::Server& server, const SecureServer& dtls) : server_(server), dtls_(dtls) {}
    bool work(base::Time now) override { return server_.work(now); }
    base::Time next_due() const override { return server_.next_due(); }
    void every_second(base::Time now) override {
        server_.every_second(now);
        sync_security(dtls_, server_);
    }

private:
    server::Server& server_;
    const SecureServer& dtls_;
};

ServerRunner::ServerRunner(ServerRunOptions options) : options_(std::move(options)) {}

ServerRunner::~ServerRunner() { thread_.reset(); }

tl::expected<std::unique_ptr<ServerRunner>, StartError> ServerRunner::prepare(ServerRunOptions options) {
    std::unique_ptr<ServerRunner> runner(new ServerRunner(std::move(options)));
    auto transport = net::UdpTransport::open_server(runner->io_, runner->options_.address);
    if (!transport) return tl::unexpected(StartError{metrics::ExitCode::host, transport.error().message});
    runner->transport_ = std::move(*transport);
    // Where it listens on every address, nobody knows which one devices reach.
    const auto address = runner->transport_->local_address();
    const bool any = net::Address{.port = address.port, .v6 = address.v6} == address;
    const std::string scheme = runner->options_.secure() ? "coaps://" : "coap://";
    if (!any) runner->options_.config.uri = scheme + net::to_string(address);
    net::Transport* outermost = runner->transport_.get();
    if (runner->options_.secure()) {
        auto made = runner->make_secure(address);
        if (!made) return tl::unexpected(StartError{metrics::ExitCode::usage, made.error()});
        runner->dtls_ = std::move(*made);
        outermost = runner->dtls_.transport.get();
        const auto* fleet = runner->options_.fleet;
        runner->options_.config.may_register = fleet != nullptr
                                                   ? endpoint_check(*fleet, runner->clients_, runner->dtls_)
                                                   : endpoint_check(runner->dtls_, runner->options_.names);
    }
    runner->server_ = std::make_unique<server::Server>(std::move(runner->options_.config), *outermost);
    runner->peer_ = std::make_unique<Peer>(*runner->server_, runner->dtls_);
    runner->thread_ =
        std::make_unique<WorkerThread>("server", runner->io_, *runner->peer_, *runner->transport_, runner->clock_);
    return runner;
}

base::Result<SecureServer, std::string> ServerRunner::make_secure(const net::Address& address) {
    if (options_.fleet != nullptr) {
        clients_ = clients_of(*options_.fleet, {address, {}}, address);
        return secure_server(*options_.fleet, clients_, address, options_.config.capacity, system_salt(), *transport_);
    }
    SecureServerOptions secure;
    secure.sessions = options_.config.capacity;
    secure.salt = system_salt();
    secure.address = address;
    if (options_.psk_secret) {
        KnownKeys all{.pattern = "*", .spec = {}, .generations = options_.generations};
        all.spec.mode = profiles::SecurityMode::psk;
        all.spec.key = profiles::SecuritySpec::Key::derived;
        all.spec.secret = options_.psk_secret;
        secure.generations = options_.generations;
        if (options_.derived_certificates) secure.certificates = all.spec;
        secure.known.push_back(std::move(all));
    }
    secure.credentials = std::move(options_.credentials);
    return secure_server(secure, *transport_);
}

void ServerRunner::start() {
    clock_.start_at(std::chrono::steady_clock::now());
    thread_->start();
}

void ServerRunner::stop() {
    thread_->run([this] {
        const base::Time now = clock_.now();
        server_->stop(now);
        peer_->every_second(now);
    });
    thread_->stop();
}

metrics::Snapshot ServerRunner::snapshot() const {
    metrics::Snapshot snapshot;
    snapshot.run = options_.info;
    const metrics::ServerFigures* figures = &server_->figures();
    snapshot.server = metrics::fold_server(std::span(&figures, 1));
    snapshot.server->thread_cpu = {base::Duration(thread_->load().cpu_ns.load())};
    snapshot.process = metrics::read_process_figures();
    snapshot.withheld = metrics::read_withheld_cpu().since(withheld_before_);
    return snapshot;
}

}  // namespace engine
