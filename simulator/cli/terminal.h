// Terminal: the live view of a run, as a screen that redraws itself or as one line each time, from snapshots alone.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "metrics/snapshot.h"

namespace cli {

struct ViewMoment {
    base::Duration elapsed{};  // since the start
    base::Duration planned{};  // of the whole plan
};

// Rates are differences between two snapshots. Not thread-safe.
class LiveView {
public:
    enum class Color : std::uint8_t { no, yes };
    // `listener` is the URL of the HTTP listener, or empty.
    LiveView(Color color, std::string listener) : color_(color), listener_(std::move(listener)) {}

    // The screen, `columns` wide at most; from the second call on it first goes back over the one before.
    std::string screen(const metrics::Snapshot& snapshot, const ViewMoment& moment, std::size_t columns);
    // key=value pairs, one line.
    std::string line(const metrics::Snapshot& snapshot, const ViewMoment& moment);

private:
    static constexpr std::size_t history_length = 8;
    using History = std::deque<double>;

    struct Row {
        double ok_rate = 0;
        double failed_share = 0;
        bool any = false;
    };
    // Notes a snapshot: rates since the one before.
    void advance(const metrics::Snapshot& snapshot, const ViewMoment& moment);
    std::string operation_rows(const metrics::Snapshot& snapshot) const;
    std::string devices_row(const metrics::Snapshot& snapshot) const;
    std::string server_row(const metrics::FleetSnapshot& fleet) const;
    std::string generator_row(const metrics::Snapshot& snapshot) const;

    Color color_;
    std::string listener_;
    std::optional<ViewMoment> last_;
    std::array<std::int64_t, metrics::operation_count> last_ok_{};
    std::array<std::int64_t, metrics::server_request_count> last_requests_{};
    std::array<Row, metrics::operation_count> rows_{};
    std::array<double, metrics::server_request_count> request_rates_{};
    std::array<History, metrics::operation_count> ok_history_{};
    History registered_history_;
    std::size_t lines_drawn_ = 0;
};

// "00:15:19"
std::string clock_text(base::Duration duration);
// "▁▂▅█": the values as bars, the highest as a full one.
std::string sparkline(const std::deque<double>& values);
// A bar of `width` cells, filled by `share` of 1.
std::string progress_bar(double share, std::size_t width);
// The first `columns` characters; escape sequences take no room.
std::string fit(std::string_view line, std::size_t columns);

}  // namespace cli
