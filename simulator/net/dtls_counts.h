// DtlsCounts: what a secured transport has seen, since its construction.
#pragma once

#include <algorithm>

#include "simulator/net/dtls_handshake.h"
#include "simulator/net/dtls_messages.h"

namespace net {

// The alerts that have a name, in the order of their numbers; the last place is for all others.
inline constexpr std::array alert_values{Alert::close_notify,
                                         Alert::unexpected_message,
                                         Alert::bad_record_mac,
                                         Alert::record_overflow,
                                         Alert::handshake_failure,
                                         Alert::bad_certificate,
                                         Alert::unsupported_certificate,
                                         Alert::certificate_revoked,
                                         Alert::certificate_expired,
                                         Alert::certificate_unknown,
                                         Alert::illegal_parameter,
                                         Alert::unknown_ca,
                                         Alert::access_denied,
                                         Alert::decode_error,
                                         Alert::decrypt_error,
                                         Alert::protocol_version,
                                         Alert::insufficient_security,
                                         Alert::internal_error,
                                         Alert::user_canceled,
                                         Alert::no_renegotiation,
                                         Alert::unsupported_extension,
                                         Alert::unrecognized_name,
                                         Alert::unknown_psk_identity};
inline constexpr std::size_t alert_slots = alert_values.size() + 1;
inline std::size_t alert_slot(Alert alert) {
    return static_cast<std::size_t>(std::find(alert_values.begin(), alert_values.end(), alert) - alert_values.begin());
}

// What a handshake failed of.
enum class HandshakeFailure : std::uint8_t {
    timeout,           // the peer fell silent
    wrong_key,         // the same, after records that did not open: nobody says so (RFC 6347 4.1.2.7)
    unknown_identity,  // RFC 4279 2
    alert_received,
    alert_sent,
};
inline constexpr std::size_t handshake_failure_count = 5;
// `unreadable`: records of the peer's last flight did not open.
inline HandshakeFailure failure_of(const HandshakeStep& step, bool unreadable) {
    if (step.cause == HandshakeStep::Cause::timeout) {
        return unreadable ? HandshakeFailure::wrong_key : HandshakeFailure::timeout;
    }
    if (step.alert == Alert::unknown_psk_identity) return HandshakeFailure::unknown_identity;
    return step.cause == HandshakeStep::Cause::alert_sent ? HandshakeFailure::alert_sent
                                                          : HandshakeFailure::alert_received;
}

inline constexpr std::size_t key_generations = 8;

struct DtlsCounts {
    std::uint64_t full = 0;     // handshakes that ended well
    std::uint64_t resumed = 0;  // the same, short ones
    std::uint64_t with_id = 0;  // of both: the client's records carry a connection id
    // Of a server: the full ones with pre-shared keys by the generation of the key.
    std::array<std::uint64_t, key_generations> generations{};
    std::uint64_t failed = 0;
    std::array<std::uint64_t, handshake_failure_count> failures{};  // of what
    std::uint64_t rebinds = 0;  // address changes that a session has survived by its connection id
    std::array<std::uint64_t, alert_slots> alerts_sent{};
    std::array<std::uint64_t, alert_slots> alerts_received{};
    std::array<std::uint64_t, base::certificate_fault_count> certificate_faults{};  // of peers; `none` means nothing
    DiscardCounts records_dropped{};
    // Datagrams, each in one of them: those of the layer itself, and those that were good for nothing.
    std::uint64_t own_sent = 0;
    std::uint64_t own_received = 0;
    DiscardCounts datagrams_dropped{};

    DtlsCounts& operator+=(const DtlsCounts& other);
    void fail(HandshakeFailure of) { ++failures[static_cast<std::size_t>(of)]; }
    void drop_datagram(RecordDiscard why) { ++datagrams_dropped[static_cast<std::size_t>(why)]; }
    void drop_record(RecordDiscard why) { ++records_dropped[static_cast<std::size_t>(why)]; }
};

inline DtlsCounts& DtlsCounts::operator+=(const DtlsCounts& other) {
    const auto add = [](auto& to, const auto& from) {
        for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
    };
    full += other.full;
    resumed += other.resumed;
    with_id += other.with_id;
    failed += other.failed;
    rebinds += other.rebinds;
    own_sent += other.own_sent;
    own_received += other.own_received;
    add(generations, other.generations);
    add(failures, other.failures);
    add(alerts_sent, other.alerts_sent);
    add(alerts_received, other.alerts_received);
    add(certificate_faults, other.certificate_faults);
    add(records_dropped, other.records_dropped);
    add(datagrams_dropped, other.datagrams_dropped);
    return *this;
}

}  // namespace net
