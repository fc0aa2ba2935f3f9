// Api: the routes of the HTTP listener.
//
//   GET    /metrics                          Prometheus, text format 0.0.4
//   GET    /healthz   /readyz                the process answers; the fleet is built
//   GET    /v1/run                           state, phase, thresholds, the generator's health, the server's figures
//   GET    /v1/devices   /v1/devices/{endpoint}   of `lwm2m-sim device`: its state, values, observations, last messages
//   GET    /v1/devices/{endpoint}/{path}     its values there
//   PUT    /v1/devices/{endpoint}/{path}     changes them: {"value": 5}, or {"values": {"0": 5}} below the path
//   GET    /v1/clients?limit=100&cursor=0    endpoint names of registered clients, a page at a time
//   GET    /v1/clients/{endpoint}            one client: address, lifetime, objects, observations with last values
//   GET    /v1/clients/{endpoint}/{path}     Read; ?format=tlv|senml-cbor|text|...
//   GET    /v1/clients/{endpoint}/{path}?discover        Discover; &depth=0..3 (LwM2M 1.2)
//   PUT    /v1/clients/{endpoint}/{path}     Write, replacing: {"value": 5}, or {"values": {"0": 5, "1/0": "x"}} below
//                                            the path; long ones go in blocks
//   PATCH  /v1/clients/{endpoint}/{o}/{i}    Write, a partial update: the same
//   POST   /v1/clients/{endpoint}/{path}     Execute; the body is the arguments ("0='x',1")
//   PUT    /v1/clients/{endpoint}/{path}?pmin=10&pmax   Write-Attributes; a name alone unsets; no body
//   POST   /v1/clients/{endpoint}/{object}   Create {"values": {"0/5700": 5}}: instance/resource; or {"resources":
//                                            {"5700": 5}}: the device chooses the id of the instance
//   DELETE /v1/clients/{endpoint}/{path}     Delete an instance or, from 1.2 on, a resource instance
//   POST   /v1/clients/{endpoint}/{path}/observe        Observe; ?pmin=10&gt=5: attributes in it (LwM2M 1.2)
//   DELETE /v1/clients/{endpoint}/{path}/observe        cancels by GET; ?by=reset: by RST to the next notification
//   POST   /v1/clients/{endpoint}/composite/read        Read-Composite {"paths": ["/3/0/9", "/3303"]}; ?format=
//   POST   /v1/clients/{endpoint}/composite/write       Write-Composite {"values": {"/3/0/14": "+02:00"}}
//   POST   /v1/clients/{endpoint}/composite/observe     Observe-Composite {"paths": [...]}; attributes as above
//   DELETE /v1/clients/{endpoint}/composite/observe     cancels that of {"paths": [...]}; ?by=reset
//   GET    /v1/sends?limit=100&endpoint=     the last Sends of devices, newest first
//   GET    /v1/firmware                      images: name, size, digest, and where devices can fetch them
//   POST   /v1/firmware?name=a.bin           takes an image of up to 16 MiB, which is the body
//   GET, PUT, DELETE /v1/firmware/{name}     one image; PUT is the same as POST; one that is in use stays
//   GET    /v1/campaigns                     firmware campaigns with devices by state and result
//   POST   /v1/campaigns                     begins one: {"image": "a.bin", "mode": "pull", "wave": "10%/h", ...}, the
//                                            keys of `server: firmware:` in scenarios/README.md
//   GET    /v1/campaigns/{id}                one campaign
//   GET    /v1/campaigns/{id}/devices?state=failed&limit=100&cursor=0
//   DELETE /v1/campaigns/{id}                stops it: what has not ended is cancelled
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
    std::function<metrics::Snapshot()> snapshot;  // none: there are no figures
    // What answers /v1/devices and below; none: there are no devices to look at.
    std::function<HttpAnswer(const HttpRequest&)> devices{};
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

// How long the body of a request may be: an image is longer than the rest.
std::size_t body_limit(const HttpRequest& request);

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
    HttpAnswer composite(const HttpRequest& request) const;
    static std::optional<HttpAnswer> fill(const HttpRequest& request, server::Command& command);
    static std::optional<HttpAnswer> fill_written(const HttpRequest& request, server::Command& command);
    HttpAnswer command(server::Command command) const;
    HttpAnswer sends(const HttpRequest& request) const;
    // api_campaigns.cpp
    HttpAnswer firmware(const HttpRequest& request) const;
    HttpAnswer add_image(const HttpRequest& request, std::string name) const;
    HttpAnswer campaigns(const HttpRequest& request) const;
    HttpAnswer begin_campaign(const HttpRequest& request) const;
    HttpAnswer campaign_devices(const HttpRequest& request, std::uint32_t id) const;

    Sources sources_;
};

}  // namespace web
