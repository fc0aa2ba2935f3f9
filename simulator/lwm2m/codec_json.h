// JSON (RFC 8259): its events, read one at a time, and LwM2M JSON (Content-Format 11543; Core 1.0.2, 6.4.4):
//
//   {"bn": "/3/0/", "bt": 0, "e": [{"n": "0", "sv": "Open Mobile Alliance"}, {"n": "9", "v": 100, "t": -5}, ...]}
//
// v: a number or a time, sv: a string, or opaque as base64, bv: a boolean, ov: an object link as 3:0. SenML JSON is
// read from the same events.
#pragma once

#include <span>

#include "simulator/base/writer.h"
#include "simulator/lwm2m/entry_sink.h"

namespace lwm2m {

// ---- events

// What a JSON text is made of, told in order. `offset` is how far into the text reading had come; an error from here
// stops the reading.
class JsonEvents {
public:
    virtual ~JsonEvents() = default;
    virtual base::Result<void> begin_object(std::size_t offset) = 0;
    virtual base::Result<void> end_object(std::size_t offset) = 0;
    virtual base::Result<void> begin_array(std::size_t offset) = 0;
    virtual base::Result<void> end_array(std::size_t offset) = 0;
    virtual base::Result<void> key(std::string_view name, std::size_t offset) = 0;
    // A string, a boolean, a number (integer where it is one of 64 bits, else unsigned, else float), or Type::none for
    // null. Strings are valid for the call only.
    virtual base::Result<void> scalar(const ValueView& value, std::size_t offset) = 0;
};

// The text must be one JSON value, nested no deeper than `max_depth`.
base::Result<void> read_json(base::Bytes text, std::size_t max_depth, JsonEvents& events);

// ---- Content-Format 11543

// The base name is the path addressed, with a "/" behind it where names follow. Times are written as "t".
base::Result<void> encode_json(const Path& base, std::span<const Entry> entries, base::Writer& out);

// The base name may lack the "/" before the name, or be left out: it is then the path addressed.
base::Result<void> decode_json(base::Bytes payload, EntrySink& sink);

}  // namespace lwm2m
