#include "metrics/counters.h"

#include <algorithm>

namespace metrics {

Totals::Totals() : Figures<std::int64_t>{} {
    for (auto& row : first_device) row.fill(no_device);
}

void accumulate(Totals& into, const Counters& from) {
    Figures<std::int64_t>& sums = into;
    Figures<Cell>::each(sums, from.figures(), [](auto& a, const auto& b) { accumulate(a, b); });
    for (std::size_t op = 0; op < operation_count; ++op) {
        for (std::size_t cause = 0; cause < cause_count; ++cause) {
            const auto device = from.first_device(static_cast<Operation>(op), static_cast<Cause>(cause));
            auto& first = into.first_device[op][cause];
            if (device != no_device) first = first == no_device ? device : std::min(first, device);
        }
    }
}

Totals fold(std::span<const Counters* const> shards) {
    Totals totals;
    for (const auto* shard : shards) accumulate(totals, *shard);
    return totals;
}

}  // namespace metrics
