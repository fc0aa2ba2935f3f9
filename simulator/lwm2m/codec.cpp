#include "simulator/lwm2m/codec.h"

#include "simulator/lwm2m/codec_cbor.h"
#include "simulator/lwm2m/codec_opaque.h"
#include "simulator/lwm2m/codec_senml_cbor.h"
#include "simulator/lwm2m/codec_text.h"
#include "simulator/lwm2m/codec_tlv.h"
#include "simulator/lwm2m/entry_sink.h"

namespace lwm2m {
namespace {

using Encode = base::Result<void> (*)(const ValueView&, base::Writer&);

base::Result<void> encode_single(Encode encode, const Path& base, std::span<const Entry> entries, base::Writer& out) {
    if (base.depth < 3) return base::fail("the format holds one value: it needs the path of a resource");
    if (entries.size() != 1 || entries.front().path != base) return base::fail("the format holds exactly one value");
    return encode(entries.front().value, out);
}

base::Result<void> encode_any(ContentFormat format, const Path& base, std::span<const Entry> entries,
                              base::Writer& out) {
    switch (format) {
        case ContentFormat::text: return encode_single(encode_text, base, entries, out);
        case ContentFormat::opaque: return encode_single(encode_opaque, base, entries, out);
        case ContentFormat::cbor: return encode_single(encode_cbor, base, entries, out);
        case ContentFormat::senml_cbor:
        case ContentFormat::senml_etch_cbor: return encode_senml_cbor(base, entries, out);
        case ContentFormat::tlv: return encode_tlv(base, entries, out);
        case ContentFormat::link:
        case ContentFormat::senml_json:
        case ContentFormat::senml_etch_json:
        case ContentFormat::json:
        case ContentFormat::lwm2m_cbor: break;
    }
    return base::fail("unknown content format");
}

base::Result<void> decode_any(ContentFormat format, base::Bytes payload, EntrySink& sink) {
    switch (format) {
        case ContentFormat::text: return decode_text(payload, sink);
        case ContentFormat::opaque: return decode_opaque(payload, sink);
        case ContentFormat::cbor: return decode_cbor(payload, sink);
        case ContentFormat::senml_cbor:
        case ContentFormat::senml_etch_cbor: return decode_senml_cbor(payload, sink);
        case ContentFormat::tlv: return decode_tlv(payload, sink);
        case ContentFormat::link:
        case ContentFormat::senml_json:
        case ContentFormat::senml_etch_json:
        case ContentFormat::json:
        case ContentFormat::lwm2m_cbor: break;
    }
    return base::fail("unknown content format");
}

}  // namespace

base::Result<void> encode(ContentFormat format, const Path& base, std::span<const Entry> entries, base::Writer& out) {
    for (const Entry& entry : entries) {
        if (!base.contains(entry.path)) return base::fail("an entry lies outside the path addressed");
    }
    const auto done = encode_any(format, base, entries, out);
    if (done && out.failed()) return base::fail("the payload does not fit, or a value has no form in the format");
    return done;
}

base::Result<void> decode(ContentFormat format, const Path& base, base::Bytes payload, const TypeSource& types,
                          Entries& out, const DecodeLimits& limits) {
    EntrySink sink(base, types, out, limits);
    if (const auto done = decode_any(format, payload, sink); !done) return done;
    return sink.finish();
}

}  // namespace lwm2m
