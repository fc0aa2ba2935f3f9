// Did you mean: the known words that a misspelt one resembles.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace base {

// Letters to insert, delete, replace or swap with their neighbour to turn `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The `known` words within a third of the length of `word` (at least 1, at most 4 edits), nearest first, equals by
// alphabet; at most `count`. Words longer than 64 bytes resemble nothing.
std::vector<std::string> nearest(std::string_view word, std::span<const std::string_view> known, std::size_t count = 3);

// " (did you mean \"device\"?)", " (did you mean \"a\" or \"b\"?)", or "" without candidates: to put behind a message.
std::string did_you_mean(std::span<const std::string> candidates);

}  // namespace base
