#include "profiles/campaign_spec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "profiles/map_reader.h"
#include "simulator/base/random.h"
#include "simulator/base/units.h"

namespace profiles {
namespace {

using Spec = CampaignSpec;
using Planned = PlannedCampaign;

constexpr std::size_t max_endpoints = 100'000;
constexpr std::size_t max_uri = 255;  // Core 1.1.1, E.6: 5/0/1

void read_mode(const Node& node, std::string_view what, Spec::Mode& out, Diagnostics& diagnostics) {
    std::string text;
    if (!read_text(node, what, text, diagnostics)) return;
    if (text != "push" && text != "pull") {
        diagnostics.error(node.place(), fmt::format("{}: unknown mode '{}'", what, printable(text)), "push or pull");
    }
    out = text == "pull" ? Spec::Mode::pull : Spec::Mode::push;
}

// "10%/h"
void read_wave(const Node& node, std::string_view what, double& out, Diagnostics& diagnostics) {
    std::string text;
    if (!read_text(node, what, text, diagnostics)) return;
    const auto slash = text.find('/');
    const auto share = base::parse_share(std::string_view(text).substr(0, slash));
    if (slash == std::string::npos || text.substr(slash) != "/h" || !share || *share <= 0) {
        diagnostics.error(node.place(), fmt::format("{}: '{}' is no share an hour", what, printable(text)),
                          "try 10%/h; at_once is how many are under way at one time");
        return;
    }
    out = *share;
}

void read_endpoints(const Node& node, std::string_view what, std::vector<std::string>& out, Diagnostics& diagnostics) {
    if (!node.is_sequence() || node.items().size() > max_endpoints) {
        diagnostics.error(node.place(), fmt::format("{}: a list of at most {} names is needed", what, max_endpoints));
        return;
    }
    for (const Node& item : node.items()) {
        std::string name;
        if (read_text(item, what, name, diagnostics)) out.push_back(std::move(name));
    }
}

void read_block(const Node& node, std::string_view what, std::uint64_t& out, Diagnostics& diagnostics) {
    std::uint64_t size = 0;
    if (!read_count(node, what, size, diagnostics)) return;
    if (size < 16 || size > 1024 || !std::has_single_bit(size)) {
        diagnostics.error(node.place(), fmt::format("{}: {} is no block size", what, size), "16, 32, ... 512 or 1024");
        return;
    }
    out = size;
}

constexpr std::array spec_fields{
    field<&Spec::image, read_text>("image", "text", "", "the name of an image that the server has"),
    field<&Spec::mode, read_mode>("mode", "push|pull", "push", "written in blocks, or fetched by the device"),
    field<&Spec::uri, read_text>("uri", "URI", "the server's own", "pull: where devices fetch it"),
    field<&Spec::version, read_text>("version", "text", "", "what 3/0/3 or 5/0/7 says afterwards"),
    field<&Spec::profile, read_text>("profile", "text", "", "devices of this profile of the scenario"),
    field<&Spec::endpoint, read_text>("endpoint", "text", "", "devices of such names; * stands for anything"),
    field<&Spec::endpoints, read_endpoints>("endpoints", "list", "", "devices of these names"),
    field<&Spec::share, read_share>("share", "share", "100%", "of the devices"),
    field<&Spec::hourly, read_wave>("wave", "share/h", "no limit", "of the devices that are begun an hour"),
    field<&Spec::at_once, read_count>("at_once", "count", "1000", "devices that are under way at one time"),
    field<&Spec::retries, read_count>("retries", "count", "0", "how often a device that failed is tried anew"),
    field<&Spec::stop_on_failures, read_share>("stop_on_failure_share", "share", "100%",
                                               "no more are begun once more than that have failed"),
    field<&Spec::timeout, read_duration>("timeout", "duration", "1h", "for one try of one device"),
    field<&Spec::poll, read_duration>("poll", "duration", "30s", "between two questions without a notification"),
    field<&Spec::block, read_block>("block", "count", "1024", "bytes of a block of a push"),
};

void check(const Node& node, const Spec& spec, Diagnostics& diagnostics) {
    const auto error = [&](std::string message) { diagnostics.error(node.place(), "firmware: " + std::move(message)); };
    if (!spec.uri.empty() && spec.mode == Spec::Mode::push) error("'uri' is for mode: pull");
    if (spec.uri.size() > max_uri) error("'uri' has more than 255 bytes");
    if (!spec.endpoints.empty() && (!spec.endpoint.empty() || !spec.profile.empty())) {
        error("'endpoints' names the devices; 'endpoint' and 'profile' do not go with it");
    }
    if (spec.at_once == 0) error("'at_once' is 1 or more");
    if (spec.retries > 100) error("'retries' is 100 at most");
    if (spec.poll < std::chrono::seconds(1)) error("'poll' is 1s or longer");
    if (spec.timeout < spec.poll) error("'timeout' is shorter than 'poll'");
}

// ---- of a scenario

// Bytes that follow from the size alone, and do not compress.
std::vector<std::uint8_t> made_up(std::size_t size) {
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(base::mix(size + i / 8) >> (i % 8 * 8));
    return bytes;
}

std::filesystem::path beside(const std::string& file, const Place& place) {
    if (place.source == nullptr) return file;
    return std::filesystem::path(place.source->name).parent_path() / file;
}

void read_image(const Node::Entry& entry, Planned& out, Diagnostics& diagnostics) {
    std::string text;
    if (!read_text(entry.value, entry.key, text, diagnostics)) return;
    const auto refuse = [&](std::string what) {
        diagnostics.error(entry.value.place(), fmt::format("image: '{}': {}", printable(text), what),
                          "a file, or a size such as 256KiB; 16 MiB at most");
    };
    out.spec.image = std::filesystem::path(text).filename().string();
    if (const auto size = base::parse_size(text)) {
        if (*size == 0 || *size > max_image_size) return refuse("no such image can be made up");
        out.image = std::make_shared<const std::vector<std::uint8_t>>(made_up(*size));
        return;
    }
    std::ifstream file(beside(text, entry.value.place()), std::ios::binary);
    if (!file) return refuse("cannot be read");
    std::vector<std::uint8_t> bytes;
    std::array<char, 65536> piece;
    while (file.read(piece.data(), piece.size()) || file.gcount() > 0) {
        bytes.insert(bytes.end(), piece.begin(), piece.begin() + file.gcount());
        if (bytes.size() > max_image_size) return refuse("is too large");
    }
    if (bytes.empty()) return refuse("is empty");
    out.image = std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes));
}

constexpr std::array planned_fields{
    custom<Planned, read_image>("image", "file or size", "", "the image; a size (256KiB) makes one up"),
    field<&Planned::after, read_duration>("after", "duration", "0s", "from the start of the run"),
};

bool is_planned_key(std::string_view key) { return key == "image" || key == "after"; }

}  // namespace

CampaignSpec read_campaign(const Node& node, Diagnostics& diagnostics) {
    Spec spec;
    read_fields(node, "campaign", spec_fields, spec, diagnostics);
    if (node.find("image") == nullptr) diagnostics.error(node.place(), "campaign: 'image' is missing");
    check(node, spec, diagnostics);
    return spec;
}

PlannedCampaign read_planned_campaign(const Node& node, Diagnostics& diagnostics) {
    Planned planned;
    planned.place = node.place();
    std::vector<Node::Entry> own, shared;
    if (node.is_map()) {
        for (const Node::Entry& entry : node.entries()) {
            (is_planned_key(entry.key) ? own : shared).push_back(entry);
        }
        if (node.find("image") == nullptr) diagnostics.error(node.place(), "firmware: 'image' is missing");
    }
    read_fields(node.is_map() ? Node::make_map(std::move(shared), node.place()) : node, "firmware", spec_fields,
                planned.spec, diagnostics);
    read_fields(Node::make_map(std::move(own), node.place()), "firmware", planned_fields, planned, diagnostics);
    check(node, planned.spec, diagnostics);
    return planned;
}

std::vector<FieldInfo> planned_campaign_fields() {
    auto infos = describe(planned_fields);
    for (const FieldInfo& info : describe(spec_fields)) {
        if (!is_planned_key(info.key)) infos.push_back(info);
    }
    return infos;
}

bool fits(std::string_view pattern, std::string_view text) {
    std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::string pattern_of(std::string_view endpoint_template, std::string_view profile) {
    std::string pattern;
    while (!endpoint_template.empty()) {
        const auto open = std::min(endpoint_template.find('{'), endpoint_template.size());
        pattern += endpoint_template.substr(0, open);
        endpoint_template.remove_prefix(open);
        const auto close = endpoint_template.find('}');
        if (close == std::string_view::npos) break;
        pattern += endpoint_template.substr(0, close) == "{profile" ? profile : "*";
        endpoint_template.remove_prefix(close + 1);
    }
    return pattern;
}

}  // namespace profiles
