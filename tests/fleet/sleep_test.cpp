// Queue mode as a device lives it: Core 1.1.1, 6.5.
#include "tests/support/device_lockstep.h"

namespace {

using namespace std::chrono_literals;
using metrics::DeviceState;
using support::ACK;
using support::CON;
using support::DeviceLockstep;
using support::Message;
using support::NON;

class Sleeper : public DeviceLockstep {
public:
    explicit Sleeper(const std::string& sleep, const std::string& lifetime = "1d", const std::string& more = "")
        : DeviceLockstep("profile: x\nlwm2m: {queue_mode: true, lifetime: " + lifetime +
                         "}\nobjects: {temperature/0: {sensor_value: {uniform: [1, 100], every: 10m}}}\n" +
                         "behaviour:\n  sleep: " + sleep + "\n" + more) {
        device_registers();
    }
    void TestBody() override {}

    Code asks(Message message) {
        server.sends(message.id(next_id_++).token("0a"));
        return server.has_mail() ? server.take().view().code : Code::empty;
    }
    bool answers() { return asks(Message(CON, Code::get).path("/3/0/0")) == Code::content; }
    // Until it says something.
    base::Duration silent(base::Duration most) {
        base::Duration passed{0};
        for (; passed < most && !server.has_mail(); passed += 1s) after(1s);
        return passed;
    }
    void updates() {
        server.expect(CON, Code::post).path("/rd/5a");
        server.replies(Message(ACK, Code::changed));
    }
    std::int64_t lost() { return totals().discarded[metrics::index(metrics::Discard::asleep)]; }
    std::int64_t counted(DeviceState state) { return totals().devices[0][metrics::index(state)]; }

    using DeviceLockstep::after;
    using DeviceLockstep::device_is_told;
    using DeviceLockstep::server;
    using DeviceLockstep::state;

private:
    std::uint16_t next_id_ = 100;
};

TEST(Sleep, TheDeviceIsAwakeForTheWindowAfterItsLastMessage) {
    Sleeper device("{queue_mode: 93s}");
    device.after(92s);
    EXPECT_TRUE(device.answers());
    device.after(92s);
    EXPECT_EQ(device.state(), DeviceState::registered);
    device.after(2s);
    EXPECT_EQ(device.state(), DeviceState::asleep);
    EXPECT_EQ(device.counted(DeviceState::asleep), 1);
    EXPECT_EQ(device.counted(DeviceState::registered), 0);
}

TEST(Sleep, WhatIsSentToASleepingDeviceIsLost) {
    Sleeper device("{queue_mode: 10s}");
    device.after(11s);
    EXPECT_FALSE(device.answers());
    EXPECT_FALSE(device.answers());
    EXPECT_EQ(device.lost(), 2);
    EXPECT_EQ(device.state(), DeviceState::asleep);
}

TEST(Sleep, AnUpdateWakesIt) {
    Sleeper device("{queue_mode: 10s}", "100s");
    device.after(89s);
    EXPECT_FALSE(device.answers());
    device.after(2s);
    device.updates();
    EXPECT_TRUE(device.answers());
    device.after(11s);
    EXPECT_FALSE(device.answers());
}

// The device waits for its answer, however long that takes.
TEST(Sleep, WhoWaitsForAnAnswerDoesNotSleep) {
    Sleeper device("{queue_mode: 1s}", "100s");
    device.after(91s);
    device.server.expect(CON, coap::Code::post);
    device.after(1500ms);
    EXPECT_EQ(device.state(), DeviceState::registered);
    device.server.replies(Message(ACK, coap::Code::changed));
    device.after(3s);
    EXPECT_EQ(device.state(), DeviceState::asleep);
}

TEST(Sleep, ANotificationWakesIt) {
    Sleeper device("{queue_mode: 10s}");
    ASSERT_EQ(
        device.asks(Message(CON, coap::Code::get).observe(0).path("/3303/0/5700").uint(coap::OptionNumber::accept, 0)),
        coap::Code::content);
    device.after(11s);
    ASSERT_EQ(device.state(), DeviceState::asleep);
    device.after(600s);
    device.server.expect(NON, coap::Code::content);
    device.server.expect_silence();
}

TEST(Sleep, ANotificationMayBeKeptUntilItIsAwake) {
    Sleeper device("{queue_mode: 10s, notify: keep}", "3000s");
    ASSERT_EQ(
        device.asks(Message(CON, coap::Code::get).observe(0).path("/3303/0/5700").uint(coap::OptionNumber::accept, 0)),
        coap::Code::content);
    device.after(2600s);
    device.server.expect_silence();
    EXPECT_EQ(device.state(), DeviceState::asleep);
    device.after(101s);
    device.updates();
    device.server.expect(NON, coap::Code::content);
    device.server.expect_silence();
}

TEST(Sleep, TheScheduleWakesItWithAnUpdate) {
    Sleeper device("{queue_mode: 10s, every: 1h}");
    EXPECT_LE(device.silent(2h), 1h + 11s);
    device.updates();
    EXPECT_TRUE(device.answers());
    EXPECT_EQ(device.silent(2h), 1h);
    device.updates();
}

TEST(Sleep, TheScheduleMayWakeItToListen) {
    Sleeper device("{queue_mode: 10s, every: 1h, on_wake: listen}");
    int awake = 0;
    for (int second = 0; second < 7200; ++second) {
        device.after(1s);
        awake += device.state() == DeviceState::registered ? 1 : 0;
    }
    device.server.expect_silence();
    // The window after the Register, and one an hour.
    EXPECT_NEAR(awake, 10 + 2 * 10, 3);
}

TEST(Sleep, ADeviceThatIsSwitchedOffDoesNotSleep) {
    Sleeper device("{queue_mode: 10s, every: 1h}");
    device.after(11s);
    device.device_is_told(fleet::Command::Kind::stop);
    EXPECT_EQ(device.state(), DeviceState::stopped);
    EXPECT_EQ(device.counted(DeviceState::stopped), 1);
    device.after(3h);
    device.server.expect_silence();
    EXPECT_EQ(device.state(), DeviceState::stopped);
}

TEST(Sleep, ADeviceThatLeavesWakesForIt) {
    Sleeper device("{queue_mode: 10s}");
    device.after(11s);
    device.device_is_told(fleet::Command::Kind::deregister);
    device.server.expect(CON, coap::Code::delete_);
    device.server.replies(Message(ACK, coap::Code::deleted));
    EXPECT_EQ(device.state(), DeviceState::stopped);
}

}  // namespace
