#include "simulator/fleet/device_pool.h"

#include <new>

#include "simulator/base/random.h"

namespace fleet {
namespace {

constexpr std::size_t largest_answer = 256 * 1024;  // bytes; a body beyond it is answered with 5.00

constexpr std::uint32_t most_transfers = 1u << 17;  // memory is taken for those under way only

// A whole number that the profile gives for a resource of its first Server object instance.
std::uint32_t server_setting(const profiles::ResolvedProfile& profile, std::uint16_t resource,
                             std::uint32_t otherwise) {
    for (const auto& candidate : profile.resources) {
        if (candidate.path.object() != 1 || candidate.path.resource() != resource) continue;
        const double number = lwm2m::to_number(candidate.value.view());
        if (number >= 0 && number <= 4294967295.0) return static_cast<std::uint32_t>(number);
    }
    return otherwise;
}

std::uint32_t share_of(std::uint64_t devices, std::uint32_t each) {
    const std::uint64_t wanted = devices * each + max_observations_per_device;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, (1u << 28) - 1));
}

}  // namespace

ProfileState::ProfileState(profiles::ResolvedProfilePtr resolved)
    : profile(std::move(resolved)),
      generators(profile->generators),
      retry_count(server_setting(*profile, 17, 5)),
      retry_timer(std::chrono::seconds(server_setting(*profile, 18, 60))),
      sequence_delay(std::chrono::seconds(server_setting(*profile, 19, 86400))),
      sequence_count(server_setting(*profile, 20, 1)) {
    for (const auto& instance : profile->instances) {
        if (instance.path.object() == 1 && server.depth == 0) server = instance.path;
    }
    abilities.formats = profile->formats;
    abilities.default_format = profile->default_format;
    abilities.composite = profile->version != profiles::Lwm2mVersion::v1_0;
    abilities.version = {1, static_cast<std::uint16_t>(profile->version)};
}

DevicePool::DevicePool(std::uint64_t run_seed, Membership members, std::vector<profiles::ResolvedProfilePtr> resolved,
                       net::Address target, const PoolCapacity& capacity)
    : seed(run_seed),
      membership(std::move(members)),
      server(target),
      observations(share_of(membership.devices, capacity.observations_per_device)),
      compounds(share_of(membership.devices, 1)),
      history(share_of(membership.devices, 4)),
      changes(share_of(membership.devices, capacity.changes_per_device)),
      attributes(share_of(membership.devices, 2)),
      bytes(share_of(membership.devices, capacity.changes_per_device)),
      blocks({.transfers = std::min(membership.devices + 64, most_transfers)}),
      devices_(membership.devices) {
    profiles.reserve(resolved.size());
    for (auto& profile : resolved) profiles.emplace_back(std::move(profile));
    workspace.payload.resize(largest_answer);
    for (DeviceId id = 0; id < membership.devices; ++id) {
        Device& device = *new (&devices_[id]) Device;
        const auto index = membership.index_of(id);
        device.profile = membership.profile_of(index);
        device.peer.next_message_id = static_cast<std::uint16_t>(base::draw(seed, index, base::Stream::message_id, 0));
    }
}

}  // namespace fleet
