// TurnBench: a shipped Shard without a network: what a datagram and its turn cost in our own code.
#pragma once

#include <cstdint>

#include "tests/bench/fleet_bench.h"

namespace bench {

struct TurnCost {
    double register_ns = 0;  // of one Register: its timer, the request, the response
    double notify_ns = 0;    // of one notification, and of its ACK if it is confirmable
};

// Registers `devices` of the catalog profile, has each observed, and has each notify `rounds` times.
TurnCost measure_turn(std::uint32_t devices, Notifications notifications, int rounds);

}  // namespace bench
