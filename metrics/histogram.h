// Histogram: the distribution of a time in constant memory, exact to 0.8 %, cheap to record and to merge.
//
// Log-linear: values below 128 ns have a bucket each; above, every octave has 128 buckets of equal width, so that a
// bucket is never wider than 1/128 of its values. 36 octaves reach 2^42 ns (73 minutes); what is longer is in the last
// bucket, and exact in `max`.
//
// A timeout is a sample at +Inf: it has a count but no bucket, and every percentile that falls into that mass is
// infinite.
#pragma once

#include <bit>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "metrics/cell.h"
#include "simulator/base/time.h"

namespace metrics {

inline constexpr base::Duration infinite = base::Duration::max();

namespace buckets {

inline constexpr int sub_bits = 7;  // 128 buckets an octave
inline constexpr std::size_t per_octave = std::size_t{1} << sub_bits;
inline constexpr int top_bits = 42;  // values below 2^42 ns have a bucket of their own size
inline constexpr std::size_t count = (static_cast<std::size_t>(top_bits - sub_bits) + 1) * per_octave;

// REQUIRES: value >= 0.
constexpr std::size_t of(std::int64_t value) {
    const auto v = static_cast<std::uint64_t>(value);
    if (v < per_octave) return static_cast<std::size_t>(v);
    const int shift = static_cast<int>(std::bit_width(v)) - 1 - sub_bits;
    if (shift >= top_bits - sub_bits) return count - 1;
    return (static_cast<std::size_t>(shift) << sub_bits) + static_cast<std::size_t>(v >> shift);
}
// The smallest and the largest value of a bucket.
constexpr std::int64_t lowest(std::size_t bucket) {
    if (bucket < 2 * per_octave) return static_cast<std::int64_t>(bucket);
    const auto shift = (bucket >> sub_bits) - 1;
    return static_cast<std::int64_t>(((bucket & (per_octave - 1)) | per_octave) << shift);
}
constexpr std::int64_t highest(std::size_t bucket) {
    if (bucket < 2 * per_octave) return static_cast<std::int64_t>(bucket);
    return lowest(bucket) + (std::int64_t{1} << ((bucket >> sub_bits) - 1)) - 1;
}

}  // namespace buckets

class Distribution;

// Recorded into by one thread, read by any. 36 KB.
class Histogram {
public:
    Histogram();

    // 10 to 15 ns. A negative value counts as 0.
    void record(base::Duration value) {
        const std::int64_t v = value.count() > 0 ? value.count() : 0;
        cells_[buckets::of(v)].add();
        sum_.add(v);
        if (v > max_.get()) max_.set(v);
        if (v < min_.get()) min_.set(v);
    }
    void record_infinite() { infinite_.add(); }

private:
    friend class Distribution;

    std::unique_ptr<Cell[]> cells_;  // buckets::count of them
    Cell infinite_;
    Cell sum_;
    Cell max_;
    Cell min_;
};

// What histograms held at one moment: a plain value. Merging those of several threads, shards or runs gives what one
// histogram would have held.
class Distribution {
public:
    Distribution() = default;

    void merge(const Histogram& histogram);
    void merge(const Distribution& other);
    // Takes away what `earlier`, a state of the same histograms, held: what is left was recorded since. Its extremes
    // are then known to the width of a bucket only.
    void subtract(const Distribution& earlier);

    std::int64_t count() const { return finite_ + infinite_; }  // timeouts included
    std::int64_t timeouts() const { return infinite_; }
    bool empty() const { return count() == 0; }

    // The smallest value that at least `percent` of all samples do not exceed, rounded up within its bucket but never
    // above max(); `infinite` when it falls among the timeouts; none when there is no sample. 0 < percent <= 100.
    std::optional<base::Duration> percentile(double percent) const;
    // Of the finite samples. none when there is none.
    std::optional<base::Duration> max() const;
    std::optional<base::Duration> min() const;
    std::optional<base::Duration> mean() const;
    double sum_seconds() const { return static_cast<double>(sum_) * 1e-9; }
    // How many samples are not above `bound`, to the width of a bucket.
    std::int64_t count_up_to(base::Duration bound) const;

    // Buckets and their counts, for exports; empty when there is no finite sample.
    const std::vector<std::int64_t>& bucket_counts() const { return buckets_; }

    friend bool operator==(const Distribution&, const Distribution&) = default;

private:
    std::vector<std::int64_t> buckets_;  // empty, or buckets::count
    std::int64_t finite_ = 0;
    std::int64_t infinite_ = 0;
    std::int64_t sum_ = 0;
    std::int64_t max_ = -1;
    std::int64_t min_ = std::int64_t{1} << 62;
};

// MAX_TRANSMIT_WAIT of RFC 7252 4.8.2: a timeout lasted at least so long, unless the profile has other transmission
// parameters.
inline constexpr base::Duration default_timeout = base::Duration(93'000'000'000);

// A duration for people, three digits: "412ns" "38.2us" "184ms" "1.90s" "93.0s" "12m05s" "2h03m"; `infinite` reads ">
// 93s", and no value "-".
std::string to_text(std::optional<base::Duration> value, base::Duration timeout = default_timeout);

}  // namespace metrics
