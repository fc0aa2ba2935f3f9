#include "metrics/catalog.h"

#include <algorithm>

namespace metrics {
namespace {

constexpr std::array metric_table{
    Metric{"lwm2msim_operations_total", MetricType::counter, Unit::none, "op profile result",
           "Operations that devices began and that have ended, by how they ended."},
    Metric{"lwm2msim_operations_started_total", MetricType::counter, Unit::none, "op profile",
           "Operations that devices began. Less those that ended, these are in flight."},
    Metric{"lwm2msim_operations_skipped_total", MetricType::counter, Unit::none, "op profile",
           "Operations that were planned but never begun, because the generator had no room for them."},
    Metric{"lwm2msim_operations_in_flight", MetricType::gauge, Unit::none, "op", "Operations begun and not ended yet."},
    Metric{"lwm2msim_responses_total", MetricType::counter, Unit::none, "op code",
           "Responses of the server, by CoAP code."},
    Metric{"lwm2msim_operation_latency_seconds", MetricType::histogram, Unit::seconds, "op profile",
           "Time from the intended start of an operation to its response. A timeout is in the bucket +Inf, and not in "
           "the sum."},
    Metric{"lwm2msim_operation_service_seconds", MetricType::histogram, Unit::seconds, "op",
           "Time from the first transmission of an operation to its response. A timeout is in the bucket +Inf, and not "
           "in the sum."},
    Metric{"lwm2msim_schedule_lag_seconds", MetricType::histogram, Unit::seconds, "",
           "Time from the intended start of an operation to its first transmission, less the wait for the answer to an "
           "earlier message of the same device (RFC 7252 section 4.7): the generator's own delay."},
    Metric{"lwm2msim_failures_total", MetricType::counter, Unit::none, "op cause", "Operations that failed, by cause."},
    Metric{"lwm2msim_notifications_total", MetricType::counter, Unit::none, "type",
           "Notifications sent, confirmable or not."},
    Metric{"lwm2msim_server_requests_total", MetricType::counter, Unit::none, "op code",
           "Requests of the server that devices answered, by the code of the answer."},
    Metric{"lwm2msim_retransmissions_total", MetricType::counter, Unit::none, "op",
           "Repeated transmissions of confirmable messages (RFC 7252 section 4.2)."},
    Metric{"lwm2msim_datagrams_total", MetricType::counter, Unit::none, "direction",
           "Datagrams that passed the sockets."},
    Metric{"lwm2msim_datagram_bytes_total", MetricType::counter, Unit::bytes, "direction",
           "Payload bytes of the datagrams that passed the sockets."},
    Metric{"lwm2msim_messages_sent_total", MetricType::counter, Unit::none, "kind",
           "Datagrams that devices sent, by what they are."},
    Metric{"lwm2msim_messages_received_total", MetricType::counter, Unit::none, "kind",
           "Datagrams that devices received and used, by what they are."},
    Metric{"lwm2msim_datagrams_discarded_total", MetricType::counter, Unit::none, "reason",
           "Datagrams that arrived and were thrown away."},
    Metric{"lwm2msim_own_drops_total", MetricType::counter, Unit::none, "reason",
           "What the generator itself lost. Any increase makes the run invalid."},
    Metric{"lwm2msim_faults_injected_total", MetricType::counter, Unit::none, "fault", "Faults injected on purpose."},
    Metric{"lwm2msim_devices", MetricType::gauge, Unit::none, "profile state", "Devices in each state."},
    Metric{"lwm2msim_devices_target", MetricType::gauge, Unit::none, "",
           "Devices that the scenario wants registered now."},
    Metric{"lwm2msim_firmware_devices", MetricType::gauge, Unit::none, "state result",
           "Devices with object 5, by what its State and Update Result say."},
    Metric{"lwm2msim_dtls_handshakes_total", MetricType::counter, Unit::none, "kind",
           "DTLS handshakes that ended well."},
    Metric{"lwm2msim_dtls_handshake_seconds", MetricType::histogram, Unit::seconds, "kind",
           "Time from the intended start of a DTLS handshake to its end, of those that ended well."},
    Metric{"lwm2msim_dtls_connection_ids_total", MetricType::counter, Unit::none, "",
           "DTLS handshakes after which the device's records carry a connection id that the server has given."},
    Metric{"lwm2msim_dtls_rebinds_total", MetricType::counter, Unit::none, "",
           "New source addresses under which a device was heard again in the same DTLS session, by its connection id."},
    Metric{"lwm2msim_dtls_alerts_total", MetricType::counter, Unit::none, "direction description",
           "DTLS alerts of devices and of the server."},
    Metric{"lwm2msim_dtls_records_dropped_total", MetricType::counter, Unit::none, "reason",
           "DTLS records that devices threw away."},
    Metric{"lwm2msim_dtls_certificates_refused_total", MetricType::counter, Unit::none, "reason",
           "Certificates and raw public keys of servers that devices did not take."},
    Metric{"lwm2msim_observations", MetricType::gauge, Unit::none, "", "Observations that devices hold."},
    Metric{"lwm2msim_worker_busy_ratio", MetricType::gauge, Unit::ratio, "worker",
           "Share of the last second that a shard's thread worked. Above 0.9 for 5 s the run is invalid."},
    Metric{"lwm2msim_worker_busy_seconds_total", MetricType::counter, Unit::seconds, "worker",
           "Time that a shard's thread worked."},
    Metric{"lwm2msim_generator_valid", MetricType::gauge, Unit::none, "",
           "1 while the generator keeps its schedule, 0 once the run is invalid."},
    Metric{"lwm2msim_conservation_ok", MetricType::gauge, Unit::none, "",
           "1 while every operation and datagram is accounted for, 0 is a bug of the simulator."},
    Metric{"lwm2msim_threshold_ok", MetricType::gauge, Unit::none, "threshold", "1 while the threshold holds."},
    Metric{"lwm2msim_phase_info", MetricType::gauge, Unit::none, "scenario phase", "1 for the phase that runs now."},
    Metric{"lwm2msim_phase_progress_ratio", MetricType::gauge, Unit::ratio, "",
           "Progress of the phase that runs now, 0 to 1."},
    Metric{"lwm2msim_build_info", MetricType::gauge, Unit::none, "version", "1; what program this is."},
    Metric{"lwm2msim_run_info", MetricType::gauge, Unit::none, "run_id scenario seed shard", "1; what run this is."},
    Metric{"lwm2msim_embedded_registrations_total", MetricType::counter, Unit::none, "",
           "Registrations that the embedded server accepted."},
    Metric{"lwm2msim_embedded_replacements_total", MetricType::counter, Unit::none, "",
           "Accepted registrations that replaced one of the same endpoint."},
    Metric{"lwm2msim_embedded_updates_total", MetricType::counter, Unit::none, "",
           "Updates that the embedded server accepted."},
    Metric{"lwm2msim_embedded_deregistrations_total", MetricType::counter, Unit::none, "",
           "De-registrations that the embedded server accepted."},
    Metric{"lwm2msim_embedded_expirations_total", MetricType::counter, Unit::none, "",
           "Registrations whose lifetime ran out."},
    Metric{"lwm2msim_embedded_identity_mismatches_total", MetricType::counter, Unit::none, "",
           "Registers that the embedded server refused because DTLS or OSCORE has proven another name than theirs."},
    Metric{"lwm2msim_embedded_rejections_total", MetricType::counter, Unit::none, "code",
           "Requests of devices that the embedded server refused."},
    Metric{"lwm2msim_embedded_clients", MetricType::gauge, Unit::none, "",
           "Clients registered at the embedded server."},
    Metric{"lwm2msim_embedded_observations", MetricType::gauge, Unit::none, "",
           "Observations that the embedded server holds."},
    Metric{"lwm2msim_embedded_notifications_total", MetricType::counter, Unit::none, "type",
           "Notifications that the embedded server received."},
    Metric{"lwm2msim_embedded_sends_total", MetricType::counter, Unit::none, "",
           "Send operations that the embedded server accepted."},
    Metric{"lwm2msim_embedded_firmware_devices", MetricType::gauge, Unit::none, "state result",
           "Devices of the embedded server's firmware campaigns."},
    Metric{"lwm2msim_embedded_requests_total", MetricType::counter, Unit::none, "op",
           "Requests that the embedded server sent to devices."},
    Metric{"lwm2msim_embedded_responses_total", MetricType::counter, Unit::none, "op code",
           "Answers of devices to requests of the embedded server."},
    Metric{
        "lwm2msim_embedded_unanswered_total", MetricType::counter, Unit::none, "op cause",
        "Requests of the embedded server that ended without a response: timeout, reset, or cancelled by the server."},
    Metric{"lwm2msim_embedded_retransmissions_total", MetricType::counter, Unit::none, "",
           "Repeated transmissions of the embedded server (RFC 7252 section 4.2)."},
    Metric{"lwm2msim_embedded_datagrams_total", MetricType::counter, Unit::none, "direction",
           "Datagrams that passed the embedded server's sockets."},
    Metric{"lwm2msim_embedded_datagram_bytes_total", MetricType::counter, Unit::bytes, "direction",
           "Payload bytes that passed the embedded server's sockets."},
    Metric{"lwm2msim_embedded_datagrams_discarded_total", MetricType::counter, Unit::none, "reason",
           "Datagrams that reached the embedded server and were thrown away."},
    Metric{"lwm2msim_embedded_own_drops_total", MetricType::counter, Unit::none, "reason",
           "What the embedded server itself lost."},
    Metric{"lwm2msim_embedded_dtls_handshakes_total", MetricType::counter, Unit::none, "kind",
           "DTLS handshakes with the embedded server that ended well."},
    Metric{
        "lwm2msim_embedded_dtls_handshake_failures_total", MetricType::counter, Unit::none, "reason",
        "DTLS handshakes with the embedded server that failed. wrong_key: records came that the key of their identity "
        "does not open, and then nothing more."},
    Metric{"lwm2msim_embedded_dtls_key_generations_total", MetricType::counter, Unit::none, "generation",
           "Full DTLS handshakes with the embedded server by a pre-shared key, by the generation of the key."},
    Metric{"lwm2msim_embedded_dtls_connection_ids_total", MetricType::counter, Unit::none, "",
           "DTLS handshakes with the embedded server in which it has given the client a connection id."},
    Metric{"lwm2msim_embedded_dtls_sessions", MetricType::gauge, Unit::none, "",
           "DTLS sessions that the embedded server holds."},
    Metric{"lwm2msim_embedded_dtls_rebinds_total", MetricType::counter, Unit::none, "",
           "Address changes of clients that the embedded server followed by their connection ids."},
    Metric{"lwm2msim_embedded_dtls_alerts_total", MetricType::counter, Unit::none, "direction description",
           "DTLS alerts of the embedded server and of its clients."},
    Metric{"lwm2msim_embedded_dtls_records_dropped_total", MetricType::counter, Unit::none, "reason",
           "DTLS records that the embedded server threw away."},
    Metric{"lwm2msim_embedded_dtls_certificates_refused_total", MetricType::counter, Unit::none, "reason",
           "Certificates and raw public keys of clients that the embedded server did not take."},
    Metric{"lwm2msim_embedded_cpu_seconds_total", MetricType::counter, Unit::seconds, "thread",
           "CPU time of the embedded server's threads."},
    Metric{"lwm2msim_cpu_stolen_seconds_total", MetricType::counter, Unit::seconds, "",
           "CPU time of this machine's processors that the hypervisor gave to others since the run began."},
    Metric{"lwm2msim_cpu_throttled_seconds_total", MetricType::counter, Unit::seconds, "",
           "Time for which the CPU limit of its control group held the process up since the run began."},
    Metric{"process_cpu_seconds_total", MetricType::counter, Unit::seconds, "",
           "User and system CPU time of the process."},
    Metric{"process_resident_memory_bytes", MetricType::gauge, Unit::bytes, "", "Resident memory of the process."},
    Metric{"process_virtual_memory_bytes", MetricType::gauge, Unit::bytes, "", "Virtual memory of the process."},
    Metric{"process_open_fds", MetricType::gauge, Unit::none, "", "Open file descriptors."},
    Metric{"process_max_fds", MetricType::gauge, Unit::none, "", "Limit of open file descriptors."},
    Metric{"process_start_time_seconds", MetricType::gauge, Unit::seconds, "",
           "Start of the process, in seconds since 1970."},
};

constexpr std::array quantity_table{
    Quantity{"<op>", "latency", QuantityKind::distribution, Unit::seconds,
             "intended start to response; a timeout is +Inf"},
    Quantity{"<op>", "service", QuantityKind::distribution, Unit::seconds,
             "first transmission to response; a timeout is +Inf"},
    Quantity{"<op>", "lag", QuantityKind::distribution, Unit::seconds, "intended start to first transmission"},
    Quantity{"<op>", "count", QuantityKind::count, Unit::none, "operations that ended"},
    Quantity{"<op>", "ok", QuantityKind::count, Unit::none, "operations that succeeded"},
    Quantity{"<op>", "failures", QuantityKind::count, Unit::none, "operations that failed"},
    Quantity{"<op>", "success_ratio", QuantityKind::ratio, Unit::ratio,
             "succeeded / ended, without coalesced and aborted ones"},
    Quantity{"<op>", "retransmissions", QuantityKind::count, Unit::none, "repeated transmissions"},
    Quantity{"operations", "count", QuantityKind::count, Unit::none, "operations of every kind that ended"},
    Quantity{"operations", "ok", QuantityKind::count, Unit::none, "operations of every kind that succeeded"},
    Quantity{"operations", "failures", QuantityKind::count, Unit::none, "operations of every kind that failed"},
    Quantity{"operations", "success_ratio", QuantityKind::ratio, Unit::ratio,
             "succeeded / ended, without coalesced and aborted ones"},
    Quantity{"devices", "registered", QuantityKind::gauge, Unit::none, "devices registered now"},
    Quantity{"devices", "lost", QuantityKind::gauge, Unit::none,
             "devices that should be registered at the end and are not"},
    Quantity{"schedule", "lag", QuantityKind::distribution, Unit::seconds,
             "intended start to first transmission, all operations"},
    Quantity{"generator", "cpu", QuantityKind::gauge, Unit::ratio, "busy share of the busiest shard thread"},
    Quantity{"generator", "drops", QuantityKind::count, Unit::none, "what the generator itself lost"},
};

}  // namespace

Result result_of(Cause cause) {
    switch (cause) {
        case Cause::bad_request:
        case Cause::unauthorized:
        case Cause::bad_option:
        case Cause::forbidden:
        case Cause::not_found:
        case Cause::method_not_allowed:
        case Cause::not_acceptable:
        case Cause::conflict:
        case Cause::precondition_failed:
        case Cause::too_large:
        case Cause::unsupported_format:
        case Cause::too_many_requests:
        case Cause::oscore:
        case Cause::other_client_error: return Result::client_error;
        case Cause::internal_error:
        case Cause::not_implemented:
        case Cause::unavailable:
        case Cause::other_server_error:
        case Cause::bad_response: return Result::server_error;
        case Cause::timeout: return Result::timeout;
        case Cause::reset: return Result::reset;
        case Cause::unreachable:
        case Cause::send_failed:
        case Cause::no_slot:
        case Cause::no_port: return Result::io;
        case Cause::handshake_timeout:
        case Cause::alert:
        case Cause::decrypt:
        case Cause::unknown_identity: return Result::dtls;
    }
    return Result::io;
}

Cause cause_of(std::uint8_t code) {
    switch (code) {
        case 0x80: return Cause::bad_request;
        case 0x81: return Cause::unauthorized;
        case 0x82: return Cause::bad_option;
        case 0x83: return Cause::forbidden;
        case 0x84: return Cause::not_found;
        case 0x85: return Cause::method_not_allowed;
        case 0x86: return Cause::not_acceptable;
        case 0x89: return Cause::conflict;
        case 0x8c: return Cause::precondition_failed;
        case 0x8d: return Cause::too_large;
        case 0x8f: return Cause::unsupported_format;
        case 0x9d: return Cause::too_many_requests;
        case 0xa0: return Cause::internal_error;
        case 0xa1: return Cause::not_implemented;
        case 0xa3: return Cause::unavailable;
        default: break;  // a byte, not an enumeration: the classes follow
    }
    if (code >> 5 == 4) return Cause::other_client_error;
    if (code >> 5 == 5) return Cause::other_server_error;
    return Cause::bad_response;
}

std::optional<Operation> find_operation(std::string_view name) {
    const auto found = std::ranges::find(operation_names, name);
    if (found == operation_names.end()) return std::nullopt;
    return static_cast<Operation>(found - operation_names.begin());
}

std::span<const Metric> metrics() { return metric_table; }

const Metric* find_metric(std::string_view name) {
    const auto found = std::ranges::find(metric_table, name, &Metric::name);
    return found == metric_table.end() ? nullptr : &*found;
}

std::span<const Quantity> quantities() { return quantity_table; }

const Quantity* find_quantity(std::string_view dotted) {
    const auto dot = dotted.find('.');
    if (dot == std::string_view::npos) return nullptr;
    const auto group = find_operation(dotted.substr(0, dot)) ? std::string_view("<op>") : dotted.substr(0, dot);
    const auto name = dotted.substr(dot + 1);
    if (dotted.substr(0, dot) == "<op>") return nullptr;
    const auto found =
        std::ranges::find_if(quantity_table, [&](const Quantity& q) { return q.group == group && q.name == name; });
    return found == quantity_table.end() ? nullptr : &*found;
}

}  // namespace metrics
