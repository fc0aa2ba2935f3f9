#include "metrics/verdict.h"

#include <algorithm>

#include <fmt/format.h>

namespace metrics {

base::Duration GeneratorLimits::lag_limit() const {
    return shortest_period ? std::min(lag_p99, *shortest_period / 100) : lag_p99;
}

GeneratorJudge::GeneratorJudge(GeneratorLimits limits, std::size_t workers) : limits_(limits), workers_(workers) {}

void GeneratorJudge::observe(const Tick& tick) {
    longest_standstill_ = std::max(longest_standstill_, tick.elapsed - tick.expected);
    if (tick.elapsed.count() <= 0) return;
    auto& w = workers_[tick.worker];
    w.now = std::min(1.0, base::seconds(tick.worked) / base::seconds(tick.elapsed));
    if (w.now <= limits_.busy) {
        w.above = {};
        w.lowest = 1;
        return;
    }
    w.above += tick.elapsed;
    w.lowest = std::min(w.lowest, w.now);
    w.longest = std::max(w.longest, w.above);
    if (w.above >= limits_.busy_for) w.sustained = std::max(w.sustained, w.lowest);
}

double GeneratorJudge::highest_sustained_busy() const {
    double highest = 0;
    for (const auto& w : workers_) highest = std::max(highest, w.sustained);
    return highest;
}

std::vector<std::string> GeneratorJudge::reasons(const Distribution& lag,
                                                 const std::array<std::int64_t, drop_names.size()>& drops,
                                                 const WithheldCpu& withheld) const {
    std::vector<std::string> reasons;
    const auto p99 = lag.percentile(99);
    if (p99 && *p99 > limits_.lag_limit()) {
        reasons.push_back(fmt::format("The generator fell behind its schedule: lag p99 {}, allowed {}.", to_text(p99),
                                      to_text(limits_.lag_limit())));
    }
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        if (workers_[i].longest < limits_.busy_for) continue;
        reasons.push_back(fmt::format("Shard {} was more than {:.0f} % busy for {}, allowed {}.", i, limits_.busy * 100,
                                      to_text(workers_[i].longest), to_text(limits_.busy_for)));
    }
    if (longest_standstill_ > limits_.standstill) {
        reasons.push_back(fmt::format("The generator stood still for {}.", to_text(longest_standstill_)));
    }
    for (std::size_t i = 0; i < drops.size(); ++i) {
        if (drops[i] == 0) continue;
        reasons.push_back(fmt::format("The generator itself lost {} by {}.", drops[i], drop_names[i]));
    }
    if (reasons.empty()) return reasons;
    if (withheld.stolen_ratio() >= notable_steal) {
        reasons.push_back(fmt::format(
            "Meanwhile the hypervisor gave {:.0f} % of this machine's CPU time to others (steal): repeat it on a "
            "quieter one.",
            withheld.stolen_ratio() * 100));
    }
    if (withheld.throttled_seconds > 0) {
        reasons.push_back(fmt::format("Meanwhile the CPU limit of its control group held it up for {:.1f} s: raise it.",
                                      withheld.throttled_seconds));
    }
    return reasons;
}

ExitCode exit_code(const Happened& h) {
    if (h.conservation_broken) return ExitCode::bug;
    if (h.usage_error) return ExitCode::usage;
    if (h.host_unfit) return ExitCode::host;
    if (h.target_silent) return ExitCode::unreachable;
    if (h.invalid) return ExitCode::invalid;
    if (h.thresholds_failed || h.nothing_succeeded) return ExitCode::thresholds;
    if (h.interrupted) return ExitCode::interrupted;
    return ExitCode::ok;
}

}  // namespace metrics
