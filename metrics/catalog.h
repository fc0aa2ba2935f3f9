// Catalog: everything that is counted, by name. The one list for the counters, the collector, the report, the
// thresholds and the docs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace metrics {

// The place of an enumerator in its table of names, and in the arrays of counters.
template <class E>
constexpr std::size_t index(E e) {
    return static_cast<std::size_t>(e);
}

inline constexpr std::size_t max_profiles = 32;  // the label `profile` is bounded
using ProfileIndex = std::uint8_t;  // position in the list of profile names that a run starts with; < max_profiles

// --- what a device does of its own accord ---

enum class Operation : std::uint8_t {
    register_,
    update,
    deregister,
    notify,
    send,
    bootstrap,
    bootstrap_pack,
    handshake,
    download
};
inline constexpr std::array<std::string_view, 9> operation_names{
    "register", "update", "deregister", "notify", "send", "bootstrap", "bootstrap_pack", "handshake", "download"};
inline constexpr std::size_t operation_count = operation_names.size();
static_assert(operation_count <= 16, "the label `op` is bounded");

// How an operation ended: exactly one for each that was started.
enum class Result : std::uint8_t {
    ok,
    client_error,  // answered 4.xx
    server_error,  // answered 5.xx
    timeout,       // never answered: MAX_TRANSMIT_WAIT passed (RFC 7252 4.8.2)
    reset,         // answered with a Reset
    dtls,          // no session, or it broke
    io,            // the datagram could not be sent, or the network said unreachable
    coalesced,     // a notification overtaken by a newer value (RFC 7641 4.5.2)
    aborted,       // cancelled by us: shutdown, or the device was switched off
};
inline constexpr std::array<std::string_view, 9> result_names{
    "ok", "client_error", "server_error", "timeout", "reset", "dtls", "io", "coalesced", "aborted"};
inline constexpr std::size_t result_count = result_names.size();

// Why an operation failed; each cause belongs to one Result.
enum class Cause : std::uint8_t {
    bad_request,
    unauthorized,
    bad_option,
    forbidden,
    not_found,
    method_not_allowed,
    not_acceptable,
    conflict,
    precondition_failed,
    too_large,
    unsupported_format,
    too_many_requests,
    other_client_error,
    internal_error,
    not_implemented,
    unavailable,
    other_server_error,
    timeout,
    reset,
    unreachable,
    send_failed,
    bad_response,
    no_slot,
    no_port,
    handshake_timeout,
    alert,
    decrypt,
    unknown_identity,
    oscore,  // the server could not unprotect the request (RFC 8613 8.2)
};
inline constexpr std::array<std::string_view, 29> cause_names{"4.00",
                                                              "4.01",
                                                              "4.02",
                                                              "4.03",
                                                              "4.04",
                                                              "4.05",
                                                              "4.06",
                                                              "4.09",
                                                              "4.12",
                                                              "4.13",
                                                              "4.15",
                                                              "4.29",
                                                              "4.xx",
                                                              "5.00",
                                                              "5.01",
                                                              "5.03",
                                                              "5.xx",
                                                              "timeout",
                                                              "reset",
                                                              "unreachable",
                                                              "send_failed",
                                                              "bad_response",
                                                              "no_slot",
                                                              "no_port",
                                                              "handshake_timeout",
                                                              "alert",
                                                              "decrypt",
                                                              "unknown_identity",
                                                              "oscore"};
inline constexpr std::size_t cause_count = cause_names.size();

// The result that an operation with this cause ends with.
Result result_of(Cause cause);
// The cause for a response code of class 4 or 5 (the byte of RFC 7252 12.1: class in 3 bits, detail in 5); any other
// code is a `bad_response`.
Cause cause_of(std::uint8_t code);

// --- what the server asks of a device ---

enum class ServerRequest : std::uint8_t {
    read,
    write,
    execute,
    discover,
    observe,
    cancel_observe,
    create,
    delete_,
    write_attributes,
    read_composite,
    write_composite,
    observe_composite,
    bootstrap_finish,
    unknown,
};
inline constexpr std::array<std::string_view, 14> server_request_names{"read",
                                                                       "write",
                                                                       "execute",
                                                                       "discover",
                                                                       "observe",
                                                                       "cancel_observe",
                                                                       "create",
                                                                       "delete",
                                                                       "write_attributes",
                                                                       "read_composite",
                                                                       "write_composite",
                                                                       "observe_composite",
                                                                       "bootstrap_finish",
                                                                       "unknown"};
inline constexpr std::size_t server_request_count = server_request_names.size();

// --- response codes ---

// The label `code` is bounded: the codes that LwM2M uses have a slot of their own, the rest share the last one.
inline constexpr std::array<std::uint8_t, 23> code_values{0x00, 0x41, 0x42, 0x44, 0x45, 0x5f, 0x80, 0x81,
                                                          0x82, 0x83, 0x84, 0x85, 0x86, 0x88, 0x89, 0x8c,
                                                          0x8d, 0x8f, 0x9d, 0xa0, 0xa1, 0xa3, 0xa4};
inline constexpr std::array<std::string_view, 24> code_names{
    "0.00", "2.01", "2.02", "2.04", "2.05", "2.31", "4.00", "4.01", "4.02", "4.03", "4.04", "4.05",
    "4.06", "4.08", "4.09", "4.12", "4.13", "4.15", "4.29", "5.00", "5.01", "5.03", "5.04", "other"};
inline constexpr std::size_t code_slot_count = code_names.size();
static_assert(code_values.size() + 1 == code_names.size());

namespace detail {
consteval std::array<std::uint8_t, 256> code_slots() {
    std::array<std::uint8_t, 256> slots{};
    slots.fill(static_cast<std::uint8_t>(code_values.size()));
    for (std::size_t i = 0; i < code_values.size(); ++i) slots[code_values[i]] = static_cast<std::uint8_t>(i);
    return slots;
}
inline constexpr auto code_slot_table = code_slots();
}  // namespace detail

// The slot of a CoAP code byte; 0.00 is the empty acknowledgement of a notification.
constexpr std::size_t code_slot(std::uint8_t code) { return detail::code_slot_table[code]; }

// --- the wire ---

enum class Direction : std::uint8_t { sent, received };
inline constexpr std::array<std::string_view, 2> direction_names{"sent", "received"};

// What a datagram that a device hands to its transport is.
enum class Sent : std::uint8_t {
    request,          // the first transmission of an operation, notifications and each block included
    retransmission,   // RFC 7252 4.2
    answer,           // to a request of the server, piggybacked or separate
    repeated_answer,  // to a duplicate (RFC 7252 4.5)
    acknowledgement,  // empty
    reset,            // empty
    handshake,
};
inline constexpr std::array<std::string_view, 7> sent_names{
    "request", "retransmission", "answer", "repeated_answer", "acknowledgement", "reset", "handshake"};

// What a datagram that arrived was good for. Those that were good for nothing are in Discard.
enum class Received : std::uint8_t {
    response,         // matched to an operation, with its code
    acknowledgement,  // empty, matched
    reset,            // matched
    request,          // of the server, new
    handshake,
};
inline constexpr std::array<std::string_view, 5> received_names{"response", "acknowledgement", "reset", "request",
                                                                "handshake"};

// Why a datagram that arrived was thrown away.
enum class Discard : std::uint8_t {
    malformed,       // not a CoAP message
    stray,           // for no device of ours
    duplicate,       // seen before (RFC 7252 4.5); a request is answered again, not acted on again
    late,            // matches an operation that was given up
    unexpected,      // well formed, but matches nothing
    wrong_source,    // not from the server's address
    too_large,       // truncated by the kernel: larger than our buffer
    decrypt,         // a record that did not open
    replay,          // a record seen before (RFC 6347 4.1.2.6)
    asleep,          // for a device that sleeps
    oscore_decrypt,  // a protected message that did not open (RFC 8613 8.2, 8.4)
    oscore_replay,   // a Partial IV seen before (RFC 8613 7.4)
    oscore_context,  // of a kid or ID Context that is not known
    unprotected,     // without OSCORE, where it is required
};
inline constexpr std::array<std::string_view, 14> discard_names{
    "malformed", "stray",  "duplicate", "late",           "unexpected",    "wrong_source",   "too_large",
    "decrypt",   "replay", "asleep",    "oscore_decrypt", "oscore_replay", "oscore_context", "unprotected"};

// What the impairment layer or the scenario did on purpose.
enum class Fault : std::uint8_t {
    loss_sent,
    loss_received,
    duplicate_sent,
    duplicate_received,
    delay,
    reorder,
    nat_rebind,
    nat_expired,  // a datagram for a device that its NAT had forgotten
    power_cycle,
    key_rotation  // a device took the next generation of its key
};
inline constexpr std::array<std::string_view, 10> fault_names{
    "loss_sent", "loss_received", "duplicate_sent", "duplicate_received", "delay",
    "reorder",   "nat_rebind",    "nat_expired",    "power_cycle",        "key_rotation"};

// What the generator lost by its own fault. A single one makes the run INVALID.
enum class Drop : std::uint8_t {
    receive_overrun,  // the kernel's receive buffer was full (SO_RXQ_OVFL)
    send_refused,     // the kernel took no datagram: ENOBUFS, or EAGAIN past the retry
    outbox_full,      // no slot for a datagram in a batch
    no_slot,          // no exchange, observation or block transfer slot was free
    misdirected,      // it came to a socket of the server that its source or connection id does not lead to
};
inline constexpr std::array<std::string_view, 5> drop_names{"receive_overrun", "send_refused", "outbox_full", "no_slot",
                                                            "misdirected"};

// --- DTLS ---

enum class HandshakeKind : std::uint8_t { full, resumed };
inline constexpr std::array<std::string_view, 2> handshake_kind_names{"full", "resumed"};

// What handshakes failed of, as a server sees it: a client with a wrong key is one whose records do not open, and that
// falls silent.
inline constexpr std::array<std::string_view, 5> handshake_failure_names{"timeout", "wrong_key", "unknown_identity",
                                                                         "alert_received", "alert_sent"};

// Generations of pre-shared keys (profiles/security.h).
inline constexpr std::array<std::string_view, 8> key_generation_names{"0", "1", "2", "3", "4", "5", "6", "7"};

// Alert descriptions (RFC 5246 7.2.2, RFC 4279, RFC 6066).
inline constexpr std::array<std::string_view, 24> alert_names{
    "close_notify",          "unexpected_message",  "bad_record_mac",          "record_overflow",
    "handshake_failure",     "bad_certificate",     "unsupported_certificate", "certificate_revoked",
    "certificate_expired",   "certificate_unknown", "illegal_parameter",       "unknown_ca",
    "access_denied",         "decode_error",        "decrypt_error",           "protocol_version",
    "insufficient_security", "internal_error",      "user_canceled",           "no_renegotiation",
    "unsupported_extension", "unrecognized_name",   "unknown_psk_identity",    "other"};

// Why a record was thrown away (RFC 6347 4.1.2.7); a datagram may hold several.
inline constexpr std::array<std::string_view, 9> record_drop_names{
    "malformed", "version", "epoch", "unprotected", "replay", "decrypt", "wrong_id", "unexpected", "no_session"};

// Why a certificate or raw public key was not taken, by a device or by the embedded server.
inline constexpr std::array<std::string_view, 11> certificate_fault_names{
    "malformed", "missing",       "key_kind", "unknown_ca", "signature", "path",
    "expired",   "not_yet_valid", "purpose",  "wrong_name", "not_pinned"};

// --- devices ---

enum class DeviceState : std::uint8_t {
    idle,
    bootstrapping,
    handshaking,
    registering,
    registered,
    asleep,
    backoff,
    stopped
};
inline constexpr std::array<std::string_view, 8> device_state_names{
    "idle", "bootstrapping", "handshaking", "registering", "registered", "asleep", "backoff", "stopped"};
inline constexpr std::size_t device_state_count = device_state_names.size();

// Of a device's firmware, by /5/0/3 and /5/0/5 (Core 1.1.1, E.6): the numbers there are the places in these tables.
inline constexpr std::array<std::string_view, 4> firmware_state_names{"idle", "downloading", "downloaded", "updating"};
inline constexpr std::array<std::string_view, 12> firmware_result_names{
    "initial", "success",     "no_storage",    "out_of_memory",        "connection_lost", "integrity",
    "package", "invalid_uri", "update_failed", "unsupported_protocol", "cancelled",       "deferred"};
inline constexpr std::size_t firmware_state_count = firmware_state_names.size();
inline constexpr std::size_t firmware_result_count = firmware_result_names.size();

// --- firmware campaigns of the embedded server ---

enum class CampaignState : std::uint8_t {
    waiting,       // for its turn, or for the next try
    preparing,     // asked where it stands
    transferring,  // is given the package
    downloaded,    // has it
    updating,      // installs it
    succeeded,
    failed,
    unreachable,  // not heard of until the time was over
    cancelled,    // the campaign was stopped
};
inline constexpr std::array<std::string_view, 9> campaign_state_names{"waiting",    "preparing",   "transferring",
                                                                      "downloaded", "updating",    "succeeded",
                                                                      "failed",     "unreachable", "cancelled"};
// What came of it: the numbers up to 11 are those of /5/0/5 (Core 1.1.1, E.6).
enum class CampaignResult : std::uint8_t {
    initial,
    success,
    no_storage,
    out_of_memory,
    connection_lost,
    integrity,
    package,
    invalid_uri,
    update_failed,
    unsupported_protocol,
    cancelled,
    deferred,
    refused,        // a request was answered with an error, and /5/0/5 says no more
    timeout,        // not done in time
    no_object,      // the device did not register object 5
    wrong_version,  // it says success, but has not the version that was meant
};
inline constexpr std::array<std::string_view, 16> campaign_result_names{
    "initial", "success",     "no_storage",    "out_of_memory",        "connection_lost", "integrity",
    "package", "invalid_uri", "update_failed", "unsupported_protocol", "cancelled",       "deferred",
    "refused", "timeout",     "no_object",     "wrong_version"};

constexpr std::string_view name(Operation e) { return operation_names[index(e)]; }
constexpr std::string_view name(Result e) { return result_names[index(e)]; }
constexpr std::string_view name(Cause e) { return cause_names[index(e)]; }
constexpr std::string_view name(ServerRequest e) { return server_request_names[index(e)]; }
constexpr std::string_view name(Direction e) { return direction_names[index(e)]; }
constexpr std::string_view name(Sent e) { return sent_names[index(e)]; }
constexpr std::string_view name(Received e) { return received_names[index(e)]; }
constexpr std::string_view name(Discard e) { return discard_names[index(e)]; }
constexpr std::string_view name(Fault e) { return fault_names[index(e)]; }
constexpr std::string_view name(Drop e) { return drop_names[index(e)]; }
constexpr std::string_view name(DeviceState e) { return device_state_names[index(e)]; }
constexpr std::string_view name(CampaignState e) { return campaign_state_names[index(e)]; }
constexpr std::string_view name(CampaignResult e) { return campaign_result_names[index(e)]; }

// The operation of that name, if there is one.
std::optional<Operation> find_operation(std::string_view name);

// --- the exported metrics ---

enum class MetricType : std::uint8_t { counter, gauge, histogram };
enum class Unit : std::uint8_t { none, seconds, bytes, ratio };

struct Metric {
    std::string_view name;
    MetricType type = MetricType::counter;
    Unit unit = Unit::none;
    std::string_view labels;  // separated by a blank, "" for none
    std::string_view help;    // one sentence for an operator
};
// All metrics, in the order of exposition.
std::span<const Metric> metrics();
const Metric* find_metric(std::string_view name);

// The upper bounds of the buckets of every latency histogram, in seconds; the last one before +Inf is 120. Aligned with
// CoAP: 2 s is ACK_TIMEOUT, 93 s is MAX_TRANSMIT_WAIT (RFC 7252 4.8.2).
inline constexpr std::array<double, 18> bucket_bounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                                                      1,     2,      5,     10,   20,    30,   60,  93,   120};

// --- what a threshold may speak of ---

enum class QuantityKind : std::uint8_t {
    distribution,  // takes p50, p99.9, avg, max
    count,         // takes count (the default) or rate
    ratio,
    gauge,
};
// `register.latency` is group "register" (any operation), name "latency".
struct Quantity {
    std::string_view group;  // "<op>" stands for every operation
    std::string_view name;
    QuantityKind kind = QuantityKind::count;
    Unit unit = Unit::none;
    std::string_view help;
};
std::span<const Quantity> quantities();
// Looks up "register.latency"; null when the group or the name is unknown.
const Quantity* find_quantity(std::string_view dotted);

}  // namespace metrics
