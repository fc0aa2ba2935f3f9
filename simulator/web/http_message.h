// HttpMessage: a request as the routes see it, and what they answer; no socket, no library.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace web {

struct HttpRequest {
    std::string method;                 // "GET"
    std::vector<std::string> segments;  // of the path, percent-decoded: "/v1/clients/urn%3Aa" is v1, clients, urn:a
    std::vector<std::pair<std::string, std::string>> query;  // decoded
    std::string body;

    // The first parameter of that name.
    std::optional<std::string_view> parameter(std::string_view name) const;
};

struct HttpAnswer {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::string allow;  // of 405
};

// {"error": "..."}
HttpAnswer error_answer(int status, std::string_view message);
// "Not Found"
std::string_view reason(int status);

// Splits the target of a request line ("/v1/clients?limit=5") into segments and query. False where it is no such thing:
// it does not begin with '/', has a broken percent-encoding, or a NUL in it.
bool read_target(std::string_view target, HttpRequest& request);
// Percent-decoding, '+' for a blank in a query (`form`).
std::optional<std::string> percent_decode(std::string_view text, bool form = false);

// Is a Host or Origin header one of this machine's own names: localhost, 127.x.y.z or [::1], with or without a port? A
// page of somebody else's that lets its name point to us (DNS rebinding) fails here.
bool is_local_host(std::string_view host);
// "http://localhost:9700" -> "localhost:9700"; empty where it is no http origin.
std::string_view host_of_origin(std::string_view origin);

// Compares secrets in a time that does not tell how much of them fits.
bool same_secret(std::string_view a, std::string_view b);

}  // namespace web
