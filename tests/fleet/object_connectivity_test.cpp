// Objects 4 and 7, Connectivity Monitoring and Statistics: Core 1.1.1, E.5 and E.8.
#include "tests/support/object_lockstep.h"

namespace {

using namespace std::chrono_literals;
using coap::Code;

class ObjectConnectivity : public support::ObjectLockstep {
protected:
    ObjectConnectivity()
        : ObjectLockstep(
              "  connectivity_monitoring/0: {link_quality: 3}\n  connectivity_statistics/0:\n"
              "  device/0: {serial_number: \"" +
              std::string(400, 's') + "\"}\n") {}

    int number(std::string_view path) { return std::stoi(read(path)); }
};

TEST_F(ObjectConnectivity, TellsItsRealAddress) {
    EXPECT_EQ(read("/4/0/4/0"), "127.0.0.2");
    EXPECT_EQ(read("/4/0/0"), "41");
    EXPECT_EQ(read("/4/0/1/0"), "41");
    EXPECT_EQ(read("/4/0/3"), "3");
}

TEST_F(ObjectConnectivity, CountsNothingUntilItIsStarted) {
    (void)read("/3/0/2");
    for (const auto* const path : {"/7/0/0", "/7/0/1", "/7/0/2", "/7/0/3", "/7/0/4", "/7/0/5", "/7/0/8"}) {
        EXPECT_EQ(read(path), "0") << path;
    }
}

// Answers of 4 + 1 + 1 + 1 + 400 bytes and headers of 28; requests of 4 + 1 + 6 + 1.
TEST_F(ObjectConnectivity, CountsItsRealTraffic) {
    EXPECT_EQ(execute("/7/0/6"), Code::changed);
    for (int i = 0; i < 10; ++i) (void)read("/3/0/2");
    EXPECT_EQ(number("/7/0/2"), (10 * (407 + 28) + 33) / 1024);
    EXPECT_EQ(number("/7/0/3"), 0);
    EXPECT_EQ(number("/7/0/4"), 407);
    EXPECT_NEAR(number("/7/0/5"), 152, 3);
    for (int i = 0; i < 90; ++i) (void)read("/3/0/0");
    EXPECT_EQ(number("/7/0/3"), (104 * (12 + 28)) / 1024);
    EXPECT_EQ(number("/7/0/0"), 0);
}

TEST_F(ObjectConnectivity, StopsWhenItIsTold) {
    EXPECT_EQ(execute("/7/0/6"), Code::changed);
    for (int i = 0; i < 10; ++i) (void)read("/3/0/2");
    EXPECT_EQ(execute("/7/0/7"), Code::changed);
    const int sent = number("/7/0/2");
    EXPECT_EQ(sent, 4);
    for (int i = 0; i < 10; ++i) (void)read("/3/0/2");
    EXPECT_EQ(number("/7/0/2"), sent);
    EXPECT_EQ(execute("/7/0/6"), Code::changed);
    EXPECT_EQ(number("/7/0/2"), 0);
}

TEST_F(ObjectConnectivity, StopsAfterItsPeriod) {
    EXPECT_EQ(write("/7/0/8", "-1"), Code::bad_request);
    EXPECT_EQ(write("/7/0/8", "60"), Code::changed);
    EXPECT_EQ(execute("/7/0/6"), Code::changed);
    for (int i = 0; i < 10; ++i) (void)read("/3/0/2");
    after(61s);
    for (int i = 0; i < 10; ++i) (void)read("/3/0/2");
    EXPECT_EQ(number("/7/0/2"), 4);
}

// It would never end: each notification counts.
TEST_F(ObjectConnectivity, ItsCountersAreNoNews) {
    EXPECT_EQ(execute("/7/0/6"), Code::changed);
    EXPECT_EQ(observe("/7/0/4"), "13");  // the Observe itself
    after(1h);
    server.expect_silence();
}

// Other devices of the shard pay nothing.
TEST(ObjectConnectivityStatistics, OnlyDevicesThatHaveItAreCounted) {
    const fleet::ProfileState with(
        support::profile_of("profile: a\ndescription: d\nendpoint: a\nobjects: {connectivity_statistics/0: }\n"));
    const fleet::ProfileState without(support::profile_of("profile: a\ndescription: d\nendpoint: a\n"));
    EXPECT_TRUE(with.counts_traffic);
    EXPECT_FALSE(without.counts_traffic);
}

}  // namespace
