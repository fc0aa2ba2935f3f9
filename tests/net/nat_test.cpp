// A NAT between devices and a server, over a memory network.
#include "simulator/net/nat.h"

#include <gtest/gtest.h>

#include "simulator/net/memory_transport.h"

namespace net {
namespace {

using namespace std::chrono_literals;

struct Home {
    explicit Home(base::Duration timeout) : nat(config(timeout), below) {
        server.attach(0, server_address);
        for (std::uint32_t device = 0; device < 2; ++device) below.attach(device, address_of(device));
    }
    Nat::Config config(base::Duration timeout) {
        return {.devices = 2,
                .timeout_of = [timeout](std::uint32_t device) { return device == 0 ? timeout : 0s; },
                .move =
                    [this](std::uint32_t device) {
                        auto address = address_of(device);
                        address.port = static_cast<std::uint16_t>(address.port + ++moves);
                        below.move(device, address);
                    }};
    }
    static Address address_of(std::uint32_t device) { return Address::from_v4(0x7f020000 + device, 40000); }
    // Where the server sees the device's datagram come from.
    Address say(std::uint32_t device) {
        const Packet packet{base::as_bytes("hello"), device, server_address};
        nat.send(now, std::span(&packet, 1));
        return server.receive(now)[0].remote;
    }
    // Does what the server sends to that address reach the device?
    bool reaches(const Address& address) {
        const Packet packet{base::as_bytes("hello"), 0, address};
        server.send(now, std::span(&packet, 1));
        return !nat.receive(now).empty();
    }

    const Address server_address = Address::from_v4(0x7f000001, 5683);
    MemoryNetwork network;
    MemoryTransport below{network};
    MemoryTransport server{network};
    Nat nat;
    std::uint32_t moves = 0;
    base::Time now{1s};
};

TEST(Nat, GivesADeviceThatWasSilentAnotherAddress) {
    Home home(300s);
    EXPECT_EQ(home.say(0), Home::address_of(0));
    home.now += 301s;
    EXPECT_NE(home.say(0), Home::address_of(0));
    EXPECT_EQ(home.nat.nat_counts().rebinds, 1u);
}

TEST(Nat, RemembersADeviceThatSpeaksOrIsSpokenTo) {
    Home home(300s);
    for (int i = 0; i < 5; ++i, home.now += 200s) EXPECT_EQ(home.say(0), Home::address_of(0));
    for (int i = 0; i < 5; ++i, home.now += 200s) EXPECT_TRUE(home.reaches(Home::address_of(0)));
    EXPECT_EQ(home.say(0), Home::address_of(0));
}

TEST(Nat, LosesWhatIsSentToADeviceThatItHasForgotten) {
    Home home(300s);
    (void)home.say(0);
    home.now += 301s;
    EXPECT_FALSE(home.reaches(Home::address_of(0)));
    EXPECT_EQ(home.nat.nat_counts().expired, 1u);
}

TEST(Nat, NeverForgetsADeviceWithoutATimeout) {
    Home home(300s);
    (void)home.say(1);
    home.now += 24h;
    EXPECT_TRUE(home.reaches(Home::address_of(1)));
    EXPECT_EQ(home.say(1), Home::address_of(1));
}

TEST(Nat, RebindsWhenItIsTold) {
    Home home(0s);
    (void)home.say(1);
    home.nat.rebind(1);
    EXPECT_FALSE(home.reaches(Home::address_of(1)));
    EXPECT_NE(home.say(1), Home::address_of(1));
}

}  // namespace
}  // namespace net
