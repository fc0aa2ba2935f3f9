// Floor: what the kernel takes for a datagram, whatever program sends it: prebuilt bytes, own source address each,
// nothing else.
#pragma once

#include <cstdint>

#include "tests/bench/mirror.h"

namespace bench {

struct FloorCost {
    double send_us = 0;      // CPU a datagram sent, no answer
    double exchange_us = 0;  // CPU a confirmable request of `request_size` bytes and its answer
};

// CPU time of this thread for `count` datagrams of `send_size` bytes, and for `count` exchanges with the mirror.
FloorCost measure_floor(Peer& mirror, std::uint32_t count, std::size_t send_size, std::size_t request_size);

double thread_cpu_us();

}  // namespace bench
