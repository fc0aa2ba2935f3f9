// SecureLink: what a device asks of the security below it, and learns from it. The device speaks plain CoAP; whether
// its datagrams travel as DTLS records is the transport's matter.
//
// A device with several servers has a session with each, by itself: `link` is the number of the device for the first of
// them, and one behind all devices for each further one.
#pragma once

#include <span>

#include "simulator/net/dtls_counts.h"

namespace net {

struct LinkEvent {
    enum class Kind : std::uint8_t {
        established,  // the handshake has ended well: the device may send
        failed,       // it has not
        closed,       // the server has ended the session
    };
    enum class Cause : std::uint8_t { none, timeout, alert, unknown_identity };
    Kind kind = Kind::established;
    Cause cause = Cause::none;
    bool resumed = false;  // established: by a short handshake
    std::uint32_t link = 0;
    base::Time first_sent{};  // when the first ClientHello went out: later than `connect` where many waited
};

class SecureLink {
public:
    virtual ~SecureLink() = default;

    // Does it speak DTLS at all?
    virtual bool secured(std::uint32_t link) const = 0;
    // Has it a session that is not known to be over?
    virtual bool connected(std::uint32_t link) const = 0;

    // Begins a handshake, or puts it in line; its end is an event. What the device sends before that would go under the
    // old session, or nowhere.
    virtual void connect(base::Time now, std::uint32_t link) = 0;
    // Ends the session with a close_notify.
    virtual void close(base::Time now, std::uint32_t link) = 0;
    // The device has a new key: ends the session, or the handshake under way, and lets nothing of it be resumed, so
    // that the next handshake is a full one.
    virtual void take_next_key(base::Time now, std::uint32_t link) = 0;
    // Forgets session or handshake without a word. There will be no event.
    virtual void abandon(std::uint32_t link) = 0;

    // What has happened since the last call, in order. The view lives until the next call into the transport.
    virtual std::span<const LinkEvent> take_events() = 0;

    // Sends what connect and close have left waiting.
    virtual void flush(base::Time now) = 0;
    // The device's datagrams come from another address from now on, which it does not know itself. With a connection id
    // its sessions may survive that, as their next records from the server show.
    virtual void note_rebind(std::uint32_t device) = 0;
    virtual DtlsCounts dtls_counts() const = 0;
};

}  // namespace net
