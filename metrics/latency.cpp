#include "metrics/latency.h"

namespace metrics {

LatencyRecorder::LatencyRecorder(std::span<const Operation> operations, std::size_t profiles) : profiles_(profiles) {
    CHECK(profiles <= max_profiles);
    first_.fill(absent);
    std::size_t next = 0;
    for (const auto op : operations) {
        if (first_[index(op)] != absent) continue;
        first_[index(op)] = next;
        next += profiles;
    }
    clocks_ = std::vector<Clocks>(next);
    if (records(Operation::handshake)) handshakes_ = std::vector<Histogram>(handshake_kind_names.size());
}

void Latencies::merge(const LatencyRecorder& recorder) {
    for (std::size_t op = 0; op < operation_count; ++op) {
        if (recorder.first_[op] == LatencyRecorder::absent) continue;
        for (std::size_t profile = 0; profile < recorder.profiles_; ++profile) {
            const auto& from = recorder.clocks_[recorder.first_[op] + profile];
            auto& into = clocks_[op][profile];
            into.latency.merge(from.latency);
            into.service.merge(from.service);
            into.lag.merge(from.lag);
        }
    }
    for (std::size_t kind = 0; kind < recorder.handshakes_.size(); ++kind) {
        handshakes_[kind].merge(recorder.handshakes_[kind]);
    }
}

void Latencies::merge(const Latencies& other) {
    for (std::size_t op = 0; op < operation_count; ++op) {
        for (std::size_t profile = 0; profile < max_profiles; ++profile)
            clocks_[op][profile].merge(other.clocks_[op][profile]);
    }
    for (std::size_t kind = 0; kind < handshakes_.size(); ++kind) handshakes_[kind].merge(other.handshakes_[kind]);
}

Clocks Latencies::of(Operation op) const {
    Clocks all;
    for (const auto& clocks : clocks_[index(op)]) all.merge(clocks);
    return all;
}

Distribution Latencies::lag() const {
    Distribution all;
    for (const auto& row : clocks_) {
        for (const auto& clocks : row) all.merge(clocks.lag);
    }
    return all;
}

}  // namespace metrics
