// run --capture: a device's datagrams in a file, and the keys to them in another.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>

#include "program_fixture.h"
#include "simulator/base/bytes.h"

namespace cli {
namespace {

constexpr const char* secret = "correct horse battery staple";

class CaptureOfADevice : public testing::Test {
protected:
    Outcome run(const std::string& security, const std::string& device = "0") {
        folder.write("meter.yaml", "profile: meter\nextends: temperature-sensor\nendpoint: \"d{index}\"\n" + security);
        const auto scenario = folder.write("scenario.yaml",
                                           "scenario: captured\ndevices: 3\nfleet: [{profile: meter.yaml}]\n"
                                           "phases: [{ramp: {over: 100ms}}, {hold: {for: 1s}}, {drain: {over: 0s}}]\n");
        return run_unhindered({"run", scenario, "--no-listen", "--quiet", "--capture", device + "=" + file});
    }
    static std::string psk() {
        return "security: {mode: psk, key: {derive: \"" + std::string(secret) + "\"}, resume: 0%}\n";
    }
    static std::string port_of(const Outcome& outcome) {
        const auto at = outcome.err.find("embedded server 127.0.0.1:") + 26;
        return outcome.err.substr(at, outcome.err.find(' ', at) - at);
    }
    // What tshark prints; it is installed.
    static std::string output_of(const std::string& command) {
        const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
        std::string text;
        std::array<char, 512> memory;
        while (const auto size = std::fread(memory.data(), 1, memory.size(), pipe.get())) {
            text.append(memory.data(), size);
        }
        return text;
    }

    TemporaryFolder folder;
    std::string file = folder / "device.pcap";
};

TEST_F(CaptureOfADevice, HasItsDatagramsAlone) {
    const auto outcome = run("");
    EXPECT_EQ(outcome.code, 0) << outcome;
    const auto captured = content_of(file);
    EXPECT_TRUE(captured.starts_with("\x4d\x3c\xb2\xa1"));
    EXPECT_NE(captured.find("ep=d0"), std::string::npos);
    EXPECT_EQ(captured.find("ep=d1"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(file + ".keys")) << "there is nothing secret";
}

TEST_F(CaptureOfADevice, IsNamedByItsEndpointToo) {
    run("", "d2");
    EXPECT_NE(content_of(file).find("ep=d2"), std::string::npos);
    const auto nobody = run("", "d3");
    EXPECT_EQ(nobody.code, 2);
    EXPECT_TRUE(nobody.says("there is no device 'd3'")) << nobody;
    EXPECT_EQ(run_in_process({"run", "--capture", "17"}).code, 2);
}

// The one place where a secret is written; the command says so.
TEST_F(CaptureOfADevice, HasAKeyLogWhereItSpeaksDtls) {
    const auto outcome = run(psk());
    EXPECT_EQ(outcome.code, 0) << outcome;
    EXPECT_TRUE(outcome.says("its secrets are written to")) << outcome;
    const auto keys = content_of(file + ".keys");
    EXPECT_TRUE(keys.starts_with("CLIENT_RANDOM ")) << keys;
    EXPECT_EQ(keys.size(), 14u + 64 + 1 + 96 + 1) << keys;
    using std::filesystem::perms;
    EXPECT_EQ(std::filesystem::status(file + ".keys").permissions() & (perms::group_all | perms::others_all),
              perms::none);
    EXPECT_EQ(content_of(file).find("ep=d0"), std::string::npos) << "it is encrypted";
    EXPECT_EQ((content_of(file) + keys).find(secret), std::string::npos) << "that is everybody's";
}

TEST_F(CaptureOfADevice, IsDecryptedByTshark) {
    if (output_of("command -v tshark").empty()) GTEST_SKIP() << "tshark is not installed (apt-get install tshark)";
    const auto port = port_of(run(psk()));
    const auto seen =
        output_of("tshark -r " + file + " -o tls.keylog_file:" + file + ".keys -d udp.port==" + port +
                  ",dtls -d dtls.port==" + port + ",coap -Y coap -T fields -e coap.code -e coap.opt.uri_query 2>&1");
    EXPECT_NE(seen.find("ep=d0"), std::string::npos) << seen;
    const auto checked = output_of("tshark -r " + file +
                                   " -o udp.check_checksum:TRUE -o ip.check_checksum:TRUE -Y "
                                   "'udp.checksum.status==0 || ip.checksum.status==0' 2>/dev/null");
    EXPECT_EQ(checked, "") << "a checksum is wrong";
}

}  // namespace
}  // namespace cli
