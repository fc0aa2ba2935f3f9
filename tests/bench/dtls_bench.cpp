#include "tests/bench/dtls_bench.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include "simulator/base/random.h"
#include "simulator/net/dtls_server_transport.h"
#include "simulator/net/dtls_transport.h"
#include "simulator/net/udp_transport.h"
#include "tests/bench/floor.h"

namespace bench {
namespace {

constexpr std::uint32_t window = 512;  // handshakes or datagrams on the way
constexpr int most_waits = 20'000;     // of 50 us

struct Keys final : net::PskSource, net::PskDirectory {
    std::size_t identity(std::uint32_t device, base::MutableBytes out) const override {
        base::Writer writer(out);
        writer.put("urn:dev:");
        writer.put_u32(device | 0x80000000u);
        return writer.size();
    }
    std::size_t key(std::uint32_t device, base::MutableBytes out) const override {
        std::array<std::uint8_t, net::max_psk_identity> name;
        const auto size = identity(device, name);
        return key_of(base::Bytes(name).first(size), 0, out)->size;
    }
    // As derived keys cost it: one HKDF.
    std::optional<Known> key_of(base::Bytes identity, unsigned from, base::MutableBytes out) const override {
        if (from > 0) return std::nullopt;
        base::hkdf({}, base::as_bytes(bench_secret), identity, out.first(16));
        return Known{.size = 16};
    }
};

// A server's transport on a socket of its own, driven by whoever owns it.
class SecureSocket {
public:
    explicit SecureSocket(std::uint32_t sessions)
        : below_(*net::UdpTransport::open_server(io_, net::Address::from_v4(0x7f000001, 0))) {
        net::DtlsServerTransport::Config config;
        config.keys = &keys_;
        config.sessions = sessions + 1024;
        config.secret = base::as_bytes("cookies of the benchmark");
        transport_ = std::make_unique<net::DtlsServerTransport>(config, *below_);
        below_->on_readable([] {});
    }
    std::span<const net::Packet> receive() {
        io_.poll();
        const auto packets = transport_->receive(now());
        if (packets.empty()) usleep(20);
        return packets;
    }
    void send(std::span<const net::Packet> packets) { transport_->send(now(), packets); }
    net::Address address() const { return below_->local_address(); }
    std::uint64_t received() const { return below_->counts().received; }

private:
    base::Time now() const { return base::Time(std::chrono::steady_clock::now() - begin_); }

    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    asio::io_context io_{1};
    // Without it a context whose sockets are all readable has nothing to do, and stops for good.
    asio::executor_work_guard<asio::io_context::executor_type> guard_{io_.get_executor()};
    Keys keys_;
    std::unique_ptr<net::UdpTransport> below_;
    std::unique_ptr<net::DtlsServerTransport> transport_;
};

// Sends back what it gets, until it is destroyed.
class EchoServer {
public:
    explicit EchoServer(std::uint32_t sessions) : socket_(sessions) {
        thread_ = std::thread([this] {
            while (!stop_) socket_.send(socket_.receive());
        });
    }
    ~EchoServer() {
        stop_ = true;
        thread_.join();
    }
    net::Address address() const { return socket_.address(); }

private:
    SecureSocket socket_;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

}  // namespace

struct SecureMirror::Impl {
    explicit Impl(std::uint32_t sessions) : socket(sessions) {}
    SecureSocket socket;
    std::vector<net::Address> clients;
    std::array<std::array<std::uint8_t, 128>, 256> memory{};
    std::vector<net::Packet> out;

    base::MutableBytes open() { return memory[out.size() % memory.size()]; }
};

// In a process of its own, so that its sessions are not counted as the devices' memory: they are touched there alone.
SecureMirror::SecureMirror(std::uint32_t sessions) : impl_(std::make_unique<Impl>(sessions)) {
    port_ = impl_->socket.address().port;
    child_ = fork();
    if (child_ != 0) return;
    serve();
    _exit(0);
}

void SecureMirror::serve() {
    Impl& impl = *impl_;
    Shared& shared = *shared_;
    while (!shared.stop && getppid() != 1) {
        for (; shared.observe > 0 && shared.observes_sent < shared.registered && impl.out.size() < 64;
             --shared.observe) {
            const auto client = static_cast<std::uint32_t>(shared.observes_sent++);
            const auto place = impl.open();
            impl.out.push_back({place.first(write_observe(client, place.data())), 0, impl.clients[client]});
        }
        for (const auto& packet : impl.socket.receive()) {
            const auto place = impl.open();
            const auto size = reply(packet.bytes.data(), packet.bytes.size(), place.data());
            if (size == 0) continue;
            if (place[1] == 0x41) {
                impl.clients.push_back(packet.remote);
                ++shared.registered;
            }
            impl.out.push_back({place.first(size), 0, packet.remote});
        }
        impl.socket.send(impl.out);
        impl.out.clear();
        shared.received = impl.socket.received();
    }
}

SecureMirror::~SecureMirror() {
    shared_->stop = true;
    waitpid(child_, nullptr, 0);
}

DtlsCost measure_dtls(std::uint32_t devices, std::size_t size, int rounds) {
    DtlsCost cost;
    EchoServer server(devices);
    const Keys keys;
    asio::io_context io(1);
    const auto guard = asio::make_work_guard(io);
    net::AddressPlan plan;
    plan.devices = devices;
    plan.first = net::Address::from_v4(0x7f010000, 0);
    plan.prefix_size = 1u << 24;
    auto udp = net::UdpTransport::open(io, plan);
    if (!udp) {
        std::fprintf(stderr, "%s\n", udp.error().message.c_str());
        std::exit(3);
    }
    (*udp)->on_readable([] {});
    net::DtlsTransport::Config config;
    config.server = server.address();
    config.devices = devices;
    config.keys = &keys;
    config.secured = [](std::uint32_t) { return true; };
    config.offers_id = [](std::uint32_t) { return true; };
    config.resumes = [](std::uint32_t, std::uint32_t) { return false; };
    config.random = [](std::uint32_t device, std::uint32_t number) {
        net::RandomBytes random{};
        base::Writer out{base::MutableBytes(random)};
        out.put_uint(base::mix(device), 8);
        out.put_u32(number);
        return random;
    };
    net::DtlsTransport fleet(std::move(config), **udp);
    const auto begin = std::chrono::steady_clock::now();
    const auto now = [&] { return base::Time(std::chrono::steady_clock::now() - begin); };
    std::uint64_t received = 0;
    const auto take = [&] {
        io.poll();
        std::uint64_t got = 0;
        for (auto packets = fleet.receive(now()); !packets.empty(); packets = fleet.receive(now())) {
            got += packets.size();
        }
        for (const auto& event : fleet.take_events()) {
            cost.established += event.kind == net::LinkEvent::Kind::established ? 1 : 0;
        }
        received += got;
    };

    double spent = 0;
    std::uint32_t begun = 0;
    for (int waits = 0; cost.established < devices && waits < most_waits; ++waits) {
        const double start = thread_cpu_us();
        for (int i = 0; i < 64 && begun < devices && begun - cost.established < window; ++i) {
            fleet.connect(now(), begun++);
        }
        fleet.flush(now());
        const auto before = cost.established;
        take();
        spent += thread_cpu_us() - start;
        if (cost.established != before) {
            waits = 0;
        } else {
            usleep(50);
        }
    }
    cost.handshake_us = spent / std::max(1u, cost.established);

    const std::vector<std::uint8_t> text(size, 0x42);
    spent = 0;
    std::uint64_t sent = 0;
    std::vector<net::Packet> packets;
    const std::uint64_t total = std::uint64_t{devices} * static_cast<std::uint64_t>(rounds);
    for (int waits = 0; received < total && waits < most_waits; ++waits) {
        const double start = thread_cpu_us();
        packets.clear();
        for (int i = 0; i < 64 && sent < total && sent - received < window; ++i, ++sent) {
            packets.push_back({text, static_cast<std::uint32_t>(sent % devices), server.address()});
        }
        if (!packets.empty()) fleet.send(now(), packets);
        const auto before = received;
        take();
        spent += thread_cpu_us() - start;
        if (received != before) {
            waits = 0;
        } else {
            usleep(50);
        }
    }
    cost.exchanged = received;
    cost.exchange_us = spent / static_cast<double>(std::max<std::uint64_t>(1, received));
    return cost;
}

}  // namespace bench
