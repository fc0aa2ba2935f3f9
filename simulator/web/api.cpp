#include "simulator/web/api.h"

#include <charconv>
#include <future>

#include "metrics/collector.h"
#include "simulator/server/inspect.h"
#include "simulator/web/api_json.h"

namespace web {
namespace {

using metrics::ServerRequest;

constexpr std::uint32_t default_limit = 100;
constexpr std::uint32_t max_limit = 1000;
constexpr std::size_t max_attribute = 100;

HttpAnswer json_answer(std::string body) {
    return {.status = 200, .content_type = "application/json", .body = std::move(body), .allow = {}};
}
HttpAnswer text_answer(std::string body) {
    return {.status = 200, .content_type = "text/plain; charset=utf-8", .body = std::move(body), .allow = {}};
}
HttpAnswer not_allowed(std::string allow) {
    auto answer = error_answer(405, "this resource has other methods");
    answer.allow = std::move(allow);
    return answer;
}

bool reads(const HttpRequest& request) { return request.method == "GET" || request.method == "HEAD"; }

// A number in the query, `otherwise` where it is not there; nothing where it is none.
std::optional<std::uint32_t> number(const HttpRequest& request, std::string_view name, std::uint32_t otherwise) {
    const auto text = request.parameter(name);
    if (!text) return otherwise;
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
    return value;
}

// Has `make` run on the server's thread, and waits for what it returns; nothing when that takes too long. What the task
// touches belongs to it, since it may run when nobody waits any more.
template <class T, class Make>
std::optional<T> ask(const Sources& sources, Make make) {
    auto promise = std::make_shared<std::promise<T>>();
    auto future = promise->get_future();
    sources.post([promise, make = std::move(make)] { promise->set_value(make()); });
    if (future.wait_for(sources.server_timeout) != std::future_status::ready) return std::nullopt;
    return future.get();
}

// RFC 8075, table 2.
int status_of(coap::Code code) {
    if (coap::is_success(code)) return 200;
    switch (static_cast<std::uint8_t>(code)) {
        case coap::make_code(4, 1):
        case coap::make_code(4, 3): return 403;
        case coap::make_code(4, 4): return 404;
        case coap::make_code(4, 6): return 406;
        case coap::make_code(4, 9): return 409;
        case coap::make_code(4, 12): return 412;
        case coap::make_code(4, 13): return 413;
        case coap::make_code(4, 15): return 415;
        case coap::make_code(5, 0): return 500;
        case coap::make_code(5, 1): return 501;
        case coap::make_code(5, 3): return 503;
        case coap::make_code(5, 4): return 504;
        default: return coap::code_class(code) == 4 ? 400 : 502;
    }
}

int status_of(const server::CommandResult& result) {
    using Outcome = server::CommandResult::Outcome;
    switch (result.outcome) {
        case Outcome::answered: return status_of(result.code);
        case Outcome::timed_out: return 504;
        case Outcome::reset: return 502;
        case Outcome::unknown_client: return 404;
        case Outcome::refused: return 400;
        case Outcome::no_room: return 503;
        case Outcome::cancelled: return 409;
    }
    return 500;
}

}  // namespace

HttpAnswer Api::answer(const HttpRequest& request) const {
    const auto& path = request.segments;
    const auto is = [&](std::initializer_list<std::string_view> segments) {
        return std::equal(path.begin(), path.end(), segments.begin(), segments.end());
    };
    if (path.size() >= 2 && path[0] == "v1" && path[1] == "clients") return clients(request);
    const bool known = is({"metrics"}) || is({"healthz"}) || is({"readyz"}) || is({"v1", "run"});
    if (!known) return error_answer(404, "there is no such resource");
    if (!reads(request)) return not_allowed("GET, HEAD");
    if (is({"metrics"})) {
        auto answer = text_answer(metrics::expose(sources_.snapshot()));
        answer.content_type = metrics::exposition_content_type;
        return answer;
    }
    if (is({"healthz"})) return text_answer("ok\n");
    if (is({"readyz"})) {
        const bool ready = !sources_.ready || sources_.ready();
        return ready ? text_answer("ok\n") : error_answer(503, "not ready yet");
    }
    return json_answer(run_json(sources_.snapshot()));
}

HttpAnswer Api::clients(const HttpRequest& request) const {
    if (sources_.server == nullptr) return error_answer(404, "the server under test is not ours");
    if (request.segments.size() > 3) return device(request);
    if (!reads(request)) return not_allowed("GET, HEAD");
    return request.segments.size() == 2 ? client_list(request) : client(request.segments[2]);
}

HttpAnswer Api::client_list(const HttpRequest& request) const {
    const auto limit = number(request, "limit", default_limit);
    const auto cursor = number(request, "cursor", 0);
    if (!limit || !cursor || *limit == 0 || *limit > max_limit) {
        return error_answer(400, "limit is 1 to 1000, cursor what the page before gave as next");
    }
    const auto page = ask<server::ClientPage>(sources_, [server = sources_.server, cursor = *cursor, limit = *limit] {
        return list(*server, cursor, limit);
    });
    if (!page) return error_answer(504, "the server's thread does not answer");
    return json_answer(page_json(*page));
}

HttpAnswer Api::client(const std::string& endpoint) const {
    const auto found = ask<std::optional<server::ClientInfo>>(
        sources_,
        [server = sources_.server, now = sources_.now, endpoint] { return describe(*server, now(), endpoint); });
    if (!found) return error_answer(504, "the server's thread does not answer");
    if (!*found) return error_answer(404, "no client of that name is registered");
    return json_answer(client_json(**found));
}

// v1, clients, endpoint, then the path, and perhaps "observe".
HttpAnswer Api::device(const HttpRequest& request) const {
    auto segments = std::vector<std::string>(request.segments.begin() + 3, request.segments.end());
    const bool observes = segments.back() == "observe";
    if (observes) segments.pop_back();
    std::string text;
    for (const auto& segment : segments) text += "/" + segment;
    const auto path = lwm2m::parse_path(text);
    if (!path) return error_answer(404, "a path is made of ids, such as 3303/0/5700");

    server::Command wanted;
    wanted.endpoint = request.segments[2];
    wanted.path = *path;
    if (const auto name = request.parameter("format")) {
        wanted.format = lwm2m::content_format(*name);
        if (!wanted.format) {
            return error_answer(400, "format is text, opaque, cbor, senml-json, senml-cbor, tlv, json or lwm2m-cbor");
        }
    }
    if (observes) {
        if (request.method != "POST" && request.method != "DELETE") return not_allowed("POST, DELETE");
        wanted.kind = request.method == "POST" ? ServerRequest::observe : ServerRequest::cancel_observe;
    } else if (auto refused = fill(request, wanted)) {
        return *std::move(refused);
    }
    return command(std::move(wanted));
}

// What the method means for the path: an answer where it means nothing.
std::optional<HttpAnswer> Api::fill(const HttpRequest& request, server::Command& wanted) {
    const auto& path = wanted.path;
    if (reads(request)) {
        wanted.kind = request.parameter("discover") ? ServerRequest::discover : ServerRequest::read;
        return std::nullopt;
    }
    if (request.method == "DELETE") {
        wanted.kind = ServerRequest::delete_;
        if (path.depth == 2 || path.depth == 4) return std::nullopt;
        return error_answer(400, "only an instance can be deleted, such as /3303/1");
    }
    if (request.method == "PUT" && request.body.empty() && !request.query.empty() && !request.parameter("format")) {
        wanted.kind = ServerRequest::write_attributes;
        for (const auto& [name, value] : request.query) {
            if (name.size() + value.size() > max_attribute) return error_answer(400, name + ": too long");
            wanted.attributes.push_back(value.empty() ? name : name + "=" + value);
        }
        return std::nullopt;
    }
    const bool creates = request.method == "POST" && path.depth == 1;
    if (request.method == "PUT" || creates) {
        wanted.kind = creates ? ServerRequest::create : ServerRequest::write;
        auto values = read_values(request.body, path);
        if (!values) return error_answer(400, values.error());
        wanted.values = std::move(*values);
        return std::nullopt;
    }
    if (request.method == "POST") {
        wanted.kind = ServerRequest::execute;
        wanted.arguments = request.body;
        if (path.depth == 3) return std::nullopt;
        return error_answer(400, "only a resource can be executed, such as /3/0/4");
    }
    return not_allowed("GET, HEAD, PUT, POST, DELETE");
}

HttpAnswer Api::command(server::Command command) const {
    auto promise = std::make_shared<std::promise<server::CommandResult>>();
    auto future = promise->get_future();
    command.done = [promise](const server::CommandResult& result) { promise->set_value(result); };
    sources_.post([server = sources_.server, now = sources_.now, command = std::move(command)]() mutable {
        server->submit(now(), std::move(command));
    });
    if (future.wait_for(sources_.device_timeout) != std::future_status::ready) {
        return error_answer(504, "nothing came of it in time");
    }
    const auto result = future.get();
    auto answer = json_answer(result_json(result));
    answer.status = status_of(result);
    return answer;
}

}  // namespace web
