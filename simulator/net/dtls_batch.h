// DtlsBatch: the memory of a DTLS layer: for datagrams that go down, 64 at a time, and for copies of those that came,
// which are opened in place and handed up as views.
#pragma once

#include <cstring>
#include <memory>
#include <vector>

#include "simulator/base/writer.h"
#include "simulator/net/dtls_certificates.h"
#include "simulator/net/transport.h"

namespace net {

class DtlsBatch {
public:
    // A record is longer than its text.
    static constexpr std::size_t slot = max_datagram + 128;

    // `inner` must outlive this object.
    explicit DtlsBatch(Transport& inner) : inner_(inner), out_memory_(std::make_unique<std::uint8_t[]>(batch * slot)) {
        out_.reserve(batch);
        in.reserve(batch * 2);
    }

    // Memory for a datagram that goes down; `commit` or leave it.
    base::Writer open(base::Time now) {
        if (out_.size() == batch) flush(now);
        return base::Writer(base::MutableBytes(out_memory_.get() + out_.size() * slot, slot));
    }
    void commit(const base::Writer& out, std::uint32_t local, const Address& to) {
        if (out.size() == 0 || out.failed()) return;
        out_.push_back({out.written(), local, to});
    }
    // The same for a flight of a handshake by certificate, which may take several datagrams: their number.
    base::Writer open_flight() {
        if (flight_ == nullptr) flight_ = std::make_unique<std::uint8_t[]>(flight_capacity);
        return base::Writer(base::MutableBytes(flight_.get(), flight_capacity));
    }
    std::size_t commit_flight(base::Time now, base::Writer& flight, std::size_t id_size, std::uint32_t local,
                              const Address& to) {
        std::size_t datagrams = 0;
        if (flight.failed()) return datagrams;
        each_datagram(flight.memory().first(flight.size()), id_size, max_datagram, [&](base::Bytes datagram) {
            auto out = open(now);
            out.put(datagram);
            commit(out, local, to);
            ++datagrams;
        });
        return datagrams;
    }
    void flush(base::Time now) {
        if (out_.empty()) return;
        inner_.send(now, out_);
        out_.clear();
    }

    // A copy that may be spoiled. What is handed up are views on it, so the place is free again where nothing was.
    // REQUIRES: at most `slot` bytes.
    base::MutableBytes copy_in(base::Bytes datagram) {
        const std::size_t place = in.size();
        if (place / batch >= in_memory_.size()) in_memory_.push_back(std::make_unique<std::uint8_t[]>(batch * slot));
        const base::MutableBytes copy(in_memory_[place / batch].get() + place % batch * slot, datagram.size());
        // An empty view may be null.
        if (!datagram.empty()) std::memcpy(copy.data(), datagram.data(), datagram.size());
        return copy;
    }
    std::vector<Packet> in;  // to be handed up

private:
    static constexpr std::size_t batch = 64;

    Transport& inner_;
    std::unique_ptr<std::uint8_t[]> out_memory_;
    std::vector<Packet> out_;
    std::unique_ptr<std::uint8_t[]> flight_;                  // once there was one
    std::vector<std::unique_ptr<std::uint8_t[]>> in_memory_;  // grows with the largest batch that ever came
};

}  // namespace net
