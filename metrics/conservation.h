// Conservation: every operation and every datagram is accounted for, exactly, at every moment between two turns.
//
//   started  = ok + client_error + server_error + timeout + reset + dtls + io + coalesced + aborted + in flight
//   failures = client_error + server_error + timeout + reset + dtls + io                     (the causes add up)
//   handed to the transport + duplicated = sent + lost on purpose + dropped + held
//   received + duplicated                = used + discarded + lost on purpose + held
//
// Each term is counted by itself where it happens; none is the rest of the others. A broken law is a bug of ours (exit
// 1).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metrics/counters.h"
#include "metrics/server_counters.h"

namespace metrics {

struct Term {
    std::string name;
    std::int64_t value = 0;

    friend bool operator==(const Term&, const Term&) = default;
};

// The sum of `left` must equal the sum of `right`.
struct Law {
    std::string name;  // "register", "datagrams sent", ...
    std::vector<Term> left;
    std::vector<Term> right;

    std::int64_t left_sum() const;
    std::int64_t right_sum() const;
    bool holds() const { return left_sum() == right_sum(); }
};

enum class Moment : std::uint8_t {
    running,
    ended,  // no operation may be in flight any more; datagrams may still be held by the simulated network
};

// REQUIRES: `totals` is exact, see accumulate(Totals&, const Counters&): a shard judges its own counters between two
// turns, or everybody rests. `devices` is how many devices were built; < 0 leaves the law on devices out. Laws of
// operations that never started are left out.
std::vector<Law> conservation(const Totals& totals, Moment moment, std::int64_t devices = -1);
// The laws of the embedded server, with the same requirement.
std::vector<Law> conservation(const ServerTotals& totals);

// Those of `laws` that do not hold.
std::vector<Law> broken(const std::vector<Law>& laws);

// "register: started 100 = ok 98 + timeout 1 + in flight 1". Terms that are 0 are left out on the right; a broken law
// ends with "BROKEN by -1".
std::string to_text(const Law& law);

}  // namespace metrics
