// Observe: which notification is newer, what a request wants, and when a notification must be confirmable (RFC 7641).
#pragma once

#include "coap/message.h"
#include "simulator/base/time.h"

namespace coap {

// The value of the Observe option in a notification: 24 bits that only rise, and come round (RFC 7641 4.4).
inline constexpr std::uint32_t observe_sequence_mask = 0xffffff;
constexpr std::uint32_t next_observe_sequence(std::uint32_t sequence) { return (sequence + 1) & observe_sequence_mask; }

// The notification that is the latest so far, as a client keeps it.
struct Freshest {
    std::uint32_t sequence = 0;
    base::Time received{};
};

// RFC 7641 3.4: is a notification with `sequence`, received at `now`, newer than that? After 128 s every one is.
bool is_newer(const Freshest& latest, std::uint32_t sequence, base::Time now);
inline constexpr base::Duration observe_freshness_window = std::chrono::seconds(128);

// What the Observe option of a request asks for (RFC 7641 2). Observe is elective: a value that has no meaning, or of
// more than 3 bytes, is as if it were not there.
enum class ObserveRequest : std::uint8_t { none, start, stop };
ObserveRequest observe_request(const MessageView& request);

// The sequence number of a notification; none when the response is no notification.
std::optional<std::uint32_t> observe_sequence(const MessageView& response);

// RFC 7641 4.5: a server that sends non-confirmable notifications sends a confirmable one at least every 24 hours.
// `last_confirmed`: when the client was last known to listen: its registration, or its last acknowledgement.
inline constexpr base::Duration observe_confirm_interval = std::chrono::hours(24);
constexpr bool must_confirm(base::Time last_confirmed, base::Time now) {
    return now - last_confirmed >= observe_confirm_interval;
}

}  // namespace coap
