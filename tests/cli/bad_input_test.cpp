// What a user does wrong: each is named with its place and the way out, exit code 2, 3 or 4, and nothing is sent.
#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "program_fixture.h"

namespace cli {
namespace {

// A UDP port that is taken as long as this lives.
class TakenPort {
public:
    TakenPort() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in name{};
        name.sin_family = AF_INET;
        name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(name);
        EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&name), size), 0);
        EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&name), &size), 0);
        port_ = ntohs(name.sin_port);
    }
    TakenPort(const TakenPort&) = delete;
    TakenPort& operator=(const TakenPort&) = delete;
    ~TakenPort() { release(); }
    void release() {
        if (fd_ >= 0) close(fd_);
        fd_ = -1;
    }
    std::string port() const { return std::to_string(port_); }

private:
    int fd_;
    std::uint16_t port_ = 0;
};

TEST(BadInput, AMisspeltKeyHasItsPlaceAndTheRightOne) {
    const TemporaryFolder folder;
    const auto file = folder.write("storm.yaml", "scenario: storm\ndevcies: 10\n");
    const auto outcome = run_in_process({"run", file, "--no-listen"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_TRUE(outcome.says("unknown key 'devcies'")) << outcome;
    EXPECT_TRUE(outcome.says("storm.yaml:2:1")) << outcome;
    EXPECT_TRUE(outcome.says("did you mean 'devices'?")) << outcome;
    EXPECT_TRUE(outcome.says("1 error; nothing was sent")) << outcome;
    EXPECT_EQ(outcome.out, "");
}

TEST(BadInput, ErrorsOfFileFlagsAndProfilesComeTogether) {
    const TemporaryFolder folder;
    folder.write("meter.yaml", "profile: meter\nextends: water-meter\nlwm2m: {lifetme: 1h}\n");
    const auto file = folder.write("storm.yaml", "scenario: storm\nfleet: [{profile: meter.yaml}]\n");
    const auto outcome = run_in_process({"run", file, "-n", "some", "--for", "soon", "--no-listen"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_TRUE(outcome.says("'lifetme'")) << outcome;
    EXPECT_TRUE(outcome.says("'some'")) << outcome;
    EXPECT_TRUE(outcome.says("'soon'")) << outcome;
    EXPECT_TRUE(outcome.says("3 errors; nothing was sent")) << outcome;
}

TEST(BadInput, AFileThatIsWrongDoesNotHideWrongFlags) {
    const TemporaryFolder folder;
    const auto file = folder.write("storm.yaml", "scenario: [1\n");
    const auto outcome = run_in_process({"run", file, "-n", "some", "--no-listen"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_TRUE(outcome.says("storm.yaml")) << outcome;
    EXPECT_TRUE(outcome.says("'some'")) << outcome;
}

TEST(BadInput, AWrongTypeAndADuplicateKeyAreErrors) {
    const TemporaryFolder folder;
    const auto type = run_in_process({"run", folder.write("type.yaml", "devices: [1, 2]\n"), "--no-listen"});
    EXPECT_EQ(type.code, 2);
    EXPECT_TRUE(type.says("type.yaml:1:")) << type;
    const auto twice = run_in_process({"run", folder.write("twice.yaml", "devices: 1\ndevices: 2\n"), "--no-listen"});
    EXPECT_EQ(twice.code, 2);
    EXPECT_TRUE(twice.says("twice.yaml:2:1")) << twice;
}

TEST(BadInput, AnAliasBombIsRefused) {
    const TemporaryFolder folder;
    std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n";
    for (char c = 'b'; c <= 'j'; ++c) {
        const std::string before(1, static_cast<char>(c - 1));
        bomb += std::string(1, c) + ": &" + c + " [*" + before;
        for (int i = 0; i < 8; ++i) bomb += ", *" + before;
        bomb += "]\n";
    }
    const auto outcome = run_in_process({"run", folder.write("bomb.yaml", bomb), "--no-listen"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_TRUE(outcome.says("bomb.yaml")) << outcome;
}

TEST(BadInput, AHugeFileIsRefusedWithoutBeingRead) {
    const TemporaryFolder folder;
    const auto file = folder.write("huge.yaml", "");
    std::filesystem::resize_file(file, 100'000'000);
    const auto outcome = run_in_process({"run", file, "--no-listen"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_TRUE(outcome.says("huge.yaml")) << outcome;
}

TEST(BadInput, AFileThatIsNotThereIsNamed) {
    const auto outcome = run_in_process({"simulate", "no-such-scenario.yaml"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_TRUE(outcome.says("no-such-scenario.yaml")) << outcome;
}

TEST(BadInput, TargetsThatDoNotSuitAreRefused) {
    const auto stream = run_in_process({"run", "coap+tcp://127.0.0.1", "--no-listen"});
    EXPECT_EQ(stream.code, 2);
    EXPECT_TRUE(stream.says("only coap:// and coaps:// are supported yet")) << stream;
    const auto secured = run_in_process({"run", "coaps://127.0.0.1", "--no-listen"});
    EXPECT_EQ(secured.code, 2);
    EXPECT_TRUE(secured.says("the profile has no security")) << secured;
}

TEST(BadInput, AStrangersServerNeedsTheWord) {
    const auto outcome = run_in_process({"run", "coap://192.0.2.7", "-n", "1000", "--no-listen"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_TRUE(outcome.says("--i-own-the-target")) << outcome;
}

TEST(BadInput, AHostThatIsNotFoundIsNoAnswer) {
    const auto outcome = run_in_process({"run", "coap://no-such-host.invalid", "-n", "1", "--no-listen"});
    EXPECT_EQ(outcome.code, 4);
    EXPECT_TRUE(outcome.says("no-such-host.invalid")) << outcome;
}

// Nobody listens: the kernel answers with ICMP port unreachable.
TEST(BadInput, AClosedPortIsFoundAtOnce) {
    TakenPort port;
    port.release();
    const auto begin = std::chrono::steady_clock::now();
    const auto outcome = run_in_process({"run", "coap://127.0.0.1:" + port.port(), "-n", "10", "--no-listen"});
    EXPECT_EQ(outcome.code, 4);
    EXPECT_TRUE(outcome.says("nobody answers at 127.0.0.1:" + port.port())) << outcome;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(BadInput, APortInUseIsNamed) {
    const TakenPort port;
    const auto run = run_in_process({"run", "-n", "10", "--server-port", port.port(), "--no-listen"});
    EXPECT_EQ(run.code, 3);
    EXPECT_TRUE(run.says(port.port())) << run;
    const auto serve = run_in_process({"serve", "--port", port.port(), "--no-listen"});
    EXPECT_EQ(serve.code, 3);
    EXPECT_TRUE(serve.says(port.port())) << serve;
}

TEST(BadInput, AFolderThatCannotBeMadeIsToldBeforeTheStart) {
    const TemporaryFolder folder;
    const auto file = folder.write("file", "");
    const auto outcome = run_in_process({"run", "-n", "10", "--out", file + "/below", "--no-listen"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_TRUE(outcome.says("cannot make the folder")) << outcome;
    EXPECT_TRUE(outcome.says("nothing was sent")) << outcome;
}

TEST(BadInput, AWarningIsAnErrorUnderStrict) {
    const TemporaryFolder folder;
    // A mandatory resource that the profile leaves out is filled in, with a warning.
    const auto meter = folder.write("meter.yaml", "profile: meter\nobjects: {\"3200/0\": {}}\n");
    const auto lenient = run_in_process({"simulate", "-p", meter, "-n", "1", "--for", "1s", "-q"});
    EXPECT_EQ(lenient.code, 0) << lenient;
    ASSERT_TRUE(lenient.says("warning")) << lenient;
    const auto strict = run_in_process({"simulate", "-p", meter, "-n", "1", "--for", "1s", "-q", "--strict"});
    EXPECT_EQ(strict.code, 2) << strict;
}

}  // namespace
}  // namespace cli
