// Steps: the three entrances to a device: a datagram, a timer, a command. Each returns with its effects in the Turn:
// nothing calls back.
#pragma once

#include "simulator/fleet/turn.h"
#include "simulator/net/packet.h"

namespace fleet {

// What the engine asks of a device.
struct Command {
    enum class Kind : std::uint8_t {
        start,        // Register at `at`
        deregister,   // as planned for `at`, now
        stop,         // without a word
        power_cycle,  // the same, and Register at `at`
        rotate_keys,  // as planned for `at`, now
    };
    Kind kind = Kind::start;
    base::Time at{};
};

void on_packet(Turn& turn, const net::Packet& packet);
void on_timer(Turn& turn, base::TimerEvent event);
// On all links of the device.
void on_command(Turn& turn, DeviceId device, const Command& command);

}  // namespace fleet
