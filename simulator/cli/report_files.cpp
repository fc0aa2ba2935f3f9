#include "simulator/cli/report_files.h"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <thread>

#include <fmt/format.h>

#include "metrics/atomic_file.h"
#include "metrics/collector.h"
#include "metrics/report.h"

namespace cli {
namespace {

std::string utc(std::time_t moment, const char* format) {
    std::tm fields{};
    gmtime_r(&moment, &fields);
    std::array<char, 64> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), format, &fields);
    return {text.data(), length};
}

std::string compact(const metrics::RunResult& result) {
    const auto sums = metrics::operation_sums(result.snapshot.fleet->totals);
    const auto lag = result.snapshot.fleet->latencies.lag();
    return fmt::format(
        "{}   exit {}   {}   registered {} of {}, lost {}   operations ok {}, failed {}   lag p99 {}   {} laws, {} "
        "broken\n",
        result.invalid_reasons.empty() ? "valid" : "INVALID", static_cast<int>(result.exit_code),
        metrics::to_text(result.duration), result.registered, result.snapshot.run.devices, result.lost, sums.ok,
        sums.failed, metrics::to_text(lag.percentile(99)), result.laws.size(), metrics::broken(result.laws).size());
}

}  // namespace

std::string prepare_folder(const std::string& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return fmt::format("cannot make the folder '{}': {}", folder, error.message());
    if (!std::filesystem::is_directory(folder, error)) return fmt::format("'{}' is not a folder", folder);
    if (access(folder.c_str(), W_OK | X_OK) != 0) {
        return fmt::format("cannot write to the folder '{}': {}", folder, std::strerror(errno));
    }
    return {};
}

std::vector<std::string> write_report(const std::string& folder, metrics::RunResult& result) {
    const std::filesystem::path base(folder);
    const std::array paths{(base / "result.json").string(), (base / "metrics.prom").string(),
                           (base / "summary.txt").string()};
    std::vector<std::string> errors;
    std::vector<std::string> written;
    const auto write = [&](const std::string& path, const std::string& content) {
        const auto done = metrics::write_file_atomically(path, content);
        if (done) {
            written.push_back(path);
        } else {
            errors.push_back(done.error());
        }
    };
    write(paths[0], metrics::to_json(result));
    write(paths[1], metrics::expose(result.snapshot));
    result.files = written;
    result.files.push_back(paths[2]);
    write(paths[2], metrics::summary(result));
    result.files = written;
    return errors;
}

std::string summary_text(SummaryKind kind, const metrics::RunResult& result) {
    switch (kind) {
        case SummaryKind::compact: return compact(result);
        case SummaryKind::full: return metrics::summary(result);
        case SummaryKind::json: return metrics::to_json(result);
    }
    return {};
}

metrics::RunInfo describe_run(const std::vector<std::string>& args) {
    metrics::RunInfo info;
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    info.id = fmt::format("{}-{}", utc(now, "%Y%m%dT%H%M%SZ"), getpid());
    info.started_at = utc(now, "%Y-%m-%dT%H:%M:%SZ");
    info.version = LWM2M_SIM_VERSION;
    std::array<char, 256> host{};
    if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
    info.host = fmt::format("{}, {} cores", host.data(), std::thread::hardware_concurrency());
    info.argv = {"lwm2m-sim"};
    info.argv.insert(info.argv.end(), args.begin(), args.end());
    return info;
}

}  // namespace cli
