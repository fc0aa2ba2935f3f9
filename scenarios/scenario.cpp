#include "scenarios/scenario.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace scenarios {
namespace {

base::Result<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, port);
    if (error != std::errc{} || stop != end || port == 0) return base::fail("the port is not a number from 1 to 65535");
    return port;
}

// "host", "host:port", "[::1]:port".
base::Result<Target> parse_authority(std::string_view text) {
    Target target;
    std::string_view rest;
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == std::string_view::npos) return base::fail("the bracket of the IPv6 address is not closed");
        target.host = text.substr(1, close - 1);
        rest = text.substr(close + 1);
        if (!rest.empty() && rest.front() != ':') return base::fail("something stands between ']' and the port");
    } else {
        const auto colon = text.find(':');
        if (colon != text.rfind(':')) return base::fail("an IPv6 address stands in brackets: coap://[::1]:5683");
        target.host = text.substr(0, colon);
        rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
    }
    const auto odd = [](char c) { return c <= ' ' || c == '@' || c == '/' || c == '?' || c == '#' || c == '\x7f'; };
    if (target.host.empty()) return base::fail("the host is missing");
    if (std::ranges::any_of(target.host, odd)) return base::fail("the host has a character that no host has");
    if (rest.empty()) return target;
    const auto port = parse_port(rest.substr(1));
    if (!port) return tl::unexpected(port.error());
    target.port = *port;
    return target;
}

}  // namespace

base::Result<Target> parse_target(std::string_view uri) {
    constexpr std::array later{"coaps://", "coap+tcp://", "coaps+tcp://", "coap+sms://"};
    for (const std::string_view scheme : later) {
        if (uri.starts_with(scheme)) return base::fail("only coap:// is supported yet");
    }
    constexpr std::string_view scheme = "coap://";
    if (!uri.starts_with(scheme)) return base::fail("a target is a URI such as coap://127.0.0.1:5683");
    uri.remove_prefix(scheme.size());
    if (uri.ends_with('/')) uri.remove_suffix(1);
    return parse_authority(uri);
}

std::string to_string(const Target& target) {
    const bool brackets = target.host.find(':') != std::string::npos;
    const std::string host = brackets ? "[" + target.host + "]" : target.host;
    return "coap://" + host + ":" + std::to_string(target.port);
}

std::uint64_t Level::of(std::uint64_t devices) const {
    if (count) return std::min(*count, devices);
    return std::min(devices, static_cast<std::uint64_t>(std::llround(share * static_cast<double>(devices))));
}

std::string_view kind(const Phase& phase) {
    constexpr std::array<std::string_view, std::variant_size_v<decltype(Phase::what)>> names{"ramp", "hold", "drain"};
    return names[phase.what.index()];
}

std::vector<double> fleet_weights(const Scenario& scenario) {
    double left = 1;
    int open = 0;
    for (const FleetShare& entry : scenario.fleet) {
        left -= entry.share.value_or(0);
        open += entry.share ? 0 : 1;
    }
    std::vector<double> weights;
    for (const FleetShare& entry : scenario.fleet) weights.push_back(entry.share ? *entry.share : left / open);
    return weights;
}

}  // namespace scenarios
