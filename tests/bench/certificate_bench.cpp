#include "tests/bench/certificate_bench.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>

#include <fmt/format.h>
#include <asio/executor_work_guard.hpp>

#include "profiles/object_loader.h"
#include "scenarios/scenario_loader.h"
#include "simulator/engine/secure_fleet.h"
#include "simulator/net/udp_transport.h"
#include "tests/bench/dtls_bench.h"
#include "tests/bench/floor.h"

namespace bench {
namespace {

constexpr std::uint32_t window = 64;  // handshakes at once
constexpr int most_waits = 100'000;   // of 50 us

std::unique_ptr<engine::FleetModel> fleet_of(std::string_view mode, std::uint32_t devices) {
    profiles::Diagnostics diagnostics;
    auto catalog = profiles::builtin_profiles();
    catalog.add({"certified", "certified.yaml",
                 fmt::format("profile: certified\nextends: temperature-sensor\nsecurity: {{mode: {}, key: {{derive: "
                             "\"{}\"}}}}\n",
                             mode, bench_secret)});
    auto scenario = scenarios::parse_scenario(
        fmt::format("scenario: bench\nfleet: [{{profile: certified}}]\ndevices: {}\nphases: [{{hold: {{for: 1s}}}}]\n",
                    devices),
        "bench", diagnostics);
    std::unique_ptr<engine::FleetModel> model;
    if (scenario) {
        model = engine::make_fleet_model(std::move(*scenario), catalog, profiles::builtin_objects(), diagnostics);
    }
    if (model != nullptr) return model;
    std::fprintf(stderr, "lwm2m-bench: %s\n", diagnostics.text().c_str());
    std::exit(1);
}

// One side: a socket, and what polls it.
struct Side {
    asio::io_context io{1};
    asio::executor_work_guard<asio::io_context::executor_type> guard{io.get_executor()};
    std::unique_ptr<net::UdpTransport> udp;
    std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();

    base::Time now() const { return base::Time(std::chrono::steady_clock::now() - begin); }
};

// Answers on a thread of its own, and counts what that costs.
class Server {
public:
    explicit Server(const engine::FleetModel& model) {
        side_.udp = *net::UdpTransport::open_server(side_.io, net::Address::from_v4(0x7f000001, 0));
        side_.udp->on_readable([] {});
        const auto address = side_.udp->local_address();
        const auto clients = engine::clients_of(model, {address, {}}, address);
        const auto sessions = static_cast<std::uint32_t>(model.population->size() + 1024);
        secure_ = engine::secure_server(model, clients, address, sessions, engine::system_salt(), *side_.udp);
        thread_ = std::thread([this] { serve(); });
    }
    ~Server() {
        if (thread_.joinable()) stop();
    }
    double stop() {
        stop_ = true;
        thread_.join();
        return spent_;
    }
    net::Address address() const { return side_.udp->local_address(); }

private:
    void serve() {
        while (!stop_) {
            const double start = thread_cpu_us();
            side_.io.poll();
            const auto before = secure_.transport->dtls_counts().own_received;
            (void)secure_.transport->receive(side_.now());
            if (secure_.transport->dtls_counts().own_received != before) {
                spent_ += thread_cpu_us() - start;
            } else {
                usleep(20);
            }
        }
    }

    Side side_;
    engine::SecureServer secure_;
    std::atomic<bool> stop_{false};
    double spent_ = 0;
    std::thread thread_;
};

}  // namespace

CertificateCost measure_certificates(std::string_view mode, std::uint32_t devices) {
    const auto model = fleet_of(mode, devices);
    Server server(*model);
    Side side;
    net::AddressPlan plan;
    plan.devices = devices;
    plan.first = net::Address::from_v4(0x7f020000, 0);
    plan.prefix_size = 1u << 24;
    side.udp = *net::UdpTransport::open(side.io, plan);
    side.udp->on_readable([] {});
    const auto members = model->membership(0, 1);
    auto shard = engine::secure_shard(*model, members, {server.address(), {}}, engine::system_salt(), *side.udp);

    CertificateCost cost;
    std::uint32_t begun = 0;
    for (int waits = 0; cost.established < devices && waits < most_waits; ++waits) {
        const double start = thread_cpu_us();
        while (begun < devices && begun - cost.established < window) shard.transport->connect(side.now(), begun++);
        shard.transport->flush(side.now());
        side.io.poll();
        (void)shard.transport->receive(side.now());
        const auto before = cost.established;
        for (const auto& event : shard.transport->take_events()) {
            cost.established += event.kind == net::LinkEvent::Kind::established ? 1 : 0;
        }
        cost.client_us += thread_cpu_us() - start;
        if (cost.established == before) usleep(50);
    }
    const double all = std::max(1u, cost.established);
    cost.client_us /= all;
    cost.server_us = server.stop() / all;
    return cost;
}

}  // namespace bench
