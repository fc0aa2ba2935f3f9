// RegisterRequest: what a Register or an Update says in its query, checked (Core 1.1.1, 6.2.1, 6.2.2; Transport 1.1.1,
// 6.4.3).
#pragma once

#include <optional>
#include <string_view>

#include "coap/message.h"
#include "simulator/base/error.h"
#include "simulator/lwm2m/object_model.h"
#include "simulator/server/client.h"

namespace server {

// Views on the message.
struct RegisterRequest {
    std::string_view endpoint;  // never empty in a Register
    std::optional<std::uint32_t> lifetime;
    lwm2m::Version version;  // of a Register: 1.0, 1.1 or 1.2
    std::optional<std::uint8_t> binding;
    bool queue_mode = false;  // goes with `binding`, or stands alone from 1.1 on
};

// The code to refuse with: 4.00 where a parameter is missing, unknown, given twice or malformed; 4.12 where the LwM2M
// version is none that we speak.
tl::expected<RegisterRequest, coap::Code> read_register(const coap::MessageView& message);
// `version`: that of the registration. An Update names neither endpoint nor version.
tl::expected<RegisterRequest, coap::Code> read_update(const coap::MessageView& message, lwm2m::Version version);

inline constexpr std::uint32_t default_lifetime = 86400;  // s, Core 1.1.1, 6.2.1

}  // namespace server
