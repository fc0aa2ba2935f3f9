// Hosts by their names, on an io_context that the test turns. "localhost" is known everywhere; ".invalid" nowhere
// (RFC 6761 6.3, 6.4).
#include "simulator/engine/host_lookups.h"

#include <gtest/gtest.h>

namespace {

using Address = std::optional<net::Address>;

class HostLookups : public testing::Test {
protected:
    void look_up(const char* host, std::uint16_t port) {
        lookups_.look_up(host, port, false, [this](Address address) { found.push_back(address); });
    }
    void settle() {
        io_.restart();
        io_.run();
    }
    std::vector<Address> found;

private:
    asio::io_context io_{1};
    engine::WallClock clock_;
    engine::HostLookups lookups_{io_, clock_};
};

TEST_F(HostLookups, AreAnsweredLaterAndWithThePortThatWasAsked) {
    look_up("localhost", 5683);
    look_up("localhost", 5783);
    EXPECT_TRUE(found.empty());
    settle();
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0], net::Address::from_v4(0x7f000001, 5683));
    EXPECT_EQ(found[1], net::Address::from_v4(0x7f000001, 5783));
}

TEST_F(HostLookups, WhatIsKnownIsAnsweredLaterToo) {
    look_up("localhost", 5683);
    settle();
    look_up("localhost", 5684);
    EXPECT_EQ(found.size(), 1u);
    settle();
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[1], net::Address::from_v4(0x7f000001, 5684));
}

TEST_F(HostLookups, ANameThatNobodyHasHasNoAddress) {
    look_up("no-such-host.invalid", 5683);
    settle();
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0], std::nullopt);
}

}  // namespace
