// The reusable resources of the IPSO objects: least and most measured values, meters, on times.
#include "tests/support/object_lockstep.h"

namespace {

using namespace std::chrono_literals;
using coap::Code;

// Rises by a degree every ten seconds, from 0.
class ObjectSensor : public support::ObjectLockstep {
protected:
    ObjectSensor()
        : ObjectLockstep(
              "  temperature/0: {sensor_value: {expr: \"10*sin(t/10*pi/2)\", every: 10s, phase: 0s, resolution: 1}}\n"
              "  humidity/0: {sensor_value: 40, max_measured_value: 77}\n"
              "  \"3304/1\": {sensor_value: 50, without: [min_measured_value, reset_min_and_max_measured_values]}\n") {}
};

// 0, 10, 0, -10 and so on, each for ten seconds; what is between two looks counts.
TEST_F(ObjectSensor, RemembersItsLeastAndMostValue) {
    EXPECT_EQ(read("/3303/0/5601"), "0");
    after(21s);
    EXPECT_EQ(read("/3303/0/5700"), "0");
    EXPECT_EQ(read("/3303/0/5602"), "10");
    EXPECT_EQ(read("/3303/0/5601"), "0");
    after(20s);
    EXPECT_EQ(read("/3303/0/5601"), "-10");
    EXPECT_EQ(read("/3303/0/5602"), "10");
}

TEST_F(ObjectSensor, BeginsAnewWhenItIsReset) {
    after(21s);
    EXPECT_EQ(read("/3303/0/5602"), "10");
    EXPECT_EQ(execute("/3303/0/5605"), Code::changed);
    EXPECT_EQ(read("/3303/0/5602"), "0");
    EXPECT_EQ(read("/3303/0/5601"), "0");
    after(10s);
    EXPECT_EQ(read("/3303/0/5601"), "-10");
    EXPECT_EQ(read("/3303/0/5602"), "0");
}

TEST_F(ObjectSensor, TellsThatItWasReset) {
    after(21s);
    EXPECT_EQ(observe("/3303/0/5602"), "10");
    EXPECT_EQ(execute("/3303/0/5605"), Code::changed);
    after(1s);
    EXPECT_EQ(notified(), "0");
}

TEST_F(ObjectSensor, AFactoryResetForgetsWhatWasMeasured) {
    after(21s);
    EXPECT_EQ(read("/3303/0/5602"), "10");
    EXPECT_EQ(pool.tallies.in_use(), 1u);
    EXPECT_EQ(execute("/3/0/5"), Code::changed);
    EXPECT_EQ(pool.tallies.in_use(), 0u);
}

// Nothing is remembered of what nobody asks for.
TEST_F(ObjectSensor, ReadingItsValueTakesNoMemory) {
    after(1h);
    EXPECT_NE(read("/3303/0/5700"), "4.04");
    EXPECT_EQ(pool.changes.in_use(), 0u);
}

TEST_F(ObjectSensor, WhatTheProfileSaysWins) {
    EXPECT_EQ(read("/3304/0/5602"), "77");
    EXPECT_EQ(read("/3304/0/5601"), "40");
    EXPECT_EQ(execute("/3304/0/5605"), Code::changed);
    EXPECT_EQ(read("/3304/0/5602"), "77");
}

TEST_F(ObjectSensor, HasNotWhatTheProfileLeavesOut) {
    EXPECT_EQ(read("/3304/1/5601"), "4.04");
    EXPECT_EQ(read("/3304/1/5602"), "50");
    EXPECT_EQ(execute("/3304/1/5605"), Code::not_found);
}

class ObjectMeter : public support::ObjectLockstep {
protected:
    ObjectMeter()
        : ObjectLockstep(
              "  \"3305/0\": {\"5800\": 360, \"5810\": 10, \"5821\": 0.5, \"5816\": 1}\n"
              "  \"3305/1\": {\"5800\": {expr: \"t\", every: 10s, phase: 0s}}\n") {}

    double energy(int instance) { return std::stod(read("/3305/" + std::to_string(instance) + "/5805")); }
};

TEST_F(ObjectMeter, AddsUpItsPower) {
    EXPECT_NEAR(energy(0), 0, 0.001);
    after(10s);
    EXPECT_NEAR(energy(0), 1, 0.001);
    EXPECT_EQ(execute("/3305/0/5822"), Code::changed);
    EXPECT_EQ(energy(0), 0);
    after(20s);
    EXPECT_EQ(energy(0), 2);
}

// 0 W for ten seconds, then 10 W, 20 W, 30 W: 600 Ws.
TEST_F(ObjectMeter, AddsUpWhatIsGenerated) {
    after(40s - 2ms);
    EXPECT_NEAR(energy(1), 600.0 / 3600, 0.001);
    EXPECT_EQ(read("/3305/1/5802"), "30");
}

TEST_F(ObjectMeter, HoldsItsCalibration) {
    EXPECT_EQ(read("/3305/0/5821"), "0.5");
    EXPECT_EQ(write("/3305/0/5821", "0.75"), Code::changed);
    EXPECT_EQ(read("/3305/0/5821"), "0.75");
    EXPECT_EQ(write("/3305/0/5816", "2"), Code::changed);
}

class ObjectActuator : public support::ObjectLockstep {
protected:
    ObjectActuator()
        : ObjectLockstep(
              "  \"3311/0\": {\"5850\": false, \"5851\": 50, \"5805\": , \"5706\": white}\n"
              "  \"3306/0\": {\"5850\": true}\n"
              "  \"3342/0\": {\"5500\": {states: {up: {for: 10s, value: true}, down: {for: 30s, value: false}},"
              " phase: 0s}}\n"
              "  \"3343/0\": {\"5548\": 0}\n"
              "  \"3338/0\": {\"5850\": false, \"5548\": 30, \"5525\": 2}\n") {}
};

TEST_F(ObjectActuator, CountsTheSecondsThatItIsOn) {
    after(10s);
    EXPECT_EQ(read("/3311/0/5852"), "0");
    EXPECT_EQ(write("/3311/0/5850", "1"), Code::changed);
    after(25s);
    EXPECT_EQ(read("/3311/0/5852"), "25");
    EXPECT_EQ(write("/3311/0/5850", "0"), Code::changed);
    after(25s);
    EXPECT_EQ(read("/3311/0/5852"), "25");
    EXPECT_EQ(read("/3306/0/5852"), "60");
}

TEST_F(ObjectActuator, ItsOnTimeIsSetBackByWritingZero) {
    EXPECT_EQ(write("/3311/0/5850", "1"), Code::changed);
    after(25s);
    EXPECT_EQ(write("/3311/0/5852", "0"), Code::changed);
    EXPECT_EQ(read("/3311/0/5852"), "0");
    after(5s);
    EXPECT_EQ(read("/3311/0/5852"), "5");
    EXPECT_EQ(write("/3311/0/5852", "-1"), Code::bad_request);
}

TEST_F(ObjectActuator, TellsItsOnTimeWhileItIsOn) {
    EXPECT_EQ(observe("/3311/0/5852"), "0");
    after(10s);
    server.expect_silence();
    EXPECT_EQ(write("/3311/0/5850", "1"), Code::changed);
    after(1s);
    EXPECT_EQ(notified(), "1");
    EXPECT_EQ(write("/3311/0/5850", "0"), Code::changed);
    after(10s);
    server.expect_silence();
}

// Half of 10 W for an hour, then all of them.
TEST_F(ObjectActuator, ALampDrawsPowerAsItIsDimmed) {
    EXPECT_EQ(write("/3311/0/5850", "1"), Code::changed);
    after(1h);
    EXPECT_EQ(read("/3311/0/5805"), "5");
    EXPECT_EQ(write("/3311/0/5851", "100"), Code::changed);
    after(1h);
    EXPECT_EQ(read("/3311/0/5805"), "15");
    EXPECT_EQ(write("/3311/0/5850", "0"), Code::changed);
    after(1h);
    EXPECT_EQ(read("/3311/0/5805"), "15");
    EXPECT_EQ(write("/3311/0/5851", "101"), Code::bad_request);
}

TEST_F(ObjectActuator, ASwitchCountsWhatItsProfileSwitches) {
    after(30s);
    EXPECT_EQ(read("/3342/0/5852"), "10");
    EXPECT_EQ(read("/3342/0/5854"), "20");
}

TEST_F(ObjectActuator, ADimmerIsOnAboveZero) {
    after(10s);
    EXPECT_EQ(write("/3343/0/5548", "20"), Code::changed);
    after(7s);
    EXPECT_EQ(read("/3343/0/5852"), "7");
    EXPECT_EQ(read("/3343/0/5854"), "10");
}

TEST_F(ObjectActuator, WhatIsWrittenIsThere) {
    EXPECT_EQ(write("/3311/0/5706", "red"), Code::changed);
    EXPECT_EQ(read("/3311/0/5706"), "red");
    EXPECT_EQ(write("/3338/0/5850", "1"), Code::changed);
    EXPECT_EQ(read("/3338/0/5850"), "1");
    EXPECT_EQ(write("/3338/0/5548", "80"), Code::changed);
    EXPECT_EQ(read("/3338/0/5548"), "80");
}

// An object of the user's own, by number, has no behaviour: its values are as they were said.
class ObjectOfTheUser : public support::ObjectLockstep {
protected:
    ObjectOfTheUser() : ObjectLockstep("  \"33000/0\": {\"1\": 5, \"2\": hello, \"5700\": 4.5}\n") {}
};

TEST_F(ObjectOfTheUser, HoldsItsValues) {
    EXPECT_EQ(read("/33000/0/1"), "5");
    EXPECT_EQ(read("/33000/0/2"), "hello");
    EXPECT_EQ(read("/33000/0/5700"), "4.5");
    EXPECT_EQ(read("/33000/0/5601"), "4.04");
}

}  // namespace
