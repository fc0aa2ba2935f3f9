// What both sides of a handshake share: where keys come from, how they are derived (RFC 4279 2, RFC 5246 5, 6.3,
// 8.1, RFC 7627 4), and when a flight is sent again.
#pragma once

#include "simulator/base/time.h"
#include "simulator/net/dtls_messages.h"
#include "simulator/net/dtls_record.h"

namespace net {

using MasterSecret = std::array<std::uint8_t, 48>;
using VerifyData = std::array<std::uint8_t, verify_data_size>;
using RandomBytes = std::array<std::uint8_t, random_size>;
using DiscardCounts = std::array<std::uint64_t, record_discard_count>;

enum class Side : std::uint8_t { client, server };

// A session that both sides remember, so that the next handshake may be short (RFC 5246 7.3). Its master secret is an
// extended one: others are not resumed (RFC 7627 5.3).
struct ResumableSession {
    MasterSecret master{};
    std::array<std::uint8_t, max_session_id> id{};
    std::uint8_t id_size = 0;
    std::uint16_t suite = 0;

    base::Bytes id_view() const { return {id.data(), id_size}; }
    explicit operator bool() const { return id_size != 0; }
};

// The master secret. `session_hash` where the extended one was agreed on.
void derive_master_from(base::Bytes premaster, const RandomBytes& client, const RandomBytes& server,
                        const base::Digest* session_hash, MasterSecret& out);
// The same under a pre-shared key.
void derive_master(base::Bytes psk, const RandomBytes& client, const RandomBytes& server,
                   const base::Digest* session_hash, MasterSecret& out);
// Sets keys and cipher of the session, as seen from `side`; the rest of it stays. False for a suite that is not ours.
bool derive_keys(const MasterSecret& master, const RandomBytes& client, const RandomBytes& server, std::uint16_t suite,
                 Side side, DtlsSession& session, CbcKeys& mac);
// Of the Finished message that `sender` sends.
VerifyData verify_data(const MasterSecret& master, Side sender, const base::Digest& transcript);

// How long to wait for the peer's flight (RFC 6347 4.2.4.1), and how often a flight is sent in all before giving up.
struct FlightTimes {
    base::Duration first = std::chrono::seconds(1);
    base::Duration longest = std::chrono::seconds(60);
    std::uint8_t transmissions = 6;  // 1 + 2 + 4 + 8 + 16 + 32 s: gives up after a minute
};

// The timer of the flight under way.
struct FlightTimer {
    base::Time due = base::never;
    base::Duration timeout{};
    std::uint8_t transmissions = 0;

    void begin(base::Time now, const FlightTimes& times) {
        timeout = times.first;
        transmissions = 1;
        due = now + timeout;
    }
    // False when it was sent often enough.
    bool again(base::Time now, const FlightTimes& times) {
        if (transmissions >= times.transmissions) return false;
        ++transmissions;
        timeout = std::min(timeout * 2, times.longest);
        due = now + timeout;
        return true;
    }
    void stop() { due = base::never; }
};

// How a step of a handshake has left it.
struct HandshakeStep {
    enum class Kind : std::uint8_t {
        waiting,
        established,  // the session is ready; this step is the first to say so
        failed,
    };
    enum class Cause : std::uint8_t { none, timeout, alert_received, alert_sent };
    Kind kind = Kind::waiting;
    Cause cause = Cause::none;
    Alert alert = Alert::close_notify;                            // where the cause is one
    base::CertificateFault fault = base::CertificateFault::none;  // why the peer's certificate was not taken
};

}  // namespace net
