// Reporting: observations and their notifications (RFC 7641; Core 1.1.1, 6.4): when one is due, and sending it.
#pragma once

#include <optional>

#include "simulator/fleet/turn.h"
#include "simulator/lwm2m/content_format.h"

namespace fleet {

// Starts observing `path` with the request's token, or anew when the token is known (RFC 7641 4.1). `payload` is that
// of the answer that goes out now. Gives the value of its Observe option; nothing when the device has too many
// observations, or the shard has no room: the
// answer is then that of a plain Read (RFC 7641 4.1) or 5.03.
struct ObserveRequest {
    lwm2m::Path path;
    base::Bytes token;
    lwm2m::ContentFormat format{};
    base::Bytes payload;
};
std::optional<std::uint32_t> observe(Turn& turn, DeviceId id, const ObserveRequest& request);

void cancel_observation(Turn& turn, DeviceId id, base::Bytes token);
void cancel_observations(Turn& turn, DeviceId id);
// A RST names a notification by its message id (RFC 7641 3.6). True when there was one.
bool on_notification_reset(Turn& turn, DeviceId id, std::uint16_t message_id);

// The timer of an observation has fired.
void on_notify_timer(Turn& turn, std::uint32_t observation);
// A server's Write may have changed what is observed.
void on_written(Turn& turn, DeviceId id, const lwm2m::Path& path);

// How a confirmable notification has ended.
void on_notification_delivered(Turn& turn, DeviceId id, const coap::ExchangeTag& tag);
void on_notification_failure(Turn& turn, DeviceId id, const coap::ExchangeTag& tag, metrics::Cause cause);

// The device is no longer busy: sends what has waited.
bool resume_reporting(Turn& turn, DeviceId id);

}  // namespace fleet
