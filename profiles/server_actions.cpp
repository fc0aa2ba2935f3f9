#include "profiles/server_actions.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "profiles/map_reader.h"
#include "profiles/yaml.h"
#include "simulator/base/random.h"

namespace profiles {
namespace {

using Operation = ServerAction::Operation;

constexpr std::array operations{Operation::observe, Operation::read, Operation::write, Operation::execute};

constexpr auto shortest_period = std::chrono::milliseconds(1);

void read_format(MapReader& map, ServerAction& action) {
    std::string text;
    if (!map.text("format", text)) return;
    action.format = lwm2m::content_format(text);
    if (!action.format) {
        map.error("format", fmt::format("format: unknown content format '{}'", printable(text)),
                  "text, opaque, cbor, senml-json, senml-cbor, tlv, json or lwm2m-cbor");
    }
}

void read_period(MapReader& map, std::string_view key, std::optional<base::Duration>& period) {
    base::Duration duration{0};
    if (!map.duration(key, duration)) return;
    if (duration % std::chrono::seconds(1) != base::Duration::zero()) {
        map.error(key, fmt::format("{}: the attribute counts whole seconds", key));
    }
    period = duration;
}

// What must hold for each operation by Core 1.1.1, 6.3 and 6.4.
void check_path(MapReader& map, const ServerAction& action) {
    if (action.operation == Operation::execute && action.path.depth != 3) {
        map.error("path", "execute: the path of a resource is needed, such as /3/0/4");
    }
    if (action.operation == Operation::write && action.path.depth < 3) {
        map.error("path", "write: the path of a resource is needed, such as /3/0/15");
    }
    if (action.path.depth == 0) map.error("path", "path: the root cannot be asked for");
}

ServerAction read_action(const Node& node, Operation operation, Diagnostics& diagnostics) {
    ServerAction action;
    action.operation = operation;
    action.place = node.place();
    const bool bare = node.is_scalar() && operation != Operation::write;
    const Node wrapped = bare ? Node::make_map({{"path", node.place(), node}}, node.place()) : node;
    MapReader map(wrapped, name(operation), diagnostics);
    if (map.require("path") != nullptr && map.path("path", action.path)) check_path(map, action);
    map.duration_spec("after", action.after);
    map.share("share", action.share);
    if (operation != Operation::execute) read_format(map, action);
    if (operation == Operation::observe) {
        read_period(map, "pmin", action.pmin);
        read_period(map, "pmax", action.pmax);
        if (action.pmin && action.pmax && *action.pmax < *action.pmin) map.error("pmax", "pmax: is below pmin");
    } else if (base::DurationSpec every; map.duration_spec("every", every)) {
        if (every.mean() < shortest_period) map.error("every", "every: must be 1ms or longer");
        action.every = every;
    }
    if (operation == Operation::write && map.require("value") != nullptr) map.text("value", action.value);
    if (operation == Operation::execute) map.text("arguments", action.arguments);
    map.done();
    return action;
}

// 3: another value at each sample; 2: at some of them; 1: seldom; 0: never.
int liveliness(const GeneratorSpec& spec) {
    struct Rank {
        int operator()(const ConstantGenerator&) const { return 0; }
        int operator()(const UniformGenerator&) const { return 3; }
        int operator()(const NormalGenerator&) const { return 3; }
        int operator()(const WalkGenerator&) const { return 3; }
        int operator()(const DiurnalGenerator&) const { return 3; }
        int operator()(const DrainGenerator&) const { return 1; }
        int operator()(const CounterGenerator&) const { return 2; }
        int operator()(const StatesGenerator& form) const { return form.states.size() > 1 ? 2 : 0; }
        int operator()(const CsvGenerator& form) const { return form.data->times.empty() ? 0 : 2; }
        int operator()(const ExprGenerator&) const { return 3; }
    };
    return std::visit(Rank{}, spec.form);
}

// Each action has its own draws, and each of its requests one of them: 0 is the share, 1 and 2 the first request.
double unit(const ServerSchedule& schedule, std::uint64_t counter) {
    const std::uint64_t stream = static_cast<std::uint64_t>(base::Stream::server) | (std::uint64_t{schedule.action} + 1)
                                                                                        << 32;
    return base::to_unit(base::draw(schedule.seed, schedule.device, stream, counter));
}

}  // namespace

std::string_view name(Operation operation) {
    switch (operation) {
        case Operation::observe: return "observe";
        case Operation::read: return "read";
        case Operation::write: return "write";
        case Operation::execute: return "execute";
    }
    return "?";
}

std::optional<lwm2m::Path> default_observation(const ResolvedProfile& profile) {
    std::optional<lwm2m::Path> best;
    int best_rank = 0;
    for (const ResolvedResource& resource : profile.resources) {
        if (resource.generator < 0 || !resource.operations.read) continue;
        const int rank = liveliness(profile.generators[static_cast<std::size_t>(resource.generator)]);
        if (rank == 0) continue;
        const int whole = 2 * rank + (resource.path.object() >= 500 ? 10 : 0);
        if (whole <= best_rank) continue;
        best_rank = whole;
        best = resource.path.prefix(3);
    }
    return best;
}

ServerActions with_default_observations(ServerActions actions, std::span<const ResolvedProfilePtr> profiles) {
    if (!actions.observe_defaults) return actions;
    actions.observe_defaults = false;
    for (const ResolvedProfilePtr& profile : profiles) {
        const auto path = default_observation(*profile);
        const auto same = [&](const ServerAction& action) {
            return action.operation == Operation::observe && action.path == path;
        };
        if (!path || std::ranges::any_of(actions.actions, same)) continue;
        ServerAction action;
        action.operation = Operation::observe;
        action.path = *path;
        actions.actions.push_back(std::move(action));
    }
    return actions;
}

ServerActions read_server_actions(const Node& node, Diagnostics& diagnostics) {
    ServerActions all;
    MapReader map(node, "server", diagnostics);
    for (const Operation operation : operations) {
        const Node* list = map.take(name(operation));
        if (list == nullptr) continue;
        if (operation == Operation::observe) all.observe_defaults = false;
        if (!list->is_sequence()) {
            diagnostics.error(list->place(),
                              fmt::format("{}: {} where a list is needed", name(operation), name(list->kind())),
                              fmt::format("try {}: [{{path: /3/0/15}}]", name(operation)));
            continue;
        }
        for (const Node& item : list->items()) all.actions.push_back(read_action(item, operation, diagnostics));
    }
    for (const std::string_view later : {"discover", "create", "delete", "write_attributes", "cancel", "firmware"}) {
        map.refuse(later);
    }
    map.done();
    return all;
}

std::uint64_t device_key(std::string_view endpoint) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a, then spread
    for (const char c : endpoint) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return base::mix(hash);
}

bool takes_part(const ServerAction& action, const ServerSchedule& schedule) {
    return action.share >= 1 || unit(schedule, 0) < action.share;
}

std::optional<base::Duration> intended(const ServerAction& action, const ServerSchedule& schedule,
                                       std::uint64_t count) {
    const base::Duration first = action.after.at(unit(schedule, 1));
    if (!action.every) return count == 0 ? std::optional(first) : std::nullopt;
    const base::Duration period = action.every->mean();
    const double periods = static_cast<double>(count) + unit(schedule, 2);
    // A period that varies moves each request about its place in an even row, by less than a period, so that none has
    // to be added up.
    const base::Duration drawn = action.every->is_fixed() ? period : action.every->at(unit(schedule, 3 + count));
    const base::Duration shift = std::clamp(drawn - period, -period / 2, period / 2);
    const base::Duration at =
        first + base::from_seconds(periods * base::seconds(period)) + (count == 0 ? base::Duration::zero() : shift);
    return at;
}

std::string fill_in(std::string_view value, std::string_view endpoint, std::uint64_t count) {
    std::string filled;
    while (!value.empty()) {
        if (value.starts_with("{endpoint}")) {
            filled += endpoint;
            value.remove_prefix(std::string_view("{endpoint}").size());
        } else if (value.starts_with("{count}")) {
            filled += std::to_string(count);
            value.remove_prefix(std::string_view("{count}").size());
        } else {
            filled += value.front();
            value.remove_prefix(1);
        }
    }
    return filled;
}

}  // namespace profiles
