#include "simulator/lwm2m/codec.h"

#include "simulator/lwm2m/codec_cbor.h"
#include "simulator/lwm2m/codec_json.h"
#include "simulator/lwm2m/codec_lwm2m_cbor.h"
#include "simulator/lwm2m/codec_opaque.h"
#include "simulator/lwm2m/codec_senml_cbor.h"
#include "simulator/lwm2m/codec_senml_json.h"
#include "simulator/lwm2m/codec_text.h"
#include "simulator/lwm2m/codec_tlv.h"
#include "simulator/lwm2m/entry_sink.h"
#include "simulator/lwm2m/link_format.h"

namespace lwm2m {
namespace {

using Encode = base::Result<void> (*)(const ValueView&, base::Writer&);

// Link format as the payload of a resource: the text of a Corelnk.
base::Result<void> encode_link(const ValueView& value, base::Writer& out) {
    if (value.type != Type::corelnk) return base::fail("the link format holds a Corelnk value only");
    out.put(value.bytes);
    return {};
}

base::Result<void> decode_link(base::Bytes payload, EntrySink& sink) {
    if (sink.base().depth < 3) return base::fail("a Corelnk value needs the path of a resource");
    if (const auto links = parse_links(base::as_text(payload), sink.limits().max_entries); !links) {
        return tl::unexpected(links.error());
    }
    return sink.add(sink.base(), ValueView::of_corelnk(base::as_text(payload)), 0);
}

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
        case ContentFormat::link: return encode_single(encode_link, base, entries, out);
        case ContentFormat::senml_json:
        case ContentFormat::senml_etch_json: return encode_senml_json(base, entries, out);
        case ContentFormat::json: return encode_json(base, entries, out);
        case ContentFormat::lwm2m_cbor: return encode_lwm2m_cbor(base, entries, out);
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
        case ContentFormat::link: return decode_link(payload, sink);
        case ContentFormat::senml_json:
        case ContentFormat::senml_etch_json: return decode_senml_json(payload, sink);
        case ContentFormat::json: return decode_json(payload, sink);
        case ContentFormat::lwm2m_cbor: return decode_lwm2m_cbor(payload, sink);
    }
    return base::fail("unknown content format");
}

// For payloads that hold paths only.
class NoTypes : public TypeSource {
public:
    Type type_of(const Path&) const override { return Type::none; }
    bool is_multiple(const Path&) const override { return false; }
};

base::Result<void> decode_paths_into(ContentFormat format, base::Bytes payload, EntrySink& sink) {
    switch (format) {
        case ContentFormat::senml_json:
        case ContentFormat::senml_etch_json: return decode_senml_json_paths(payload, sink);
        case ContentFormat::senml_cbor:
        case ContentFormat::senml_etch_cbor: return decode_senml_cbor_paths(payload, sink);
        case ContentFormat::lwm2m_cbor: return decode_lwm2m_cbor_paths(payload, sink);
        case ContentFormat::text:
        case ContentFormat::link:
        case ContentFormat::opaque:
        case ContentFormat::cbor:
        case ContentFormat::tlv:
        case ContentFormat::json: break;
    }
    return base::fail("the format has no form for paths without values");
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

base::Result<void> encode_paths(ContentFormat format, std::span<const Path> paths, base::Writer& out) {
    switch (format) {
        case ContentFormat::senml_json:
        case ContentFormat::senml_etch_json: encode_senml_json_paths(paths, out); break;
        case ContentFormat::senml_cbor:
        case ContentFormat::senml_etch_cbor: encode_senml_cbor_paths(paths, out); break;
        case ContentFormat::lwm2m_cbor: encode_lwm2m_cbor_paths(paths, out); break;
        case ContentFormat::text:
        case ContentFormat::link:
        case ContentFormat::opaque:
        case ContentFormat::cbor:
        case ContentFormat::tlv:
        case ContentFormat::json: return base::fail("the format has no form for paths without values");
    }
    if (out.failed()) return base::fail("the payload does not fit");
    return {};
}

base::Result<std::vector<Path>> decode_paths(ContentFormat format, base::Bytes payload, const DecodeLimits& limits) {
    const NoTypes types;
    Entries entries;
    EntrySink sink(Path{}, types, entries, limits);
    if (const auto done = decode_paths_into(format, payload, sink); !done) return tl::unexpected(done.error());
    std::vector<Path> paths;
    paths.reserve(entries.entries.size());
    for (const Entry& entry : entries.entries) paths.push_back(entry.path);
    return paths;
}

}  // namespace lwm2m
