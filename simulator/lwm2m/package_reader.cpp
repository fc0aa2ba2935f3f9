#include "simulator/lwm2m/package_reader.h"

#include "simulator/lwm2m/content_format.h"

namespace lwm2m {
namespace {

// TLV: bits 7 and 6 are the kind, bit 5 the width of the id, bits 4 and 3 that of the length, or the rest is the
// length.
constexpr std::uint8_t tlv_instance = 0;
constexpr std::uint8_t tlv_resource = 3;

// CBOR: the upper three bits are the major type, 2 for a byte string.
constexpr std::uint8_t byte_string = 2;
constexpr std::uint8_t indefinite = 31;
constexpr std::uint8_t break_code = 0xff;

}  // namespace

std::optional<PackageReader> PackageReader::of(std::uint32_t content_format) {
    PackageReader reader;
    const auto format = lwm2m::content_format(content_format);
    if (!format) return std::nullopt;
    switch (*format) {
        case ContentFormat::opaque: return reader;
        case ContentFormat::tlv: reader.step_ = Step::tlv_type; break;
        case ContentFormat::cbor: reader.step_ = Step::cbor_head; break;
        case ContentFormat::text:
        case ContentFormat::link:
        case ContentFormat::json:
        case ContentFormat::senml_json:
        case ContentFormat::senml_cbor:
        case ContentFormat::senml_etch_json:
        case ContentFormat::senml_etch_cbor:
        case ContentFormat::lwm2m_cbor: return std::nullopt;
    }
    reader.left_ = 0;
    return reader;
}

void PackageReader::pass(std::size_t bytes) {
    if (unbounded()) return;
    left_ -= bytes;
    if (left_ == 0) end_run();
}

base::Result<void> PackageReader::take(std::uint8_t byte) {
    if (nested_ && step_ != Step::end) {
        if (instance_ == 0) return base::fail("the instance ends within its resource");
        --instance_;
    }
    switch (step_) {
        case Step::tlv_type: return take_tlv_type(byte);
        case Step::cbor_head: return take_cbor_head(byte);
        case Step::tlv_id:
        case Step::tlv_length:
        case Step::cbor_length:
            number_ = number_ << 8 | byte;
            if (--wanted_ > 0) return {};
            if (step_ == Step::tlv_id) return take_tlv_id();
            if (step_ == Step::tlv_length) return take_tlv_length();
            begin_run();
            return {};
        case Step::run:
        case Step::end: break;
    }
    return base::fail("more than one value");
}

base::Result<void> PackageReader::take_tlv_type(std::uint8_t type) {
    const std::uint8_t kind = type >> 6;
    if (kind != tlv_resource && (kind != tlv_instance || nested_)) return base::fail("the TLV is not of a resource");
    type_ = type;
    number_ = 0;
    wanted_ = (type & 0x20) != 0 ? 2 : 1;
    step_ = Step::tlv_id;
    return {};
}

base::Result<void> PackageReader::take_tlv_id() {
    if (number_ != 0) return base::fail("the TLV is not of resource 0");
    wanted_ = type_ >> 3 & 3;
    step_ = Step::tlv_length;
    if (wanted_ > 0) return {};
    number_ = type_ & 7;
    return take_tlv_length();
}

base::Result<void> PackageReader::take_tlv_length() {
    if (type_ >> 6 == tlv_instance) {
        nested_ = true;
        instance_ = number_;
        step_ = Step::tlv_type;
        return {};
    }
    if (nested_ && instance_ != number_) return base::fail("the resource does not fill its instance");
    begin_run();
    return {};
}

base::Result<void> PackageReader::take_cbor_head(std::uint8_t head) {
    if (chunked_ && head == break_code) {
        step_ = Step::end;
        return {};
    }
    const std::uint8_t info = head & 31;
    if (head >> 5 != byte_string) return base::fail("the CBOR value is no byte string");
    if (info == indefinite && !chunked_) {
        chunked_ = true;
        return {};
    }
    if (info > 27) return base::fail("a length that CBOR does not have");
    number_ = info;
    if (info < 24) {
        begin_run();
        return {};
    }
    number_ = 0;
    wanted_ = static_cast<std::uint8_t>(1u << (info - 24));
    step_ = Step::cbor_length;
    return {};
}

void PackageReader::begin_run() {
    // A length of all ones would read as none; no package is that long.
    left_ = std::min(number_, no_end - 1);
    if (!chunked_) length_ = left_;
    step_ = Step::run;
    if (left_ == 0) end_run();
}

void PackageReader::end_run() { step_ = chunked_ ? Step::cbor_head : Step::end; }

}  // namespace lwm2m
