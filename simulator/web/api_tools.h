// ApiTools: what the files of Api have in common.
#pragma once

#include <charconv>
#include <future>
#include <memory>

#include "simulator/web/api.h"

namespace web {

inline constexpr std::uint32_t default_limit = 100;
inline constexpr std::uint32_t max_limit = 1000;

inline HttpAnswer json_answer(std::string body, int status = 200) {
    return {.status = status, .content_type = "application/json", .body = std::move(body), .allow = {}};
}
inline HttpAnswer not_allowed(std::string allow) {
    auto answer = error_answer(405, "this resource has other methods");
    answer.allow = std::move(allow);
    return answer;
}
inline HttpAnswer no_thread_answer() { return error_answer(504, "the server's thread does not answer"); }

inline bool reads(const HttpRequest& request) { return request.method == "GET" || request.method == "HEAD"; }

inline std::optional<std::uint32_t> parse_number(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}
// A number in the query, `otherwise` where it is not there; nothing where it is none.
inline std::optional<std::uint32_t> number(const HttpRequest& request, std::string_view name, std::uint32_t otherwise) {
    const auto text = request.parameter(name);
    return text ? parse_number(*text) : std::optional(otherwise);
}

// Has `make` run on the server's thread, and waits for what it returns; nothing when that takes too long. What the task
// touches belongs to it, since it may run when nobody waits any more.
template <class T, class Make>
std::optional<T> ask(const Sources& sources, Make make) {
    auto promise = std::make_shared<std::promise<T>>();
    auto future = promise->get_future();
    sources.post([promise, make = std::move(make)]() mutable { promise->set_value(make()); });
    if (future.wait_for(sources.server_timeout) != std::future_status::ready) return std::nullopt;
    return future.get();
}

}  // namespace web
