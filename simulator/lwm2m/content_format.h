// ContentFormat: the CoAP Content-Formats of LwM2M (Transport 1.1.1, 6.4.5; the 154x numbers of the 1.0 drafts are
// read as their successors).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace lwm2m {

enum class ContentFormat : std::uint16_t {
    text = 0,
    link = 40,
    opaque = 42,
    cbor = 60,
    senml_json = 110,
    senml_cbor = 112,
    senml_etch_json = 320,
    senml_etch_cbor = 322,
    tlv = 11542,
    json = 11543,
    lwm2m_cbor = 11544,
};

// The format of a number on the wire; 1541, 1542 and 1543 are read as text, TLV and JSON.
std::optional<ContentFormat> content_format(std::uint32_t number);

// "text", "link", "opaque", "cbor", "senml-json", "senml-cbor", "senml-etch-json", "senml-etch-cbor", "tlv", "json",
// "lwm2m-cbor".
std::string_view name(ContentFormat format);
std::optional<ContentFormat> content_format(std::string_view name);

}  // namespace lwm2m
