// ShardLinks: the links of a shard's devices to their servers as DTLS sees them: numbered as fleet::LinkId, each with
// the security that its profile says for that server, and with the generation of the key that it has come to.
#pragma once

#include <vector>

#include "simulator/engine/fleet_model.h"

namespace engine {

class ShardLinks {
public:
    // `model` must outlive this object.
    ShardLinks(const FleetModel& model, fleet::Membership members);

    std::uint32_t devices() const { return members_.devices; }
    std::uint32_t size() const { return members_.devices + static_cast<std::uint32_t>(further_.size()); }
    std::uint32_t device_of(std::uint32_t link) const {
        return link < members_.devices ? link : further_[link - members_.devices].device;
    }
    // Its place in ResolvedProfile::servers.
    std::uint32_t server_of(std::uint32_t link) const {
        return link < members_.devices ? 0 : further_[link - members_.devices].server;
    }
    // Of the device, in the fleet.
    std::uint64_t index_of(std::uint32_t link) const { return members_.index_of(device_of(link)); }
    std::size_t profile_number_of(std::uint32_t link) const { return members_.profile_of(index_of(link)); }
    const profiles::ResolvedProfile& profile_of(std::uint32_t link) const {
        return *model_.profiles[profile_number_of(link)];
    }
    const profiles::SecuritySpec& spec_of(std::uint32_t link) const {
        return profiles::security_of(profile_of(link), server_of(link));
    }

    // The right identity, of its generation; 0 bytes where there is none.
    std::size_t identity(std::uint32_t link, base::MutableBytes out) const;
    unsigned generation_of(std::uint32_t link) const {
        return spec_of(link).generation + (taken_.empty() ? 0u : taken_[link]);
    }
    // REQUIRES: the plan rotates keys.
    void take_next_key(std::uint32_t link) { ++taken_[link]; }

    // What chance says of the link, from base::Stream::security.
    std::uint64_t draw(std::uint32_t link, std::uint64_t counter) const;
    bool is_among(std::uint32_t link, double share, std::uint64_t counter) const {
        return share > 0 && base::to_unit(draw(link, counter)) < share;
    }

private:
    struct Further {
        std::uint32_t device = 0;
        std::uint32_t server = 0;
    };

    const FleetModel& model_;
    fleet::Membership members_;
    std::vector<Further> further_;     // in the order of the DevicePool's
    std::vector<std::uint8_t> taken_;  // new keys so far, by link; empty where the plan rotates none
};

}  // namespace engine
