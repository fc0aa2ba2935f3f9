#include "simulator/engine/fleet_nat.h"

namespace engine {

std::unique_ptr<net::Nat> fleet_nat(const FleetModel& model, const fleet::Membership& members,
                                    std::function<void(std::uint32_t device)> move, net::Transport& inner) {
    if (!model.rebinds) return nullptr;
    net::Nat::Config config;
    config.devices = members.devices;
    config.timeout_of = [&model, members](std::uint32_t device) {
        return model.profiles[members.profile_of(members.index_of(device))]->network.nat_timeout;
    };
    config.move = std::move(move);
    return std::make_unique<net::Nat>(std::move(config), inner);
}

}  // namespace engine
