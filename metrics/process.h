// Process: what the operating system says about this process, and about the machine that it runs on.
#pragma once

#include <cstdint>

namespace metrics {

struct ProcessFigures {
    double cpu_seconds = 0;  // user and system
    std::int64_t resident_bytes = 0;
    std::int64_t resident_peak_bytes = 0;
    std::int64_t virtual_bytes = 0;
    std::int64_t open_fds = 0;
    std::int64_t max_fds = 0;
    double start_time_seconds = 0;  // since 1970
};

// Reads /proc/self; what cannot be read stays 0.
ProcessFigures read_process_figures();

// CPU time that this machine's programs wanted and did not get, for a reason outside of it: since the boot.
struct WithheldCpu {
    double stolen_seconds = 0;     // by the hypervisor, of all processors: "steal" of proc_stat(5)
    double offered_seconds = 0;    // what all processors have had to give, stolen time included
    double throttled_seconds = 0;  // by the CPU limit of this process's control group (cgroup v2, cpu.stat)

    // Of the processors' time, 0 to 1.
    double stolen_ratio() const { return offered_seconds > 0 ? stolen_seconds / offered_seconds : 0; }
    WithheldCpu since(const WithheldCpu& earlier) const {
        return {stolen_seconds - earlier.stolen_seconds, offered_seconds - earlier.offered_seconds,
                throttled_seconds - earlier.throttled_seconds};
    }
};

// Reads /proc/stat and the control group; what cannot be read stays 0.
WithheldCpu read_withheld_cpu();

}  // namespace metrics
