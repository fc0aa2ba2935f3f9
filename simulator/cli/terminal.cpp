#include "simulator/cli/terminal.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "metrics/run_result.h"
#include "simulator/base/units.h"

namespace cli {
namespace {

using metrics::index;

constexpr std::size_t bar_width = 24;
constexpr double mega = 1024.0 * 1024.0;

std::int64_t in_state(const metrics::Totals& totals, std::size_t state) {
    std::int64_t sum = 0;
    for (const auto& profile : totals.devices) sum += profile[state];
    return sum;
}

std::string grouped(std::int64_t number) {
    std::string digits = std::to_string(std::max<std::int64_t>(number, 0));
    for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3) {
        digits.insert(static_cast<std::size_t>(i), ",");
    }
    return digits;
}

double busiest(const metrics::FleetSnapshot& fleet) {
    double most = 0;
    for (const auto& worker : fleet.workers) most = std::max(most, worker.busy_ratio);
    return most;
}

double retransmitted_share(const metrics::Totals& totals) {
    const auto sent = metrics::total(totals.sent);
    return sent > 0 ? static_cast<double>(metrics::total(totals.retransmissions)) / static_cast<double>(sent) : 0;
}

template <class History>
void remember(History& history, double value, std::size_t length) {
    history.push_back(value);
    if (history.size() > length) history.pop_front();
}

}  // namespace

std::string clock_text(base::Duration duration) {
    const auto seconds = std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(duration).count());
    return fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string sparkline(const std::deque<double>& values) {
    constexpr std::array<std::string_view, 8> bars{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    double most = 0;
    for (const double value : values) most = std::max(most, value);
    std::string text;
    for (const double value : values) {
        const double share = most > 0 ? std::clamp(value / most, 0.0, 1.0) : 0;
        text += bars[static_cast<std::size_t>(std::lround(share * 7))];
    }
    return text;
}

std::string progress_bar(double share, std::size_t width) {
    const auto full = static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(width)));
    std::string bar;
    for (std::size_t i = 0; i < width; ++i) bar += i < full ? "█" : "░";
    return bar;
}

std::string fit(std::string_view line, std::size_t columns) {
    std::string out;
    std::size_t used = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '\x1b') {
            while (i < line.size() && line[i] != 'm') out += line[i++];
            if (i < line.size()) out += line[i];
            continue;
        }
        const bool continuation = (static_cast<unsigned char>(line[i]) & 0xc0u) == 0x80u;
        if (!continuation && used++ == columns)
            return out + (line.find('\x1b') != std::string_view::npos ? "\x1b[0m" : "");
        out += line[i];
    }
    return out;
}

void LiveView::advance(const metrics::Snapshot& snapshot, const ViewMoment& moment) {
    const auto& totals = snapshot.fleet->totals;
    const double seconds = last_ ? base::seconds(moment.elapsed - last_->elapsed) : base::seconds(moment.elapsed);
    const auto rate = [&](std::int64_t now, std::int64_t& before) {
        const double per_second = seconds > 0 ? static_cast<double>(now - before) / seconds : 0;
        before = now;
        return per_second;
    };
    for (const auto op : snapshot.run.operations) {
        const std::size_t i = index(op);
        const auto sums = metrics::operation_sums(totals, op);
        rows_[i].ok_rate = rate(sums.ok, last_ok_[i]);
        rows_[i].failed_share = sums.ended > 0 ? static_cast<double>(sums.failed) / static_cast<double>(sums.ended) : 0;
        rows_[i].any = metrics::total(totals.started[i]) > 0;
        remember(ok_history_[i], rows_[i].ok_rate, history_length);
    }
    for (std::size_t r = 0; r < metrics::server_request_count; ++r) {
        request_rates_[r] = rate(metrics::total(totals.server_requests[r]), last_requests_[r]);
    }
    const auto registered = in_state(totals, index(metrics::DeviceState::registered));
    remember(registered_history_, static_cast<double>(registered), history_length);
    last_ = moment;
}

std::string LiveView::devices_row(const metrics::Snapshot& snapshot) const {
    const auto& totals = snapshot.fleet->totals;
    constexpr std::size_t registered = index(metrics::DeviceState::registered);
    std::string text = fmt::format("devices      registered {} {}", grouped(in_state(totals, registered)),
                                   sparkline(registered_history_));
    for (std::size_t state = 0; state < metrics::device_state_count; ++state) {
        const auto count = in_state(totals, state);
        if (state == registered || count == 0) continue;
        text += fmt::format("   {} {}", metrics::device_state_names[state], grouped(count));
    }
    return text + fmt::format("   of {}", grouped(snapshot.run.devices));
}

std::string LiveView::operation_rows(const metrics::Snapshot& snapshot) const {
    std::string text =
        fmt::format("  {:<12}{:>10}{:>9}{:>9}{:>9}{:>9}{:>9}\n", "", "ok/s", "fail", "p50", "p99", "p99.9", "max");
    for (const auto op : snapshot.run.operations) {
        const Row& row = rows_[index(op)];
        if (!row.any) continue;
        const auto latency = snapshot.fleet->latencies.of(op).latency;
        const auto at = [&](double percent) {
            return metrics::to_text(latency.percentile(percent), snapshot.run.timeout);
        };
        text +=
            fmt::format("  {:<12}{:>10.1f}{:>8.2f}%{:>9}{:>9}{:>9}{:>9}  {}\n", name(op), row.ok_rate,
                        row.failed_share * 100, at(50), at(99), at(99.9), at(100), sparkline(ok_history_[index(op)]));
    }
    return text;
}

std::string LiveView::server_row(const metrics::FleetSnapshot& fleet) const {
    std::string text = "from server";
    for (std::size_t r = 0; r < metrics::server_request_count; ++r) {
        if (metrics::total(fleet.totals.server_requests[r]) == 0) continue;
        text += fmt::format("  {} {:.1f}/s", metrics::server_request_names[r], request_rates_[r]);
    }
    return text + fmt::format("  retransmitted {:.1f}%", retransmitted_share(fleet.totals) * 100);
}

std::string LiveView::generator_row(const metrics::Snapshot& snapshot) const {
    const auto& fleet = *snapshot.fleet;
    const char* begin = "";
    const char* end = "";
    if (color_ == Color::yes) {
        begin = fleet.valid ? "\x1b[32m" : "\x1b[31m";
        end = "\x1b[0m";
    }
    return fmt::format("generator    lag p99 {}   busy {:.0f}%   {} thread{}   rss {:.0f} MB   {}● {}{}",
                       metrics::to_text(fleet.latencies.lag().percentile(99)), busiest(fleet) * 100,
                       fleet.workers.size(), fleet.workers.size() == 1 ? "" : "s",
                       static_cast<double>(snapshot.process.resident_bytes) / mega, begin,
                       fleet.valid ? "valid" : "INVALID", end);
}

std::string LiveView::screen(const metrics::Snapshot& snapshot, const ViewMoment& moment, std::size_t columns) {
    advance(snapshot, moment);
    const auto& fleet = *snapshot.fleet;
    std::string frame =
        fmt::format("lwm2m-sim {}  {}  seed {}  {}  {} / {}\n", snapshot.run.version, snapshot.run.scenario,
                    snapshot.run.seed, snapshot.run.target, clock_text(moment.elapsed), clock_text(moment.planned));
    frame += fmt::format("phase {:<12} {}  {:.0f}%\n\n", fleet.phase.name,
                         progress_bar(fleet.phase.progress, bar_width), fleet.phase.progress * 100);
    frame += devices_row(snapshot) + "\n" + operation_rows(snapshot) + server_row(fleet) + "\n" +
             generator_row(snapshot) + "\n";
    if (!listener_.empty()) frame += listener_ + "\n";

    std::string out = lines_drawn_ > 0 ? fmt::format("\x1b[{}A", lines_drawn_) : "";
    lines_drawn_ = 0;
    for (std::size_t begin = 0; begin < frame.size(); ++lines_drawn_) {
        const std::size_t end = frame.find('\n', begin);
        out += fit(std::string_view(frame).substr(begin, end - begin), columns) + "\x1b[K\n";
        begin = end + 1;
    }
    return out + "\x1b[J";  // what is left of a longer frame
}

std::string LiveView::line(const metrics::Snapshot& snapshot, const ViewMoment& moment) {
    advance(snapshot, moment);
    const auto& fleet = *snapshot.fleet;
    const auto sums = metrics::operation_sums(fleet.totals);
    double ok_rate = 0;
    for (const Row& row : rows_) ok_rate += row.ok_rate;
    return fmt::format(
        "elapsed={} phase={} progress={:.0f}% registered={} devices={} ok_per_s={:.1f} ok={} failed={} in_flight={} "
        "retransmitted={:.2f}% lag_p99={} busy={:.0f}% rss_mb={:.0f} valid={}\n",
        clock_text(moment.elapsed), fleet.phase.name, fleet.phase.progress * 100,
        in_state(fleet.totals, index(metrics::DeviceState::registered)), snapshot.run.devices, ok_rate, sums.ok,
        sums.failed, metrics::total(fleet.totals.in_flight), retransmitted_share(fleet.totals) * 100,
        metrics::to_text(fleet.latencies.lag().percentile(99)), busiest(fleet) * 100,
        static_cast<double>(snapshot.process.resident_bytes) / mega, fleet.valid ? "yes" : "no");
}

}  // namespace cli
