// hex: bytes in a test as they stand in an RFC: hex("40 01 7d 34") is four bytes.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/base/bytes.h"

namespace support {

// Throws on what is not hexadecimal: a mistake in the test.
inline std::vector<std::uint8_t> hex(std::string_view text) {
    auto bytes = base::from_hex(text);
    if (!bytes) throw std::invalid_argument("not hexadecimal: " + std::string(text));
    return *bytes;
}

}  // namespace support
