#include "simulator/engine/embedded_server.h"

#include <thread>

namespace engine {

class EmbeddedServer::Peer final : public Worker {
public:
    explicit Peer(EmbeddedServer& owner) : owner_(owner), server_(*owner.server_) {}
    bool work(base::Time now) override {
        return server_.work(now) || (owner_.fronts_ && owner_.fronts_->has_arrivals());
    }
    base::Time next_due() const override { return server_.next_due(); }
    void every_second(base::Time now) override {
        server_.every_second(now);
        if (!owner_.security().transport) return;
        set_security(owner_.fronts_ ? owner_.fronts_->security_counts() : security_counts(owner_.security_), server_);
    }

private:
    EmbeddedServer& owner_;
    server::Server& server_;
};

// Devices need cores, too; without DTLS one thread serves more of them than a machine has.
std::uint32_t EmbeddedServer::default_threads(bool secure) {
    const std::uint32_t cores = std::thread::hardware_concurrency();
    return !secure || cores < 4 ? 1 : std::min(cores / 2, 8u);
}

EmbeddedServer::EmbeddedServer(Options options, const WallClock& clock) : options_(std::move(options)), clock_(clock) {}

// Threads end before what they work on, those in front first.
EmbeddedServer::~EmbeddedServer() {
    if (fronts_) fronts_->stop();
    thread_.reset();
}

tl::expected<std::unique_ptr<EmbeddedServer>, net::SocketError> EmbeddedServer::open(Options options,
                                                                                     const WallClock& clock) {
    std::unique_ptr<EmbeddedServer> made(new EmbeddedServer(std::move(options), clock));
    const auto& [address, threads, name] = made->options_;
    if (threads > 1) {
        auto fronts = ServerFronts::open(address, threads, made->io_, clock);
        if (!fronts) return tl::unexpected(fronts.error());
        made->fronts_ = std::move(*fronts);
        return made;
    }
    auto socket = net::UdpTransport::open_server(made->io_, address);
    if (!socket) return tl::unexpected(socket.error());
    made->socket_ = std::move(*socket);
    return made;
}

net::Address EmbeddedServer::address() const { return fronts_ ? fronts_->local_address() : socket_->local_address(); }

tl::expected<void, std::string> EmbeddedServer::secure(const MakeSecure& make) {
    if (!fronts_) {
        auto made = make({}, *socket_);
        if (!made) return tl::unexpected(made.error());
        security_ = std::move(*made);
        return {};
    }
    // Ids, cookies and marks mean the same to all of them.
    base::SecretArray<32> secret;
    base::fill_random(secret.memory());
    for (std::uint32_t i = 0; i < fronts_->count(); ++i) {
        auto made = make({.number = i, .count = fronts_->count(), .secret = secret.view()}, fronts_->socket(i));
        if (!made) return tl::unexpected(made.error());
        fronts_->secure(i, std::move(*made));
    }
    return {};
}

void EmbeddedServer::set_up(server::ServerConfig config) {
    net::Transport& below = fronts_ ? static_cast<net::Transport&>(*fronts_) : security_.outermost(*socket_);
    server_ = std::make_unique<server::Server>(std::move(config), below);
    peer_ = std::make_unique<Peer>(*this);
    thread_ = fronts_ ? std::make_unique<WorkerThread>(options_.name, io_, *peer_, clock_)
                      : std::make_unique<WorkerThread>(options_.name, io_, *peer_, *socket_, clock_);
    if (!fronts_) return;
    fronts_->on_arrival([this] { thread_->step(); });
    fronts_->set_up(options_.name + "-in");
}

void EmbeddedServer::start() {
    thread_->start();
    if (fronts_) fronts_->start();
}

void EmbeddedServer::stop() {
    // What sockets and rings hold comes to its end before the figures are read.
    constexpr int rounds = 2;
    for (int round = 0; fronts_ && round < rounds; ++round) {
        fronts_->settle();
        thread_->run([this] {
            while (peer_->work(clock_.now())) {
            }
        });
    }
    thread_->run([this] { server_->stop(clock_.now()); });
    if (fronts_) {
        fronts_->settle();
        fronts_->stop();
    }
    thread_->run([this] { peer_->every_second(clock_.now()); });
    thread_->stop();
}

void EmbeddedServer::freeze(base::Duration length) {
    thread_->freeze(length);
    if (fronts_) fronts_->freeze(length);
}

void EmbeddedServer::post(std::function<void()> task) {
    if (thread_) thread_->post(std::move(task));
}

std::vector<base::Duration> EmbeddedServer::thread_cpu() const {
    std::vector<base::Duration> spent{base::Duration(thread_ ? thread_->load().cpu_ns.load() : 0)};
    if (!fronts_) return spent;
    const auto in_front = fronts_->thread_cpu();
    spent.insert(spent.end(), in_front.begin(), in_front.end());
    return spent;
}

}  // namespace engine
