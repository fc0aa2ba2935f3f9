// Outbox: where the datagrams of a turn are written, straight into the batch that is sent at its end.
#pragma once

#include <memory>
#include <vector>

#include "simulator/base/writer.h"
#include "simulator/net/transport.h"

namespace net {

// One slot is open at a time: open, write, then commit or leave. A full outbox sends by itself before it opens the next
// slot, so no packet is ever refused here.
class Outbox {
public:
    Outbox(Transport& transport, std::size_t slots)
        : transport_(transport), memory_(std::make_unique<std::uint8_t[]>(slots * max_datagram)), slots_(slots) {
        packets_.reserve(slots);
    }

    // Memory for one datagram, valid until commit, flush or the next open.
    base::MutableBytes open(base::Time now) {
        if (packets_.size() == slots_) flush(now);
        return {memory_.get() + packets_.size() * max_datagram, max_datagram};
    }
    // Queues the first `size` bytes of the open slot.
    void commit(std::size_t size, std::uint32_t local, const Address& remote) {
        packets_.push_back({{memory_.get() + packets_.size() * max_datagram, size}, local, remote});
    }
    void flush(base::Time now) {
        if (packets_.empty()) return;
        transport_.send(now, packets_);
        packets_.clear();
    }

private:
    Transport& transport_;
    std::unique_ptr<std::uint8_t[]> memory_;
    std::size_t slots_;
    std::vector<Packet> packets_;
};

}  // namespace net
