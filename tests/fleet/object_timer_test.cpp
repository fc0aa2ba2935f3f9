// Object 3340, Timer.
#include "tests/support/object_lockstep.h"

namespace {

using namespace std::chrono_literals;
using coap::Code;

class ObjectTimer : public support::ObjectLockstep {
protected:
    ObjectTimer() : ObjectLockstep("  \"3340/0\": {\"5521\": 10, \"5525\": 5, \"5526\": 1, \"5850\": false}\n") {}

    bool is_on() { return read("/3340/0/5543") == "1"; }
    std::string left() { return read("/3340/0/5538"); }
    void mode(int number) { EXPECT_EQ(write("/3340/0/5526", std::to_string(number)), Code::changed); }
    void input(bool on) { EXPECT_EQ(write("/3340/0/5850", on ? "1" : "0"), Code::changed); }
};

TEST_F(ObjectTimer, OneShotIsOnForItsDelay) {
    EXPECT_FALSE(is_on());
    EXPECT_EQ(left(), "0");
    EXPECT_EQ(execute("/3340/0/5523"), Code::changed);
    EXPECT_TRUE(is_on());
    EXPECT_EQ(left(), "10");
    after(4s);
    EXPECT_EQ(left(), "6");
    after(6s);
    EXPECT_FALSE(is_on());
    EXPECT_EQ(read("/3340/0/5534"), "1");
    EXPECT_EQ(execute("/3340/0/5523"), Code::changed);
    EXPECT_EQ(read("/3340/0/5534"), "2");
    EXPECT_EQ(write("/3340/0/5534", "0"), Code::changed);
    EXPECT_EQ(read("/3340/0/5534"), "0");
}

TEST_F(ObjectTimer, IntervalGoesOnAndOff) {
    mode(2);
    input(true);
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(is_on()) << i;
        after(10s);
        EXPECT_FALSE(is_on()) << i;
        after(5s);
    }
    EXPECT_EQ(read("/3340/0/5534"), "4");
    input(false);
    EXPECT_FALSE(is_on());
    EXPECT_EQ(read("/3340/0/5534"), "4");
}

TEST_F(ObjectTimer, PickUpWaitsForItsDelay) {
    mode(3);
    input(true);
    after(9s);
    EXPECT_FALSE(is_on());
    after(1s);
    EXPECT_TRUE(is_on());
    input(false);
    EXPECT_FALSE(is_on());
}

TEST_F(ObjectTimer, DropOutStaysForItsDelay) {
    mode(4);
    input(true);
    EXPECT_TRUE(is_on());
    after(1h);
    EXPECT_TRUE(is_on());
    input(false);
    EXPECT_TRUE(is_on());
    after(10s);
    EXPECT_FALSE(is_on());
}

TEST_F(ObjectTimer, OneThatIsOffDoesNothing) {
    mode(0);
    EXPECT_EQ(execute("/3340/0/5523"), Code::method_not_allowed);
    input(true);
    EXPECT_FALSE(is_on());
}

TEST_F(ObjectTimer, TellsItsOutput) {
    EXPECT_EQ(observe("/3340/0/5543"), "0");
    EXPECT_EQ(execute("/3340/0/5523"), Code::changed);
    after(1ms);
    EXPECT_EQ(notified(), "1");
    after(10s);
    EXPECT_EQ(notified(), "0");
    after(1h);
    server.expect_silence();
}

TEST_F(ObjectTimer, CountsTheTimeOfItsInput) {
    input(true);
    after(25s);
    input(false);
    after(25s);
    EXPECT_EQ(read("/3340/0/5544"), "25");
    EXPECT_EQ(write("/3340/0/5544", "0"), Code::changed);
    EXPECT_EQ(read("/3340/0/5544"), "0");
}

}  // namespace
