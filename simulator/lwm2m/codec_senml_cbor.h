// SenML CBOR (Content-Formats 112 and 322; RFC 8428 6, RFC 8790, Core 1.1.1 7.4.5): an array of maps with small
// integers for keys.
//
//   bver -1   bn -2   bt -3   bu -4   bv -5   bs -6   n 0   u 1   v 2   vs 3   vb 4   s 5   t 6   ut 7   vd 8   "vlo":
//   an object link
#pragma once

#include <span>

#include "simulator/base/writer.h"
#include "simulator/lwm2m/entry_sink.h"

namespace lwm2m {

base::Result<void> encode_senml_cbor(const Path& base, std::span<const Entry> entries, base::Writer& out);
base::Result<void> decode_senml_cbor(base::Bytes payload, EntrySink& sink);

// Records with a name and no value: the paths of a composite read or observation. Read, they become entries without a
// value, in the order of the payload.
void encode_senml_cbor_paths(std::span<const Path> paths, base::Writer& out);
base::Result<void> decode_senml_cbor_paths(base::Bytes payload, EntrySink& sink);

}  // namespace lwm2m
