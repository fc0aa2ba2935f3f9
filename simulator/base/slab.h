// Slab: a pool of equal records of stated capacity. A record is named by its index; the last one given back is the
// first one used again, so that
// a busy slab stays in the cache. A full slab refuses and counts.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simulator/base/check.h"
#include "simulator/base/region.h"

namespace base {

inline constexpr std::uint32_t no_index = 0xffffffff;

template <class T>
class Slab {
public:
    explicit Slab(std::uint32_t capacity) : records_(capacity), next_free_(capacity) {}

    // A record reset to T{}, or no_index when all are in use.
    std::uint32_t take() {
        std::uint32_t index = free_;
        if (index != no_index) {
            free_ = next_free_[index];
        } else if (touched_ < records_.capacity()) {
            index = touched_++;
        } else {
            ++refused_;
            return no_index;
        }
        next_free_[index] = in_use_mark;
        records_[index] = T{};
        ++in_use_;
        return index;
    }

    void give_back(std::uint32_t index) {
        CHECK(holds(index));
        next_free_[index] = free_;
        free_ = index;
        --in_use_;
    }

    // Is `index` a record in use?
    bool holds(std::uint32_t index) const { return index < touched_ && next_free_[index] == in_use_mark; }

    T& operator[](std::uint32_t index) { return records_[index]; }
    const T& operator[](std::uint32_t index) const { return records_[index]; }

    // Brings a record near before it is needed.
    void prefetch(std::uint32_t index) const {
        const auto* record = reinterpret_cast<const std::byte*>(&records_[index]);
        for (std::size_t at = 0; at < sizeof(T); at += 64) __builtin_prefetch(record + at);
        __builtin_prefetch(&next_free_[index]);
    }

    std::uint32_t in_use() const { return in_use_; }
    std::uint32_t capacity() const { return static_cast<std::uint32_t>(records_.capacity()); }
    std::uint64_t refused() const { return refused_; }
    // Indices at and above this one were never used: the end of a walk over all records.
    std::uint32_t touched() const { return touched_; }

private:
    static constexpr std::uint32_t in_use_mark = 0xfffffffe;

    Region<T> records_;
    Region<std::uint32_t> next_free_;
    std::uint32_t free_ = no_index;
    std::uint32_t touched_ = 0;
    std::uint32_t in_use_ = 0;
    std::uint64_t refused_ = 0;
};

}  // namespace base
