// ObjectSecurity: OSCORE between a device and its server (RFC 8613; Transport 1.1.1, 5.5): what goes out is protected
// in the outbox slot, what comes in is unprotected before anything is done with it.
//
// Each of these is one comparison for a device without OSCORE.
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
void protect_answer(Turn& turn, LinkId id, coap::OscoreNonce nonce, base::Writer& out);
bool is_asked_again(Turn& turn, LinkId id, const coap::MessageView& response);
}  // namespace detail

// The context with the server, or no_index: of a device without OSCORE, or one that has never registered.
inline std::uint32_t context_index(const Turn& turn, LinkId id) {
    if (turn.pool.profile(turn.pool.link(id)).oscore == nullptr) return base::no_index;
    return turn.pool.security.of_device[turn.pool.device_of(id)] - 1;
}
inline bool has_oscore(const Turn& turn, LinkId id) { return context_index(turn, id) != base::no_index; }

// Before a Register that begins a registration: the context of a device that has none yet, or wants another.
inline void prepare_context(Turn& turn, LinkId id) {
    if (turn.pool.profile(turn.pool.link(id)).oscore != nullptr) detail::begin_context(turn, id);
}
// The device is switched off: what it forgets of its context.
inline void switch_off_context(Turn& turn, LinkId id) {
    if (has_oscore(turn, id)) detail::leave_context(turn, id);
}

// The server says that it could not unprotect a request.
inline void doubt_context(Turn& turn, LinkId id) {
    if (has_oscore(turn, id)) detail::doubt_context(turn, id);
}

// A datagram of the server, for coap::Endpoint.
inline coap::Incoming take_in(Turn& turn, LinkId id, base::Bytes datagram, base::Writer& out) {
    Link& link = turn.pool.link(id);
    if (has_oscore(turn, id)) return detail::on_protected_datagram(turn, id, datagram, out);
    return turn.endpoint.on_datagram(turn.now, id, link.peer, turn.pool.profile(link).transmission, datagram, out);
}

// The device's own request, written in `out`.
inline void protect_request(Turn& turn, LinkId id, base::Writer& out) {
    if (!has_oscore(turn, id)) return;
    auto& security = turn.pool.security;
    coap::protect_request(security.contexts[context_index(turn, id)], out, security.workspace);
}

// The answer to the request that was unprotected last. One to an Observe is the first notification.
inline void protect_answer(Turn& turn, LinkId id, Repeated repeated, bool observed, base::Writer& out) {
    if (!has_oscore(turn, id)) return;
    const bool first = repeated == Repeated::no && !observed;
    detail::protect_answer(turn, id, first ? coap::OscoreNonce::of_request : coap::OscoreNonce::own, out);
}

// The observation that the request unprotected last has begun.
inline void note_observe_request(Turn& turn, LinkId id, std::uint32_t observation) {
    if (!has_oscore(turn, id)) return;
    turn.pool.security.observed[observation] = turn.pool.security.workspace.request_partial_iv;
}
inline void protect_notification(Turn& turn, LinkId id, std::uint32_t observation, base::Writer& out) {
    if (!has_oscore(turn, id)) return;
    auto& security = turn.pool.security;
    coap::protect_response(security.contexts[context_index(turn, id)], security.observed[observation],
                           coap::OscoreNonce::own, out, security.workspace);
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
