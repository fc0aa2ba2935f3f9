#include "simulator/engine/scenario_runner.h"

#include <sys/resource.h>

#include <algorithm>

#include <fmt/format.h>

#include "metrics/process.h"
#include "simulator/base/check.h"
#include "simulator/engine/fleet_nat.h"
#include "simulator/engine/http_downloads.h"
#include "simulator/engine/oscore_directory.h"
#include "simulator/net/impairment.h"
#include "simulator/net/probe.h"

namespace engine {
namespace {

using metrics::DeviceState;

constexpr base::Duration watch_interval = std::chrono::milliseconds(50);
constexpr base::Duration start_lead = std::chrono::milliseconds(20);
// RFC 7252 4.8.2: after MAX_TRANSMIT_WAIT whoever has not answered will not.
constexpr base::Duration silence_limit = std::chrono::seconds(93);
constexpr std::uint32_t spare_descriptors = 64;

std::int64_t in_state(const metrics::Totals& totals, DeviceState state) {
    std::int64_t sum = 0;
    for (const auto& profile : totals.devices) sum += profile[metrics::index(state)];
    return sum;
}

std::int64_t responses(const metrics::Totals& totals) { return metrics::total(totals.received); }

}  // namespace

struct ScenarioRunner::ShardHost {
    asio::io_context io{1};
    std::unique_ptr<net::UdpTransport> transport;
    std::unique_ptr<net::Nat> nat;
    std::vector<std::unique_ptr<DeviceCapture>> captures;
    std::unique_ptr<net::Impairment> impairment;
    SecureShard dtls;
    std::unique_ptr<Shard> shard;
    std::unique_ptr<WorkerThread> thread;
};

ScenarioRunner::ScenarioRunner(const FleetModel& model, RunOptions options)
    : model_(model), options_(std::move(options)) {}

ScenarioRunner::~ScenarioRunner() {
    downloads_.reset();
    for (auto& host : shards_) host->thread.reset();
    servers_.clear();
}

tl::expected<std::unique_ptr<ScenarioRunner>, StartError> ScenarioRunner::prepare(const FleetModel& model,
                                                                                  RunOptions options) {
    std::unique_ptr<ScenarioRunner> runner(new ScenarioRunner(model, std::move(options)));
    if (auto error = runner->open()) return tl::unexpected(std::move(*error));
    return runner;
}

std::optional<StartError> ScenarioRunner::open_server(const net::Address& address) {
    const bool first = servers_.empty();
    const auto name = first ? std::string("server") : fmt::format("server-{}", servers_.size());
    auto opened = EmbeddedServer::open({.address = address, .threads = server_threads(), .name = name}, clock_);
    if (!opened) return StartError{metrics::ExitCode::host, "embedded server: " + opened.error().message};
    auto& server = *servers_.emplace_back(std::move(*opened));
    server::ServerConfig config;
    config.seed = model_.scenario.seed;
    config.actions = model_.scenario.server;
    // One server's update is enough for a device.
    if (!first) config.actions.campaigns.clear();
    config.objects = model_.objects;
    const auto own = server.address();
    const auto clients = clients_of(model_, {first ? own : target_, options_.further_servers}, own);
    auto oscore = oscore_directory(model_, clients);
    if (!oscore) return StartError{metrics::ExitCode::usage, oscore.error()};
    config.oscore = std::move(*oscore);
    config.oscore.entropy = run_entropy();
    config.capacity = static_cast<std::uint32_t>(model_.population->size() + model_.population->size() / 16 + 1024);
    const auto made = server.secure([&](const SecureFront& front, net::Transport& inner) {
        return secure_server(model_, clients, own, config.capacity, system_salt(), inner, front);
    });
    CHECK(made.has_value());  // see check_security
    config.uri = (server.security().transport ? "coaps://" : "coap://") + net::to_string(own);
    config.may_register = endpoint_check(model_, clients, server.security());
    server.set_up(std::move(config));
    return std::nullopt;
}

std::uint32_t ScenarioRunner::server_threads() const {
    return model_.scenario.server.threads.value_or(EmbeddedServer::default_threads(model_.secured_target));
}

// A device tells its servers apart by their addresses, and reaches all of them from its own.
std::optional<StartError> ScenarioRunner::check_further_servers() const {
    for (std::size_t i = 0; i < options_.further_servers.size(); ++i) {
        for (const auto& address : options_.further_servers[i]) {
            const auto refuse = [&](std::string_view why) {
                return StartError{metrics::ExitCode::usage,
                                  fmt::format("profile {}: the server {} {} {}", model_.profiles[i]->name,
                                              net::to_string(address), why, net::to_string(target_))};
            };
            const auto& list = options_.further_servers[i];
            if (address == target_) return refuse("is the target itself,");
            if (std::ranges::count(list, address) > 1) return refuse("is there twice, beside the target");
            if (address.v6 != target_.v6) return refuse("is not of one family with the target");
            if (address.loopback() != target_.loopback()) return refuse("is not reached from where the target is,");
        }
    }
    return std::nullopt;
}

std::optional<StartError> ScenarioRunner::open() {
    auto& info = options_.info;
    info.devices = static_cast<std::int64_t>(model_.population->size());
    info.operations = supported_operations(model_.profiles);
    for (const auto& profile : model_.profiles) info.profiles.push_back(profile->name);
    for (const auto& profile : model_.profiles) {
        info.timeout = std::max(info.timeout, profile->transmission.max_transmit_wait());
    }

    std::vector<net::Address> further;
    for (const auto& list : options_.further_servers) {
        for (const auto& address : list) {
            if (std::ranges::find(further, address) == further.end()) further.push_back(address);
        }
    }
    if (!options_.target) {
        if (auto error = open_server(net::Address::from_v4(0x7f000001, options_.server_port))) return error;
        target_ = servers_.front()->address();
        if (auto error = check_further_servers()) return error;
        for (const auto& address : further) {
            if (auto error = open_server(address)) return error;
        }
    } else {
        target_ = *options_.target;
        if (auto error = check_further_servers()) return error;
        if (auto error = probe_target()) return error;
    }

    resident_before_ = metrics::read_process_figures().resident_bytes;
    withheld_before_ = metrics::read_withheld_cpu();
    const auto threads =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(std::max(options_.threads, 1u), model_.population->size()));
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    const std::uint64_t sockets = options_.addresses == net::AddressPlan::Kind::ports
                                      ? model_.population->size()
                                      : std::uint64_t{threads} * options_.sockets;
    if (sockets + spare_descriptors > limit.rlim_cur) {
        return StartError{metrics::ExitCode::host,
                          fmt::format("{} sockets are needed, {} file descriptors are allowed: {} would fit. Raise the "
                                      "limit (ulimit -n {}), or use fewer devices or --addresses pool",
                                      sockets, limit.rlim_cur,
                                      limit.rlim_cur - std::min<std::uint64_t>(spare_descriptors, limit.rlim_cur),
                                      sockets + spare_descriptors)};
    }

    std::vector<std::optional<StartError>> errors(threads);
    std::vector<std::thread> builders;
    for (std::uint32_t i = 0; i < threads; ++i) shards_.push_back(std::make_unique<ShardHost>());
    for (std::uint32_t i = 0; i < threads; ++i) {
        builders.emplace_back([this, i, threads, &errors] {
            ShardHost& host = *shards_[i];
            auto membership = model_.membership(i, threads);
            net::AddressPlan plan;
            plan.kind = options_.addresses;
            plan.devices = membership.devices;
            plan.sockets = options_.sockets;
            plan.first = options_.single_address.value_or(options_.pool.first);
            plan.prefix_size = options_.pool.size;
            // A small pool takes more ports for the same devices.
            constexpr std::uint64_t most_sockets = 512;
            const auto needed = (std::uint64_t{plan.devices} + plan.prefix_size - 1) / plan.prefix_size;
            if (needed > plan.sockets && needed <= most_sockets) plan.sockets = static_cast<std::uint32_t>(needed);
            if (plan.kind == net::AddressPlan::Kind::pool && plan.addresses() > plan.prefix_size) {
                errors[i] = StartError{
                    metrics::ExitCode::host,
                    fmt::format("{} addresses are needed, the pool has {}: {} devices would fit", plan.addresses(),
                                plan.prefix_size, plan.prefix_size * plan.sockets * threads)};
                return;
            }
            membership.address_of = [plan](std::uint32_t device) { return plan.address_of(device); };
            auto transport = net::UdpTransport::open(host.io, plan);
            if (!transport) {
                errors[i] = StartError{metrics::ExitCode::host, transport.error().message};
                return;
            }
            host.transport = std::move(*transport);
            net::Transport* outermost = host.transport.get();
            errors[i] = open_captures(host, membership, outermost);
            if (errors[i]) return;
            if (model_.rebinds && plan.banks() < 2) {
                errors[i] = StartError{metrics::ExitCode::host,
                                       fmt::format("devices get new source addresses, and there are none to spare: a "
                                                   "pool of twice {} addresses is needed (--addresses pool)",
                                                   plan.addresses())};
                return;
            }
            host.nat = fleet_nat(
                model_, membership,
                [&host](std::uint32_t device) {
                    (void)host.transport->rebind(device);
                    for (auto& capture : host.captures) {
                        capture->note_address(device, host.transport->device_address(device));
                    }
                    if (host.dtls.link() != nullptr) host.dtls.link()->note_rebind(device);
                },
                *outermost);
            if (host.nat) outermost = host.nat.get();
            if (model_.impaired) {
                host.impairment = std::make_unique<net::Impairment>(
                    net::Impairment::Config{
                        .seed = model_.scenario.seed,
                        .devices = membership.devices,
                        .spec_of = [this, membership](std::uint32_t device) -> const net::ImpairmentSpec& {
                            return model_.impairments[membership.profile_of(membership.index_of(device))];
                        },
                        .index_of = [membership](std::uint32_t device) { return membership.index_of(device); }},
                    *outermost);
                outermost = host.impairment.get();
            }
            host.dtls =
                secure_shard(model_, membership, {target_, options_.further_servers}, system_salt(), *outermost);
            if (host.dtls.transport) {
                outermost = &host.dtls.outermost(*outermost);
                for (auto& capture : host.captures) {
                    capture->attach_keys(*host.dtls.transport);
                    if (host.dtls.newer) capture->attach_keys(*host.dtls.newer);
                }
            }
            host.shard = std::make_unique<Shard>(ShardConfig{.seed = model_.scenario.seed,
                                                             .membership = std::move(membership),
                                                             .profiles = model_.profiles,
                                                             .servers = {target_, options_.further_servers},
                                                             .plan = model_.plan.get(),
                                                             .capacity = {},
                                                             .impairment = host.impairment.get(),
                                                             .dtls = host.dtls.link(),
                                                             .nat = host.nat.get()},
                                                 *outermost);
            host.shard->pool().security.entropy = run_entropy();
        });
    }
    for (auto& builder : builders) builder.join();
    for (auto& error : errors) {
        if (error) return error;
    }
    for (std::size_t i = 0; i < shards_.size(); ++i) {
        ShardHost& host = *shards_[i];
        host.thread =
            std::make_unique<WorkerThread>(fmt::format("shard-{}", i), host.io, *host.shard, *host.transport, clock_);
    }
    open_downloads();
    judge_ = std::make_unique<metrics::GeneratorJudge>(metrics::GeneratorLimits{}, shards_.size());
    seen_ticks_.resize(shards_.size());
    seen_load_.resize(shards_.size());
    busy_now_ = std::vector<std::atomic<double>>(shards_.size());
    return std::nullopt;
}

// What is captured is what the network sees: below whatever the profile does to it.
std::optional<StartError> ScenarioRunner::open_captures(ShardHost& host, const fleet::Membership& members,
                                                        net::Transport*& outermost) const {
    for (const auto& request : options_.captures) {
        const auto device = device_of(members, request.index);
        if (!device) continue;
        const auto& profile = model_.population->profile_of(request.index);
        if (profile.security.dtls == profiles::DtlsVersion::v13 && !net::dtls13_features().secrets) {
            return StartError{metrics::ExitCode::usage,
                              "--capture: the wolfSSL that this was built with does not tell the secrets of DTLS 1.3; "
                              "build with the one that simulator/cmake/build-wolfssl.sh makes"};
        }
        auto capture = DeviceCapture::open(request, profile.security.mode != profiles::SecurityMode::none);
        if (!capture) return StartError{metrics::ExitCode::host, capture.error()};
        outermost = &(*capture)->attach(*device, host.transport->device_address(*device), *outermost);
        host.captures.push_back(std::move(*capture));
    }
    return std::nullopt;
}

std::vector<std::string> ScenarioRunner::finish_captures() {
    std::vector<std::string> problems;
    for (auto& host : shards_) {
        for (auto& capture : host->captures) {
            if (auto problem = capture->finish(); !problem.empty()) problems.push_back(std::move(problem));
        }
    }
    return problems;
}

void ScenarioRunner::open_downloads() {
    const bool any = std::ranges::any_of(model_.profiles, [](const auto& profile) {
        return profile->behaviour.firmware.behaves || profile->behaviour.software.behaves;
    });
    if (!any) return;
    downloads_ = std::make_unique<HttpDownloads>(clock_);
    for (auto& host : shards_) downloads_->attach(*host->shard, *host->thread, host->io);
}

std::optional<StartError> ScenarioRunner::probe_target() const {
    const auto refusal = net::probe(target_);
    if (!refusal) return std::nullopt;
    return StartError{metrics::ExitCode::unreachable,
                      fmt::format("nobody answers at {}: {}. Is the server running, and is the port right?",
                                  net::to_string(target_), *refusal)};
}

metrics::RunResult ScenarioRunner::run() {
    clock_.start_at(std::chrono::steady_clock::now() + start_lead);
    const auto unix_start = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now() + start_lead);
    for (auto& host : shards_) {
        host->shard->pool().unix_start = unix_start.time_since_epoch().count();
        for (auto& capture : host->captures) capture->set_unix_start(unix_start.time_since_epoch());
    }
    for (auto& server : servers_) server->start();
    for (auto& host : shards_) host->thread->start();
    if (options_.hooks.leak_operation) shards_[0]->thread->run([&] { shards_[0]->shard->leak_operation(); });

    bool frozen = false;
    int interrupts_seen = 0;
    base::Time deadline = base::never;
    base::Time now{};
    for (;;) {
        std::this_thread::sleep_for(watch_interval);
        now = clock_.now();
        judge_ticks();
        watch_target(now);
        if (options_.hooks.freeze_server && !servers_.empty() && !frozen &&
            now >= base::Time(options_.hooks.freeze_server->first)) {
            servers_.front()->freeze(options_.hooks.freeze_server->second);
            frozen = true;
        }
        const int interrupts = interrupts_.load();
        if (interrupts > interrupts_seen && interrupts_seen == 0) {
            interrupts_seen = interrupts;
            deadline = now + options_.grace;
            for (auto& host : shards_) {
                // Posted, not run: the thread then looks at its timers again.
                host->thread->post(
                    [shard = host->shard.get(), now, over = options_.grace / 2] { shard->begin_drain(now, over); });
            }
        }
        if (interrupts >= 2 || now >= deadline || target_silent_) break;
        if (now >= model_.plan->end() && deadline == base::never) deadline = now + options_.grace;
        if (finished(now)) break;
    }
    return conclude(now);
}

// About once a second each thread notes what it has spent; a tick that comes late says that it stood still.
void ScenarioRunner::judge_ticks() {
    for (std::size_t i = 0; i < shards_.size(); ++i) {
        const auto& load = shards_[i]->thread->load();
        const auto ticks = load.ticks.load(std::memory_order_acquire);
        if (ticks == seen_ticks_[i]) continue;
        const auto cpu = load.cpu_ns.load(std::memory_order_relaxed);
        const auto wall = load.wall_ns.load(std::memory_order_relaxed);
        if (seen_ticks_[i] > 0 && ticks == seen_ticks_[i] + 1) {
            const base::Duration elapsed(wall - seen_load_[i].second);
            const base::Duration worked(cpu - seen_load_[i].first);
            judge_->observe({i, elapsed, std::chrono::seconds(1), worked});
            const double busy = base::seconds(worked) / std::max(1e-9, base::seconds(elapsed));
            busy_now_[i].store(busy);
            busy_max_ = std::max(busy_max_, busy);
        }
        seen_ticks_[i] = ticks;
        seen_load_[i] = {cpu, wall};
    }
}

// Counts the fleet while the load lasts, and notices when nobody ever answers.
void ScenarioRunner::watch_target(base::Time now) {
    std::vector<const metrics::Counters*> counters;
    for (const auto& host : shards_) counters.push_back(&host->shard->counters());
    const auto totals = std::make_unique<metrics::Totals>(metrics::fold(counters));
    // Who sleeps is registered.
    const auto registered = in_state(*totals, DeviceState::registered) + in_state(*totals, DeviceState::asleep);
    const auto& phases = model_.plan->phases();
    const bool load_over = interrupts_.load() > 0 || now >= model_.plan->end() ||
                           phases[model_.plan->phase_at(now)].kind == scenarios::PlannedPhase::Kind::drain;
    if (!load_over || !load_ended_) {
        registered_max_ = std::max(registered_max_, registered);
        if (!load_over) {
            registered_ = registered;
            observations_ = totals->observations[0];
        }
    }
    if (load_over && !load_ended_) {
        load_ended_ = true;
        load_end_ = now;
        registered_ = std::max(registered_, registered);
    }
    const auto second = now.time_since_epoch() / std::chrono::seconds(1);
    if (second != judged_second_) {
        judged_second_ = second;
        metrics::Latencies latencies;
        for (const auto& host : shards_) latencies.merge(host->shard->latency());
        valid_.store(judge_->reasons(latencies.lag(), totals->drops).empty());
    }
    const bool asked = metrics::total(totals->started) > 0;
    target_silent_ = asked && responses(*totals) == 0 && now.time_since_epoch() > silence_limit;
}

bool ScenarioRunner::finished(base::Time now) const {
    if (now < model_.plan->end() && interrupts_.load() == 0) return false;
    std::vector<const metrics::Counters*> counters;
    for (const auto& host : shards_) counters.push_back(&host->shard->counters());
    const auto totals = std::make_unique<metrics::Totals>(metrics::fold(counters));
    std::int64_t in_flight = metrics::total(totals->in_flight);
    if (options_.hooks.leak_operation) --in_flight;
    const bool drains = interrupts_.load() > 0 || model_.plan->phases().back().after == 0;
    return in_flight == 0 && (!drains || in_state(*totals, DeviceState::stopped) == options_.info.devices);
}

metrics::RunResult ScenarioRunner::conclude(base::Time ended) {
    for (auto& host : shards_) {
        host->thread->run([&] {
            host->shard->stop_all(clock_.now());
            host->shard->sync_transport();
        });
    }
    if (!servers_.empty()) std::this_thread::sleep_for(watch_interval);  // its last datagrams are on their way
    auto result = metrics::RunResult{};
    bool conservation_held = true;
    for (auto& host : shards_) {
        host->thread->stop();
        host->shard->sync_transport();
        conservation_held = conservation_held && host->shard->conservation_held();
    }
    for (auto& server : servers_) server->stop();
    result.snapshot = snapshot();
    auto& fleet = *result.snapshot.fleet;
    result.duration = ended.time_since_epoch();
    result.load = load_ended_ ? load_end_.time_since_epoch() : result.duration;
    result.interrupted = interrupts_.load() > 0;
    result.laws = metrics::conservation(fleet.totals, metrics::Moment::ended, options_.info.devices);
    if (!servers_.empty()) {
        const auto laws = metrics::conservation(result.snapshot.server->totals);
        result.laws.insert(result.laws.end(), laws.begin(), laws.end());
    }
    conservation_held = conservation_held && metrics::broken(result.laws).empty();
    result.invalid_reasons = judge_->reasons(fleet.latencies.lag(), fleet.totals.drops, result.snapshot.withheld);
    result.registered = registered_;
    result.registered_max = registered_max_;
    result.observations = observations_;
    const auto& phases = model_.plan->phases();
    const auto planned = static_cast<std::int64_t>(
        phases.back().kind == scenarios::PlannedPhase::Kind::drain ? phases.back().before : phases.back().after);
    result.lost = result.interrupted ? 0 : std::max<std::int64_t>(0, planned - registered_);
    result.resident_before_bytes = resident_before_;
    result.busy_max = busy_max_;
    fleet.valid = result.invalid_reasons.empty();
    fleet.conservation_ok = conservation_held;
    const auto sums = metrics::operation_sums(fleet.totals);
    result.exit_code = metrics::exit_code({.conservation_broken = !conservation_held,
                                           .target_silent = target_silent_,
                                           .invalid = !fleet.valid,
                                           .nothing_succeeded = sums.ok == 0 && sums.ended > 0,
                                           .interrupted = result.interrupted});
    return result;
}

metrics::Snapshot ScenarioRunner::snapshot() const {
    metrics::Snapshot snapshot;
    snapshot.run = options_.info;
    std::vector<const metrics::Counters*> counters;
    std::vector<const metrics::LatencyRecorder*> latencies;
    for (const auto& host : shards_) {
        counters.push_back(&host->shard->counters());
        latencies.push_back(&host->shard->latency());
    }
    snapshot.fleet = metrics::fold(counters, latencies);
    auto& fleet = *snapshot.fleet;
    fleet.conservation_ok = true;
    fleet.workers.resize(shards_.size());
    for (std::size_t i = 0; i < shards_.size(); ++i) {
        if (shards_[i]->thread) fleet.workers[i].cpu = base::Duration(shards_[i]->thread->load().cpu_ns.load());
        fleet.workers[i].busy = fleet.workers[i].cpu;
        fleet.workers[i].busy_ratio = busy_now_[i].load();
        fleet.conservation_ok = fleet.conservation_ok && shards_[i]->shard->conservation_held();
    }
    const base::Time now = clock_.now();
    const auto& phases = model_.plan->phases();
    const auto& phase = phases[model_.plan->phase_at(now)];
    const double length = base::seconds(phase.end - phase.begin);
    fleet.phase = {phase.name, length <= 0 ? 1.0 : std::clamp(base::seconds(now - phase.begin) / length, 0.0, 1.0)};
    fleet.devices_target =
        static_cast<std::int64_t>(now >= model_.plan->end() ? phase.after : std::max(phase.before, phase.after));
    fleet.valid = valid_.load();
    if (!servers_.empty()) {
        std::vector<const metrics::ServerFigures*> figures;
        for (const auto& server : servers_) figures.push_back(&server->figures());
        snapshot.server = metrics::fold_server(figures);
        snapshot.server->thread_cpu.clear();
        for (const auto& server : servers_) {
            for (const auto spent : server->thread_cpu()) snapshot.server->thread_cpu.push_back(spent);
        }
    }
    snapshot.process = metrics::read_process_figures();
    snapshot.withheld = metrics::read_withheld_cpu().since(withheld_before_);
    return snapshot;
}

server::Server* ScenarioRunner::server() { return servers_.empty() ? nullptr : &servers_.front()->server(); }

void ScenarioRunner::post_to_server(std::function<void()> task) {
    if (!servers_.empty()) servers_.front()->post(std::move(task));
}

}  // namespace engine
