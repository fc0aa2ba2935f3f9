// Life: a device's way from switched off to registered and back (Core 1.1.1, 6.2): Register, Update in time,
// De-register, and what to do when one fails.
//
//   idle --start--> registering --2.01--> registered --Update at its time--> registered
//                    |       ^                 | Update failed
//                  failed    +--- backoff <----+      registered --De-register--> stopped
#pragma once

#include "simulator/fleet/turn.h"

namespace fleet {

// ExchangeTag::operation of all exchanges: the metrics::Operation that was started, and above its 8 bits what that
// means to whoever has started it.
inline std::uint32_t tag_of(metrics::Operation operation, std::uint32_t detail = 0) {
    return static_cast<std::uint32_t>(operation) | detail << 8;
}
inline metrics::Operation operation_of(const coap::ExchangeTag& tag) {
    return static_cast<metrics::Operation>(tag.operation & 0xff);
}
inline std::uint32_t detail_of(const coap::ExchangeTag& tag) { return tag.operation >> 8; }

// All of these are about one link of a device to a server, unless they say that they are about the device.

// Plans the Registers of a device that is switched off for `at` (after its boot delay): one after the other where their
// servers have an order.
void plan_start(Turn& turn, DeviceId device, base::Time at);
// The life timer has fired.
void on_life_timer(Turn& turn, LinkId id);
// Sends an Update now, or when the exchange under way has ended.
void request_update(Turn& turn, LinkId id, base::Time intended);
// De-registers now, or when the exchange under way has ended. A device that is not registered stops at once.
void request_deregister(Turn& turn, LinkId id, base::Time intended);
// The server has executed Disable (1/x/4): De-register, silence for 1/x/5, Register.
void disable(Turn& turn, LinkId id);
// The device switches off without a word and comes back after `away`.
void power_cycle(Turn& turn, DeviceId device, base::Duration away);
// The device goes over to the next generation of its key for that server: it ends its session, shakes hands anew and
// registers again. One that is not up takes the key alone, one without DTLS does nothing.
void take_next_key(Turn& turn, LinkId id, base::Time intended);
// Stops at once, whatever is under way.
void stop(Turn& turn, LinkId id);

// What has become of the device's handshake or session (DTLS). A new session means a new registration, since the
// server may know nothing of the old one any more.
void on_link_event(Turn& turn, const net::LinkEvent& event);

// How an exchange of the registration interface has ended.
void on_registration_response(Turn& turn, LinkId id, const coap::ExchangeTag& tag, const coap::MessageView& response);
void on_registration_failure(Turn& turn, LinkId id, const coap::ExchangeTag& tag, metrics::Cause cause);

// The device is no longer busy: does what has waited. True when something was sent that makes it busy again.
bool resume_life(Turn& turn, LinkId id);

}  // namespace fleet
