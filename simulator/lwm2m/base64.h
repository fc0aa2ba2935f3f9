// Base64: bytes as text and back (RFC 4648), for the formats that cannot hold bytes.
#pragma once

#include <string_view>
#include <vector>

#include "simulator/base/writer.h"

namespace lwm2m {

enum class Base64 {
    standard,  // RFC 4648 4, with padding: plain text and LwM2M JSON
    url,       // RFC 4648 5, without padding: SenML JSON (RFC 8428 4.3)
};

void put_base64(base::Bytes bytes, Base64 form, base::Writer& out);

// Reads either alphabet, padded or not. Refuses other characters, misplaced padding and left-over bits that are not
// zero; the offset of the error is the position in `text`.
base::Result<std::vector<std::uint8_t>> from_base64(std::string_view text);

}  // namespace lwm2m
