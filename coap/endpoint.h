// Endpoint: the message layer of many peers at once (RFC 7252 4): who is waiting for whom, retransmission,
// deduplication, matching.
//
// Sans-I/O: bytes and times in, bytes and times out. A device shard keeps one endpoint for all its devices, the
// embedded server one for all its clients; a peer is a number that the owner gave. What an endpoint wants sent at once
// (ACK, RST, a reply or request once more) it writes to the Writer that the caller hands in: whenever that is not empty
// afterwards, it is one datagram to that peer.
#pragma once

#include <optional>

#include "coap/deduplication.h"
#include "coap/message.h"
#include "coap/oscore.h"
#include "coap/transmission.h"
#include "simulator/base/byte_pool.h"
#include "simulator/base/slab.h"
#include "simulator/base/timer_wheel.h"

namespace coap {

// What is remembered of one correspondent; lives with its owner.
struct Peer {
    std::uint32_t exchange = base::no_index;  // the one confirmable message under way (NSTART = 1, RFC 7252 4.7)
    std::uint16_t next_message_id = 0;        // starts anywhere (RFC 7252 4.4)

    bool busy() const { return exchange != base::no_index; }
    std::uint16_t take_message_id() { return next_message_id++; }
};

// What the owner wants back when an exchange ends.
struct ExchangeTag {
    std::uint32_t operation = 0;  // the owner's meaning
    std::uint32_t argument = 0;   // the owner's meaning
    base::Time intended{};        // when the plan meant it to start
    base::Time first_sent{};
};

enum class Discard : std::uint8_t {
    none,
    malformed,    // not a CoAP message (RFC 7252 3), a code that may not travel over UDP, or a response with a critical
                  // option that nobody knows (5.4.1)
    late,         // an ACK or RST for nothing that is under way: repeated, or the exchange had been given up
    duplicate,    // seen before, and nothing to repeat
    undecrypted,  // a response that does not open under its OSCORE context (RFC 8613 8.4)
    unprotected,  // a response without OSCORE to a request that had it
};

struct Incoming {
    enum class Kind : std::uint8_t {
        discarded,           // see `discard`; `out` may hold a RST
        request,             // new: answer it
        repeated_request,    // seen before, its reply was not kept: answer again without doing it again
        repeated,            // seen before, and answered from memory
        ping,                // an empty CON, answered with RST (RFC 7252 4.3)
        acknowledged,        // an empty ACK: the exchange goes on, waiting for a separate response
        delivered,           // an empty ACK to a confirmable response (a notification): the exchange has ended
        response,            // the exchange has ended
        unmatched_response,  // of no exchange here: a notification, or a stray; CON ones want `acknowledge` or `reject`
        reset,               // the exchange has ended by RST
        unmatched_reset,     // RST for a message without exchange: a NON notification, perhaps
    };
    Kind kind = Kind::discarded;
    Discard discard = Discard::none;
    MessageView message;  // view on the datagram
    ExchangeTag tag;      // where an exchange has ended or goes on
    // The response to a protected request that its peer could not unprotect (RFC 8613 8.2): an error without OSCORE.
    bool refused = false;
};

struct Expired {
    enum class Kind : std::uint8_t { retransmitted, timed_out };
    Kind kind = Kind::timed_out;
    ExchangeTag tag;
};

class Endpoint {
public:
    struct Config {
        std::uint32_t exchanges = 0;   // how many may be under way at once
        std::uint32_t messages = 0;    // how many are remembered for deduplication
        std::uint32_t timer_kind = 0;  // TimerEvent::kind of this endpoint's timers; `index` is the exchange
    };
    Endpoint(const Config& config, base::TimerWheel& timers);

    // A datagram from `peer`. The Incoming is a view on it. Of a peer with OSCORE, responses to requests are
    // unprotected before they end an exchange: the message is then a view on the link's workspace. Requests and
    // notifications are its owner's to unprotect.
    Incoming on_datagram(base::Time now, std::uint32_t peer_id, Peer& peer, const TransmissionParameters& parameters,
                         base::Bytes datagram, base::Writer& out, const OscoreLink* oscore = nullptr);

    // Takes over a confirmable message that the caller is sending now: repeats it until it is answered (RFC 7252 4.2).
    // The peer must not be busy. False when there is no room for another exchange; then nothing is kept. `parameters`
    // must outlive the exchange. `unit` in [0, 1) draws the first timeout.
    [[nodiscard]] bool start(base::Time now, std::uint32_t peer_id, Peer& peer,
                             const TransmissionParameters& parameters, base::Bytes message, const ExchangeTag& tag,
                             double unit);

    // The timer of exchange `index` has fired. The owner finds the peer by `peer_of(index)`.
    std::uint32_t peer_of(std::uint32_t index) const { return exchanges_[index].peer; }
    Expired on_timer(base::Time now, std::uint32_t index, Peer& peer, base::Writer& out);

    // Gives up what is under way with the peer, if anything.
    std::optional<ExchangeTag> cancel(Peer& peer);
    const ExchangeTag* current(const Peer& peer) const {
        return peer.busy() ? &exchanges_[peer.exchange].tag : nullptr;
    }

    // RFC 7641 4.5.2: a newer notification takes the place of the one under way, which keeps its retransmission counter
    // and timeout. The new message must carry a message id of its own. False when nothing is under way.
    bool supersede(Peer& peer, base::Bytes message);

    // The reply to a request, kept so that a repeated request gets it again (RFC 7252 4.5). Not needed for a safe
    // request that may be done twice.
    void keep_reply(std::uint32_t peer_id, const MessageView& request, base::Bytes reply) {
        known_.keep_reply(peer_id, request.message_id, reply);
    }

    static void acknowledge(const MessageView& message, base::Writer& out);
    static void reject(const MessageView& message, base::Writer& out);

    std::uint32_t in_flight() const { return exchanges_.in_use(); }
    std::uint64_t refused() const { return exchanges_.refused() + messages_.refused(); }
    const Deduplication& deduplication() const { return known_; }

private:
    struct Exchange {
        ExchangeTag tag;
        const TransmissionParameters* parameters = nullptr;
        base::Duration timeout{};
        Token token;
        std::uint32_t peer = 0;
        base::TimerId timer = base::no_index;
        base::BytePool::Handle message;
        std::uint16_t message_id = 0;
        std::uint8_t retransmissions = 0;
        bool acknowledged = false;  // an empty ACK has come, the response is yet to
        bool is_request = false;
    };

    Incoming on_request(base::Time now, std::uint32_t peer_id, const TransmissionParameters& parameters,
                        Incoming incoming, base::Writer& out);
    Incoming on_response(base::Time now, std::uint32_t peer_id, Peer& peer, const TransmissionParameters& parameters,
                         Incoming incoming, base::Writer& out, const OscoreLink* oscore);
    Incoming on_empty(base::Time now, Peer& peer, Incoming incoming, base::Writer& out);
    ExchangeTag end(Peer& peer);

    base::TimerWheel& timers_;
    std::uint32_t timer_kind_;
    base::Slab<Exchange> exchanges_;
    base::BytePool messages_;
    Deduplication known_;
};

}  // namespace coap
