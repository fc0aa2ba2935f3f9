// Api: the routes of the HTTP listener.
//
//   GET    /metrics                          Prometheus, text format 0.0.4
//   GET    /healthz   /readyz                the process answers; the fleet is built
//   GET    /v1/run                           state, phase, thresholds, the generator's health, the server's figures
//   GET    /v1/clients?limit=100&cursor=0    endpoint names of registered clients, a page at a time
//   GET    /v1/clients/{endpoint}            one client: address, lifetime, objects, observations with last values
//   GET    /v1/clients/{endpoint}/{path}     Read; ?format=tlv|senml-cbor|text|...; ?discover for a Discover
//   PUT    /v1/clients/{endpoint}/{path}     Write {"value": 5}, or {"values": {"0": 5, "1/0": "x"}} below the path
//   POST   /v1/clients/{endpoint}/{path}     Execute; the body is the arguments ("0='x',1")
//   PUT    /v1/clients/{endpoint}/{path}?pmin=10&pmax   Write-Attributes; a name alone unsets; no body
//   POST   /v1/clients/{endpoint}/{object}   Create {"values": {"0/5700": 5}}: instance/resource
//   DELETE /v1/clients/{endpoint}/{path}     Delete
//   POST   /v1/clients/{endpoint}/{path}/observe
//   DELETE /v1/clients/{endpoint}/{path}/observe
//
// A request to a device is answered when the device has answered, with its code in the body and the HTTP status that
// stands for it (RFC 8075, table 2); 504 when it did not, 404 when it is not registered.
#pragma once

#include <functional>
#include <optional>

#include "metrics/snapshot.h"
#include "simulator/base/time.h"
#include "simulator/server/command.h"
#include "simulator/web/http_message.h"

namespace server {
class Server;
}

namespace web {

// What is served. All functions are called on threads of the listener.
struct Sources {
    std::function<metrics::Snapshot()> snapshot;
    std::function<bool()> ready;  // none: always
    // The embedded server: null when there is none. It is touched only in tasks given to `post`, which runs them on the
    // server's thread; `now` is the clock of that thread, called there.
    server::Server* server = nullptr;
    std::function<void(std::function<void()>)> post;
    std::function<base::Time()> now;
    // How long a request to a device may take: more than MAX_TRANSMIT_WAIT.
    base::Duration device_timeout = std::chrono::seconds(100);
    // How long the server's thread may take for what it knows itself.
    base::Duration server_timeout = std::chrono::seconds(5);
};

class Api {
public:
    explicit Api(Sources sources) : sources_(std::move(sources)) {}
    // From any thread.
    HttpAnswer answer(const HttpRequest& request) const;

private:
    HttpAnswer clients(const HttpRequest& request) const;
    HttpAnswer client_list(const HttpRequest& request) const;
    HttpAnswer client(const std::string& endpoint) const;
    HttpAnswer device(const HttpRequest& request) const;
    static std::optional<HttpAnswer> fill(const HttpRequest& request, server::Command& command);
    HttpAnswer command(server::Command command) const;

    Sources sources_;
};

}  // namespace web
