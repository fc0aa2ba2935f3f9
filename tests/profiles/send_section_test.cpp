// `behaviour: {send: ...}`: what a device sends unasked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiles/object_loader.h"
#include "profiles/profile_loader.h"
#include "profiles/resolve.h"

namespace {

using namespace std::chrono_literals;
using lwm2m::Path;
using testing::HasSubstr;

class SendSection : public testing::Test {
protected:
    profiles::ResolvedProfilePtr resolved(const std::string& send, const std::string& version = "1.1") {
        diagnostics_ = {};
        const auto tree =
            profiles::parse_profile_tree("profile: x\nlwm2m: {version: \"" + version +
                                             "\"}\nformats: [tlv, senml-cbor, senml-json]\nobjects:\n  temperature/0: "
                                             "{sensor_value: 20, min_measured_value: 1}\n  device/0: {reboot: }\n"
                                             "behaviour:\n  send: " +
                                             send + "\n",
                                         "t.yaml", profiles::builtin_profiles(), diagnostics_);
        if (!tree) return nullptr;
        const auto profile = profiles::read_profile(*tree, diagnostics_);
        return profiles::resolve(profile, profiles::builtin_objects(), diagnostics_);
    }
    std::string refused(const std::string& send, const std::string& version = "1.1") {
        resolved(send, version);
        EXPECT_EQ(diagnostics_.errors(), 1u) << diagnostics_.text();
        return diagnostics_.text();
    }

    profiles::Diagnostics diagnostics_;
};

TEST_F(SendSection, IsResolved) {
    const auto profile =
        resolved("{every: 15m ±2m, paths: [/3303/0/5700, temperature/0, /3/0/0], format: senml-json, samples: 3}");
    ASSERT_TRUE(profile) << diagnostics_.text();
    const auto& send = profile->behaviour.send;
    EXPECT_EQ(send.every.centre, 15min);
    EXPECT_EQ(send.every.spread, 2min);
    EXPECT_EQ(send.paths, (std::vector{Path(3, 0, 0), Path(3303, 0)}));
    EXPECT_EQ(send.format, lwm2m::ContentFormat::senml_json);
    EXPECT_EQ(send.samples, 3u);
}

TEST_F(SendSection, SaysWhatIsMissing) {
    EXPECT_THAT(refused("{}"), HasSubstr("'every' and 'paths' are needed"));
    EXPECT_THAT(refused("{every: 15m}"), HasSubstr("'every' and 'paths' are needed"));
    resolved("{paths: [/3/0/0]}");
    EXPECT_THAT(diagnostics_.text(), HasSubstr("'every' and 'paths' are needed"));
    EXPECT_THAT(refused("{every: 15m, paths: []}"), HasSubstr("a list of paths is needed"));
}

TEST_F(SendSection, SaysWhatDoesNotFit) {
    EXPECT_THAT(refused("{every: 15m, paths: [/3303/0/5700], fromat: tlv}"), HasSubstr("did you mean"));
    EXPECT_THAT(refused("{every: 15m, paths: [/3303/0/5700], format: tlv}"), HasSubstr("there are senml-cbor"));
    EXPECT_THAT(refused("{every: exp(15m), paths: [/3303/0/5700]}"), HasSubstr("less than half to either side"));
    EXPECT_THAT(refused("{every: 10s ±5s, paths: [/3303/0/5700]}"), HasSubstr("less than half to either side"));
    EXPECT_THAT(refused("{every: 15m, paths: [/3303/1/5700]}"), HasSubstr("nothing readable at /3303/1/5700"));
    EXPECT_THAT(refused("{every: 15m, paths: [/3/0/4]}"), HasSubstr("nothing readable at /3/0/4"));
    EXPECT_THAT(refused("{every: 15m, paths: [/3303/0/5700], samples: 0}"), HasSubstr("samples"));
}

TEST_F(SendSection, IsNotThereIn10) {
    resolved("{every: 15m, paths: [/3303/0/5700]}", "1.0");
    EXPECT_THAT(diagnostics_.text(), HasSubstr("there is no Send in LwM2M 1.0"));
}

}  // namespace
