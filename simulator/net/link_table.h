// LinkTable: which link of a shard lies between which device and which server. A device's first link has its own
// number, further ones lie behind all devices (secure_link.h).
#pragma once

#include <vector>

#include "simulator/base/region.h"
#include "simulator/base/slab.h"
#include "simulator/net/address.h"

namespace net {

// A link beyond a device's first one.
struct FurtherLink {
    std::uint32_t device = 0;
    Address server;
};

class LinkTable {
public:
    // `server`: of the first links. Those of `further` that are of one device are neighbours.
    LinkTable(const Address& server, std::uint32_t devices, std::vector<FurtherLink> further)
        : server_(server),
          devices_(devices),
          further_(std::move(further)),
          first_further_(further_.empty() ? 0 : devices) {
        for (std::uint32_t link = size(); link-- > devices_;) first_further_[device_of(link)] = link + 1;
    }

    std::uint32_t devices() const { return devices_; }
    std::uint32_t size() const { return devices_ + static_cast<std::uint32_t>(further_.size()); }
    std::uint32_t device_of(std::uint32_t link) const {
        return link < devices_ ? link : further_[link - devices_].device;
    }
    const Address& server_of(std::uint32_t link) const {
        return link < devices_ ? server_ : further_[link - devices_].server;
    }
    // no_index where there is none.
    std::uint32_t between(std::uint32_t device, const Address& remote) const {
        if (device >= devices_) return base::no_index;
        if (remote == server_) return device;
        std::uint32_t found = base::no_index;
        each_further(device, [&](std::uint32_t link) {
            if (server_of(link) == remote) found = link;
        });
        return found;
    }
    // Calls visit(link) for each of the device's beyond its first.
    template <class Visit>
    void each_further(std::uint32_t device, Visit&& visit) const {
        if (first_further_.capacity() == 0 || first_further_[device] == 0) return;
        for (auto link = first_further_[device] - 1; link < size() && device_of(link) == device; ++link) visit(link);
    }

private:
    Address server_;
    std::uint32_t devices_;
    std::vector<FurtherLink> further_;
    base::Region<std::uint32_t> first_further_;  // by device, + 1; only where somebody has more than one server
};

}  // namespace net
