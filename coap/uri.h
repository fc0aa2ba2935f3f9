// Uri: where a server is, as a user writes it (RFC 7252 6, RFC 8323 8): coap://[2001:db8::1]:5683/path?query. For
// configuration, not for the packet path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/base/error.h"

namespace coap {

enum class Scheme : std::uint8_t { coap, coaps, coap_tcp, coaps_tcp };
const char* name(Scheme scheme);            // "coap+tcp"
std::uint16_t default_port(Scheme scheme);  // 5683, or 5684 where it is secured
constexpr bool is_secured(Scheme scheme) { return scheme == Scheme::coaps || scheme == Scheme::coaps_tcp; }
constexpr bool is_stream(Scheme scheme) { return scheme == Scheme::coap_tcp || scheme == Scheme::coaps_tcp; }

struct Uri {
    Scheme scheme = Scheme::coap;
    std::string host;  // lower case, decoded; an IPv6 literal without its brackets
    bool is_ipv6_literal = false;
    std::uint16_t port = 5683;       // the default of the scheme where none was given
    std::vector<std::string> path;   // decoded segments, as Uri-Path has them; empty for "" and "/"
    std::vector<std::string> query;  // decoded, as Uri-Query has them

    friend bool operator==(const Uri&, const Uri&) = default;
};

inline constexpr std::size_t max_uri_size = 1024;

// Refuses, with the offset of the place: another scheme (a URI has one: "server" alone is refused), no host, a port of
// 0 or above 65535, user information, a fragment, a broken percent-encoding, characters that no URI has, a host,
// segment or argument of more than 255 bytes (RFC 7252 5.10), and more than max_uri_size bytes. Does not look names up.
base::Result<Uri> parse_uri(std::string_view text);

// What parse_uri reads as the same; the port only where it is not the default.
std::string to_string(const Uri& uri);

}  // namespace coap
