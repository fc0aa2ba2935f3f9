// LwM2M CBOR (Content-Format 11544; Core 1.2, 7.4.7): nested maps of ids down to the values: {3: {0: {9: 100}}}. A key
// may be an array of ids, which stands for as many levels: {[3, 0]: {9: 100}}.
#pragma once

#include <span>

#include "simulator/base/writer.h"
#include "simulator/lwm2m/entry_sink.h"

namespace lwm2m {

// Open maps, as the specification's examples have them; the path addressed is one key: {[13, 26, 1]: 42} is BF 83 0D 18
// 1A 01 18 2A FF.
base::Result<void> encode_lwm2m_cbor(const Path& base, std::span<const Entry> entries, base::Writer& out);

// An empty map stands for an instance or a multiple resource without members; at the path addressed, or above an
// instance, for nothing.
base::Result<void> decode_lwm2m_cbor(base::Bytes payload, EntrySink& sink);

// Paths without values: {[3, 0]: null}. Read, they become entries without a value; an empty map is taken for null.
void encode_lwm2m_cbor_paths(std::span<const Path> paths, base::Writer& out);
base::Result<void> decode_lwm2m_cbor_paths(base::Bytes payload, EntrySink& sink);

}  // namespace lwm2m
