#include "simulator/engine/virtual_run.h"

#include <algorithm>

#include "metrics/process.h"
#include "simulator/engine/fleet_nat.h"
#include "simulator/engine/oscore_directory.h"
#include "simulator/engine/secure_fleet.h"
#include "simulator/engine/shard.h"
#include "simulator/net/memory_transport.h"
#include "simulator/server/server.h"

namespace engine {
namespace {

using metrics::DeviceState;

constexpr std::uint32_t first_address = 0x7f010000;  // 127.1.0.0
constexpr std::uint16_t device_port = 56830;
constexpr base::Duration longest_tail = std::chrono::minutes(10);  // after the plan, for what is still under way

// Hashes what a shard sends, whatever else is sent at the same moment: a sum of hashes, so that the order does not
// count.
class Tracer final : public net::Transport {
public:
    Tracer(net::Transport& inner, const fleet::Membership& members) : inner_(inner), members_(members) {}

    void send(base::Time now, std::span<const net::Packet> packets) override {
        for (const auto& packet : packets) {
            std::uint64_t hash = base::mix(static_cast<std::uint64_t>(now.time_since_epoch().count()) ^
                                           base::mix(members_.index_of(packet.local) + 1));
            for (const auto byte : packet.bytes) hash = (hash ^ byte) * 0x100000001b3ULL;
            hash_ += base::mix(hash);
            ++datagrams_;
        }
        inner_.send(now, packets);
    }
    std::span<const net::Packet> receive(base::Time now) override { return inner_.receive(now); }
    base::Time next_due() const override { return inner_.next_due(); }
    net::TransportCounts counts() const override { return inner_.counts(); }

    std::uint64_t hash() const { return hash_; }
    std::uint64_t datagrams() const { return datagrams_; }

private:
    net::Transport& inner_;
    const fleet::Membership& members_;
    std::uint64_t hash_ = 0;
    std::uint64_t datagrams_ = 0;
};

struct VirtualShard {
    fleet::Membership members;
    std::unique_ptr<net::MemoryTransport> transport;
    std::unique_ptr<net::Nat> nat;
    std::unique_ptr<net::Impairment> impairment;
    std::unique_ptr<Tracer> tracer;
    SecureShard dtls;
    std::unique_ptr<Shard> shard;
    std::vector<std::uint32_t> moves;  // by device: new addresses that it has had
};

struct VirtualServer {
    explicit VirtualServer(net::MemoryNetwork& network) : transport(network) {}
    net::MemoryTransport transport;
    SecureServer dtls;
    std::unique_ptr<server::Server> server;
};

class World {
public:
    World(const FleetModel& model, const VirtualOptions& options) : model_(model) {
        addresses_.first = net::Address::from_v4(0x7f000001, 5683);
        addresses_.further = further_addresses(model);
        add_server(addresses_.first);
        for (const auto& address : distinct(addresses_.further)) add_server(address);
        const auto count = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(std::max(options.threads, 1u), model.population->size()));
        for (std::uint32_t i = 0; i < count; ++i) add_shard(i, count);
    }

    // One moment: everybody works until nobody has anything left to do now.
    void settle(base::Time now) {
        for (bool more = true; more;) {
            more = false;
            for (auto& host : servers_) more = host->server->work(now) || more;
            for (auto& host : shards_) more = host->shard->work(now) || more;
            for (auto& host : servers_) more = more || host->transport.waiting();
            for (auto& host : shards_) more = more || host->transport->waiting();
        }
    }
    base::Time next_due() const {
        base::Time due = base::never;
        for (const auto& host : servers_) due = std::min(due, host->server->next_due());
        for (const auto& host : shards_) due = std::min(due, host->shard->next_due());
        return due;
    }
    void every_second(base::Time now) {
        for (auto& host : servers_) {
            host->server->every_second(now);
            sync_security(host->dtls, *host->server);
        }
        for (auto& host : shards_) host->shard->every_second(now);
    }
    void stop(base::Time now) {
        for (auto& host : shards_) {
            host->shard->stop_all(now);
            host->shard->sync_transport();
        }
        settle(now);
        every_second(now);
    }

    metrics::Snapshot snapshot(metrics::RunInfo info) const {
        metrics::Snapshot snapshot;
        snapshot.run = std::move(info);
        std::vector<const metrics::Counters*> counters;
        std::vector<const metrics::LatencyRecorder*> latencies;
        for (const auto& host : shards_) {
            counters.push_back(&host->shard->counters());
            latencies.push_back(&host->shard->latency());
        }
        snapshot.fleet = metrics::fold(counters, latencies);
        std::vector<const metrics::ServerFigures*> figures;
        for (const auto& host : servers_) figures.push_back(&host->server->figures());
        snapshot.server = metrics::fold_server(figures);
        snapshot.process = metrics::read_process_figures();
        return snapshot;
    }
    std::int64_t devices_in(DeviceState state) const {
        std::int64_t sum = 0;
        for (const auto& host : shards_) {
            metrics::Totals totals;
            metrics::accumulate(totals, host->shard->counters());
            for (const auto& profile : totals.devices) sum += profile[metrics::index(state)];
        }
        return sum;
    }
    std::int64_t observations() const {
        std::int64_t sum = 0;
        for (const auto& host : shards_) sum += host->shard->pool().observations.in_use();
        return sum;
    }
    bool idle() const {
        std::uint32_t in_flight = 0;
        for (const auto& host : shards_) in_flight += host->shard->in_flight();
        return in_flight == 0;
    }
    bool conservation_held() const {
        return std::all_of(shards_.begin(), shards_.end(),
                           [](const auto& host) { return host->shard->conservation_held(); });
    }
    std::uint64_t trace_hash() const {
        std::uint64_t hash = 0;
        for (const auto& host : shards_) hash += host->tracer->hash();
        return hash;
    }
    std::uint64_t datagrams() const {
        std::uint64_t count = 0;
        for (const auto& host : shards_) count += host->tracer->datagrams();
        return count;
    }

private:
    // Further servers have the addresses that the profiles say; a host's name has one that stands for it.
    static std::vector<std::vector<net::Address>> further_addresses(const FleetModel& model) {
        std::vector<std::vector<net::Address>> found;
        for (const auto& profile : model.profiles) {
            auto& list = found.emplace_back();
            for (std::size_t i = 1; i < profile->servers.size(); ++i) {
                const auto& uri = *profile->servers[i].uri;
                const auto address = net::parse_ip(uri.host, uri.port);
                std::uint32_t name = 0;
                for (const char c : uri.host) name = name * 31 + static_cast<unsigned char>(c);
                list.push_back(address ? *address : net::Address::from_v4(0x0a000000 | (name & 0xffffff), uri.port));
            }
        }
        return found;
    }
    static std::vector<net::Address> distinct(const std::vector<std::vector<net::Address>>& lists) {
        std::vector<net::Address> all;
        for (const auto& list : lists) {
            for (const auto& address : list) {
                if (std::ranges::find(all, address) == all.end()) all.push_back(address);
            }
        }
        return all;
    }
    void add_server(const net::Address& address) {
        auto host = std::make_unique<VirtualServer>(network_);
        host->transport.attach(0, address);
        server::ServerConfig config;
        config.seed = model_.scenario.seed;
        config.actions = model_.scenario.server;
        // One server's update is enough for a device.
        if (!servers_.empty()) config.actions.campaigns.clear();
        config.objects = model_.objects;
        config.capacity = static_cast<std::uint32_t>(model_.population->size() * 2 + 1024);
        // Nothing of the system's chance: a virtual run can be repeated.
        const auto clients = clients_of(model_, addresses_, address);
        auto oscore = oscore_directory(model_, clients);
        CHECK(oscore);  // make_fleet_model() has tried
        config.oscore = std::move(*oscore);
        host->dtls = secure_server(model_, clients, address, config.capacity, 0, host->transport);
        config.uri = (host->dtls.transport ? "coaps://" : "coap://") + net::to_string(address);
        net::Transport& outermost = host->dtls.outermost(host->transport);
        config.may_register = endpoint_check(model_, clients, host->dtls);
        host->server = std::make_unique<server::Server>(std::move(config), outermost);
        servers_.push_back(std::move(host));
    }
    // The NAT has another port for it each time.
    void move(VirtualShard& host, std::uint32_t device) {
        constexpr std::uint32_t ports = 8000;
        if (host.moves.empty()) host.moves.resize(host.members.devices);
        const auto number = static_cast<std::uint32_t>(host.members.index_of(device));
        const auto port = static_cast<std::uint16_t>(device_port + ++host.moves[device] % ports);
        host.transport->move(device, net::Address::from_v4(first_address + number, port));
        if (host.dtls.link() != nullptr) host.dtls.link()->note_rebind(device);
    }
    void add_shard(std::uint32_t index, std::uint32_t count) {
        auto host = std::make_unique<VirtualShard>();
        host->members = model_.membership(index, count);
        host->transport = std::make_unique<net::MemoryTransport>(network_);
        for (std::uint32_t device = 0; device < host->members.devices; ++device) {
            const auto number = static_cast<std::uint32_t>(host->members.index_of(device));
            host->transport->attach(device, net::Address::from_v4(first_address + number, device_port));
        }
        host->members.address_of = [first = host->members.first_index, stride = host->members.stride](auto device) {
            return net::Address::from_v4(first_address + static_cast<std::uint32_t>(first + device * stride),
                                         device_port);
        };
        net::Transport* outermost = host->transport.get();
        host->nat = fleet_nat(
            model_, host->members, [this, &host = *host](std::uint32_t device) { move(host, device); }, *outermost);
        if (host->nat) outermost = host->nat.get();
        if (model_.impaired) {
            const fleet::Membership& members = host->members;
            host->impairment = std::make_unique<net::Impairment>(
                net::Impairment::Config{
                    .seed = model_.scenario.seed,
                    .devices = members.devices,
                    .spec_of = [this, &members](std::uint32_t device) -> const net::ImpairmentSpec& {
                        return model_.impairments[members.profile_of(members.index_of(device))];
                    },
                    .index_of = [&members](std::uint32_t device) { return members.index_of(device); }},
                *outermost);
            outermost = host->impairment.get();
        }
        host->tracer = std::make_unique<Tracer>(*outermost, host->members);
        host->dtls = secure_shard(model_, host->members, addresses_, 0, *host->tracer);
        net::Transport& shard_transport = host->dtls.outermost(*host->tracer);
        host->shard = std::make_unique<Shard>(ShardConfig{.seed = model_.scenario.seed,
                                                          .membership = host->members,
                                                          .profiles = model_.profiles,
                                                          .servers = addresses_,
                                                          .plan = model_.plan.get(),
                                                          .capacity = {},
                                                          .impairment = host->impairment.get(),
                                                          .dtls = host->dtls.link(),
                                                          .nat = host->nat.get()},
                                              shard_transport);
        shards_.push_back(std::move(host));
    }

    const FleetModel& model_;
    net::MemoryNetwork network_;
    fleet::ServerAddresses addresses_;
    std::vector<std::unique_ptr<VirtualServer>> servers_;  // the target first
    std::vector<std::unique_ptr<VirtualShard>> shards_;
};

}  // namespace

VirtualResult run_virtually(const FleetModel& model, const VirtualOptions& options) {
    const auto resident_before = metrics::read_process_figures().resident_bytes;
    World world(model, options);
    const base::Time end = model.plan->end();
    const auto& last = model.plan->phases().back();
    const bool drains = last.kind == scenarios::PlannedPhase::Kind::drain;
    const base::Time load_end = drains ? last.begin : end;
    VirtualResult outcome;
    auto& result = outcome.result;
    std::int64_t registered = -1;
    base::Time now{};
    for (base::Time second{}; now <= end || (!world.idle() && now < end + longest_tail);) {
        const base::Time next = std::max(now + std::chrono::milliseconds(1), world.next_due());
        // Before the first device of a drain leaves, which is at its very beginning.
        if (registered < 0 && next >= load_end) {
            // Who sleeps is registered.
            registered = world.devices_in(DeviceState::registered) + world.devices_in(DeviceState::asleep);
            result.observations = world.observations();
        }
        // A lifetime that would end next week is no reason to wait for it.
        if (next == base::never || (next > end && world.idle())) {
            now = std::max(now, end);
            break;
        }
        now = next;
        world.settle(now);
        if (now >= second) {
            world.every_second(now);
            second = now + std::chrono::seconds(60);
        }
    }
    world.stop(now);

    metrics::RunInfo info = options.info;
    info.devices = static_cast<std::int64_t>(model.population->size());
    info.operations = supported_operations(model.profiles);
    for (const auto& profile : model.profiles) info.profiles.push_back(profile->name);
    result.snapshot = world.snapshot(std::move(info));
    auto& fleet = *result.snapshot.fleet;
    result.duration = now.time_since_epoch();
    result.load = load_end.time_since_epoch();
    result.resident_before_bytes = resident_before;
    result.laws = metrics::conservation(fleet.totals, metrics::Moment::ended, result.snapshot.run.devices);
    const auto server_laws = metrics::conservation(result.snapshot.server->totals);
    result.laws.insert(result.laws.end(), server_laws.begin(), server_laws.end());
    fleet.conservation_ok = world.conservation_held() && metrics::broken(result.laws).empty();
    result.registered = std::max<std::int64_t>(registered, 0);
    result.registered_max = result.registered;
    const auto planned = static_cast<std::int64_t>(drains ? last.before : last.after);
    result.lost = std::max<std::int64_t>(0, planned - result.registered);
    const auto sums = metrics::operation_sums(fleet.totals);
    result.exit_code = metrics::exit_code(
        {.conservation_broken = !fleet.conservation_ok, .nothing_succeeded = sums.ok == 0 && sums.ended > 0});
    outcome.trace_hash = world.trace_hash();
    outcome.datagrams = world.datagrams();
    outcome.simulated = result.duration;
    return outcome;
}

}  // namespace engine
