// LineReader: lines of standard input, or of any other stream, while an interrupt may come.
#pragma once

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

namespace cli {

class LineReader {
public:
    // `interrupted` is asked several times a second; only std::cin is waited for so, other streams are read at once.
    LineReader(std::istream& in, std::function<bool()> interrupted) : in_(in), interrupted_(std::move(interrupted)) {}

    // The next line without its end; nothing at the end of the stream or after an interrupt.
    std::optional<std::string> next();

private:
    std::optional<std::string> next_of_standard_input();

    std::istream& in_;
    std::function<bool()> interrupted_;
    std::string rest_;  // read, but not handed out
    bool ended_ = false;
};

// Is it standard input, and a terminal?
bool is_terminal(const std::istream& in);

}  // namespace cli
