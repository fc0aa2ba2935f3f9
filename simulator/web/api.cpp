#include "simulator/web/api.h"

#include <algorithm>

#include "metrics/collector.h"
#include "simulator/server/inspect.h"
#include "simulator/web/api_json.h"
#include "simulator/web/api_tools.h"

namespace web {
namespace {

using metrics::ServerRequest;

constexpr std::size_t max_attribute = 100;
constexpr std::uint32_t max_depth = 3;

HttpAnswer text_answer(std::string body) {
    return {.status = 200, .content_type = "text/plain; charset=utf-8", .body = std::move(body), .allow = {}};
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
        case Outcome::forgotten: return 200;
    }
    return 500;
}

// Parameters of the query that are no attributes.
bool is_own_parameter(std::string_view name) { return name == "format" || name == "by" || name == "discover"; }

// The attributes in the query: pmin=10, or pmax to unset.
std::optional<HttpAnswer> take_attributes(const HttpRequest& request, server::Command& wanted) {
    for (const auto& [name, value] : request.query) {
        if (is_own_parameter(name)) continue;
        if (name.size() + value.size() > max_attribute) return error_answer(400, name + ": too long");
        wanted.queries.push_back(value.empty() ? name : name + "=" + value);
    }
    return std::nullopt;
}

std::optional<HttpAnswer> take_format(const HttpRequest& request, server::Command& wanted) {
    const auto name = request.parameter("format");
    if (!name) return std::nullopt;
    wanted.format = lwm2m::content_format(*name);
    if (wanted.format) return std::nullopt;
    return error_answer(400,
                        "format is text, opaque, cbor, senml-json, senml-cbor, senml-etch-json, senml-etch-cbor, tlv, "
                        "json or lwm2m-cbor");
}

std::optional<HttpAnswer> take_way(const HttpRequest& request, server::Command& wanted) {
    const auto by = request.parameter("by");
    wanted.by_reset = by == "reset";
    if (!by || *by == "reset" || *by == "get") return std::nullopt;
    return error_answer(400, "by is get or reset");
}

}  // namespace

std::size_t body_limit(const HttpRequest& request) {
    const auto& path = request.segments;
    const bool image = path.size() >= 2 && path[0] == "v1" && path[1] == "firmware" && !reads(request);
    return image ? profiles::max_image_size : std::size_t{64} * 1024;
}

HttpAnswer Api::answer(const HttpRequest& request) const {
    const auto& path = request.segments;
    const auto is = [&](std::initializer_list<std::string_view> segments) {
        return std::equal(path.begin(), path.end(), segments.begin(), segments.end());
    };
    if (path.size() >= 2 && path[0] == "v1" && path[1] == "clients") return clients(request);
    if (path.size() >= 2 && path[0] == "v1" && path[1] == "firmware") return firmware(request);
    if (path.size() >= 2 && path[0] == "v1" && path[1] == "campaigns") return campaigns(request);
    if (is({"v1", "sends"})) return sends(request);
    if (sources_.devices && path.size() >= 2 && path[0] == "v1" && path[1] == "devices")
        return sources_.devices(request);
    const bool known = is({"metrics"}) || is({"healthz"}) || is({"readyz"}) || is({"v1", "run"});
    if (!known) return error_answer(404, "there is no such resource");
    if (!reads(request)) return not_allowed("GET, HEAD");
    if (!sources_.snapshot && (is({"metrics"}) || is({"v1", "run"}))) return error_answer(404, "there are no figures");
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
    if (!page) return no_thread_answer();
    return json_answer(page_json(*page));
}

HttpAnswer Api::client(const std::string& endpoint) const {
    const auto found = ask<std::optional<server::ClientInfo>>(
        sources_,
        [server = sources_.server, now = sources_.now, endpoint] { return describe(*server, now(), endpoint); });
    if (!found) return no_thread_answer();
    if (!*found) return error_answer(404, "no client of that name is registered");
    return json_answer(client_json(**found));
}

// v1, clients, endpoint, then the path, and perhaps "observe"; or "composite" and the operation.
HttpAnswer Api::device(const HttpRequest& request) const {
    auto segments = std::vector<std::string>(request.segments.begin() + 3, request.segments.end());
    if (segments.front() == "composite") return composite(request);
    const bool observes = segments.back() == "observe";
    if (observes) segments.pop_back();
    std::string text;
    for (const auto& segment : segments) text += "/" + segment;
    const auto path = lwm2m::parse_path(text);
    if (!path) return error_answer(404, "a path is made of ids, such as 3303/0/5700");

    server::Command wanted;
    wanted.endpoint = request.segments[2];
    wanted.path = *path;
    if (auto refused = take_format(request, wanted)) return *std::move(refused);
    if (observes) {
        if (request.method != "POST" && request.method != "DELETE") return not_allowed("POST, DELETE");
        const bool begins = request.method == "POST";
        wanted.kind = begins ? ServerRequest::observe : ServerRequest::cancel_observe;
        if (auto refused = begins ? take_attributes(request, wanted) : take_way(request, wanted)) {
            return *std::move(refused);
        }
    } else if (auto refused = fill(request, wanted)) {
        return *std::move(refused);
    }
    return command(std::move(wanted));
}

// v1, clients, endpoint, "composite", operation.
HttpAnswer Api::composite(const HttpRequest& request) const {
    const auto& segments = request.segments;
    const std::string operation = segments.size() == 5 ? segments[4] : "";
    const bool observes = operation == "observe";
    if (operation != "read" && operation != "write" && !observes) {
        return error_answer(404, "composite is followed by read, write or observe");
    }
    if (request.method != "POST" && !(observes && request.method == "DELETE")) {
        return not_allowed(observes ? "POST, DELETE" : "POST");
    }
    server::Command wanted;
    wanted.endpoint = segments[2];
    if (auto refused = take_format(request, wanted)) return *std::move(refused);
    if (operation == "write") {
        wanted.kind = ServerRequest::write_composite;
        auto values = read_values(request.body, wanted.path);
        if (!values) return error_answer(400, values.error());
        wanted.values = std::move(*values);
        return command(std::move(wanted));
    }
    auto paths = read_paths(request.body);
    if (!paths) return error_answer(400, paths.error());
    wanted.paths = std::move(*paths);
    const bool cancels = request.method == "DELETE";
    wanted.kind = cancels ? ServerRequest::cancel_observe
                          : (observes ? ServerRequest::observe_composite : ServerRequest::read_composite);
    std::optional<HttpAnswer> refused;
    if (cancels) refused = take_way(request, wanted);
    if (observes && !cancels) refused = take_attributes(request, wanted);
    return refused ? *std::move(refused) : command(std::move(wanted));
}

// What the method means for the path: an answer where it means nothing.
std::optional<HttpAnswer> Api::fill(const HttpRequest& request, server::Command& wanted) {
    const auto& path = wanted.path;
    if (reads(request)) {
        wanted.kind = request.parameter("discover") ? ServerRequest::discover : ServerRequest::read;
        const auto depth = number(request, "depth", 0);
        if (!depth || *depth > max_depth) return error_answer(400, "depth is 0 to 3");
        if (!request.parameter("depth")) return std::nullopt;
        if (wanted.kind == ServerRequest::read) return error_answer(400, "depth is for discover");
        wanted.queries.push_back("depth=" + std::to_string(*depth));
        return std::nullopt;
    }
    if (request.method == "DELETE") {
        wanted.kind = ServerRequest::delete_;
        if (path.depth == 2 || path.depth == 4) return std::nullopt;
        return error_answer(400, "only an instance can be deleted, such as /3303/1");
    }
    if (request.method == "PUT" && request.body.empty() && !request.query.empty() && !request.parameter("format")) {
        wanted.kind = ServerRequest::write_attributes;
        return take_attributes(request, wanted);
    }
    const bool creates = request.method == "POST" && path.depth == 1;
    if (request.method == "PUT" || request.method == "PATCH" || creates) return fill_written(request, wanted);
    if (request.method == "POST") {
        wanted.kind = ServerRequest::execute;
        wanted.arguments = request.body;
        if (path.depth == 3) return std::nullopt;
        return error_answer(400, "only a resource can be executed, such as /3/0/4");
    }
    return not_allowed("GET, HEAD, PUT, PATCH, POST, DELETE");
}

// Write and Create.
std::optional<HttpAnswer> Api::fill_written(const HttpRequest& request, server::Command& wanted) {
    wanted.kind = request.method == "POST" ? ServerRequest::create : ServerRequest::write;
    wanted.update = request.method == "PATCH";
    if (wanted.update && wanted.path.depth != 2) {
        return error_answer(400, "a partial update is for an instance, such as /3303/1");
    }
    auto values = wanted.kind == ServerRequest::create ? read_created(request.body, wanted.path, wanted.any_instance)
                                                       : read_values(request.body, wanted.path);
    if (!values) return error_answer(400, values.error());
    wanted.values = std::move(*values);
    return std::nullopt;
}

HttpAnswer Api::sends(const HttpRequest& request) const {
    if (sources_.server == nullptr) return error_answer(404, "the server under test is not ours");
    if (!reads(request)) return not_allowed("GET, HEAD");
    const auto limit = number(request, "limit", default_limit);
    if (!limit || *limit == 0 || *limit > max_limit) return error_answer(400, "limit is 1 to 1000");
    const std::string endpoint(request.parameter("endpoint").value_or(""));
    const auto found = ask<std::vector<server::SendInfo>>(
        sources_, [server = sources_.server, now = sources_.now, limit = *limit, endpoint] {
            return list_sends(*server, now(), limit, endpoint);
        });
    return found ? json_answer(sends_json(*found)) : no_thread_answer();
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
