#include "metrics/collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace metrics {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class Exposition : public testing::Test {
protected:
    Exposition() {
        snapshot_.run = {.id = "r1",
                         .scenario = "power-cut",
                         .seed = 42,
                         .version = "0.1.0",
                         .profiles = {"meter", "tracker"},
                         .operations = {Operation::register_, Operation::notify}};
        snapshot_.fleet.emplace();
        snapshot_.fleet->workers = {{.busy_ratio = 0.25, .busy = 1500ms}, {}};
        snapshot_.fleet->phase = {.name = "ramp", .progress = 0.5};
        snapshot_.fleet->thresholds = {{.expression = R"(register.latency{profile="meter"} p99 < 2s)", .pass = false}};
        snapshot_.server = ServerSnapshot{.totals = {}, .thread_cpu = {2s, 3s}};
    }

    Snapshot snapshot_;
};

// Runs `promtool check metrics` on the text; what it complains about, empty when it is content.
std::string promtool(const std::string& text) {
    char name[] = "/tmp/lwm2m-sim-metrics-XXXXXX";
    const int fd = mkstemp(name);
    if (fd < 0) return "no temporary file";
    close(fd);
    std::ofstream(name) << text;
    std::string complaints;
    FILE* tool = popen((std::string("promtool check metrics < ") + name + " 2>&1").c_str(), "r");
    for (int c = fgetc(tool); c != EOF; c = fgetc(tool)) complaints += static_cast<char>(c);
    const int status = pclose(tool);
    unlink(name);
    return status == 0 ? complaints : complaints + " status " + std::to_string(status);
}

bool has_promtool() { return std::system("command -v promtool >/dev/null 2>&1") == 0; }

TEST_F(Exposition, IsValidForPromtool) {
    if (!has_promtool()) GTEST_SKIP() << "promtool (Debian package prometheus) is not installed";
    EXPECT_EQ(promtool(expose(snapshot_)), "");
    EXPECT_NE(promtool("bad-name 1\n"), "");
}

TEST_F(Exposition, HasEveryMetricOfTheCatalogWithItsHelpAndType) {
    const auto text = expose(snapshot_);
    for (const auto& metric : metrics()) {
        EXPECT_THAT(text, HasSubstr("# HELP " + std::string(metric.name) + " " + std::string(metric.help) + "\n"));
        EXPECT_THAT(text, HasSubstr("# TYPE " + std::string(metric.name) + " "));
        EXPECT_THAT(text, testing::ContainsRegex("\n" + std::string(metric.name) + "(_bucket)?[{ ]")) << metric.name;
    }
}

TEST_F(Exposition, HasEverySeriesAtZeroFromTheStart) {
    const auto text = expose(snapshot_);
    for (const auto op : {"register", "notify"}) {
        for (const auto profile : {"meter", "tracker"}) {
            for (const auto result : result_names) {
                EXPECT_THAT(text, HasSubstr("lwm2msim_operations_total{op=\"" + std::string(op) + "\",profile=\"" +
                                            profile + "\",result=\"" + std::string(result) + "\"} 0\n"));
            }
        }
    }
    EXPECT_THAT(text, HasSubstr("lwm2msim_failures_total{op=\"notify\",cause=\"4.04\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("lwm2msim_schedule_lag_seconds_count 0\n"));
    EXPECT_THAT(text, HasSubstr("lwm2msim_embedded_registrations_total 0\n"));
}

TEST_F(Exposition, LeavesOutOperationsThatTheRunCannotMake) {
    EXPECT_THAT(expose(snapshot_), Not(HasSubstr("op=\"handshake\"")));
}

TEST_F(Exposition, ShowsWhatWasCounted) {
    Counters counters;
    counters.start(Operation::register_, 1);
    counters.succeed(Operation::register_, 1);
    counters.add_devices(1, DeviceState::registered, 7);
    counters.add_firmware_device();
    counters.move_firmware({0, 0}, {1, 0});
    counters.pass(Direction::sent, 1, 1'000'000'007);
    const std::array shards{static_cast<const Counters*>(&counters)};
    snapshot_.fleet->totals = fold(std::span<const Counters* const>(shards));
    snapshot_.server->totals.registrations = 123456789;
    const auto text = expose(snapshot_);
    EXPECT_THAT(text, HasSubstr("lwm2msim_operations_total{op=\"register\",profile=\"tracker\",result=\"ok\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("lwm2msim_devices{profile=\"tracker\",state=\"registered\"} 7\n"));
    EXPECT_THAT(text, HasSubstr("lwm2msim_firmware_devices{state=\"downloading\",result=\"initial\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("lwm2msim_firmware_devices{state=\"idle\",result=\"success\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("lwm2msim_datagram_bytes_total{direction=\"sent\"} 1000000007\n"));
    EXPECT_THAT(text, HasSubstr("lwm2msim_embedded_registrations_total 123456789\n"));
    EXPECT_THAT(text, HasSubstr("lwm2msim_embedded_cpu_seconds_total{thread=\"1\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("lwm2msim_worker_busy_ratio{worker=\"0\"} 0.25\n"));
    EXPECT_THAT(text,
                HasSubstr("lwm2msim_run_info{run_id=\"r1\",scenario=\"power-cut\",seed=\"42\",shard=\"0/1\"} 1\n"));
}

TEST_F(Exposition, CountsATimeoutInTheInfiniteBucketOnly) {
    LatencyRecorder recorder(snapshot_.run.operations, 2);
    recorder.record_success(Operation::register_, 0, base::Time(0s), base::Time(1s), base::Time(1s + 3ms));
    recorder.record_timeout(Operation::register_, 0);
    snapshot_.fleet->latencies.merge(recorder);
    const auto text = expose(snapshot_);
    const std::string latency = "lwm2msim_operation_latency_seconds";
    const std::string labels = "op=\"register\",profile=\"meter\"";
    EXPECT_THAT(text, HasSubstr(latency + "_bucket{" + labels + ",le=\"1\"} 0\n"));
    EXPECT_THAT(text, HasSubstr(latency + "_bucket{" + labels + ",le=\"2\"} 1\n"));
    EXPECT_THAT(text, HasSubstr(latency + "_bucket{" + labels + ",le=\"120\"} 1\n"));
    EXPECT_THAT(text, HasSubstr(latency + "_bucket{" + labels + ",le=\"+Inf\"} 2\n"));
    EXPECT_THAT(text, HasSubstr(latency + "_sum{" + labels + "} 1.003\n"));
    EXPECT_THAT(text, HasSubstr("lwm2msim_operation_service_seconds_bucket{op=\"register\",le=\"0.005\"} 1\n"));
}

TEST_F(Exposition, OfAServerAloneHasNoFleet) {
    snapshot_.fleet.reset();
    const auto text = expose(snapshot_);
    EXPECT_THAT(text, HasSubstr("lwm2msim_embedded_clients 0\n"));
    EXPECT_THAT(text, HasSubstr("process_open_fds"));
    EXPECT_THAT(text, Not(HasSubstr("lwm2msim_operations_total")));
}

TEST_F(Exposition, CountsItsSeries) {
    const auto text = expose(snapshot_);
    std::istringstream lines(text);
    std::size_t samples = 0;
    for (std::string line; std::getline(lines, line);) samples += !line.empty() && line[0] != '#';
    EXPECT_EQ(series_count(snapshot_), samples);
    EXPECT_LT(samples, max_series);
}

TEST(Process, KnowsItself) {
    const auto p = read_process_figures();
    EXPECT_GT(p.resident_bytes, 1'000'000);
    EXPECT_GE(p.resident_peak_bytes, 1'000'000);
    EXPECT_GT(p.virtual_bytes, p.resident_bytes);
    EXPECT_GE(p.open_fds, 3);
    EXPECT_GE(p.max_fds, p.open_fds);
    EXPECT_GT(p.cpu_seconds, 0);
    EXPECT_NEAR(p.start_time_seconds, static_cast<double>(time(nullptr)), 600);
}

TEST(Process, KnowsWhatItsMachineHadToGive) {
    const auto w = read_withheld_cpu();
    EXPECT_GT(w.offered_seconds, 0);
    EXPECT_GE(w.stolen_ratio(), 0);
    EXPECT_LT(w.stolen_ratio(), 1);
}

}  // namespace
}  // namespace metrics
