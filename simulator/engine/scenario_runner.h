// ScenarioRunner: a scenario in real time: shards on threads with sockets, the embedded server beside them, and the
// truth about both.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "metrics/run_result.h"
#include "profiles/population.h"
#include "scenarios/plan.h"
#include "simulator/engine/device_capture.h"
#include "simulator/engine/embedded_server.h"
#include "simulator/engine/fleet_model.h"
#include "simulator/engine/shard.h"
#include "simulator/net/address_plan.h"

namespace engine {

class HttpDownloads;

// For tests of what the figures say about a run that goes wrong.
struct TestHooks {
    std::optional<std::pair<base::Duration, base::Duration>> freeze_server;  // when after the start, and for how long
    bool leak_operation = false;
};

struct RunOptions {
    std::uint32_t threads = 1;           // shards
    std::optional<net::Address> target;  // none: the embedded server
    // By profile: the addresses of its further servers. Without a target embedded servers listen there.
    std::vector<std::vector<net::Address>> further_servers;
    net::Prefix pool{net::Address::from_v4(0x7f010000, 0), (1u << 24) - (1u << 16) - 1};
    net::AddressPlan::Kind addresses = net::AddressPlan::Kind::pool;
    std::optional<net::Address> single_address;  // of the plan `ports`
    std::uint32_t sockets = 2;                   // of a shard, plan `pool`
    base::Duration grace = std::chrono::seconds(30);
    std::uint16_t server_port = 5683;  // of the embedded server; 0: any that is free
    std::vector<CaptureRequest> captures;
    TestHooks hooks;
    metrics::RunInfo info;  // id, argv, version ...; devices, profiles and operations are filled in
};

// Why a run could not begin: nothing has been sent.
struct StartError {
    metrics::ExitCode code = metrics::ExitCode::host;
    std::string message;
};

class ScenarioRunner {
public:
    // Builds the devices and opens the sockets; nothing is sent yet. `model` and its plan must outlive the runner.
    static tl::expected<std::unique_ptr<ScenarioRunner>, StartError> prepare(const FleetModel& model,
                                                                             RunOptions options);
    ~ScenarioRunner();

    // Runs the plan to its end and returns what happened. Blocks; the functions below may be called from other
    // threads meanwhile.
    metrics::RunResult run();
    // After run(): what could not be written of the captures, a sentence each.
    std::vector<std::string> finish_captures();

    // What is known now. Never blocks a shard.
    metrics::Snapshot snapshot() const;
    // The first call drains the fleet, the second ends the run at once; both report.
    void interrupt() { interrupts_.fetch_add(1); }

    // The embedded server, and how to reach its thread; null when the target is somebody else's.
    server::Server* server();
    void post_to_server(std::function<void()> task);
    net::Address target() const { return target_; }
    // "coaps://127.0.0.1:5684"
    std::string target_uri() const {
        return (model_.secured_target ? "coaps://" : "coap://") + net::to_string(target_);
    }
    std::size_t threads() const { return shards_.size(); }
    // The clock of the run.
    base::Time now() const { return clock_.now(); }

private:
    struct ShardHost;
    void open_downloads();
    ScenarioRunner(const FleetModel& model, RunOptions options);
    std::optional<StartError> open();
    std::optional<StartError> open_server(const net::Address& address);
    std::uint32_t server_threads() const;
    std::optional<StartError> open_captures(ShardHost& host, const fleet::Membership& members,
                                            net::Transport*& outermost) const;
    std::optional<StartError> check_further_servers() const;
    std::optional<StartError> probe_target() const;
    void judge_ticks();
    void watch_target(base::Time now);
    bool finished(base::Time now) const;
    metrics::RunResult conclude(base::Time ended);

    const FleetModel& model_;
    RunOptions options_;
    net::Address target_;
    WallClock clock_;
    std::vector<std::unique_ptr<ShardHost>> shards_;
    std::vector<std::unique_ptr<EmbeddedServer>> servers_;  // the target first
    std::unique_ptr<HttpDownloads> downloads_;              // where a device updates itself
    std::unique_ptr<metrics::GeneratorJudge> judge_;
    std::atomic<int> interrupts_{0};
    std::atomic<bool> valid_{true};
    std::int64_t resident_before_ = 0;
    metrics::WithheldCpu withheld_before_;

    std::int64_t registered_ = 0;
    std::int64_t registered_max_ = 0;
    std::int64_t observations_ = 0;
    bool load_ended_ = false;
    base::Time load_end_{};
    bool target_silent_ = false;
    double busy_max_ = 0;
    std::vector<std::int64_t> seen_ticks_;
    std::vector<std::pair<std::int64_t, std::int64_t>> seen_load_;  // cpu, wall
    std::vector<std::atomic<double>> busy_now_;
    std::int64_t judged_second_ = 0;
};

}  // namespace engine
