#include "tests/bench/dtls13_bench.h"

#include <malloc.h>

#include <chrono>
#include <memory>
#include <string>

#include "simulator/net/dtls13_server_transport.h"
#include "simulator/net/dtls13_transport.h"
#include "simulator/net/dtls_transport.h"
#include "simulator/net/memory_transport.h"

namespace bench {
namespace {

struct Keys final : net::PskSource, net::PskDirectory {
    std::size_t identity(std::uint32_t device, base::MutableBytes out) const override {
        base::Writer writer(out);
        writer.put("urn:dev:" + std::to_string(device));
        return writer.size();
    }
    std::size_t key(std::uint32_t, base::MutableBytes out) const override { return key_of({}, 0, out)->size; }
    std::optional<Known> key_of(base::Bytes, unsigned from, base::MutableBytes out) const override {
        if (from > 0) return std::nullopt;
        std::fill_n(out.begin(), 16, std::uint8_t{7});
        return Known{.size = 16};
    }
};

std::size_t allocated() { return mallinfo2().uordblks; }

template <class F>
double microseconds(F&& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

Dtls13Cost measure_dtls13(std::uint32_t devices) {
    const auto address = net::Address::from_v4(0x7f000001, 5684);
    Keys keys;
    net::MemoryNetwork network;
    net::MemoryTransport below(network);
    net::MemoryTransport server_below(network);
    server_below.attach(0, address);
    for (std::uint32_t device = 0; device < devices; ++device) {
        below.attach(device, net::Address::from_v4(0x7f010000 + device, 40000));
    }
    net::Dtls13Transport::Config config;
    config.server = address;
    config.devices = devices;
    config.keys = &keys;
    config.client = [](std::uint32_t) { return std::optional(net::Dtls13Session::Client{}); };
    net::Dtls13Transport fleet(std::move(config), below);
    net::DtlsTransport::Config others_config;
    others_config.server = address;
    others_config.devices = devices;
    others_config.keys = &keys;
    others_config.secured = [](std::uint32_t) { return false; };
    net::DtlsTransport others(std::move(others_config), fleet.rest());
    fleet.join(others);
    net::Dtls13ServerTransport::Config server_config;
    server_config.keys = &keys;
    server_config.sessions = devices + 16;
    server_config.secret = base::as_bytes("cookies of the benchmark");
    auto server = std::make_unique<net::Dtls13ServerTransport>(server_config, server_below);

    Dtls13Cost cost;
    base::Time now{};
    const auto run = [&](std::uint32_t from, std::uint32_t to) {
        for (std::uint32_t device = from; device < to; ++device) {
            cost.handshake_us += microseconds([&] { fleet.connect(now, device), fleet.flush(now); });
            while (below.waiting() || server_below.waiting()) {
                cost.server_handshake_us += microseconds([&] { (void)server->receive(now); });
                cost.handshake_us += microseconds([&] { (void)fleet.receive(now); });
            }
        }
    };
    // The first ones make what is shared.
    const std::uint32_t first = devices / 10;
    run(0, first);
    cost = {};
    const std::size_t before = allocated();
    run(first, devices);
    const std::size_t both = allocated();
    server.reset();
    for (std::uint32_t device = 0; device < devices; ++device) cost.established += fleet.connected(device) ? 1 : 0;
    const auto measured = static_cast<double>(devices - first);
    cost.server_bytes = static_cast<double>(both - allocated()) / devices;
    cost.device_bytes = static_cast<double>(both - before) / measured - cost.server_bytes;
    cost.handshake_us /= measured;
    cost.server_handshake_us /= measured;
    return cost;
}

}  // namespace bench
