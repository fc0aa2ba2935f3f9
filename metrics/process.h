// Process: what the operating system says about this process.
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

}  // namespace metrics
