// Reporting: the notifications of observations (RFC 7641; Core 1.1.1, 5.1.2 and 6.4): when one is due, and sending it.
#pragma once

#include <optional>

#include "simulator/fleet/observation.h"

namespace fleet {

// Starts observing with the request's token, or anew when the token is known (RFC 7641 4.1). Gives the value of the
// answer's Observe option; nothing when the device has too many observations, or the shard has no room: the answer is
// then that of a plain Read (RFC 7641 4.1).
std::optional<std::uint32_t> observe(Turn& turn, LinkId id, const ObserveRequest& request);

void cancel_observation(Turn& turn, LinkId id, base::Bytes token);
void cancel_observations(Turn& turn, LinkId id);
// A RST names a notification by its message id (RFC 7641 3.6). True when there was one.
bool on_notification_reset(Turn& turn, LinkId id, std::uint16_t message_id);

// The timer of an observation has fired.
void on_notify_timer(Turn& turn, std::uint32_t observation);
// Something at or below `path` may have another value, or have come or gone, other than by a generator: looked at once
// for all servers.
void on_written(Turn& turn, DeviceId device, const lwm2m::Path& path);
// Write-Attributes to `path` by the link's server: when the next notification is due may be another moment.
void on_attributes_written(Turn& turn, LinkId id, const lwm2m::Path& path);

// Tells every observation now, whatever its attributes say; how many there are.
std::size_t notify_all(Turn& turn, DeviceId device);

// How a confirmable notification has ended.
void on_notification_delivered(Turn& turn, LinkId id, const coap::ExchangeTag& tag);
void on_notification_failure(Turn& turn, LinkId id, const coap::ExchangeTag& tag, metrics::Cause cause);

// The timeout of the exchange under way has come: where that is a notification with a newer one waiting behind it, the
// newer one is repeated in its place (RFC 7641 4.5.2).
void renew_retransmission(Turn& turn, LinkId id);

// The device is no longer busy: sends what has waited.
bool resume_reporting(Turn& turn, LinkId id);

}  // namespace fleet
