// decode and encode: what bytes of the protocol say, as JSON (wire_json.h has its shape), and its inverse. A tester's
// tool, and the door by which others check our codecs with their vectors.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

namespace cli {

// lwm2m-sim decode --as FORMAT [--path PATH] [--text] [HEX]
// lwm2m-sim decode --batch
struct DecodeOptions {
    std::string as;                    // coap or a content format: tlv, senml-cbor, senml-json, json, cbor, lwm2m-cbor,
                                       // text, opaque, link, senml-etch-json, senml-etch-cbor, or a number
    std::optional<std::string> path;   // what the payload is addressed to, by ids or names: /3/0, device/0
    std::optional<std::string> input;  // the bytes as hexadecimal; without it standard input is read
    bool text = false;                 // the input is the payload itself, not hexadecimal
    bool batch = false;                // one JSON object a line on standard input; the options above are then defaults
};

// lwm2m-sim encode [JSON]
// lwm2m-sim encode --batch
struct EncodeOptions {
    std::optional<std::string> input;  // without it standard input is read
    bool batch = false;
};

// Prints one JSON object and returns 0, or an error with its offset on `err` and returns 2.
//
// Batch: reads {"name", "as", "hex" or "text", "path"} a line, and answers each with one line: {"name", ...what was
// decoded} or {"name", "error", "offset"}. A line that is no such object is answered the same way, "name" null, and
// "line" with its number. Returns 0 at the end of the input, however many lines were wrong.
int run_decode(const DecodeOptions& options, std::istream& in, std::ostream& out, std::ostream& err);

// Takes what decode prints and prints the bytes as hexadecimal. Batch: answers {"name", "hex"} or {"name", "error",
// "offset"}.
int run_encode(const EncodeOptions& options, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace cli
