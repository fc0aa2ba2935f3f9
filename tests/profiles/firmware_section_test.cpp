// `behaviour: {firmware: ...}`: how devices update themselves, and which of them fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "profiles/object_loader.h"
#include "profiles/profile_loader.h"
#include "profiles/resolve.h"

namespace {

using namespace std::chrono_literals;
using namespace profiles;
using testing::HasSubstr;

class FirmwareSection : public testing::Test {
protected:
    ResolvedProfilePtr resolved(const std::string& firmware, const std::string& object = "{}") {
        diagnostics_ = {};
        const auto tree = parse_profile_tree("profile: x\nobjects:\n  device/0: {}\n  firmware_update/0: " + object +
                                                 "\nbehaviour:\n  firmware: " + firmware + "\n",
                                             "t.yaml", builtin_profiles(), diagnostics_);
        if (!tree) return nullptr;
        const auto profile = read_profile(*tree, diagnostics_);
        return resolve(profile, builtin_objects(), diagnostics_);
    }
    FirmwareSpec spec(const std::string& firmware, const std::string& object = "{}") {
        const auto profile = resolved(firmware, object);
        EXPECT_TRUE(profile) << diagnostics_.text();
        return profile ? profile->behaviour.firmware : FirmwareSpec{};
    }
    std::string refused(const std::string& firmware) {
        resolved(firmware);
        EXPECT_EQ(diagnostics_.errors(), 1u) << diagnostics_.text();
        return diagnostics_.text();
    }

    Diagnostics diagnostics_;
};

TEST_F(FirmwareSection, IsResolved) {
    const auto firmware = spec(
        "{download: 12KB/s, apply: 40s, reboot: 8s, storage: 512KiB, version: \"2.0\", "
        "etag_change: fail, defer: 20%, defer_for: 1h}");
    EXPECT_TRUE(firmware.behaves);
    EXPECT_EQ(firmware.download_rate, 12000);
    EXPECT_EQ(firmware.apply.centre, 40s);
    EXPECT_EQ(firmware.reboot.centre, 8s);
    EXPECT_EQ(firmware.storage, 512u * 1024);
    EXPECT_EQ(firmware.version, "2.0");
    EXPECT_EQ(firmware.etag_change, EtagChange::fail);
    EXPECT_EQ(firmware.defer, 0.2);
    EXPECT_EQ(firmware.defer_for.centre, 1h);
}

TEST_F(FirmwareSection, AShareIsSpreadOverTheFaults) {
    const auto faults = spec("{fail: 8%}").faults;
    EXPECT_NEAR(std::accumulate(faults.begin(), faults.end(), 0.0), 0.08, 1e-9);
    EXPECT_NEAR(faults[static_cast<std::size_t>(FirmwareFault::rollback)], 0.01, 1e-9);
    EXPECT_EQ(faults[static_cast<std::size_t>(FirmwareFault::etag_changed)], 0) << "that is no failure by itself";
}

TEST_F(FirmwareSection, FaultsHaveShares) {
    const auto firmware = spec("{fail: {wrong_digest: 10%, boot_loop: 5%}}");
    int wrong = 0, loops = 0, fine = 0;
    for (std::uint64_t device = 0; device < 10'000; ++device) {
        const auto fault = scripted_fault(firmware, 42, device);
        wrong += fault == FirmwareFault::wrong_digest ? 1 : 0;
        loops += fault == FirmwareFault::boot_loop ? 1 : 0;
        fine += fault == FirmwareFault::none ? 1 : 0;
    }
    EXPECT_NEAR(wrong, 1000, 100);
    EXPECT_NEAR(loops, 500, 80);
    EXPECT_EQ(wrong + loops + fine, 10'000);
}

TEST_F(FirmwareSection, TheObjectSaysHowAPackageMayCome) {
    const auto plain = spec("{}");
    EXPECT_EQ(plain.delivery, FirmwareDelivery::both);
    EXPECT_TRUE(plain.speaks(FirmwareProtocol::coap));
    EXPECT_FALSE(plain.speaks(FirmwareProtocol::coaps));
    const auto said = spec("{}", "{firmware_update_protocol_support: [2, 3], firmware_update_delivery_method: 0}");
    EXPECT_EQ(said.delivery, FirmwareDelivery::pull);
    EXPECT_FALSE(said.speaks(FirmwareProtocol::coap));
    EXPECT_TRUE(said.speaks(FirmwareProtocol::https));
}

TEST_F(FirmwareSection, AProfileThatPlaysTheStateItselfIsLeftAlone) {
    EXPECT_TRUE(spec("{}", "{state: 0, update_result: 0}").behaves) << "the values that it begins with";
    EXPECT_FALSE(spec("{}", "{state: 2}").behaves);
}

TEST_F(FirmwareSection, WhatIsWrongIsSaid) {
    EXPECT_THAT(refused("{download: fast}"), HasSubstr("try 12KB/s"));
    EXPECT_THAT(refused("{storage: 0}"), HasSubstr("no size up to 1 GiB"));
    EXPECT_THAT(refused("{etag_change: maybe}"), HasSubstr("there are restart and fail"));
    EXPECT_THAT(refused("{fail: {rolback: 1%}}"), HasSubstr("did you mean 'rollback'"));
    EXPECT_THAT(refused("{fail: {rollback: 60%, boot_loop: 60%}}"), HasSubstr("more than 100% together"));
    EXPECT_THAT(refused("{version: \"\"}"), HasSubstr("1 to 32 characters"));
    EXPECT_THAT(refused("{speed: 1}"), HasSubstr("unknown key 'speed'"));
}

TEST_F(FirmwareSection, NeedsTheObject) {
    const auto tree = parse_profile_tree("profile: x\nbehaviour: {firmware: {apply: 1s}}\n", "t.yaml",
                                         builtin_profiles(), diagnostics_);
    const auto profile = read_profile(*tree, diagnostics_);
    EXPECT_EQ(resolve(profile, builtin_objects(), diagnostics_), nullptr);
    EXPECT_THAT(diagnostics_.text(), HasSubstr("the profile has no object 5"));
}

// `behaviour: {software: ...}`: what of it is said of the downloads of object 9.
class SoftwareSection : public testing::Test {
protected:
    ResolvedProfilePtr resolved(const std::string& software, const std::string& objects = "software_management/0: {}") {
        diagnostics_ = {};
        const auto tree =
            parse_profile_tree("profile: x\nobjects: {" + objects + "}\nbehaviour:\n  software: " + software + "\n",
                               "t.yaml", builtin_profiles(), diagnostics_);
        if (!tree) return nullptr;
        const auto profile = read_profile(*tree, diagnostics_);
        return resolve(profile, builtin_objects(), diagnostics_);
    }
    std::string refused(const std::string& software, const std::string& objects = "software_management/0: {}") {
        resolved(software, objects);
        EXPECT_EQ(diagnostics_.errors(), 1u) << diagnostics_.text();
        return diagnostics_.text();
    }

    Diagnostics diagnostics_;
};

TEST_F(SoftwareSection, IsResolved) {
    const auto profile = resolved("{download: 12KB/s, storage: 512KiB, etag_change: fail, fail: 6%}");
    ASSERT_TRUE(profile) << diagnostics_.text();
    const FirmwareSpec& software = profile->behaviour.software;
    EXPECT_TRUE(software.behaves);
    EXPECT_EQ(software.download_rate, 12000);
    EXPECT_EQ(software.storage, 512u * 1024);
    EXPECT_EQ(software.etag_change, EtagChange::fail);
    EXPECT_NEAR(software.faults[static_cast<std::size_t>(FirmwareFault::wrong_digest)], 0.01, 1e-9);
    EXPECT_EQ(software.faults[static_cast<std::size_t>(FirmwareFault::boot_loop)], 0);
    EXPECT_TRUE(software.speaks(FirmwareProtocol::coap));
    EXPECT_FALSE(software.speaks(FirmwareProtocol::coaps));
    EXPECT_FALSE(profile->behaviour.firmware.behaves);
}

TEST_F(SoftwareSection, WhatIsWrongIsSaid) {
    EXPECT_THAT(refused("{apply: 1s}"), HasSubstr("unknown key 'apply'"));
    EXPECT_THAT(refused("{fail: {boot_loop: 1%}}"), HasSubstr("boot_loop"));
    EXPECT_THAT(refused("{}", "device/0: {}"), HasSubstr("the profile has no object 9"));
}

}  // namespace
