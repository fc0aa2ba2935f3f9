// Send: the message by which a device reports values unasked (Core 1.1.1, 6.4.6; Transport 1.1.1, 6.4.5).
#pragma once

#include "simulator/lwm2m/content_format.h"
#include "simulator/lwm2m/registration.h"

namespace lwm2m {

// POST /dp. `header` gives type, message id and token; its code is set here.
void write_send(coap::Header header, ContentFormat format, const PayloadBlock& values, base::Writer& out);

}  // namespace lwm2m
