#include "metrics/run_result.h"

#include <algorithm>

#include <fmt/format.h>

namespace metrics {

OperationSums operation_sums(const Totals& totals, Operation op) {
    OperationSums sums;
    for (const auto& profile : totals.operations[index(op)]) {
        sums.ok += profile[index(Result::ok)];
        sums.ended += total(profile);
        sums.failed += total(profile) - profile[index(Result::ok)] - profile[index(Result::coalesced)] -
                       profile[index(Result::aborted)];
    }
    return sums;
}

OperationSums operation_sums(const Totals& totals) {
    OperationSums all;
    for (std::size_t op = 0; op < operation_count; ++op) {
        const auto sums = operation_sums(totals, static_cast<Operation>(op));
        all.ok += sums.ok;
        all.failed += sums.failed;
        all.ended += sums.ended;
    }
    return all;
}

std::vector<Failure> failures(const Totals& totals) {
    std::vector<Failure> rows;
    for (std::size_t op = 0; op < operation_count; ++op) {
        for (std::size_t cause = 0; cause < cause_count; ++cause) {
            if (totals.failures[op][cause] == 0) continue;
            rows.push_back({static_cast<Operation>(op), static_cast<Cause>(cause), totals.failures[op][cause],
                            totals.first_device[op][cause]});
        }
    }
    std::ranges::stable_sort(rows, std::greater(), &Failure::count);
    return rows;
}

std::string replay_command(const RunResult& result, std::int64_t device) {
    const auto& extra = result.replay_arguments;
    return fmt::format("lwm2m-sim device --seed {} --index {}{}{}", result.snapshot.run.seed, device,
                       extra.empty() ? "" : " ", extra);
}

double cpu_per_operation_us(const FleetSnapshot& fleet) {
    const auto ended = operation_sums(fleet.totals).ended;
    if (ended == 0) return 0;
    base::Duration cpu{};
    for (const auto& worker : fleet.workers) cpu += worker.cpu;
    return base::seconds(cpu) * 1e6 / static_cast<double>(ended);
}

double bytes_per_device(const RunResult& result) {
    const auto devices = result.snapshot.run.devices;
    if (devices <= 0) return 0;
    const auto growth = result.snapshot.process.resident_peak_bytes - result.resident_before_bytes;
    return static_cast<double>(std::max<std::int64_t>(growth, 0)) / static_cast<double>(devices);
}

}  // namespace metrics
