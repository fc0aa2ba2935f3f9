#include "simulator/web/http_message.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace web {
namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool read_query(std::string_view text, HttpRequest& request) {
    while (!text.empty()) {
        const auto part = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(text.size(), part.size() + 1));
        if (part.empty()) continue;
        const auto equals = part.find('=');
        const auto name = percent_decode(part.substr(0, equals), true);
        const auto value =
            equals == std::string_view::npos ? std::string() : percent_decode(part.substr(equals + 1), true);
        if (!name || !value) return false;
        request.query.emplace_back(*name, *value);
    }
    return true;
}

bool is_port(std::string_view text) {
    return text.empty() || (text.front() == ':' && text.size() > 1 &&
                            std::all_of(text.begin() + 1, text.end(), [](char c) { return c >= '0' && c <= '9'; }));
}

}  // namespace

std::optional<std::string_view> HttpRequest::parameter(std::string_view name) const {
    for (const auto& [key, value] : query) {
        if (key == name) return value;
    }
    return std::nullopt;
}

HttpAnswer error_answer(int status, std::string_view message) {
    const nlohmann::json body{{"error", message}};
    return {.status = status,
            .content_type = "application/json",
            .body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n",
            .allow = {}};
}

std::string_view reason(int status) {
    switch (status) {
        case 200: return "OK";
        case 201: return "Created";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 406: return "Not Acceptable";
        case 409: return "Conflict";
        case 411: return "Length Required";
        case 412: return "Precondition Failed";
        case 413: return "Content Too Large";
        case 415: return "Unsupported Media Type";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        default: return "Answer";
    }
}

std::optional<std::string> percent_decode(std::string_view text, bool form) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            if (i + 2 >= text.size()) return std::nullopt;
            const int high = hex_digit(text[i + 1]);
            const int low = hex_digit(text[i + 2]);
            if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
            c = static_cast<char>(high * 16 + low);
            i += 2;
        } else if (form && c == '+') {
            c = ' ';
        }
        decoded += c;
    }
    return decoded;
}

bool read_target(std::string_view target, HttpRequest& request) {
    if (!target.starts_with('/')) return false;
    const auto question = target.find('?');
    std::string_view path = target.substr(1, question == std::string_view::npos ? question : question - 1);
    while (!path.empty()) {
        const auto part = path.substr(0, path.find('/'));
        path.remove_prefix(std::min(path.size(), part.size() + 1));
        const auto segment = percent_decode(part);
        if (!segment) return false;
        if (!segment->empty()) request.segments.push_back(*segment);
    }
    return question == std::string_view::npos || read_query(target.substr(question + 1), request);
}

bool is_local_host(std::string_view host) {
    for (const std::string_view name : {"localhost", "[::1]"}) {
        if (host.starts_with(name) && is_port(host.substr(name.size()))) return true;
    }
    if (!host.starts_with("127.")) return false;
    const auto end = std::min(host.find(':'), host.size());
    const auto address = host.substr(0, end);
    const auto digit_or_dot = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };
    return std::all_of(address.begin(), address.end(), digit_or_dot) && is_port(host.substr(end));
}

std::string_view host_of_origin(std::string_view origin) {
    constexpr std::string_view scheme = "http://";
    return origin.starts_with(scheme) ? origin.substr(scheme.size()) : std::string_view();
}

bool same_secret(std::string_view a, std::string_view b) {
    unsigned difference = a.size() == b.size() ? 0 : 1;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const char other = b.empty() ? '\0' : b[i % b.size()];
        difference |= static_cast<unsigned char>(a[i] ^ other);
    }
    return difference == 0;
}

}  // namespace web
