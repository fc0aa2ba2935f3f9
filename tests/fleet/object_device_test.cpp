// Object 3, Device: Core 1.1.1, E.4.
#include "tests/support/object_lockstep.h"

namespace {

using namespace std::chrono_literals;
using coap::Code;
using support::ACK;
using support::CON;
using support::Message;

class ObjectDevice : public support::ObjectLockstep {
protected:
    ObjectDevice()
        : ObjectLockstep(
              "  device/0:\n    manufacturer: Acme\n    error_code: [1, 5]\n    utc_offset: \"+02:00\"\n"
              "    memory_free: 12\n    timezone: UTC\n") {}

    void comes_back() {
        server.expect(CON, Code::post).path("/rd");
        server.replies(Message(ACK, Code::created).location("/rd/5b"));
        ASSERT_EQ(state(), registered);
    }
};

// Resource 4: the answer goes first.
TEST_F(ObjectDevice, RebootsAfterItsAnswer) {
    EXPECT_EQ(execute("/3/0/4"), Code::changed);
    server.expect_silence();
    after(1100ms);
    comes_back();
}

// RFC 7252 4.5: the Execute comes again because the answer was lost; by then the device has registered anew.
TEST_F(ObjectDevice, AnExecuteThatIsRepeatedAfterTheRestartRestartsNothing) {
    const auto reboot = ask(Code::post, "/3/0/4");
    EXPECT_EQ(code(reboot), Code::changed);
    after(1100ms);
    comes_back();
    EXPECT_EQ(code(reboot), Code::changed);
    after(10s);
    server.expect_silence();
    EXPECT_EQ(state(), registered);
}

TEST_F(ObjectDevice, KeepsWhatWasWrittenOverARestart) {
    EXPECT_EQ(write("/3/0/15", "Europe/Berlin"), Code::changed);
    EXPECT_EQ(execute("/3/0/4"), Code::changed);
    after(1100ms);
    comes_back();
    EXPECT_EQ(read("/3/0/15"), "Europe/Berlin");
}

// Resource 5: it is as it came.
TEST_F(ObjectDevice, AFactoryResetForgetsAllChanges) {
    EXPECT_EQ(write("/3/0/15", "Europe/Berlin"), Code::changed);
    EXPECT_EQ(write("/3/0/13", "100"), Code::changed);
    EXPECT_EQ(execute("/3/0/5"), Code::changed);
    after(1100ms);
    comes_back();
    EXPECT_EQ(read("/3/0/15"), "UTC");
    EXPECT_EQ(read("/3/0/13"), "1767225601");
    EXPECT_EQ(pool.changes.in_use(), 0u);
}

// Resource 12: one code is left, which says no error.
TEST_F(ObjectDevice, ResettingTheErrorsLeavesNoError) {
    EXPECT_EQ(read("/3/0/11/1"), "5");
    EXPECT_EQ(execute("/3/0/12"), Code::changed);
    EXPECT_EQ(read("/3/0/11/0"), "0");
    EXPECT_EQ(read("/3/0/11/1"), "4.04");
    EXPECT_EQ(execute("/3/0/12"), Code::changed);
    EXPECT_EQ(read("/3/0/11/0"), "0");
}

TEST_F(ObjectDevice, TellsThatTheErrorsAreGone) {
    EXPECT_EQ(observe("/3/0/11/0"), "1");
    EXPECT_EQ(execute("/3/0/12"), Code::changed);
    after(1s);
    EXPECT_EQ(notified(), "0");
}

// Resource 13 counts seconds, from what was written.
TEST_F(ObjectDevice, ItsClockGoes) {
    EXPECT_EQ(read("/3/0/13"), "1767225600");
    after(90s);
    EXPECT_EQ(read("/3/0/13"), "1767225690");
}

TEST_F(ObjectDevice, ItsClockIsSetAndGoesOn) {
    EXPECT_EQ(write("/3/0/13", "1000"), Code::changed);
    after(90s);
    EXPECT_EQ(read("/3/0/13"), "1090");
}

TEST_F(ObjectDevice, TellsItsClockToWhoObservesIt) {
    EXPECT_EQ(observe("/3/0/13"), "1767225600");
    after(1s);
    EXPECT_EQ(notified(), "1767225601");
}

// A clock is no news to who looks at the whole object.
TEST_F(ObjectDevice, AClockIsNoReasonToTellTheWholeObject) {
    (void)answer(ask(Code::get, "/3/0").uint(coap::OptionNumber::accept, 110).observe(0));
    after(1h);
    server.expect_silence();
}

TEST_F(ObjectDevice, HoldsWhatItsProfileSays) {
    EXPECT_EQ(read("/3/0/14"), "+02:00");
    EXPECT_EQ(write("/3/0/14", "+01:00"), Code::changed);
    EXPECT_EQ(read("/3/0/14"), "+01:00");
    EXPECT_EQ(read("/3/0/10"), "12");
    EXPECT_EQ(read("/3/0/16"), "U");
    EXPECT_EQ(read("/3/0/9"), "4.04");
}

// What the profile gives wins over what the device would work out.
class ObjectDeviceOfAProfile : public support::ObjectLockstep {
protected:
    ObjectDeviceOfAProfile()
        : ObjectLockstep(
              "  device/0:\n    current_time: 500\n    without: [factory_reset, reset_error_code]\n"
              "    error_code: {0: {expr: \"2\"}, 1: 7}\n") {}
};

TEST_F(ObjectDeviceOfAProfile, AValueOfTheProfileWins) {
    after(90s);
    EXPECT_EQ(read("/3/0/13"), "500");
    EXPECT_EQ(write("/3/0/13", "600"), Code::changed);
    after(90s);
    EXPECT_EQ(read("/3/0/13"), "600");
}

TEST_F(ObjectDeviceOfAProfile, HasNotWhatTheProfileLeavesOut) {
    EXPECT_EQ(execute("/3/0/5"), Code::not_found);
    EXPECT_EQ(execute("/3/0/12"), Code::not_found);
    EXPECT_EQ(execute("/3/0/4"), Code::changed);
}

}  // namespace
