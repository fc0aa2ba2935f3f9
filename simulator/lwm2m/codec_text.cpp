#include "simulator/lwm2m/codec_text.h"

#include "simulator/lwm2m/base64.h"
#include "simulator/lwm2m/number_text.h"

namespace lwm2m {
namespace {

base::Result<ValueView> parse_boolean(std::string_view text) {
    if (text == "0") return ValueView::of_boolean(false);
    if (text == "1") return ValueView::of_boolean(true);
    return base::fail("a boolean is 0 or 1");
}

base::Result<ValueView> parse_opaque(std::string_view text, EntrySink& sink) {
    auto bytes = from_base64(text);
    if (!bytes) return tl::unexpected(bytes.error());
    return ValueView::of_opaque(sink.keep(std::move(*bytes)));
}

base::Result<ValueView> parse_text(std::string_view text, Type type, EntrySink& sink) {
    switch (type) {
        case Type::none:
        case Type::string: return ValueView::of_string(text);
        case Type::corelnk: return ValueView::of_corelnk(text);
        case Type::integer: return parse_signed(text).map(ValueView::of_integer);
        case Type::time: return parse_signed(text).map(ValueView::of_time);
        case Type::unsigned_integer: return parse_unsigned(text).map(ValueView::of_unsigned);
        case Type::floating: return parse_float(text).map(ValueView::of_floating);
        case Type::boolean: return parse_boolean(text);
        case Type::opaque: return parse_opaque(text, sink);
        case Type::objlnk: return parse_objlnk(text).map(ValueView::of_objlnk);
    }
    return base::fail("unknown type");
}

}  // namespace

base::Result<void> encode_text(const ValueView& value, base::Writer& out) {
    switch (value.type) {
        case Type::none: return base::fail("plain text needs a value");
        case Type::string:
        case Type::corelnk: out.put(value.bytes); break;
        case Type::integer:
        case Type::time: put_number(value.integer, out); break;
        case Type::unsigned_integer: put_number(value.unsigned_integer, out); break;
        case Type::floating: put_number(value.floating, FloatText::fixed, out); break;
        case Type::boolean: out.put_u8(value.boolean ? '1' : '0'); break;
        case Type::opaque: put_base64(value.bytes, Base64::standard, out); break;
        case Type::objlnk: put_objlnk(value.objlnk, out); break;
    }
    return {};
}

base::Result<void> decode_text(base::Bytes payload, EntrySink& sink) {
    const Path& path = sink.base();
    if (path.depth < 3) return base::fail("plain text holds one value: it needs the path of a resource");
    const auto value = parse_text(base::as_text(payload), sink.type_of(path), sink);
    if (!value) return tl::unexpected(value.error());
    return sink.add(path, *value, 0);
}

}  // namespace lwm2m
