#include "simulator/fleet/history.h"

#include <algorithm>
#include <cmath>

#include "simulator/lwm2m/operation.h"
#include "simulator/lwm2m/read.h"

namespace fleet {
namespace {

constexpr std::uint16_t storing = 6;  // of the Server object

void drop_oldest(Turn& turn, Observation& observation) {
    const std::uint32_t oldest = observation.history;
    observation.history = turn.pool.history[oldest].next;
    turn.pool.bytes.release(turn.pool.history[oldest].values);
    turn.pool.history.give_back(oldest);
}

}  // namespace

bool keeps_history(Turn& turn, LinkId id) {
    const auto& server = turn.pool.server_of(turn.pool.link(id)).object;
    const auto value = DeviceTree(turn, id).read(server.child(storing));
    return value.type != lwm2m::Type::boolean || value.boolean;
}

bool keep_in_history(Turn& turn, Observation& observation, std::uint32_t most) {
    const auto format = static_cast<lwm2m::ContentFormat>(observation.format);
    if (format != lwm2m::ContentFormat::senml_json && format != lwm2m::ContentFormat::senml_cbor) return false;
    // Kept in one format, whose strings stand in it as they are: nothing has to be unpacked when they are told.
    const auto kept = lwm2m::encode_entries(observation.path, lwm2m::ContentFormat::senml_cbor, turn.pool.workspace);
    if (kept.code != coap::Code::content) return false;
    std::uint32_t count = 1;
    std::uint32_t* end = &observation.history;
    for (; *end != base::no_index; end = &turn.pool.history[*end].next) ++count;
    const auto index = turn.pool.history.take();
    auto values = index == base::no_index ? base::BytePool::Handle{} : turn.pool.bytes.keep(kept.payload);
    if (!values) {
        if (index != base::no_index) turn.pool.history.give_back(index);
        turn.counters.drop(metrics::Drop::no_slot);
        return false;
    }
    turn.pool.history[index] = {.at = turn.now, .values = values, .next = base::no_index};
    *end = index;
    for (; count > std::min(most, most_history); --count) drop_oldest(turn, observation);
    return true;
}

base::Bytes history_payload(Turn& turn, const Observation& observation, const DeviceTree& tree) {
    auto& entries = turn.pool.workspace.entries;
    auto& one = turn.pool.past_entries;
    entries.clear();
    for (auto at = observation.history; at != base::no_index; at = turn.pool.history[at].next) {
        const PastNotification& past = turn.pool.history[at];
        const auto read = lwm2m::decode(lwm2m::ContentFormat::senml_cbor, observation.path,
                                        turn.pool.bytes.view(past.values), lwm2m::TreeTypes(tree), one);
        if (!read) continue;  // of a type that the resource no longer has
        const double age = std::round(base::seconds(turn.now - past.at) * 1000) / 1000;
        for (lwm2m::Entry& entry : one.entries) {
            entry.time = age > 0 ? -age : 0;
            entries.entries.push_back(entry);
        }
    }
    if (entries.entries.empty()) return {};
    const auto format = static_cast<lwm2m::ContentFormat>(observation.format);
    return lwm2m::encode_entries(observation.path, format, turn.pool.workspace).payload;
}

void forget_history(Turn& turn, Observation& observation) {
    while (observation.history != base::no_index) drop_oldest(turn, observation);
}

}  // namespace fleet
