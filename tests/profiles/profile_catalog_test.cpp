#include "profiles/profile_catalog.h"

#include <fstream>
#include <iterator>
#include <set>

#include "profiles/population.h"
#include "simulator/base/random.h"
#include "tests/profiles/profile_fixture.h"

namespace profiles {
namespace {

ResolvedProfilePtr resolved(const std::string& name, Diagnostics& diagnostics) {
    const auto profile = load_profile(name, builtin_profiles(), diagnostics);
    return profile ? resolve(*profile, builtin_objects(), diagnostics) : nullptr;
}

TEST(ProfileCatalog, LoadsWholeWithoutAWarning) {
    for (const ProfileCatalog::Entry& entry : builtin_profiles().entries()) {
        Diagnostics diagnostics;
        const auto profile = resolved(entry.name, diagnostics);
        EXPECT_TRUE(profile) << entry.name;
        EXPECT_EQ(diagnostics.text(), "") << entry.name;
        EXPECT_EQ(profile ? profile->name : "", entry.name);
    }
}

TEST(ProfileCatalog, IsTheFolderInTheTree) {
    Diagnostics diagnostics;
    const auto folder = ProfileCatalog::of_folder(LWM2M_SIM_SOURCE_DIR "/profiles/catalog", diagnostics);
    ASSERT_EQ(folder.entries().size(), builtin_profiles().entries().size());
    for (const ProfileCatalog::Entry& entry : folder.entries()) {
        ASSERT_NE(builtin_profiles().find(entry.name), nullptr) << entry.name;
        EXPECT_EQ(builtin_profiles().find(entry.name)->text, entry.text);
    }
}

TEST(ProfileCatalog, HasSevenDevices) {
    EXPECT_EQ(builtin_profiles().devices(),
              (std::vector<std::string>{"dtls13-sensor", "gateway", "secure-sensor", "street-light",
                                        "temperature-sensor", "tracker", "water-meter"}));
}

TEST(ProfileCatalog, ReportsOnceAMinuteAndHasSomethingToReport) {
    std::set<base::Duration> lifetimes;
    std::set<std::size_t> kinds;
    for (const std::string& name : builtin_profiles().devices()) {
        Diagnostics diagnostics;
        const auto profile = resolved(name, diagnostics);
        ASSERT_TRUE(profile);
        EXPECT_EQ(profile->servers.front().default_pmin, std::chrono::minutes(1)) << name;
        EXPECT_EQ(profile->servers.front().default_pmax, std::chrono::minutes(1)) << name;
        EXPECT_TRUE(profile->network.perfect()) << name;
        lifetimes.insert(profile->servers.front().lifetime.centre);
        for (const GeneratorSpec& generator : profile->generators) kinds.insert(generator.form.index());
        const auto path = profile->telling_resource();
        ASSERT_TRUE(path) << name;
        EXPECT_GT(path->object(), 5) << name;
    }
    EXPECT_EQ(lifetimes.size(), 5u);
    EXPECT_EQ(*lifetimes.begin(), std::chrono::minutes(5));
    EXPECT_EQ(*lifetimes.rbegin(), std::chrono::hours(24));
    EXPECT_GE(kinds.size(), 8u);  // of the ten generators: all but constant and csv
}

TEST(ProfileCatalog, HasAnExampleInItsReadme) {
    std::ifstream stream(LWM2M_SIM_SOURCE_DIR "/profiles/README.md");
    const std::string readme((std::istreambuf_iterator<char>(stream)), {});
    const auto begin = readme.find("```yaml\n") + 8;
    const std::string text = readme.substr(begin, readme.find("```\n", begin) - begin);
    Diagnostics diagnostics;
    const auto tree = parse_profile_tree(text, "README.md", builtin_profiles(), diagnostics);
    ASSERT_TRUE(tree) << diagnostics.text();
    const auto profile = resolve(read_profile(*tree, diagnostics), builtin_objects(), diagnostics);
    ASSERT_TRUE(profile) << diagnostics.text();
    EXPECT_EQ(diagnostics.warnings(), 1u) << diagnostics.text();  // of the object whose types are guessed
    EXPECT_EQ(profile->transmission.ack_timeout, std::chrono::seconds(10));
    EXPECT_GE(profile->find(lwm2m::Path(3303, 3, 5700)), 0);
}

TEST(ProfileCatalog, RegistersInOneDatagram) {
    for (const std::string& name : builtin_profiles().devices()) {
        Diagnostics diagnostics;
        EXPECT_LT(resolved(name, diagnostics)->object_links.size(), 900u) << name;
    }
}

TEST(ProfileCatalog, MakesOneFleet) {
    std::vector<Population::Part> parts;
    for (const std::string& name : builtin_profiles().devices()) {
        Diagnostics diagnostics;
        parts.push_back({resolved(name, diagnostics), 1});
    }
    const auto fleet = Population::make(parts, 100'000, 42);
    ASSERT_TRUE(fleet) << fleet.error();
}

// Bytes changed, taken out, put in, doubled and swapped: whatever comes of it, it ends soon and without a crash.
std::string mutated(std::string text, std::uint64_t mutant) {
    std::uint64_t counter = 0;
    const auto draw = [&](std::size_t below) { return base::draw(mutant, 1, 1, counter++) % below; };
    constexpr std::string_view spice = "{}[]:,&*!|>'\"%@`#-? \n\t0~<$\\ab1\xc2\xb1";
    for (std::uint64_t i = 0, changes = 1 + draw(4); i < changes && !text.empty(); ++i) {
        const std::size_t at = draw(text.size());
        const std::size_t length = std::min<std::size_t>(1 + draw(40), text.size() - at);
        switch (draw(5)) {
            case 0: text[at] = spice[draw(spice.size())]; break;
            case 1: text.erase(at, length); break;
            case 2: text.insert(at, 1, spice[draw(spice.size())]); break;
            case 3: text.insert(draw(text.size()), text.substr(at, length)); break;
            case 4: text.resize(at); break;
        }
    }
    return text;
}

TEST(ProfileCatalog, BearsFiveHundredMutantsOfEachProfile) {
    int refused = 0;
    int taken = 0;
    for (const ProfileCatalog::Entry& entry : builtin_profiles().entries()) {
        for (std::uint64_t mutant = 0; mutant < 500; ++mutant) {
            Diagnostics diagnostics;
            const auto tree =
                parse_profile_tree(mutated(entry.text, mutant), entry.file, builtin_profiles(), diagnostics);
            const auto profile =
                tree ? resolve(read_profile(*tree, diagnostics), builtin_objects(), diagnostics) : nullptr;
            EXPECT_TRUE(profile != nullptr || !diagnostics.ok()) << entry.name << " " << mutant;
            EXPECT_LT(diagnostics.text().size(), 100'000u);
            (diagnostics.ok() ? taken : refused) += 1;
        }
    }
    EXPECT_GT(refused, 1000);
    EXPECT_GT(taken, 100);  // a comment or a number may change
}

}  // namespace
}  // namespace profiles
