#include "tests/bench/fleet_bench.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include <asio/executor_work_guard.hpp>

#include "metrics/process.h"
#include "profiles/object_loader.h"
#include "scenarios/scenario_loader.h"
#include "simulator/engine/secure_fleet.h"
#include "tests/bench/dtls_bench.h"
#include "tests/bench/floor.h"
#include "tests/bench/turn_bench.h"

namespace bench {
namespace {

constexpr std::uint32_t step_devices = 64;
constexpr std::uint64_t widest_window = 1200;
constexpr base::Duration patience = std::chrono::seconds(1);  // below ACK_TIMEOUT: nothing is sent twice
constexpr int most_waits = 10'000;                            // of 50 us
constexpr base::Duration period = std::chrono::seconds(60);

// The shard's moment, its CPU time, and the window towards the mirror.
class Drive {
public:
    Drive(engine::Shard& shard, asio::io_context& io, net::UdpTransport& transport, const Peer& mirror,
          std::uint64_t window)
        : shard_(shard), io_(io), transport_(transport), mirror_(mirror), window_(window) {
        transport_.on_readable([] {});
    }

    // One step of the shard, `ahead` later. Polling the reactor for readable sockets is part of what it costs.
    void step(base::Duration ahead) {
        now_ += ahead;
        const double start = thread_cpu_us();
        io_.poll();
        while (shard_.work(now_)) {
        }
        spent_ += thread_cpu_us() - start;
        if (on_the_way() <= window_) return;
        // Waiting for the mirror is not the shard's cost.
        for (int waited = 0; on_the_way() > window_ / 2; ++waited) {
            usleep(50);
            if (waited < most_waits) continue;
            std::fprintf(stderr, "note: %llu datagrams did not reach the mirror\n",
                         static_cast<unsigned long long>(on_the_way()));
            lost_ += on_the_way();
        }
        const double again = thread_cpu_us();
        io_.poll();
        (void)shard_.work(now_);
        spent_ += thread_cpu_us() - again;
    }
    double take_spent() { return std::exchange(spent_, 0.0); }

private:
    std::uint64_t on_the_way() const { return transport_.counts().sent - lost_ - mirror_.received(); }

    engine::Shard& shard_;
    asio::io_context& io_;
    asio::executor_work_guard<asio::io_context::executor_type> guard_{io_.get_executor()};
    net::UdpTransport& transport_;
    const Peer& mirror_;
    std::uint64_t window_;
    base::Time now_{};
    double spent_ = 0;
    std::uint64_t lost_ = 0;
};

}  // namespace

std::unique_ptr<engine::FleetModel> make_model(std::uint32_t devices, Notifications notifications, Security security) {
    profiles::Diagnostics diagnostics;
    auto scenario = scenarios::parse_scenario(
        "scenario: bench\ndevices: " + std::to_string(devices) +
            "\nfleet: [{profile: under-test}]\nphases:\n  - ramp: {over: 60s}\n  - hold: {for: 1y}\n",
        "bench", diagnostics);
    auto catalog = profiles::builtin_profiles();
    const std::string psk = "security: {mode: psk, key: {derive: \"" + std::string(bench_secret) + "\"}}\n";
    catalog.add({"under-test", "under-test.yaml",
                 "profile: under-test\nextends: temperature-sensor\n" + (security == Security::psk ? psk : "")});
    std::unique_ptr<engine::FleetModel> model;
    if (scenario) {
        model = engine::make_fleet_model(std::move(*scenario), catalog, profiles::builtin_objects(), diagnostics);
    }
    if (!model) {
        std::fputs(diagnostics.text().c_str(), stderr);
        std::exit(1);
    }
    if (notifications == Notifications::confirmable) {
        auto profile = std::make_shared<profiles::ResolvedProfile>(*model->profiles[0]);
        profile->behaviour.notify_confirmable = true;
        model->profiles[0] = profile;
    }
    return model;
}

std::int64_t count(const engine::Shard& shard, metrics::Operation operation) {
    const metrics::Counters* counters = &shard.counters();
    const auto totals = std::make_unique<metrics::Totals>(metrics::fold(std::span(&counters, 1)));
    return metrics::total(totals->operations[metrics::index(operation)]);
}

namespace {

FleetCost measure(std::uint32_t devices, Notifications notifications, int rounds, Security security, Peer& mirror) {
    FleetCost cost;
    // The program's own pages come in now, so that they are not counted as the devices'.
    (void)measure_turn(step_devices, notifications, 1);
    const auto model = make_model(devices, notifications, security);
    const auto resident_before = metrics::read_process_figures().resident_bytes;
    const double begin = thread_cpu_us();

    asio::io_context io(1);
    net::AddressPlan plan;
    plan.devices = devices;
    plan.first = net::Address::from_v4(0x7f010000, 0);
    plan.prefix_size = 1u << 24;
    auto transport = net::UdpTransport::open(io, plan);
    if (!transport) {
        std::fprintf(stderr, "%s\n", transport.error().message.c_str());
        std::exit(3);
    }
    const auto server = net::Address::from_v4(0x7f000001, mirror.port());
    const auto members = model->membership(0, 1);
    const auto dtls = engine::secure_shard(*model, members, {server, {}}, engine::system_salt(), **transport);
    net::Transport& outermost =
        dtls.transport ? static_cast<net::Transport&>(*dtls.transport) : static_cast<net::Transport&>(**transport);
    engine::Shard shard({.seed = 1,
                         .membership = members,
                         .profiles = model->profiles,
                         .servers = {server},
                         .plan = model->plan.get(),
                         .capacity = {},
                         .impairment = nullptr,
                         .dtls = dtls.transport.get()},
                        outermost);
    cost.construct_s = (thread_cpu_us() - begin) / 1e6;

    const base::Duration slice = period * step_devices / devices;
    const auto steps = static_cast<std::uint64_t>(patience / slice);
    Drive drive(shard, io, **transport, mirror,
                std::clamp<std::uint64_t>(steps * step_devices, step_devices, widest_window));
    for (std::uint32_t i = 0; i < devices / step_devices + 2; ++i) drive.step(slice);
    for (int i = 0; i < 2000 && shard.in_flight() > 0; ++i) {
        drive.step(base::Duration{0});
        usleep(100);
    }
    cost.registered = static_cast<std::uint64_t>(count(shard, metrics::Operation::register_));
    cost.register_us = drive.take_spent() / static_cast<double>(cost.registered);

    // Observing at the pace of the registrations spreads the notifications over the minute.
    for (std::uint32_t i = 0; i < devices / step_devices + 2; ++i) {
        mirror.observe_next(step_devices);
        // Each step takes in its own Observes; were they to pile up, the answers would be one burst.
        for (int waited = 0; waited < most_waits && mirror.observing(); ++waited) usleep(20);
        drive.step(slice);
    }
    for (int i = 0; i < 2000 && mirror.observes_sent() < cost.registered; ++i) {
        drive.step(base::Duration{0});
        usleep(100);
    }
    (void)drive.take_spent();

    const auto before = count(shard, metrics::Operation::notify);
    for (int round = 0; round < rounds; ++round) {
        for (std::uint32_t i = 0; i < devices / step_devices + 2; ++i) drive.step(slice);
    }
    for (int i = 0; i < 2000 && shard.in_flight() > 0; ++i) {
        drive.step(base::Duration{0});
        usleep(100);
    }
    cost.notified = static_cast<std::uint64_t>(count(shard, metrics::Operation::notify) - before);
    cost.notify_us = cost.notified == 0 ? 0 : drive.take_spent() / static_cast<double>(cost.notified);
    cost.bytes_per_device =
        static_cast<double>(metrics::read_process_figures().resident_bytes - resident_before) / devices;
    return cost;
}

}  // namespace

FleetCost measure_fleet(std::uint32_t devices, Notifications notifications, int rounds) {
    Mirror mirror;
    return measure(devices, notifications, rounds, Security::none, mirror);
}

FleetCost measure_secured_fleet(std::uint32_t devices, Notifications notifications, int rounds) {
    SecureMirror mirror(devices);
    return measure(devices, notifications, rounds, Security::psk, mirror);
}

}  // namespace bench
