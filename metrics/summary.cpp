// The summary of a run for people: the second half of metrics/report.h.
#include <fmt/format.h>

#include <algorithm>

#include "metrics/report.h"

namespace metrics {
namespace {

constexpr std::size_t failures_shown = 5;
constexpr std::size_t profiles_shown = 8;

// 1234567 as 1,234,567.
std::string grouped(std::int64_t number) {
    auto digits = std::to_string(number);
    for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > (number < 0 ? 1 : 0); i -= 3) {
        digits.insert(static_cast<std::size_t>(i), ",");
    }
    return digits;
}

// 640001234 as "610 MB".
std::string memory(std::int64_t bytes) {
    const auto mb = static_cast<double>(bytes) / (1024.0 * 1024.0);
    return mb < 1024 ? fmt::format("{:.0f} MB", mb) : fmt::format("{:.2f} GB", mb / 1024);
}

std::string verdict_lines(const RunResult& result) {
    const auto& run = result.snapshot.run;
    auto text = fmt::format("verdict       {}   exit {}   {}   seed {}   {} devices   {}{}\n",
                            result.invalid_reasons.empty() ? "valid" : "INVALID", static_cast<int>(result.exit_code),
                            run.scenario, run.seed, grouped(run.devices), to_text(result.duration),
                            result.interrupted ? "   interrupted" : "");
    for (const auto& reason : result.invalid_reasons) text += fmt::format("              {}\n", reason);
    for (const auto& t : result.snapshot.fleet->thresholds) {
        text +=
            fmt::format("threshold     {}  {}  (observed {})\n", t.pass ? "ok  " : "FAIL", t.expression, t.observed);
    }
    return text;
}

std::string device_lines(const RunResult& result) {
    return fmt::format("devices       registered {} of {} (at most {} at once)   lost {}   observations {}\n",
                       grouped(result.registered), grouped(result.snapshot.run.devices), grouped(result.registered_max),
                       grouped(result.lost), grouped(result.observations));
}

// What each profile's devices have done, where there is more than one profile.
std::string profile_lines(const RunResult& result) {
    const auto& snapshot = result.snapshot;
    const auto& totals = snapshot.fleet->totals;
    if (snapshot.run.profiles.size() < 2) return "";
    const auto succeeded = [&](Operation op, std::size_t profile) {
        return grouped(totals.operations[index(op)][profile][index(Result::ok)]);
    };
    std::string text;
    for (std::size_t p = 0; p < std::min(snapshot.run.profiles.size(), profiles_shown); ++p) {
        text += fmt::format("{:<14}{:<22} devices {}   registrations {}   updates {}   notifications {}\n",
                            p == 0 ? "profiles" : "", snapshot.run.profiles[p], grouped(total(totals.devices[p])),
                            succeeded(Operation::register_, p), succeeded(Operation::update, p),
                            succeeded(Operation::notify, p));
    }
    if (snapshot.run.profiles.size() > profiles_shown)
        text += fmt::format("{:<14}and {} more profiles\n", "", snapshot.run.profiles.size() - profiles_shown);
    return text;
}

// By state and result, as "idle, success (0, 1)"; nothing for a fleet whose firmware nobody has touched.
std::string firmware_lines(const Totals& t) {
    std::string text;
    for (std::size_t s = 0; s < firmware_state_count; ++s) {
        for (std::size_t r = 0; r < firmware_result_count; ++r) {
            if (t.firmware[s][r] == 0) continue;
            text += fmt::format("{:<14}{:>11}   {}, {} ({}, {})\n", text.empty() ? "firmware" : "",
                                grouped(t.firmware[s][r]), firmware_state_names[s], firmware_result_names[r], s, r);
        }
    }
    const bool untouched = total(t.firmware) == t.firmware[0][0];
    return untouched ? "" : text;
}

std::string times(const Distribution& d, base::Duration timeout) {
    const auto text = [&](double percent) { return to_text(d.percentile(percent), timeout); };
    return fmt::format("{:>8}{:>8}{:>8}{:>8}", text(50), text(99), text(99.9), text(100));
}

std::string operation_table(const RunResult& result) {
    const auto& snapshot = result.snapshot;
    auto text = fmt::format("\n{:<14}{:>11}{:>9}{:>9}   {:^32}   {:^32}\n", "", "", "", "",
                            "latency (intended to response)", "service (sent to response)");
    text += fmt::format("{:<14}{:>11}{:>9}{:>9}   {:>8}{:>8}{:>8}{:>8}   {:>8}{:>8}{:>8}{:>8}\n", "operation", "ok",
                        "ok/s", "fail", "p50", "p99", "p99.9", "max", "p50", "p99", "p99.9", "max");
    for (const auto op : snapshot.run.operations) {
        const auto sums = operation_sums(snapshot.fleet->totals, op);
        if (sums.ended == 0 && total(snapshot.fleet->totals.started[index(op)]) == 0) continue;
        const auto clocks = snapshot.fleet->latencies.of(op);
        const auto seconds = base::seconds(result.duration);
        text += fmt::format("{:<14}{:>11}{:>9.1f}{:>9}   {}   {}\n", name(op), grouped(sums.ok),
                            seconds > 0 ? static_cast<double>(sums.ok) / seconds : 0.0, grouped(sums.failed),
                            times(clocks.latency, snapshot.run.timeout), times(clocks.service, snapshot.run.timeout));
    }
    return text;
}

// Full and resumed handshakes apart, below the table; nothing for a fleet without DTLS.
std::string handshake_lines(const RunResult& result) {
    const auto& fleet = *result.snapshot.fleet;
    const auto& t = fleet.totals;
    std::string text;
    if (total(t.handshakes) == 0) return text;
    for (std::size_t kind = 0; kind < handshake_kind_names.size(); ++kind) {
        const auto& latency = fleet.latencies.handshakes(static_cast<HandshakeKind>(kind));
        text += fmt::format("{:<14}{:>11}{:>9}{:>9}   {}\n", fmt::format("  {}", handshake_kind_names[kind]),
                            grouped(t.handshakes[kind]), "", "", times(latency, result.snapshot.run.timeout));
    }
    text += fmt::format("{:<14}{:>11}   of them with a connection id\n", "  cid", grouped(t.connection_ids[0]));
    if (t.rebinds[0] != 0 || t.faults[index(Fault::nat_rebind)] != 0) {
        text += fmt::format("{:<14}{:>11}   of {} new addresses kept their session by a connection id\n", "  rebinds",
                            grouped(t.rebinds[0]), grouped(t.faults[index(Fault::nat_rebind)]));
    }
    if (const auto rotations = t.faults[index(Fault::key_rotation)]; rotations != 0) {
        text +=
            fmt::format("{:<14}{:>11}   keys of the next generation were taken\n", "  rotations", grouped(rotations));
    }
    return text;
}

std::string server_request_line(const Totals& t) {
    std::string text;
    for (std::size_t r = 0; r < server_request_count; ++r) {
        const auto n = total(t.server_requests[r]);
        if (n > 0) text += fmt::format("{}{} {}", text.empty() ? "" : "   ", server_request_names[r], grouped(n));
    }
    return text.empty() ? "" : fmt::format("from server   {}\n", text);
}

std::string failure_lines(const RunResult& result) {
    const auto rows = failures(result.snapshot.fleet->totals);
    if (rows.empty()) return "failures      none\n";
    std::string text;
    for (std::size_t i = 0; i < std::min(rows.size(), failures_shown); ++i) {
        const auto& f = rows[i];
        text += fmt::format("{:<14}{} {} {}x   first: {}\n", i == 0 ? "failures" : "", name(f.op), name(f.cause),
                            grouped(f.count), replay_command(result, f.first_device));
    }
    if (rows.size() > failures_shown)
        text += fmt::format("{:<14}and {} more causes\n", "", rows.size() - failures_shown);
    return text;
}

std::string conservation_lines(const RunResult& result) {
    const auto bad = broken(result.laws);
    if (!bad.empty()) {
        auto text = fmt::format("conservation  BROKEN: {} of {} laws. This is a bug of the simulator.\n", bad.size(),
                                result.laws.size());
        for (const auto& law : bad) text += fmt::format("              {}\n", to_text(law));
        return text;
    }
    const auto& t = result.snapshot.fleet->totals;
    std::array<std::int64_t, result_count> results{};
    for (const auto& op : t.operations) {
        for (const auto& profile : op) accumulate(results, profile);
    }
    auto text = fmt::format("conservation  {} laws hold: started {} =", result.laws.size(), grouped(total(t.started)));
    const char* plus = "";
    for (std::size_t r = 0; r < result_count; ++r) {
        if (results[r] == 0) continue;
        text += fmt::format("{} {} {}", plus, result_names[r], grouped(results[r]));
        plus = " +";
    }
    return text + fmt::format("{} in flight {}\n", plus, grouped(total(t.in_flight)));
}

// "   stolen by the hypervisor 18 %   throttled 2.1 s"; empty when that was not worth a word.
std::string withheld_text(const WithheldCpu& withheld) {
    std::string text;
    if (withheld.stolen_ratio() >= notable_steal)
        text += fmt::format("   stolen by the hypervisor {:.0f} %", withheld.stolen_ratio() * 100);
    if (withheld.throttled_seconds > 0) text += fmt::format("   throttled {:.1f} s", withheld.throttled_seconds);
    return text;
}

std::string generator_lines(const RunResult& result) {
    const auto& fleet = *result.snapshot.fleet;
    const auto lag = fleet.latencies.lag();
    base::Duration busy{};
    for (const auto& w : fleet.workers) busy += w.busy;
    const auto available = base::seconds(result.duration) * static_cast<double>(fleet.workers.size());
    auto text = fmt::format(
        "generator     lag p99 {} max {}   busy {:.0f} % (most {:.0f} %)   threads {}   cpu {:.1f} us/operation   rss "
        "{} "
        "({:.0f} B/device)   own drops {}{}\n",
        to_text(lag.percentile(99)), to_text(lag.max()), available > 0 ? base::seconds(busy) / available * 100 : 0.0,
        result.busy_max * 100, fleet.workers.size(), cpu_per_operation_us(fleet),
        memory(result.snapshot.process.resident_bytes), bytes_per_device(result), grouped(total(fleet.totals.drops)),
        withheld_text(result.snapshot.withheld));
    const auto& t = fleet.totals;
    text += fmt::format("wire          sent {}   received {}   retransmitted {}   discarded {}\n",
                        grouped(t.datagrams[index(Direction::sent)]), grouped(t.datagrams[index(Direction::received)]),
                        grouped(total(t.retransmissions)), grouped(total(t.discarded)));
    return text;
}

// "campaign      succeeded 9,900   failed 100: integrity 60, update_failed 40"
std::string campaign_lines(const ServerTotals& t) {
    std::string text;
    for (std::size_t s = 0; s < campaign_state_names.size(); ++s) {
        const auto devices = total(t.campaign_devices[s]);
        if (devices == 0) continue;
        text += fmt::format("   {} {}", campaign_state_names[s], grouped(devices));
        if (static_cast<CampaignState>(s) != CampaignState::failed) continue;
        const char* before = ": ";
        for (std::size_t r = 0; r < campaign_result_names.size(); ++r) {
            if (t.campaign_devices[s][r] == 0) continue;
            text += fmt::format("{}{} {}", before, campaign_result_names[r], grouped(t.campaign_devices[s][r]));
            before = ", ";
        }
    }
    return text.empty() ? "" : fmt::format("campaign   {}\n", text);
}

std::string server_lines(const RunResult& result) {
    const auto& server = result.snapshot.server;
    if (!server) return fmt::format("server        {}\n", result.snapshot.run.target);
    base::Duration cpu{};
    base::Duration busiest{};
    for (const auto thread : server->thread_cpu) {
        cpu += thread;
        busiest = std::max(busiest, thread);
    }
    const bool several = server->thread_cpu.size() > 1;
    const auto& t = server->totals;
    return campaign_lines(t) + fmt::format(
                                   "server        embedded, threads {}, cpu {}{} (not in the generator's)   "
                                   "registrations {}   updates {}   "
                                   "notifications {}   deregistrations {}   expired {}   registered now {}\n",
                                   server->thread_cpu.size(), to_text(cpu),
                                   several ? fmt::format(" of which the busiest {}", to_text(busiest)) : "",
                                   grouped(t.registrations), grouped(t.updates), grouped(total(t.notifications)),
                                   grouped(t.deregistrations), grouped(t.expirations), grouped(t.clients));
}

}  // namespace

std::string summary(const RunResult& result) {
    CHECK(result.snapshot.fleet.has_value());
    auto text = verdict_lines(result) + device_lines(result) + profile_lines(result) +
                firmware_lines(result.snapshot.fleet->totals) + operation_table(result) + handshake_lines(result) +
                "\n" + server_request_line(result.snapshot.fleet->totals) + failure_lines(result) +
                conservation_lines(result) + generator_lines(result) + server_lines(result);
    for (const auto& file : result.files) text += fmt::format("written       {}\n", file);
    return text;
}

}  // namespace metrics
