#include "metrics/report.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "metrics/atomic_file.h"

namespace metrics {
namespace {

using Json = nlohmann::ordered_json;

Json time_json(std::optional<base::Duration> value) {
    if (!value) return nullptr;
    if (*value == infinite) return "Infinity";  // JSON has no such number; Number() and float() read this text
    return base::seconds(*value);
}

Json distribution_json(const Distribution& d) {
    return {{"count", d.count()},
            {"timeouts", d.timeouts()},
            {"p50", time_json(d.percentile(50))},
            {"p90", time_json(d.percentile(90))},
            {"p99", time_json(d.percentile(99))},
            {"p99_9", time_json(d.percentile(99.9))},
            {"p99_99", time_json(d.percentile(99.99))},
            {"max", time_json(d.percentile(100))},
            {"max_answered", time_json(d.max())},
            {"min", time_json(d.min())},
            {"mean_answered", time_json(d.mean())}};
}

template <std::size_t N>
Json named(const std::array<std::string_view, N>& names, const std::array<std::int64_t, N>& values) {
    Json object = Json::object();
    for (std::size_t i = 0; i < N; ++i) object[std::string(names[i])] = values[i];
    return object;
}

Json run_json(const RunResult& result) {
    const auto& run = result.snapshot.run;
    return {{"id", run.id},
            {"scenario", run.scenario},
            {"target", run.target},
            {"seed", run.seed},
            {"shard", fmt::format("{}/{}", run.shard, run.shards)},
            {"version", run.version},
            {"host", run.host},
            {"argv", run.argv},
            {"started_at", run.started_at},
            {"devices", run.devices},
            {"profiles", run.profiles},
            {"threads", result.snapshot.fleet->workers.size()},
            {"duration", base::seconds(result.duration)},
            {"load", base::seconds(result.load.count() > 0 ? result.load : result.duration)}};
}

Json thresholds_json(const FleetSnapshot& fleet) {
    Json rows = Json::array();
    for (const auto& t : fleet.thresholds) {
        rows.push_back({{"expression", t.expression}, {"observed", t.observed}, {"pass", t.pass}});
    }
    return rows;
}

// `profile` null: the row is the sum over all profiles.
Json operation_row(Operation op, const Json& profile, std::int64_t started, std::int64_t skipped,
                   const std::array<std::int64_t, result_count>& results, std::int64_t in_flight,
                   const Clocks& clocks) {
    return {{"op", name(op)},
            {"profile", profile},
            {"planned", started + skipped},
            {"started", started},
            {"count", total(results)},
            {"in_flight", in_flight},
            {"by_result", named(result_names, results)},
            {"latency", distribution_json(clocks.latency)},
            {"service", distribution_json(clocks.service)},
            {"lag", distribution_json(clocks.lag)}};
}

Json operations_json(const Snapshot& snapshot) {
    const auto& fleet = *snapshot.fleet;
    const auto& t = fleet.totals;
    Json rows = Json::array();
    for (const auto op : snapshot.run.operations) {
        for (std::size_t p = 0; p < snapshot.run.profiles.size(); ++p) {
            const auto started = t.started[index(op)][p];
            const auto skipped = t.skipped[index(op)][p];
            if (started == 0 && skipped == 0) continue;  // a profile that never does this
            rows.push_back(operation_row(op, snapshot.run.profiles[p], started, skipped, t.operations[index(op)][p],
                                         t.in_flight[index(op)][p],
                                         fleet.latencies.of(op, static_cast<ProfileIndex>(p))));
        }
    }
    return rows;
}

Json by_operation_json(const Snapshot& snapshot) {
    const auto& fleet = *snapshot.fleet;
    const auto& t = fleet.totals;
    Json rows = Json::array();
    for (const auto op : snapshot.run.operations) {
        std::array<std::int64_t, result_count> results{};
        for (const auto& profile : t.operations[index(op)]) accumulate(results, profile);
        auto row = operation_row(op, nullptr, total(t.started[index(op)]), total(t.skipped[index(op)]), results,
                                 total(t.in_flight[index(op)]), fleet.latencies.of(op));
        row["retransmissions"] = t.retransmissions[index(op)];
        Json responses = Json::object();
        for (std::size_t c = 0; c < code_slot_count; ++c) {
            if (t.responses[index(op)][c] != 0) responses[std::string(code_names[c])] = t.responses[index(op)][c];
        }
        row["responses"] = std::move(responses);
        rows.push_back(std::move(row));
    }
    return rows;
}

Json by_code_json(const Table<std::int64_t, server_request_count, code_slot_count>& table) {
    Json rows = Json::array();
    for (std::size_t r = 0; r < server_request_count; ++r) {
        for (std::size_t c = 0; c < code_slot_count; ++c) {
            if (table[r][c] == 0) continue;
            rows.push_back({{"op", server_request_names[r]}, {"code", code_names[c]}, {"count", table[r][c]}});
        }
    }
    return rows;
}

Json devices_json(const RunResult& result) {
    const auto& snapshot = result.snapshot;
    std::array<std::int64_t, device_state_count> states{};
    Json by_profile = Json::object();
    for (std::size_t p = 0; p < snapshot.run.profiles.size(); ++p) {
        const auto& row = snapshot.fleet->totals.devices[p];
        accumulate(states, row);
        by_profile[snapshot.run.profiles[p]] = total(row);
    }
    return {{"built", snapshot.run.devices},
            {"target", snapshot.fleet->devices_target},
            {"registered", result.registered},
            {"registered_max", result.registered_max},
            {"lost", result.lost},
            {"observations", result.observations},
            {"by_profile", std::move(by_profile)},
            {"states_at_end", named(device_state_names, states)}};
}

// One row for each state and result that a device with object 5 is in.
Json firmware_json(const Totals& t) {
    Json rows = Json::array();
    for (std::size_t s = 0; s < firmware_state_count; ++s) {
        for (std::size_t r = 0; r < firmware_result_count; ++r) {
            if (t.firmware[s][r] == 0) continue;
            rows.push_back({{"state", s},
                            {"state_name", firmware_state_names[s]},
                            {"result", r},
                            {"result_name", firmware_result_names[r]},
                            {"devices", t.firmware[s][r]}});
        }
    }
    return rows;
}

// Only those that there were.
Json alerts_json(const Table<std::int64_t, direction_names.size(), alert_names.size()>& table) {
    Json alerts = Json::object();
    for (std::size_t d = 0; d < direction_names.size(); ++d) {
        Json& way = alerts[std::string(direction_names[d])] = Json::object();
        for (std::size_t a = 0; a < alert_names.size(); ++a) {
            if (table[d][a] != 0) way[std::string(alert_names[a])] = table[d][a];
        }
    }
    return alerts;
}

Json dtls_json(const FleetSnapshot& fleet) {
    const auto& t = fleet.totals;
    Json latency = Json::object();
    for (std::size_t kind = 0; kind < handshake_kind_names.size(); ++kind) {
        latency[std::string(handshake_kind_names[kind])] =
            distribution_json(fleet.latencies.handshakes(static_cast<HandshakeKind>(kind)));
    }
    return {{"handshakes", named(handshake_kind_names, t.handshakes)},
            {"latency", std::move(latency)},
            {"connection_ids", t.connection_ids[0]},
            {"rebinds", t.rebinds[0]},
            {"alerts", alerts_json(t.alerts)},
            {"records_dropped", named(record_drop_names, t.records_dropped)},
            {"certificates_refused", named(certificate_fault_names, t.certificates_refused)}};
}

Json server_dtls_json(const ServerTotals& t) {
    return {{"handshakes", named(handshake_kind_names, t.dtls_handshakes)},
            {"failures", named(handshake_failure_names, t.dtls_failures)},
            {"key_generations", named(key_generation_names, t.dtls_key_generations)},
            {"connection_ids", t.dtls_connection_ids},
            {"sessions", t.dtls_sessions},
            {"rebinds", t.dtls_rebinds},
            {"alerts", alerts_json(t.dtls_alerts)},
            {"records_dropped", named(record_drop_names, t.dtls_records_dropped)},
            {"certificates_refused", named(certificate_fault_names, t.dtls_certificates_refused)}};
}

Json conservation_json(const RunResult& result) {
    const auto terms = [](const std::vector<Term>& side) {
        Json object = Json::object();
        for (const auto& term : side) object[term.name] = term.value;
        return object;
    };
    Json rows = Json::array();
    for (const auto& law : result.laws) {
        rows.push_back({{"name", law.name},
                        {"holds", law.holds()},
                        {"left", terms(law.left)},
                        {"right", terms(law.right)},
                        {"text", to_text(law)}});
    }
    return {{"ok", broken(result.laws).empty()}, {"laws", std::move(rows)}};
}

Json failures_json(const RunResult& result) {
    Json rows = Json::array();
    for (const auto& f : failures(result.snapshot.fleet->totals)) {
        rows.push_back({{"op", name(f.op)},
                        {"cause", name(f.cause)},
                        {"count", f.count},
                        {"first_device", f.first_device},
                        {"replay", replay_command(result, f.first_device)}});
    }
    return rows;
}

Json generator_json(const RunResult& result) {
    const auto& fleet = *result.snapshot.fleet;
    Json workers = Json::array();
    base::Duration cpu{};
    for (const auto& w : fleet.workers) {
        workers.push_back(
            {{"busy", base::seconds(w.busy)},
             {"busy_ratio", result.duration.count() > 0 ? base::seconds(w.busy) / base::seconds(result.duration) : 0.0},
             {"cpu", base::seconds(w.cpu)}});
        cpu += w.cpu;
    }
    return {{"threads", fleet.workers.size()},
            {"workers", std::move(workers)},
            {"busy_max", result.busy_max},
            {"lag", distribution_json(fleet.latencies.lag())},
            {"cpu", base::seconds(cpu)},
            {"cpu_per_operation_us", cpu_per_operation_us(fleet)},
            {"rss_bytes", result.snapshot.process.resident_bytes},
            {"rss_max_bytes", result.snapshot.process.resident_peak_bytes},
            {"bytes_per_device", bytes_per_device(result)},
            {"kernel_drops", fleet.totals.drops[index(Drop::receive_overrun)]},
            {"drops", named(drop_names, fleet.totals.drops)},
            {"process_cpu", result.snapshot.process.cpu_seconds},
            {"stolen_ratio", result.snapshot.withheld.stolen_ratio()},
            {"throttled", result.snapshot.withheld.throttled_seconds}};
}

// The devices of all firmware campaigns of the embedded server, a row for each end or state.
Json campaigns_json(const ServerTotals& t) {
    Json rows = Json::array();
    for (std::size_t s = 0; s < campaign_state_names.size(); ++s) {
        for (std::size_t r = 0; r < campaign_result_names.size(); ++r) {
            if (t.campaign_devices[s][r] == 0) continue;
            Json row{{"state", campaign_state_names[s]}, {"result", campaign_result_names[r]}};
            if (r < firmware_result_count) row["code"] = r;
            row["devices"] = t.campaign_devices[s][r];
            rows.push_back(std::move(row));
        }
    }
    return rows;
}

Json server_json(const RunResult& result) {
    if (!result.snapshot.server) return nullptr;
    const auto& t = result.snapshot.server->totals;
    Json cpu = Json::array();
    for (const auto thread : result.snapshot.server->thread_cpu) cpu.push_back(base::seconds(thread));
    const auto code_counts = [&] {
        Json object = Json::object();
        for (std::size_t c = 0; c < code_slot_count; ++c) {
            if (t.rejections[c] != 0) object[std::string(code_names[c])] = t.rejections[c];
        }
        return object;
    };
    return {{"threads", result.snapshot.server->thread_cpu.size()},
            {"thread_cpu", std::move(cpu)},
            {"registrations", t.registrations},
            {"replacements", t.replacements},
            {"updates", t.updates},
            {"deregistrations", t.deregistrations},
            {"expirations", t.expirations},
            {"identity_mismatches", t.identity_mismatches},
            {"rejections", code_counts()},
            {"clients", t.clients},
            {"observations", t.observations},
            {"notifications", {{"non_confirmable", t.notifications[0]}, {"confirmable", t.notifications[1]}}},
            {"sends", t.sends},
            {"firmware", campaigns_json(t)},
            {"requests", named(server_request_names, t.requests)},
            {"responses", by_code_json(t.responses)},
            {"timeouts", total(t.timeouts)},
            {"resets", total(t.resets)},
            {"cancelled", total(t.cancelled)},
            {"in_flight", total(t.in_flight)},
            {"retransmissions", t.retransmissions},
            {"dtls", server_dtls_json(t)},
            {"datagrams", named(direction_names, t.datagrams)},
            {"bytes", named(direction_names, t.bytes)},
            {"discarded", named(discard_names, t.discarded)},
            {"drops", named(drop_names, t.drops)}};
}

Json wire_json(const Totals& t) {
    return {{"datagrams", named(direction_names, t.datagrams)},
            {"bytes", named(direction_names, t.bytes)},
            {"sent", named(sent_names, t.sent)},
            {"received", named(received_names, t.received)},
            {"discarded", named(discard_names, t.discarded)},
            {"held", named(direction_names, t.held)},
            {"faults", named(fault_names, t.faults)}};
}

}  // namespace

std::string to_json(const RunResult& result) {
    CHECK(result.snapshot.fleet.has_value());
    const auto& fleet = *result.snapshot.fleet;
    const auto& t = fleet.totals;
    const auto notify = index(Operation::notify);
    std::int64_t coalesced = 0;
    for (const auto& profile : t.operations[notify]) coalesced += profile[index(Result::coalesced)];

    Json root;
    root["schema"] = "lwm2m-sim/result/v1";
    root["run"] = run_json(result);
    root["verdict"] = result.invalid_reasons.empty() ? "valid" : "invalid";
    root["invalid_reasons"] = result.invalid_reasons;
    root["exit_code"] = static_cast<int>(result.exit_code);
    root["interrupted"] = result.interrupted;
    root["thresholds"] = thresholds_json(fleet);
    root["operations"] = operations_json(result.snapshot);
    root["by_operation"] = by_operation_json(result.snapshot);
    root["server_requests"] = by_code_json(t.server_requests);
    root["notifications"] = {{"started", total(t.started[notify])},
                             {"ok", operation_sums(t, Operation::notify).ok},
                             {"failed", operation_sums(t, Operation::notify).failed},
                             {"coalesced", coalesced},
                             {"non_confirmable", t.notifications[0]},
                             {"confirmable", t.notifications[1]}};
    root["devices"] = devices_json(result);
    root["firmware"] = firmware_json(t);
    root["dtls"] = dtls_json(fleet);
    root["conservation"] = conservation_json(result);
    root["failures"] = failures_json(result);
    root["generator"] = generator_json(result);
    root["server"] = server_json(result);
    root["wire"] = wire_json(t);
    // A name that is no UTF-8 must not cost the whole report.
    return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

base::Result<void, std::string> write_result(const std::string& path, const RunResult& result) {
    return write_file_atomically(path, to_json(result));
}

}  // namespace metrics
