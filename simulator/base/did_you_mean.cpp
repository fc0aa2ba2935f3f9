#include "simulator/base/did_you_mean.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace base {
namespace {
constexpr std::size_t longest = 64;
}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    // The table of the dynamic programme, of which three rows are enough: this one, the one above, and the one above
    // that for swaps.
    std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), current(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        current[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            current[j] = std::min({last[j] + 1, current[j - 1] + 1, replace});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) current[j] = std::min(current[j], before_last[j - 2] + 1);
        }
        std::swap(before_last, last);
        std::swap(last, current);
    }
    return last[b.size()];
}

std::vector<std::string> nearest(std::string_view word, std::span<const std::string_view> known, std::size_t count) {
    if (word.size() > longest) return {};
    const std::size_t limit = std::clamp<std::size_t>(word.size() / 3, 1, 4);
    std::vector<std::pair<std::size_t, std::string_view>> found;
    for (const std::string_view candidate : known) {
        if (candidate.size() > longest || candidate.size() > word.size() + limit) continue;
        const std::size_t distance = edit_distance(word, candidate);
        if (distance <= limit) found.emplace_back(distance, candidate);
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    if (found.size() > count) found.resize(count);
    std::vector<std::string> words;
    for (const auto& [distance, candidate] : found) words.emplace_back(candidate);
    return words;
}

std::string did_you_mean(std::span<const std::string> candidates) {
    if (candidates.empty()) return "";
    std::string text = " (did you mean ";
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        if (i > 0) text += i + 1 == candidates.size() ? " or " : ", ";
        text += '"' + candidates[i] + '"';
    }
    return text + "?)";
}

}  // namespace base
