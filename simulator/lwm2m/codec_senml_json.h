// SenML JSON (Content-Formats 110 and 320; RFC 8428 5, RFC 8790, Core 1.1.1 7.4.4): an array of records:
//
//   [{"bn": "/3/0/", "n": "0", "vs": "Open Mobile Alliance"}, {"n": "9", "v": 100}, {"n": "7/0", "v": 3800, "t": -5},
//   ...]
//
// v: a number or a time, vs: a string, vb: a boolean, vd: opaque as base64url, vlo: an object link as 3:0.
#pragma once

#include <span>

#include "simulator/base/writer.h"
#include "simulator/lwm2m/entry_sink.h"

namespace lwm2m {

base::Result<void> encode_senml_json(const Path& base, std::span<const Entry> entries, base::Writer& out);
base::Result<void> decode_senml_json(base::Bytes payload, EntrySink& sink);

// Records with a name and no value: the paths of a composite read or observation. Read, they become entries without a
// value, in the order of the payload.
void encode_senml_json_paths(std::span<const Path> paths, base::Writer& out);
base::Result<void> decode_senml_json_paths(base::Bytes payload, EntrySink& sink);

}  // namespace lwm2m
