// FleetNat: the NAT before the devices of a shard, where their profiles or the plan have one.
#pragma once

#include <memory>

#include "simulator/engine/fleet_model.h"
#include "simulator/net/nat.h"

namespace engine {

// Null where no device ever gets a new address. `move` gives a device another one at `inner`; model and `inner` must
// outlive the NAT.
std::unique_ptr<net::Nat> fleet_nat(const FleetModel& model, const fleet::Membership& members,
                                    std::function<void(std::uint32_t device)> move, net::Transport& inner);

}  // namespace engine
