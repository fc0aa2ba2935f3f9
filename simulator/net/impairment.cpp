#include "simulator/net/impairment.h"

#include "simulator/base/random.h"

namespace net {
namespace {

constexpr std::uint64_t outward = 0;
constexpr std::uint64_t homeward = 1;
constexpr base::Duration reorder_wait = std::chrono::milliseconds(500);

}  // namespace

Impairment::Impairment(Config config, Transport& inner)
    : config_(std::move(config)), inner_(inner), draws_(config_.devices) {}

Impairment::Fate Impairment::draw_fate(std::uint32_t device, std::uint64_t direction, Way& way) {
    const ImpairmentSpec& spec = config_.spec_of(device);
    if (spec.perfect()) return {};
    // Five draws a datagram, whichever of them matter: changing one share leaves the other fates as they were.
    const std::uint64_t first = (std::uint64_t{draws_[device]++} * 2 + direction) * 5;
    const auto unit = [&](std::uint64_t which) {
        return base::to_unit(base::draw(config_.seed, config_.index_of(device), base::Stream::network, first + which));
    };
    if (unit(0) < spec.loss) {
        ++way.lost;
        return {.copies = 0};
    }
    Fate fate;
    if (unit(1) < spec.duplicate) {
        ++way.duplicated;
        fate.copies = 2;
    }
    if (spec.latency) {
        fate.delay = spec.latency->at(unit(2)) / 2;
        if (fate.delay > base::Duration{0}) ++counts_.delayed;
    }
    if (unit(3) < spec.reorder) {
        ++counts_.reordered;
        fate.delay += base::from_seconds(base::seconds(reorder_wait) * unit(4));
    }
    return fate;
}

void Impairment::pass(base::Time now, const Packet& packet, std::uint64_t direction, Way way,
                      std::vector<Packet>& through) {
    const bool known = packet.local < config_.devices;
    const Fate fate = known ? draw_fate(packet.local, direction, way) : Fate{};
    for (int copy = 0; copy < fate.copies; ++copy) {
        if (fate.delay == base::Duration{0}) {
            through.push_back(packet);
        } else if (way.queue.size() < config_.capacity) {
            ++way.held;
            way.queue.push(
                {now + fate.delay, order_++, packet.local, packet.remote, {packet.bytes.begin(), packet.bytes.end()}});
        } else {
            ++way.lost;
        }
    }
}

void Impairment::release(base::Time now, Queue& queue, std::uint64_t& held, std::vector<Packet>& through,
                         std::vector<Held>& keep) {
    while (!queue.empty() && queue.top().due <= now) {
        // top() is const because its order must not change; it is about to go.
        keep.push_back(std::move(const_cast<Held&>(queue.top())));
        queue.pop();
        --held;
    }
    for (const auto& packet : keep) through.push_back({packet.bytes, packet.local, packet.remote});
}

void Impairment::send(base::Time now, std::span<const Packet> packets) {
    through_.clear();
    for (const auto& packet : packets) {
        pass(now, packet, outward, {counts_.lost_sent, counts_.duplicated_sent, counts_.held_sent, outgoing_},
             through_);
    }
    if (!through_.empty()) inner_.send(now, through_);
}

std::span<const Packet> Impairment::receive(base::Time now) {
    arrived_.clear();
    released_.clear();
    release(now, outgoing_, counts_.held_sent, arrived_, released_);
    if (!arrived_.empty()) inner_.send(now, arrived_);

    arrived_.clear();
    released_.clear();
    release(now, incoming_, counts_.held_received, arrived_, released_);
    if (!arrived_.empty()) return arrived_;
    for (auto packets = inner_.receive(now); !packets.empty(); packets = inner_.receive(now)) {
        for (const auto& packet : packets) {
            pass(now, packet, homeward,
                 {counts_.lost_received, counts_.duplicated_received, counts_.held_received, incoming_}, arrived_);
        }
        // What was held or lost is copied or gone; go on until something is to be handed up.
        if (!arrived_.empty()) return arrived_;
    }
    return {};
}

base::Time Impairment::next_due() const {
    base::Time due = inner_.next_due();
    if (!outgoing_.empty()) due = std::min(due, outgoing_.top().due);
    if (!incoming_.empty()) due = std::min(due, incoming_.top().due);
    return due;
}

}  // namespace net
