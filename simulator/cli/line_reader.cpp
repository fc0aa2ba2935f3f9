#include "simulator/cli/line_reader.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <iostream>
#include <utility>

namespace cli {
namespace {

constexpr int patience_ms = 50;

}  // namespace

std::optional<std::string> LineReader::next() {
    if (&in_ == &std::cin) return next_of_standard_input();
    std::string line;
    if (interrupted_() || !std::getline(in_, line)) return std::nullopt;
    return line;
}

std::optional<std::string> LineReader::next_of_standard_input() {
    for (;;) {
        if (interrupted_()) return std::nullopt;
        if (const auto end = rest_.find('\n'); end != std::string::npos) {
            std::string line = rest_.substr(0, end);
            rest_.erase(0, end + 1);
            return line;
        }
        if (ended_) {
            if (rest_.empty()) return std::nullopt;
            return std::exchange(rest_, {});
        }
        pollfd input{STDIN_FILENO, POLLIN, 0};
        if (poll(&input, 1, patience_ms) <= 0) continue;
        std::array<char, 4096> bytes;
        const auto size = read(STDIN_FILENO, bytes.data(), bytes.size());
        if (size <= 0) ended_ = true;
        if (size > 0) rest_.append(bytes.data(), static_cast<std::size_t>(size));
    }
}

bool is_terminal(const std::istream& in) { return &in == &std::cin && isatty(STDIN_FILENO) == 1; }

}  // namespace cli
