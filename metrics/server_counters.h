// Server counters: what one thread of the embedded server counted. Its thread alone writes, anyone folds.
#pragma once

#include <span>

#include "metrics/catalog.h"
#include "metrics/cell.h"
#include "simulator/base/time.h"

namespace metrics {

// REQUIRES: in a ServerFigures all writes come from one thread: `figures.registrations.add()`.
template <class T>
struct ServerTable {
    T registrations{};            // accepted, those that replaced one of the same endpoint included
    T replacements{};             // accepted registrations that replaced one
    T updates{};                  // accepted
    T deregistrations{};          // accepted
    T expirations{};              // lifetime over
    T clients{};                  // registered now: counted by itself, up at a new registration, down at the end of one
    T observations{};             // established and not ended
    T sends{};                    // accepted Send operations
    Table<T, 2> notifications{};  // [0] non-confirmable, [1] confirmable
    T identity_mismatches{};      // Registers refused: the name is not the one that was proven
    Table<T, code_slot_count> rejections{};     // requests of devices refused, by code_slot() of the answer
    Table<T, server_request_count> requests{};  // started towards devices
    Table<T, server_request_count, code_slot_count> responses{};  // to requests(), by code
    Table<T, server_request_count> timeouts{};                    // requests() never answered
    Table<T, server_request_count> resets{};                      // requests() answered with a Reset
    Table<T, server_request_count> cancelled{};  // requests() given up: the client left, or we shut down
    Table<T, server_request_count> in_flight{};  // requests() not ended, counted by itself
    // Devices of firmware campaigns, those that are over included as long as they are remembered.
    Table<T, campaign_state_names.size(), campaign_result_names.size()> campaign_devices{};
    T retransmissions{};
    // Of the DTLS below the server; set by whoever drives it.
    Table<T, handshake_kind_names.size()> dtls_handshakes{};
    Table<T, handshake_failure_names.size()> dtls_failures{};
    Table<T, key_generation_names.size()> dtls_key_generations{};
    T dtls_connection_ids{};
    T dtls_sessions{};
    T dtls_rebinds{};
    Table<T, direction_names.size(), alert_names.size()> dtls_alerts{};
    Table<T, record_drop_names.size()> dtls_records_dropped{};
    Table<T, certificate_fault_names.size()> dtls_certificates_refused{};
    Table<T, direction_names.size()> datagrams{};
    Table<T, direction_names.size()> bytes{};
    Table<T, discard_names.size()> discarded{};
    Table<T, drop_names.size()> drops{};
    T cpu_ns{};  // CPU time of the thread, set once a second

    // Calls visit(a.member, b.member) for each member: the one list of them.
    template <class A, class B, class Visit>
    static void each(A& a, B& b, Visit visit) {
        visit(a.registrations, b.registrations);
        visit(a.replacements, b.replacements);
        visit(a.updates, b.updates);
        visit(a.deregistrations, b.deregistrations);
        visit(a.expirations, b.expirations);
        visit(a.clients, b.clients);
        visit(a.observations, b.observations);
        visit(a.sends, b.sends);
        visit(a.notifications, b.notifications);
        visit(a.identity_mismatches, b.identity_mismatches);
        visit(a.rejections, b.rejections);
        visit(a.requests, b.requests);
        visit(a.responses, b.responses);
        visit(a.timeouts, b.timeouts);
        visit(a.resets, b.resets);
        visit(a.cancelled, b.cancelled);
        visit(a.in_flight, b.in_flight);
        visit(a.campaign_devices, b.campaign_devices);
        visit(a.retransmissions, b.retransmissions);
        visit(a.dtls_handshakes, b.dtls_handshakes);
        visit(a.dtls_failures, b.dtls_failures);
        visit(a.dtls_key_generations, b.dtls_key_generations);
        visit(a.dtls_connection_ids, b.dtls_connection_ids);
        visit(a.dtls_sessions, b.dtls_sessions);
        visit(a.dtls_rebinds, b.dtls_rebinds);
        visit(a.dtls_alerts, b.dtls_alerts);
        visit(a.dtls_records_dropped, b.dtls_records_dropped);
        visit(a.dtls_certificates_refused, b.dtls_certificates_refused);
        visit(a.datagrams, b.datagrams);
        visit(a.bytes, b.bytes);
        visit(a.discarded, b.discarded);
        visit(a.drops, b.drops);
        visit(a.cpu_ns, b.cpu_ns);
    }
};

using ServerFigures = ServerTable<Cell>;
using ServerTotals = ServerTable<std::int64_t>;

inline void accumulate(ServerTotals& into, const ServerFigures& from) {
    ServerTotals::each(into, from, [](auto& a, const auto& b) { accumulate(a, b); });
}
inline ServerTotals fold(std::span<const ServerFigures* const> threads) {
    ServerTotals totals;
    for (const auto* thread : threads) accumulate(totals, *thread);
    return totals;
}

}  // namespace metrics
