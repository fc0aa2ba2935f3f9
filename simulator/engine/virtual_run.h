// VirtualRun: the same scenario in virtual time: the unchanged shards, devices and embedded server on one thread over
// a memory network. Same seed, same trace.
#pragma once

#include "metrics/run_result.h"
#include "simulator/engine/fleet_model.h"

namespace engine {

struct VirtualOptions {
    std::uint32_t threads = 1;  // shards; the result does not depend on it
    metrics::RunInfo info;
};

struct VirtualResult {
    metrics::RunResult result;
    std::uint64_t trace_hash =
        0;  // of every datagram that was sent: its time, its sender and its bytes, in whatever order within a moment
    std::uint64_t datagrams = 0;
    base::Duration simulated{};
};

// Runs to the end of the plan, and on until everything that is under way has ended.
VirtualResult run_virtually(const FleetModel& model, const VirtualOptions& options);

}  // namespace engine
