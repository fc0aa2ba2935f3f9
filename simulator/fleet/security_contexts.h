// SecurityContexts: the OSCORE contexts of the devices of one shard, one for each link whose server has OSCORE.
#pragma once

#include <functional>

#include "coap/block.h"
#include "coap/oscore.h"
#include "simulator/base/region.h"
#include "simulator/base/slab.h"
#include "simulator/base/time.h"

namespace fleet {

struct SecurityContexts {
    SecurityContexts(std::uint32_t links, std::uint32_t observations)
        : contexts(links), of_link(links), observed(observations) {}
    SecurityContexts(const SecurityContexts&) = delete;
    SecurityContexts& operator=(const SecurityContexts&) = delete;
    ~SecurityContexts() {
        for (std::uint32_t index = 0; index < contexts.touched(); ++index) contexts[index].wipe();
    }

    base::Slab<coap::OscoreContext> contexts;
    base::Region<std::uint32_t> of_link;   // by LinkId: its context, where Link::has_context
    base::Region<std::uint64_t> observed;  // by observation: the Partial IV of its request
    coap::OscoreWorkspace workspace;
    std::optional<coap::Block> outer_block;  // of the request that was unprotected last, until it is answered
    // Shows each message as it is inside, where one device is watched; empty else.
    std::function<void(base::Time now, bool sent, base::Bytes message)> see;
    std::uint64_t entropy = 0;  // sets the nonces of one run apart from those of another; 0: runs repeat themselves
};

}  // namespace fleet
