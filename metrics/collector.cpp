#include "metrics/collector.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <cmath>
#include <initializer_list>
#include <limits>
#include <sstream>

#include <fmt/format.h>

namespace metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using LabelValues = std::initializer_list<std::string_view>;

// One metric of the catalog that is being filled.
class Family {
public:
    // REQUIRES: the catalog has a metric of that name.
    explicit Family(std::string_view name) : metric_(find_metric(name)) {
        CHECK(metric_ != nullptr);
        family_.name = metric_->name;
        family_.help = metric_->help;
        switch (metric_->type) {
            case MetricType::counter: family_.type = prometheus::MetricType::Counter; break;
            case MetricType::gauge: family_.type = prometheus::MetricType::Gauge; break;
            case MetricType::histogram: family_.type = prometheus::MetricType::Histogram; break;
        }
    }

    // The values stand in the order of the catalog's labels.
    Family& add(LabelValues labels, double value) {
        auto& sample = add_sample(labels);
        (metric_->type == MetricType::counter ? sample.counter.value : sample.gauge.value) = value;
        return *this;
    }
    Family& add(LabelValues labels, std::int64_t value) { return add(labels, static_cast<double>(value)); }
    Family& add(LabelValues labels, bool value) { return add(labels, value ? 1.0 : 0.0); }
    template <std::size_t N>
    Family& add_each(const std::array<std::string_view, N>& names, const std::array<std::int64_t, N>& values) {
        for (std::size_t i = 0; i < N; ++i) add({names[i]}, values[i]);
        return *this;
    }
    Family& add(LabelValues labels, const Distribution& distribution) {
        auto& histogram = add_sample(labels).histogram;
        for (const double bound : bucket_bounds) {
            histogram.bucket.push_back(
                {static_cast<std::uint64_t>(distribution.count_up_to(base::from_seconds(bound))), bound});
        }
        histogram.sample_count = static_cast<std::uint64_t>(distribution.count());
        histogram.sample_sum = distribution.sum_seconds();
        histogram.bucket.push_back({histogram.sample_count, std::numeric_limits<double>::infinity()});
        return *this;
    }

    MetricFamily take() { return std::move(family_); }

private:
    ClientMetric& add_sample(LabelValues values) {
        auto& sample = family_.metric.emplace_back();
        auto names = metric_->labels;
        for (const auto value : values) {
            const auto end = std::min(names.find(' '), names.size());
            CHECK(end > 0);
            sample.label.push_back({std::string(names.substr(0, end)), std::string(value)});
            names.remove_prefix(std::min(end + 1, names.size()));
        }
        CHECK(names.empty());
        return sample;
    }

    const Metric* metric_;
    MetricFamily family_;
};

// What Prometheus collects of a snapshot.
class SnapshotCollectable : public prometheus::Collectable {
public:
    // `snapshot` must outlive this.
    explicit SnapshotCollectable(const Snapshot& snapshot) : snapshot_(snapshot) {}

    std::vector<MetricFamily> Collect() const override {
        families_.clear();
        if (snapshot_.fleet) {
            collect_operations(*snapshot_.fleet);
            collect_latencies(*snapshot_.fleet);
            collect_causes(*snapshot_.fleet);
            collect_wire(snapshot_.fleet->totals);
            collect_devices(*snapshot_.fleet);
            collect_generator(*snapshot_.fleet);
            collect_run(*snapshot_.fleet);
        }
        keep(Family("lwm2msim_build_info").add({snapshot_.run.version}, 1.0));
        if (snapshot_.server) {
            collect_server_registry(snapshot_.server->totals);
            collect_campaigns(snapshot_.server->totals);
            collect_server_requests(snapshot_.server->totals);
            collect_server_wire(*snapshot_.server);
        }
        collect_process();
        return std::move(families_);
    }

private:
    void keep(Family& family) const { families_.push_back(family.take()); }
    void keep(Family&& family) const { families_.push_back(family.take()); }

    template <class Visit>
    void each_operation(Visit visit) const {
        for (const auto op : snapshot_.run.operations) visit(op, name(op));
    }
    template <class Visit>
    void each_profile(Visit visit) const {
        for (std::size_t p = 0; p < snapshot_.run.profiles.size(); ++p) {
            visit(static_cast<ProfileIndex>(p), std::string_view(snapshot_.run.profiles[p]));
        }
    }

    void collect_operations(const FleetSnapshot& fleet) const {
        const auto& t = fleet.totals;
        Family ended("lwm2msim_operations_total"), started("lwm2msim_operations_started_total"),
            skipped("lwm2msim_operations_skipped_total"), in_flight("lwm2msim_operations_in_flight");
        each_operation([&](Operation op, std::string_view op_name) {
            each_profile([&](ProfileIndex p, std::string_view profile) {
                for (std::size_t r = 0; r < result_count; ++r) {
                    ended.add({op_name, profile, result_names[r]}, t.operations[index(op)][p][r]);
                }
                started.add({op_name, profile}, t.started[index(op)][p]);
                skipped.add({op_name, profile}, t.skipped[index(op)][p]);
            });
            in_flight.add({op_name}, total(t.in_flight[index(op)]));
        });
        keep(ended);
        keep(started);
        keep(skipped);
        keep(in_flight);
    }

    void collect_latencies(const FleetSnapshot& fleet) const {
        Family latency("lwm2msim_operation_latency_seconds"), service("lwm2msim_operation_service_seconds");
        each_operation([&](Operation op, std::string_view op_name) {
            each_profile([&](ProfileIndex p, std::string_view profile) {
                latency.add({op_name, profile}, fleet.latencies.of(op, p).latency);
            });
            service.add({op_name}, fleet.latencies.of(op).service);
        });
        keep(latency);
        keep(service);
        Family handshakes("lwm2msim_dtls_handshake_seconds");
        for (std::size_t kind = 0; kind < handshake_kind_names.size(); ++kind) {
            handshakes.add({handshake_kind_names[kind]}, fleet.latencies.handshakes(static_cast<HandshakeKind>(kind)));
        }
        keep(handshakes);
        keep(Family("lwm2msim_schedule_lag_seconds").add({}, fleet.latencies.lag()));
    }

    void collect_causes(const FleetSnapshot& fleet) const {
        const auto& t = fleet.totals;
        Family responses("lwm2msim_responses_total"), failures("lwm2msim_failures_total"),
            retransmissions("lwm2msim_retransmissions_total"), requests("lwm2msim_server_requests_total");
        each_operation([&](Operation op, std::string_view op_name) {
            for (std::size_t c = 0; c < code_slot_count; ++c) {
                responses.add({op_name, code_names[c]}, t.responses[index(op)][c]);
            }
            for (std::size_t c = 0; c < cause_count; ++c) {
                failures.add({op_name, cause_names[c]}, t.failures[index(op)][c]);
            }
            retransmissions.add({op_name}, t.retransmissions[index(op)]);
        });
        for (std::size_t r = 0; r < server_request_count; ++r) {
            for (std::size_t c = 0; c < code_slot_count; ++c) {
                requests.add({server_request_names[r], code_names[c]}, t.server_requests[r][c]);
            }
        }
        keep(responses);
        keep(failures);
        keep(Family("lwm2msim_notifications_total").add({"non"}, t.notifications[0]).add({"con"}, t.notifications[1]));
        keep(requests);
        keep(retransmissions);
    }

    void collect_wire(const Totals& t) const {
        keep(Family("lwm2msim_datagrams_total").add_each(direction_names, t.datagrams));
        keep(Family("lwm2msim_datagram_bytes_total").add_each(direction_names, t.bytes));
        keep(Family("lwm2msim_messages_sent_total").add_each(sent_names, t.sent));
        keep(Family("lwm2msim_messages_received_total").add_each(received_names, t.received));
        keep(Family("lwm2msim_datagrams_discarded_total").add_each(discard_names, t.discarded));
        keep(Family("lwm2msim_own_drops_total").add_each(drop_names, t.drops));
        keep(Family("lwm2msim_faults_injected_total").add_each(fault_names, t.faults));
        keep(Family("lwm2msim_dtls_handshakes_total").add_each(handshake_kind_names, t.handshakes));
        keep(Family("lwm2msim_dtls_connection_ids_total").add({}, t.connection_ids[0]));
        keep(Family("lwm2msim_dtls_rebinds_total").add({}, t.rebinds[0]));
        collect_alerts("lwm2msim_dtls_alerts_total", t.alerts);
        keep(Family("lwm2msim_dtls_records_dropped_total").add_each(record_drop_names, t.records_dropped));
        keep(Family("lwm2msim_dtls_certificates_refused_total")
                 .add_each(certificate_fault_names, t.certificates_refused));
    }

    void collect_alerts(std::string_view name,
                        const Table<std::int64_t, direction_names.size(), alert_names.size()>& table) const {
        Family alerts(name);
        for (std::size_t d = 0; d < direction_names.size(); ++d) {
            for (std::size_t a = 0; a < alert_names.size(); ++a) {
                alerts.add({direction_names[d], alert_names[a]}, table[d][a]);
            }
        }
        keep(alerts);
    }

    void collect_devices(const FleetSnapshot& fleet) const {
        Family devices("lwm2msim_devices");
        each_profile([&](ProfileIndex p, std::string_view profile) {
            for (std::size_t s = 0; s < device_state_count; ++s) {
                devices.add({profile, device_state_names[s]}, fleet.totals.devices[p][s]);
            }
        });
        keep(devices);
        Family firmware("lwm2msim_firmware_devices");
        for (std::size_t s = 0; s < firmware_state_count; ++s) {
            for (std::size_t r = 0; r < firmware_result_count; ++r) {
                firmware.add({firmware_state_names[s], firmware_result_names[r]}, fleet.totals.firmware[s][r]);
            }
        }
        keep(firmware);
        keep(Family("lwm2msim_devices_target").add({}, fleet.devices_target));
        keep(Family("lwm2msim_observations").add({}, fleet.totals.observations[0]));
    }

    void collect_generator(const FleetSnapshot& fleet) const {
        Family ratio("lwm2msim_worker_busy_ratio"), busy("lwm2msim_worker_busy_seconds_total"),
            thresholds("lwm2msim_threshold_ok");
        for (std::size_t w = 0; w < fleet.workers.size(); ++w) {
            const auto worker = std::to_string(w);
            ratio.add({worker}, fleet.workers[w].busy_ratio);
            busy.add({worker}, base::seconds(fleet.workers[w].busy));
        }
        for (const auto& threshold : fleet.thresholds) thresholds.add({threshold.expression}, threshold.pass);
        keep(ratio);
        keep(busy);
        keep(Family("lwm2msim_generator_valid").add({}, fleet.valid));
        keep(Family("lwm2msim_conservation_ok").add({}, fleet.conservation_ok));
        if (!fleet.thresholds.empty()) keep(thresholds);
    }

    void collect_run(const FleetSnapshot& fleet) const {
        const auto& run = snapshot_.run;
        keep(Family("lwm2msim_phase_info").add({run.scenario, fleet.phase.name}, 1.0));
        keep(Family("lwm2msim_phase_progress_ratio").add({}, fleet.phase.progress));
        keep(Family("lwm2msim_run_info")
                 .add({run.id, run.scenario, std::to_string(run.seed), fmt::format("{}/{}", run.shard, run.shards)},
                      1.0));
    }

    void collect_server_registry(const ServerTotals& t) const {
        keep(Family("lwm2msim_embedded_registrations_total").add({}, t.registrations));
        keep(Family("lwm2msim_embedded_replacements_total").add({}, t.replacements));
        keep(Family("lwm2msim_embedded_updates_total").add({}, t.updates));
        keep(Family("lwm2msim_embedded_deregistrations_total").add({}, t.deregistrations));
        keep(Family("lwm2msim_embedded_expirations_total").add({}, t.expirations));
        keep(Family("lwm2msim_embedded_identity_mismatches_total").add({}, t.identity_mismatches));
        keep(Family("lwm2msim_embedded_rejections_total").add_each(code_names, t.rejections));
        keep(Family("lwm2msim_embedded_clients").add({}, t.clients));
        keep(Family("lwm2msim_embedded_observations").add({}, t.observations));
        keep(Family("lwm2msim_embedded_notifications_total")
                 .add({"non"}, t.notifications[0])
                 .add({"con"}, t.notifications[1]));
        keep(Family("lwm2msim_embedded_sends_total").add({}, t.sends));
    }

    // A state before the end has no result yet; after it, each that can be has its series from the start.
    void collect_campaigns(const ServerTotals& t) const {
        Family devices("lwm2msim_embedded_firmware_devices");
        for (std::size_t s = 0; s < campaign_state_names.size(); ++s) {
            for (std::size_t r = 0; r < campaign_result_names.size(); ++r) {
                if (!may_be(static_cast<CampaignState>(s), static_cast<CampaignResult>(r))) continue;
                devices.add({campaign_state_names[s], campaign_result_names[r]}, t.campaign_devices[s][r]);
            }
        }
        keep(devices);
    }
    static bool may_be(CampaignState state, CampaignResult result) {
        switch (state) {
            case CampaignState::succeeded: return result == CampaignResult::success;
            case CampaignState::failed: return result != CampaignResult::initial && result != CampaignResult::success;
            case CampaignState::unreachable: return result == CampaignResult::timeout;
            case CampaignState::waiting:
            case CampaignState::preparing:
            case CampaignState::transferring:
            case CampaignState::downloaded:
            case CampaignState::updating:
            case CampaignState::cancelled: return result == CampaignResult::initial;
        }
        return false;
    }

    void collect_server_requests(const ServerTotals& t) const {
        Family responses("lwm2msim_embedded_responses_total"), unanswered("lwm2msim_embedded_unanswered_total");
        for (std::size_t r = 0; r < server_request_count; ++r) {
            for (std::size_t c = 0; c < code_slot_count; ++c) {
                responses.add({server_request_names[r], code_names[c]}, t.responses[r][c]);
            }
            unanswered.add({server_request_names[r], "timeout"}, t.timeouts[r]);
            unanswered.add({server_request_names[r], "reset"}, t.resets[r]);
            unanswered.add({server_request_names[r], "cancelled"}, t.cancelled[r]);
        }
        keep(Family("lwm2msim_embedded_requests_total").add_each(server_request_names, t.requests));
        keep(responses);
        keep(unanswered);
        keep(Family("lwm2msim_embedded_retransmissions_total").add({}, t.retransmissions));
    }

    void collect_server_wire(const ServerSnapshot& server) const {
        const auto& t = server.totals;
        keep(Family("lwm2msim_embedded_datagrams_total").add_each(direction_names, t.datagrams));
        keep(Family("lwm2msim_embedded_datagram_bytes_total").add_each(direction_names, t.bytes));
        keep(Family("lwm2msim_embedded_datagrams_discarded_total").add_each(discard_names, t.discarded));
        keep(Family("lwm2msim_embedded_own_drops_total").add_each(drop_names, t.drops));
        keep(Family("lwm2msim_embedded_dtls_handshakes_total").add_each(handshake_kind_names, t.dtls_handshakes));
        keep(Family("lwm2msim_embedded_dtls_handshake_failures_total")
                 .add_each(handshake_failure_names, t.dtls_failures));
        keep(Family("lwm2msim_embedded_dtls_key_generations_total")
                 .add_each(key_generation_names, t.dtls_key_generations));
        keep(Family("lwm2msim_embedded_dtls_connection_ids_total").add({}, t.dtls_connection_ids));
        keep(Family("lwm2msim_embedded_dtls_sessions").add({}, t.dtls_sessions));
        keep(Family("lwm2msim_embedded_dtls_rebinds_total").add({}, t.dtls_rebinds));
        collect_alerts("lwm2msim_embedded_dtls_alerts_total", t.dtls_alerts);
        keep(
            Family("lwm2msim_embedded_dtls_records_dropped_total").add_each(record_drop_names, t.dtls_records_dropped));
        keep(Family("lwm2msim_embedded_dtls_certificates_refused_total")
                 .add_each(certificate_fault_names, t.dtls_certificates_refused));
        Family cpu("lwm2msim_embedded_cpu_seconds_total");
        for (std::size_t i = 0; i < server.thread_cpu.size(); ++i) {
            cpu.add({std::to_string(i)}, base::seconds(server.thread_cpu[i]));
        }
        keep(cpu);
    }

    void collect_process() const {
        keep(Family("lwm2msim_cpu_stolen_seconds_total").add({}, snapshot_.withheld.stolen_seconds));
        keep(Family("lwm2msim_cpu_throttled_seconds_total").add({}, snapshot_.withheld.throttled_seconds));
        const auto& p = snapshot_.process;
        keep(Family("process_cpu_seconds_total").add({}, p.cpu_seconds));
        keep(Family("process_resident_memory_bytes").add({}, p.resident_bytes));
        keep(Family("process_virtual_memory_bytes").add({}, p.virtual_bytes));
        keep(Family("process_open_fds").add({}, p.open_fds));
        keep(Family("process_max_fds").add({}, p.max_fds));
        keep(Family("process_start_time_seconds").add({}, p.start_time_seconds));
    }

    const Snapshot& snapshot_;
    mutable std::vector<MetricFamily> families_;  // being filled by Collect(), which prometheus-cpp declares const
};

}  // namespace

std::string expose(const Snapshot& snapshot) {
    std::ostringstream text;
    prometheus::TextSerializer().Serialize(text, SnapshotCollectable(snapshot).Collect());
    return std::move(text).str();
}

std::size_t series_count(const Snapshot& snapshot) {
    std::size_t count = 0;
    for (const auto& family : SnapshotCollectable(snapshot).Collect()) {
        // A histogram has its buckets, +Inf, a sum and a count.
        const auto each = family.type == prometheus::MetricType::Histogram ? bucket_bounds.size() + 3 : std::size_t{1};
        count += family.metric.size() * each;
    }
    return count;
}

}  // namespace metrics
