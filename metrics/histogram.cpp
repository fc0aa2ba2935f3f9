#include "metrics/histogram.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace metrics {

Histogram::Histogram() : cells_(std::make_unique<Cell[]>(buckets::count)) {
    max_.set(-1);
    min_.set(std::int64_t{1} << 62);
}

void Distribution::merge(const Histogram& histogram) {
    infinite_ += histogram.infinite_.get();
    const auto max = histogram.max_.get();
    if (max < 0) return;  // nothing finite yet
    const auto min = histogram.min_.get();
    buckets_.resize(buckets::count);
    // Only where the samples are: most of the 4608 cells are never touched.
    for (auto i = buckets::of(min); i <= buckets::of(max); ++i) {
        const auto n = histogram.cells_[i].get();
        buckets_[i] += n;
        finite_ += n;
    }
    sum_ += histogram.sum_.get();
    max_ = std::max(max_, max);
    min_ = std::min(min_, min);
}

void Distribution::merge(const Distribution& other) {
    infinite_ += other.infinite_;
    if (other.buckets_.empty()) return;
    buckets_.resize(buckets::count);
    for (auto i = buckets::of(other.min_); i <= buckets::of(other.max_); ++i) buckets_[i] += other.buckets_[i];
    finite_ += other.finite_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
    min_ = std::min(min_, other.min_);
}

void Distribution::subtract(const Distribution& earlier) {
    if (!earlier.buckets_.empty() && !buckets_.empty()) {
        for (std::size_t i = 0; i < buckets::count; ++i) buckets_[i] -= earlier.buckets_[i];
    }
    finite_ -= earlier.finite_;
    infinite_ -= earlier.infinite_;
    sum_ -= earlier.sum_;
    const auto full = [](std::int64_t n) { return n != 0; };
    const auto first = std::ranges::find_if(buckets_, full);
    if (first == buckets_.end()) {
        *this = [&] {
            Distribution none;
            none.infinite_ = infinite_;
            return none;
        }();
        return;
    }
    const auto last = std::find_if(buckets_.rbegin(), buckets_.rend(), full);
    min_ = std::max(min_, buckets::lowest(static_cast<std::size_t>(first - buckets_.begin())));
    max_ = std::min(max_, buckets::highest(static_cast<std::size_t>(buckets_.rend() - last - 1)));
}

std::optional<base::Duration> Distribution::percentile(double percent) const {
    if (empty()) return std::nullopt;
    // The smallest rank that covers `percent`; the factor keeps 99.9 % of 1000 at 999 although 0.999 has no exact
    // double.
    const auto exact = percent / 100.0 * static_cast<double>(count()) * (1.0 - 1e-12);
    const auto rank = std::clamp(static_cast<std::int64_t>(std::ceil(exact)), std::int64_t{1}, count());
    if (rank > finite_) return infinite;
    std::int64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
        seen += buckets_[i];
        // The last bucket has no upper edge: only the exact maximum speaks for it.
        if (seen >= rank) return base::Duration(i + 1 == buckets::count ? max_ : std::min(buckets::highest(i), max_));
    }
    return base::Duration(max_);
}

std::optional<base::Duration> Distribution::max() const {
    if (finite_ == 0) return std::nullopt;
    return base::Duration(max_);
}

std::optional<base::Duration> Distribution::min() const {
    if (finite_ == 0) return std::nullopt;
    return base::Duration(min_);
}

std::optional<base::Duration> Distribution::mean() const {
    if (finite_ == 0) return std::nullopt;
    return base::Duration(sum_ / finite_);
}

std::int64_t Distribution::count_up_to(base::Duration bound) const {
    if (bound == infinite) return count();
    if (bound.count() < 0) return 0;
    const auto end = std::min(buckets::of(bound.count()) + 1, buckets_.size());
    std::int64_t below = 0;
    for (std::size_t i = 0; i < end; ++i) below += buckets_[i];
    return below;
}

std::string to_text(std::optional<base::Duration> value, base::Duration timeout) {
    if (!value) return "-";
    if (*value == infinite) return fmt::format("> {:g}s", base::seconds(timeout));
    const auto ns = static_cast<double>(value->count());
    const auto three = [](double number, const char* unit) {
        const int decimals = number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
        return fmt::format("{:.{}f}{}", number, decimals, unit);
    };
    if (ns < 999.5) return fmt::format("{:.0f}ns", ns);
    if (ns < 999.5e3) return three(ns / 1e3, "us");
    if (ns < 999.5e6) return three(ns / 1e6, "ms");
    if (ns < 599.5e9) return three(ns / 1e9, "s");
    const auto whole = static_cast<std::int64_t>(std::llround(ns / 1e9));
    if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
    return fmt::format("{}h{:02}m", whole / 3600, whole % 3600 / 60);
}

}  // namespace metrics
