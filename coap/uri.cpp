#include "coap/uri.h"

#include <array>
#include <optional>

#include <fmt/format.h>

namespace coap {
namespace {

constexpr std::array schemes{Scheme::coap, Scheme::coaps, Scheme::coap_tcp, Scheme::coaps_tcp};
constexpr std::size_t max_part = 255;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowered(std::string_view text) {
    std::string result(text);
    for (auto& c : result) c = lower(c);
    return result;
}

// RFC 3986 2.3: what never needs an encoding; and the sub-delims of 2.2, ':' and '@', which a segment may have as they
// are.
bool is_unreserved(char c) {
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') ||
           std::string_view("-._~").find(c) != std::string_view::npos;
}
bool is_pchar(char c) {
    return is_unreserved(c) || std::string_view("!$&'()*+,;=:@").find(c) != std::string_view::npos;
}

int hex_digit(char c) {
    if (is_digit(c)) return c - '0';
    const char l = lower(c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

// A piece of the text with its place, so that errors can name it.
struct Part {
    std::string_view text;
    std::size_t offset = 0;

    Part from(std::size_t at) const { return {text.substr(at), offset + at}; }
    Part to(std::size_t at) const { return {text.substr(0, at), offset}; }
};

// RFC 3986 2.1. `also`: characters that may stand there besides those of a segment.
base::Result<std::string> decode(Part part, std::string_view also) {
    std::string result;
    for (std::size_t i = 0; i < part.text.size(); ++i) {
        const char c = part.text[i];
        if (c != '%') {
            if (!is_pchar(c) && also.find(c) == std::string_view::npos) {
                return base::fail("a character that must be percent-encoded in a URI", part.offset + i);
            }
            result += c;
            continue;
        }
        const int high = i + 2 < part.text.size() ? hex_digit(part.text[i + 1]) : -1;
        const int low = i + 2 < part.text.size() ? hex_digit(part.text[i + 2]) : -1;
        if (high < 0 || low < 0) return base::fail("'%' without two hexadecimal digits", part.offset + i);
        result += static_cast<char>(high << 4 | low);
        i += 2;
    }
    return result;
}

base::Result<std::vector<std::string>> split(Part part, char separator, std::string_view also) {
    std::vector<std::string> pieces;
    while (true) {
        const auto end = part.text.find(separator);
        auto piece = decode(part.to(end), also);
        if (!piece) return tl::unexpected(piece.error());
        if (piece->size() > max_part)
            return base::fail("a path segment or query argument of more than 255 bytes", part.offset);
        pieces.push_back(std::move(*piece));
        if (end == std::string_view::npos) return pieces;
        part = part.from(end + 1);
    }
}

base::Result<std::uint16_t> parse_port(Part part) {
    std::uint32_t port = 0;
    for (std::size_t i = 0; i < part.text.size(); ++i) {
        if (!is_digit(part.text[i])) return base::fail("the port is not a number", part.offset + i);
        port = port * 10 + static_cast<std::uint32_t>(part.text[i] - '0');
        if (port > 65535) return base::fail("the port is above 65535", part.offset);
    }
    if (port == 0) return base::fail("the port is 0", part.offset);
    return static_cast<std::uint16_t>(port);
}

// How many groups of hexadecimal digits, of one to four; -1 when that is not what it is.
int ipv6_groups(std::string_view text) {
    if (text.empty()) return 0;
    int groups = 1;
    int digits = 0;
    for (const char c : text) {
        if (c == ':') {
            if (digits == 0) return -1;
            ++groups;
            digits = 0;
        } else if (hex_digit(c) < 0 || ++digits > 4) {
            return -1;
        }
    }
    return digits == 0 ? -1 : groups;
}

bool is_ipv4(std::string_view text) {
    int numbers = 0;
    while (true) {
        const auto end = text.find('.');
        const auto number = text.substr(0, end);
        if (number.empty() || number.size() > 3 || (number.size() > 1 && number[0] == '0')) return false;
        int value = 0;
        for (const char c : number) {
            if (!is_digit(c)) return false;
            value = value * 10 + (c - '0');
        }
        if (value > 255) return false;
        ++numbers;
        if (end == std::string_view::npos) return numbers == 4;
        text.remove_prefix(end + 1);
    }
}

// RFC 3986 3.2.2: eight groups, or fewer with one "::"; the last two may be an IPv4 address.
bool is_ipv6(std::string_view text) {
    std::string unified(text);
    if (const auto dot = text.find('.'); dot != std::string_view::npos) {
        const auto colon = text.rfind(':');
        if (colon == std::string_view::npos || !is_ipv4(text.substr(colon + 1))) return false;
        unified = std::string(text.substr(0, colon + 1)) + "0:0";
    }
    const std::string_view whole = unified;
    const auto gap = whole.find("::");
    if (gap == std::string_view::npos) return ipv6_groups(whole) == 8;
    const int before = ipv6_groups(whole.substr(0, gap));
    const int after = ipv6_groups(whole.substr(gap + 2));
    return before >= 0 && after >= 0 && before + after <= 7;
}

std::optional<base::Error> read_host(Part part, Uri& uri) {
    if (part.text.empty()) return base::Error{"no host", part.offset};
    if (part.text.front() == '[') {
        const auto literal = part.text.substr(1, part.text.size() - 2);
        if (!is_ipv6(literal)) return base::Error{"not an IPv6 address", part.offset + 1};
        uri.host = lowered(literal);
        uri.is_ipv6_literal = true;
        return std::nullopt;
    }
    if (const auto at = part.text.find('@'); at != std::string_view::npos) {
        return base::Error{"user information has no meaning in a coap URI", part.offset + at};
    }
    if (const auto at = part.text.find(':'); at != std::string_view::npos) {
        return base::Error{"an IPv6 address goes in brackets: coap://[2001:db8::1]", part.offset};
    }
    auto host = decode(part, "");
    if (!host) return host.error();
    if (host->size() > max_part) return base::Error{"a host of more than 255 bytes", part.offset};
    for (const char c : *host) {
        if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '/')
            return base::Error{"not a host name", part.offset};
    }
    uri.host = lowered(*host);
    return std::nullopt;
}

std::optional<base::Error> read_authority(Part part, Uri& uri) {
    const bool bracketed = part.text.starts_with('[');
    const auto close = bracketed ? part.text.find(']') : 0;
    if (close == std::string_view::npos) return base::Error{"'[' without ']'", part.offset};
    const auto colon = bracketed ? close + 1 : part.text.rfind(':');
    if (bracketed && colon < part.text.size() && part.text[colon] != ':') {
        return base::Error{"only a port may follow ']'", part.offset + colon};
    }
    const bool has_port = colon != std::string_view::npos && colon < part.text.size();
    uri.port = default_port(uri.scheme);
    // RFC 3986 3.2.3: an empty port is the default.
    if (has_port && colon + 1 < part.text.size() && (bracketed || part.text.find(':') == colon)) {
        const auto port = parse_port(part.from(colon + 1));
        if (!port) return port.error();
        uri.port = *port;
    }
    const bool cut = has_port && (bracketed || part.text.find(':') == colon);
    return read_host(cut ? part.to(colon) : part, uri);
}

void append_encoded(std::string& text, std::string_view part, std::string_view also, char never) {
    for (const char c : part) {
        if ((is_pchar(c) || also.find(c) != std::string_view::npos) && c != never) {
            text += c;
        } else {
            text += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
}

}  // namespace

const char* name(Scheme scheme) {
    switch (scheme) {
        case Scheme::coap: return "coap";
        case Scheme::coaps: return "coaps";
        case Scheme::coap_tcp: return "coap+tcp";
        case Scheme::coaps_tcp: return "coaps+tcp";
    }
    return "";
}

std::uint16_t default_port(Scheme scheme) { return is_secured(scheme) ? 5684 : 5683; }

base::Result<Uri> parse_uri(std::string_view text) {
    if (text.size() > max_uri_size) return base::fail("a URI of more than 1024 bytes", max_uri_size);
    const auto colon = text.find("://");
    if (colon == std::string_view::npos)
        return base::fail("not a URI: it begins with coap://, coaps://, coap+tcp:// or coaps+tcp://");
    Uri uri;
    bool known = false;
    for (const auto scheme : schemes) {
        if (lowered(text.substr(0, colon)) != name(scheme)) continue;
        uri.scheme = scheme;
        known = true;
    }
    if (!known) return base::fail("the scheme is not coap, coaps, coap+tcp or coaps+tcp");
    if (const auto at = text.find('#'); at != std::string_view::npos)
        return base::fail("a fragment has no meaning in a coap URI", at);

    Part rest{text.substr(colon + 3), colon + 3};
    const auto authority_end = rest.text.find_first_of("/?");
    if (const auto error = read_authority(rest.to(authority_end), uri)) return tl::unexpected(*error);
    if (authority_end == std::string_view::npos) return uri;
    rest = rest.from(authority_end);

    const auto mark = rest.text.find('?');
    if (const auto path = rest.to(mark); path.text.size() > 1) {
        auto segments = split(path.from(1), '/', "");
        if (!segments) return tl::unexpected(segments.error());
        uri.path = std::move(*segments);
    }
    if (mark != std::string_view::npos) {
        auto arguments = split(rest.from(mark + 1), '&', "/?");
        if (!arguments) return tl::unexpected(arguments.error());
        uri.query = std::move(*arguments);
    }
    return uri;
}

std::string to_string(const Uri& uri) {
    std::string text = std::string(name(uri.scheme)) + "://";
    if (uri.is_ipv6_literal) {
        text += '[' + uri.host + ']';
    } else {
        for (const char c : uri.host) append_encoded(text, {&c, 1}, "", c == ':' || c == '@' ? c : '\0');
    }
    if (uri.port != default_port(uri.scheme)) text += ':' + std::to_string(uri.port);
    for (const auto& segment : uri.path) append_encoded(text += '/', segment, "", '\0');
    for (std::size_t i = 0; i < uri.query.size(); ++i)
        append_encoded(text += i == 0 ? '?' : '&', uri.query[i], "/?", '&');
    return text;
}

}  // namespace coap
