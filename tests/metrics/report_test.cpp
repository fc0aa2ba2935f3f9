#include "metrics/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "metrics/atomic_file.h"

namespace metrics {
namespace {

using base::Time;
using namespace std::chrono_literals;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

// A run of 1,000 devices of two profiles: all registered but two, which timed out; one notification was refused.
class Report : public testing::Test {
protected:
    Report() {
        auto& run = result_.snapshot.run;
        run = {.id = "r1",
               .scenario = "power-cut",
               .target = "coap://127.0.0.1:5683",
               .seed = 42,
               .version = "0.1.0",
               .argv = {"lwm2m-sim", "run"},
               .devices = 1000,
               .profiles = {"meter", "tracker"},
               .operations = {Operation::register_, Operation::notify, Operation::update}};
        LatencyRecorder latency(run.operations, 2);
        Counters c;
        c.add_devices(0, DeviceState::registered, 998);
        c.add_devices(0, DeviceState::backoff, 2);
        for (int i = 0; i < 1000; ++i) {
            c.start(Operation::register_, 0);
            latency.record_sent(Operation::register_, 0, Time(0s), Time(1ms));
            if (i >= 998) {
                latency.record_timeout(Operation::register_, 0);
                c.fail(Operation::register_, 0, Cause::timeout, 17041);
            } else {
                latency.record_success(Operation::register_, 0, Time(0s), Time(1ms), Time(12ms));
                c.respond(Operation::register_, 0x41);
                c.succeed(Operation::register_, 0);
            }
        }
        c.start(Operation::notify, 1);
        c.notify(Confirmable::yes);
        c.fail(Operation::notify, 1, cause_of(0x84), 5);
        c.answer(ServerRequest::read, 0x45);
        const std::array counters{static_cast<const Counters*>(&c)};
        const std::array latencies{static_cast<const LatencyRecorder*>(&latency)};
        result_.snapshot.fleet = fold(counters, latencies);
        result_.snapshot.fleet->workers[0].cpu = 20ms;
        result_.snapshot.process.resident_peak_bytes = 1'500'000;
        result_.resident_before_bytes = 1'000'000;
        result_.duration = 10s;
        result_.registered = 998;
        result_.lost = 2;
        result_.laws = conservation(result_.snapshot.fleet->totals, Moment::ended, 1000);
        result_.files = {"out/result.json"};
    }

    RunResult result_;
};

TEST_F(Report, JsonTellsTheRun) {
    const auto json = to_json(result_);
    EXPECT_THAT(json, HasSubstr(R"("schema": "lwm2m-sim/result/v1")"));
    EXPECT_THAT(json, HasSubstr(R"("verdict": "valid")"));
    EXPECT_THAT(json, HasSubstr(R"("exit_code": 0)"));
    EXPECT_THAT(json, HasSubstr(R"("seed": 42)"));
    EXPECT_THAT(json, HasSubstr(R"("shard": "0/1")"));
    EXPECT_THAT(json, HasSubstr(R"("lost": 2)"));
    EXPECT_THAT(json, HasSubstr(R"("bytes_per_device": 500.0)"));
    EXPECT_THAT(json, HasSubstr(R"("server": null)"));
}

TEST_F(Report, JsonHasARowForEachOperationAndProfileThatHappened) {
    const auto json = to_json(result_);
    const auto operations =
        json.substr(json.find("\"operations\""), json.find("\"by_operation\"") - json.find("\"operations\""));
    EXPECT_THAT(
        operations,
        ContainsRegex("\"op\": \"register\",\n *\"profile\": \"meter\",\n *\"planned\": 1000,\n *\"started\": 1000"));
    EXPECT_THAT(operations, HasSubstr("\"profile\": \"tracker\""));
    EXPECT_THAT(operations, Not(HasSubstr("\"op\": \"update\"")));
    EXPECT_THAT(operations, HasSubstr("\"timeout\": 2"));
}

TEST_F(Report, TellsTheFirmwareByStateAndResult) {
    auto& firmware = result_.snapshot.fleet->totals.firmware;
    firmware[0][0] = 40;
    EXPECT_THAT(summary(result_), Not(HasSubstr("firmware"))) << "nobody has touched it";
    firmware[0][1] = 1200;
    firmware[2][8] = 3;
    EXPECT_THAT(summary(result_), ContainsRegex("firmware +40   idle, initial \\(0, 0\\)\n"
                                                " +1,200   idle, success \\(0, 1\\)\n"
                                                " +3   downloaded, update_failed \\(2, 8\\)\n"));
    EXPECT_THAT(to_json(result_), ContainsRegex("\"state\": 2,\n *\"state_name\": \"downloaded\",\n *\"result\": 8,\n *"
                                                "\"result_name\": \"update_failed\",\n *\"devices\": 3\n"));
}

TEST_F(Report, JsonTimesAreSecondsAndATimeoutIsInfinite) {
    const auto json = to_json(result_);
    EXPECT_THAT(json, ContainsRegex("\"p99\": 0\\.012"));
    EXPECT_THAT(json, HasSubstr("\"p99_9\": \"Infinity\""));
    EXPECT_THAT(json, HasSubstr("\"max_answered\": 0.012"));
    EXPECT_THAT(json, HasSubstr("\"p50\": null"));  // the notification has no latency: it was refused
}

TEST_F(Report, JsonNamesTheFirstDeviceOfAFailureAndItsReplay) {
    EXPECT_THAT(to_json(result_), HasSubstr(R"("replay": "lwm2m-sim device --seed 42 --index 17041")"));
}

TEST_F(Report, JsonShowsTheEmbeddedServer) {
    result_.snapshot.server = ServerSnapshot{.totals = {}, .thread_cpu = {1500ms}};
    result_.snapshot.server->totals.registrations = 998;
    const auto json = to_json(result_);
    EXPECT_THAT(json, HasSubstr("\"registrations\": 998"));
    EXPECT_THAT(json, ContainsRegex("\"thread_cpu\": \\[\n *1\\.5"));
}

TEST_F(Report, JsonSurvivesNamesThatAreNotUtf8) {
    result_.snapshot.run.scenario = "bad \xff name";
    EXPECT_THAT(to_json(result_), HasSubstr("bad \xEF\xBF\xBD name"));
}

TEST_F(Report, SummaryShowsVerdictDevicesOperationsAndFailures) {
    const auto text = summary(result_);
    EXPECT_THAT(text, ContainsRegex("verdict +valid +exit 0 +power-cut +seed 42 +1,000 devices"));
    EXPECT_THAT(text, HasSubstr("registered 998 of 1,000"));
    EXPECT_THAT(text, ContainsRegex("profiles +meter +devices 1,000 +registrations 998 +updates 0 +notifications 0"));
    EXPECT_THAT(text, ContainsRegex("register +998 +99.8 +2 +12.0ms +12.0ms +> 93s +> 93s +11.0ms"));
    EXPECT_THAT(text, HasSubstr("register timeout 2x   first: lwm2m-sim device --seed 42 --index 17041\n"));
    EXPECT_THAT(text, HasSubstr("notify 4.04 1x   first: lwm2m-sim device --seed 42 --index 5\n"));
    EXPECT_THAT(text, HasSubstr("started 1,001 = ok 998 + client_error 1 + timeout 2 + in flight 0\n"));
    EXPECT_THAT(text, HasSubstr("lag p99 1.00ms max 1.00ms"));
    EXPECT_THAT(text, HasSubstr("cpu 20.0 us/operation"));
    EXPECT_THAT(text, HasSubstr("written       out/result.json\n"));
}

TEST_F(Report, SummarySaysWhyARunIsInvalid) {
    result_.invalid_reasons = {"The generator stood still for 3.00s."};
    result_.exit_code = ExitCode::invalid;
    EXPECT_THAT(summary(result_), ContainsRegex("INVALID +exit 98"));
    EXPECT_THAT(summary(result_), HasSubstr("The generator stood still for 3.00s.\n"));
    EXPECT_THAT(to_json(result_), HasSubstr("\"verdict\": \"invalid\""));
}

TEST_F(Report, SummaryShowsABrokenLawWithItsNumbers) {
    result_.laws = {{"update", {{"started", 2}}, {{"ok", 1}}}};
    EXPECT_THAT(summary(result_), HasSubstr("BROKEN: 1 of 1 laws"));
    EXPECT_THAT(summary(result_), HasSubstr("update: started 2 = ok 1, BROKEN by +1"));
    EXPECT_THAT(to_json(result_), HasSubstr("\"ok\": false"));
}

TEST_F(Report, SummaryNamesFiveCausesAndCountsTheRest) {
    Counters c;
    for (std::size_t cause = 0; cause < 7; ++cause) {
        c.start(Operation::update, 0);
        c.fail(Operation::update, 0, static_cast<Cause>(cause), cause);
    }
    const std::array counters{static_cast<const Counters*>(&c)};
    result_.snapshot.fleet = fold(counters, {});
    EXPECT_THAT(summary(result_), HasSubstr("and 2 more causes\n"));
}

TEST_F(Report, ReplayCommandNamesTheProfileToo) {
    result_.replay_arguments = "-p meter.yaml";
    EXPECT_EQ(replay_command(result_, 7), "lwm2m-sim device --seed 42 --index 7 -p meter.yaml");
}

class File : public testing::Test {
protected:
    void SetUp() override {
        char name[] = "/tmp/lwm2m-sim-report-XXXXXX";
        ASSERT_NE(mkdtemp(name), nullptr);
        folder_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::string content(const std::string& path) {
        std::ostringstream text;
        text << std::ifstream(path).rdbuf();
        return text.str();
    }
    std::ptrdiff_t files() const {
        return std::distance(std::filesystem::directory_iterator(folder_), std::filesystem::directory_iterator());
    }

    std::string folder_;
};

TEST_F(File, IsReplacedWhole) {
    const auto path = folder_ + "/result.json";
    ASSERT_TRUE(write_file_atomically(path, "old and long"));
    ASSERT_TRUE(write_file_atomically(path, "new"));
    EXPECT_EQ(content(path), "new");
    EXPECT_EQ(files(), 1);
}

TEST_F(File, MissingFolderIsAnErrorWithItsName) {
    const auto written = write_file_atomically(folder_ + "/none/result.json", "x");
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error(), folder_ + "/none/result.json: cannot write: No such file or directory");
}

TEST_F(File, FullDeviceIsAnErrorAndTheDeviceStays) {
    const auto written = write_file_atomically("/dev/full", "x");
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error(), HasSubstr("No space left on device"));
    EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
}

// A file size limit stands for a full disk: the write fails half-way, and what was there before stays.
TEST_F(File, HalfWrittenFileIsNotLeftBehind) {
    const auto path = folder_ + "/result.json";
    ASSERT_TRUE(write_file_atomically(path, "old"));
    const pid_t child = fork();
    if (child == 0) {
        signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{1000, 1000};
        setrlimit(RLIMIT_FSIZE, &limit);
        _exit(write_file_atomically(path, std::string(5000, 'x')) ? 1 : 0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_EQ(content(path), "old");
    EXPECT_EQ(files(), 1);
}

TEST_F(Report, IsWrittenAsAFile) {
    const std::string path = "/tmp/lwm2m-sim-report-" + std::to_string(getpid()) + ".json";
    ASSERT_TRUE(write_result(path, result_));
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    EXPECT_EQ(text.str(), to_json(result_));
    unlink(path.c_str());
}

}  // namespace
}  // namespace metrics
