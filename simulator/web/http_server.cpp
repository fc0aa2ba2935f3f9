#include "simulator/web/http_server.h"

#include <array>
#include <atomic>
#include <exception>
#include <future>
#include <thread>

#include <civetweb.h>
#include <fmt/format.h>

#include "simulator/net/address.h"

namespace web {
namespace {

// Each connection has a thread while it lasts: a hundred that say nothing leave some for those that do.
constexpr const char* connections = "112";
constexpr const char* head_timeout_ms = "5000";
constexpr const char* head_size = "8192";

std::string_view header(const mg_connection* connection, const char* name) {
    const char* value = mg_get_header(connection, name);
    return value == nullptr ? std::string_view() : std::string_view(value);
}

void send(mg_connection* connection, const HttpAnswer& answer) {
    std::string text = fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n", answer.status,
                                   reason(answer.status), answer.content_type, answer.body.size());
    if (!answer.allow.empty()) text += fmt::format("Allow: {}\r\n", answer.allow);
    if (answer.status == 401) text += "WWW-Authenticate: Bearer\r\n";
    text += "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n";
    text += answer.body;
    mg_write(connection, text.data(), text.size());
}

// The whole body; nothing when it is too long or breaks off.
std::optional<std::string> read_body(mg_connection* connection, const mg_request_info& info, std::size_t limit) {
    std::string body;
    if (info.content_length > static_cast<long long>(limit)) return std::nullopt;
    std::array<char, 16384> piece;
    while (body.size() <= limit) {
        const int size = mg_read(connection, piece.data(), piece.size());
        if (size < 0) return std::nullopt;
        if (size == 0) return body;
        body.append(piece.data(), static_cast<std::size_t>(size));
    }
    return std::nullopt;
}

}  // namespace

struct HttpServer::Library {
    // RFC 7230: with no length and no chunks there is no body, and mg_read would wait for the end of the connection.
    static bool has_body(const mg_connection* connection, const mg_request_info& info) {
        return info.content_length > 0 || !header(connection, "Transfer-Encoding").empty();
    }

    // The library's threads have a stack of 100 KB, less than a snapshot of the figures takes.
    static HttpAnswer on_own_stack(const HttpServer& server, const HttpRequest& request) {
        try {
            return std::async(std::launch::async, [&] { return server.answer(request); }).get();
        } catch (const std::exception& error) {
            return error_answer(503, error.what());
        }
    }

    // Who may not ask is not listened to for longer than a short body.
    static HttpAnswer take_in(const HttpServer& server, HttpRequest& request, mg_connection* connection,
                              const mg_request_info& info) {
        const auto refused = server.refuse(request, header(connection, "Host"), header(connection, "Origin"),
                                           header(connection, "Authorization"));
        const auto limit = refused ? max_body : server.limit_of(request);
        const bool may_be_long = limit > max_body;
        struct Place {
            const HttpServer& server;
            bool taken;
            ~Place() {
                if (taken) --server.long_bodies_;
            }
        };
        const Place place{server, may_be_long};
        if (may_be_long && ++server.long_bodies_ > max_long_bodies) {
            return error_answer(503, "too many large bodies are on their way");
        }
        auto body = has_body(connection, info) ? read_body(connection, info, limit) : std::string();
        if (refused) return *refused;
        if (!body) return error_answer(413, fmt::format("the body is larger than {} KiB, or broke off", limit / 1024));
        request.body = std::move(*body);
        return on_own_stack(server, request);
    }

    static int begin_request(mg_connection* connection) {
        const auto& info = *mg_get_request_info(connection);
        const auto& server = *static_cast<const HttpServer*>(info.user_data);
        HttpAnswer answer = error_answer(400, "the request target is not understood");
        HttpRequest request;
        request.method = info.request_method;
        std::string target = info.request_uri == nullptr ? "" : info.request_uri;
        if (info.query_string != nullptr && target.find('?') == std::string::npos) {
            target += std::string("?") + info.query_string;
        }
        if (read_target(target, request)) answer = take_in(server, request, connection, info);
        send(connection, answer);
        return answer.status;
    }
    // Errors that the library finds by itself say no more than their status.
    static int on_error(mg_connection* connection, int status, const char*) {
        send(connection, error_answer(status, reason(status)));
        return 0;
    }
    // Nothing goes to stderr behind the back of the program.
    static int on_log(const mg_connection*, const char*) { return 1; }
};

tl::expected<std::unique_ptr<HttpServer>, std::string> HttpServer::start(HttpConfig config, Handler handler) {
    const auto address = net::parse_ip(config.address, config.port);
    if (!address) {
        return tl::unexpected(fmt::format("{}: not an IP address to listen on", config.address));
    }
    if (!address->loopback() && !config.allow_remote) {
        return tl::unexpected(
            fmt::format("{}: listening beyond this machine must be asked for explicitly", config.address));
    }
    std::unique_ptr<HttpServer> server(new HttpServer(std::move(config), std::move(handler)));
    server->loopback_ = address->loopback();

    const std::string listen = net::to_string(*address);
    const std::array<const char*, 15> options{"listening_ports",
                                              listen.c_str(),
                                              "num_threads",
                                              connections,
                                              "connection_queue",
                                              "64",
                                              "request_timeout_ms",
                                              head_timeout_ms,
                                              "max_request_size",
                                              head_size,
                                              "enable_keep_alive",
                                              "no",
                                              "decode_url",
                                              "no",
                                              nullptr};
    mg_callbacks callbacks{};
    callbacks.begin_request = Library::begin_request;
    callbacks.http_error = Library::on_error;
    callbacks.log_message = Library::on_log;
    std::array<char, 256> text{};
    auto configuration = options;
    mg_init_data init{&callbacks, server.get(), configuration.data()};
    mg_error_data error{nullptr, text.data(), text.size()};
    mg_init_library(0);
    mg_context* context = mg_start2(&init, &error);
    if (context == nullptr) {
        mg_exit_library();
        return tl::unexpected(fmt::format("{}: cannot listen: the port is in use, or the address is not ours", listen));
    }
    server->context_ = context;
    std::array<mg_server_port, 2> ports{};
    const int found = mg_get_server_ports(context, static_cast<int>(ports.size()), ports.data());
    server->port_ = found > 0 ? static_cast<std::uint16_t>(ports[0].port) : server->config_.port;
    return server;
}

HttpServer::~HttpServer() {
    if (context_ == nullptr) return;
    // The library looks at its stop flag when somebody connects, else every two seconds: so somebody does.
    std::atomic<bool> stopped{false};
    std::thread visitor([&] {
        std::array<char, 128> error{};
        while (!stopped) {
            auto* visit = mg_connect_client(config_.address.c_str(), port_, 0, error.data(), error.size());
            if (visit != nullptr) mg_close_connection(visit);
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    });
    mg_stop(static_cast<mg_context*>(context_));
    stopped = true;
    visitor.join();
    mg_exit_library();
}

std::string HttpServer::url() const {
    const auto address = net::parse_ip(config_.address, port_);
    return "http://" + (address ? net::to_string(*address) : config_.address);
}

std::size_t HttpServer::limit_of(const HttpRequest& request) const {
    return config_.body_limit ? config_.body_limit(request) : max_body;
}

// Who may not ask, and why.
std::optional<HttpAnswer> HttpServer::refuse(const HttpRequest& request, std::string_view host, std::string_view origin,
                                             std::string_view authorization) const {
    const bool reads = request.method == "GET" || request.method == "HEAD";
    if (loopback_) {
        if (!is_local_host(host)) return error_answer(403, "the Host header names another machine");
        if (!origin.empty() && !is_local_host(host_of_origin(origin))) {
            return error_answer(403, "the Origin header names another machine");
        }
    } else if (!reads) {
        constexpr std::string_view scheme = "Bearer ";
        if (config_.token.empty()) return error_answer(403, "only GET is allowed here: no token was set");
        if (!authorization.starts_with(scheme) || !same_secret(authorization.substr(scheme.size()), config_.token)) {
            return error_answer(401, "a bearer token is needed");
        }
    }
    return std::nullopt;
}

HttpAnswer HttpServer::answer(const HttpRequest& request) const {
    HttpAnswer answer = handler_(request);
    if (request.method == "HEAD") answer.body.clear();
    return answer;
}

}  // namespace web
