#include "profiles/security.h"

#include <fstream>

#include <gtest/gtest.h>

#include "profiles/profile_loader.h"
#include "profiles/resolve.h"
#include "tests/profiles/profile_fixture.h"

namespace profiles {
namespace {

std::optional<SecuritySpec> read(const std::string& yaml, Diagnostics& diagnostics) {
    YamlOptions options;
    options.environment = [](std::string_view name) -> std::optional<std::string> {
        return name == "FLEET_SECRET" ? std::optional<std::string>("0123456789abcdef") : std::nullopt;
    };
    const auto tree = parse_yaml(yaml, "test.yaml", diagnostics, options);
    if (!tree) return std::nullopt;
    SecuritySpec spec;
    read_security_section(*tree, spec, diagnostics);
    if (!diagnostics.ok()) return std::nullopt;
    return spec;
}

std::string complaint(const std::string& yaml) {
    Diagnostics diagnostics;
    EXPECT_FALSE(read(yaml, diagnostics)) << yaml;
    return diagnostics.text();
}

TEST(Security, TakesItsSecretFromTheEnvironment) {
    Diagnostics diagnostics;
    const auto spec =
        read("{mode: psk, key: {derive: \"${FLEET_SECRET}\"}, resume: 50%, cid: false, wrong_key: 1%}", diagnostics);
    ASSERT_TRUE(spec) << diagnostics.text();
    EXPECT_EQ(spec->key, SecuritySpec::Key::derived);
    EXPECT_EQ(base::as_text(spec->secret->view()), "0123456789abcdef");
    EXPECT_EQ(spec->resume, 0.5);
    EXPECT_FALSE(spec->connection_id);
    EXPECT_EQ(spec->wrong_key, 0.01);
}

// Computed by Python: HKDF-SHA-256, no salt, secret "0123456789abcdef", info "dev-1", 16 bytes.
TEST(Security, DerivesAKeyFromSecretAndIdentity) {
    std::array<std::uint8_t, derived_key_size> key;
    derive_key(base::as_bytes("0123456789abcdef"), base::as_bytes("dev-1"), key);
    EXPECT_EQ(base::to_hex(key), "d0e9060e03e7f4c1f7aaedb7539397f8");
}

// The same with the info "dev-1", a zero byte and "1".
TEST(Security, DerivesAKeyOfEachGeneration) {
    std::array<std::uint8_t, derived_key_size> key;
    derive_key(base::as_bytes("0123456789abcdef"), base::as_bytes("dev-1"), key, 1);
    EXPECT_EQ(base::to_hex(key), "2f0e8a9767a82d1a35c03aca6575e606");
    Diagnostics diagnostics;
    const auto spec = read("{mode: psk, key: {derive: \"${FLEET_SECRET}\"}, generation: 3}", diagnostics);
    ASSERT_TRUE(spec) << diagnostics.text();
    EXPECT_EQ(spec->generation, 3u);
    EXPECT_EQ(generations_of(*spec), 8u);
    EXPECT_NE(complaint("{mode: psk, key: {hex: \"00\"}, generation: 8}").find("a number from 0 to 7"),
              std::string::npos);
}

TEST(Security, HasAsManyGenerationsOfKeysAsItLists) {
    Diagnostics diagnostics;
    const auto spec = read("{mode: psk, key: {hex: [0001, \"aabbcc\"]}, generation: 1}", diagnostics);
    ASSERT_TRUE(spec) << diagnostics.text();
    EXPECT_EQ(generations_of(*spec), 2u);
    std::array<std::uint8_t, key_capacity> key{};
    EXPECT_EQ(key_of(*spec, base::as_bytes("dev"), key, 0), 2u);
    EXPECT_EQ(key_of(*spec, base::as_bytes("dev"), key, 1), 3u);
    EXPECT_EQ(base::to_hex(base::Bytes(key).first(3)), "aabbcc");
    EXPECT_NE(complaint("{mode: psk, key: {hex: \"0001\"}, generation: 1}").find("there is no generation 1 of keys"),
              std::string::npos);
    EXPECT_NE(complaint("{mode: psk, key: {hex: []}}").find("1 to 8 generations"), std::string::npos);
    EXPECT_EQ(complaint("{mode: psk, key: {hex: [tooshort]}}").find("tooshort"), std::string::npos);
}

TEST(Security, SaysWhatIsWrongWithoutRepeatingSecrets) {
    EXPECT_NE(complaint("{mode: psk}").find("needs a key"), std::string::npos);
    EXPECT_NE(complaint("{mode: x509}").find("needs a key"), std::string::npos);
    EXPECT_NE(complaint("{mode: pks}").find("none, psk, rpk, x509"), std::string::npos);
    for (const char* bad : {"{mode: psk, key: {derive: tooshort}}", "{mode: psk, key: {hex: tooshort}}",
                            "{mode: psk, key: {hex: tooshort, derive: tooshort}}", "{mode: psk, key: tooshort}"}) {
        EXPECT_EQ(complaint(bad).find("tooshort"), std::string::npos) << complaint(bad);
    }
}

TEST(Security, OffersTheSuitesThatItSays) {
    Diagnostics diagnostics;
    const std::string key = ", key: {derive: \"${FLEET_SECRET}\"}}";
    EXPECT_EQ(read("{mode: psk" + key, diagnostics)->suite, SuiteChoice::ccm8);
    EXPECT_EQ(read("{mode: psk, suite: cbc_sha256" + key, diagnostics)->suite, SuiteChoice::cbc_sha256);
    EXPECT_EQ(read("{mode: psk, suite: both" + key, diagnostics)->suite, SuiteChoice::both);
    EXPECT_NE(complaint("{mode: psk, suite: aes" + key).find("ccm8, cbc_sha256, gcm_sha256, both"), std::string::npos);
}

TEST(Security, SpeaksTheVersionOfDtlsThatItSays) {
    Diagnostics diagnostics;
    const std::string key = ", key: {derive: \"${FLEET_SECRET}\"}}";
    EXPECT_EQ(read("{mode: psk" + key, diagnostics)->dtls, DtlsVersion::v12);
    const auto spec = read("{mode: psk, dtls: 1.3" + key, diagnostics);
    ASSERT_TRUE(spec) << diagnostics.text();
    EXPECT_EQ(spec->dtls, DtlsVersion::v13);
    EXPECT_EQ(spec->suite, SuiteChoice::ccm);
    EXPECT_EQ(read("{mode: psk, dtls: \"1.3\", suite: gcm_sha256" + key, diagnostics)->suite, SuiteChoice::gcm_sha256);
    EXPECT_EQ(read("{mode: x509, dtls: \"1.3\", suite: both" + key, diagnostics)->suite, SuiteChoice::both);
    EXPECT_NE(complaint("{mode: psk, dtls: 1.1" + key).find("1.2, 1.3"), std::string::npos);
    EXPECT_NE(complaint("{mode: psk, dtls: 1.3, suite: ccm8" + key).find("ccm and gcm_sha256"), std::string::npos);
    EXPECT_NE(complaint("{mode: psk, dtls: 1.3, suite: both" + key).find("one suite"), std::string::npos);
    EXPECT_NE(complaint("{mode: psk, suite: ccm" + key).find("dtls: \"1.3\""), std::string::npos);
}

// A file of keys, and what became of it.
std::optional<SecuritySpec> read_keys(const std::string& content, Diagnostics& diagnostics,
                                      const std::string& more = "") {
    const std::string file = testing::TempDir() + "security_test_keys.csv";
    std::ofstream(file) << content;
    return read("{mode: psk, key: {csv: " + file + "}" + more + "}", diagnostics);
}

TEST(Security, TakesKeysFromAFileByTheNumberOfTheDevice) {
    Diagnostics diagnostics;
    const auto spec = read_keys("endpoint,identity,key\na,dev-a,00ff\nb,dev-b,0102030405\n", diagnostics);
    ASSERT_TRUE(spec) << diagnostics.text();
    EXPECT_EQ(spec->keys->size(), 2u);
    EXPECT_EQ(spec->keys->identity(1), "dev-b");
    std::array<std::uint8_t, key_capacity> key{};
    EXPECT_EQ(key_of(*spec, base::as_bytes("dev-b"), key), 5u);
    EXPECT_EQ(base::to_hex(base::Bytes(key).first(5)), "0102030405");
    EXPECT_FALSE(key_of(*spec, base::as_bytes("dev-c"), key));
}

TEST(Security, SaysWhatIsWrongWithAFileOfKeys) {
    const auto said = [](const std::string& content, const std::string& more = "") {
        Diagnostics diagnostics;
        EXPECT_FALSE(read_keys(content, diagnostics, more));
        return diagnostics.text();
    };
    EXPECT_NE(said("endpoint,key\na,00\n").find("columns 'identity' and 'key'"), std::string::npos);
    EXPECT_NE(said("identity,key\na,00ff\na,01\n").find("line 3: an identity that is there before"), std::string::npos);
    const auto bad = said("identity,key\na,no-hex-at-all\n");
    EXPECT_NE(bad.find("line 2: a key is 1 to 64 bytes"), std::string::npos) << bad;
    EXPECT_EQ(bad.find("no-hex"), std::string::npos) << bad;
    EXPECT_NE(said("identity,key\na,00\n", ", identity: x").find("has the identities as well"), std::string::npos);
    EXPECT_NE(complaint("{mode: psk, key: {csv: nowhere.csv}}").find("cannot be read"), std::string::npos);
}

TEST(Security, IsHiddenInATreeForPeople) {
    Diagnostics diagnostics;
    const auto tree = parse_yaml(
        "profile: p\nsecurity: {mode: psk, key: {derive: very-secret-words}}\nlist: [{security: {key: {hex: aabb}}}]\n",
        "test.yaml", diagnostics);
    const auto text = to_yaml(without_secrets(*tree));
    EXPECT_EQ(text.find("very-secret"), std::string::npos) << text;
    EXPECT_EQ(text.find("aabb"), std::string::npos) << text;
    EXPECT_NE(text.find("psk"), std::string::npos);
}

}  // namespace
}  // namespace profiles
