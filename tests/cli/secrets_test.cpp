// No command shows a secret, whatever it is asked for and whatever goes wrong.
#include <regex>

#include <gtest/gtest.h>

#include "program_fixture.h"

namespace cli {
namespace {

constexpr std::string_view secret = "a1b2c3d4e5f60718293a4b5c6d7e8f90";

class Secrets : public ::testing::Test {
protected:
    // A fleet with that secret; `more` is behind it in `oscore:`.
    std::string scenario(const std::string& more = "") {
        folder_.write("device.yaml",
                      "profile: hidden\ndescription: x\nendpoint: \"d{index}\"\n"
                      "oscore: {master_secret: {hex: \"" +
                          std::string(secret) + "\"}, master_salt: {hex: \"" + std::string(secret) + "\"}" + more +
                          "}\n");
        return folder_.write("scenario.yaml",
                             "scenario: hidden\ndevices: 3\nfleet: [{profile: ./device.yaml}]\n"
                             "phases: [{ramp: {over: 1s}}, {hold: {for: 1m}}, {drain: {over: 1s}}]\n");
    }
    TemporaryFolder folder_;
};

TEST_F(Secrets, AreNotInWhatARunSays) {
    const auto file = scenario();
    for (const std::string summary : {"full", "json"}) {
        const auto outcome = run_in_process({"simulate", file, "--summary", summary});
        EXPECT_EQ(outcome.code, 0) << outcome;
        EXPECT_TRUE(outcome.says("register"));
        EXPECT_FALSE(outcome.says(secret)) << outcome;
    }
}

// RFC 8613 8.2: what does not open has a name of its own in the report, and shows nothing.
TEST_F(Secrets, AreNotInWhatIsSaidOfWrongKeys) {
    const auto outcome = run_in_process({"simulate", scenario(", wrong_key: 100%"), "--summary", "json"});
    EXPECT_TRUE(std::regex_search(outcome.out, std::regex("\"oscore_decrypt\": ?[1-9]"))) << outcome;
    EXPECT_FALSE(outcome.says(secret)) << outcome;
}

TEST_F(Secrets, AreNotInWhatAProfileComesTo) {
    scenario();
    const auto outcome = run_in_process({"validate", "--expand", folder_ / "device.yaml"});
    EXPECT_EQ(outcome.code, 0) << outcome;
    EXPECT_TRUE(outcome.says("***")) << outcome;
    EXPECT_FALSE(outcome.says(secret)) << outcome;
}

TEST_F(Secrets, AreNotInWhatIsWrongBesideThem) {
    scenario();
    const std::string wrong =
        "profile: x\noscore: {reboot: b9, master_secret: {hex: \"" + std::string(secret) + "\"}}\n";
    const auto outcome = run_in_process({"validate", folder_.write("wrong.yaml", wrong)});
    EXPECT_NE(outcome.code, 0);
    EXPECT_TRUE(outcome.says("'b9' is not known")) << outcome;
    EXPECT_FALSE(outcome.says(secret)) << outcome;
}

}  // namespace
}  // namespace cli
