#include "simulator/lwm2m/content_format.h"

#include <array>
#include <utility>

namespace lwm2m {
namespace {

constexpr std::array<std::pair<ContentFormat, std::string_view>, 11> names{{
    {ContentFormat::text, "text"},
    {ContentFormat::link, "link"},
    {ContentFormat::opaque, "opaque"},
    {ContentFormat::cbor, "cbor"},
    {ContentFormat::senml_json, "senml-json"},
    {ContentFormat::senml_cbor, "senml-cbor"},
    {ContentFormat::senml_etch_json, "senml-etch-json"},
    {ContentFormat::senml_etch_cbor, "senml-etch-cbor"},
    {ContentFormat::tlv, "tlv"},
    {ContentFormat::json, "json"},
    {ContentFormat::lwm2m_cbor, "lwm2m-cbor"},
}};

}  // namespace

std::optional<ContentFormat> content_format(std::uint32_t number) {
    if (number == 1541) return ContentFormat::text;
    if (number == 1542) return ContentFormat::tlv;
    if (number == 1543) return ContentFormat::json;
    for (const auto& [format, text] : names) {
        if (static_cast<std::uint32_t>(format) == number) return format;
    }
    return std::nullopt;
}

std::string_view name(ContentFormat format) {
    for (const auto& [candidate, text] : names) {
        if (candidate == format) return text;
    }
    return "unknown";
}

std::optional<ContentFormat> content_format(std::string_view name) {
    for (const auto& [format, text] : names) {
        if (text == name) return format;
    }
    return std::nullopt;
}

}  // namespace lwm2m
