// TextRing: memory for short texts that live as long as a request: a new one takes the place of the oldest.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace base {

class TextRing {
public:
    static constexpr std::size_t capacity = 4096;  // bytes: what all texts of one request may have together
    static constexpr std::size_t longest = 256;    // what is longer is cut

    std::string_view keep(std::string_view text) {
        text = text.substr(0, longest);
        if (at_ + text.size() > capacity) at_ = 0;
        char* const start = bytes_.data() + at_;
        std::copy(text.begin(), text.end(), start);
        at_ += text.size();
        return {start, text.size()};
    }

private:
    std::array<char, capacity> bytes_{};
    std::size_t at_ = 0;
};

}  // namespace base
