// The generators of the catalog's profiles: all of them compile, and every profile has something to report.
#include <string>

#include <gtest/gtest.h>

#include "profiles/object_loader.h"
#include "profiles/profile_loader.h"
#include "profiles/resolve.h"
#include "profiles/server_actions.h"
#include "simulator/fleet/generators.h"

namespace {

using namespace std::chrono_literals;
using base::Time;

class CatalogGenerators : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override {
        const auto catalog =
            profiles::ProfileCatalog::of_folder(LWM2M_SIM_SOURCE_DIR "/profiles/catalog", diagnostics_);
        const auto profile = profiles::load_profile(GetParam(), catalog, diagnostics_);
        ASSERT_TRUE(profile) << diagnostics_.text();
        profile_ = profiles::resolve(*profile, profiles::builtin_objects(), diagnostics_);
        ASSERT_TRUE(profile_) << diagnostics_.text();
        fleet::Generators::check(profile_->generators, diagnostics_);
        ASSERT_TRUE(diagnostics_.ok()) << diagnostics_.text();
    }
    profiles::Diagnostics diagnostics_;
    profiles::ResolvedProfilePtr profile_;
};

TEST_P(CatalogGenerators, EachValueHasTheTypeOfItsResourceAndStaysInItsRange) {
    const fleet::Generators generators(profile_->generators);
    for (const auto& resource : profile_->resources) {
        if (resource.generator < 0) continue;
        const auto* model = profiles::builtin_objects().newest(resource.path.object());
        ASSERT_NE(model, nullptr);
        for (std::uint64_t device = 0; device < 50; ++device) {
            for (const auto at : {0s, 100s, 100'000s, 100'000'000s}) {
                const auto value =
                    generators.evaluate(static_cast<std::size_t>(resource.generator),
                                        {.seed = 42, .device = device, .path = resource.path, .time = Time(at)});
                ASSERT_EQ(value.type, resource.type) << lwm2m::to_string(resource.path);
                EXPECT_TRUE(model->find(resource.path.resource())->range.allows(value))
                    << lwm2m::to_string(resource.path) << " = " << lwm2m::to_string(value);
            }
        }
    }
}

// Otherwise a device would have nothing to say but that it is still there.
TEST_P(CatalogGenerators, TheDefaultObservationChangesEveryFewMinutes) {
    const auto path = profiles::default_observation(*profile_);
    ASSERT_TRUE(path);
    const std::int32_t index = profile_->find(*path);
    ASSERT_GE(index, 0);
    const fleet::Generators generators(profile_->generators);
    const auto generator = static_cast<std::size_t>(profile_->resources[static_cast<std::size_t>(index)].generator);
    for (std::uint64_t device = 0; device < 20; ++device) {
        int changes = 0;
        std::string before;
        for (int i = 0; i < 120; ++i) {
            const auto now = lwm2m::to_string(
                generators.evaluate(generator, {.seed = 42, .device = device, .path = *path, .time = Time(i * 60s)}));
            changes += now != before ? 1 : 0;
            before = now;
        }
        EXPECT_GT(changes, 10) << lwm2m::to_string(*path);
    }
}

INSTANTIATE_TEST_SUITE_P(Profiles, CatalogGenerators,
                         testing::Values("temperature-sensor", "water-meter", "street-light", "tracker", "gateway"),
                         [](const auto& instance) {
                             std::string name = instance.param;
                             std::erase(name, '-');
                             return name;
                         });

}  // namespace
