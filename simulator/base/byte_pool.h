// BytePool: keeps short byte strings (messages to repeat, replies, written values) in slabs of a few sizes. Nothing
// moves, nothing is allocated
// after construction, and a full pool refuses and counts.
#pragma once

#include <array>
#include <cstring>

#include "simulator/base/bytes.h"
#include "simulator/base/slab.h"

namespace base {

class BytePool {
public:
    // What a kept string is known by. Default: nothing is kept.
    struct Handle {
        std::uint32_t index = no_index;
        std::uint16_t size = 0;
        explicit operator bool() const { return index != no_index; }
    };

    static constexpr std::size_t max_size = 2048;

    // `capacity`: how many strings of each size class (up to 32, 64, 128, 256, 512 and 2048 bytes) fit.
    explicit BytePool(std::uint32_t capacity)
        : slabs32_(capacity),
          slabs64_(capacity),
          slabs128_(capacity),
          slabs256_(capacity),
          slabs512_(capacity),
          slabs2048_(capacity) {}

    // Copies the bytes; an empty handle when they are too long, or the pool is full. No bytes need no room, and give
    // an empty handle too.
    Handle keep(Bytes bytes) {
        if (bytes.empty()) return {};
        return visit(bytes.size(), [&](auto& slab) -> Handle {
            const auto index = slab.take();
            if (index == no_index) return {};
            std::memcpy(slab[index].bytes.data(), bytes.data(), bytes.size());
            return {index, static_cast<std::uint16_t>(bytes.size())};
        });
    }
    // The view lives until `release`.
    Bytes view(Handle handle) {
        if (!handle) return {};
        Bytes found;
        visit(handle.size, [&](auto& slab) -> Handle {
            found = Bytes(slab[handle.index].bytes.data(), handle.size);
            return {};
        });
        return found;
    }
    void release(Handle& handle) {
        if (!handle) return;
        visit(handle.size, [&](auto& slab) -> Handle {
            slab.give_back(handle.index);
            return {};
        });
        handle = {};
    }

    std::uint64_t refused() const {
        return slabs32_.refused() + slabs64_.refused() + slabs128_.refused() + slabs256_.refused() +
               slabs512_.refused() + slabs2048_.refused() + too_long_;
    }
    std::uint64_t in_use() const {
        return std::uint64_t{slabs32_.in_use()} + slabs64_.in_use() + slabs128_.in_use() + slabs256_.in_use() +
               slabs512_.in_use() + slabs2048_.in_use();
    }

private:
    template <std::size_t size>
    struct Block {
        std::array<std::uint8_t, size> bytes;
    };

    template <class F>
    Handle visit(std::size_t size, F&& act) {
        if (size <= 32) return act(slabs32_);
        if (size <= 64) return act(slabs64_);
        if (size <= 128) return act(slabs128_);
        if (size <= 256) return act(slabs256_);
        if (size <= 512) return act(slabs512_);
        if (size <= max_size) return act(slabs2048_);
        ++too_long_;
        return {};
    }

    Slab<Block<32>> slabs32_;
    Slab<Block<64>> slabs64_;
    Slab<Block<128>> slabs128_;
    Slab<Block<256>> slabs256_;
    Slab<Block<512>> slabs512_;
    Slab<Block<2048>> slabs2048_;
    std::uint64_t too_long_ = 0;
};

}  // namespace base
