// Snapshot: everything known about a run at one moment. A plain value, about 100 KB: what /metrics, the live view and
// the report are made from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "metrics/counters.h"
#include "metrics/latency.h"
#include "metrics/process.h"
#include "metrics/server_counters.h"

namespace metrics {

// What does not change while a run goes on.
struct RunInfo {
    std::string id;
    std::string scenario;
    std::string target;  // the server's URI
    std::uint64_t seed = 0;
    std::uint32_t shard = 0;  // this process is `shard` of `shards`
    std::uint32_t shards = 1;
    std::string version;
    std::string host;  // name and what matters of it, for the reader of a report
    std::vector<std::string> argv;
    std::string started_at;  // RFC 3339, UTC
    std::int64_t devices = 0;
    std::vector<std::string> profiles;         // by ProfileIndex; at most max_profiles
    std::vector<Operation> operations;         // those that this run can make; only they have series and rows
    base::Duration timeout = default_timeout;  // when an operation is given up: how infinite times are printed
};

struct PhaseState {
    std::string name;
    double progress = 0;  // 0 to 1
};

struct ThresholdState {
    std::string expression;
    std::string observed;  // the value, as text; "no data" without samples
    bool pass = true;
};

struct WorkerState {
    double busy_ratio = 0;  // of the last second
    base::Duration busy{};  // since the start
    base::Duration cpu{};   // since the start, by the thread's own CPU clock
};

struct FleetSnapshot {
    Totals totals;
    Latencies latencies;
    std::vector<WorkerState> workers;
    std::vector<ThresholdState> thresholds;
    PhaseState phase;
    std::int64_t devices_target = 0;
    bool valid = true;            // the generator's own verdict so far
    bool conservation_ok = true;  // so far
};

struct ServerSnapshot {
    ServerTotals totals;
    std::vector<base::Duration> thread_cpu;  // since the start, one a thread
};

struct Snapshot {
    RunInfo run;
    std::optional<FleetSnapshot> fleet;    // none in `serve`
    std::optional<ServerSnapshot> server;  // none when the target is somebody else's
    ProcessFigures process;
    WithheldCpu withheld;  // since the run began
};

// The figures of all shards, with the busy time of each; the caller adds the rest. See accumulate(Totals&, const
// Counters&) on when they are exact.
FleetSnapshot fold(std::span<const Counters* const> counters, std::span<const LatencyRecorder* const> latencies);
ServerSnapshot fold_server(std::span<const ServerFigures* const> threads);

}  // namespace metrics
