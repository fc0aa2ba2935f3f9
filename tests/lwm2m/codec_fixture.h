// What the codec tests share: resources with known types, and codecs whose input and output can be read in a test.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "simulator/lwm2m/codec.h"
#include "tests/support/test_types.h"

namespace lwm2m {

inline ValueView text(std::string_view characters) { return ValueView::of_string(characters); }
inline ValueView number(std::int64_t value) { return ValueView::of_integer(value); }

// /3/0 of the LwM2M specification's examples (Core 1.0.2, 6.4.3.1; Core 1.1.1, 7.4.3.1 and 7.4.4).
inline std::vector<Entry> device_example() {
    return {{{3, 0, 0}, text("Open Mobile Alliance")},
            {{3, 0, 1}, text("Lightweight M2M Client")},
            {{3, 0, 2}, text("345000123")},
            {{3, 0, 3}, text("1.0")},
            {{3, 0, 6, 0}, number(1)},
            {{3, 0, 6, 1}, number(5)},
            {{3, 0, 7, 0}, number(3800)},
            {{3, 0, 7, 1}, number(5000)},
            {{3, 0, 8, 0}, number(125)},
            {{3, 0, 8, 1}, number(900)},
            {{3, 0, 9}, number(100)},
            {{3, 0, 10}, number(15)},
            {{3, 0, 11, 0}, number(0)},
            {{3, 0, 13}, ValueView::of_time(1367491215)},
            {{3, 0, 14}, text("+02:00")},
            {{3, 0, 16}, text("U")}};
}

// "/3/0/9 integer 100", for messages and comparisons.
inline std::string to_string(const Entry& entry) {
    std::string line = to_string(entry.path) + ' ' + std::string(name(entry.value.type));
    if (entry.value.type != Type::none) line += ' ' + to_string(entry.value);
    if (entry.time != 0) line += " @" + std::to_string(entry.time);
    return line;
}

inline std::vector<std::string> lines(std::span<const Entry> entries) {
    std::vector<std::string> all;
    for (const Entry& entry : entries) all.push_back(to_string(entry));
    return all;
}

class Codec : public ::testing::Test {
protected:
    // The payload as upper-case hex, or "error: ...".
    static std::string encoded(ContentFormat format, const Path& base, std::span<const Entry> entries,
                               std::size_t room = 4096) {
        std::vector<std::uint8_t> memory(room);
        base::Writer out(memory);
        const auto done = encode(format, base, entries, out);
        if (!done) return std::string("error: ") + done.error().what;
        std::string hex = base::to_hex(out.written());
        for (char& c : hex) c = static_cast<char>(std::toupper(c));
        return hex;
    }
    static std::string encoded(ContentFormat format, const Entry& entry) {
        return encoded(format, entry.path, std::span(&entry, 1));
    }
    // The payload as characters.
    static std::string encoded_text(ContentFormat format, const Path& base, std::span<const Entry> entries) {
        const auto bytes = base::from_hex(encoded(format, base, entries));
        return bytes ? std::string(base::as_text(*bytes)) : encoded(format, base, entries);
    }
    static std::string encoded_text(ContentFormat format, const Entry& entry) {
        return encoded_text(format, entry.path, std::span(&entry, 1));
    }

    // One line an entry, or one line "error at OFFSET: ...".
    std::vector<std::string> decoded(ContentFormat format, const Path& base, base::Bytes payload,
                                     const DecodeLimits& limits = {}) {
        // A copy of exactly the right size, so that a sanitizer sees one byte too far.
        payload_.assign(payload.begin(), payload.end());
        payload_.shrink_to_fit();
        const auto done = decode(format, base, payload_, types_, entries_, limits);
        if (!done) return {"error at " + std::to_string(done.error().offset) + ": " + done.error().what};
        return lines(entries_.entries);
    }
    std::vector<std::string> decoded_hex(ContentFormat format, const Path& base, std::string_view hex,
                                         const DecodeLimits& limits = {}) {
        return decoded(format, base, base::from_hex(hex).value(), limits);
    }
    std::vector<std::string> decoded_text(ContentFormat format, const Path& base, std::string_view characters,
                                          const DecodeLimits& limits = {}) {
        return decoded(format, base, base::as_bytes(characters), limits);
    }
    // Every payload cut short is refused, and never read past its end.
    void expect_every_truncation_refused(ContentFormat format, const Path& base, base::Bytes payload,
                                         std::size_t from = 0) {
        for (std::size_t size = from; size < payload.size(); ++size) {
            const auto result = decoded(format, base, payload.first(size));
            EXPECT_TRUE(result.size() == 1 && result[0].starts_with("error")) << "cut to " << size << " bytes";
        }
    }

    TestTypes types_;
    Entries entries_;
    std::vector<std::uint8_t> payload_;
};

using Lines = std::vector<std::string>;

}  // namespace lwm2m
