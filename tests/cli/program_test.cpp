// Commands from their arguments to what they print and leave behind, in this process.
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <csignal>

#include <nlohmann/json.hpp>

#include "program_fixture.h"
#include "simulator/cli/report_files.h"

namespace cli {
namespace {

std::string line_with(const std::string& text, std::string_view part) {
    const auto at = text.find(part);
    if (at == std::string::npos) return "";
    const auto begin = text.rfind('\n', at) + 1;
    return text.substr(begin, text.find('\n', at) - begin);
}

TEST(Simulate, TheSameSeedGivesTheSameTrace) {
    const std::vector<std::string> args{"simulate", "-n", "50", "--seed", "7", "--for", "10m"};
    const auto first = run_in_process(args);
    EXPECT_EQ(first.code, 0) << first;
    const auto trace = line_with(first.out, "trace ");
    EXPECT_EQ(trace.find_first_not_of("0123456789abcdef", 6), 22u) << trace;
    EXPECT_EQ(line_with(run_in_process(args).out, "trace "), trace);
    auto threads = args;
    threads.insert(threads.end(), {"--threads", "3"});
    EXPECT_EQ(line_with(run_in_process(threads).out, "trace "), trace) << "the result does not depend on shards";
    auto other = args;
    other[4] = "8";
    EXPECT_NE(line_with(run_in_process(other).out, "trace "), trace);
}

TEST(Simulate, JsonIsAllThatIsOnStandardOutput) {
    const auto outcome = run_in_process({"simulate", "-n", "5", "--for", "1m", "--summary", "json"});
    EXPECT_EQ(outcome.code, 0) << outcome;
    const auto json = nlohmann::json::parse(outcome.out, nullptr, false);
    ASSERT_FALSE(json.is_discarded()) << outcome;
    EXPECT_EQ(json["schema"], "lwm2m-sim/result/v1");
    EXPECT_EQ(json["devices"]["registered"], 5);
    EXPECT_TRUE(outcome.err.find("trace ") != std::string::npos);
}

TEST(Simulate, ScenariosOfTheCatalogHaveNames) {
    const auto outcome = run_in_process({"simulate", "smoke", "-n", "5", "--summary", "compact"});
    EXPECT_EQ(outcome.code, 0) << outcome;
    EXPECT_TRUE(outcome.out.starts_with("valid   exit 0")) << outcome;
}

// A relative way to the scenario, and a profile that is told by a way relative to it.
TEST(Simulate, AProfileFileCountsFromTheFolderOfItsScenario) {
    const TemporaryFolder folder;
    folder.write("meter.yaml", "profile: meter\ndescription: d\nextends: temperature-sensor\n");
    const auto scenario = folder.write(
        "scenario.yaml", "devices: 3\nfleet: [./meter.yaml]\nphases: [{ramp: {over: 1s}}, {drain: {over: 1s}}]\n");
    const auto relative = std::filesystem::relative(scenario).string();
    for (const auto* command : {"simulate", "validate"}) {
        const auto outcome = run_in_process({command, relative});
        EXPECT_EQ(outcome.code, 0) << outcome;
    }
}

TEST(Provision, TellsHowTheUpdateOfEachDeviceEnds) {
    const TemporaryFolder folder;
    const auto scenario = folder.write("scenario.yaml", "devices: 3\nfleet: [./meter.yaml]\n");
    folder.write("meter.yaml",
                 "profile: meter\ndescription: d\nendpoint: \"m{index}\"\nobjects: {firmware_update/0: {}}\n"
                 "behaviour: {firmware: {fail: {power_cut: 100%}}}\n");
    const auto outcome = run_in_process({"provision", scenario, "--format", "firmware"});
    EXPECT_EQ(outcome.code, 0) << outcome;
    EXPECT_EQ(outcome.out,
              "endpoint,profile,fault,push_state,push_result,pull_state,pull_result\n"
              "m0,meter,power_cut,2,8,2,8\nm1,meter,power_cut,2,8,2,8\nm2,meter,power_cut,2,8,2,8\n");
    EXPECT_EQ(run_in_process({"provision", "-p", "temperature-sensor", "--format", "firmware"}).code, 2);
}

TEST(Run, AShortRunIsReportedInFilesAndOnStandardOutput) {
    const TemporaryFolder folder;
    const auto outcome = run_unhindered({"run", "-n", "20", "--over", "0s", "--for", "1s", "--no-listen", "--out",
                                         folder / "report", "--set", "phases[2].drain.over=500ms"});
    ASSERT_EQ(outcome.code, 0) << outcome;
    EXPECT_TRUE(outcome.out.starts_with("verdict       valid")) << outcome;
    EXPECT_TRUE(outcome.out.find("registered 20 of 20") != std::string::npos) << outcome;
    EXPECT_TRUE(outcome.out.find("result.json") != std::string::npos) << outcome;
    EXPECT_TRUE(outcome.err.find("seed 42") != std::string::npos) << outcome;

    const auto json = nlohmann::json::parse(content_of(folder / "report/result.json"), nullptr, false);
    ASSERT_FALSE(json.is_discarded());
    EXPECT_EQ(json["devices"]["registered"], 20);
    EXPECT_EQ(json["server"]["registrations"], 20);
    EXPECT_EQ(json["server"]["deregistrations"], 20);
    EXPECT_EQ(json["conservation"]["ok"], true);
    EXPECT_TRUE(json["run"]["target"].get<std::string>().starts_with("coap://127.0.0.1:"));
    const auto metrics = content_of(folder / "report/metrics.prom");
    EXPECT_TRUE(metrics.find("lwm2msim_embedded_registrations_total 20") != std::string::npos) << metrics;
    EXPECT_EQ(content_of(folder / "report/summary.txt"), outcome.out);
}

TEST(Run, AnOperationThatNeverEndsIsABug) {
    const auto outcome = run_in_process({"run", "-n", "2", "--over", "0s", "--for", "500ms", "--no-listen", "-q",
                                         "--grace", "1s", "--test-leak-operation"});
    EXPECT_EQ(outcome.code, 1) << outcome;
    EXPECT_TRUE(outcome.out.find("BROKEN") != std::string::npos) << outcome;
}

// Reliability goal R10: a full disk costs the files, never the summary, and leaves no partial file.
TEST(Report, AFullDiskCostsTheFilesOnly) {
    const TemporaryFolder folder;
    metrics::RunResult result;
    result.snapshot.fleet.emplace();
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const rlimit full{64, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &full);
    const auto errors = write_report(folder / ".", result);
    setrlimit(RLIMIT_FSIZE, &before);
    ASSERT_EQ(errors.size(), 3u);
    EXPECT_NE(errors[0].find("result.json"), std::string::npos) << errors[0];
    EXPECT_TRUE(std::filesystem::is_empty(folder / "."));
    EXPECT_TRUE(result.files.empty());
    EXPECT_TRUE(summary_text(SummaryKind::full, result).starts_with("verdict"));
}

TEST(ListCatalogs, MetricsAndScenariosAreListed) {
    const auto metrics = run_in_process({"list", "metrics"});
    EXPECT_EQ(metrics.code, 0);
    EXPECT_TRUE(metrics.says("lwm2msim_operations_total")) << metrics;
    const auto scenarios = run_in_process({"list", "scenarios"});
    EXPECT_EQ(scenarios.code, 0);
    EXPECT_TRUE(scenarios.says("smoke")) << scenarios;
    EXPECT_TRUE(run_in_process({"list", "scenarios", "smoke"}).says("phases:"));
    const auto unknown = run_in_process({"list", "scenarios", "smok"});
    EXPECT_EQ(unknown.code, 2);
    EXPECT_TRUE(unknown.says("did you mean \"smoke\"?")) << unknown;
}

TEST(Program, CommandsReachTheirFunctions) {
    EXPECT_TRUE(run_in_process({"decode", "--as", "text", "--path", "/3/0/9", "3530"}).says("50"));
    EXPECT_EQ(run_in_process({"validate", "water-meter"}).code, 0);
    EXPECT_TRUE(run_in_process({"list", "profiles"}).says("water-meter"));
    EXPECT_EQ(run_in_process({"version"}).code, 0);
    EXPECT_EQ(run_in_process({"help"}).code, 0);
    const auto nothing = run_in_process({});
    EXPECT_EQ(nothing.code, 2);
    EXPECT_EQ(nothing.out, "");
}

}  // namespace
}  // namespace cli
