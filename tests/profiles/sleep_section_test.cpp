// `behaviour: {sleep: ...}`: how a device in queue mode sleeps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiles/object_loader.h"
#include "profiles/profile_loader.h"
#include "profiles/resolve.h"

namespace {

using namespace std::chrono_literals;
using profiles::SleepSpec;
using testing::HasSubstr;

class SleepSection : public testing::Test {
protected:
    profiles::ResolvedProfilePtr resolved(const std::string& sleep, const std::string& queue_mode = "true") {
        diagnostics_ = {};
        const auto tree = profiles::parse_profile_tree(
            "profile: x\nlwm2m: {queue_mode: " + queue_mode + "}\nbehaviour:\n  sleep: " + sleep + "\n", "t.yaml",
            profiles::builtin_profiles(), diagnostics_);
        if (!tree) return nullptr;
        const auto profile = profiles::read_profile(*tree, diagnostics_);
        return profiles::resolve(profile, profiles::builtin_objects(), diagnostics_);
    }
    std::string refused(const std::string& sleep, const std::string& queue_mode = "true") {
        resolved(sleep, queue_mode);
        EXPECT_EQ(diagnostics_.errors(), 1u) << diagnostics_.text();
        return diagnostics_.text();
    }

    profiles::Diagnostics diagnostics_;
};

TEST_F(SleepSection, IsResolved) {
    const auto profile = resolved("{queue_mode: 93s, every: 1h ±5m, on_wake: listen, notify: keep}");
    ASSERT_TRUE(profile) << diagnostics_.text();
    const auto& sleep = profile->behaviour.sleep;
    EXPECT_TRUE(sleep.sleeps());
    EXPECT_EQ(sleep.window, 93s);
    EXPECT_EQ(sleep.every.centre, 1h);
    EXPECT_EQ(sleep.on_wake, SleepSpec::OnWake::listen);
    EXPECT_EQ(sleep.notify, SleepSpec::WhenDue::keep);
}

TEST_F(SleepSection, HasNoScheduleUnlessItIsGiven) {
    const auto profile = resolved("{queue_mode: 93s}");
    ASSERT_TRUE(profile) << diagnostics_.text();
    EXPECT_TRUE(profile->behaviour.sleep.every.is_zero());
    EXPECT_EQ(profile->behaviour.sleep.notify, SleepSpec::WhenDue::wake);
}

TEST_F(SleepSection, WhatIsWrongWithItIsSaid) {
    EXPECT_THAT(refused("{}"), HasSubstr("'queue_mode' is needed"));
    EXPECT_THAT(refused("{queue_mode: 10ms}"), HasSubstr("1 s or more"));
    EXPECT_THAT(refused("{queue_mode: 93s, on_wake: update}"), HasSubstr("'on_wake' goes with 'every'"));
    EXPECT_THAT(refused("{queue_mode: 93s, every: 60s}"), HasSubstr("longer than the device stays awake"));
    EXPECT_THAT(refused("{queue_mode: 93s, every: exp(1h)}"), HasSubstr("longer than the device stays awake"));
    EXPECT_THAT(refused("{queue_mode: 93s, every: 1h, on_wake: dance}"), HasSubstr("there are update and listen"));
    EXPECT_THAT(refused("{queue_mode: 93s, notify: drop}"), HasSubstr("there are wake and keep"));
    EXPECT_THAT(refused("{queue_mode: 93s}", "false"), HasSubstr("say lwm2m: {queue_mode: true}"));
}

}  // namespace
