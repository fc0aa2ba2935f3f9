#include "simulator/base/crypto_pem.h"

#include <array>

namespace base {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view begin_mark = "-----BEGIN ";
constexpr std::string_view end_mark = "-----END ";
constexpr std::string_view dashes = "-----";

// False for a letter that has no business here.
bool decode(std::string_view text, std::vector<std::uint8_t>& out) {
    out.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    int count = 0;
    std::size_t padding = 0;
    for (const char c : text) {
        if (c == '\n' || c == '\r' || c == ' ' || c == '\t') continue;
        if (c == '=') {
            ++padding;
            continue;
        }
        const auto value = alphabet.find(c);
        if (value == std::string_view::npos || padding != 0) return false;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out.push_back(static_cast<std::uint8_t>(bits >> count));
    }
    return padding <= 2;
}

}  // namespace

std::vector<PemBlock> read_pem(Bytes file) {
    std::vector<PemBlock> blocks;
    std::string_view text = as_text(file);
    for (;;) {
        const auto begin = text.find(begin_mark);
        if (begin == std::string_view::npos) return blocks;
        text.remove_prefix(begin + begin_mark.size());
        const auto label_end = text.find(dashes);
        if (label_end == std::string_view::npos) return blocks;
        const std::string label(text.substr(0, label_end));
        text.remove_prefix(label_end + dashes.size());
        const auto end = text.find(std::string(end_mark) + label + std::string(dashes));
        if (end == std::string_view::npos) continue;
        std::vector<std::uint8_t> bytes;
        if (decode(text.substr(0, end), bytes)) blocks.push_back({label, Secret(std::move(bytes))});
        text.remove_prefix(end);
    }
}

std::string write_pem(std::string_view label, Bytes bytes) {
    constexpr std::size_t line = 64;
    std::string text = std::string(begin_mark) + std::string(label) + std::string(dashes);
    std::size_t letters = 0;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        if (letters % line == 0) text += '\n';
        const std::size_t size = std::min<std::size_t>(3, bytes.size() - at);
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i) bits = bits << 8 | (i < size ? bytes[at + i] : 0u);
        for (std::size_t i = 0; i < 4; ++i) text += i <= size ? alphabet[bits >> (18 - 6 * i) & 63] : '=';
        letters += 4;
    }
    return text + '\n' + std::string(end_mark) + std::string(label) + std::string(dashes) + '\n';
}

}  // namespace base
