// TLV (Content-Format 11542; Core 1.1.1, 7.4.3): type, identifier, length, value, nested.
//
//   type byte: bits 7-6  00 object instance, 01 resource instance, 10 multiple resource, 11 resource with a value
//              bit  5    the identifier has 16 bits instead of 8
//              bits 4-3  length: 00 in bits 2-0, else a field of 1, 2 or 3 bytes (bits 2-0 are then ignored)
//
// What a payload holds follows from the path that it is addressed to:
//   /3        object instances, also where there is only one
//   /3/0      its resources; the object instance around them is read too
//   /3/0/9    that resource; what is around it is read too, and resource instances without the resource around them
//   /3/0/7/0  that resource instance; the same
// Resources without an object instance around them at /3 are a Create that leaves the id to the device: their instance
// id is no_id.
#pragma once

#include <span>

#include "simulator/base/writer.h"
#include "simulator/lwm2m/entry_sink.h"

namespace lwm2m {

// Integers take the fewest of 1, 2, 4 and 8 bytes; an unsigned one so that the top bit stays free up to 2^63: peers
// that sign-extend (Leshan 2.0.0-M18) then read the same number. A float takes 4 bytes where they hold it exactly.
base::Result<void> encode_tlv(const Path& base, std::span<const Entry> entries, base::Writer& out);

// A resource of unknown type is opaque.
base::Result<void> decode_tlv(base::Bytes payload, EntrySink& sink);

}  // namespace lwm2m
