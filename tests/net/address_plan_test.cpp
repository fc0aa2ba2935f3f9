#include "simulator/net/address_plan.h"

#include <gtest/gtest.h>

namespace {

using net::Address;
using net::AddressPlan;

AddressPlan pool(std::uint32_t devices, std::uint32_t sockets) {
    AddressPlan plan;
    plan.first = Address::from_v4(0x7f010000, 0);
    plan.prefix_size = 1u << 20;
    plan.devices = devices;
    plan.sockets = sockets;
    return plan;
}

TEST(AddressPlan, EveryDeviceIsFoundAgainByItsSocketAndAddress) {
    const auto plan = pool(1001, 8);
    for (std::uint32_t device = 0; device < plan.devices; ++device) {
        for (const std::uint32_t bank : {0u, 1u, plan.banks() - 1}) {
            EXPECT_EQ(plan.place_at(plan.socket_of(device), plan.address_of(device, bank)),
                      (AddressPlan::Place{device, bank}));
        }
    }
}

TEST(AddressPlan, ASmallPoolHasNoSecondAddressForADevice) {
    auto plan = pool(1000, 8);
    plan.prefix_size = 249;
    EXPECT_EQ(plan.banks(), 1u);
    plan.prefix_size = 250;
    EXPECT_EQ(plan.banks(), 2u);
    plan.kind = AddressPlan::Kind::ports;
    EXPECT_EQ(plan.banks(), 1u);
}

TEST(AddressPlan, AnAddressOfNobodyIsNoDevice) {
    const auto plan = pool(1001, 8);
    EXPECT_FALSE(plan.place_at(0, Address::from_v4(0x7f000001, 0)));
    EXPECT_FALSE(plan.place_at(0, Address::from_v4(0x7f010000 + plan.addresses() * plan.banks(), 0)));
    EXPECT_FALSE(plan.place_at(7, plan.address_of(plan.addresses() - 1)));
}

TEST(AddressPlan, APrefixLeavesOutItsEndsAndTheServersOfLoopback) {
    const auto loopback = net::parse_prefix("127.0.0.0/8");
    ASSERT_TRUE(loopback);
    EXPECT_EQ(net::to_string(loopback->first), "127.1.0.0:0");
    const auto small = net::parse_prefix("10.64.0.0/24");
    ASSERT_TRUE(small);
    EXPECT_EQ(net::to_string(small->first), "10.64.0.1:0");
    EXPECT_EQ(small->size, 254u);
}

TEST(AddressPlan, BadPrefixesAreRefused) {
    for (const auto* text :
         {"", "127.0.0.1", "127.0.0.0/33", "127.0.0.0/x", "127.0.0.0/", "nonsense/8", "10.0.0.0/31"}) {
        EXPECT_FALSE(net::parse_prefix(text)) << text;
    }
}

}  // namespace
