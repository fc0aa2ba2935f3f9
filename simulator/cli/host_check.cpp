#include "simulator/cli/host_check.h"

#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>

#include <fmt/format.h>

#include "metrics/process.h"
#include "simulator/base/units.h"

namespace cli {
namespace {

// Resident bytes of a device under load, and of the server's record of it; generous, so that a fleet that is let in
// does not run out on the way.
constexpr std::uint64_t bytes_per_device = 640;
constexpr std::uint64_t bytes_per_client = 768;
constexpr std::uint64_t bytes_of_process = 64u << 20;

// "MemAvailable:   123456 kB"
std::optional<std::uint64_t> mem_available() {
    std::ifstream file("/proc/meminfo");
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string key;
        std::uint64_t kib = 0;
        if (words >> key >> kib && key == "MemAvailable:") return kib * 1024;
    }
    return std::nullopt;
}

// A number in a file; nothing where there is none ("max").
std::optional<std::uint64_t> number_in(const char* path) {
    std::ifstream file(path);
    std::uint64_t number = 0;
    if (file >> number) return number;
    return std::nullopt;
}

std::uint64_t less(std::uint64_t limit, std::uint64_t used) { return limit > used ? limit - used : 1; }

}  // namespace

std::uint64_t available_memory() {
    constexpr std::uint64_t unknown = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t least = mem_available().value_or(unknown);
    const auto group_limit = number_in("/sys/fs/cgroup/memory.max");
    const auto group_used = number_in("/sys/fs/cgroup/memory.current");
    if (group_limit && group_used) least = std::min(least, less(*group_limit, *group_used));
    rlimit limit{};
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        const auto used = metrics::read_process_figures().virtual_bytes;
        least = std::min(least, less(limit.rlim_cur, static_cast<std::uint64_t>(std::max<std::int64_t>(used, 0))));
    }
    return least == unknown ? 0 : least;
}

std::uint64_t needed_memory(std::uint64_t devices, WithServer server) {
    const std::uint64_t each = bytes_per_device + (server == WithServer::yes ? bytes_per_client : 0);
    return bytes_of_process + devices * each;
}

std::string refuse_for_memory(std::uint64_t devices, WithServer server, std::uint64_t available) {
    const std::uint64_t needed = needed_memory(devices, server);
    if (available == 0 || needed <= available) return {};
    const std::uint64_t each = needed_memory(1, server) - bytes_of_process;
    const std::uint64_t fit = available > bytes_of_process ? (available - bytes_of_process) / each : 0;
    return fmt::format("{} devices need {} of memory, {} are available: {} would fit", base::format_count(devices),
                       base::format_size(needed), base::format_size(available), base::format_count(fit));
}

}  // namespace cli
