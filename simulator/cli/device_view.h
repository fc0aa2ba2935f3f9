// Device view: one device's messages, values and state as text for people and as JSON.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "simulator/cli/wire_json.h"
#include "simulator/engine/device_runner.h"
#include "simulator/web/http_message.h"

namespace cli {

class DeviceView {
public:
    // `registry` tells the objects that the profile follows, and must outlive the view.
    DeviceView(const profiles::ResolvedProfile& profile, const lwm2m::ObjectRegistry& registry);

    const lwm2m::ObjectSelection& objects() const { return objects_; }

    // A message, decoded, each line ended:
    //
    //        0.003 -> CON POST 4711 [ab12] /rd?ep=d1&lt=300 Content-Format=40
    //                    </1/0>,</3/0>
    //
    // With => and <= what is inside of one with OSCORE. What an answer is about is known by the request of its token:
    // messages come in the order of the wire, from one thread.
    std::string text(const engine::Exchanged& message);

    // "/3303/0/5700  sensor_value  R  21.5", a line each.
    std::string text(const std::vector<engine::DeviceValue>& values) const;
    std::string text(const engine::DeviceInfo& info) const;

    // GET /v1/devices and below, PUT of a value; from any thread.
    web::HttpAnswer answer(const web::HttpRequest& request, engine::DeviceRunner& runner) const;

private:
    // The path that a request with that token named, from that side.
    using Asked = std::map<std::pair<bool, std::string>, lwm2m::Path>;

    Json message_json(const engine::Exchanged& message, Asked& asked) const;
    Json device_json(engine::DeviceRunner& runner) const;

    lwm2m::ObjectSelection objects_;
    Asked asked_;  // of text()
};

}  // namespace cli
