// ServerUri: where a LwM2M server is, as a URI says it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "simulator/base/error.h"

namespace profiles {

struct ServerUri {
    std::string host;           // a name or an address, without brackets
    std::uint16_t port = 5683;  // 5684 where it is secure and the URI says none
    bool secure = false;        // coaps: DTLS over UDP
    friend bool operator==(const ServerUri&, const ServerUri&) = default;
};

// "coap://host", "coap://host:port", "coap://[::1]:port", the same with coaps
base::Result<ServerUri> parse_server_uri(std::string_view text);
std::string to_string(const ServerUri& uri);

}  // namespace profiles
