// A secured fleet from the command line: it works, it can be told to a server, and its secret is nowhere.
#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "profiles/security.h"
#include "program_fixture.h"
#include "simulator/base/bytes.h"

namespace cli {
namespace {

constexpr const char* secret = "correct horse battery staple";

Outcome run_with_secret(std::vector<std::string> args) {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    const Context context{.in = in,
                          .out = out,
                          .err = err,
                          .terminal = false,
                          .args = std::move(args),
                          .environment = [](std::string_view name) -> std::optional<std::string> {
                              return name == "FLEET_SECRET" ? std::optional<std::string>(secret) : std::nullopt;
                          }};
    const int code = run_program(context);
    return {code, out.str(), err.str()};
}

class SecuredFleet : public testing::Test {
protected:
    SecuredFleet() {
        folder.write("meter.yaml",
                     "profile: meter\nextends: temperature-sensor\n"
                     "security: {mode: psk, key: {derive: \"${FLEET_SECRET}\"}, wrong_key: 10%}\n");
        scenario = folder.write("scenario.yaml",
                                "scenario: secured\ndevices: 40\nseed: 3\nfleet: [{profile: meter.yaml}]\n"
                                "phases:\n  - ramp: {over: 1s}\n  - hold: {for: 2s}\n");
    }
    // Nor any key that comes from it, in whatever way it is written.
    static void expect_no_secret(const std::string& text) {
        for (const auto& hidden : secrets())
            EXPECT_EQ(text.find(hidden), std::string::npos) << hidden << " in " << text;
    }
    static void expect_no_secret(const Outcome& outcome) { expect_no_secret(outcome.out + outcome.err); }
    static std::vector<std::string> secrets() {
        std::vector<std::string> all{secret, base::to_hex(base::as_bytes(secret))};
        for (int device = 0; device < 40; ++device) {
            std::array<std::uint8_t, profiles::derived_key_size> key;
            const auto identity = fmt::format("temperature-sensor-{:08}", device);
            profiles::derive_key(base::as_bytes(secret), base::as_bytes(identity), key);
            all.push_back(base::to_hex(key));
            all.emplace_back(base::as_text(key));
        }
        return all;
    }

    TemporaryFolder folder;
    std::string scenario;
};

TEST_F(SecuredFleet, RunsAgainstTheEmbeddedServer) {
    const auto outcome = run_with_secret(
        {"run", scenario, "--no-listen", "--summary", "json", "--set", "report.dir=" + folder / "report"});
    EXPECT_TRUE(outcome.says("\"handshake\"")) << outcome;
    EXPECT_TRUE(outcome.says("coaps://")) << outcome;
    expect_no_secret(outcome);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "report")) {
        expect_no_secret(content_of(entry.path()));
    }
}

TEST_F(SecuredFleet, IsSimulatedAndExpandedWithoutItsSecret) {
    expect_no_secret(run_with_secret({"simulate", scenario}));
    for (const auto* file : {"meter.yaml", "scenario.yaml"}) {
        const auto outcome = run_with_secret({"validate", "--expand", folder / file});
        EXPECT_EQ(outcome.code, 0) << outcome;
        expect_no_secret(outcome);
    }
}

TEST_F(SecuredFleet, KeepsItsSecretWhateverIsAsked) {
    for (const auto& args : std::vector<std::vector<std::string>>{
             {"validate", scenario},
             {"validate", "--expand", scenario, "--set", "fleet[0].profile=" + folder / "meter.yaml"},
             {"simulate", scenario, "--summary", "json"},
             {"simulate", scenario, "--set", "devices=nonsense"},
             {"simulate", scenario, "--set", "phases[1].storm.do=power_cycle"},
             {"run", scenario, "--no-listen", "-t", "coap://127.0.0.1:9"},
             {"run", scenario, "--no-listen", "-t", "coaps://127.0.0.1:9", "--grace", "1s"}}) {
        expect_no_secret(run_with_secret(args));
    }
}

// What is wrong with a file of keys is told without them; and a fleet may have its keys from what `provision` printed.
TEST_F(SecuredFleet, MayHaveItsKeysFromAFile) {
    const auto told = run_with_secret({"provision", scenario});
    ASSERT_EQ(told.code, 0) << told;
    folder.write("keys.csv", told.out);
    folder.write("listed.yaml",
                 "profile: listed\nextends: temperature-sensor\nsecurity: {mode: psk, key: {csv: keys.csv}}\n");
    const auto listed = folder.write("listed-fleet.yaml",
                                     "scenario: listed\ndevices: 40\nseed: 3\nfleet: [{profile: listed.yaml}]\n"
                                     "phases:\n  - ramp: {over: 1s}\n  - hold: {for: 2s}\n");
    const auto outcome = run_with_secret({"simulate", listed});
    EXPECT_EQ(outcome.code, 0) << outcome;
    EXPECT_TRUE(outcome.says("registered 40 of 40")) << outcome;
    expect_no_secret(outcome);
    EXPECT_EQ(run_with_secret({"provision", listed}).out, told.out);
    const auto too_few = run_with_secret({"simulate", listed, "-n", "41"});
    EXPECT_EQ(too_few.code, 2) << too_few;
    EXPECT_TRUE(too_few.says("40 rows for 41 devices")) << too_few;
    folder.write("keys.csv", told.out + "x,y,0011223344556677zz\n");
    const auto broken = run_with_secret({"simulate", listed});
    EXPECT_EQ(broken.code, 2);
    EXPECT_FALSE(broken.says("0011223344556677")) << broken;
    expect_no_secret(broken);
}

// What a server must know before the keys rotate; two such files are the keys of a fleet that rotates.
TEST_F(SecuredFleet, IsToldByTheGenerationOfItsKeys) {
    const auto first = run_with_secret({"provision", scenario, "--generation", "0"});
    EXPECT_EQ(first.out, run_with_secret({"provision", scenario}).out);
    const auto next = run_with_secret({"provision", scenario, "--generation", "1"});
    EXPECT_EQ(next.code, 0) << next;
    EXPECT_NE(first.out, next.out);
    folder.write("keys.csv", first.out);
    folder.write("next.csv", next.out);
    folder.write(
        "listed.yaml",
        "profile: listed\nextends: temperature-sensor\nsecurity: {mode: psk, key: {csv: [keys.csv, next.csv]}}\n");
    const auto rotating =
        folder.write("rotating.yaml",
                     "scenario: rotating\ndevices: 40\nseed: 3\nfleet: [{profile: listed.yaml}]\n"
                     "phases:\n  - ramp: {over: 1s}\n  - storm: {do: rotate_keys, within: 2s}\n  - hold: {for: 2s}\n");
    const auto outcome = run_with_secret({"simulate", rotating});
    EXPECT_EQ(outcome.code, 0) << outcome;
    EXPECT_TRUE(outcome.says("registered 40 of 40")) << outcome;
    EXPECT_TRUE(outcome.says("keys of the next generation were taken")) << outcome;
    expect_no_secret(outcome);
    const auto third = run_with_secret({"provision", rotating, "--generation", "2"});
    EXPECT_EQ(third.code, 2);
    EXPECT_TRUE(third.says("'listed' has no generation 2 of keys")) << third;
}

TEST_F(SecuredFleet, TellsEachOfItsServersTheirOwnKeys) {
    folder.write("meter.yaml",
                 "profile: meter\nextends: temperature-sensor\n"
                 "security: {mode: psk, key: {derive: \"${FLEET_SECRET}\"}}\n"
                 "servers: {124: {uri: \"coaps://127.0.0.1:5784\", security: {mode: psk, identity: \"b-{index}\", "
                 "key: {hex: \"00112233445566778899\"}}}}\n");
    const auto first = run_with_secret({"provision", scenario, "-n", "1"});
    EXPECT_TRUE(first.says("temperature-sensor-00000000,temperature-sensor-00000000,")) << first;
    const auto second = run_with_secret({"provision", scenario, "-n", "1", "--server", "124"});
    EXPECT_EQ(second.out, "endpoint,identity,key\ntemperature-sensor-00000000,b-0,00112233445566778899\n");
    EXPECT_EQ(run_with_secret({"provision", scenario, "--server", "125"}).code, 2);
    const auto shown = run_with_secret({"validate", "--expand", folder / "meter.yaml"});
    EXPECT_EQ(shown.code, 0) << shown;
    EXPECT_FALSE(shown.says("00112233445566778899")) << shown;
}

TEST_F(SecuredFleet, NeedsItsSecretInTheEnvironment) {
    const auto outcome = run_in_process({"simulate", scenario});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_TRUE(outcome.says("FLEET_SECRET")) << outcome;
}

TEST_F(SecuredFleet, IsToldToAServer) {
    const auto csv = run_with_secret({"provision", scenario});
    EXPECT_EQ(csv.code, 0) << csv;
    EXPECT_TRUE(csv.out.starts_with("endpoint,identity,key\ntemperature-sensor-00000000,temperature-sensor-00000000,"))
        << csv;
    EXPECT_EQ(std::count(csv.out.begin(), csv.out.end(), '\n'), 41);
    EXPECT_FALSE(csv.says(secret)) << csv;
    const auto leshan = run_with_secret({"provision", scenario, "--format", "leshan", "-n", "1"});
    EXPECT_TRUE(leshan.out.starts_with(
        "{\"endpoint\":\"temperature-sensor-00000000\",\"tls\":{\"mode\":\"psk\",\"details\":{\"identity\":"))
        << leshan;
    EXPECT_EQ(run_in_process({"provision"}).code, 2);
}

// Leshan takes one or the other, from its own side.
TEST_F(SecuredFleet, IsToldToAServerWithItsOscoreKeys) {
    folder.write("meter.yaml",
                 "profile: meter\nextends: temperature-sensor\nendpoint: \"d{index}\"\n"
                 "oscore: {sender_id: \"{index}\", recipient_id: s, master_secret: {derive: \"${FLEET_SECRET}\"}}\n");
    const auto csv = run_with_secret({"provision", scenario, "-n", "2"});
    EXPECT_EQ(csv.code, 0) << csv;
    EXPECT_TRUE(
        csv.out.starts_with("endpoint,identity,key,oscore_sender_id,oscore_recipient_id,oscore_id_context,"
                            "oscore_master_secret,oscore_master_salt\nd0,,,30,73,,"))
        << csv;
    expect_no_secret(csv);
    const auto leshan = run_with_secret({"provision", scenario, "--format", "leshan", "-n", "1"});
    EXPECT_TRUE(leshan.out.starts_with("{\"endpoint\":\"d0\",\"oscore\":{\"sid\":\"73\",\"rid\":\"30\",\"msec\":\""))
        << leshan;
    const auto lines = run_with_secret({"provision", scenario, "--format", "jsonl", "-n", "1"});
    EXPECT_TRUE(lines.says("\"oscore\":{\"sender_id\":\"30\"")) << lines;
}

TEST(Serve, TakesItsSecretFromTheEnvironmentOnly) {
    const auto outcome = run_with_secret({"serve", "--psk-secret-env", "NO_SUCH_VARIABLE"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_TRUE(outcome.says("must hold a secret of 16 bytes")) << outcome;
}

}  // namespace
}  // namespace cli
