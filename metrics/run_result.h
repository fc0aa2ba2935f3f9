// RunResult: a run that has ended, as the engine tells it: the one input of result.json and of the summary.
#pragma once

#include <string>
#include <vector>

#include "metrics/conservation.h"
#include "metrics/snapshot.h"
#include "metrics/verdict.h"

namespace metrics {

struct RunResult {
    Snapshot snapshot;          // the last one, exact: taken when every shard rested. REQUIRES: it has a fleet.
    base::Duration duration{};  // of the whole run, ramp and drain included
    base::Duration load{};      // the part of it before the drain; 0: the same

    ExitCode exit_code = ExitCode::ok;
    bool interrupted = false;
    std::vector<std::string> invalid_reasons;  // of GeneratorJudge and of the user's own `invalid_if`; empty: valid
    std::vector<Law> laws;                     // of the fleet, and of the embedded server if there is one

    std::int64_t registered = 0;      // devices registered when the load ended, before the drain
    std::int64_t registered_max = 0;  // most that were registered at once
    std::int64_t observations = 0;    // that devices held when the load ended
    std::int64_t lost = 0;            // devices that should have been registered when the load ended and were not

    std::int64_t resident_before_bytes =
        0;                // resident memory before the devices were built: bytes per device count from it
    double busy_max = 0;  // highest busy ratio of a shard in any second

    std::string replay_arguments;  // what `lwm2m-sim device --seed S --index I` needs besides, such as "-p meter.yaml"
    std::vector<std::string> files;  // written, for the last line of the summary
};

// Operations that succeeded, that failed, and that ended in any way, over all kinds and profiles.
struct OperationSums {
    std::int64_t ok = 0;
    std::int64_t failed = 0;
    std::int64_t ended = 0;
};
OperationSums operation_sums(const Totals& totals);
OperationSums operation_sums(const Totals& totals, Operation op);

// One row of the table of failures, most frequent first.
struct Failure {
    Operation op = Operation::register_;
    Cause cause = Cause::timeout;
    std::int64_t count = 0;
    std::int64_t first_device = no_device;
};
std::vector<Failure> failures(const Totals& totals);

// The command that replays one device of this run.
std::string replay_command(const RunResult& result, std::int64_t device);

// CPU time of the shards' threads per operation that ended, in microseconds; 0 without operations. The embedded
// server's threads are not in it.
double cpu_per_operation_us(const FleetSnapshot& fleet);

// Growth of resident memory since before the devices were built, per device; the embedded server's share is in it.
double bytes_per_device(const RunResult& result);

}  // namespace metrics
