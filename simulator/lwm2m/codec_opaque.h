// Opaque (Content-Format 42; Core 1.1.1, 7.4.2): the bytes of one opaque resource or resource instance, as they are.
#pragma once

#include "simulator/base/writer.h"
#include "simulator/lwm2m/entry_sink.h"

namespace lwm2m {

base::Result<void> encode_opaque(const ValueView& value, base::Writer& out);
base::Result<void> decode_opaque(base::Bytes payload, EntrySink& sink);

}  // namespace lwm2m
