#include "metrics/process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace metrics {
namespace {

double cpu_seconds(const rusage& usage) {
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// When the machine was started, in seconds since 1970.
double boot_time() {
    std::ifstream stat("/proc/stat");
    for (std::string word; stat >> word;) {
        double value = 0;
        if (word == "btime" && stat >> value) return value;
    }
    return 0;
}

// When this process was started, in clock ticks after the boot: field 22 of proc(5)'s stat. The name of the program in
// brackets may hold blanks, so the fields are counted from its end.
double start_ticks() {
    std::ifstream stat("/proc/self/stat");
    std::string line;
    std::getline(stat, line);
    const auto bracket = line.rfind(')');
    if (bracket == std::string::npos) return 0;
    std::istringstream fields(line.substr(bracket + 1));
    std::string field;
    for (int i = 3; i <= 22; ++i) fields >> field;
    return std::strtod(field.c_str(), nullptr);
}

std::int64_t count_fds() {
    std::error_code error;
    std::int64_t n = 0;
    for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; !error && it != end; it.increment(error))
        ++n;
    return n > 0 ? n - 1 : 0;  // less the one that this very listing opened
}

// "throttled_usec N" of the control group that this process is in: the line "0::/path" of /proc/self/cgroup.
double throttled_seconds() {
    std::ifstream groups("/proc/self/cgroup");
    std::string line;
    while (std::getline(groups, line)) {
        if (!line.starts_with("0::")) continue;
        std::ifstream stat("/sys/fs/cgroup" + line.substr(3) + "/cpu.stat");
        std::string word;
        for (double value = 0; stat >> word >> value;) {
            if (word == "throttled_usec") return value * 1e-6;
        }
    }
    return 0;
}

}  // namespace

WithheldCpu read_withheld_cpu() {
    WithheldCpu withheld;
    // "cpu user nice system idle iowait irq softirq steal ...", in clock ticks; guest time is part of user's.
    constexpr int steal = 7;
    const auto hertz = static_cast<double>(sysconf(_SC_CLK_TCK));
    std::ifstream stat("/proc/stat");
    std::string name;
    stat >> name;
    double ticks = 0;
    for (int field = 0; field <= steal && stat >> ticks; ++field) {
        withheld.offered_seconds += ticks / hertz;
        if (field == steal) withheld.stolen_seconds = ticks / hertz;
    }
    withheld.throttled_seconds = throttled_seconds();
    return withheld;
}

ProcessFigures read_process_figures() {
    ProcessFigures figures;
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        figures.cpu_seconds = cpu_seconds(usage);
        figures.resident_peak_bytes = static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
    }
    std::int64_t size = 0;
    std::int64_t resident = 0;
    if (std::ifstream statm("/proc/self/statm"); statm >> size >> resident) {
        const auto page = static_cast<std::int64_t>(sysconf(_SC_PAGESIZE));
        figures.virtual_bytes = size * page;
        figures.resident_bytes = resident * page;
    }
    figures.open_fds = count_fds();
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.max_fds = static_cast<std::int64_t>(limit.rlim_cur);
    figures.start_time_seconds = boot_time() + start_ticks() / static_cast<double>(sysconf(_SC_CLK_TCK));
    return figures;
}

}  // namespace metrics
