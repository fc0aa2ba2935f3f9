#include "simulator/cli/target.h"

#include <gtest/gtest.h>

#include "simulator/cli/host_check.h"

namespace cli {
namespace {

using Kind = net::AddressPlan::Kind;

net::Address at(std::string_view ip, std::uint16_t port = 5683) { return *net::parse_ip(ip, port); }

TEST(Target, NamesAndAddressesAreLookedUp) {
    EXPECT_EQ(resolve({"127.0.0.1", 5690}), at("127.0.0.1", 5690));
    EXPECT_EQ(resolve({"::1", 5690}), at("::1", 5690));
    const auto local = resolve({"localhost", 5683});
    ASSERT_TRUE(local);
    EXPECT_TRUE(local->loopback());
    EXPECT_EQ(local->port, 5683);
}

TEST(Target, AHostThatIsNotThereIsNamed) {
    const auto address = resolve({"no-such-host.invalid", 5683});
    ASSERT_FALSE(address);
    EXPECT_NE(address.error().find("no-such-host.invalid"), std::string::npos) << address.error();
}

// Reliability goal S7: a stranger's server is not loaded by accident.
TEST(Target, AStrangersServerIsNotLoaded) {
    EXPECT_EQ(refuse_stranger(at("192.0.2.7"), 10), "");
    EXPECT_NE(refuse_stranger(at("192.0.2.7"), 11).find("--i-own-the-target"), std::string::npos);
    EXPECT_NE(refuse_stranger(at("2001:db8::1"), 11), "");
    for (const char* own : {"127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "::1", "fd00::1"}) {
        EXPECT_EQ(refuse_stranger(at(own), 1'000'000), "") << own;
    }
}

TEST(Target, OnLoopbackDevicesComeFromAPool) {
    const auto plan = plan_sources(at("127.0.0.1"), std::nullopt, std::nullopt);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->kind, Kind::pool);
    EXPECT_GT(plan->pool.size, 1'000'000u);
}

TEST(Target, PortsComeFromTheAddressThatRoutesToTheTarget) {
    const auto plan = plan_sources(at("127.0.0.1"), Kind::ports, std::nullopt);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->kind, Kind::ports);
    ASSERT_TRUE(plan->single);
    EXPECT_TRUE(plan->single->loopback());
}

TEST(Target, APoolOffLoopbackNeedsItsPrefix) {
    const net::Prefix pool = *net::parse_prefix("10.64.0.0/14");
    EXPECT_FALSE(plan_sources(at("10.0.0.1"), Kind::pool, std::nullopt));
    const auto plan = plan_sources(at("10.0.0.1"), std::nullopt, pool);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->kind, Kind::pool);
    EXPECT_FALSE(plan_sources(at("::1"), std::nullopt, pool)) << "two families";
    EXPECT_FALSE(plan_sources(at("127.0.0.1"), Kind::ports, pool));
}

TEST(HostCheck, AFleetThatDoesNotFitIsRefusedWithTheNumberThatWould) {
    const auto mib = std::uint64_t{1} << 20;
    EXPECT_EQ(refuse_for_memory(1000, WithServer::yes, 1024 * mib), "");
    const auto refusal = refuse_for_memory(100'000'000, WithServer::yes, 1024 * mib);
    EXPECT_NE(refusal.find("100M devices need"), std::string::npos) << refusal;
    EXPECT_NE(refusal.find("would fit"), std::string::npos) << refusal;
    EXPECT_LT(needed_memory(1000, WithServer::no), needed_memory(1000, WithServer::yes));
}

TEST(HostCheck, WhatIsNotKnownRefusesNothing) { EXPECT_EQ(refuse_for_memory(100'000'000, WithServer::no, 0), ""); }

TEST(HostCheck, ThisHostHasMemory) { EXPECT_GT(available_memory(), std::uint64_t{1} << 20); }

}  // namespace
}  // namespace cli
