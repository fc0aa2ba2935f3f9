#include "simulator/lwm2m/base64.h"

#include <array>

namespace lwm2m {
namespace {

constexpr std::string_view standard_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t no_digit = 255;

constexpr std::array<std::uint8_t, 256> make_digits() {
    std::array<std::uint8_t, 256> digits{};
    digits.fill(no_digit);
    for (std::uint8_t i = 0; i < 64; ++i) {
        digits[static_cast<std::uint8_t>(standard_alphabet[i])] = i;
        digits[static_cast<std::uint8_t>(url_alphabet[i])] = i;
    }
    return digits;
}
constexpr auto digit_of = make_digits();

}  // namespace

void put_base64(base::Bytes bytes, Base64 form, base::Writer& out) {
    const std::string_view alphabet = form == Base64::standard ? standard_alphabet : url_alphabet;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
        std::uint32_t bits = 0;
        for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < count ? bytes[i + k] : 0u);
        for (std::size_t k = 0; k < 4; ++k) {
            if (k <= count) {
                out.put_u8(static_cast<std::uint8_t>(alphabet[bits >> (18 - 6 * k) & 63]));
            } else if (form == Base64::standard) {
                out.put_u8('=');
            }
        }
    }
}

base::Result<std::vector<std::uint8_t>> from_base64(std::string_view text) {
    std::size_t end = text.size();
    while (end > 0 && text.size() - end < 2 && text[end - 1] == '=') --end;
    if (end != text.size() && text.size() % 4 != 0) return base::fail("misplaced base64 padding", end);
    if (end % 4 == 1) return base::fail("base64 text has an impossible length", end);
    std::vector<std::uint8_t> bytes;
    bytes.reserve(end / 4 * 3 + 2);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (std::size_t i = 0; i < end; ++i) {
        const std::uint8_t digit = digit_of[static_cast<std::uint8_t>(text[i])];
        if (digit == no_digit) return base::fail("not a base64 character", i);
        bits = bits << 6 | digit;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes.push_back(static_cast<std::uint8_t>(bits >> count));
        bits &= (1u << count) - 1;
    }
    if (bits != 0) return base::fail("base64 text ends within a byte", end - 1);
    return bytes;
}

}  // namespace lwm2m
