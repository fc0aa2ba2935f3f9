#include "simulator/lwm2m/codec_cbor.h"

#include <array>
#include <bit>
#include <cmath>
#include <optional>

#include <cbor.h>

#include "simulator/lwm2m/number_text.h"

namespace lwm2m {
namespace {

using Kind = CborItem::Kind;

// ---- reading: libcbor tells one item by one callback, which fills the item in

CborItem& item(void* context) { return *static_cast<CborItem*>(context); }

void set(void* context, Kind kind, std::uint64_t number = 0) {
    item(context).kind = kind;
    item(context).number = number;
}
void set_open(void* context, Kind kind) {
    set(context, kind);
    item(context).indefinite = true;
}
void set_string(void* context, Kind kind, cbor_data data, std::size_t size) {
    set(context, kind, size);
    item(context).bytes = {data, size};
}
void set_float(void* context, double number) {
    set(context, Kind::floating);
    item(context).floating = number;
}

constexpr cbor_callbacks callbacks = [] {
    cbor_callbacks calls{};
    calls.uint8 = [](void* c, std::uint8_t n) { set(c, Kind::unsigned_integer, n); };
    calls.uint16 = [](void* c, std::uint16_t n) { set(c, Kind::unsigned_integer, n); };
    calls.uint32 = [](void* c, std::uint32_t n) { set(c, Kind::unsigned_integer, n); };
    calls.uint64 = [](void* c, std::uint64_t n) { set(c, Kind::unsigned_integer, n); };
    calls.negint8 = [](void* c, std::uint8_t n) { set(c, Kind::negative_integer, n); };
    calls.negint16 = [](void* c, std::uint16_t n) { set(c, Kind::negative_integer, n); };
    calls.negint32 = [](void* c, std::uint32_t n) { set(c, Kind::negative_integer, n); };
    calls.negint64 = [](void* c, std::uint64_t n) { set(c, Kind::negative_integer, n); };
    calls.byte_string_start = [](void* c) { set_open(c, Kind::bytes); };
    calls.byte_string = [](void* c, cbor_data data, std::size_t size) { set_string(c, Kind::bytes, data, size); };
    calls.string_start = [](void* c) { set_open(c, Kind::text); };
    calls.string = [](void* c, cbor_data data, std::size_t size) { set_string(c, Kind::text, data, size); };
    calls.indef_array_start = [](void* c) { set_open(c, Kind::array); };
    calls.array_start = [](void* c, std::size_t count) { set(c, Kind::array, count); };
    calls.indef_map_start = [](void* c) { set_open(c, Kind::map); };
    calls.map_start = [](void* c, std::size_t count) { set(c, Kind::map, count); };
    calls.tag = [](void* c, std::uint64_t n) { set(c, Kind::tag, n); };
    calls.float2 = [](void* c, float n) { set_float(c, double{n}); };
    calls.float4 = [](void* c, float n) { set_float(c, double{n}); };
    calls.float8 = [](void* c, double n) { set_float(c, n); };
    calls.undefined = [](void* c) { set(c, Kind::undefined); };
    calls.null = [](void* c) { set(c, Kind::null); };
    calls.boolean = [](void* c, bool truth) {
        set(c, Kind::boolean);
        item(c).boolean = truth;
    };
    calls.indef_break = [](void* c) { set(c, Kind::end); };
    return calls;
}();

base::Result<ValueView> integer_of(const CborItem& head) {
    const bool fits = head.number <= static_cast<std::uint64_t>(INT64_MAX);
    if (head.kind == Kind::negative_integer) {
        if (!fits) return base::fail("integer does not fit 64 bits", head.offset);
        return ValueView::of_integer(-1 - static_cast<std::int64_t>(head.number));
    }
    if (!fits) return ValueView::of_unsigned(head.number);
    return ValueView::of_integer(static_cast<std::int64_t>(head.number));
}

bool is_integer(Kind kind) { return kind == Kind::unsigned_integer || kind == Kind::negative_integer; }

// RFC 8949 3.4.4: [exponent, mantissa] stands for mantissa * 10^exponent. Read as decimal text, so that it is rounded
// once, and rightly.
base::Result<ValueView> decimal_fraction(const ValueView& exponent, const ValueView& mantissa, std::size_t offset) {
    if (exponent.type != Type::integer || mantissa.type != Type::integer)
        return base::fail("decimal fraction too large", offset);
    if (exponent.integer == 0) return mantissa;
    std::array<std::uint8_t, 48> memory;
    base::Writer text(memory);
    put_number(mantissa.integer, text);
    text.put_u8('e');
    put_number(exponent.integer, text);
    const auto number = parse_float(base::as_text(text.written()));
    if (!number) return base::fail("decimal fraction beyond the range of a double", offset);
    return ValueView::of_floating(*number);
}

// ---- writing

void advance(std::size_t size, base::Writer& out) {
    if (size == 0) return out.fail();  // libcbor: did not fit
    out.advance(size);
}
std::uint8_t* next(base::Writer& out) { return out.memory().data() + out.size(); }

// The half-precision float that holds `number` exactly, if there is one. Not left to libcbor: 0.8.0 rounds subnormal
// halves.
std::optional<std::uint16_t> half_of(float number) {
    const auto bits = std::bit_cast<std::uint32_t>(number);
    const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000);
    const int exponent = static_cast<int>(bits >> 23 & 0xff) - 127;
    const std::uint32_t significand = bits & 0x7fffff;
    if (std::isinf(number)) return static_cast<std::uint16_t>(sign | 0x7c00);
    if (exponent >= -14 && exponent <= 15 && (significand & 0x1fff) == 0) {
        const auto high = static_cast<std::uint32_t>(exponent + 15) << 10;
        return static_cast<std::uint16_t>(sign | high | significand >> 13);
    }
    const float steps = std::ldexp(std::abs(number), 24);  // subnormal: multiples of 2^-24
    if (steps < 1024 && steps == std::trunc(steps)) return static_cast<std::uint16_t>(sign | static_cast<int>(steps));
    return std::nullopt;
}

}  // namespace

base::Result<CborItem> CborReader::take() {
    CborItem head;
    head.offset = offset_;
    const auto result = cbor_stream_decode(bytes_.data() + offset_, bytes_.size() - offset_, &callbacks, &head);
    switch (result.status) {
        case CBOR_DECODER_FINISHED: break;
        case CBOR_DECODER_NEDATA: return base::fail("truncated", bytes_.size());
        case CBOR_DECODER_ERROR: return base::fail("malformed CBOR item", offset_);
    }
    offset_ += result.read;
    return head;
}

base::Result<CborItem> CborReader::peek() const {
    CborReader ahead = *this;
    return ahead.take();
}

base::Result<void> CborReader::skip(const CborItem& head, std::size_t depth) {
    if (head.kind == Kind::end) return base::fail("unexpected end of an open item", head.offset);
    const bool nested = head.kind == Kind::array || head.kind == Kind::map || head.kind == Kind::tag;
    if (!nested && !head.indefinite) return {};
    if (depth == 0) return base::fail("nested deeper than the limit", head.offset);
    if (head.kind == Kind::tag) {
        const auto inner = take();
        if (!inner) return tl::unexpected(inner.error());
        return skip(*inner, depth - 1);
    }
    CborMembers members(head);
    for (;;) {
        const auto more = members.next(*this);
        if (!more) return tl::unexpected(more.error());
        if (!*more) return {};
        for (int i = 0; i < (head.kind == Kind::map ? 2 : 1); ++i) {
            const auto inner = take();
            if (!inner) return tl::unexpected(inner.error());
            if (const auto skipped = skip(*inner, depth - 1); !skipped) return skipped;
        }
    }
}

base::Result<base::Bytes> CborReader::string(const CborItem& head, EntrySink& sink) {
    if (!head.indefinite) return head.bytes;
    std::vector<std::uint8_t> whole;
    for (;;) {
        const auto chunk = take();
        if (!chunk) return tl::unexpected(chunk.error());
        if (chunk->kind == Kind::end) return sink.keep(std::move(whole));
        if (chunk->kind != head.kind || chunk->indefinite)
            return base::fail("a chunk of another kind in a string", chunk->offset);
        whole.insert(whole.end(), chunk->bytes.begin(), chunk->bytes.end());
    }
}

base::Result<ValueView> CborReader::number(const CborItem& head) {
    if (is_integer(head.kind)) return integer_of(head);
    if (head.kind == Kind::floating) return ValueView::of_floating(head.floating);
    if (head.kind != Kind::tag || head.number != 4) return base::fail("expected a number", head.offset);
    const auto pair = take();
    if (!pair) return tl::unexpected(pair.error());
    if (pair->kind != Kind::array) return base::fail("a decimal fraction is [exponent, mantissa]", pair->offset);
    CborMembers members(*pair);
    std::array<ValueView, 2> parts;
    for (auto& part : parts) {
        const auto more = members.next(*this);
        if (!more) return tl::unexpected(more.error());
        if (!*more) return base::fail("a decimal fraction is [exponent, mantissa]", pair->offset);
        const auto inner = take();
        if (!inner) return tl::unexpected(inner.error());
        if (!is_integer(inner->kind)) return base::fail("a decimal fraction is [exponent, mantissa]", inner->offset);
        const auto integer = integer_of(*inner);
        if (!integer) return integer;
        part = *integer;
    }
    const auto more = members.next(*this);
    if (!more) return tl::unexpected(more.error());
    if (*more) return base::fail("a decimal fraction is [exponent, mantissa]", pair->offset);
    return decimal_fraction(parts[0], parts[1], head.offset);
}

base::Result<ValueView> CborReader::value(const CborItem& head, EntrySink& sink) {
    switch (head.kind) {
        case Kind::unsigned_integer:
        case Kind::negative_integer:
        case Kind::floating: return number(head);
        case Kind::boolean: return ValueView::of_boolean(head.boolean);
        case Kind::text:
            return string(head, sink).map([](base::Bytes text) { return ValueView::of_string(base::as_text(text)); });
        case Kind::bytes: return string(head, sink).map(ValueView::of_opaque);
        case Kind::tag: {
            if (head.number == 4) return number(head);
            if (head.number == 2 || head.number == 3) return base::fail("integer does not fit 64 bits", head.offset);
            const auto inner = take();
            if (!inner) return tl::unexpected(inner.error());
            if (inner->kind == Kind::tag && inner->number != 4) return base::fail("tag within a tag", inner->offset);
            const auto tagged = value(*inner, sink);
            if (!tagged || head.number != 1) return tagged;
            const auto time = convert(*tagged, Type::time);
            if (!time) return base::fail(time.error().what, inner->offset);
            return *time;
        }
        case Kind::array:
        case Kind::map:
        case Kind::null:
        case Kind::undefined:
        case Kind::end: break;
    }
    return base::fail("expected a value", head.offset);
}

base::Result<bool> CborMembers::next(CborReader& in) {
    if (!indefinite_) {
        if (left_ == 0) return false;
        --left_;
        return true;
    }
    const auto item = in.peek();
    if (!item) return tl::unexpected(item.error());
    if (item->kind != Kind::end) return true;
    static_cast<void>(in.take());
    return false;
}

void put_cbor_unsigned(std::uint64_t number, base::Writer& out) {
    advance(cbor_encode_uint(number, next(out), out.room()), out);
}
void put_cbor_signed(std::int64_t number, base::Writer& out) {
    if (number >= 0) return put_cbor_unsigned(static_cast<std::uint64_t>(number), out);
    advance(cbor_encode_negint(~static_cast<std::uint64_t>(number), next(out), out.room()), out);
}
void put_cbor_float(double number, base::Writer& out) {
    const float single = static_cast<float>(number);
    if (std::isnan(number)) return out.put_uint(0xf97e00, 3);
    if (double{single} != number) return advance(cbor_encode_double(number, next(out), out.room()), out);
    if (const auto half = half_of(single)) return out.put_uint(0xf90000u | *half, 3);
    advance(cbor_encode_single(single, next(out), out.room()), out);
}
void put_cbor_boolean(bool truth, base::Writer& out) { out.put_u8(truth ? 0xf5 : 0xf4); }
void put_cbor_null(base::Writer& out) { out.put_u8(0xf6); }
void put_cbor_text(std::string_view text, base::Writer& out) {
    advance(cbor_encode_string_start(text.size(), next(out), out.room()), out);
    out.put(text);
}
void put_cbor_bytes(base::Bytes bytes, base::Writer& out) {
    advance(cbor_encode_bytestring_start(bytes.size(), next(out), out.room()), out);
    out.put(bytes);
}
void put_cbor_array(std::size_t members, base::Writer& out) {
    advance(cbor_encode_array_start(members, next(out), out.room()), out);
}
void put_cbor_map(std::size_t pairs, base::Writer& out) {
    advance(cbor_encode_map_start(pairs, next(out), out.room()), out);
}
void put_cbor_open_map(base::Writer& out) { out.put_u8(0xbf); }
void put_cbor_end(base::Writer& out) { out.put_u8(0xff); }
void put_cbor_tag(std::uint64_t tag, base::Writer& out) { advance(cbor_encode_tag(tag, next(out), out.room()), out); }

namespace {

// Text that is at most 24 characters long: written behind a place for its one-byte head.
template <class Put>
void put_short_text(base::Writer& out, Put put) {
    std::array<std::uint8_t, 32> memory;
    base::Writer text(memory);
    put(text);
    put_cbor_text(base::as_text(text.written()), out);
}

}  // namespace

void put_cbor_path_text(const Path& path, base::Writer& out) {
    put_short_text(out, [&](base::Writer& text) { put_path(path, text); });
}
void put_cbor_objlnk(Objlnk link, base::Writer& out) {
    put_short_text(out, [&](base::Writer& text) { put_objlnk(link, text); });
}

base::Result<void> encode_cbor(const ValueView& value, base::Writer& out) {
    switch (value.type) {
        case Type::none: return base::fail("CBOR needs a value");
        case Type::string:
        case Type::corelnk: put_cbor_text(value.text(), out); break;
        case Type::integer: put_cbor_signed(value.integer, out); break;
        case Type::unsigned_integer: put_cbor_unsigned(value.unsigned_integer, out); break;
        case Type::floating: put_cbor_float(value.floating, out); break;
        case Type::boolean: put_cbor_boolean(value.boolean, out); break;
        case Type::opaque: put_cbor_bytes(value.bytes, out); break;
        case Type::time:
            put_cbor_tag(1, out);
            put_cbor_signed(value.integer, out);
            break;
        case Type::objlnk: put_cbor_objlnk(value.objlnk, out); break;
    }
    return {};
}

base::Result<void> decode_cbor(base::Bytes payload, EntrySink& sink) {
    if (sink.base().depth < 3) return base::fail("CBOR holds one value: it needs the path of a resource");
    CborReader in(payload);
    const auto head = in.take();
    if (!head) return tl::unexpected(head.error());
    const auto value = in.value(*head, sink);
    if (!value) return tl::unexpected(value.error());
    if (!in.at_end()) return base::fail("bytes after the value", in.offset());
    return sink.add(sink.base(), *value, head->offset);
}

}  // namespace lwm2m
