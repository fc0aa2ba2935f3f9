#include "simulator/fleet/observation.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "simulator/fleet/history.h"
#include "simulator/lwm2m/composite.h"
#include "simulator/lwm2m/conditions.h"
#include "simulator/lwm2m/read.h"

namespace fleet {
namespace {

using lwm2m::Attributes;
using lwm2m::Path;
using lwm2m::Type;

constexpr std::size_t most_words = base::BytePool::max_size / sizeof(std::uint64_t);

// What a Compound keeps of its values; `told` of more than fit is not kept, and any look at them is news.
struct Words {
    std::array<std::uint64_t, most_words> bits;
    std::size_t count = 0;

    base::Bytes bytes() const {
        return {reinterpret_cast<const std::uint8_t*>(bits.data()), count * sizeof(std::uint64_t)};
    }
};

// Of a value: what tells it from others of its resource.
std::uint64_t bits_of(const lwm2m::ValueView& value) {
    switch (value.type) {
        case Type::floating: return std::bit_cast<std::uint64_t>(value.floating);
        case Type::boolean: return value.boolean ? 1 : 0;
        case Type::objlnk: return std::uint64_t{value.objlnk.object} << 16 | value.objlnk.instance;
        case Type::integer:
        case Type::unsigned_integer:
        case Type::time: return value.unsigned_integer;
        case Type::string:
        case Type::opaque:
        case Type::corelnk: return fingerprint_of(value.bytes);
        case Type::none: break;
    }
    return 0;
}

double number_of(Type type, std::uint64_t bits) {
    switch (type) {
        case Type::floating: return std::bit_cast<double>(bits);
        case Type::boolean: return bits != 0 ? 1 : 0;
        case Type::integer:
        case Type::time: return static_cast<double>(static_cast<std::int64_t>(bits));
        case Type::unsigned_integer: return static_cast<double>(bits);
        case Type::none:
        case Type::string:
        case Type::opaque:
        case Type::objlnk:
        case Type::corelnk: break;
    }
    return std::numeric_limits<double>::quiet_NaN();
}

Words words_of(const std::vector<lwm2m::Entry>& entries) {
    Words words;
    if (entries.size() + 1 > most_words) return words;
    std::uint64_t which = entries.size();
    for (const auto& entry : entries) {
        for (std::uint8_t level = 0; level < 4; ++level) which = base::mix(which * 65536 + entry.path.ids[level]);
        words.bits[++words.count] = bits_of(entry.value);
    }
    words.bits[0] = which;
    ++words.count;
    return words;
}

void keep_words(Turn& turn, Compound& compound, const Words& words) {
    turn.pool.bytes.release(compound.told);
    compound.told = turn.pool.bytes.keep(words.bytes());
}

bool is_composite(const Observation& observation) { return observation.path.depth == 0; }

bool make_compound(Turn& turn, Observation& observation, std::span<const Path> paths) {
    observation.compound = turn.pool.compounds.take();
    if (observation.compound == base::no_index) return false;
    if (paths.empty()) return true;
    auto& kept = turn.pool.compounds[observation.compound].paths;
    kept = turn.pool.bytes.keep({reinterpret_cast<const std::uint8_t*>(paths.data()), paths.size_bytes()});
    return static_cast<bool>(kept);
}

// Core 1.1.1, E.2: pmin and pmax where nothing else says them, as the Server object has them now.
Attributes defaults_of(Turn& turn, const DeviceTree& tree, const Link& link) {
    const auto& server = turn.pool.profile(link).servers[link.server];
    Attributes defaults;
    const auto whole = [](base::Duration duration) { return static_cast<std::uint32_t>(base::seconds(duration)); };
    defaults.pmin = whole(server.default_pmin);
    if (server.default_pmax) defaults.pmax = whole(*server.default_pmax);
    if (!tree.has_changes()) return defaults;
    const auto written = [&](std::uint16_t resource, std::optional<std::uint32_t>& field) {
        const double number = lwm2m::to_number(tree.read(server.object.child(resource)));
        if (number >= 0 && number <= 4294967295.0) field = static_cast<std::uint32_t>(number);
    };
    written(2, defaults.pmin);
    written(3, defaults.pmax);
    return defaults;
}

void add_least(std::optional<base::Duration>& least, std::optional<std::uint32_t> seconds) {
    if (!seconds) return;
    const base::Duration other = std::chrono::seconds(*seconds);
    least = std::min(least.value_or(other), other);
}

void add(Rules& rules, const Attributes& attributes, bool first) {
    const base::Duration pmin = std::chrono::seconds(attributes.pmin.value_or(0));
    const base::Duration epmin = std::chrono::seconds(attributes.epmin.value_or(0));
    rules.pmin = first ? pmin : std::min(rules.pmin, pmin);
    rules.epmin = first ? epmin : std::min(rules.epmin, epmin);
    add_least(rules.pmax, attributes.pmax);
    // An epmax of 0 asks for no more than looking all the time.
    if (attributes.epmax != 0u) add_least(rules.epmax, attributes.epmax);
    if (attributes.con) rules.confirmable = rules.confirmable.value_or(false) || *attributes.con;
    rules.history = std::max(rules.history, attributes.hqmax.value_or(0));
    rules.conditional = rules.conditional || lwm2m::has_condition(attributes);
}

Attributes own_of(Turn& turn, const Observation& observation) {
    return observation.attributes == base::no_index ? Attributes{} : turn.pool.attributes[observation.attributes];
}

// By the conditions of each path; what has none is news when it is another value.
bool compound_has_news(Turn& turn, Observation& observation, const DeviceTree& tree) {
    Compound& compound = turn.pool.compounds[observation.compound];
    auto& workspace = turn.pool.workspace;
    const auto paths = observed_paths(turn, observation);
    lwm2m::collect_composite(paths, tree, workspace);
    const auto& entries = workspace.entries.entries;
    const Words now = words_of(entries);
    const base::Bytes told = turn.pool.bytes.view(compound.told);
    if (told.size() != now.count * sizeof(std::uint64_t) || told.empty()) return true;
    Words last;
    last.count = now.count;
    std::memcpy(last.bits.data(), told.data(), told.size());
    if (last.bits[0] != now.bits[0]) return true;

    auto path = paths.begin();
    std::optional<Attributes> attributes;
    bool edges_moved = false;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        for (; !path->contains(entries[i].path); ++path) attributes.reset();
        if (!attributes) attributes = lwm2m::attributes_in_force(*path, tree, own_of(turn, observation), {});
        const std::uint64_t was = last.bits[i + 1];
        const std::uint64_t is = now.bits[i + 1];
        const Type type = entries[i].value.type;
        const bool news = lwm2m::has_condition(*attributes)
                              ? lwm2m::meets_condition(*attributes, number_of(type, was), number_of(type, is))
                              : was != is;
        if (news) return true;
        if (attributes->edge && was != is) {
            last.bits[i + 1] = is;
            edges_moved = true;
        }
    }
    if (edges_moved) keep_words(turn, compound, last);
    return false;
}

}  // namespace

std::span<const Path> observed_paths(Turn& turn, const Observation& observation) {
    if (!is_composite(observation)) return {&observation.path, 1};
    const auto bytes = turn.pool.bytes.view(turn.pool.compounds[observation.compound].paths);
    auto& paths = turn.pool.workspace.paths;
    paths.resize(bytes.size() / sizeof(Path));
    static_assert(std::is_trivially_copyable_v<Path>);
    std::memcpy(static_cast<void*>(paths.data()), bytes.data(), bytes.size());
    return paths;
}

std::uint64_t fingerprint_of(base::Bytes bytes) {
    std::uint64_t value = 0xcbf29ce484222325ULL ^ bytes.size();
    std::size_t i = 0;
    for (; i + 8 <= bytes.size(); i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + i, 8);
        value = (value ^ word) * 0x100000001b3ULL;
        value ^= value >> 29;
    }
    for (; i < bytes.size(); ++i) value = (value ^ bytes[i]) * 0x100000001b3ULL;
    return base::mix(value);
}

std::uint32_t keep_observation(Turn& turn, LinkId id, const ObserveRequest& request) {
    Link& link = turn.pool.link(id);
    const DeviceTree tree(turn, id);
    const auto index = turn.pool.observations.take();
    if (index == base::no_index) {
        turn.counters.drop(metrics::Drop::no_slot);
        return base::no_index;
    }
    Observation& observation = turn.pool.observations[index];
    observation.path = request.path;
    observation.token = coap::Token(request.token);
    observation.format = static_cast<std::uint16_t>(request.format);
    observation.payload_hash = fingerprint_of(request.payload);
    observation.notified = observation.confirmed = observation.evaluated = turn.now;
    observation.link = id;
    bool kept = true;
    if (!request.attributes.empty()) {
        observation.attributes = turn.pool.attributes.take();
        kept = observation.attributes != base::no_index;
        if (kept) turn.pool.attributes[observation.attributes] = request.attributes;
    }
    const bool several = !request.paths.empty() || is_composite(observation) ||
                         (request.path.depth == 3 && lwm2m::TreeTypes(tree).is_multiple(request.path));
    if (kept && several) kept = make_compound(turn, observation, request.paths);
    turn.counters.add_observations(1);
    if (!kept) {
        turn.counters.drop(metrics::Drop::no_slot);
        release_observation(turn, index);
        return base::no_index;
    }
    remember_told(turn, observation);
    observation.changing = changes_by_itself(turn, observation, tree);
    observation.next = link.observations;
    link.observations = index;
    return index;
}

void release_observation(Turn& turn, std::uint32_t index) {
    Observation& observation = turn.pool.observations[index];
    turn.timers.cancel(observation.timer);
    forget_history(turn, observation);
    if (observation.attributes != base::no_index) turn.pool.attributes.give_back(observation.attributes);
    if (observation.compound != base::no_index) {
        Compound& compound = turn.pool.compounds[observation.compound];
        turn.pool.bytes.release(compound.paths);
        turn.pool.bytes.release(compound.told);
        turn.pool.compounds.give_back(observation.compound);
    }
    turn.pool.observations.give_back(index);
    turn.counters.add_observations(-1);
}

bool concerns(Turn& turn, const Observation& observation, const Path& path) {
    return std::ranges::any_of(observed_paths(turn, observation), [&](const Path& observed) {
        return observed.contains(path) || path.contains(observed);
    });
}

Rules rules_of(Turn& turn, const Observation& observation, const DeviceTree& tree) {
    Link& link = turn.pool.link(observation.link);
    const Attributes defaults = defaults_of(turn, tree, link);
    const Attributes own = own_of(turn, observation);
    Rules rules;
    bool first = true;
    for (const Path& path : observed_paths(turn, observation)) {
        const auto attributes = lwm2m::attributes_in_force(path, tree, own, defaults);
        add(rules, attributes, first);
        if (first) rules.of_value = attributes;
        first = false;
    }
    if (rules.pmax && *rules.pmax < rules.pmin) rules.pmax.reset();
    if (rules.epmax && *rules.epmax < rules.epmin) rules.epmax.reset();
    return rules;
}

lwm2m::Answer read_observed(Turn& turn, const Observation& observation, const DeviceTree& tree) {
    const auto format = static_cast<lwm2m::ContentFormat>(observation.format);
    auto& workspace = turn.pool.workspace;
    if (!is_composite(observation)) return lwm2m::read(observation.path, format, tree, workspace);
    return lwm2m::read_composite(observed_paths(turn, observation), format, tree, workspace);
}

bool changes_by_itself(Turn& turn, const Observation& observation, const DeviceTree& tree) {
    return std::ranges::any_of(observed_paths(turn, observation),
                               [&](const Path& path) { return tree.next_change(path) != base::never; });
}

bool has_changed_since(Turn& turn, const Observation& observation, base::Time moment) {
    Turn then{moment, turn.pool, turn.outbox, turn.timers, turn.endpoint, turn.counters, turn.latency};
    const DeviceTree tree(then, observation.link);
    return std::ranges::any_of(observed_paths(turn, observation),
                               [&](const Path& path) { return tree.next_change(path) <= turn.now; });
}

bool has_news(Turn& turn, Observation& observation, const Rules& rules, const DeviceTree& tree) {
    if (observation.compound != base::no_index) return compound_has_news(turn, observation, tree);
    const double now = lwm2m::to_number(tree.read(observation.path));
    if (lwm2m::meets_condition(rules.of_value, observation.told, now)) return true;
    // An edge is between what was seen last and now, whether that was told or not.
    if (rules.of_value.edge) observation.told = now;
    return false;
}

void remember_told(Turn& turn, Observation& observation) {
    const auto& entries = turn.pool.workspace.entries.entries;
    if (observation.compound != base::no_index) {
        keep_words(turn, turn.pool.compounds[observation.compound], words_of(entries));
    } else {
        observation.told =
            entries.size() == 1 ? lwm2m::to_number(entries.front().value) : std::numeric_limits<double>::quiet_NaN();
    }
}

base::Time next_moment(Turn& turn, const Observation& observation, const Rules& rules, const DeviceTree& tree) {
    // With epmin each change is looked at, when it may be: which looks there were decides what is seen.
    const bool threshold = rules.conditional && rules.epmin == base::Duration{0} &&
                           observation.compound == base::no_index && !rules.of_value.edge &&
                           !std::isnan(observation.told);
    if (threshold) {
        return tree.next_passing(observation.path, lwm2m::Thresholds(rules.of_value, observation.told).values());
    }
    base::Time next = base::never;
    for (const Path& path : observed_paths(turn, observation)) next = std::min(next, tree.next_change(path));
    return next;
}

}  // namespace fleet
