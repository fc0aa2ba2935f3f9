#include "profiles/server_uri.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace profiles {
namespace {

base::Result<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, port);
    if (error != std::errc{} || stop != end || port == 0) return base::fail("the port is not a number from 1 to 65535");
    return port;
}

// "host", "host:port", "[::1]:port".
base::Result<ServerUri> parse_authority(std::string_view text, bool secure) {
    ServerUri uri;
    uri.secure = secure;
    if (secure) uri.port = 5684;
    std::string_view rest;
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == std::string_view::npos) return base::fail("the bracket of the IPv6 address is not closed");
        uri.host = text.substr(1, close - 1);
        rest = text.substr(close + 1);
        if (!rest.empty() && rest.front() != ':') return base::fail("something stands between ']' and the port");
    } else {
        const auto colon = text.find(':');
        if (colon != text.rfind(':')) return base::fail("an IPv6 address stands in brackets: coap://[::1]:5683");
        uri.host = text.substr(0, colon);
        rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
    }
    const auto odd = [](char c) { return c <= ' ' || c == '@' || c == '/' || c == '?' || c == '#' || c == '\x7f'; };
    if (uri.host.empty()) return base::fail("the host is missing");
    if (std::ranges::any_of(uri.host, odd)) return base::fail("the host has a character that no host has");
    if (rest.empty()) return uri;
    const auto port = parse_port(rest.substr(1));
    if (!port) return tl::unexpected(port.error());
    uri.port = *port;
    return uri;
}

}  // namespace

base::Result<ServerUri> parse_server_uri(std::string_view text) {
    constexpr std::array later{"coap+tcp://", "coaps+tcp://", "coap+sms://"};
    for (const std::string_view scheme : later) {
        if (text.starts_with(scheme)) return base::fail("only coap:// and coaps:// are supported yet");
    }
    const bool secure = text.starts_with("coaps://");
    const std::string_view scheme = secure ? "coaps://" : "coap://";
    if (!text.starts_with(scheme)) return base::fail("a server is named by a URI such as coap://127.0.0.1:5683");
    text.remove_prefix(scheme.size());
    if (text.ends_with('/')) text.remove_suffix(1);
    return parse_authority(text, secure);
}

std::string to_string(const ServerUri& uri) {
    const bool brackets = uri.host.find(':') != std::string::npos;
    const std::string host = brackets ? "[" + uri.host + "]" : uri.host;
    return (uri.secure ? "coaps://" : "coap://") + host + ":" + std::to_string(uri.port);
}

}  // namespace profiles
