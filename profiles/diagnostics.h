// Diagnostics: what is wrong with the user's files, all of it at once, as a good compiler says it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace profiles {

// A file that was read, kept so that a message can show the line.
struct Source {
    std::string name;  // as the user gave it; "<text>" where there is no file
    std::string text;

    // Line `number` counted from 1, without its end; empty where there is none.
    std::string_view line(std::uint32_t number) const;
};

// Where something stands. Cheap to copy; a default place is nowhere in particular.
struct Place {
    std::shared_ptr<const Source> source;
    std::uint32_t line = 0;    // from 1; 0: the file as a whole
    std::uint32_t column = 0;  // from 1, in bytes
    std::uint32_t length = 1;  // bytes on this line that the caret underlines

    // "meter.yaml:7:3" with the column in characters; "meter.yaml" without a line; "" without a file.
    std::string text() const;
};

struct Diagnostic {
    enum class Severity : std::uint8_t { error, warning };
    Severity severity = Severity::error;
    Place place;
    std::string message;  // names the thing and the value: unknown key 'lifetme'
    std::string hint;     // the way out, may be empty: did you mean 'lifetime'?
};

// Collects; never prints, never throws. Keeps the first `capacity` and counts the others.
class Diagnostics {
public:
    static constexpr std::size_t capacity = 100;

    void error(const Place& place, std::string message, std::string hint = {});
    void warning(const Place& place, std::string message, std::string hint = {});

    bool ok() const { return errors_ == 0; }
    std::size_t errors() const { return errors_; }
    std::size_t warnings() const { return warnings_; }

    // In the order of the files and of their lines; of one place, in the order of reporting.
    std::vector<Diagnostic> sorted() const;

    // One block each:
    //   error: unknown key 'lifetme'                                        profiles/meter.yaml:7:3
    //      7 |   lifetme: 1h
    //        |   ^^^^^^^ did you mean 'lifetime'?
    std::string text() const;

    // "3 errors" or "1 error, 2 warnings".
    std::string summary() const;

private:
    void add(Diagnostic::Severity severity, const Place& place, std::string message, std::string hint);

    std::vector<Diagnostic> all_;
    std::size_t errors_ = 0;
    std::size_t warnings_ = 0;
};

// One diagnostic as text, with its excerpt, ending in a line feed.
std::string to_string(const Diagnostic& diagnostic);

// "did you mean 'lifetime'?" with the candidate nearest to `word`, or "" where none is near.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

// What a user wrote, safe to print: control characters as \xNN, cut after 80 bytes.
std::string printable(std::string_view text);

}  // namespace profiles
