// FleetBench: drives a shipped Shard, over real sockets against the mirror, at a pace that its window of unanswered
// datagrams sets. The moment that the shard is told
// runs ahead as fast as the window allows, so that a minute of notifications takes as long as their work.
#pragma once

#include <memory>

#include <asio/io_context.hpp>

#include "simulator/engine/fleet_model.h"
#include "simulator/engine/shard.h"
#include "simulator/net/udp_transport.h"
#include "tests/bench/mirror.h"

namespace bench {

struct FleetCost {
    double construct_s = 0;
    double register_us = 0;
    double notify_us = 0;
    double bytes_per_device = 0;
    std::uint64_t registered = 0;
    std::uint64_t notified = 0;
};

enum class Notifications : std::uint8_t { non_confirmable, confirmable };
enum class Security : std::uint8_t { none, psk };

// A fleet of the catalog's temperature sensors that registers within a minute.
std::unique_ptr<engine::FleetModel> make_model(std::uint32_t devices, Notifications notifications,
                                               Security security = Security::none);
// How many operations of that kind the shard has ended.
std::int64_t count(const engine::Shard& shard, metrics::Operation operation);

// Registers `devices` of the catalog profile, has each observed, and has each notify `rounds` times.
FleetCost measure_fleet(std::uint32_t devices, Notifications notifications, int rounds);
// The same behind DTLS with PSK: a registration has its handshake in it.
FleetCost measure_secured_fleet(std::uint32_t devices, Notifications notifications, int rounds);

}  // namespace bench
