// `servers:`: the servers of a device beside the first one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiles/object_loader.h"
#include "profiles/profile_loader.h"
#include "profiles/resolve.h"

namespace {

using namespace std::chrono_literals;
using lwm2m::Path;
using testing::HasSubstr;

class ServersSection : public testing::Test {
protected:
    profiles::ResolvedProfilePtr resolved(const std::string& rest) {
        diagnostics_ = {};
        const auto tree = profiles::parse_profile_tree("profile: x\nlwm2m: {lifetime: 1h}\n" + rest + "\n", "t.yaml",
                                                       profiles::builtin_profiles(), diagnostics_);
        if (!tree) return nullptr;
        const auto profile = profiles::read_profile(*tree, diagnostics_);
        return profiles::resolve(profile, profiles::builtin_objects(), diagnostics_);
    }
    std::string refused(const std::string& rest) {
        resolved(rest);
        EXPECT_EQ(diagnostics_.errors(), 1u) << diagnostics_.text();
        return diagnostics_.text();
    }
    static lwm2m::ValueView value(const profiles::ResolvedProfile& profile, const Path& path) {
        return profile.resources[static_cast<std::size_t>(profile.find(path))].value.view();
    }

    profiles::Diagnostics diagnostics_;
};

TEST_F(ServersSection, WithoutItThereIsTheTarget) {
    const auto profile = resolved("");
    ASSERT_TRUE(profile) << diagnostics_.text();
    ASSERT_EQ(profile->servers.size(), 1u);
    EXPECT_EQ(profile->servers[0].object, Path(1, 0));
    EXPECT_EQ(profile->servers[0].short_id, 123);
    EXPECT_FALSE(profile->servers[0].uri);
}

TEST_F(ServersSection, AServerGetsAnInstanceOfTheServerObject) {
    const auto profile = resolved("servers: {124: {uri: \"coap://127.0.0.1:5783\", lifetime: 2h}}");
    ASSERT_TRUE(profile) << diagnostics_.text();
    ASSERT_EQ(profile->servers.size(), 2u);
    const auto& second = profile->servers[1];
    EXPECT_EQ(second.object, Path(1, 1));
    EXPECT_EQ(second.short_id, 124);
    EXPECT_EQ(second.uri, (profiles::ServerUri{"127.0.0.1", 5783}));
    EXPECT_EQ(second.lifetime.centre, 2h);
    EXPECT_EQ(value(*profile, Path(1, 1, 0)).integer, 124);
    EXPECT_EQ(value(*profile, Path(1, 1, 1)).integer, 7200);
    EXPECT_EQ(profile->servers[0].lifetime.centre, 1h);
}

TEST_F(ServersSection, TheInstanceWithItsShortIdIsItsOwn) {
    const auto profile = resolved(
        "servers: {7: {uri: \"coap://[::1]\"}}\nobjects:\n"
        "  server/3: {short_server_id: 7, default_minimum_period: 5}\n  server/4: {short_server_id: 9}");
    ASSERT_TRUE(profile) << diagnostics_.text();
    EXPECT_EQ(profile->servers[0].object, Path(1, 4));
    EXPECT_EQ(profile->servers[0].short_id, 9);
    EXPECT_EQ(profile->servers[1].object, Path(1, 3));
    EXPECT_EQ(profile->servers[1].default_pmin, 5s);
}

TEST_F(ServersSection, WhatIsWrongWithItIsSaid) {
    EXPECT_THAT(refused("servers: {0: {uri: \"coap://a\"}}"), HasSubstr("'0' is not a short server id"));
    EXPECT_THAT(refused("servers: {65535: {uri: \"coap://a\"}}"), HasSubstr("they are 1 to 65534"));
    EXPECT_THAT(refused("servers: {124: {lifetime: 1h}}"), HasSubstr("servers: 124: 'uri' is missing"));
    EXPECT_THAT(refused("servers: {124: {uri: nowhere}}"), HasSubstr("a server is named by a URI"));
    EXPECT_THAT(refused("servers: {124: {uri: \"coap://a\", lifetime: 10ms}}"), HasSubstr("below one second"));
    EXPECT_THAT(refused("servers: {123: {uri: \"coap://a\"}}\nobjects: {server/0: {short_server_id: 5}, server/1: "
                        "{short_server_id: 6}}"),
                HasSubstr("/1/0 and /1/1 are two servers"));
    EXPECT_THAT(refused("servers: {1: {uri: \"coap://a\"}, 2: {uri: \"coap://a:5683\"}}"),
                HasSubstr("coap://a:5683 is there twice"));
    EXPECT_THAT(refused("servers: {1: {url: \"coap://a\"}}"), HasSubstr("url"));
}

// Core 1.1.1, 8.1
TEST_F(ServersSection, WhatNobodyControlsBelongsToTheFirstAndIsReadByAll) {
    const auto profile = resolved(
        "servers: {124: {uri: \"coap://a\"}}\nobjects:\n"
        "  access_control/5: {object_id: 3, object_instance_id: 0, access_control_owner: 124}");
    ASSERT_TRUE(profile) << diagnostics_.text();
    EXPECT_EQ(value(*profile, Path(2, 0, 0)).integer, 1);
    EXPECT_EQ(value(*profile, Path(2, 0, 3)).integer, 123);
    EXPECT_EQ(value(*profile, Path(2, 0, 2).child(0)).integer, 1);
    EXPECT_EQ(value(*profile, Path(2, 1, 1)).integer, 1);
    EXPECT_EQ(value(*profile, Path(2, 1, 3)).integer, 124);
    EXPECT_EQ(value(*profile, Path(2, 5, 3)).integer, 124);
    EXPECT_EQ(profile->find(Path(2, 2, 0)), -1);
    EXPECT_EQ(resolved("")->find(Path(2, 0, 0)), -1);
}

// The instance of 123 is then that of the further server, and the target's has to be another.
TEST_F(ServersSection, TwoServersDoNotShareAShortId) {
    EXPECT_THAT(refused("servers: {123: {uri: \"coap://a\"}}"), HasSubstr("123 is the short id of another server too"));
}

}  // namespace
