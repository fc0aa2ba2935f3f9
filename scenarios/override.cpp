#include "scenarios/override.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "scenarios/scenario_loader.h"

namespace scenarios {
namespace {

using profiles::Diagnostics;
using profiles::Node;
using profiles::printable;

// One step of the way to a value: a key, or an index where there is no key.
struct Step {
    std::string key;
    std::size_t index = 0;
};

// "phases[0].ramp.over"; nothing where it is not of this form.
std::optional<std::vector<Step>> parse_way(std::string_view text) {
    std::vector<Step> way;
    while (!text.empty()) {
        if (text.front() == '[') {
            const auto close = text.find(']');
            Step step;
            if (close == std::string_view::npos) return std::nullopt;
            const char* end = text.data() + close;
            const auto [stop, error] = std::from_chars(text.data() + 1, end, step.index);
            if (error != std::errc{} || stop != end || way.empty()) return std::nullopt;
            way.push_back(std::move(step));
            text.remove_prefix(close + 1);
            continue;
        }
        if (!way.empty()) {
            if (text.front() != '.') return std::nullopt;
            text.remove_prefix(1);
        }
        const auto end = std::min(text.find_first_of(".["), text.size());
        if (end == 0) return std::nullopt;
        way.push_back({.key = std::string(text.substr(0, end))});
        text.remove_prefix(end);
    }
    if (way.empty()) return std::nullopt;
    return way;
}

// The tree with `value` at the end of the way; nothing where the way does not fit the tree.
std::optional<Node> placed(const Node& tree, std::span<const Step> way, const Node& value) {
    if (way.empty()) return value;
    const Step& step = way.front();
    if (!step.key.empty()) {
        if (!tree.is_map() && !tree.is_null()) return std::nullopt;
        const Node* below = tree.find(step.key);
        auto changed = placed(below != nullptr ? *below : Node(), way.subspan(1), value);
        if (!changed) return std::nullopt;
        return with_key(tree, step.key, *std::move(changed));
    }
    if ((!tree.is_sequence() && !tree.is_null()) || step.index > tree.items().size()) return std::nullopt;
    std::vector<Node> items(tree.items().begin(), tree.items().end());
    if (step.index == items.size()) items.emplace_back();
    auto changed = placed(items[step.index], way.subspan(1), value);
    if (!changed) return std::nullopt;
    items[step.index] = *std::move(changed);
    return Node::make_sequence(std::move(items), tree.place());
}

// "for" and "over" stand for phases[N].hold.for and phases[N].ramp.over.
std::optional<std::string> full_key(const Scenario& scenario, std::string_view key, const profiles::Place& place,
                                    Diagnostics& diagnostics) {
    if (key != "for" && key != "over") return std::string(key);
    const std::string_view wanted = key == "for" ? "hold" : "ramp";
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < scenario.phases.size(); ++i) {
        if (kind(scenario.phases[i]) == wanted) keys.push_back(fmt::format("phases[{}].{}.{}", i, wanted, key));
    }
    if (keys.size() == 1) return keys.front();
    std::string hint = keys.empty() ? "" : fmt::format("say which one: --set {}=...", fmt::join(keys, " or "));
    diagnostics.error(place, fmt::format("'{}': the scenario has {} {} phases", key, keys.size(), wanted),
                      std::move(hint));
    return std::nullopt;
}

}  // namespace

Node with_key(const Node& map, std::string_view key, Node value) {
    std::vector<Node::Entry> entries(map.entries().begin(), map.entries().end());
    const auto found = std::ranges::find(entries, key, &Node::Entry::key);
    if (found != entries.end()) {
        found->value = std::move(value);
    } else {
        const profiles::Place place = value.place();
        entries.push_back({std::string(key), place, std::move(value)});
    }
    return Node::make_map(std::move(entries), map.place());
}

bool apply_override(Scenario& scenario, std::string_view key, std::string_view value, Diagnostics& diagnostics) {
    const std::size_t before = diagnostics.errors();
    const auto node =
        profiles::parse_yaml(std::string(value), fmt::format("{} (command line)", printable(key)), diagnostics);
    if (!node || diagnostics.errors() != before) return false;
    const auto full = full_key(scenario, key, node->place(), diagnostics);
    if (!full) return false;
    const auto way = parse_way(*full);
    const auto tree = way ? placed(scenario.tree, *way, *node) : std::nullopt;
    if (!tree) {
        diagnostics.error(node->place(), fmt::format("there is no '{}' in the scenario", printable(key)),
                          "try devices=20k or phases[0].ramp.over=30s");
        return false;
    }
    auto changed = read_scenario(*tree, diagnostics);
    if (!changed) return false;
    scenario = *std::move(changed);
    return true;
}

}  // namespace scenarios
