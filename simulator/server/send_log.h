// SendLog: the last Sends that the server accepted, whoever they came from (Core 1.1.1, 6.4.6).
#pragma once

#include <string_view>
#include <vector>

#include "simulator/base/byte_pool.h"
#include "simulator/base/time.h"
#include "simulator/server/client.h"

namespace server {

class SendLog {
public:
    static constexpr std::uint32_t capacity = 1024;

    struct Kept {
        base::Time at{};
        base::BytePool::Handle endpoint;
        base::BytePool::Handle payload;  // none: it was longer than the pool keeps
        std::uint32_t values = 0;        // how many came
        std::uint16_t format = 0;
    };

    void keep(base::Time at, std::string_view endpoint, std::uint16_t format, std::uint32_t values,
              base::Bytes payload) {
        Kept& kept = ring_[static_cast<std::size_t>(total_++ % capacity)];
        pool_.release(kept.endpoint);
        pool_.release(kept.payload);
        kept = {at, pool_.keep(base::as_bytes(endpoint)), pool_.keep(payload), values, format};
    }

    std::uint64_t total() const { return total_; }
    std::uint32_t size() const { return static_cast<std::uint32_t>(total_ < capacity ? total_ : capacity); }
    // 0 is the newest. REQUIRES: below size(). The views live until the next keep.
    const Kept& operator[](std::uint32_t back) const {
        return ring_[static_cast<std::size_t>((total_ - 1 - back) % capacity)];
    }
    std::string_view endpoint(const Kept& kept) const { return base::as_text(pool_.view(kept.endpoint)); }
    base::Bytes payload(const Kept& kept) const { return pool_.view(kept.payload); }

private:
    std::vector<Kept> ring_ = std::vector<Kept>(capacity);
    mutable base::BytePool pool_{2 * capacity};
    std::uint64_t total_ = 0;
};

}  // namespace server
