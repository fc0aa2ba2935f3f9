// lwm2m-sim device: one device against the embedded server, over loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "simulator/cli/program.h"

namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct Ran {
    int code = 0;
    std::string out;
    std::string err;
};

Ran run(std::vector<std::string> args, const std::string& script) {
    std::istringstream in(script);
    std::ostringstream out, err;
    args.insert(args.begin(), "device");
    args.emplace_back("--no-listen");
    const cli::Context context{
        .in = in, .out = out, .err = err, .terminal = false, .args = args, .environment = [](std::string_view) {
            return std::nullopt;
        }};
    const int code = cli::run_program(context);
    return {code, out.str(), err.str()};
}

TEST(DeviceCommand, RegistersShowsItsMessagesAndLeaves) {
    const auto ran = run({}, "");
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_THAT(ran.out, AllOf(HasSubstr("-> CON 0.02 POST"), HasSubstr("/rd?"), HasSubstr("</3/0>"),
                               HasSubstr("<- ACK 2.01 Created"), HasSubstr("-> CON 0.04 DELETE"),
                               HasSubstr("<- ACK 2.02 Deleted")));
}

TEST(DeviceCommand, ShowsAndChangesItsValues) {
    const auto ran =
        run({"temperature-sensor"},
            "messages off\nshow /3303/0/5700\nset /3303/0/5700 99.5\nshow temperature/0/sensor_value\nstate\nquit\n");
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_THAT(ran.out, AllOf(HasSubstr("sensor_value"), HasSubstr(" 99.5\n"), HasSubstr("registered at 127.")));
}

TEST(DeviceCommand, SaysWhatCannotBeDone) {
    const auto ran = run({}, "messages off\nshow /9999\nset /3303/0/5700 warm\nset /3/0/4 1\nfly\nwait long\nset\n");
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_THAT(ran.out, AllOf(HasSubstr("there is nothing at /9999"), HasSubstr("a float is a number"),
                               HasSubstr("/3/0/4 holds no single value"), HasSubstr("'fly' is no command"),
                               HasSubstr("wait DURATION"), HasSubstr("set PATH VALUE")));
}

TEST(DeviceCommand, UpdatesAndRestarts) {
    const auto ran = run({}, "update\nreboot\nwait 1500ms\nquit\n");
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("<- ACK 2.04 Changed"));
    std::size_t registers = 0;
    for (auto at = ran.out.find("2.01 Created"); at != std::string::npos; at = ran.out.find("2.01 Created", at + 1))
        ++registers;
    EXPECT_EQ(registers, 2u);
}

// The same device of a fleet: its name and values depend on seed and index.
TEST(DeviceCommand, IsTheDeviceOfTheFleetThatItIsAskedToBe) {
    const auto shown = [](const char* index, const char* seed) {
        const auto out =
            run({"temperature-sensor", "--index", index, "--seed", seed}, "messages off\nshow /3303/0/5700\nquit\n")
                .out;
        return out.substr(out.find("\n/3303/0/5700"));
    };
    EXPECT_EQ(shown("17041", "42"), shown("17041", "42"));
    EXPECT_NE(shown("17041", "42"), shown("17042", "42"));
}

// RFC 8613: on the wire there is nothing to read; what was inside is shown beside it.
TEST(DeviceCommand, ShowsWhatIsInsideOfOscore) {
    const auto file = std::filesystem::path(testing::TempDir()) / "device-oscore.yaml";
    std::ofstream(file) << "profile: hidden\nextends: temperature-sensor\n"
                           "oscore: {master_secret: {derive: correct-horse}}\n";
    const auto ran = run({file.string(), "--index", "7"}, "set /3303/0/5700 99.5\nwait 100ms\nquit\n");
    EXPECT_EQ(ran.code, 0) << ran.err << ran.out;
    EXPECT_THAT(ran.out, AllOf(HasSubstr("=> CON 0.02 POST"), HasSubstr("</3/0>"), HasSubstr("<= ACK 2.01 Created"),
                               HasSubstr("<= CON 0.01 GET"), HasSubstr("=> CON 0.04 DELETE"),
                               HasSubstr("-> CON 0.02 POST"), Not(HasSubstr("-> CON 0.04"))));
    EXPECT_THAT(ran.out + ran.err, Not(HasSubstr("correct-horse")));
    std::filesystem::remove(file);
}

TEST(DeviceCommand, RefusesWhatIsWrong) {
    EXPECT_EQ(run({"no-such-profile"}, "").code, 2);
    EXPECT_EQ(run({"--index", "many"}, "").code, 2);
    EXPECT_EQ(run({"temperature-sensor", "http://x"}, "").code, 2);
}

}  // namespace
