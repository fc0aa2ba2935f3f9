#include "profiles/map_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace profiles {
namespace {

// "not a duration; try 30 s" becomes a message and its way out.
void report(const Node& node, std::string_view what, std::string_view phrase, Diagnostics& diagnostics) {
    const auto cut = phrase.find("; ");
    const std::string_view head = phrase.substr(0, cut);
    std::string hint(cut == std::string_view::npos ? std::string_view{} : phrase.substr(cut + 2));
    const char* verb = head.starts_with("not ") ? " is " : ": ";
    diagnostics.error(node.place(), fmt::format("{}: '{}'{}{}", what, printable(node.text()), verb, head),
                      std::move(hint));
}

bool is_value(const Node& node, std::string_view what, Diagnostics& diagnostics) {
    if (node.is_scalar()) return true;
    diagnostics.error(node.place(), fmt::format("{}: {} where a value is needed", what, name(node.kind())));
    return false;
}

template <class T, class Parse>
bool read(const Node& node, std::string_view what, T& out, Diagnostics& diagnostics, Parse parse) {
    if (!is_value(node, what, diagnostics)) return false;
    auto parsed = parse(std::string_view(node.text()));
    if (!parsed) {
        report(node, what, parsed.error().what, diagnostics);
        return false;
    }
    out = *std::move(parsed);
    return true;
}

}  // namespace

base::Result<double> parse_number(std::string_view text) {
    double number = 0;
    if (text.starts_with('+')) text.remove_prefix(1);
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end || !std::isfinite(number)) return base::fail("not a number; try 21.5");
    return number;
}

bool read_number(const Node& node, std::string_view what, double& out, Diagnostics& diagnostics) {
    return read(node, what, out, diagnostics, parse_number);
}

bool read_text(const Node& node, std::string_view what, std::string& out, Diagnostics& diagnostics) {
    if (!is_value(node, what, diagnostics)) return false;
    out = node.text();
    return true;
}

bool read_duration(const Node& node, std::string_view what, base::Duration& out, Diagnostics& diagnostics) {
    return read(node, what, out, diagnostics, base::parse_duration);
}

bool read_duration_spec(const Node& node, std::string_view what, base::DurationSpec& out, Diagnostics& diagnostics) {
    return read(node, what, out, diagnostics, base::parse_duration_spec);
}

bool read_count(const Node& node, std::string_view what, std::uint64_t& out, Diagnostics& diagnostics) {
    return read(node, what, out, diagnostics, base::parse_count);
}

bool read_share(const Node& node, std::string_view what, double& out, Diagnostics& diagnostics) {
    return read(node, what, out, diagnostics, base::parse_share);
}

bool read_path(const Node& node, std::string_view what, lwm2m::Path& out, Diagnostics& diagnostics) {
    if (!is_value(node, what, diagnostics)) return false;
    const auto path = lwm2m::parse_path(node.text());
    if (!path) {
        diagnostics.error(node.place(),
                          fmt::format("{}: '{}' is not a path: {}", what, printable(node.text()), path.error().what),
                          "try /3303/0/5700");
        return false;
    }
    out = *path;
    return true;
}

MapReader::MapReader(const Node& map, std::string_view what, Diagnostics& diagnostics)
    : map_(map), what_(what), diagnostics_(diagnostics), errors_before_(diagnostics.errors()) {
    if (!map.is_map()) {
        diagnostics.error(map.place(), fmt::format("{}: {} where a map of keys is needed", what, name(map.kind())));
    }
}

const Node* MapReader::take(std::string_view key) {
    known_.push_back(key);
    return map_.find(key);
}

const Node* MapReader::require(std::string_view key) {
    const Node* node = take(key);
    if (node == nullptr && map_.is_map()) {
        diagnostics_.error(map_.place(), fmt::format("{}: '{}' is missing", what_, key));
    }
    return node;
}

void MapReader::refuse(std::string_view key) {
    if (take(key) == nullptr) return;
    diagnostics_.error(map_.find_entry(key)->place, fmt::format("{}: '{}' is not supported yet", what_, key));
}

bool MapReader::number(std::string_view key, double& out, Bounds bounds) {
    const Node* node = take(key);
    double number = 0;
    if (node == nullptr || !read_number(*node, key, number, diagnostics_)) return false;
    if (number < bounds.min || number > bounds.max) {
        std::string limit =
            number < bounds.min ? fmt::format("below {}", bounds.min) : fmt::format("above {}", bounds.max);
        diagnostics_.error(node->place(), fmt::format("{}: {} is {}", key, node->text(), limit));
        return false;
    }
    out = number;
    return true;
}

bool MapReader::text(std::string_view key, std::string& out) {
    const Node* node = take(key);
    return node != nullptr && read_text(*node, key, out, diagnostics_);
}

bool MapReader::boolean(std::string_view key, bool& out) {
    const Node* node = take(key);
    return node != nullptr && read(*node, key, out, diagnostics_, [](std::string_view text) -> base::Result<bool> {
               if (text == "true" || text == "false") return text == "true";
               return base::fail("not a truth value; try true or false");
           });
}

bool MapReader::duration(std::string_view key, base::Duration& out) {
    const Node* node = take(key);
    return node != nullptr && read_duration(*node, key, out, diagnostics_);
}

bool MapReader::duration_spec(std::string_view key, base::DurationSpec& out) {
    const Node* node = take(key);
    return node != nullptr && read_duration_spec(*node, key, out, diagnostics_);
}

bool MapReader::count(std::string_view key, std::uint64_t& out) {
    const Node* node = take(key);
    return node != nullptr && read_count(*node, key, out, diagnostics_);
}

bool MapReader::share(std::string_view key, double& out) {
    const Node* node = take(key);
    return node != nullptr && read_share(*node, key, out, diagnostics_);
}

bool MapReader::rate(std::string_view key, double& out) {
    const Node* node = take(key);
    return node != nullptr && read(*node, key, out, diagnostics_, base::parse_rate);
}

bool MapReader::path(std::string_view key, lwm2m::Path& out) {
    const Node* node = take(key);
    return node != nullptr && read_path(*node, key, out, diagnostics_);
}

void MapReader::error(std::string_view key, std::string message, std::string hint) {
    const Node* node = map_.find(key);
    diagnostics_.error(node != nullptr ? node->place() : map_.place(), std::move(message), std::move(hint));
}

bool MapReader::done() {
    for (const Node::Entry& entry : map_.entries()) {
        if (std::ranges::find(known_, entry.key) != known_.end()) continue;
        diagnostics_.error(entry.place, fmt::format("{}: unknown key '{}'", what_, printable(entry.key)),
                           did_you_mean(entry.key, std::span<const std::string_view>(known_)));
    }
    return diagnostics_.errors() == errors_before_;
}

}  // namespace profiles
