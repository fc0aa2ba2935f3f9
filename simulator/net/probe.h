// Probe: is anybody there? Asked before a run, so that a wrong port is known at once.
#pragma once

#include <optional>
#include <string>

#include "simulator/net/address.h"

namespace net {

// Sends an empty CON (RFC 7252 4.3) and waits for 300 ms at most. The reason when the network refuses, by ICMP or for
// want of a route; nothing when something answers, and on silence, which may have other reasons.
std::optional<std::string> probe(const Address& target);

}  // namespace net
