// Bytes: views on memory, and their forms as text (hexadecimal).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/base/error.h"

namespace base {

using Bytes = std::span<const std::uint8_t>;  // a view; whoever hands it out says how long it lives
using MutableBytes = std::span<std::uint8_t>;

inline Bytes as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
inline bool equal(Bytes a, Bytes b) { return as_text(a) == as_text(b); }

// Lower-case hexadecimal without separators.
std::string to_hex(Bytes bytes);

// Accepts upper and lower case, and ignores white space, ':' and '-' between digits. Refuses anything else and an odd
// count of digits;
// the offset of the error is the position in `text`.
Result<std::vector<std::uint8_t>> from_hex(std::string_view text);

}  // namespace base
