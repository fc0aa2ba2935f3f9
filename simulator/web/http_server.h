// HttpServer: the one HTTP listener: figures for Prometheus, the state of a run, and one device at a time by hand.
//
// It listens on loopback unless told otherwise. There a request needs a Host (and, from a browser, an Origin) of this
// machine; elsewhere whatever changes something needs the bearer token. Request heads are 8 KiB at most and must come
// within 5 s, bodies 64 KiB but where `body_limit` allows more; connections are bounded, and one that says nothing
// costs nobody else anything. No file is served.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "simulator/base/error.h"
#include "simulator/web/http_message.h"

namespace web {

struct HttpConfig {
    std::string address = "127.0.0.1";  // of an interface: IPv4, or IPv6 without brackets
    std::uint16_t port = 9700;          // 0: any that is free
    bool allow_remote = false;          // an address other than loopback was asked for in so many words
    std::string token{};                // there, of requests other than GET; empty: these are refused
    // How long the body of that request, which has none yet, may be; none: max_body. At most four that are longer than
    // max_body are taken in at one time.
    std::function<std::size_t(const HttpRequest&)> body_limit{};
};

class HttpServer {
public:
    // Called on one of several threads of the server's own.
    using Handler = std::function<HttpAnswer(const HttpRequest&)>;

    // Listens from now on. The error is a message for the user: the port is in use, the address is not ours, or not
    // allowed.
    static tl::expected<std::unique_ptr<HttpServer>, std::string> start(HttpConfig config, Handler handler);
    // Waits for the requests under way.
    ~HttpServer();

    std::uint16_t port() const { return port_; }
    std::string url() const;  // "http://127.0.0.1:9700"

    static constexpr std::size_t max_body = 64 * 1024;

private:
    struct Library;  // what is said to civetweb
    HttpServer(HttpConfig config, Handler handler) : config_(std::move(config)), handler_(std::move(handler)) {}
    std::optional<HttpAnswer> refuse(const HttpRequest& request, std::string_view host, std::string_view origin,
                                     std::string_view authorization) const;
    HttpAnswer answer(const HttpRequest& request) const;
    std::size_t limit_of(const HttpRequest& request) const;

    static constexpr int max_long_bodies = 4;
    mutable std::atomic<int> long_bodies_{0};

    HttpConfig config_;
    Handler handler_;
    bool loopback_ = true;
    std::uint16_t port_ = 0;
    void* context_ = nullptr;
};

}  // namespace web
