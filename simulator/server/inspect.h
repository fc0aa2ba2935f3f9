// Inspect: what the server knows of its clients, as values that may leave its thread.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "simulator/server/server.h"

namespace server {

struct ObservationInfo {
    lwm2m::Path path;                     // the root for an Observe-Composite
    std::vector<lwm2m::Path> paths;       // of an Observe-Composite
    std::optional<std::uint16_t> format;  // Content-Format of the last value
    std::vector<NamedValue> values;       // the last that came; empty where it is not understood
    std::vector<std::uint8_t> payload;    // the same as it came
};

struct ClientInfo {
    std::string endpoint;
    std::string address;   // "127.0.1.7:40000"
    std::string location;  // "/rd/..."
    std::string version;   // "1.1"
    std::string binding;   // "UT"
    bool queue_mode = false;
    std::uint32_t lifetime = 0;             // s; 0: for ever
    base::Duration registered{};            // how long ago
    base::Duration last_seen{};             // how long ago the last datagram came
    std::optional<base::Duration> expires;  // in how long; none: never
    std::string objects;                    // link format, as it came
    std::uint32_t waiting = 0;              // requests to it, the one under way included
    std::vector<ObservationInfo> observations;
};

// Both for the server's thread only.
std::optional<ClientInfo> describe(const Server& server, base::Time now, std::string_view endpoint);

struct ClientPage {
    std::vector<std::string> endpoints;
    std::optional<std::uint32_t> next;  // the cursor of the next page; none: this is the last
};
// At most `limit` registered clients from `cursor` on (0 for the first page), in a fixed order. Looks at a bounded
// number of places, so that a page may hold fewer though more follow.
ClientPage list(const Server& server, std::uint32_t cursor, std::uint32_t limit);

struct SendInfo {
    std::string endpoint;
    base::Duration ago{};
    std::uint16_t format = 0;
    std::uint32_t count = 0;         // of values
    std::vector<NamedValue> values;  // empty where they are not kept, or the device has gone
    std::vector<std::uint8_t> payload;
};
// The last Sends, newest first, of one device where a name is given.
std::vector<SendInfo> list_sends(const Server& server, base::Time now, std::uint32_t limit,
                                 std::string_view endpoint = {});

}  // namespace server
