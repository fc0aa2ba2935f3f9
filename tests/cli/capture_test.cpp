// run --capture: a device's datagrams in a file, and the keys to them in another.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "program_fixture.h"
#include "simulator/base/bytes.h"

namespace cli {
namespace {

constexpr const char* secret = "correct horse battery staple";

class CaptureOfADevice : public testing::Test {
protected:
    Outcome run(const std::string& security, const std::string& device = "0", const std::string& phase = "") {
        folder.write("meter.yaml", "profile: meter\nextends: temperature-sensor\nendpoint: \"d{index}\"\n" + security);
        const auto scenario = folder.write("scenario.yaml",
                                           "scenario: captured\ndevices: 3\nfleet: [{profile: meter.yaml}]\n"
                                           "phases: [{ramp: {over: 100ms}}, {hold: {for: 1s}}, " +
                                               phase + "{drain: {over: 0s}}]\n");
        return run_unhindered({"run", scenario, "--no-listen", "--quiet", "--capture", device + "=" + file});
    }
    static std::string secured(const std::string& mode) {
        return "security: {mode: " + mode + ", key: {derive: \"" + std::string(secret) + "\"}, resume: 0%}\n";
    }
    static std::string psk() { return secured("psk"); }
    static std::string port_of(const Outcome& outcome) {
        const auto at = outcome.err.find("embedded server 127.0.0.1:") + 26;
        return outcome.err.substr(at, outcome.err.find(' ', at) - at);
    }
    // What tshark says of the device's requests, with the keys; `fields` of each.
    std::string requests(const Outcome& outcome, const std::string& fields) const {
        const auto port = port_of(outcome);
        return output_of("tshark -r " + file + " -o tls.keylog_file:" + file + ".keys -d udp.port==" + port +
                         ",dtls -d dtls.port==" + port + ",coap -Y coap -T fields " + fields + " 2>&1");
    }
    static bool has_tshark() { return !output_of("command -v tshark").empty(); }
    // What the command prints.
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
    if (!has_tshark()) GTEST_SKIP() << "tshark is not installed (apt-get install tshark)";
    const auto seen = requests(run(psk()), "-e coap.code -e coap.opt.uri_query");
    EXPECT_NE(seen.find("ep=d0"), std::string::npos) << seen;
    const auto checked = output_of("tshark -r " + file +
                                   " -o udp.check_checksum:TRUE -o ip.check_checksum:TRUE -Y "
                                   "'udp.checksum.status==0 || ip.checksum.status==0' 2>/dev/null");
    EXPECT_EQ(checked, "") << "a checksum is wrong";
}

TEST_F(CaptureOfADevice, IsDecryptedByTsharkWithCertificatesToo) {
    if (!has_tshark()) GTEST_SKIP() << "tshark is not installed (apt-get install tshark)";
    for (const std::string mode : {"x509", "rpk"}) {
        const auto seen = requests(run(secured(mode)), "-e coap.code -e coap.opt.uri_query");
        EXPECT_NE(seen.find("ep=d0"), std::string::npos) << mode << ": " << seen;
    }
}

// What the network sees: the same session from two addresses.
TEST_F(CaptureOfADevice, FollowsItToANewAddress) {
    if (!has_tshark()) GTEST_SKIP() << "tshark is not installed (apt-get install tshark)";
    const auto outcome = run(secured("x509"), "0", "{storm: {do: rebind, within: 1ms}}, {hold: {for: 200ms}}, ");
    EXPECT_EQ(outcome.code, 0) << outcome;
    const auto seen = requests(outcome, "-E separator=, -e ip.src -e udp.srcport -e coap.code");
    const auto line_of = [&](const std::string& code) {
        const auto end = seen.find("," + code + "\n");
        return end == std::string::npos ? std::string()
                                        : seen.substr(seen.rfind('\n', end) + 1, end - seen.rfind('\n', end) - 1);
    };
    const auto registered = line_of("2");    // POST
    const auto deregistered = line_of("4");  // DELETE
    EXPECT_NE(registered, "") << seen;
    EXPECT_NE(deregistered, "") << seen;
    EXPECT_NE(registered, deregistered) << seen;
    EXPECT_EQ(seen.find(",0,"), std::string::npos) << "ports are real: " << seen;
    EXPECT_EQ(std::ranges::count(content_of(file + ".keys"), '\n'), 1) << "one session";
}

}  // namespace
}  // namespace cli
