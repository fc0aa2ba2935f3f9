#include "tests/bench/turn_bench.h"

#include <array>
#include <memory>

#include "simulator/net/transport.h"
#include "tests/bench/floor.h"

namespace bench {
namespace {

constexpr std::uint32_t step_devices = 64;
constexpr std::size_t batch = 64;
constexpr std::size_t most_waiting = 4096;
constexpr base::Duration period = std::chrono::seconds(60);

// Answers as the mirror does, from memory.
class Echo final : public net::Transport {
public:
    explicit Echo(const net::Address& server) : server_(server) {}

    void send(base::Time, std::span<const net::Packet> packets) override {
        for (const auto& packet : packets) {
            counts_.sent += 1;
            const auto size = reply(packet.bytes.data(), packet.bytes.size(), next());
            if (size != 0) put(packet.local, size);
        }
    }
    std::span<const net::Packet> receive(base::Time) override {
        const auto count = std::min(batch, filled_ - taken_);
        for (std::size_t i = 0; i < count; ++i) packets_[i] = waiting_[(taken_ + i) % most_waiting].packet;
        taken_ += count;
        return {packets_.data(), count};
    }
    net::TransportCounts counts() const override { return counts_; }

    void observe(std::uint32_t device) { put(device, write_observe(device, next())); }

private:
    struct Waiting {
        std::array<std::uint8_t, most_reply> bytes{};
        net::Packet packet;
    };
    std::uint8_t* next() { return waiting_[filled_ % most_waiting].bytes.data(); }
    void put(std::uint32_t device, std::size_t size) {
        auto& waiting = waiting_[filled_++ % most_waiting];
        waiting.packet = {base::Bytes(waiting.bytes).first(size), device, server_};
    }

    net::Address server_;
    std::vector<Waiting> waiting_{most_waiting};
    std::array<net::Packet, batch> packets_{};
    std::size_t filled_ = 0;
    std::size_t taken_ = 0;
    net::TransportCounts counts_;
};

}  // namespace

TurnCost measure_turn(std::uint32_t devices, Notifications notifications, int rounds) {
    const auto model = make_model(devices, notifications);
    const auto server = net::Address::from_v4(0x7f000001, 5683);
    Echo echo(server);
    engine::Shard shard({.seed = 1,
                         .membership = model->membership(0, 1),
                         .profiles = model->profiles,
                         .servers = {server},
                         .plan = model->plan.get(),
                         .capacity = {},
                         .impairment = nullptr},
                        echo);
    base::Time now{};
    const base::Duration slice = period * step_devices / devices;
    const std::uint32_t steps = devices / step_devices + 2;
    const auto step = [&] {
        now += slice;
        while (shard.work(now)) {
        }
    };
    TurnCost cost;
    double begin = thread_cpu_us();
    for (std::uint32_t i = 0; i < steps; ++i) step();
    cost.register_ns =
        (thread_cpu_us() - begin) * 1e3 / static_cast<double>(count(shard, metrics::Operation::register_));
    for (std::uint32_t device = 0; device < devices; ++device) {
        echo.observe(device);
        if (device % step_devices == 0) step();
    }
    const auto before = count(shard, metrics::Operation::notify);
    begin = thread_cpu_us();
    for (std::uint32_t i = 0; i < steps * static_cast<std::uint32_t>(rounds); ++i) step();
    cost.notify_ns =
        (thread_cpu_us() - begin) * 1e3 / static_cast<double>(count(shard, metrics::Operation::notify) - before);
    return cost;
}

}  // namespace bench
