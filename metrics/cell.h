// Cell: a number that one thread writes and any thread may read. The writer pays a plain load and store, no locked
// instruction.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace metrics {

// REQUIRES: all writes come from one thread. A reader sees some value that was there, never a torn one; two cells read
// one after the other may stem from different moments.
class Cell {
public:
    void add(std::int64_t n = 1) {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    void set(std::int64_t n) { value_.store(n, std::memory_order_relaxed); }
    std::int64_t get() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::int64_t> value_{0};
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

// The same text reads a table of cells and a table of plain numbers.
inline std::int64_t get(const Cell& cell) { return cell.get(); }
inline std::int64_t get(std::int64_t number) { return number; }

namespace detail {
template <class T, std::size_t First, std::size_t... Rest>
struct TableOf {
    using type = std::array<typename TableOf<T, Rest...>::type, First>;
};
template <class T, std::size_t Last>
struct TableOf<T, Last> {
    using type = std::array<T, Last>;
};
}  // namespace detail

// Table<T, 3, 4>: three rows of four.
template <class T, std::size_t... Sizes>
using Table = typename detail::TableOf<T, Sizes...>::type;

inline void accumulate(std::int64_t& into, const Cell& from) { into += from.get(); }
inline void accumulate(std::int64_t& into, std::int64_t from) { into += from; }
// Adds each entry of `from` to its counterpart.
template <class To, class From, std::size_t N>
void accumulate(std::array<To, N>& into, const std::array<From, N>& from) {
    for (std::size_t i = 0; i < N; ++i) accumulate(into[i], from[i]);
}

inline std::int64_t total(std::int64_t number) { return number; }
// The sum over all entries of a table of numbers.
template <class T, std::size_t N>
std::int64_t total(const std::array<T, N>& table) {
    std::int64_t sum = 0;
    for (const auto& entry : table) sum += total(entry);
    return sum;
}

}  // namespace metrics
