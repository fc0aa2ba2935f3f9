// Bodies: what is written to many devices alike, such as a firmware image: kept once, sent from where it lies.
#pragma once

#include <memory>
#include <vector>

#include "simulator/base/bytes.h"
#include "simulator/base/slab.h"
#include "simulator/lwm2m/content_format.h"

namespace server {

class Bodies {
public:
    using Memory = std::shared_ptr<const std::vector<std::uint8_t>>;
    struct Body {
        Memory memory;
        base::Bytes bytes;  // within `memory`
        lwm2m::ContentFormat format = lwm2m::ContentFormat::opaque;
        std::uint8_t szx = 6;  // of its blocks
    };

    std::uint32_t keep(Body body) {
        for (std::uint32_t i = 0; i < bodies_.size(); ++i) {
            if (bodies_[i].memory != nullptr) continue;
            bodies_[i] = std::move(body);
            return i;
        }
        bodies_.push_back(std::move(body));
        return static_cast<std::uint32_t>(bodies_.size() - 1);
    }
    // Nothing that is under way may use it.
    void drop(std::uint32_t index) { bodies_[index] = {}; }
    const Body& operator[](std::uint32_t index) const { return bodies_[index]; }

private:
    std::vector<Body> bodies_;  // without memory: free
};

}  // namespace server
