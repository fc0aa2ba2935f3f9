#include "profiles/server_actions.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "profiles/map_reader.h"
#include "profiles/yaml.h"
#include "simulator/base/random.h"
#include "simulator/lwm2m/attributes.h"

namespace profiles {
namespace {

using Act = ServerAction;
using Operation = ServerAction::Operation;

constexpr auto shortest_period = std::chrono::milliseconds(1);
constexpr std::size_t max_paths = 64;  // of one composite operation
constexpr std::uint64_t max_depth = 3;

void read_format(const Node& node, std::string_view what, std::optional<lwm2m::ContentFormat>& out,
                 Diagnostics& diagnostics) {
    std::string text;
    if (!read_text(node, what, text, diagnostics)) return;
    out = lwm2m::content_format(text);
    if (out && *out != lwm2m::ContentFormat::link) return;
    diagnostics.error(
        node.place(), fmt::format("format: unknown content format '{}'", printable(text)),
        "text, opaque, cbor, senml-json, senml-cbor, senml-etch-json, senml-etch-cbor, tlv, json or lwm2m-cbor");
}

void read_seconds(const Node& node, std::string_view what, std::optional<base::Duration>& out,
                  Diagnostics& diagnostics) {
    base::Duration duration{0};
    if (!read_duration(node, what, duration, diagnostics)) return;
    if (duration % std::chrono::seconds(1) != base::Duration::zero()) {
        diagnostics.error(node.place(), fmt::format("{}: the attribute counts whole seconds", what));
    }
    out = duration;
}

void read_every(const Node& node, std::string_view what, std::optional<base::DurationSpec>& out,
                Diagnostics& diagnostics) {
    base::DurationSpec every;
    if (!read_duration_spec(node, what, every, diagnostics)) return;
    if (every.mean() < shortest_period) diagnostics.error(node.place(), "every: must be 1ms or longer");
    out = every;
}

void read_depth(const Node& node, std::string_view what, std::optional<std::uint8_t>& out, Diagnostics& diagnostics) {
    std::uint64_t depth = 0;
    if (!read_count(node, what, depth, diagnostics)) return;
    if (depth > max_depth) diagnostics.error(node.place(), "depth: 0 to 3");
    out = static_cast<std::uint8_t>(depth);
}

void read_mode(const Node& node, std::string_view what, Act::Mode& out, Diagnostics& diagnostics) {
    std::string text;
    if (!read_text(node, what, text, diagnostics)) return;
    if (text != "replace" && text != "update") {
        diagnostics.error(node.place(), fmt::format("mode: unknown mode '{}'", printable(text)), "replace or update");
    }
    out = text == "update" ? Act::Mode::update : Act::Mode::replace;
}

void read_by(const Node& node, std::string_view what, Act::By& out, Diagnostics& diagnostics) {
    std::string text;
    if (!read_text(node, what, text, diagnostics)) return;
    if (text != "get" && text != "reset") {
        diagnostics.error(node.place(), fmt::format("by: unknown way '{}'", printable(text)), "get or reset");
    }
    out = text == "reset" ? Act::By::reset : Act::By::get;
}

// {pmin: 10, gt: 25.5, lt: }
void read_attributes(const Node& node, std::string_view what, std::vector<std::string>& out, Diagnostics& diagnostics) {
    if (!node.is_map() || node.entries().empty()) {
        diagnostics.error(node.place(), fmt::format("{}: a map is needed", what), "try {pmin: 10, gt: 25.5}");
        return;
    }
    lwm2m::Attributes checked;
    for (const Node::Entry& entry : node.entries()) {
        std::string text;
        if (!entry.value.is_null() && !read_text(entry.value, entry.key, text, diagnostics)) continue;
        out.push_back(entry.value.is_null() ? entry.key : entry.key + "=" + text);
        if (const auto applied = lwm2m::apply_attribute(out.back(), checked); !applied) {
            diagnostics.error(entry.place, fmt::format("{}: {}", printable(out.back()), applied.error().what));
        }
    }
}

void read_paths(const Node& node, std::string_view what, std::vector<lwm2m::Path>& out, Diagnostics& diagnostics) {
    if (!node.is_sequence() || node.items().empty() || node.items().size() > max_paths) {
        diagnostics.error(node.place(), fmt::format("{}: a list of 1 to {} paths is needed", what, max_paths),
                          "try [/3/0/9, /3303]");
        return;
    }
    for (const Node& item : node.items()) {
        lwm2m::Path path;
        if (read_path(item, what, path, diagnostics)) out.push_back(path);
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
}

// Below a path that may stand behind it: read_action() does it.
void leave_values(const Node::Entry&, Act&, Diagnostics&) {}

void read_values(const Node& node, Act& action, Diagnostics& diagnostics) {
    if (!node.is_map() || node.entries().empty()) {
        diagnostics.error(node.place(), "values: a map is needed", "try {0: 5, 1/0: x}");
        return;
    }
    const std::string base = action.path.depth == 0 ? "" : lwm2m::to_string(action.path);
    for (const Node::Entry& entry : node.entries()) {
        const auto path = lwm2m::parse_path(base + (entry.key.starts_with('/') ? "" : "/") + entry.key);
        std::string text;
        if (!path || path->depth < 3) {
            diagnostics.error(entry.place, fmt::format("values: '{}' is no resource below {}", printable(entry.key),
                                                       lwm2m::to_string(action.path)));
        } else if (read_text(entry.value, entry.key, text, diagnostics)) {
            action.values.emplace_back(*path, std::move(text));
        }
    }
    std::sort(action.values.begin(), action.values.end());
}

// ---- the keys

constexpr auto path_key =
    field<&Act::path, read_path>("path", "path", "", "a device without that instance is left out");
constexpr auto paths_key = field<&Act::paths, read_paths>("paths", "list", "", "those that a device has");
constexpr auto after_key =
    field<&Act::after, read_duration_spec>("after", "duration", "0s", "from the registration to the first one");
constexpr auto every_key = field<&Act::every, read_every>("every", "duration", "once", "the period");
constexpr auto share_key = field<&Act::share, read_share>("share", "share", "100%", "of the devices");
constexpr auto format_key =
    field<&Act::format, read_format>("format", "format", "the server's choice", "Accept, or Content-Format of a write");
constexpr auto attributes_key =
    field<&Act::attributes, read_attributes>("attributes", "map", "", "{pmin: 10, gt: 25.5, lt: }; empty unsets");
constexpr auto inline_attributes_key =
    field<&Act::attributes, read_attributes>("attributes", "map", "", "in the request itself (LwM2M 1.2)");
constexpr auto values_key =
    custom<Act, leave_values>("values", "map", "", "{0: 5, 1/0: x}, paths below `path`; placeholders as in value");
constexpr auto by_key = field<&Act::by, read_by>("by", "get|reset", "get", "asked for, or by RST to a notification");

constexpr std::array observe_fields{
    path_key,
    after_key,
    share_key,
    format_key,
    field<&Act::pmin, read_seconds>("pmin", "duration", "", "written as an attribute before it is observed"),
    field<&Act::pmax, read_seconds>("pmax", "duration", "", "the same"),
    inline_attributes_key,
};
constexpr std::array read_fields_of{path_key, after_key, every_key, share_key, format_key};
constexpr std::array write_fields{
    path_key,
    after_key,
    every_key,
    share_key,
    format_key,
    field<&Act::value, read_text>("value", "text", "", "{endpoint} and {count} stand for the device and the number"),
    values_key,
    field<&Act::mode, read_mode>("mode", "replace|update", "replace", "of an instance"),
};
constexpr std::array execute_fields{
    path_key,
    after_key,
    every_key,
    share_key,
    field<&Act::arguments, read_text>("arguments", "text", "", "as in the specification: \"0='text',1\""),
};
constexpr std::array discover_fields{
    path_key,
    after_key,
    every_key,
    share_key,
    field<&Act::depth, read_depth>("depth", "0 to 3", "the device's choice", "how many levels below (LwM2M 1.2)"),
};
constexpr std::array attributes_fields{path_key, after_key, every_key, share_key, attributes_key};
constexpr std::array create_fields{path_key, after_key, every_key, share_key, format_key, values_key};
constexpr std::array delete_fields{path_key, after_key, every_key, share_key};
constexpr std::array cancel_fields{path_key, after_key, every_key, share_key, by_key};
constexpr std::array read_composite_fields{paths_key, after_key, every_key, share_key, format_key};
constexpr std::array write_composite_fields{values_key, after_key, every_key, share_key, format_key};
constexpr std::array observe_composite_fields{paths_key, after_key, share_key, format_key, inline_attributes_key};
constexpr std::array cancel_composite_fields{paths_key, after_key, every_key, share_key, by_key};

struct Kind {
    Operation operation;
    FieldInfo info;
    void (*read)(const Node& node, std::string_view what, Act& out, Diagnostics& diagnostics);
};
template <const auto& Table>
constexpr Kind kind(Operation operation, std::string_view key, std::string_view doc) {
    return {operation,
            {key, "list", "", doc, [] { return describe(Table); }},
            [](const Node& node, std::string_view what, Act& out, Diagnostics& diagnostics) {
                read_fields(node, what, Table, out, diagnostics);
            }};
}

constexpr std::array kinds{
    kind<observe_fields>(Operation::observe, "observe", "omitted: of each profile the resource that is liveliest"),
    kind<read_fields_of>(Operation::read, "read", "an object, instance, resource or resource instance"),
    kind<write_fields>(Operation::write, "write", "a resource, a resource instance or an instance"),
    kind<execute_fields>(Operation::execute, "execute", "a resource"),
    kind<discover_fields>(Operation::discover, "discover", "an object, instance or resource"),
    kind<attributes_fields>(Operation::write_attributes, "write_attributes", "of any level"),
    kind<create_fields>(Operation::create, "create", "an instance of the object `path`"),
    kind<delete_fields>(Operation::delete_, "delete", "an instance or, from 1.2 on, a resource instance"),
    kind<cancel_fields>(Operation::cancel, "cancel", "an observation"),
    kind<read_composite_fields>(Operation::read_composite, "read_composite", "several paths at once"),
    kind<write_composite_fields>(Operation::write_composite, "write_composite", "several values, all or none"),
    kind<observe_composite_fields>(Operation::observe_composite, "observe_composite", "several paths at once"),
    kind<cancel_composite_fields>(Operation::cancel_composite, "cancel_composite", "the observation of these paths"),
};

bool is_composite(Operation operation) {
    return operation == Operation::read_composite || operation == Operation::write_composite ||
           operation == Operation::observe_composite || operation == Operation::cancel_composite;
}

// What must hold for each operation by Core 1.1.1, 6.3 and 6.4.
std::string wrong_path(const Act& action) {
    const auto depth = action.path.depth;
    if (depth == 0) return "path: the root cannot be asked for";
    switch (action.operation) {
        case Operation::execute: return depth == 3 ? "" : "execute: the path of a resource is needed, such as /3/0/4";
        case Operation::write:
            if (action.values.empty() && depth < 3) return "write: the path of a resource is needed, such as /3/0/15";
            return depth < 2 ? "write: an object cannot be written" : "";
        case Operation::create: return depth == 1 ? "" : "create: the path of an object is needed, such as /3303";
        case Operation::delete_:
            return depth == 2 || depth == 4 ? "" : "delete: the path of an instance is needed, such as /3303/1";
        case Operation::discover: return depth < 4 ? "" : "discover: a resource instance has nothing below it";
        case Operation::observe:
        case Operation::read:
        case Operation::write_attributes:
        case Operation::cancel:
        case Operation::read_composite:
        case Operation::write_composite:
        case Operation::observe_composite:
        case Operation::cancel_composite: return "";
    }
    return "";
}

void check_values(const Node& node, const Act& action, Diagnostics& diagnostics) {
    const bool has_value = node.find("value") != nullptr;
    const bool has_values = node.find("values") != nullptr;
    if (action.operation == Operation::write && !has_value && !has_values) {
        diagnostics.error(node.place(), "write: 'value' is missing");
    }
    if (has_value && has_values) diagnostics.error(node.place(), "write: 'value' and 'values' exclude each other");
    if ((action.operation == Operation::create || action.operation == Operation::write_composite) && !has_values) {
        diagnostics.error(node.place(), fmt::format("{}: 'values' is missing", name(action.operation)));
    }
}

Act read_action(const Node& node, const Kind& kind, Diagnostics& diagnostics) {
    Act action;
    action.operation = kind.operation;
    action.place = node.place();
    const bool bare = node.is_scalar() && kind.operation != Operation::write && !is_composite(kind.operation);
    const Node wrapped = bare ? Node::make_map({{"path", node.place(), node}}, node.place()) : node;
    const auto errors = diagnostics.errors();
    kind.read(wrapped, kind.info.key, action, diagnostics);
    if (!wrapped.is_map()) return action;
    const std::string_view subject = is_composite(kind.operation) ? "paths" : "path";
    if (kind.operation != Operation::write_composite && wrapped.find(subject) == nullptr) {
        diagnostics.error(wrapped.place(), fmt::format("{}: '{}' is missing", kind.info.key, subject));
    }
    check_values(wrapped, action, diagnostics);
    if (action.pmin && action.pmax && *action.pmax < *action.pmin) {
        diagnostics.error(wrapped.find("pmax")->place(), "pmax: is below pmin");
    }
    if (kind.operation == Operation::write_attributes && wrapped.find("attributes") == nullptr) {
        diagnostics.error(wrapped.place(), "write_attributes: 'attributes' is missing");
    }
    if (diagnostics.errors() != errors) return action;
    if (const Node* values = wrapped.find("values")) read_values(*values, action, diagnostics);
    if (kind.operation == Operation::write_composite) {
        for (const auto& [path, text] : action.values) action.paths.push_back(path);
    }
    if (!is_composite(kind.operation)) {
        const auto wrong = wrong_path(action);
        if (!wrong.empty()) diagnostics.error(wrapped.find("path")->place(), wrong);
    }
    return action;
}

void read_campaigns(const Node& node, ServerActions& all, Diagnostics& diagnostics) {
    if (!node.is_sequence()) {
        all.campaigns.push_back(read_planned_campaign(node, diagnostics));
        return;
    }
    for (const Node& item : node.items()) all.campaigns.push_back(read_planned_campaign(item, diagnostics));
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
        int operator()(const RouteGenerator&) const { return 3; }
    };
    return std::visit(Rank{}, spec.form);
}

// Each action has its own draws, and each of its requests one of them: 0 is the share, 1 and 2 the first request.
double unit(const ServerSchedule& schedule, std::uint64_t counter) {
    const std::uint64_t stream = static_cast<std::uint64_t>(base::Stream::server) | (std::uint64_t{schedule.action} + 1)
                                                                                        << 32;
    return base::to_unit(base::draw(schedule.seed, schedule.device, stream, counter));
}

void read_threads(const Node& node, std::optional<std::uint32_t>& out, Diagnostics& diagnostics) {
    if (!node.is_scalar()) {
        diagnostics.error(node.place(), fmt::format("threads: {} where a value is needed", name(node.kind())));
        return;
    }
    const auto count = base::parse_count(node.text());
    if (count && *count >= 1 && *count <= most_server_threads) {
        out = static_cast<std::uint32_t>(*count);
        return;
    }
    diagnostics.error(node.place(), fmt::format("threads: '{}' is no number of threads", printable(node.text())),
                      fmt::format("1 to {}", most_server_threads));
}

}  // namespace

std::string_view name(Operation operation) { return kinds[static_cast<std::size_t>(operation)].info.key; }

std::vector<FieldInfo> server_fields() {
    std::vector<FieldInfo> infos;
    for (const Kind& kind : kinds) infos.push_back(kind.info);
    infos.push_back({"threads", "1 to 64", "what suits the machine",
                     "that take in datagrams and speak DTLS; more than one: LwM2M has one more"});
    infos.push_back({"firmware", "map or list", "", "firmware campaigns", planned_campaign_fields});
    return infos;
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
    for (const Kind& kind : kinds) {
        const Node* list = map.take(kind.info.key);
        if (list == nullptr) continue;
        if (kind.operation == Operation::observe) all.observe_defaults = false;
        if (!list->is_sequence()) {
            diagnostics.error(list->place(),
                              fmt::format("{}: {} where a list is needed", kind.info.key, name(list->kind())),
                              fmt::format("try {}: [{{path: /3/0/15}}]", kind.info.key));
            continue;
        }
        for (const Node& item : list->items()) all.actions.push_back(read_action(item, kind, diagnostics));
    }
    if (const Node* threads = map.take("threads")) read_threads(*threads, all.threads, diagnostics);
    if (const Node* firmware = map.take("firmware")) read_campaigns(*firmware, all, diagnostics);
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
