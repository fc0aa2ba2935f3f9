// SecurityContexts: the OSCORE contexts of the devices of one shard. Only devices whose profile has OSCORE have one.
#pragma once

#include "coap/oscore.h"
#include "simulator/base/region.h"
#include "simulator/base/slab.h"

namespace fleet {

struct SecurityContexts {
    SecurityContexts(std::uint32_t devices, std::uint32_t observations)
        : contexts(devices), of_device(devices), observed(observations) {}
    SecurityContexts(const SecurityContexts&) = delete;
    SecurityContexts& operator=(const SecurityContexts&) = delete;
    ~SecurityContexts() {
        for (std::uint32_t index = 0; index < contexts.touched(); ++index) contexts[index].wipe();
    }

    base::Slab<coap::OscoreContext> contexts;
    base::Region<std::uint32_t> of_device;  // by device: one above the index of its context; 0: it has none yet
    base::Region<std::uint64_t> observed;   // by observation: the Partial IV of its request
    coap::OscoreWorkspace workspace;
    std::uint64_t entropy = 0;  // sets the nonces of one run apart from those of another; 0: runs repeat themselves
};

}  // namespace fleet
