// Object 0 as `security:`, `servers:` and `oscore:` make it.
#include "profiles/security_object.h"

#include "profiles/resolve.h"
#include "tests/profiles/profile_fixture.h"

namespace profiles {
namespace {

using lwm2m::Path;

class SecurityObject : public ProfileFixture {
protected:
    // "none" where the profile has nothing at that path.
    static std::string at(const ResolvedProfilePtr& profile, const Path& path) {
        const auto index = profile->find(path);
        return index < 0 ? "none" : lwm2m::to_string(profile->resources[static_cast<std::size_t>(index)].value.view());
    }
};

TEST_F(SecurityObject, WithoutSecurityThereIsAnInstanceOfModeNoSec) {
    const auto profile = resolved("profile: x\n");
    ASSERT_TRUE(profile) << diagnostics.text();
    EXPECT_EQ(at(profile, Path(0, 0, security_resource::mode)), "3");
    EXPECT_EQ(at(profile, Path(0, 0, security_resource::bootstrap_server)), "false");
    EXPECT_EQ(at(profile, Path(0, 0, security_resource::short_server_id)), "123");
    EXPECT_EQ(profile->object_links.find("</0"), std::string::npos);  // Core 1.1.1, 6.2.1
}

TEST_F(SecurityObject, NamesModeAndSuitesButNoKey) {
    const auto profile =
        resolved("profile: x\nsecurity: {mode: psk, suite: both, key: {derive: 0123456789abcdef0123}}\n");
    ASSERT_TRUE(profile) << diagnostics.text();
    EXPECT_EQ(at(profile, Path(0, 0, security_resource::mode)), "0");
    EXPECT_EQ(at(profile, Path(0, 0, security_resource::cipher_suites, 0)), std::to_string(0xc0a8));
    EXPECT_EQ(at(profile, Path(0, 0, security_resource::cipher_suites, 1)), std::to_string(0x00ae));
    EXPECT_EQ(at(profile, Path(0, 0, security_resource::secret_key)), "");
}

TEST_F(SecurityObject, EachServerHasAnInstance) {
    const auto profile = resolved(
        "profile: x\nservers: {124: {uri: \"coaps://127.0.0.1:5784\", security: {mode: psk, key: {derive: "
        "0123456789abcdef0123}}}}\n");
    ASSERT_TRUE(profile) << diagnostics.text();
    EXPECT_EQ(at(profile, Path(0, 0, security_resource::mode)), "3");
    EXPECT_EQ(at(profile, Path(0, 1, security_resource::server_uri)), "coaps://127.0.0.1:5784");
    EXPECT_EQ(at(profile, Path(0, 1, security_resource::mode)), "0");
    EXPECT_EQ(at(profile, Path(0, 1, security_resource::short_server_id)), "124");
}

TEST_F(SecurityObject, PointsToTheOscoreObject) {
    const auto profile = resolved("profile: x\noscore: {master_secret: {hex: 000102030405060708090a0b0c0d0e0f}}\n");
    ASSERT_TRUE(profile) << diagnostics.text();
    EXPECT_EQ(at(profile, Path(0, 0, security_resource::oscore_security_mode)), "21:0");
    EXPECT_EQ(at(profile, Path(0, 0, security_resource::mode)), "3");
}

TEST_F(SecurityObject, SaysHowTheServersCertificateIsChecked) {
    const auto profile = resolved(
        "profile: x\nsecurity: {mode: x509, key: {derive: 0123456789abcdef0123}, server: {name: lwm2m.example.org}}\n");
    ASSERT_TRUE(profile) << diagnostics.text();
    EXPECT_EQ(at(profile, Path(0, 0, security_resource::certificate_usage)), "3");
    EXPECT_EQ(at(profile, Path(0, 0, security_resource::matching_type)), "0");
    EXPECT_EQ(at(profile, Path(0, 0, security_resource::sni)), "lwm2m.example.org");
}

}  // namespace
}  // namespace profiles
