#include "simulator/fleet/device_pool.h"

#include <algorithm>
#include <new>

#include "simulator/base/check.h"
#include "simulator/base/random.h"

namespace fleet {
namespace {

constexpr std::size_t largest_answer = 256 * 1024;  // bytes; a body beyond it is answered with 5.00

constexpr std::uint16_t statistics_object = 7;

constexpr std::uint32_t most_transfers = 1u << 17;  // memory is taken for those under way only

// How far from registered.
int rank(metrics::DeviceState state) {
    using metrics::DeviceState;
    switch (state) {
        case DeviceState::idle: return 0;
        case DeviceState::registered: return 1;
        case DeviceState::asleep: return 2;
        case DeviceState::registering: return 3;
        case DeviceState::handshaking: return 4;
        case DeviceState::bootstrapping: return 5;
        case DeviceState::backoff: return 6;
        case DeviceState::stopped: return 7;
    }
    return 0;
}

bool has_oscore(const std::vector<profiles::ResolvedProfilePtr>& profiles) {
    return std::any_of(profiles.begin(), profiles.end(),
                       [](const auto& profile) { return profiles::has_oscore(*profile); });
}

std::uint32_t share_of(std::uint64_t devices, std::uint32_t each) {
    const std::uint64_t wanted = devices * each + max_observations_per_device;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, (1u << 28) - 1));
}

}  // namespace

ProfileState::ProfileState(profiles::ResolvedProfilePtr resolved)
    : profile(std::move(resolved)), generators(profile->generators) {
    for (const auto& server : profile->servers) servers.push_back({.object = server.object, .address = {}});
    const bool first_version = profile->version == profiles::Lwm2mVersion::v1_0;
    binding = profile->binding + (first_version && profile->queue_mode ? "Q" : "");
    queue_parameter = !first_version && profile->queue_mode;
    abilities.root_path = profile->root_path;
    counts_traffic = std::ranges::any_of(
        profile->instances, [](const auto& instance) { return instance.path.object() == statistics_object; });
    abilities.formats = profile->formats;
    abilities.default_format = profile->default_format;
    abilities.composite = !first_version;
    abilities.version = {1, static_cast<std::uint16_t>(profile->version)};
}

std::uint32_t count_further_links(const Membership& membership,
                                  const std::vector<profiles::ResolvedProfilePtr>& profiles) {
    const bool several = std::ranges::any_of(profiles, [](const auto& profile) { return profile->servers.size() > 1; });
    std::uint32_t count = 0;
    for (DeviceId id = 0; several && id < membership.devices; ++id) {
        const auto& profile = *profiles[membership.profile_of(membership.index_of(id))];
        count += static_cast<std::uint32_t>(profile.servers.size() - 1);
    }
    return count;
}

DevicePool::DevicePool(std::uint64_t run_seed, Membership members, std::vector<profiles::ResolvedProfilePtr> resolved,
                       const ServerAddresses& servers, const PoolCapacity& capacity)
    : seed(run_seed),
      membership(std::move(members)),
      server(servers.first),
      further(count_further_links(membership, resolved)),
      sleepers(membership.devices),
      observations(share_of(membership.devices + further.capacity(), capacity.observations_per_device)),
      compounds(share_of(membership.devices, 1)),
      history(share_of(membership.devices, 4)),
      changes(share_of(membership.devices, capacity.changes_per_device)),
      attributes(share_of(membership.devices, 2)),
      tallies(share_of(membership.devices, 2)),
      firmware(membership.devices),
      transfers(membership.devices),
      bytes(share_of(membership.devices, capacity.changes_per_device)),
      blocks({.transfers = std::min(membership.devices + 64, most_transfers)}),
      security(has_oscore(resolved) ? link_bound() : 0, has_oscore(resolved) ? observations.capacity() : 0),
      devices_(membership.devices) {
    profiles.reserve(resolved.size());
    for (auto& profile : resolved) profiles.emplace_back(std::move(profile));
    for (std::size_t i = 0; i < servers.further.size(); ++i) {
        CHECK(servers.further[i].size() + 1 == profiles[i].servers.size());
        for (std::size_t j = 0; j < servers.further[i].size(); ++j) {
            profiles[i].servers[j + 1].address = servers.further[i][j];
        }
    }
    const bool counts = std::ranges::any_of(profiles, [](const auto& profile) { return profile.counts_traffic; });
    if (counts) traffic_ = base::Region<Traffic>(membership.devices);
    workspace.payload.resize(largest_answer);
    for (DeviceId id = 0; id < membership.devices; ++id) {
        Device& device = *new (&devices_[id]) Device;
        const auto index = membership.index_of(id);
        device.profile = membership.profile_of(index);
        device.peer.next_message_id = static_cast<std::uint16_t>(base::draw(seed, index, base::Stream::message_id, 0));
        device.sleeps = profiles[device.profile].profile->behaviour.sleep.sleeps();
        if (device.sleeps) new (&sleepers[id]) Sleep;
        add_further_links(id);
    }
}

void DevicePool::add_further_links(DeviceId id) {
    std::uint32_t* end = &devices_[id].further;
    const auto count = profiles[devices_[id].profile].servers.size();
    for (std::size_t server_index = 1; server_index < count; ++server_index) {
        *end = further.take();
        FurtherLink& link = further[*end];
        link.device = id;
        link.profile = devices_[id].profile;
        link.server = static_cast<std::uint8_t>(server_index);
        const auto bits = base::draw(seed, membership.index_of(id), base::Stream::message_id, server_index);
        link.peer.next_message_id = static_cast<std::uint16_t>(bits);
        end = &link.next;
    }
}

metrics::DeviceState DevicePool::state_of(DeviceId device) const {
    auto worst = devices_[device].state;
    for (auto at = devices_[device].further; at != base::no_index; at = further[at].next) {
        if (rank(further[at].state) > rank(worst)) worst = further[at].state;
    }
    return worst == metrics::DeviceState::registered && devices_[device].asleep ? metrics::DeviceState::asleep : worst;
}

}  // namespace fleet
