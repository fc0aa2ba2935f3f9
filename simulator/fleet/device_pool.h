// DevicePool: the devices of one shard, their records and their memory, and what all devices of a profile have in
// common.
#pragma once

#include <functional>
#include <vector>

#include "coap/block_transfers.h"
#include "metrics/counters.h"
#include "metrics/latency.h"
#include "profiles/resolved_profile.h"
#include "simulator/base/byte_pool.h"
#include "simulator/base/region.h"
#include "simulator/base/text_ring.h"
#include "simulator/fleet/device.h"
#include "simulator/fleet/fetcher.h"
#include "simulator/fleet/firmware_records.h"
#include "simulator/fleet/generators.h"
#include "simulator/fleet/security_contexts.h"
#include "simulator/fleet/traffic.h"
#include "simulator/lwm2m/attributes.h"
#include "simulator/lwm2m/dispatcher.h"
#include "simulator/net/address.h"

namespace fleet {

// What a shard knows of a server that the devices of a profile register with.
struct ServerState {
    lwm2m::Path object;    // its Server object instance
    net::Address address;  // of the first server: DevicePool::server holds
};

// What a shard works out once for each profile.
struct ProfileState {
    explicit ProfileState(profiles::ResolvedProfilePtr resolved);

    profiles::ResolvedProfilePtr profile;
    Generators generators;
    lwm2m::Abilities abilities;
    std::vector<ServerState> servers;  // by Link::server
    std::string binding;               // as registered, unless a server has written another
    bool queue_parameter = false;      // 1.1 and later say queue mode beside the binding
    bool counts_traffic = false;       // has the object that tells of it
};

// Which devices of the fleet a shard has, and how they are called. `index` is the device's number in the whole fleet:
// seeds, names, values and plans go by it.
struct Membership {
    std::uint64_t first_index = 0;  // of device 0
    std::uint64_t stride = 1;       // from one device to the next
    std::uint32_t devices = 0;
    std::function<metrics::ProfileIndex(std::uint64_t index)> profile_of;
    // Writes the endpoint name, returns its length (at most the memory's).
    std::function<std::size_t(std::uint64_t index, base::MutableBytes memory)> endpoint_name;
    // The address that a device speaks from; empty where nobody knows.
    std::function<net::Address(DeviceId device)> address_of{};

    std::uint64_t index_of(DeviceId device) const { return first_index + device * stride; }
};

// Where devices register.
struct ServerAddresses {
    net::Address first;  // the first server of every profile
    // By profile: those of its further servers, in their order. A profile without any may be left out.
    std::vector<std::vector<net::Address>> further{};
};

// How many links the devices have beyond their first ones.
std::uint32_t count_further_links(const Membership& membership,
                                  const std::vector<profiles::ResolvedProfilePtr>& profiles);

struct PoolCapacity {
    std::uint32_t observations_per_device = 4;  // on average over the shard; one device has 64 at most
    std::uint32_t changes_per_device = 16;      // on average
};

inline constexpr std::uint32_t max_observations_per_device = 64;

class DevicePool {
public:
    DevicePool(std::uint64_t seed, Membership membership, std::vector<profiles::ResolvedProfilePtr> profiles,
               const ServerAddresses& servers, const PoolCapacity& capacity = {});

    std::uint32_t size() const { return membership.devices; }
    Device& operator[](DeviceId device) { return devices_[device]; }
    // Brings the record near before it is needed: of a million, most are in no cache. Does nothing for an unknown one.
    void prefetch(DeviceId device) const {
        if (device >= membership.devices) return;
        const auto* record = reinterpret_cast<const std::byte*>(&devices_[device]);
        for (std::size_t at = 0; at < sizeof(Device); at += 64) __builtin_prefetch(record + at);
    }
    ProfileState& profile_of(const Link& link) { return profiles[link.profile]; }
    const profiles::ResolvedProfile& profile(const Link& link) const { return *profiles[link.profile].profile; }
    ServerState& server_of(const Link& link) { return profiles[link.profile].servers[link.server]; }

    Link& link(LinkId id) {
        if (id < membership.devices) return devices_[id];
        return further[id - membership.devices];
    }
    DeviceId device_of(LinkId id) const {
        return id < membership.devices ? id : further[id - membership.devices].device;
    }
    const net::Address& address_of(LinkId id) {
        return id < membership.devices ? server : server_of(further[id - membership.devices]).address;
    }
    // Numbers of links are below this one.
    std::uint32_t link_bound() const { return membership.devices + further.capacity(); }
    // The device's link to the server at that address; no_index where it has none.
    LinkId find_link(DeviceId device, const net::Address& remote) {
        if (remote == server) return device;
        for (LinkId at = next_link(device); at != base::no_index; at = next_link(at)) {
            if (remote == address_of(at)) return at;
        }
        return base::no_index;
    }
    // The links of a device, from the first (its DeviceId) on.
    LinkId next_link(LinkId id) const {
        const auto next = id < membership.devices ? devices_[id].further : further[id - membership.devices].next;
        return next == base::no_index ? next : next + membership.devices;
    }
    // In which state a device is counted: the one of its link, or of several the one that is furthest from registered;
    // a link that has not begun does not count beside one that has.
    metrics::DeviceState state_of(DeviceId device) const;

    // REQUIRES: the device's profile has Connectivity Statistics.
    Traffic& traffic(DeviceId device) { return traffic_[device]; }
    void count_sent(base::Time now, DeviceId device, std::size_t size) {
        if (Traffic* const traffic = counted(device)) traffic->count(now, size, traffic->sent, headers());
    }
    void count_received(base::Time now, DeviceId device, std::size_t size) {
        if (Traffic* const traffic = counted(device)) traffic->count(now, size, traffic->received, headers());
    }

    std::uint64_t seed;
    Membership membership;
    std::vector<ProfileState> profiles;
    net::Address server;  // where the first links of all devices lead
    base::Slab<FurtherLink> further;
    base::Region<Sleep> sleepers;  // by DeviceId; of those that sleep
    base::Slab<Observation> observations;
    base::Slab<Compound> compounds;
    base::Slab<PastNotification> history;
    base::Slab<Change> changes;
    base::Slab<lwm2m::Attributes> attributes;
    base::Slab<Tally> tallies;
    base::Slab<Firmware> firmware;          // of devices whose firmware a server has touched
    base::Slab<PackageTransfer> transfers;  // downloads under way
    Fetcher* fetcher = nullptr;             // may be null; else it must outlive the pool
    std::uint32_t fetches = 0;              // that were begun
    base::BytePool bytes;                   // of the changes, compounds and history
    coap::BlockTransfers blocks;            // requests whose body comes in blocks; the peer is the LinkId
    SecurityContexts security;              // of the links with OSCORE
    lwm2m::Workspace workspace;
    lwm2m::Entries past_entries;              // of one past notification, while it is read
    base::TextRing texts;                     // of values that are computed, as long as a request
    std::int64_t unix_start = 1'767'225'600;  // Unix time at base::Time{}; in virtual time 2026 begins

private:
    void add_further_links(DeviceId id);
    Traffic* counted(DeviceId device) {
        if (traffic_.capacity() == 0 || !profiles[devices_[device].profile].counts_traffic) return nullptr;
        return &traffic_[device];
    }
    std::size_t headers() const { return server.v6 ? 48 : 28; }  // of IP and UDP

    base::Region<Device> devices_;
    base::Region<Traffic> traffic_;  // only where a profile counts it
};

}  // namespace fleet
