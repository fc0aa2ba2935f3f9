// Impairment: a bad network in front of a good one: loses, repeats, delays and reorders the datagrams of each device,
// both ways, by the seed.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <vector>

#include "simulator/base/units.h"
#include "simulator/net/transport.h"

namespace net {

// Shares of the datagrams, each way; a device's profile says them.
struct ImpairmentSpec {
    double loss = 0;
    double duplicate = 0;
    double reorder = 0;  // share that waits until a later datagram of the device has gone, 500 ms at most
    std::optional<base::DurationSpec> latency;  // there and back; each way takes half of a draw

    bool perfect() const { return loss == 0 && duplicate == 0 && reorder == 0 && !latency; }
};

struct ImpairmentCounts {
    std::uint64_t lost_sent = 0;
    std::uint64_t lost_received = 0;
    std::uint64_t duplicated_sent = 0;
    std::uint64_t duplicated_received = 0;
    std::uint64_t delayed = 0;
    std::uint64_t reordered = 0;
    std::uint64_t held_sent = 0;      // inside now
    std::uint64_t held_received = 0;  // inside now
};

class Impairment final : public Transport {
public:
    struct Config {
        std::uint64_t seed = 0;
        std::uint32_t devices = 0;
        std::function<const ImpairmentSpec&(std::uint32_t device)> spec_of;  // what it returns must outlive this object
        std::function<std::uint64_t(std::uint32_t device)>
            index_of;                                 // the device's number in the fleet: chance goes by it
        std::size_t capacity = std::size_t{1} << 20;  // datagrams held at once; more are lost and counted so
    };
    // `inner` must outlive this object.
    Impairment(Config config, Transport& inner);

    void send(base::Time now, std::span<const Packet> packets) override;
    std::span<const Packet> receive(base::Time now) override;
    base::Time next_due() const override;
    TransportCounts counts() const override { return inner_.counts(); }
    const ImpairmentCounts& impairments() const { return counts_; }

private:
    struct Held {
        base::Time due;
        std::uint64_t order = 0;  // equal times leave in the order in which they came
        std::uint32_t local = 0;
        Address remote;
        std::vector<std::uint8_t> bytes;
        friend bool operator>(const Held& a, const Held& b) {
            return a.due != b.due ? a.due > b.due : a.order > b.order;
        }
    };
    using Queue = std::priority_queue<Held, std::vector<Held>, std::greater<>>;

    struct Fate {
        int copies = 1;
        base::Duration delay{0};
    };
    struct Way {
        std::uint64_t& lost;
        std::uint64_t& duplicated;
        std::uint64_t& held;
        Queue& queue;
    };
    Fate draw_fate(std::uint32_t device, std::uint64_t direction, Way& way);
    // Packets that go on at once are appended to `through`.
    void pass(base::Time now, const Packet& packet, std::uint64_t direction, Way way, std::vector<Packet>& through);
    void release(base::Time now, Queue& queue, std::uint64_t& held, std::vector<Packet>& through,
                 std::vector<Held>& keep);

    Config config_;
    Transport& inner_;
    ImpairmentCounts counts_;
    std::vector<std::uint32_t> draws_;  // by device: how many fates were drawn
    Queue outgoing_;
    Queue incoming_;
    std::uint64_t order_ = 0;
    std::vector<Packet> through_;
    std::vector<Packet> arrived_;
    std::vector<Held> released_;
};

}  // namespace net
