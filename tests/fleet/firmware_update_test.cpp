// From a package to the version that runs: Core 1.1.1, E.6; and what a profile's script does to it.
#include "tests/support/firmware_lockstep.h"

namespace {

using namespace std::chrono_literals;
using coap::Code;
using lwm2m::FirmwareResult;
using lwm2m::FirmwareState;
using profiles::FirmwareFault;
using support::ACK;
using support::body_of;
using support::CON;
using support::Message;

const std::string image = "firmware meter 2.0\n" + body_of(3000);

class FirmwareInstall : public support::FirmwareLockstep {
protected:
    using FirmwareLockstep::FirmwareLockstep;
};

TEST_F(FirmwareInstall, RebootsIntoTheNewVersion) {
    EXPECT_EQ(execute("/5/0/2"), Code::method_not_allowed);
    ASSERT_EQ(pushes(image, 1024), Code::changed);
    EXPECT_EQ(read("/5/0/6"), "meter");
    EXPECT_EQ(read("/5/0/7"), "2.0");
    EXPECT_EQ(read("/3/0/3"), "1.0");
    const auto update = ask(Code::post, "/5/0/2");
    EXPECT_EQ(code(update), Code::changed);
    EXPECT_EQ(status(), "3 0");
    after(6s);
    comes_back();
    EXPECT_EQ(status(), "0 1");
    EXPECT_EQ(read("/3/0/3"), "2.0");
    EXPECT_EQ(read("/5/0/7"), "2.0");
    EXPECT_EQ(code(update), Code::changed) << "the same message is answered from memory";
    EXPECT_EQ(execute("/5/0/2"), Code::method_not_allowed) << "and a new one finds nothing to do";
    after(60s);
    EXPECT_EQ(status(), "0 1");
    EXPECT_EQ(state(), registered);
}

TEST_F(FirmwareInstall, WhileUpdatingNothingElseIsTaken) {
    ASSERT_EQ(pushes(image, 1024), Code::changed);
    ASSERT_EQ(execute("/5/0/2"), Code::changed);
    EXPECT_EQ(execute("/5/0/2"), Code::method_not_allowed);
    EXPECT_EQ(execute("/5/0/10"), Code::method_not_allowed);
    EXPECT_EQ(write("/5/0/1", ""), Code::method_not_allowed);
    EXPECT_EQ(write("/5/0/1", "coap://127.0.0.1:5783/x"), Code::method_not_allowed);
    EXPECT_EQ(pushes(image, 1024), Code::method_not_allowed);
    EXPECT_EQ(status(), "3 0");
}

TEST_F(FirmwareInstall, APackageWithoutANameIsCalledByItsDigest) {
    const auto nameless = body_of(100);
    ASSERT_EQ(pushes(nameless, 1024), Code::changed);
    EXPECT_EQ(read("/5/0/6"), "");
    EXPECT_EQ(read("/5/0/7"), base::to_hex(base::sha256(base::as_bytes(nameless))).substr(0, 8));
}

TEST_F(FirmwareInstall, TellsWhenTheStateChanged) {
    const auto before = std::stoll(read("/5/0/12"));
    after(100s);
    ASSERT_EQ(pushes(image, 1024), Code::changed);
    EXPECT_NEAR(static_cast<double>(std::stoll(read("/5/0/12")) - before), 100, 1);
}

TEST_F(FirmwareInstall, AnUpdateOutlivesAPowerCut) {
    ASSERT_EQ(pushes(image, 1024), Code::changed);
    EXPECT_EQ(execute("/3/0/4"), Code::changed);
    comes_back();
    EXPECT_EQ(status(), "2 0") << "the package is still there";
}

class AutomaticUpgrade : public support::DeviceLockstep {
protected:
    AutomaticUpgrade()
        : DeviceLockstep(
              "profile: subject\ndescription: d\nendpoint: \"d\"\nlwm2m: {version: \"1.1\", lifetime: 30d, "
              "object_versions: {firmware_update: \"1.2\"}}\nformats: [tlv, opaque, text]\nobjects:\n"
              "  firmware_update/0: {automatic_upgrade_at_download: true}\n") {}
};

TEST_F(AutomaticUpgrade, FollowsTheDownloadAtOnce) {
    device_registers();
    server.sends(Message(CON, Code::put).id(1).path("/5/0/0").format(42).payload("image"));
    server.expect(ACK, Code::changed);
    EXPECT_EQ(pool.firmware[pool[0].firmware].machine.state, FirmwareState::updating);
}

// --- deferral ---

class Deferring : public FirmwareInstall {
protected:
    Deferring() : FirmwareInstall("{defer: 100%, defer_for: 10m}") {}
    void SetUp() override {
        FirmwareInstall::SetUp();
        ASSERT_EQ(pushes(image, 1024), Code::changed);
    }
};

TEST_F(Deferring, StaysInDownloadedUntilTheUserAgrees) {
    EXPECT_EQ(execute("/5/0/2"), Code::changed);
    EXPECT_EQ(status(), "2 11");
    after(9min);
    EXPECT_EQ(status(), "2 11");
    after(1min);
    EXPECT_EQ(status(), "3 0");
    after(6s);
    comes_back();
    EXPECT_EQ(status(), "0 1");
}

TEST_F(Deferring, AsksOnce) {
    EXPECT_EQ(execute("/5/0/2"), Code::changed);
    EXPECT_EQ(execute("/5/0/2"), Code::changed);
    EXPECT_EQ(status(), "3 0");
}

TEST_F(Deferring, LastsNoLongerThanTheServerAllows) {
    EXPECT_EQ(write("/5/0/13", "60"), Code::changed);
    EXPECT_EQ(execute("/5/0/2"), Code::changed);
    after(61s);
    EXPECT_EQ(status(), "3 0");
}

TEST_F(Deferring, IsNotAllowedWhereThePeriodIsZero) {
    EXPECT_EQ(write("/5/0/13", "0"), Code::changed);
    EXPECT_EQ(execute("/5/0/2"), Code::changed);
    EXPECT_EQ(status(), "3 0");
}

TEST_F(Deferring, WhatIsCriticalIsNotDeferred) {
    EXPECT_EQ(write("/5/0/11", "0"), Code::changed);
    EXPECT_EQ(execute("/5/0/2"), Code::changed);
    EXPECT_EQ(status(), "3 0");
}

// --- scripted faults ---

class Faulty : public FirmwareInstall, public testing::WithParamInterface<FirmwareFault> {
protected:
    Faulty() : FirmwareInstall("{fail: {" + std::string(profiles::name(GetParam())) + ": 100%}}") {}

    // Whatever the device does until it has come to rest; the server answers its Registers.
    void lives_on() {
        for (int i = 0; i < 60; ++i) {
            after(1s);
            while (server.has_mail()) {
                if (server.take().view().code == Code::post) {
                    server.replies(Message(ACK, Code::created).location("/rd/5b"));
                }
            }
        }
    }
    lwm2m::FirmwareUpdate scripted(profiles::FirmwareWay way) {
        return profiles::scripted_end(profile->behaviour.firmware, 1, 0, way);
    }
    lwm2m::FirmwareUpdate end() { return pool.firmware[pool[0].firmware].machine; }
};

TEST_P(Faulty, EndsAsScriptedWhenPushed) {
    (void)pushes(image, 128);
    (void)execute("/5/0/2");
    lives_on();
    EXPECT_EQ(end(), scripted(profiles::FirmwareWay::push)) << status();
    EXPECT_EQ(read("/3/0/3"), end().result == FirmwareResult::success ? "2.0" : "1.0");
    EXPECT_EQ(pool.transfers.in_use(), 0u);
}

TEST_P(Faulty, EndsAsScriptedWhenPulled) {
    ASSERT_EQ(write("/5/0/1", "coap://127.0.0.1:5783/image"), Code::changed);
    serves(other, image, 128);
    (void)execute("/5/0/2");
    lives_on();
    EXPECT_EQ(end(), scripted(profiles::FirmwareWay::pull)) << status();
    EXPECT_EQ(pool.transfers.in_use(), 0u);
}

TEST_P(Faulty, FailsEachTimeAlike) {
    for (int i = 0; i < 2; ++i) {
        (void)write("/5/0/1", "");
        (void)pushes(image, 128);
        (void)execute("/5/0/2");
        lives_on();
        EXPECT_EQ(end(), scripted(profiles::FirmwareWay::push)) << status();
    }
}

std::string name_of(const testing::TestParamInfo<FirmwareFault>& info) {
    return std::string(profiles::name(info.param));
}

INSTANTIATE_TEST_SUITE_P(Firmware, Faulty,
                         testing::Values(FirmwareFault::connection_lost, FirmwareFault::etag_changed,
                                         FirmwareFault::wrong_digest, FirmwareFault::storage_full,
                                         FirmwareFault::out_of_memory, FirmwareFault::unsupported_package,
                                         FirmwareFault::power_cut, FirmwareFault::boot_loop, FirmwareFault::rollback),
                         name_of);

class BootLoop : public FirmwareInstall {
protected:
    BootLoop() : FirmwareInstall("{fail: {boot_loop: 100%}}") {}
};

TEST_F(BootLoop, RegistersThreeTimesBeforeTheOldVersionIsBack) {
    ASSERT_EQ(pushes(image, 1024), Code::changed);
    ASSERT_EQ(execute("/5/0/2"), Code::changed);
    int registrations = 0;
    for (int i = 0; i < 60; ++i) {
        after(1s);
        while (server.has_mail()) {
            server.expect(CON, Code::post).path("/rd");
            server.replies(Message(ACK, Code::created).location("/rd/5b"));
            ++registrations;
        }
    }
    EXPECT_EQ(registrations, 3);
    EXPECT_EQ(status(), "0 8");
    EXPECT_EQ(read("/3/0/3"), "1.0");
}

class PowerCut : public FirmwareInstall {
protected:
    PowerCut() : FirmwareInstall("{fail: {power_cut: 100%}}") {}
};

TEST_F(PowerCut, LeavesThePackageToBeTriedAgain) {
    ASSERT_EQ(pushes(image, 1024), Code::changed);
    ASSERT_EQ(execute("/5/0/2"), Code::changed);
    after(3s);
    comes_back();
    EXPECT_EQ(status(), "2 8");
    EXPECT_EQ(execute("/5/0/2"), Code::changed);
    EXPECT_EQ(status(), "3 0");
}

}  // namespace
