#include "scenarios/scenario_loader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "profiles/map_reader.h"
#include "scenarios/override.h"
#include "simulator/base/check.h"

namespace scenarios {
namespace {

using profiles::Diagnostics;
using profiles::Node;
using profiles::printable;

constexpr std::string_view default_text = R"(
scenario: default
fleet:
  - {profile: temperature-sensor, share: 40%}
  - {profile: water-meter, share: 25%}
  - {profile: street-light, share: 20%}
  - {profile: tracker, share: 10%}
  - {profile: gateway, share: 5%}
)";

constexpr std::string_view default_phases = R"(
- ramp: {to: 100%}
- hold: {for: 60s}
- drain: {}
)";

bool is_list(const Node& node, std::string_view what, std::string_view hint, Diagnostics& diagnostics) {
    if (node.is_sequence() && !node.items().empty()) return true;
    diagnostics.error(node.place(), fmt::format("{}: a list with at least one entry is needed", what),
                      std::string(hint));
    return false;
}

// --- the phases -----------------------------------------------------------------------------------------------------

void read_level(const Node& node, std::string_view what, Level& out, Diagnostics& diagnostics) {
    if (!node.is_scalar()) {
        diagnostics.error(node.place(), fmt::format("{}: {} where a value is needed", what, name(node.kind())));
    } else if (const auto share = base::parse_share(node.text());
               share && node.text().find_first_of("%.") != std::string::npos) {
        out = {.count = std::nullopt, .share = *share};
    } else if (const auto count = base::parse_count(node.text())) {
        out = {.count = *count};
    } else {
        diagnostics.error(node.place(), fmt::format("{}: '{}' is no part of the devices", what, printable(node.text())),
                          "try 100% or 20k");
    }
}

void read_arrivals(const Node& node, std::string_view what, Arrivals& out, Diagnostics& diagnostics) {
    std::string text;
    if (!profiles::read_text(node, what, text, diagnostics)) return;
    if (text != "even" && text != "poisson") {
        diagnostics.error(node.place(), fmt::format("{}: unknown kind '{}'", what, printable(text)), "even or poisson");
    }
    out = text == "poisson" ? Arrivals::poisson : Arrivals::even;
}

void read_span(const Node& node, std::string_view what, std::optional<base::Duration>& out, Diagnostics& diagnostics) {
    base::Duration span{0};
    if (profiles::read_duration(node, what, span, diagnostics)) out = span;
}

constexpr std::array ramp_fields{
    profiles::field<&Ramp::to, read_level>("to", "share or count", "100%",
                                           "devices that are up at its end; fewer than before: the last ones go"),
    profiles::field<&Ramp::over, read_span>("over", "duration", "devices / 20,000 a second",
                                            "how long it takes; 0s: all at once"),
    profiles::field<&Ramp::arrivals, read_arrivals>("arrivals", "even|poisson", "even",
                                                    "at equal distances, or at random"),
};
constexpr std::array hold_fields{
    profiles::field<&Hold::length, profiles::read_duration>("for", "duration", "60s", "how long nothing changes"),
};
constexpr std::array drain_fields{
    profiles::field<&Drain::over, read_span>("over", "duration", "devices / 20,000 a second",
                                             "how long it takes until all have gone"),
};

void read_storm(const Node& node, std::string_view what, std::optional<Storm::What>& out, Diagnostics& diagnostics) {
    std::string text;
    if (!profiles::read_text(node, what, text, diagnostics)) return;
    constexpr std::array<std::string_view, 3> known{"power_cycle", "rebind", "rotate_keys"};
    const auto found = std::ranges::find(known, text);
    if (found != known.end()) {
        out = static_cast<Storm::What>(found - known.begin());
    } else {
        const std::string hint = profiles::did_you_mean(text, known);
        diagnostics.error(node.place(), fmt::format("{}: unknown action '{}'", what, printable(text)),
                          hint.empty() ? "power_cycle, rebind or rotate_keys" : hint);
    }
}

constexpr std::array storm_fields{
    profiles::field<&Storm::what, read_storm>("do", "power_cycle|rebind|rotate_keys", "",
                                              "devices fall silent and come back; or get a new source address; or the "
                                              "next generation of their keys"),
    profiles::field<&Storm::devices, read_level>("devices", "share or count", "100%", "how many of those that are up"),
    profiles::field<&Storm::within, profiles::read_duration>("within", "duration", "30s",
                                                             "until the last of them is back"),
    profiles::field<&Storm::arrivals, read_arrivals>("arrivals", "even|poisson", "poisson",
                                                     "at equal distances, or at random"),
    profiles::field<&Storm::unknown, profiles::read_share>(
        "unknown", "share", "0%", "of rotate_keys: devices whose next key the embedded server does not know"),
};

// A map of the table, with the name of the phase taken out of it.
template <class What, std::size_t N>
void read_phase_body(const Node& body, std::string_view kind, const std::array<profiles::Field<What>, N>& table,
                     Phase& phase, Diagnostics& diagnostics) {
    std::vector<Node::Entry> rest;
    for (const Node::Entry& entry : body.entries()) {
        if (entry.key == "name") {
            profiles::read_text(entry.value, "name", phase.name, diagnostics);
        } else {
            rest.push_back(entry);
        }
    }
    What what;
    profiles::read_fields(body.is_map() ? Node::make_map(std::move(rest), body.place()) : body, kind, table, what,
                          diagnostics);
    phase.what = what;
}

Phase read_phase(const Node& node, Diagnostics& diagnostics) {
    constexpr std::array<std::string_view, 4> known{"ramp", "hold", "drain", "storm"};
    constexpr std::array<std::string_view, 2> later{"churn", "spike"};
    Phase phase;
    phase.place = node.place();
    if (!node.is_map() || node.entries().size() != 1) {
        diagnostics.error(node.place(), "phases: an entry is a map with one key", "try {hold: {for: 10m}}");
        return phase;
    }
    const Node::Entry& entry = node.entries().front();
    if (entry.key == "ramp") {
        read_phase_body(entry.value, entry.key, ramp_fields, phase, diagnostics);
    } else if (entry.key == "hold") {
        read_phase_body(entry.value, entry.key, hold_fields, phase, diagnostics);
    } else if (entry.key == "drain") {
        read_phase_body(entry.value, entry.key, drain_fields, phase, diagnostics);
    } else if (entry.key == "storm") {
        read_phase_body(entry.value, entry.key, storm_fields, phase, diagnostics);
        const auto* storm = std::get_if<Storm>(&phase.what);
        if (storm != nullptr && !storm->what) {
            diagnostics.error(entry.place, "storm: 'do' is missing", "try {storm: {do: power_cycle, within: 30s}}");
        }
        if (storm != nullptr && storm->unknown > 0 && storm->what != Storm::What::rotate_keys) {
            diagnostics.error(entry.place, "storm: 'unknown' is for do: rotate_keys");
        }
    } else if (std::ranges::find(later, entry.key) != later.end()) {
        diagnostics.error(entry.place, fmt::format("phase '{}' is not supported yet", entry.key));
    } else {
        std::string hint = profiles::did_you_mean(entry.key, known);
        diagnostics.error(entry.place, fmt::format("unknown phase '{}'", printable(entry.key)),
                          hint.empty() ? "there are ramp, hold, storm and drain" : hint);
    }
    return phase;
}

// Unnamed phases are called by their kind, from the second one on with a number.
void name_phases(std::vector<Phase>& phases, Diagnostics& diagnostics) {
    std::set<std::string, std::less<>> taken;
    for (const Phase& phase : phases) {
        if (!phase.name.empty() && !taken.insert(phase.name).second) {
            diagnostics.error(phase.place, fmt::format("two phases are called '{}'", printable(phase.name)));
        }
    }
    for (Phase& phase : phases) {
        if (!phase.name.empty()) continue;
        phase.name = kind(phase);
        for (int number = 2; !taken.insert(phase.name).second; ++number)
            phase.name = fmt::format("{}-{}", kind(phase), number);
    }
}

void read_phases(const Node::Entry& entry, Scenario& scenario, Diagnostics& diagnostics) {
    if (!is_list(entry.value, "phases", "try [{ramp: {to: 100%}}, {hold: {for: 60s}}]", diagnostics)) return;
    scenario.phases.clear();
    for (const Node& node : entry.value.items()) scenario.phases.push_back(read_phase(node, diagnostics));
    name_phases(scenario.phases, diagnostics);
    double total = 0;
    for (const Phase& phase : scenario.phases) {
        if (const auto* ramp = std::get_if<Ramp>(&phase.what))
            total += base::seconds(ramp->over.value_or(base::Duration(0)));
        if (const auto* hold = std::get_if<Hold>(&phase.what)) total += base::seconds(hold->length);
        if (const auto* drain = std::get_if<Drain>(&phase.what))
            total += base::seconds(drain->over.value_or(base::Duration(0)));
        if (const auto* storm = std::get_if<Storm>(&phase.what)) total += base::seconds(storm->within);
    }
    constexpr double longest = 290 * 365 * 86400.0;  // what base::Time holds, less two years for ramps without a span
    if (total > longest) diagnostics.error(entry.place, "phases: all together are longer than 290 years");
}

// --- the fleet ------------------------------------------------------------------------------------------------------

void read_share_of_fleet(const Node& node, std::string_view what, std::optional<double>& out,
                         Diagnostics& diagnostics) {
    double share = 0;
    if (!profiles::read_share(node, what, share, diagnostics)) return;
    out = share;
    if (share <= 0) diagnostics.error(node.place(), "share: must be above 0");
}

constexpr std::array fleet_fields{
    profiles::field<&FleetShare::profile, profiles::read_text>("profile", "text", "",
                                                               "a name in the catalog, or a file"),
    profiles::field<&FleetShare::share, read_share_of_fleet>("share", "share", "its part of what is left",
                                                             "of the devices; together 100%"),
};

void read_fleet(const Node::Entry& entry, Scenario& scenario, Diagnostics& diagnostics) {
    if (!is_list(entry.value, "fleet", "try [{profile: water-meter}]", diagnostics)) return;
    const std::size_t before = diagnostics.errors();
    scenario.fleet.clear();
    double total = 0;
    bool open = false;
    for (const Node& node : entry.value.items()) {
        FleetShare part;
        part.place = node.place();
        if (node.is_scalar()) {
            part.profile = node.text();
        } else {
            profiles::read_fields(node, "fleet", fleet_fields, part, diagnostics);
        }
        if (part.profile.empty()) diagnostics.error(node.place(), "fleet: 'profile' is missing");
        total += part.share.value_or(0);
        open = open || !part.share;
        scenario.fleet.push_back(std::move(part));
    }
    if (diagnostics.errors() != before) return;
    constexpr double tolerance = 1e-6;
    if (open ? total > 1 - tolerance : std::abs(total - 1) > tolerance) {
        diagnostics.error(entry.place, fmt::format("fleet: the shares are {} together", base::format_share(total)),
                          open ? "they leave nothing for the profiles without a share" : "they must be 100%");
    }
}

// --- the rest -------------------------------------------------------------------------------------------------------

void read_seed(const Node& node, std::string_view what, std::uint64_t& out, Diagnostics& diagnostics) {
    const std::string& text = node.text();
    std::uint64_t seed = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
    if (node.is_scalar() && error == std::errc{} && stop == text.data() + text.size()) {
        out = seed;
    } else {
        diagnostics.error(node.place(), fmt::format("{}: '{}' is not a whole number from 0", what, printable(text)),
                          "try 42");
    }
}

void read_devices(const Node& node, std::string_view what, std::uint64_t& out, Diagnostics& diagnostics) {
    std::uint64_t count = 0;
    if (!profiles::read_count(node, what, count, diagnostics)) return;
    out = count;
    if (count == 0) diagnostics.error(node.place(), "devices: at least 1 is needed");
    if (count > most_devices) {
        diagnostics.error(node.place(), fmt::format("devices: {} at most", base::format_count(most_devices)));
    }
}

void read_target(const Node& node, std::string_view what, std::optional<Target>& out, Diagnostics& diagnostics) {
    std::string text;
    if (!profiles::read_text(node, what, text, diagnostics)) return;
    const auto target = parse_target(text);
    if (target) {
        out = *target;
    } else {
        diagnostics.error(node.place(), fmt::format("{}: '{}': {}", what, printable(text), target.error().what),
                          "leave it out for the embedded server");
    }
}

void read_server(const Node::Entry& entry, Scenario& scenario, Diagnostics& diagnostics) {
    scenario.server = profiles::read_server_actions(entry.value, diagnostics);
}

constexpr std::string_view formats_reason = "the report is result.json and a summary";
constexpr std::string_view thresholds_reason = "the run is judged by what it counts and by its own lag";
constexpr std::string_view invalid_if_reason = "the built-in rule holds";
constexpr std::string_view faults_reason =
    "the network block of a profile has loss, duplication, reordering and latency";

constexpr std::array report_fields{
    profiles::field<&Scenario::report_dir, profiles::read_text>("dir", "text", "",
                                                                "folder for the files of the report"),
    profiles::refused<Scenario, formats_reason>("formats"),
};

constexpr std::array scenario_table{
    profiles::field<&Scenario::name, profiles::read_text>("scenario", "text", "default", "its name"),
    profiles::field<&Scenario::description, profiles::read_text>("description", "text", "", "one line for people"),
    profiles::field<&Scenario::seed, read_seed>("seed", "whole number", "42", "of every draw: same seed, same run"),
    profiles::field<&Scenario::target, read_target>("target", "URI", "the embedded server", "coap://host:port"),
    profiles::field<&Scenario::devices, read_devices>("devices", "count", "10k", "how many there are in all"),
    profiles::custom<Scenario, read_fleet>("fleet", "list", "a mix of the catalog", "[{profile, share}]"),
    profiles::custom<Scenario, read_phases>("phases", "list", "ramp, hold 60s, drain",
                                            "[{ramp}, {hold}, {storm}, {drain}], one after the other"),
    profiles::Field<Scenario>{{"server", "map", "observe what is lively",
                               "what the embedded server does to each device", profiles::server_fields},
                              read_server},
    profiles::group<Scenario, report_fields>("report", "what is written at the end"),
    profiles::refused<Scenario, thresholds_reason>("thresholds"),
    profiles::refused<Scenario, invalid_if_reason>("invalid_if"),
    profiles::refused<Scenario, faults_reason>("faults"),
};

// --- trees ----------------------------------------------------------------------------------------------------------

// A text of our own, which parses.
Node built_in(std::string_view text) {
    Diagnostics diagnostics;
    const auto node = profiles::parse_yaml(std::string(text), "built-in", diagnostics);
    CHECK(node && diagnostics.ok());
    return *node;
}

// What an override can change must stand in the tree.
Node with_defaults(Node tree) {
    if (!tree.is_map() && !tree.is_null()) return tree;
    if (tree.find("fleet") == nullptr) tree = with_key(tree, "fleet", *built_in(default_text).find("fleet"));
    if (tree.find("phases") == nullptr) tree = with_key(tree, "phases", built_in(default_phases));
    return tree;
}

std::optional<Scenario> read_if_right(const std::optional<Node>& tree, std::size_t before, Diagnostics& diagnostics) {
    if (!tree) return std::nullopt;
    auto scenario = read_scenario(*tree, diagnostics);
    // A duplicate key, say, was reported before the reading and leaves a tree.
    return diagnostics.errors() == before ? std::move(scenario) : std::nullopt;
}

}  // namespace

std::optional<Scenario> read_scenario(const Node& tree, Diagnostics& diagnostics) {
    const std::size_t before = diagnostics.errors();
    Scenario scenario;
    scenario.tree = with_defaults(tree);
    profiles::read_fields(scenario.tree, "scenario", scenario_table, scenario, diagnostics);
    if (diagnostics.errors() != before) return std::nullopt;
    return scenario;
}

std::vector<profiles::FieldInfo> scenario_fields() { return profiles::describe(scenario_table); }

std::optional<Scenario> load_scenario(const std::string& path, Diagnostics& diagnostics,
                                      const profiles::YamlOptions& options) {
    const std::size_t before = diagnostics.errors();
    return read_if_right(profiles::load_yaml(path, diagnostics, options), before, diagnostics);
}

std::optional<Scenario> parse_scenario(std::string text, std::string name, Diagnostics& diagnostics,
                                       const profiles::YamlOptions& options) {
    const std::size_t before = diagnostics.errors();
    return read_if_right(profiles::parse_yaml(std::move(text), std::move(name), diagnostics, options), before,
                         diagnostics);
}

Scenario default_scenario() {
    Diagnostics diagnostics;
    auto scenario = read_scenario(built_in(default_text), diagnostics);
    CHECK(scenario.has_value());
    return *std::move(scenario);
}

}  // namespace scenarios
