// Latency: the three clocks of every operation, by operation and profile.
//
//   intended --------- lag --------- first transmission --------- service --------- response
//      \________________________________ latency ______________________________________/
//
// Latency counts from when the schedule meant to begin, not from when a busy generator did (no coordinated omission).
// Latency and service hold successes, and timeouts at +Inf; a refusal (4.xx, 5.xx, Reset) is fast and would flatter
// them: it is in the counters only. Lag holds every first transmission, whatever became of it.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "metrics/catalog.h"
#include "metrics/histogram.h"
#include "simulator/base/check.h"

namespace metrics {

// Written by one shard's thread, read by any.
class LatencyRecorder {
public:
    // Memory is taken for the operations named only: 3 histograms (111 KB) for each of them and each profile. To record
    // another one is a bug of ours.
    LatencyRecorder(std::span<const Operation> operations, std::size_t profiles);

    // Was memory taken for that operation?
    bool records(Operation op) const { return first_[index(op)] != absent; }

    // At the first transmission of an operation, once. `possible`: when it was intended, or later, when the peer had
    // answered what went before (RFC 7252 4.7): a server that is slow makes no lag.
    void record_sent(Operation op, ProfileIndex profile, base::Time possible, base::Time first_sent) {
        clocks(op, profile).lag.record(first_sent - possible);
    }
    // At the response of an operation that succeeded.
    void record_success(Operation op, ProfileIndex profile, base::Time intended, base::Time first_sent,
                        base::Time done) {
        auto& c = clocks(op, profile);
        c.latency.record(done - intended);
        c.service.record(done - first_sent);
    }
    // At the end of a handshake that succeeded, beside record_success.
    void record_handshake(HandshakeKind kind, base::Duration latency) {
        CHECK(!handshakes_.empty());
        handshakes_[index(kind)].record(latency);
    }
    // When an operation is given up unanswered.
    void record_timeout(Operation op, ProfileIndex profile) {
        auto& c = clocks(op, profile);
        c.latency.record_infinite();
        c.service.record_infinite();
    }

    std::size_t profiles() const { return profiles_; }

private:
    friend class Latencies;
    struct Clocks {
        Histogram latency, service, lag;
    };

    Clocks& clocks(Operation op, ProfileIndex profile) {
        CHECK(first_[index(op)] != absent && profile < profiles_);
        return clocks_[first_[index(op)] + profile];
    }

    static constexpr std::size_t absent = static_cast<std::size_t>(-1);
    std::array<std::size_t, operation_count> first_;  // of an operation's clocks, one a profile
    std::size_t profiles_;
    std::vector<Clocks> clocks_;
    std::vector<Histogram> handshakes_;  // by kind; none where the operation is not recorded
};

struct Clocks {
    Distribution latency, service, lag;

    void merge(const Clocks& other) {
        latency.merge(other.latency);
        service.merge(other.service);
        lag.merge(other.lag);
    }
    friend bool operator==(const Clocks&, const Clocks&) = default;
};

// What the recorders of all shards held at one moment: a plain value.
class Latencies {
public:
    void merge(const LatencyRecorder& recorder);
    void merge(const Latencies& other);

    // Empty distributions for what was never recorded.
    const Clocks& of(Operation op, ProfileIndex profile) const { return clocks_[index(op)][profile]; }
    // Over all profiles.
    Clocks of(Operation op) const;
    // From the intended start to the end.
    const Distribution& handshakes(HandshakeKind kind) const { return handshakes_[index(kind)]; }
    // The generator's own delay over all operations and profiles: what the verdict judges.
    Distribution lag() const;

private:
    Table<Clocks, operation_count, max_profiles> clocks_;
    std::array<Distribution, handshake_kind_names.size()> handshakes_;
};

}  // namespace metrics
