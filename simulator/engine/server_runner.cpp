#include "simulator/engine/server_runner.h"

namespace engine {

ServerRunner::ServerRunner(ServerRunOptions options) : options_(std::move(options)) {}

ServerRunner::~ServerRunner() = default;

tl::expected<std::unique_ptr<ServerRunner>, StartError> ServerRunner::prepare(ServerRunOptions options) {
    std::unique_ptr<ServerRunner> runner(new ServerRunner(std::move(options)));
    auto& given = runner->options_;
    auto opened = EmbeddedServer::open({.address = given.address, .threads = given.threads}, runner->clock_);
    if (!opened) return tl::unexpected(StartError{metrics::ExitCode::host, opened.error().message});
    runner->server_ = std::move(*opened);
    // Where it listens on every address, nobody knows which one devices reach.
    const auto address = runner->address();
    const bool any = net::Address{.port = address.port, .v6 = address.v6} == address;
    const std::string scheme = given.secure() ? "coaps://" : "coap://";
    if (!any) given.config.uri = scheme + net::to_string(address);
    if (given.secure()) {
        if (given.fleet != nullptr) runner->clients_ = clients_of(*given.fleet, {address, {}}, address);
        const auto made = runner->server_->secure(
            [&](const SecureFront& front, net::Transport& inner) { return runner->make_secure(front, inner); });
        if (given.credentials) base::wipe(given.credentials->key);
        if (!made) return tl::unexpected(StartError{metrics::ExitCode::usage, made.error()});
        const auto& security = runner->server_->security();
        given.config.may_register = given.fleet != nullptr ? endpoint_check(*given.fleet, runner->clients_, security)
                                                           : endpoint_check(security, given.names);
    }
    runner->server_->set_up(std::move(given.config));
    return runner;
}

base::Result<SecureServer, std::string> ServerRunner::make_secure(const SecureFront& front,
                                                                  net::Transport& inner) const {
    if (options_.fleet != nullptr) {
        return secure_server(*options_.fleet, clients_, address(), options_.config.capacity, system_salt(), inner,
                             front);
    }
    SecureServerOptions secure;
    secure.sessions = options_.config.capacity;
    secure.dtls13 = net::dtls13_features().available;
    secure.salt = system_salt();
    secure.address = address();
    if (options_.psk_secret) {
        KnownKeys all{.pattern = "*", .spec = {}, .generations = options_.generations};
        all.spec.mode = profiles::SecurityMode::psk;
        all.spec.key = profiles::SecuritySpec::Key::derived;
        all.spec.secret = options_.psk_secret;
        secure.generations = options_.generations;
        if (options_.derived_certificates) secure.certificates = all.spec;
        secure.known.push_back(std::move(all));
    }
    secure.credentials = options_.credentials;
    return secure_server(secure, inner, front);
}

void ServerRunner::start() {
    clock_.start_at(std::chrono::steady_clock::now());
    server_->start();
}

void ServerRunner::stop() { server_->stop(); }

metrics::Snapshot ServerRunner::snapshot() const {
    metrics::Snapshot snapshot;
    snapshot.run = options_.info;
    const metrics::ServerFigures* figures = &server_->figures();
    snapshot.server = metrics::fold_server(std::span(&figures, 1));
    snapshot.server->thread_cpu = server_->thread_cpu();
    snapshot.process = metrics::read_process_figures();
    snapshot.withheld = metrics::read_withheld_cpu().since(withheld_before_);
    return snapshot;
}

}  // namespace engine
