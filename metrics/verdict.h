// Verdict: whether the generator kept its own promises, so that its figures mean something, and the exit code of a run.
//
// A run is INVALID when the generator's lag p99 exceeded 10 ms (or 1 % of the shortest configured period), when a
// shard's thread was more than 90 % busy for 5 s, when a shard stood still for more than a second, or when the
// generator itself lost anything. The embedded server's threads are not judged.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "metrics/counters.h"
#include "metrics/histogram.h"
#include "metrics/process.h"

namespace metrics {

struct GeneratorLimits {
    base::Duration lag_p99 = std::chrono::milliseconds(10);
    // The shortest period of a repeated operation in the run; lag p99 may then not exceed 1 % of it either.
    std::optional<base::Duration> shortest_period;
    double busy = 0.9;
    base::Duration busy_for = std::chrono::seconds(5);
    base::Duration standstill = std::chrono::seconds(1);

    // The stricter of the two limits on lag.
    base::Duration lag_limit() const;
};

// Judges while the run goes on. Not thread-safe: one thread feeds it.
class GeneratorJudge {
public:
    explicit GeneratorJudge(GeneratorLimits limits, std::size_t workers);

    // About once a second for each shard, by the wall clock: how much of the last `elapsed` its thread worked. An
    // `elapsed` far above the `expected` one says that the shard, or the whole process, stood still.
    struct Tick {
        std::size_t worker = 0;
        base::Duration elapsed{};
        base::Duration expected{};
        base::Duration worked{};
    };
    void observe(const Tick& tick);

    // Why the run is invalid, as sentences; empty: valid. `lag` is that of all operations from the start, `drops` those
    // of Totals. CPU time that was `withheld` makes no run invalid, but is named beside what did.
    std::vector<std::string> reasons(const Distribution& lag, const std::array<std::int64_t, drop_names.size()>& drops,
                                     const WithheldCpu& withheld = {}) const;

    // Of the last tick, and the highest that held for `busy_for`.
    double busy(std::size_t worker) const { return workers_[worker].now; }
    double highest_sustained_busy() const;

private:
    struct Worker {
        double now = 0;
        base::Duration above{};    // how long it has been too busy without a break
        base::Duration longest{};  // of such stretches
        double lowest = 1;         // busy ratio within the present stretch
        double sustained = 0;      // highest `lowest` of a stretch as long as busy_for
    };

    GeneratorLimits limits_;
    std::vector<Worker> workers_;
    base::Duration longest_standstill_{};
};

// From this share of stolen CPU time on it is told.
inline constexpr double notable_steal = 0.02;

enum class ExitCode : int {
    ok = 0,
    bug = 1,
    usage = 2,
    host = 3,
    unreachable = 4,
    invalid = 98,
    thresholds = 99,
    interrupted = 105,
};

// What happened in a run, as far as its exit code is concerned.
struct Happened {
    bool conservation_broken = false;
    bool usage_error = false;
    bool host_unfit = false;
    bool target_silent = false;  // the target never answered anything
    bool invalid = false;        // the generator could not keep its schedule, or a shard is missing
    bool thresholds_failed = false;
    bool nothing_succeeded = false;  // the target answered, but no operation succeeded: counts as a failed threshold
    bool interrupted = false;
};

// The first that applies in the order 1, 2, 3, 4, 98, 99, 105; else 0.
ExitCode exit_code(const Happened& happened);

}  // namespace metrics
