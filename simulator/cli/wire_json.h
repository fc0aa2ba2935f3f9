// Wire JSON: what bytes of the protocol say, as JSON, and back. The shape is stable; testers' scripts read it.
//
// A content format:
//
//   {"format": "tlv", "path": "/3/0", "values": [
//     {"path": "/3/0/0", "type": "string", "value": "Open Mobile Alliance"},
//     {"path": "/3/0/7/0", "type": "integer", "value": 3800, "time": -5}, ...]}
//
//   type      string, integer, unsigned, float, boolean, opaque, time, objlnk, corelnk; none: an instance or multiple
//             resource without members, which has no value
//   value     integers, times and floats as numbers (a float that is none as "nan", "inf" or "-inf"), opaque as
//             hexadecimal, an object link as "3:0", the others as they are
//   time      in seconds, where it is not 0 (SenML, LwM2M JSON)
//   path      what the payload was said to be addressed to. Where that was not said, and the payload does not either,
//             the levels that are missing are "?", as in "/?/?/7/0", and types are those of the format alone
//
// SenML and LwM2M CBOR that hold paths only (composite reads): {"format": "senml-cbor", "paths": ["/3/0", ...]}.
//
// Links: {"format": "link", "links": [{"target": "/1", "attributes": [{"name": "ver", "value": "1.1"}, ...]}, ...]}.
// An attribute without a value has no "value"; "quoted": true where it stood in quotes.
//
// A CoAP message:
//
//   {"format": "coap", "version": 1, "type": "CON", "code": "0.01", "code_name": "GET", "message_id": 4711,
//    "token": "ab12", "options": [{"number": 11, "name": "Uri-Path", "value": "3"}, ...],
//    "payload": "c8000a", "content": {...}}
//
//   options   value by the option's format: a number, a string, hexadecimal for opaque and unknown ones;
//             {"hex": "00"} where the bytes are not what the format asks for
//   content   the payload by its Content-Format, in the shape above; {"error", "offset"} where it cannot be read; for
//             an error response without Content-Format {"diagnostic": "..."}
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "simulator/base/bytes.h"
#include "simulator/lwm2m/content_format.h"
#include "simulator/lwm2m/object_registry.h"

namespace cli {

using Json = nlohmann::ordered_json;

struct WireError {
    std::string message;
    std::size_t offset = 0;  // in the bytes; 0 where there is none
};
template <class T>
using WireResult = tl::expected<T, WireError>;

struct WireFormat {
    std::optional<lwm2m::ContentFormat> content;  // none: a CoAP message
};
// "coap", the names of content formats, and their numbers ("11542").
WireResult<WireFormat> wire_format(std::string_view name);

// What `bytes` say. `path` is what a payload is addressed to; without one it is the root for formats that name their
// paths.
WireResult<Json> describe(const WireFormat& format, std::optional<lwm2m::Path> path, base::Bytes bytes,
                          const lwm2m::ObjectSelection& objects);

// The bytes for what `describe` says of them: the same ones where our own encoder wrote them for that path, else such
// that say the same. A missing "type" is that of the resource.
WireResult<std::vector<std::uint8_t>> compose(const Json& said, const lwm2m::ObjectSelection& objects);

// The two for CoAP messages (wire_json_coap.cpp) and for payloads (wire_json.cpp).
WireResult<Json> describe_message(base::Bytes bytes, std::optional<lwm2m::Path> path,
                                  const lwm2m::ObjectSelection& objects);
WireResult<Json> describe_content(lwm2m::ContentFormat format, std::optional<lwm2m::Path> path, base::Bytes bytes,
                                  const lwm2m::ObjectSelection& objects);
WireResult<std::vector<std::uint8_t>> compose_message(const Json& said, const lwm2m::ObjectSelection& objects);
WireResult<std::vector<std::uint8_t>> compose_content(const Json& said, const lwm2m::ObjectSelection& objects);

// A member of an object, or null where it is missing or `from` is no object.
const Json* member(const Json& from, const char* name);
// The text of a string member; none where it is missing or no string.
std::optional<std::string> text_member(const Json& from, const char* name);

}  // namespace cli
