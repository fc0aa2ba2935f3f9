#include "simulator/engine/device_runner.h"

#include <fmt/format.h>

#include "profiles/value_text.h"
#include "simulator/engine/oscore_directory.h"
#include "simulator/engine/shard.h"
#include "simulator/fleet/life.h"
#include "simulator/fleet/observation.h"
#include "simulator/fleet/reporting.h"
#include "simulator/net/impairment.h"

namespace engine {
namespace {

constexpr std::size_t outbox_slots = 64;
constexpr std::uint32_t timers = 4096;
constexpr std::uint32_t exchanges = 64;
constexpr std::uint32_t messages = 4096;  // remembered, for repeated ones
constexpr base::Duration away = std::chrono::seconds(1);

// Shows what goes by.
class Tap final : public net::Transport {
public:
    using See = std::function<void(base::Time now, bool sent, base::Bytes bytes)>;
    Tap(net::Transport& inner, See see) : inner_(inner), see_(std::move(see)) {}

    void send(base::Time now, std::span<const net::Packet> packets) override {
        for (const auto& packet : packets) see_(now, true, packet.bytes);
        inner_.send(now, packets);
    }
    std::span<const net::Packet> receive(base::Time now) override {
        const auto packets = inner_.receive(now);
        for (const auto& packet : packets) see_(now, false, packet.bytes);
        return packets;
    }
    base::Time next_due() const override { return inner_.next_due(); }
    net::TransportCounts counts() const override { return inner_.counts(); }

private:
    net::Transport& inner_;
    See see_;
};

fleet::Membership membership_of(const DeviceRunOptions& options) {
    fleet::Membership members;
    members.first_index = options.index;
    members.devices = 1;
    members.profile_of = [](std::uint64_t) { return metrics::ProfileIndex{0}; };
    members.endpoint_name = [name = options.endpoint](std::uint64_t, base::MutableBytes memory) {
        const auto size = std::min(name.size(), memory.size());
        std::copy_n(name.begin(), size, memory.begin());
        return size;
    };
    members.address_of = [plan = options.sources](fleet::DeviceId device) { return plan.address_of(device); };
    return members;
}

}  // namespace

class DeviceRunner::Host final : public Worker {
public:
    Host(const DeviceRunOptions& options, net::Transport& transport)
        : on_message_(options.on_message),
          tap_(transport, [this](base::Time now, bool sent, base::Bytes bytes) { see(now, sent, bytes); }),
          network_{options.profile->network.loss, options.profile->network.duplicate, options.profile->network.reorder,
                   options.profile->network.latency},
          pool_(options.seed, membership_of(options), {options.profile}, fleet::ServerAddresses{options.target, {}}),
          latency_(supported_operations(std::span(&options.profile, 1)), 1) {
        if (!options.profile->network.perfect()) {
            impairment_ = std::make_unique<net::Impairment>(
                net::Impairment::Config{
                    .seed = options.seed,
                    .devices = 1,
                    .spec_of = [this](std::uint32_t) -> const net::ImpairmentSpec& { return network_; },
                    .index_of = [index = options.index](std::uint32_t) { return index; }},
                tap_);
        }
        outbox_ = std::make_unique<net::Outbox>(outermost(), outbox_slots);
        counters_.add_devices(0, metrics::DeviceState::idle, 1);
        pool_.security.see = [this](base::Time now, bool sent, base::Bytes bytes) {
            keep({now, sent, true, {bytes.begin(), bytes.end()}});
        };
    }

    bool work(base::Time now) override {
        auto step = turn(now);
        timers_.advance(now, [&](base::TimerEvent event) { fleet::on_timer(step, event); });
        const auto packets = outermost().receive(now);
        for (const auto& packet : packets) fleet::on_packet(step, packet);
        outbox_->flush(now);
        return !packets.empty();
    }
    base::Time next_due() const override {
        return std::min(timers_.next_due(), impairment_ ? impairment_->next_due() : tap_.next_due());
    }
    void every_second(base::Time) override {}

    // What follows is for the device's thread.
    template <class F>
    auto act(base::Time now, F&& what) {
        auto step = turn(now);
        if constexpr (std::is_void_v<std::invoke_result_t<F, fleet::Turn&>>) {
            what(step);
            outbox_->flush(now);
        } else {
            auto result = what(step);
            outbox_->flush(now);
            return result;
        }
    }
    fleet::DevicePool& pool() { return pool_; }
    const std::deque<Exchanged>& exchanged() const { return exchanged_; }

private:
    fleet::Turn turn(base::Time now) { return {now, pool_, *outbox_, timers_, endpoint_, counters_, latency_}; }
    net::Transport& outermost() {
        if (impairment_) return *impairment_;
        return tap_;
    }
    void see(base::Time now, bool sent, base::Bytes bytes) { keep({now, sent, false, {bytes.begin(), bytes.end()}}); }
    void keep(Exchanged exchanged) {
        if (exchanged_.size() == exchanges_kept) exchanged_.pop_front();
        exchanged_.push_back(std::move(exchanged));
        if (on_message_) on_message_(exchanged_.back());
    }

    std::function<void(const Exchanged&)> on_message_;
    std::deque<Exchanged> exchanged_;
    Tap tap_;
    net::ImpairmentSpec network_;
    std::unique_ptr<net::Impairment> impairment_;
    base::TimerWheel timers_{timers};
    coap::Endpoint endpoint_{{.exchanges = exchanges,
                              .messages = messages,
                              .timer_kind = static_cast<std::uint32_t>(fleet::TimerKind::exchange)},
                             timers_};
    fleet::DevicePool pool_;
    std::unique_ptr<net::Outbox> outbox_;
    metrics::Counters counters_;
    metrics::LatencyRecorder latency_;
};

DeviceRunner::DeviceRunner(DeviceRunOptions options) : options_(std::move(options)) {}

DeviceRunner::~DeviceRunner() { thread_.reset(); }

tl::expected<std::unique_ptr<DeviceRunner>, StartError> DeviceRunner::prepare(DeviceRunOptions options) {
    std::unique_ptr<DeviceRunner> runner(new DeviceRunner(std::move(options)));
    auto transport = net::UdpTransport::open(runner->io_, runner->options_.sources);
    if (!transport) return tl::unexpected(StartError{metrics::ExitCode::host, transport.error().message});
    runner->transport_ = std::move(*transport);
    runner->host_ = std::make_unique<Host>(runner->options_, *runner->transport_);
    runner->thread_ =
        std::make_unique<WorkerThread>("device", runner->io_, *runner->host_, *runner->transport_, runner->clock_);
    return runner;
}

void DeviceRunner::start() {
    clock_.start_at(std::chrono::steady_clock::now());
    host_->pool().unix_start =
        std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    host_->pool().security.entropy = run_entropy();
    thread_->start();
    thread_->post([this] {
        host_->act(clock_.now(), [](fleet::Turn& turn) {
            fleet::on_command(turn, 0, {fleet::Command::Kind::start, turn.now});
        });
    });
}

void DeviceRunner::leave() {
    thread_->post([this] {
        host_->act(clock_.now(), [](fleet::Turn& turn) {
            fleet::on_command(turn, 0, {fleet::Command::Kind::deregister, turn.now});
        });
    });
}

void DeviceRunner::stop() { thread_->stop(); }

metrics::DeviceState DeviceRunner::state() {
    auto state = metrics::DeviceState::idle;
    thread_->run([&] { state = host_->pool()[0].state; });
    return state;
}

DeviceInfo DeviceRunner::info() {
    DeviceInfo info;
    thread_->run([&] {
        host_->act(clock_.now(), [&](fleet::Turn& turn) {
            const fleet::Device& device = turn.pool[0];
            info.state = device.state;
            info.address = transport_->device_address(0);
            info.location = device.location.text();
            info.lifetime = device.lifetime;
            for (auto at = device.observations; at != base::no_index; at = turn.pool.observations[at].next) {
                const auto& observation = turn.pool.observations[at];
                const auto paths = fleet::observed_paths(turn, observation);
                info.observations.push_back(
                    {{paths.begin(), paths.end()}, base::to_hex(observation.token.view()), observation.format});
            }
            info.exchanges.assign(host_->exchanged().begin(), host_->exchanged().end());
        });
    });
    return info;
}

std::vector<DeviceValue> DeviceRunner::values(const lwm2m::Path& path) {
    std::vector<DeviceValue> found;
    thread_->run([&] {
        host_->act(clock_.now(), [&](fleet::Turn& turn) {
            const fleet::DeviceTree tree(turn, 0);
            const auto visit = [&](const auto& self, const lwm2m::Path& at) -> void {
                const auto* const object = at.depth == 0 ? nullptr : tree.object(at.object());
                const auto* const resource = at.depth < 3 || object == nullptr ? nullptr : object->find(at.resource());
                if (at.depth == 4 || (resource != nullptr && !resource->multiple)) {
                    found.push_back({at, resource->operations, tree.read(at)});
                    return;
                }
                std::vector<std::uint16_t> ids;
                tree.children(at, ids);
                for (const auto id : ids) self(self, at.child(id));
            };
            if (tree.exists(path)) visit(visit, path);
        });
    });
    return found;
}

tl::expected<void, std::string> DeviceRunner::set(const lwm2m::Path& path, const std::string& text) {
    using Refusal = tl::unexpected<std::string>;
    tl::expected<void, std::string> result;
    thread_->run([&] {
        host_->act(clock_.now(), [&](fleet::Turn& turn) {
            fleet::DeviceTree tree(turn, 0);
            const auto* const object = path.depth < 3 ? nullptr : tree.object(path.object());
            const auto* const resource = object == nullptr ? nullptr : object->find(path.resource());
            const auto name = lwm2m::to_string(path);
            if (resource == nullptr || !tree.exists(path.prefix(2))) {
                result = Refusal(fmt::format("the device has no resource {}", name));
                return;
            }
            if (resource->operations.execute || resource->multiple != (path.depth == 4)) {
                result = Refusal(fmt::format("{} holds no single value{}", name,
                                             resource->multiple ? ": name one of its instances" : ""));
                return;
            }
            const auto value = profiles::read_value(text, resource->type);
            if (!value) {
                result = Refusal(fmt::format("{}: {}", name, value.error().what));
                return;
            }
            const auto code = tree.write(path, value->view());
            if (!coap::is_success(code)) {
                result = Refusal(fmt::format("{}: the device refuses it: {}", name, coap::to_string(code)));
                return;
            }
            fleet::on_written(turn, 0, path);
            for (const auto& touched : tree.touched()) fleet::on_written(turn, 0, touched);
            if (turn.pool.link(0).update_due) fleet::request_update(turn, 0, turn.now);
        });
    });
    // Timers that are due now, and what else follows.
    thread_->post([] {});
    return result;
}

void DeviceRunner::update() {
    thread_->post(
        [this] { host_->act(clock_.now(), [](fleet::Turn& turn) { fleet::request_update(turn, 0, turn.now); }); });
}

void DeviceRunner::reboot() {
    thread_->post([this] { host_->act(clock_.now(), [](fleet::Turn& turn) { fleet::power_cycle(turn, 0, away); }); });
}

std::size_t DeviceRunner::notify() {
    std::size_t count = 0;
    thread_->run(
        [&] { count = host_->act(clock_.now(), [](fleet::Turn& turn) { return fleet::notify_all(turn, 0); }); });
    thread_->post([] {});
    return count;
}

}  // namespace engine
