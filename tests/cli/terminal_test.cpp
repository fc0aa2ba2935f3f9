#include "simulator/cli/terminal.h"

#include <gtest/gtest.h>

namespace cli {
namespace {

using namespace std::chrono_literals;
using metrics::Operation;

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// A run of 100 devices: 60 registered, 5 in backoff, 70 of 80 registrations done well and 10 timed out.
metrics::Snapshot snapshot_of(std::int64_t registered, std::int64_t registrations) {
    metrics::Snapshot snapshot;
    snapshot.run.version = "0.1.0";
    snapshot.run.scenario = "power-cut";
    snapshot.run.seed = 42;
    snapshot.run.target = "coap://127.0.0.1:5683";
    snapshot.run.devices = 100;
    snapshot.run.operations = {Operation::register_, Operation::update};
    auto& fleet = snapshot.fleet.emplace();
    fleet.workers.resize(2);
    fleet.workers[1].busy_ratio = 0.61;
    fleet.phase = {"ramp", 0.5};
    fleet.totals.devices[0][metrics::index(metrics::DeviceState::registered)] = registered;
    fleet.totals.devices[1][metrics::index(metrics::DeviceState::backoff)] = 5;
    const auto op = metrics::index(Operation::register_);
    fleet.totals.started[op][0] = registrations + 10;
    fleet.totals.operations[op][0][metrics::index(metrics::Result::ok)] = registrations;
    fleet.totals.operations[op][0][metrics::index(metrics::Result::timeout)] = 10;
    return snapshot;
}

TEST(LiveView, ALineHasKeysAndRatesSinceTheLineBefore) {
    LiveView view(LiveView::Color::no, "");
    view.line(snapshot_of(30, 40), {10s, 60s});
    const auto line = view.line(snapshot_of(60, 70), {20s, 60s});
    EXPECT_TRUE(contains(line, "elapsed=00:00:20 phase=ramp progress=50% registered=60 devices=100 ok_per_s=3.0"))
        << line;
    EXPECT_TRUE(contains(line, "failed=10")) << line;
    EXPECT_TRUE(contains(line, "valid=yes")) << line;
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
}

TEST(LiveView, AScreenShowsDevicesOperationsAndTheGenerator) {
    LiveView view(LiveView::Color::no, "http://127.0.0.1:9700");
    const auto screen = view.screen(snapshot_of(60, 70), {19s, 3min}, 200);
    for (const char* part : {"power-cut  seed 42", "00:00:19 / 00:03:00", "registered 60", "backoff 5", "of 100",
                             "register", "12.50%", "busy 61%", "2 threads", "valid", "http://127.0.0.1:9700"}) {
        EXPECT_TRUE(contains(screen, part)) << part << " in\n" << screen;
    }
    EXPECT_FALSE(contains(screen, "update")) << "an operation that never began has no row";
}

TEST(LiveView, TheNextScreenGoesBackOverTheOneBefore) {
    LiveView view(LiveView::Color::no, "");
    const auto first = view.screen(snapshot_of(1, 1), {1s, 60s}, 80);
    const auto lines = std::count(first.begin(), first.end(), '\n');
    EXPECT_NE(first[0], '\x1b');
    EXPECT_TRUE(view.screen(snapshot_of(2, 2), {2s, 60s}, 80).starts_with("\x1b[" + std::to_string(lines) + "A"));
}

TEST(LiveView, AnInvalidRunIsRed) {
    auto snapshot = snapshot_of(1, 1);
    snapshot.fleet->valid = false;
    LiveView view(LiveView::Color::yes, "");
    EXPECT_TRUE(contains(view.screen(snapshot, {1s, 60s}, 200), "\x1b[31m● INVALID\x1b[0m"));
}

TEST(LiveView, ClockBarAndSparklineAreDrawn) {
    EXPECT_EQ(clock_text(3723s), "01:02:03");
    EXPECT_EQ(clock_text(-1s), "00:00:00");
    EXPECT_EQ(progress_bar(0.5, 4), "██░░");
    EXPECT_EQ(progress_bar(7, 2), "██");
    EXPECT_EQ(sparkline({0, 7, 14}), "▁▅█");
    EXPECT_EQ(sparkline({0, 0}), "▁▁");
}

TEST(LiveView, LinesAreCutByCharactersNotBytes) {
    EXPECT_EQ(fit("███", 2), "██");
    EXPECT_EQ(fit("abc", 3), "abc");
    EXPECT_EQ(fit("\x1b[31mabc\x1b[0m", 2), "\x1b[31mab\x1b[0m");
}

}  // namespace
}  // namespace cli
