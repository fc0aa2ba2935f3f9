// Plain text (Content-Format 0; Core 1.1.1, 7.4.1 and Appendix C): the one value of a resource or resource instance as
// characters. Integers, times and floats in decimal (a float never with an exponent), boolean 0 or 1, opaque as base64,
// an object link as 3:0.
#pragma once

#include "simulator/base/writer.h"
#include "simulator/lwm2m/entry_sink.h"

namespace lwm2m {

base::Result<void> encode_text(const ValueView& value, base::Writer& out);

// A resource of unknown type is read as a string. A float may have an exponent.
base::Result<void> decode_text(base::Bytes payload, EntrySink& sink);

}  // namespace lwm2m
