#include "simulator/cli/command_list.h"

#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "profiles/generator_spec.h"
#include "profiles/profile_loader.h"

namespace cli {
namespace {

class List : public testing::Test {
protected:
    int run(std::string what, std::optional<std::string> name = {}) {
        out.str({});
        options.what = std::move(what);
        options.name = std::move(name);
        return run_list(options, out, err);
    }
    bool shows(std::string_view part) const { return out.str().find(part) != std::string::npos; }

    ListOptions options;
    std::ostringstream out;
    std::ostringstream err;
};

TEST_F(List, ShowsProfilesAndOneOfThem) {
    EXPECT_EQ(run("profiles"), 0) << err.str();
    EXPECT_TRUE(shows("water-meter"));
    EXPECT_TRUE(shows("on a battery"));
    EXPECT_EQ(run("profiles", "water-meter"), 0);
    EXPECT_TRUE(shows("profile: water-meter"));
    EXPECT_EQ(run("profiles", "water-metre"), 2);
    EXPECT_NE(err.str().find("did you mean 'water-meter'?"), std::string::npos);
}

TEST_F(List, ShowsObjectsAndTheirResources) {
    EXPECT_EQ(run("objects"), 0);
    EXPECT_TRUE(shows("3303 temperature"));
    EXPECT_EQ(run("objects", "temperature"), 0);
    EXPECT_TRUE(shows("sensor_value"));
    EXPECT_EQ(run("objects", "3"), 0);
    EXPECT_TRUE(shows("battery_level"));
    EXPECT_EQ(run("objects", "temprature"), 2);
    EXPECT_EQ(run("objects", "33333"), 2);
}

TEST_F(List, ShowsGeneratorsWhoseExamplesAreRight) {
    options.json = true;
    ASSERT_EQ(run("generators"), 0);
    for (const auto& line : nlohmann::json::parse(out.str())) {
        profiles::Diagnostics diagnostics;
        const auto node = profiles::parse_yaml(line["example"], "example", diagnostics);
        ASSERT_TRUE(node && profiles::is_generator(*node)) << line;
        if (line["name"] == "csv") continue;  // names a file
        const auto type = line["name"] == "states" ? lwm2m::Type::boolean : lwm2m::Type::floating;
        const auto path = line["name"] == "route" ? lwm2m::Path(6, 0, 0) : lwm2m::Path(3303, 0, 5700);
        const auto spec = profiles::read_generator(*node, {path, type}, diagnostics);
        ASSERT_TRUE(spec) << line << diagnostics.text();
        EXPECT_EQ(profiles::name(*spec), line["name"].get<std::string>());
    }
}

TEST_F(List, ShowsTheKeysOfAProfile) {
    EXPECT_EQ(run("keys"), 0);
    EXPECT_TRUE(shows("lifetime:"));
}

TEST_F(List, RefusesWhatItDoesNotKnow) {
    EXPECT_EQ(run("profile"), 2);
    EXPECT_NE(err.str().find("did you mean 'profiles'?"), std::string::npos);
    EXPECT_EQ(run("generators", "walk"), 2);
}

}  // namespace
}  // namespace cli
