// JSON text: how strings and floats are written into a JSON payload, without an allocation.
#pragma once

#include <string_view>

#include "simulator/base/writer.h"
#include "simulator/lwm2m/value.h"

namespace lwm2m {

// With its quotes; '"', '\\' and control characters escaped (RFC 8259 7).
void put_json_string(std::string_view text, base::Writer& out);

// With an exponent only where the number is very large or very small; a NaN or an infinity makes the writer fail.
void put_json_float(double number, base::Writer& out);

}  // namespace lwm2m
