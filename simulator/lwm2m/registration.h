// Registration: the messages of the registration interface (Core 1.1.1, 6.2; Transport 1.1.1, 6.4.3).
#pragma once

#include <optional>
#include <string_view>

#include "coap/message.h"
#include "simulator/base/writer.h"

namespace lwm2m {

// What a Register says. Views; nothing is kept.
struct RegisterParameters {
    std::string_view endpoint;
    std::uint32_t lifetime = 86400;  // s
    std::string_view version;        // "1.1"
    std::string_view binding;        // "U"; left out when empty
    bool queue_mode = false;         // 1.1 and later: a valueless Q. 1.0 says it in the binding ("UQ")
};

// One block of a payload that is too large for one message (RFC 7959): written as Block1.
struct PayloadBlock {
    base::Bytes bytes;
    std::optional<std::uint32_t> block1;  // the value of the option; none: the payload is whole
    std::optional<std::uint32_t> size1;   // of the whole payload, with the first block
};

// POST /rd?ep=...&lt=...&lwm2m=...&b=...&Q with the object links (Content-Format 40). `header` gives type, message id
// and token; its code is set here.
void write_register(coap::Header header, const RegisterParameters& parameters, const PayloadBlock& links,
                    base::Writer& out);

// What an Update says: only what has changed.
struct UpdateParameters {
    std::string_view location;  // as the server gave it: "rd/5a3f"
    std::optional<std::uint32_t> lifetime;
    std::string_view binding;  // empty: as before
    bool queue_mode = false;   // goes with `binding`
};
// `links`: empty bytes say that the objects are as before.
void write_update(coap::Header header, const UpdateParameters& parameters, const PayloadBlock& links,
                  base::Writer& out);

// DELETE on the location.
void write_deregister(coap::Header header, std::string_view location, base::Writer& out);

// The Location-Path of a 2.01 as one path ("rd/5a3f"), written to `memory`; nothing when there is none or it is longer
// than the memory.
std::optional<std::string_view> read_location(const coap::MessageView& response, base::MutableBytes memory);

}  // namespace lwm2m
