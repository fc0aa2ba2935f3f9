#include "simulator/lwm2m/codec_senml_cbor.h"

#include <array>

#include "simulator/lwm2m/codec_cbor.h"
#include "simulator/lwm2m/senml.h"

namespace lwm2m {
namespace {

using Kind = CborItem::Kind;

enum class Label : std::int8_t {
    base_version = -1,
    base_name = -2,
    base_time = -3,
    base_value = -5,
    name = 0,
    number = 2,
    string = 3,
    boolean = 4,
    time = 6,
    data = 8,
    link = 9,  // the text "vlo" (Core 1.1.1 7.4.5); the number is ours and never on the wire
    ignored = 127,
};

// The newest version of SenML there is (RFC 8428 4.4): a pack of a later one may not be read.
constexpr std::int64_t newest_version = 10;

base::Result<Label> text_label(std::string_view text, std::size_t offset) {
    if (text == "vlo") return Label::link;
    // RFC 8428 4.4: a label that ends in "_" must be understood, or the pack be refused.
    if (text.ends_with('_')) return base::fail("a SenML field that must be understood is not", offset);
    return Label::ignored;
}

Label integer_label(const CborItem& head) {
    if (head.number > 8) return Label::ignored;
    const auto number = static_cast<std::int8_t>(head.number);
    switch (const auto label = static_cast<Label>(head.kind == Kind::negative_integer ? -1 - number : number)) {
        case Label::base_version:
        case Label::base_name:
        case Label::base_time:
        case Label::base_value:
        case Label::name:
        case Label::number:
        case Label::string:
        case Label::boolean:
        case Label::time:
        case Label::data: return label;
        case Label::link:
        case Label::ignored: break;
    }
    return Label::ignored;
}

class RecordReader {
public:
    RecordReader(CborReader& in, EntrySink& sink) : in_(in), sink_(sink) {}

    base::Result<SenmlRecord> take(const CborItem& map) {
        if (map.kind != Kind::map) return base::fail("a SenML record is a map", map.offset);
        record_ = {};
        record_.offset = map.offset;
        seen_ = 0;
        CborMembers members(map);
        for (;;) {
            const auto more = members.next(in_);
            if (!more) return tl::unexpected(more.error());
            if (!*more) return record_;
            if (const auto done = field(); !done) return tl::unexpected(done.error());
        }
    }

private:
    base::Result<Label> label(const CborItem& key) {
        switch (key.kind) {
            case Kind::unsigned_integer:
            case Kind::negative_integer: return integer_label(key);
            case Kind::text: {
                const auto text = in_.string(key, sink_);
                if (!text) return tl::unexpected(text.error());
                return text_label(base::as_text(*text), key.offset);
            }
            case Kind::bytes:
            case Kind::array:
            case Kind::map:
            case Kind::tag:
            case Kind::floating:
            case Kind::boolean:
            case Kind::null:
            case Kind::undefined:
            case Kind::end: break;
        }
        return base::fail("a SenML label is an integer or a text", key.offset);
    }

    base::Result<void> field() {
        const auto key = in_.take();
        if (!key) return tl::unexpected(key.error());
        const auto name = label(*key);
        if (!name) return tl::unexpected(name.error());
        const auto head = in_.take();
        if (!head) return tl::unexpected(head.error());
        if (*name == Label::ignored) return in_.skip(*head, sink_.limits().max_depth);
        if (const auto once = first_time(*name, key->offset); !once) return once;
        return assign(*name, *head);
    }

    base::Result<void> first_time(Label name, std::size_t offset) {
        const std::uint32_t bit = 1u << (static_cast<int>(name) + 8);
        if ((seen_ & bit) != 0) return base::fail("a SenML field is given twice", offset);
        seen_ |= bit;
        return {};
    }

    base::Result<void> assign(Label name, const CborItem& head) {
        switch (name) {
            case Label::base_version: return version(head);
            case Label::base_name: return text(head).map([&](auto view) { record_.base_name = view; });
            case Label::name: return text(head).map([&](auto view) { record_.name = view; });
            case Label::base_time:
                return in_.number(head).map([&](auto number) { record_.base_time = to_number(number); });
            case Label::time: return in_.number(head).map([&](auto number) { record_.time = to_number(number); });
            case Label::base_value: return in_.number(head).map([&](auto number) { record_.base_value = number; });
            case Label::number:
            case Label::string:
            case Label::boolean:
            case Label::data:
            case Label::link: return value(name, head);
            case Label::ignored: break;
        }
        return {};
    }

    base::Result<void> version(const CborItem& head) {
        const auto number = in_.number(head);
        if (!number) return tl::unexpected(number.error());
        if (!(to_number(*number) <= newest_version))
            return base::fail("SenML of a version that is not known", head.offset);
        return {};
    }

    base::Result<std::string_view> text(const CborItem& head) {
        if (head.kind != Kind::text) return base::fail("expected a text", head.offset);
        return in_.string(head, sink_).map(base::as_text);
    }

    base::Result<void> value(Label name, const CborItem& head) {
        if (record_.value.type != Type::none) return base::fail("a SenML record has two values", head.offset);
        const auto view = value_of(name, head);
        if (!view) return tl::unexpected(view.error());
        record_.value = *view;
        return {};
    }

    base::Result<ValueView> value_of(Label name, const CborItem& head) {
        if (name == Label::number) return in_.number(head);
        if (name == Label::boolean) {
            if (head.kind != Kind::boolean) return base::fail("expected a boolean", head.offset);
            return ValueView::of_boolean(head.boolean);
        }
        if (name == Label::data) {
            if (head.kind != Kind::bytes) return base::fail("expected bytes", head.offset);
            return in_.string(head, sink_).map(ValueView::of_opaque);
        }
        const auto characters = text(head);
        if (!characters) return tl::unexpected(characters.error());
        if (name == Label::string) return ValueView::of_string(*characters);
        const auto link = fit(ValueView::of_string(*characters), Type::objlnk);
        if (!link) return base::fail(link.error().what, head.offset);
        return link;
    }

    CborReader& in_;
    EntrySink& sink_;
    SenmlRecord record_;
    std::uint32_t seen_ = 0;  // bits by label + 8
};

// Calls `visit` for each resolved record of the pack.
template <class Visit>
base::Result<void> for_each_record(base::Bytes payload, EntrySink& sink, Visit visit) {
    CborReader in(payload);
    const auto pack = in.take();
    if (!pack) return tl::unexpected(pack.error());
    if (pack->kind != Kind::array) return base::fail("a SenML pack is an array", pack->offset);
    CborMembers members(*pack);
    RecordReader reader(in, sink);
    SenmlResolver resolver;
    for (;;) {
        const auto more = members.next(in);
        if (!more) return tl::unexpected(more.error());
        if (!*more) break;
        const auto head = in.take();
        if (!head) return tl::unexpected(head.error());
        const auto record = reader.take(*head);
        if (!record) return tl::unexpected(record.error());
        const auto resolved = resolver.resolve(*record);
        if (!resolved) return tl::unexpected(resolved.error());
        if (const auto done = visit(*resolved, head->offset); !done) return done;
    }
    if (!in.at_end()) return base::fail("bytes after the pack", in.offset());
    return {};
}

void put_label(Label label, base::Writer& out) { put_cbor_signed(static_cast<std::int64_t>(label), out); }

void put_value(const ValueView& value, base::Writer& out) {
    switch (value.type) {
        case Type::none: return;
        case Type::string:
        case Type::corelnk: put_label(Label::string, out); return put_cbor_text(value.text(), out);
        case Type::integer:
        case Type::time: put_label(Label::number, out); return put_cbor_signed(value.integer, out);
        case Type::unsigned_integer:
            put_label(Label::number, out);
            return put_cbor_unsigned(value.unsigned_integer, out);
        case Type::floating: put_label(Label::number, out); return put_cbor_float(value.floating, out);
        case Type::boolean: put_label(Label::boolean, out); return put_cbor_boolean(value.boolean, out);
        case Type::opaque: put_label(Label::data, out); return put_cbor_bytes(value.bytes, out);
        case Type::objlnk: put_cbor_text("vlo", out); return put_cbor_objlnk(value.objlnk, out);
    }
}

// A time without fraction as an integer, which is shorter and what peers expect.
void put_time(double time, base::Writer& out) {
    const auto whole = fit(ValueView::of_floating(time), Type::integer);
    if (whole) return put_cbor_signed(whole->integer, out);
    put_cbor_float(time, out);
}

template <class Put>
void put_text(base::Writer& out, Put put) {
    std::array<std::uint8_t, 32> memory;  // a path has 24 characters at most, and a slash may follow
    base::Writer text(memory);
    put(text);
    put_cbor_text(base::as_text(text.written()), out);
}

}  // namespace

base::Result<void> encode_senml_cbor(const Path& base, std::span<const Entry> entries, base::Writer& out) {
    const SenmlNames names(base, entries);
    put_cbor_array(names.records(), out);
    bool first = true;
    double base_time = 0;
    for (const Entry& entry : entries) {
        if (entry.value.type == Type::none) continue;
        const bool named = entry.path.depth > base.depth;
        const bool timed = entry.time != base_time;
        put_cbor_map(1u + (first ? 1u : 0u) + (timed ? 1u : 0u) + (named ? 1u : 0u), out);
        if (first) {
            put_label(Label::base_name, out);
            put_text(out, [&](base::Writer& text) { names.put_base_name(text); });
        }
        if (timed) {
            put_label(Label::base_time, out);
            put_time(base_time = entry.time, out);
        }
        if (named) {
            put_label(Label::name, out);
            put_text(out, [&](base::Writer& text) { names.put_name(entry.path, text); });
        }
        put_value(entry.value, out);
        first = false;
    }
    return {};
}

base::Result<void> decode_senml_cbor(base::Bytes payload, EntrySink& sink) {
    return for_each_record(payload, sink,
                           [&](const SenmlResolver::Resolved& record, std::size_t offset) -> base::Result<void> {
                               if (record.value.type == Type::none)
                                   return base::fail("a SenML record without a value", offset);
                               return sink.add(record.path, record.value, offset, record.time);
                           });
}

void encode_senml_cbor_paths(std::span<const Path> paths, base::Writer& out) {
    put_cbor_array(paths.size(), out);
    for (const Path& path : paths) {
        put_cbor_map(1, out);
        put_label(Label::name, out);
        put_cbor_path_text(path, out);
    }
}

base::Result<void> decode_senml_cbor_paths(base::Bytes payload, EntrySink& sink) {
    return for_each_record(payload, sink,
                           [&](const SenmlResolver::Resolved& record, std::size_t offset) -> base::Result<void> {
                               if (record.value.type != Type::none)
                                   return base::fail("a value where only paths are expected", offset);
                               return sink.add(record.path, ValueView{}, offset);
                           });
}

}  // namespace lwm2m
