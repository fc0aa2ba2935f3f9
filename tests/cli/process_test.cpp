// The program as a process: signals, limits of the system, exit codes, two of them talking to each other.
#include "child.h"

namespace cli {
namespace {

using namespace std::chrono_literals;

// What follows `before` in `text`, up to a blank.
std::string word_after(const std::string& text, const std::string& before) {
    const auto at = text.find(before);
    if (at == std::string::npos) return "";
    const auto begin = at + before.size();
    return text.substr(begin, text.find_first_of(" \n", begin) - begin);
}

// By the wanted code, or by 98: one operation of a few that the machine held up for 10 ms makes a run invalid.
bool ends_with(Child& run, int code, std::chrono::seconds patience = 30s) {
    const int ended = run.wait(patience);
    return ended == code || ended == 98;
}

const std::vector<std::string> long_run{"run",   "-n",  "40",          "--over",  "0s",
                                        "--for", "10m", "--no-listen", "--grace", "4s"};

// Reliability goal R12: the first SIGINT lets all devices leave, and reports.
TEST(Process, TheFirstInterruptDrainsAndReports) {
    Child run(long_run);
    ASSERT_TRUE(run.says("seed 42"));
    std::this_thread::sleep_for(1500ms);
    run.send(SIGHUP);
    run.send(SIGPIPE);
    run.send(SIGINT);
    EXPECT_TRUE(ends_with(run, 105)) << run.err();
    EXPECT_NE(run.out().find("registered 40 of 40"), std::string::npos) << run.out();
    EXPECT_NE(run.out().find("deregistrations 40"), std::string::npos) << run.out();
    EXPECT_NE(run.out().find("interrupted"), std::string::npos) << run.out();
}

TEST(Process, TheSecondInterruptStopsAtOnceAndStillReports) {
    auto args = long_run;
    args.back() = "60s";
    Child run(args);
    ASSERT_TRUE(run.says("seed 42"));
    std::this_thread::sleep_for(1s);
    run.send(SIGTERM);
    ASSERT_TRUE(run.says("interrupted"));
    std::this_thread::sleep_for(200ms);  // two that are pending at once are one
    run.send(SIGINT);
    EXPECT_TRUE(ends_with(run, 105, 5s)) << run.err();
    EXPECT_EQ(run.out().substr(0, 7), "verdict");
}

TEST(Process, AServerOfItsOwnSeesEveryDeviceComeAndGo) {
    Child server({"serve", "--port", "0", "--no-listen"});
    ASSERT_TRUE(server.says("serving coap://"));
    const auto target = "coap://" + word_after(server.err(), "serving coap://");
    Child run({"run", target, "-n", "30", "--over", "0s", "--for", "1s", "--set", "phases[2].drain.over=500ms",
               "--no-listen", "--threads", "2"});
    EXPECT_TRUE(ends_with(run, 0)) << run.out() << run.err();
    server.send(SIGINT);
    EXPECT_EQ(server.wait(), 0) << server.err();
    const auto figures = server.out();
    EXPECT_EQ(word_after(figures, "registrations  "), "30") << figures;
    EXPECT_EQ(word_after(figures, "deregistrations "), "30") << figures;
    EXPECT_EQ(word_after(figures, "registered now "), "0") << figures;
}

// Reliability goal R9: the limit, what is wanted and what would fit; nothing half-started.
TEST(Process, ALimitOfDescriptorsIsToldBeforeTheStart) {
    Child run({"run", "-n", "1000", "--addresses", "ports", "--no-listen"}, "ulimit -n 256");
    EXPECT_EQ(run.wait(), 3);
    EXPECT_NE(run.err().find("1000 sockets are needed, 256 file descriptors are allowed"), std::string::npos)
        << run.err();
    EXPECT_NE(run.err().find("nothing was sent"), std::string::npos) << run.err();
}

TEST(Process, MoreDevicesThanThereIsMemoryForAreRefused) {
    Child run({"run", "-n", "400k", "--no-listen"}, "ulimit -v 500000");
    EXPECT_EQ(run.wait(), 3) << run.err();
    EXPECT_NE(run.err().find("400k devices need"), std::string::npos) << run.err();
    EXPECT_NE(run.err().find("would fit"), std::string::npos) << run.err();
}

TEST(Process, AnOutputThatTakesNothingIsAnError) {
    Child run(
        {"run", "-n", "2", "--over", "0s", "--for", "500ms", "--set", "phases[2].drain.over=0s", "--no-listen", "-q"},
        "true", "/dev/full");
    EXPECT_EQ(run.wait(), 3);
    EXPECT_NE(run.err().find("cannot write the summary"), std::string::npos) << run.err();
}

TEST(Process, TheEnvironmentIsHeeded) {
    Child wrong({"run", "--no-listen"}, "export LWM2M_SIM_DEVICES=many");
    EXPECT_EQ(wrong.wait(), 2);
    EXPECT_NE(wrong.err().find("'many'"), std::string::npos) << wrong.err();
}

}  // namespace
}  // namespace cli
