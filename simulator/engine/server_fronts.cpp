#include "simulator/engine/server_fronts.h"

#include <atomic>

#include <fmt/format.h>

namespace engine {
namespace {

// Several thousand small datagrams, or seven hundred of the largest.
constexpr std::size_t ring_bytes = 1u << 20;
constexpr int batches_a_step = 8;

}  // namespace

class ServerFronts::Front final : public Worker {
public:
    explicit Front(ServerFronts& fronts) : fronts_(fronts) {}

    bool work(base::Time now) override {
        bell_.awake();
        for (auto packets = down_.take(); !packets.empty(); packets = down_.take()) outermost_->send(now, packets);
        int batches = 0;
        for (; batches < batches_a_step; ++batches) {
            const auto packets = outermost_->receive(now);
            if (packets.empty()) break;
            for (const auto& packet : packets) overruns_ += up_.push(packet) ? 0 : 1;
            fronts_.bell_.ring();
        }
        if (batches == batches_a_step) return true;
        bell_.wait_for_it();
        return !down_.empty();
    }
    base::Time next_due() const override { return outermost_->next_due(); }
    void every_second(base::Time) override { publish(); }

    // What has been counted is for others to read.
    void publish() {
        auto counts = outermost_->counts();
        counts.receive_overruns += overruns_;
        const auto security = engine::security_counts(layer_);
        const std::lock_guard lock(mutex_);
        counts_ = counts;
        security_counts_ = security;
    }

    ServerFronts& fronts_;
    asio::io_context io_{1};
    std::unique_ptr<net::UdpTransport> socket_;
    SecureServer layer_;
    net::Transport* outermost_ = nullptr;
    net::Doorbell bell_{io_};
    net::DatagramRing up_{ring_bytes};
    net::DatagramRing down_{ring_bytes};
    std::uint64_t overruns_ = 0;              // of the ring upward
    std::atomic<std::uint64_t> refused_ = 0;  // by the ring downward
    std::unique_ptr<WorkerThread> thread_;

    mutable std::mutex mutex_;  // of what follows
    net::TransportCounts counts_;
    SecurityCounts security_counts_;
};

ServerFronts::ServerFronts(std::uint32_t count, asio::io_context& io, const WallClock& clock)
    : steering_(count), clock_(clock), bell_(io) {
    for (std::uint32_t i = 0; i < count; ++i) fronts_.push_back(std::make_unique<Front>(*this));
}

// No thread may find the others gone.
ServerFronts::~ServerFronts() { stop(); }

tl::expected<std::unique_ptr<ServerFronts>, net::SocketError> ServerFronts::open(const net::Address& address,
                                                                                 std::uint32_t count,
                                                                                 asio::io_context& io,
                                                                                 const WallClock& clock) {
    std::unique_ptr<ServerFronts> fronts(new ServerFronts(count, io, clock));
    std::vector<asio::io_context*> contexts;
    for (auto& front : fronts->fronts_) contexts.push_back(&front->io_);
    auto sockets = net::UdpTransport::open_server(contexts, address);
    if (!sockets) return tl::unexpected(sockets.error());
    for (std::uint32_t i = 0; i < count; ++i) {
        Front& front = *fronts->fronts_[i];
        front.socket_ = std::move((*sockets)[i]);
        front.outermost_ = front.socket_.get();
    }
    return fronts;
}

net::Address ServerFronts::local_address() const { return fronts_.front()->socket_->local_address(); }

net::Transport& ServerFronts::socket(std::uint32_t front) { return *fronts_[front]->socket_; }

void ServerFronts::secure(std::uint32_t number, SecureServer layer) {
    Front& front = *fronts_[number];
    front.layer_ = std::move(layer);
    front.outermost_ = &front.layer_.outermost(*front.socket_);
}

const SecureServer& ServerFronts::security(std::uint32_t front) const { return fronts_[front]->layer_; }

void ServerFronts::set_up(const std::string& prefix) {
    std::vector<net::DtlsServerTransport*> layers;
    for (auto& front : fronts_) {
        if (front->layer_.transport) layers.push_back(front->layer_.transport.get());
    }
    for (auto* layer : layers) layer->join(layers);
    for (std::size_t i = 0; i < fronts_.size(); ++i) {
        Front& front = *fronts_[i];
        front.thread_ =
            std::make_unique<WorkerThread>(fmt::format("{}-{}", prefix, i), front.io_, front, *front.socket_, clock_);
        front.bell_.on_ring([thread = front.thread_.get()] { thread->step(); });
    }
}

void ServerFronts::start() {
    for (auto& front : fronts_) front->thread_->start();
}

void ServerFronts::settle() {
    for (auto& front : fronts_) {
        front->thread_->run([this, &front = *front] {
            while (front.work(clock_.now())) {
            }
            front.publish();
        });
    }
}

void ServerFronts::stop() {
    for (auto& front : fronts_) {
        if (front->thread_) front->thread_->stop();
    }
    for (auto& front : fronts_) {
        if (front->outermost_ != nullptr) front->publish();
    }
}

void ServerFronts::freeze(base::Duration length) {
    for (auto& front : fronts_) front->thread_->freeze(length);
}

void ServerFronts::send(base::Time, std::span<const net::Packet> packets) {
    std::uint64_t called = 0;  // a bit a front
    static_assert(net::Steering::most_sockets <= 64);
    for (const auto& packet : packets) {
        const auto number = steering_.of_source(packet.remote);
        Front& front = *fronts_[number];
        if (!front.down_.push(packet)) front.refused_.fetch_add(1, std::memory_order_relaxed);
        called |= std::uint64_t{1} << number;
    }
    for (std::size_t i = 0; i < fronts_.size(); ++i) {
        if ((called >> i & 1) != 0) fronts_[i]->bell_.ring();
    }
}

std::span<const net::Packet> ServerFronts::receive(base::Time) {
    bell_.awake();
    // All of them, since only a ring that is asked again makes room.
    for (std::size_t i = 0; i < fronts_.size(); ++i) {
        const auto packets = fronts_[next_]->up_.take();
        next_ = (next_ + 1) % fronts_.size();
        if (!packets.empty()) return packets;
    }
    return {};
}

bool ServerFronts::has_arrivals() {
    bell_.wait_for_it();
    for (const auto& front : fronts_) {
        if (!front->up_.empty()) return true;
    }
    return false;
}

net::TransportCounts ServerFronts::counts() const {
    net::TransportCounts sum;
    for (const auto& front : fronts_) {
        const std::lock_guard lock(front->mutex_);
        sum += front->counts_;
        sum.send_refused += front->refused_.load(std::memory_order_relaxed);
    }
    return sum;
}

SecurityCounts ServerFronts::security_counts() const {
    SecurityCounts sum;
    for (const auto& front : fronts_) {
        const std::lock_guard lock(front->mutex_);
        sum += front->security_counts_;
    }
    return sum;
}

std::vector<base::Duration> ServerFronts::thread_cpu() const {
    std::vector<base::Duration> spent;
    for (const auto& front : fronts_) {
        spent.emplace_back(front->thread_ ? front->thread_->load().cpu_ns.load() : 0);
    }
    return spent;
}

}  // namespace engine
