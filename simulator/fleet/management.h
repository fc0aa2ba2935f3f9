// Management: a server's request to a device, from its options to the answer on the wire (Transport 1.1.1, 6.4).
#pragma once

#include "simulator/fleet/turn.h"

namespace fleet {

enum class Repeated : std::uint8_t {
    no,
    yes,  // the request was seen before: it is answered again, but nothing is done again
};

void on_request(Turn& turn, LinkId id, const coap::MessageView& request, Repeated repeated);

}  // namespace fleet
