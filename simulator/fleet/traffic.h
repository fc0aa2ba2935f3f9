// Traffic: what a device has sent and received, for the Connectivity Statistics object (Core 1.1.1, E.8). Only devices
// that have the object are counted.
#pragma once

#include <cstdint>

#include "simulator/base/time.h"

namespace fleet {

struct Traffic {
    std::uint64_t sent = 0;      // bytes, with the headers of UDP and IP
    std::uint64_t received = 0;  // the same
    std::uint64_t messages = 0;
    std::uint64_t message_bytes = 0;  // without headers
    std::uint32_t largest = 0;        // message, the same
    base::Time started{};
    base::Time until{};  // counts before that; base::never until it is stopped

    void count(base::Time now, std::size_t message, std::uint64_t& bytes, std::uint64_t headers) {
        if (now >= until) return;
        bytes += message + headers;
        ++messages;
        message_bytes += message;
        if (message > largest) largest = static_cast<std::uint32_t>(message);
    }
};

}  // namespace fleet
