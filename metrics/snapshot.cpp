#include "metrics/snapshot.h"

namespace metrics {

FleetSnapshot fold(std::span<const Counters* const> counters, std::span<const LatencyRecorder* const> latencies) {
    FleetSnapshot fleet;
    fleet.totals = fold(counters);
    for (const auto* recorder : latencies) fleet.latencies.merge(*recorder);
    for (const auto* shard : counters) fleet.workers.push_back({.busy = shard->busy()});
    return fleet;
}

ServerSnapshot fold_server(std::span<const ServerFigures* const> threads) {
    ServerSnapshot server;
    server.totals = fold(threads);
    for (const auto* thread : threads) server.thread_cpu.emplace_back(thread->cpu_ns.get());
    return server;
}

}  // namespace metrics
