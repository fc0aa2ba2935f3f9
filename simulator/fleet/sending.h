// Sending: what a device reports unasked, at times of its own (Core 1.1.1, 6.4.6). The times of a device are a pure
// function of the seed: a restart or a slow server moves none of them. An instance of the test object 3442 sends what
// it names when its resource 5 is executed, to who has executed it.
#pragma once

#include "simulator/fleet/turn.h"
#include "simulator/lwm2m/content_format.h"

namespace fleet {

// The device has registered: plans its next Send, if its profile has any and none is planned.
void plan_send(Turn& turn, LinkId id);

// Sends, after the answer that is being made, what resource 6 of that instance of object 3442 names, and where it names
// nothing the instance itself. Why it cannot: 4.05 where LwM2M has no Send or the server has muted it, 4.00 for a path
// that is none, 4.04 where there is nothing to send.
coap::Code ask_send(Turn& turn, LinkId id, const lwm2m::Path& instance, lwm2m::ContentFormat format);

// The timer of the Send has fired.
void on_send_timer(Turn& turn, LinkId id);

// How a Send has ended, or goes on with its next block.
void on_send_response(Turn& turn, LinkId id, const coap::ExchangeTag& tag, const coap::MessageView& response);
void on_send_failure(Turn& turn, LinkId id, const coap::ExchangeTag& tag, metrics::Cause cause);

// The device is no longer busy: sends what has waited. True when that makes it busy again.
bool resume_sending(Turn& turn, LinkId id);

}  // namespace fleet
