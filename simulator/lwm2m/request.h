// Request: what a CoAP request of a server means (Transport 1.1.1, 6.4; Core 1.1.1, 6.3 and 6.4).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "coap/message.h"
#include "simulator/lwm2m/content_format.h"
#include "simulator/lwm2m/path.h"

namespace lwm2m {

enum class RequestKind : std::uint8_t {
    read,
    discover,
    observe,         // GET with Observe = 0
    cancel_observe,  // GET with Observe = 1
    write_replace,   // PUT with a payload
    write_update,    // POST on an instance, a partial update
    write_attributes,
    execute,
    create,
    delete_,
    read_composite,
    observe_composite,
    cancel_observe_composite,
    write_composite,
};

// Views on the message; valid as long as its bytes.
struct Request {
    RequestKind kind = RequestKind::read;
    Path path;                            // root for the composite operations
    std::optional<std::uint32_t> accept;  // as it stands on the wire
    std::optional<std::uint32_t> content_format;
    base::Bytes payload;
    std::vector<std::string_view> queries;  // Write-Attributes and Discover's depth
};

}  // namespace lwm2m
