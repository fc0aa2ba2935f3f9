// Collector: the exposition of a snapshot for Prometheus, in the text format 0.0.4.
#pragma once

#include <cstddef>
#include <string>

#include "metrics/snapshot.h"

namespace metrics {

inline constexpr std::string_view exposition_content_type = "text/plain; version=0.0.4; charset=utf-8";
inline constexpr std::size_t max_series =
    5000;  // what one process may expose; `validate` refuses a fleet that needs more

// Every metric of the catalog that the snapshot has figures for, each with all its series, at 0 from the start.
std::string expose(const Snapshot& snapshot);

// How many series expose() gives for a run of this shape.
std::size_t series_count(const Snapshot& snapshot);

}  // namespace metrics
