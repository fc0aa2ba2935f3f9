#include "profiles/oscore_spec.h"

#include <filesystem>
#include <fstream>

#include "profiles/oscore_fleet.h"
#include "tests/profiles/profile_fixture.h"

namespace profiles {
namespace {

constexpr std::string_view secret_hex = "0102030405060708090a0b0c0d0e0f10";

class OscoreSpecTest : public ProfileFixture {
protected:
    ResolvedProfilePtr with(const std::string& block) {
        return resolved("profile: x\nendpoint: \"e{index}\"\noscore: " + block + "\n");
    }
    static std::string secret_of(const ResolvedProfilePtr& profile, std::uint64_t index) {
        return base::to_hex(OscoreIdentity(*profile, {index, 1, 0}).master_secret());
    }
};

TEST_F(OscoreSpecTest, SaysWhoTheTwoSidesAre) {
    const auto profile = with(R"({sender_id: "d{index:03}", recipient_id: {hex: "0a0b"}, id_context: home,
  master_secret: {hex: "0102030405060708090a0b0c0d0e0f10"}, master_salt: {hex: 9e7ca922}, reboot: b1})");
    ASSERT_TRUE(profile) << diagnostics.text();
    const OscoreIdentity identity(*profile, {7, 1, 0});
    EXPECT_EQ(base::as_text(*identity.sender_id()), "d007");
    EXPECT_EQ(base::to_hex(identity.recipient_id()), "0a0b");
    EXPECT_EQ(base::as_text(*identity.id_context()), "home");
    EXPECT_EQ(base::to_hex(identity.master_secret()), secret_hex);
    EXPECT_EQ(base::to_hex(identity.master_salt()), "9e7ca922");
    EXPECT_EQ(profile->oscore->reboot, OscoreReboot::b1);
}

TEST_F(OscoreSpecTest, DefaultsAreTheIndexAndAppendixB2) {
    const auto profile = with(R"({master_secret: {derive: "correct horse battery"}})");
    ASSERT_TRUE(profile) << diagnostics.text();
    const OscoreIdentity identity(*profile, {1234567, 1, 0});
    EXPECT_EQ(base::as_text(*identity.sender_id()), "1234567");
    EXPECT_EQ(base::as_text(identity.recipient_id()), "s");
    EXPECT_FALSE(identity.id_context());
    EXPECT_EQ(profile->oscore->reboot, OscoreReboot::b2);
}

std::string value_at(const ResolvedProfilePtr& profile, const lwm2m::Path& path) {
    const auto at = profile->find(path);
    return at < 0 ? "-" : lwm2m::to_string(profile->resources[static_cast<std::size_t>(at)].value.view());
}

// Core 1.1.1, E.9: object 21, of Strings in version 1 and Opaques in version 2, and the link to it.
TEST_F(OscoreSpecTest, FillsInObject21WithoutItsSecret) {
    const std::string block =
        R"({recipient_id: {hex: "0a0b"}, id_context: home, master_secret: {hex: "0102030405060708"}})";
    const auto strings = with(block);
    ASSERT_TRUE(strings) << diagnostics.text();
    EXPECT_EQ(value_at(strings, {21, 0, 2}), "0a0b");
    EXPECT_EQ(value_at(strings, {21, 0, 3}), "10");
    EXPECT_EQ(value_at(strings, {21, 0, 0}), "");
    EXPECT_EQ(value_at(strings, {0, 0, 17}), "21:0");
    EXPECT_EQ(strings->object_links.find("</21"), std::string::npos);
    EXPECT_EQ(strings->object_links.find("</0/"), std::string::npos);
    const auto opaques = resolved(
        "profile: x\nendpoint: \"e{index}\"\nlwm2m: {object_versions: {21: \"2.0\"}}\noscore: " + block + "\n");
    ASSERT_TRUE(opaques) << diagnostics.text();
    const auto at = opaques->find({21, 0, 2});
    ASSERT_GE(at, 0);
    EXPECT_EQ(opaques->resources[static_cast<std::size_t>(at)].type, lwm2m::Type::opaque);
    EXPECT_EQ(base::to_hex(opaques->resources[static_cast<std::size_t>(at)].value.view().bytes), "0a0b");
    EXPECT_TRUE(diagnostics.ok()) << diagnostics.text();
}

TEST_F(OscoreSpecTest, ADerivedSecretIsTheEndpointsOwn) {
    const auto profile = with(R"({master_secret: {derive: "correct horse battery"}})");
    ASSERT_TRUE(profile);
    EXPECT_EQ(secret_of(profile, 1).size(), 32u);
    EXPECT_EQ(secret_of(profile, 1), secret_of(profile, 1));
    EXPECT_NE(secret_of(profile, 1), secret_of(profile, 2));
}

TEST_F(OscoreSpecTest, ATableHasASecretForEachIndex) {
    const auto file = std::filesystem::temp_directory_path() / "lwm2m_sim_oscore_keys.csv";
    std::ofstream(file) << "name,secret\na,0101010101010101\nb,0202020202020202\n";
    const auto profile = with("{master_secret: {csv: " + file.string() + ", column: secret}}");
    ASSERT_TRUE(profile) << diagnostics.text();
    EXPECT_EQ(secret_of(profile, 1), "0202020202020202");
    EXPECT_EQ(secret_of(profile, 2), "");
    std::filesystem::remove(file);
}

TEST_F(OscoreSpecTest, WhatIsWrongIsSaid) {
    const std::string good = R"(master_secret: {hex: "0102030405060708"})";
    for (const auto& [block, message] : std::vector<std::pair<std::string, std::string>>{
             {"{}", "'master_secret' is needed"},
             {R"({master_secret: {hex: "01"}})", "shorter than 8 bytes"},
             {"{master_secret: 0102030405060708}", "it is derived, given in hexadecimal or in a table"},
             {R"({master_secret: {csv: "/nowhere.csv", column: x}})", "cannot be read"},
             {"{sender_id: \"urn:dev:{index}\", " + good + "}", "longer than 7 bytes"},
             {"{sender_id: {hex: \"0011223344556677\"}, " + good + "}", "longer than 7 bytes"},
             {"{sender_id: s, " + good + "}", "are the same"},
             {"{recipient_id: {hex: zz}, " + good + "}", "not hexadecimal"},
             {"{reboot: b3, " + good + "}", "'b3' is not known"},
             {"{first_partial_iv: 1099511627776, " + good + "}", "above 2^40 - 1"},
             {"{aead: 10, " + good + "}", "unknown key 'aead'"}}) {
        diagnostics = {};
        with(block);
        EXPECT_TRUE(says(message)) << block << '\n' << diagnostics.text();
    }
    diagnostics = {};
    resolved("profile: x\nlwm2m: {version: \"1.0\"}\noscore: {" + good + "}\n");
    EXPECT_TRUE(says("there is no OSCORE in LwM2M 1.0"));
}

// Not in a message about the secret itself, nor in one about what stands beside it.
TEST_F(OscoreSpecTest, NoMessageShowsASecret) {
    for (const std::string block :
         {R"({master_secret: {hex: "0102030405060708090a0b0c0d0e0f1"}})",
          R"({reboot: b3, master_secret: {hex: "0102030405060708090a0b0c0d0e0f10"}})",
          R"({master_secret: {derive: "hushhush1"}, reboot: b3})", R"({master_secret: {derive: hush}})",
          R"({master_salt: 0102030405060708090a0b0c0d0e0f10})"}) {
        diagnostics = {};
        with(block);
        EXPECT_GT(diagnostics.errors(), 0u) << block;
        EXPECT_FALSE(says("01020304")) << diagnostics.text();
        EXPECT_FALSE(says("hush")) << diagnostics.text();
    }
}

TEST_F(OscoreSpecTest, TheTreeIsShownWithoutSecrets) {
    const auto shown = to_yaml(without_oscore_secrets(
        *tree("profile: x\noscore: {sender_id: a, master_secret: {derive: hushhush1}, master_salt: {hex: 0a0b}}\n")));
    EXPECT_EQ(shown.find("hush"), std::string::npos);
    EXPECT_EQ(shown.find("0a0b"), std::string::npos);
    EXPECT_NE(shown.find("sender_id"), std::string::npos);
    const auto further = to_yaml(without_oscore_secrets(*tree(
        "profile: x\nservers: {124: {uri: \"coap://127.0.0.1\", oscore: {master_secret: {derive: hushhush1}}}}\n")));
    EXPECT_EQ(further.find("hush"), std::string::npos);
}

class OscoreFleetTest : public OscoreSpecTest {
protected:
    base::Result<std::unique_ptr<OscoreFleet>, std::string> fleet(const ResolvedProfilePtr& profile,
                                                                  std::uint64_t devices) {
        population_.emplace(Population::make({{profile, 1}}, devices, 1).value());
        return OscoreFleet::make(*population_, 1);
    }
    std::optional<Population> population_;
};

TEST_F(OscoreFleetTest, FindsADeviceByItsSenderId) {
    const auto found = fleet(with(R"({master_secret: {derive: "correct horse"}})"), 2000);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->device_of(base::as_bytes("1999")), 1999u);
    EXPECT_FALSE((*found)->device_of(base::as_bytes("2000")));
    EXPECT_TRUE((*found)->secures("e17"));
    EXPECT_FALSE((*found)->secures("e2000"));
}

TEST_F(OscoreFleetTest, IdsAreShortAndDifferent) {
    const auto same = fleet(with(R"({sender_id: a, master_secret: {derive: "correct horse"}})"), 2);
    ASSERT_FALSE(same);
    EXPECT_NE(same.error().find("have the same OSCORE sender_id"), std::string::npos);
    const auto longer = fleet(with(R"({sender_id: "abcdef{index}", master_secret: {derive: "correct horse"}})"), 11);
    ASSERT_FALSE(longer);
    EXPECT_NE(longer.error().find("longer than 7 bytes"), std::string::npos);
}

TEST_F(OscoreFleetTest, WithoutOscoreThereIsNone) {
    const auto none = fleet(resolved("profile: x\nendpoint: \"e{index}\"\n"), 2);
    ASSERT_TRUE(none);
    EXPECT_EQ(*none, nullptr);
}

}  // namespace
}  // namespace profiles
