// DatagramRing: datagrams on their way from one thread to another, copied into a ring of bytes: in order, without a
// lock.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <memory>
#include <vector>

#include "simulator/base/check.h"
#include "simulator/net/packet.h"

namespace net {

// One thread puts in, one takes out. What does not fit is refused, and for the one who puts in to count.
class DatagramRing {
public:
    // `capacity` in bytes, a power of two.
    explicit DatagramRing(std::size_t capacity)
        : memory_(std::make_unique<Word[]>(capacity / sizeof(Word))), capacity_(capacity) {
        CHECK(std::has_single_bit(capacity) && capacity >= 4 * (sizeof(Header) + max_datagram));
        batch_.reserve(batch);
    }

    // Bytes, remote and proof of the packet; false where it is full.
    bool push(const Packet& packet) {
        const std::size_t size = size_of(packet.bytes.size());
        const std::uint64_t end = end_.load(std::memory_order_relaxed);
        // What does not fit in front of the wrap begins behind it.
        const std::size_t left = capacity_ - offset(end);
        const std::size_t skipped = left < size ? left : 0;
        if (end + skipped + size - seen_begin_ > capacity_) {
            seen_begin_ = begin_.load(std::memory_order_acquire);
            if (end + skipped + size - seen_begin_ > capacity_) return false;
        }
        if (skipped >= sizeof(Header)) write(end, Header{.size = nothing});
        const std::uint64_t at = end + skipped;
        write(at, Header{packet.proven, static_cast<std::uint32_t>(packet.bytes.size()), packet.remote});
        // An empty view may be null.
        if (!packet.bytes.empty()) {
            std::memcpy(bytes(offset(at) + sizeof(Header)), packet.bytes.data(), packet.bytes.size());
        }
        end_.store(at + size, std::memory_order_release);
        return true;
    }

    // What waits, at most one batch; the views live until the next call, which makes room for others.
    std::span<const Packet> take() {
        begin_.store(taken_, std::memory_order_release);
        batch_.clear();
        const std::uint64_t end = end_.load(std::memory_order_acquire);
        while (taken_ != end && batch_.size() < batch) {
            const std::size_t left = capacity_ - offset(taken_);
            Header header;
            if (left >= sizeof(Header)) std::memcpy(&header, bytes(offset(taken_)), sizeof header);
            if (left < sizeof(Header) || header.size == nothing) {
                taken_ += left;
                continue;
            }
            const base::Bytes view(bytes(offset(taken_) + sizeof(Header)), header.size);
            batch_.push_back({view, 0, header.remote, header.proven});
            taken_ += size_of(header.size);
        }
        return batch_;
    }
    // For the one who takes out: does nothing wait?
    bool empty() const { return taken_ == end_.load(std::memory_order_acquire); }

private:
    using Word = std::uint64_t;
    static constexpr std::size_t batch = 64;
    static constexpr std::uint32_t nothing = 0xffffffff;  // up to the wrap
    struct Header {
        PeerMark proven = 0;
        std::uint32_t size = 0;
        Address remote;
    };
    static_assert(sizeof(Header) % sizeof(Word) == 0);

    static std::size_t size_of(std::size_t datagram) {
        return sizeof(Header) + (datagram + sizeof(Word) - 1) / sizeof(Word) * sizeof(Word);
    }
    std::size_t offset(std::uint64_t position) const { return static_cast<std::size_t>(position) & (capacity_ - 1); }
    std::uint8_t* bytes(std::size_t at) { return reinterpret_cast<std::uint8_t*>(memory_.get()) + at; }
    void write(std::uint64_t position, const Header& header) {
        std::memcpy(bytes(offset(position)), &header, sizeof header);
    }

    std::unique_ptr<Word[]> memory_;
    std::size_t capacity_;
    // Positions only grow; each is written by one side.
    alignas(64) std::atomic<std::uint64_t> end_{0};
    std::uint64_t seen_begin_ = 0;
    alignas(64) std::atomic<std::uint64_t> begin_{0};
    std::uint64_t taken_ = 0;
    std::vector<Packet> batch_;
};

}  // namespace net
