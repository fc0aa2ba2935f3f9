// DTLS 1.3 from the command line: beside 1.2 against the embedded server, captured, and refused where it cannot be.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "program_fixture.h"
#include "simulator/net/dtls13_session.h"

namespace cli {
namespace {

class Dtls13Fleet : public testing::Test {
protected:
    void SetUp() override {
        if (!net::dtls13_features().available) GTEST_SKIP() << "this wolfSSL has no DTLS 1.3";
    }
    std::string scenario(int devices, std::string_view security, std::string_view phases) {
        folder.write("newer.yaml", fmt::format("profile: newer\nextends: dtls13-sensor\nendpoint: \"newer-{{index}}\"\n"
                                               "security: {{dtls: \"1.3\"{}}}\n",
                                               security));
        folder.write("older.yaml", "profile: older\nextends: secure-sensor\nendpoint: \"older-{index}\"\n");
        return folder.write("scenario.yaml",
                            fmt::format("scenario: both\ndevices: {}\nseed: 3\n"
                                        "fleet: [{{profile: newer.yaml, share: 50%}}, {{profile: older.yaml, share: "
                                        "50%}}]\nphases: [{}]\n",
                                        devices, phases));
    }
    TemporaryFolder folder;
};

TEST_F(Dtls13Fleet, RunsBesideDtls12AgainstTheEmbeddedServer) {
    const auto file =
        scenario(400, "", "{ramp: {over: 1s}}, {storm: {do: power_cycle, within: 100ms}}, {hold: {for: 2s}}");
    const auto outcome = run_in_process({"run", file, "--no-listen", "--summary", "json"});
    EXPECT_EQ(outcome.code, 0) << outcome;
    const auto result = nlohmann::json::parse(outcome.out);
    EXPECT_EQ(result["verdict"], "valid");
    EXPECT_GE(result["dtls"]["handshakes"]["full"].get<int>(), 400);
    EXPECT_GE(result["dtls"]["handshakes"]["resumed"].get<int>(), 300);
    EXPECT_TRUE(result["dtls"]["alerts"]["received"].empty()) << outcome;
}

TEST_F(Dtls13Fleet, IsCapturedWithItsSecrets) {
    const auto file = scenario(2, "", "{ramp: {over: 10ms}}, {hold: {for: 200ms}}");
    const auto capture = folder / "device.pcap";
    const auto outcome = run_in_process({"run", file, "--no-listen", "--capture", "newer-0=" + capture});
    if (!outcome.says("its secrets are written to")) {
        const auto other = run_in_process({"run", file, "--no-listen", "--capture", "newer-1=" + capture});
        EXPECT_TRUE(other.says("its secrets are written to")) << outcome << other;
    }
    const auto keys = content_of(capture + ".keys");
    EXPECT_NE(keys.find("CLIENT_TRAFFIC_SECRET_0 "), std::string::npos) << keys;
    EXPECT_NE(keys.find("SERVER_HANDSHAKE_TRAFFIC_SECRET "), std::string::npos) << keys;
}

TEST_F(Dtls13Fleet, IsNotSimulatedSinceItCannotBeRepeated) {
    const auto outcome = run_in_process({"simulate", scenario(2, "", "{hold: {for: 1s}}")});
    EXPECT_EQ(outcome.code, 2) << outcome;
    EXPECT_TRUE(outcome.says("DTLS 1.3 cannot be simulated in virtual time")) << outcome;
}

TEST_F(Dtls13Fleet, HasALimitThatIsSaidWithWhatItTakes) {
    const auto outcome = run_in_process({"validate", scenario(30'000, "", "{hold: {for: 1s}}")});
    EXPECT_EQ(outcome.code, 2) << outcome;
    EXPECT_TRUE(outcome.says("15000 sessions of DTLS 1.3 are needed, and 10000 are the most")) << outcome;
    EXPECT_TRUE(outcome.says("KB for each")) << outcome;
}

}  // namespace
}  // namespace cli
