// Oscore: OSCORE between a device and its server (RFC 8613; Transport 1.1.1, 5.5): what goes out is protected
// in the outbox slot, what comes in is unprotected before anything is done with it.
//
// Each of these is one comparison for a link without OSCORE.
#pragma once

#include "simulator/fleet/management.h"
#include "simulator/fleet/turn.h"

namespace fleet {

namespace detail {
void begin_context(Turn& turn, LinkId id);
void leave_context(Turn& turn, LinkId id);
void doubt_context(Turn& turn, LinkId id);
coap::Incoming on_protected_datagram(Turn& turn, LinkId id, base::Bytes datagram, base::Writer& out);
std::optional<coap::MessageView> unprotect(Turn& turn, LinkId id, const coap::MessageView& request, Repeated repeated);
void protect_request(Turn& turn, LinkId id, base::Writer& out);
void protect_response(Turn& turn, LinkId id, std::uint64_t request, coap::OscoreNonce nonce, base::Writer& out);
bool is_asked_again(Turn& turn, LinkId id, const coap::MessageView& response);
}  // namespace detail

// False of a link without OSCORE, or one that has never registered.
inline bool has_oscore(const Turn& turn, LinkId id) { return turn.pool.link(id).has_context; }
// Before a Register that begins a registration: the context of a link that has none yet, or wants another.
inline void prepare_context(Turn& turn, LinkId id) {
    const Link& link = turn.pool.link(id);
    if (profiles::oscore_of(turn.pool.profile(link), link.server) != nullptr) detail::begin_context(turn, id);
}
// The device is switched off: what it forgets of its context.
inline void switch_off_context(Turn& turn, LinkId id) {
    if (has_oscore(turn, id)) detail::leave_context(turn, id);
}

// The server says that it could not unprotect a request.
inline void doubt_context(Turn& turn, LinkId id) {
    if (has_oscore(turn, id)) detail::doubt_context(turn, id);
}

// A datagram of the server, for coap::Endpoint. REQUIRES: has_oscore().
inline coap::Incoming on_protected_datagram(Turn& turn, LinkId id, base::Bytes datagram, base::Writer& out) {
    return detail::on_protected_datagram(turn, id, datagram, out);
}

// The device's own request, written in `out`.
inline void protect_request(Turn& turn, LinkId id, base::Writer& out) {
    if (has_oscore(turn, id)) detail::protect_request(turn, id, out);
}

// What the answer to the request that was unprotected last needs, where it goes out later.
inline std::uint64_t note_request(const Turn& turn) { return turn.pool.security.workspace.request_partial_iv; }
inline void protect_late_answer(Turn& turn, LinkId id, std::uint64_t request, base::Writer& out) {
    if (has_oscore(turn, id)) detail::protect_response(turn, id, request, coap::OscoreNonce::of_request, out);
}
// The answer to the request that was unprotected last. One to an Observe is the first notification.
inline void protect_answer(Turn& turn, LinkId id, Repeated repeated, bool observed, base::Writer& out) {
    if (!has_oscore(turn, id)) return;
    const bool first = repeated == Repeated::no && !observed;
    const auto nonce = first ? coap::OscoreNonce::of_request : coap::OscoreNonce::own;
    detail::protect_response(turn, id, note_request(turn), nonce, out);
}

// The observation that the request unprotected last has begun.
inline void note_observe_request(Turn& turn, LinkId id, std::uint32_t observation) {
    if (has_oscore(turn, id)) turn.pool.security.observed[observation] = note_request(turn);
}
inline void protect_notification(Turn& turn, LinkId id, std::uint32_t observation, base::Writer& out) {
    if (!has_oscore(turn, id)) return;
    detail::protect_response(turn, id, turn.pool.security.observed[observation], coap::OscoreNonce::own, out);
}

// A request of the server as it is meant; nothing when it was refused, or asked to prove that it is fresh: that has
// been counted and answered then.
inline std::optional<coap::MessageView> unprotect(Turn& turn, LinkId id, const coap::MessageView& request,
                                                  Repeated repeated) {
    if (!has_oscore(turn, id)) return request;
    return detail::unprotect(turn, id, request, repeated);
}

// Does this answer say that the same request is to be sent again, with an Echo (RFC 9175 2.2) or under the context that
// the two sides have just agreed on (RFC 8613 B.2)? The next request that is protected is then that.
inline bool is_asked_again(Turn& turn, LinkId id, const coap::MessageView& response) {
    return has_oscore(turn, id) && detail::is_asked_again(turn, id, response);
}

}  // namespace fleet
