#include "simulator/cli/command_validate.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace cli {
namespace {

class Validate : public testing::Test {
protected:
    Validate() : folder(std::filesystem::temp_directory_path() / ("validate_test." + std::to_string(::getpid()))) {
        std::filesystem::create_directories(folder);
    }
    ~Validate() override { std::filesystem::remove_all(folder); }

    std::string file(const std::string& name, const std::string& text) {
        std::ofstream(folder / name) << text;
        return (folder / name).string();
    }
    int run(std::vector<std::string> files) {
        options.files = std::move(files);
        return run_validate(options, out, err);
    }
    bool says(std::string_view part) const { return err.str().find(part) != std::string::npos; }

    std::filesystem::path folder;
    ValidateOptions options;
    std::ostringstream out;
    std::ostringstream err;
};

TEST_F(Validate, ExplainsWhatIsRight) {
    EXPECT_EQ(run({file("meter.yaml", "profile: meter\nextends: water-meter\n"), "tracker"}), 0) << err.str();
    EXPECT_NE(out.str().find("meter.yaml: profile meter, LwM2M 1.1, lifetime 1d, "), std::string::npos) << out.str();
    EXPECT_NE(out.str().find("ok  tracker: profile tracker"), std::string::npos);
    EXPECT_EQ(err.str(), "");
}

TEST_F(Validate, ReportsTheErrorsOfAllFilesAtOnce) {
    EXPECT_EQ(run({file("a.yaml", "profile: a\nlwm2m: {lifetme: 1h}\n"),
                   file("b.yaml", "profile: b\nobjects: {temperature/0: {sensor_value: {expr: \"1 +\"}}}\n"),
                   "missing.yaml", "water-metre"}),
              2);
    EXPECT_TRUE(says("did you mean 'lifetime'?")) << err.str();
    EXPECT_TRUE(says("b.yaml:2:"));
    EXPECT_TRUE(says("there is no such file"));
    EXPECT_TRUE(says("did you mean 'water-meter'?"));
    EXPECT_TRUE(says("4 errors; nothing was sent\n"));
    EXPECT_EQ(out.str(), "");
}

TEST_F(Validate, LooksAtTheProfilesOfAScenario) {
    file("mine.yaml", "profile: mine\nendpoint: same\n");
    const std::string good = file("good.yaml",
                                  "scenario: s\ndevices: 100\nfleet: [{profile: tracker, share: 85%}, {profile: "
                                  "gateway}]\nphases: [{ramp: {over: 1s}}]\n");
    EXPECT_EQ(run({good}), 0) << err.str();
    EXPECT_NE(out.str().find("85 tracker, 15 gateway"), std::string::npos) << out.str();
    EXPECT_EQ(run({file("bad.yaml",
                        "scenario: s\ndevices: 100\nfleet: [{profile: mine.yaml}]\nphases: [{ramp: {over: 1s}}]\n")}),
              2);
    EXPECT_TRUE(says("would have the same endpoint name 'same'")) << err.str();
    EXPECT_EQ(run({file("worse.yaml", "scenario: s\nfleet: [{profile: trackr}]\nphases: [{ramp: {over: 1s}}]\n")}), 2);
    EXPECT_TRUE(says("did you mean 'tracker'?")) << err.str();
}

// What a run would refuse before it sends anything, though another file is wrong too.
TEST_F(Validate, LooksAtTheSecurityOfAFleet) {
    const std::string wrong = file("wrong.yaml", "profile: a\nlwm2m: {lifetme: 1h}\n");
    file("p.yaml", "profile: p\nsecurity: {mode: x509, key: {derive: a secret of the fleet}}\n");
    const std::string scenario = file("s.yaml",
                                      "scenario: s\ndevices: 10\ntarget: coaps://127.0.0.1:5684\nfleet: [{profile: "
                                      "p.yaml}]\nphases: [{ramp: {over: 1s}}]\n");
    EXPECT_EQ(run({wrong, scenario}), 2);
    EXPECT_TRUE(says("did you mean 'lifetime'?")) << err.str();
    EXPECT_TRUE(says("for the right server")) << err.str();
}

TEST_F(Validate, ExpandsIntoAProfileThatIsRightItself) {
    options.expand = true;
    options.environment = [](std::string_view) { return std::string("42m"); };
    ASSERT_EQ(run({file("meter.yaml", "profile: meter\nextends: water-meter\nlwm2m: {lifetime: \"${LIFETIME}\"}\n")}),
              0)
        << err.str();
    EXPECT_NE(out.str().find("/3424/0/1"), std::string::npos);
    EXPECT_NE(out.str().find("42m"), std::string::npos);
    const std::string expanded = file("expanded.yaml", out.str());
    options.expand = false;
    EXPECT_EQ(run({expanded}), 0) << err.str();
}

TEST_F(Validate, SpeaksJson) {
    options.json = true;
    EXPECT_EQ(run({file("a.yaml", "profile: a\ncolour: red\n"), "gateway"}), 2);
    const auto json = nlohmann::json::parse(out.str());
    EXPECT_EQ(json["ok"], false);
    EXPECT_EQ(json["errors"], 1);
    EXPECT_EQ(json["files"][0]["ok"], false);
    EXPECT_EQ(json["files"][1]["kind"], "profile");
    EXPECT_EQ(json["diagnostics"][0]["line"], 2);
    EXPECT_EQ(json["diagnostics"][0]["message"], "unknown key 'colour'");
    EXPECT_EQ(err.str(), "");
}

TEST_F(Validate, KnowsObjectsThatAreBrought) {
    const std::string object = file(
        "own.yaml", "object: 33000\nname: Own\nversions:\n  \"1.0\":\n    resources:\n      1: Level | R | float\n");
    const std::string profile = file("p.yaml", "profile: p\nobjects: {own/0: {level: 3.5}}\n");
    EXPECT_EQ(run({profile}), 2);
    options.objects = {object};
    EXPECT_EQ(run({profile}), 0) << err.str();
    options.objects.clear();
    EXPECT_EQ(run({object, profile}), 0) << err.str();
}

TEST_F(Validate, TakesWarningsForErrorsWhenItIsStrict) {
    const std::string warned = file("w.yaml", "profile: w\nobjects: {device/0: {battery_level: 140}}\n");
    EXPECT_EQ(run({warned}), 0);
    EXPECT_TRUE(says("warning: /3/0/9 is 0..100")) << err.str();
    options.strict = true;
    EXPECT_EQ(run({warned}), 2);
}

}  // namespace
}  // namespace cli
