// Target: where the server under test is, and from which addresses devices can talk to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "scenarios/scenario.h"
#include "simulator/base/error.h"
#include "simulator/net/address_plan.h"

namespace cli {

// Looks the host up; where it has several addresses, IPv4 goes first. The error is a sentence for the user.
base::Result<net::Address, std::string> resolve(const scenarios::Target& target);

// More devices than this need --i-own-the-target when the target may be a stranger's.
inline constexpr std::uint64_t stranger_devices = 10;

// Why so many devices must not talk to that address; empty: they may.
std::string refuse_stranger(const net::Address& target, std::uint64_t devices);

// The address of this host that packets to `target` leave from.
std::optional<net::Address> source_address(const net::Address& target);

// What the user said about source addresses, or what suits the target: a pool on loopback or of a given prefix; else a
// socket a device, from this host's own address.
struct SourcePlan {
    net::AddressPlan::Kind kind = net::AddressPlan::Kind::pool;
    net::Prefix pool;                    // of kind pool
    std::optional<net::Address> single;  // of kind ports
};
base::Result<SourcePlan, std::string> plan_sources(const net::Address& target,
                                                   std::optional<net::AddressPlan::Kind> kind,
                                                   const std::optional<net::Prefix>& pool);

}  // namespace cli
