#include "profiles/profile_loader.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/profiles/profile_fixture.h"

namespace profiles {
namespace {

using namespace std::chrono_literals;

class ProfileLoader : public ProfileFixture {};

TEST_F(ProfileLoader, ReadsEveryKey) {
    const Profile profile = read(R"yaml(
profile: water-meter
description: for the test
endpoint: "urn:imei:{imei}"
lwm2m: {version: "1.2", binding: U, queue_mode: true, lifetime: 1h ±5%, object_versions: {device: "1.1"}}
coap: {ack_timeout: 8s, ack_random_factor: 1.2, max_retransmit: 3}
formats: [senml-cbor, text]
objects: {device/0: {manufacturer: Acme}}
behaviour:
  boot: {delay: exp(20s)}
  update: {at: 75% of lifetime}
  notify: {confirmable: true}
  on_execute: {/3/0/4: reboot(8s)}
network: {loss: 1%, latency: "lognormal(180ms, p99=2.5s)", duplicate: 0.1%, reorder: 2%}
security: {mode: none}
)yaml");
    ASSERT_TRUE(diagnostics.ok()) << diagnostics.text();
    EXPECT_EQ(profile.name.value, "water-meter");
    EXPECT_EQ(profile.lwm2m.version, Lwm2mVersion::v1_2);
    EXPECT_TRUE(profile.lwm2m.queue_mode);
    EXPECT_EQ(profile.lwm2m.lifetime.value.spread, 3min);
    EXPECT_EQ(profile.coap.ack_timeout, 8s);
    EXPECT_EQ(profile.coap.max_retransmit, 3u);
    EXPECT_EQ(profile.formats.front().value, lwm2m::ContentFormat::senml_cbor);
    EXPECT_EQ(profile.behaviour.boot_delay.shape, base::DurationSpec::Shape::exponential);
    EXPECT_DOUBLE_EQ(profile.behaviour.update_at, 0.75);
    EXPECT_TRUE(profile.behaviour.notify_confirmable);
    EXPECT_EQ(profile.behaviour.on_execute.front().away, 8s);
    EXPECT_DOUBLE_EQ(profile.network.loss, 0.01);
    EXPECT_EQ(profile.network.latency->centre, 180ms);
}

TEST_F(ProfileLoader, HasDefaults) {
    const Profile profile = read("profile: x\n");
    EXPECT_TRUE(diagnostics.ok());
    EXPECT_EQ(profile.lwm2m.version, Lwm2mVersion::v1_1);
    EXPECT_EQ(profile.lwm2m.lifetime.value, base::DurationSpec(base::Duration(24h)));
    EXPECT_EQ(profile.coap, coap::TransmissionParameters{});
    EXPECT_TRUE(profile.network.perfect());
}

TEST_F(ProfileLoader, TakesAVersionWithAndWithoutQuotes) {
    EXPECT_EQ(read("profile: x\nlwm2m: {version: 1.0}\n").lwm2m.version, Lwm2mVersion::v1_0);
    EXPECT_EQ(read("profile: x\nlwm2m: {version: '1.2'}\n").lwm2m.version, Lwm2mVersion::v1_2);
    EXPECT_TRUE(diagnostics.ok());
    read("profile: x\nlwm2m: {version: 2}\n");
    EXPECT_TRUE(says("'2' is not a version of LwM2M"));
}

TEST_F(ProfileLoader, NamesAMisspeltKeyAndTheOneMeant) {
    read("profile: x\nlwm2m:\n  lifetme: 1h\n");
    EXPECT_EQ(diagnostics.text(),
              "error: unknown key 'lifetme'                                        meter.yaml:3:3\n"
              "   3 |   lifetme: 1h\n"
              "     |   ^^^^^^^ did you mean 'lifetime'?\n");
}

TEST_F(ProfileLoader, ReportsAllErrorsAtOnce) {
    read(R"(profle: x
lwm2m: {lifetime: fast, queue_mode: on}
coap: {max_retransmit: 21, ack_timeout: 0s, ack_random_factor: 0.5}
formats: [txt]
behaviour: {update: {at: 110%}, on_execute: {/3/0/4: explode}}
network: {loss: 100%, latency: [1]}
objects: 5
)");
    EXPECT_EQ(diagnostics.errors(), 13u) << diagnostics.text();  // `profile` is missing too
}

TEST_F(ProfileLoader, RefusesWhatIsNotSupportedYet) {
    read("profile: x\nsecurity: {mode: psk}\n");
    EXPECT_EQ(first(), "security: mode psk needs a key");
    for (const char* key : {"bootstrap: always"}) {
        Diagnostics fresh;
        const auto merged = parse_profile_tree("profile: x\n" + std::string(key) + "\n", "t.yaml", catalog, fresh);
        read_profile(*merged, fresh);
        EXPECT_EQ(fresh.errors(), 1u) << key;
        EXPECT_NE(fresh.text().find("is not supported yet"), std::string::npos) << fresh.text();
    }
}

TEST_F(ProfileLoader, MergesMapsAndReplacesLists) {
    in_catalog("base/meter", "profile: base/meter\nlwm2m: {lifetime: 1h, queue_mode: true}\nformats: [tlv, text]\n");
    const Profile profile = read("profile: x\nextends: base/meter\nlwm2m: {lifetime: 2h}\nformats: [senml-cbor]\n");
    EXPECT_EQ(profile.name.value, "x");
    EXPECT_EQ(profile.lwm2m.lifetime.value.centre, 2h);
    EXPECT_TRUE(profile.lwm2m.queue_mode);
    EXPECT_EQ(profile.formats.size(), 1u);
}

TEST_F(ProfileLoader, AppendsWithAPlus) {
    in_catalog("b", "profile: b\nformats: [tlv]\n");
    EXPECT_EQ(read("profile: x\nextends: b\n+formats: [text]\n").formats.size(), 2u);
    EXPECT_EQ(read("profile: x\n+formats: [text]\n").formats.size(), 1u);
    EXPECT_TRUE(diagnostics.ok()) << diagnostics.text();
    tree("profile: x\nextends: b\n+formats: text\n");
    EXPECT_TRUE(says("'+formats' appends to a list"));
}

TEST_F(ProfileLoader, ReplacesAGeneratorByAnotherAndMergesTheSame) {
    in_catalog("b", "profile: b\nobjects: {temperature/0: {sensor_value: {uniform: {min: 1, max: 2}, every: 5s}}}\n");
    const auto merged = [this](const char* value) {
        const auto root =
            tree("profile: x\nextends: b\nobjects: {temperature/0: {sensor_value: " + std::string(value) + "}}\n");
        return *root->find("objects")->find("temperature/0")->find("sensor_value");
    };
    EXPECT_EQ(merged("{walk: {start: 1, step: 1}}").entries().size(), 1u);
    EXPECT_EQ(merged("21").text(), "21");
    const Node same = merged("{uniform: {max: 9}}");
    EXPECT_EQ(same.find("uniform")->find("min")->text(), "1");
    EXPECT_EQ(same.find("uniform")->find("max")->text(), "9");
    EXPECT_EQ(merged("{every: 1s}").find("every")->text(), "1s");
    EXPECT_NE(merged("{every: 1s}").find("uniform"), nullptr);
}

TEST_F(ProfileLoader, LaysSeveralBasesOnEachOther) {
    in_catalog("root", "profile: root\nlwm2m: {lifetime: 1h, version: '1.0'}\n");
    in_catalog("a", "profile: a\nextends: root\nlwm2m: {lifetime: 2h}\n");
    in_catalog("b", "profile: b\nextends: root\nnetwork: {loss: 5%}\nlwm2m: {lifetime: 3h}\n");
    const Profile profile = read("profile: x\nextends: [a, b]\n");
    ASSERT_TRUE(diagnostics.ok()) << diagnostics.text();
    EXPECT_EQ(profile.lwm2m.lifetime.value.centre, 3h);
    EXPECT_EQ(profile.lwm2m.version, Lwm2mVersion::v1_0);
    EXPECT_DOUBLE_EQ(profile.network.loss, 0.05);
}

TEST_F(ProfileLoader, RefusesACircle) {
    in_catalog("a", "profile: a\nextends: b\n");
    in_catalog("b", "profile: b\nextends: a\n");
    EXPECT_FALSE(tree("profile: x\nextends: a\n"));
    EXPECT_TRUE(says("extends itself")) << diagnostics.text();
}

TEST_F(ProfileLoader, BoundsAForestOfBases) {
    for (int i = 0; i < 20; ++i) {
        const std::string below = "l" + std::to_string(i + 1);
        in_catalog("l" + std::to_string(i), "profile: p\nextends: [" + below + ", " + below + "]\n");
    }
    in_catalog("l20", "profile: p\n");
    EXPECT_FALSE(tree("profile: x\nextends: l0\n"));
    EXPECT_TRUE(says("more than 32 profiles")) << diagnostics.text();
}

TEST_F(ProfileLoader, SuggestsANameOfTheCatalog) {
    in_catalog("water-meter", "profile: water-meter\n");
    EXPECT_FALSE(load_profile("water-metre", catalog, diagnostics));
    EXPECT_TRUE(says("no profile is called 'water-metre'"));
    EXPECT_TRUE(says("did you mean 'water-meter'?"));
    EXPECT_TRUE(load_profile("water-meter", catalog, diagnostics));
}

TEST_F(ProfileLoader, FindsFilesBesideTheOneThatNamesThem) {
    const auto folder = std::filesystem::temp_directory_path() / ("profile_loader_test." + std::to_string(::getpid()));
    std::filesystem::create_directories(folder / "parts");
    std::ofstream(folder / "meter.yaml") << "profile: meter\nextends: parts/radio.yaml\n";
    std::ofstream(folder / "parts" / "radio.yaml") << "profile: radio\nextends: ../root.yml\nnetwork: {loss: 3%}\n";
    std::ofstream(folder / "root.yml") << "profile: root\nlwm2m: {lifetime: 7m}\n";
    const auto profile = load_profile((folder / "meter.yaml").string(), catalog, diagnostics);
    const auto own = ProfileCatalog::of_folder(folder.string(), diagnostics);
    std::filesystem::remove_all(folder);
    ASSERT_TRUE(profile) << diagnostics.text();
    EXPECT_EQ(profile->lwm2m.lifetime.value.centre, 7min);
    EXPECT_DOUBLE_EQ(profile->network.loss, 0.03);
    EXPECT_NE(own.find("meter"), nullptr);
    EXPECT_NE(own.find("parts/radio"), nullptr);
}

TEST_F(ProfileLoader, LoadsNothingFromAFileWithErrors) {
    in_catalog("twice", "profile: a\nprofile: b\n");
    EXPECT_FALSE(load_profile("twice", catalog, diagnostics));
    Diagnostics fresh;
    in_catalog("good", "profile: good\n");
    fresh.error(Place{}, "something before");
    EXPECT_TRUE(load_profile("good", catalog, fresh));  // earlier errors are not its own
}

TEST(ProfileFields, DescribeThemselves) {
    const std::string text = field_reference(profile_fields());
    EXPECT_NE(text.find("  lifetime:"), std::string::npos) << text;
    EXPECT_NE(text.find("(default 1d)"), std::string::npos);
    EXPECT_NE(text.find("nat_timeout"), std::string::npos);
    EXPECT_EQ(text.find("bootstrap"), std::string::npos);
}

// A default in the table is what a profile without the key has.
class FieldDefaults : public ProfileFixture {
protected:
    void expect_same(const std::vector<FieldInfo>& fields, const std::string& open, const std::string& close) {
        for (const FieldInfo& field : fields) {
            if (field.key == "servers") continue;  // by short id; what they have is the target's, said above
            if (field.children != nullptr) {
                expect_same(field.children(), open + std::string(field.key) + ": {", "}" + close);
            } else if (!field.fallback.empty() && field.key != "security" && field.key != "formats") {
                // What is said of firmware needs object 5, of software object 9.
                const std::string start =
                    field.key == "objects" ? "{profile: x" : "{profile: x, objects: {5/0: {}, 9/0: {}}";
                const std::string text =
                    start + ", " + open + std::string(field.key) + ": " + std::string(field.fallback) + close + "}";
                const auto said = resolved(text);
                const auto unsaid = resolved(start + "}");
                ASSERT_TRUE(said) << text << diagnostics.text();
                EXPECT_EQ(said->object_links, unsaid->object_links) << text;
                EXPECT_EQ(said->servers.front().lifetime, unsaid->servers.front().lifetime) << text;
                EXPECT_EQ(said->transmission, unsaid->transmission) << text;
                EXPECT_EQ(said->endpoint, unsaid->endpoint) << text;
                EXPECT_EQ(said->network.perfect(), unsaid->network.perfect()) << text;
                EXPECT_EQ(said->behaviour.update_at, unsaid->behaviour.update_at) << text;
                EXPECT_EQ(said->behaviour.boot_delay, unsaid->behaviour.boot_delay) << text;
                ++compared;
            }
        }
    }
    int compared = 0;
};

TEST_F(FieldDefaults, AreThoseOfTheTable) {
    expect_same(profile_fields(), "", "");
    EXPECT_GE(compared, 14);
}

}  // namespace
}  // namespace profiles
