#include "profiles/diagnostics.h"

#include <algorithm>
#include <cctype>
#include <tuple>

#include <fmt/format.h>

#include "simulator/base/did_you_mean.h"

namespace profiles {
namespace {

constexpr std::size_t place_column =
    68;  // where the place stands on the line of the message, as far as the message leaves room
constexpr std::size_t excerpt_width = 160;

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Characters of UTF-8 text, not bytes.
std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return !continues_character(c); }));
}

std::string escaped(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            safe += fmt::format("\\x{:02x}", byte);
        } else {
            safe += c;
        }
    }
    return safe;
}

// At most `bytes` of the text, no character cut in two.
std::string_view head(std::string_view text, std::size_t bytes) {
    if (text.size() <= bytes) return text;
    while (bytes > 0 && continues_character(text[bytes])) --bytes;
    return text.substr(0, bytes);
}

std::string plural(std::size_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// A line may hold a key beside what is wrong with it: long hexadecimal numbers, and what a key is derived from, are not
// shown. The line keeps its length.
void hide_secrets(std::string& line) {
    constexpr std::size_t shortest_key = 16;  // digits
    constexpr std::string_view derived = "derive:";
    const auto is_digit = [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; };
    for (auto at = line.begin(); at != line.end();) {
        const auto end = std::find_if_not(at, line.end(), is_digit);
        if (static_cast<std::size_t>(end - at) >= shortest_key) std::fill(at, end, '*');
        at = end == line.end() ? end : std::find_if(end, line.end(), is_digit);
    }
    if (auto at = line.find(derived); at != std::string::npos) {
        at += derived.size();
        const auto end = std::min(line.find_first_of(",}", at), line.size());
        std::replace_if(
            line.begin() + static_cast<std::ptrdiff_t>(at), line.begin() + static_cast<std::ptrdiff_t>(end),
            [](char c) { return c > ' ' && c != '"'; }, '*');
    }
}

// The line and the caret below the place. A tab counts as one column, and is shown as a blank.
std::string excerpt(const Place& place, std::string_view hint) {
    const std::string_view line = place.source->line(place.line);
    const std::size_t column = std::min<std::size_t>(place.column > 0 ? place.column - 1 : 0, line.size());
    std::string shown = std::string(head(line, excerpt_width));
    std::replace(shown.begin(), shown.end(), '\t', ' ');
    hide_secrets(shown);
    if (column > shown.size()) return hint.empty() ? "" : fmt::format("     | {}\n", hint);
    const std::size_t indent = characters(line.substr(0, column));
    const std::string_view marked = std::string_view(shown).substr(column, std::max<std::size_t>(place.length, 1));
    std::string text = fmt::format("{:>4} | {}\n", place.line, escaped(shown));
    text += fmt::format("     | {:{}}{}{}{}\n", "", indent,
                        std::string(std::max<std::size_t>(characters(marked), 1), '^'), hint.empty() ? "" : " ", hint);
    return text;
}

}  // namespace

std::string_view Source::line(std::uint32_t number) const {
    std::string_view left = text;
    for (std::uint32_t i = 1; i < number; ++i) {
        const auto end = left.find('\n');
        if (end == std::string_view::npos) return {};
        left.remove_prefix(end + 1);
    }
    left = left.substr(0, left.find('\n'));
    if (left.ends_with('\r')) left.remove_suffix(1);
    return number == 0 ? std::string_view{} : left;
}

std::string Place::text() const {
    if (!source) return {};
    if (line == 0) return source->name;
    const std::string_view before = source->line(line).substr(0, column > 0 ? column - 1 : 0);
    return fmt::format("{}:{}:{}", source->name, line, characters(before) + 1);
}

std::string to_string(const Diagnostic& diagnostic) {
    std::string text = diagnostic.severity == Diagnostic::Severity::error ? "error: " : "warning: ";
    text += diagnostic.message;
    const std::string where = diagnostic.place.text();
    const bool shown = diagnostic.place.source && diagnostic.place.line > 0;
    if (!shown && !diagnostic.hint.empty()) text += fmt::format(" ({})", diagnostic.hint);
    if (!where.empty()) {
        const std::size_t width = characters(text);
        text.append(width + 2 <= place_column ? place_column - width : 2, ' ');
        text += where;
    }
    text += '\n';
    if (shown) text += excerpt(diagnostic.place, diagnostic.hint);
    return text;
}

void Diagnostics::error(const Place& place, std::string message, std::string hint) {
    ++errors_;
    add(Diagnostic::Severity::error, place, std::move(message), std::move(hint));
}

void Diagnostics::warning(const Place& place, std::string message, std::string hint) {
    ++warnings_;
    add(Diagnostic::Severity::warning, place, std::move(message), std::move(hint));
}

void Diagnostics::add(Diagnostic::Severity severity, const Place& place, std::string message, std::string hint) {
    if (all_.size() < capacity) all_.push_back({severity, place, std::move(message), std::move(hint)});
}

std::vector<Diagnostic> Diagnostics::sorted() const {
    std::vector<std::string_view> files;  // in the order of their first diagnostic
    const auto order = [&files](const Diagnostic& diagnostic) {
        const std::string_view file =
            diagnostic.place.source ? std::string_view(diagnostic.place.source->name) : std::string_view{};
        const auto found = std::find(files.begin(), files.end(), file);
        if (found != files.end()) return found - files.begin();
        files.push_back(file);
        return static_cast<std::ptrdiff_t>(files.size() - 1);
    };
    for (const Diagnostic& diagnostic : all_) order(diagnostic);
    std::vector<Diagnostic> ordered = all_;
    std::stable_sort(ordered.begin(), ordered.end(), [&order](const Diagnostic& a, const Diagnostic& b) {
        return std::tuple(order(a), a.place.line, a.place.column) < std::tuple(order(b), b.place.line, b.place.column);
    });
    return ordered;
}

std::string Diagnostics::text() const {
    std::string text;
    for (const Diagnostic& diagnostic : sorted()) text += to_string(diagnostic);
    const std::size_t left_out = errors_ + warnings_ - all_.size();
    if (left_out > 0) text += fmt::format("... and {} more\n", left_out);
    return text;
}

std::string Diagnostics::summary() const {
    if (warnings_ == 0) return plural(errors_, "error");
    if (errors_ == 0) return plural(warnings_, "warning");
    return fmt::format("{}, {}", plural(errors_, "error"), plural(warnings_, "warning"));
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
    const auto near = base::nearest(word, candidates, 1);
    return near.empty() ? std::string{} : fmt::format("did you mean '{}'?", near.front());
}

std::string printable(std::string_view text) {
    const std::string_view shown = head(text, 80);
    return escaped(shown) + (shown.size() < text.size() ? "..." : "");
}

}  // namespace profiles
