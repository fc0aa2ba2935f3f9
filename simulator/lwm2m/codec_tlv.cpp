#include "simulator/lwm2m/codec_tlv.h"

#include <bit>
#include <cmath>

#include "simulator/base/reader.h"

namespace lwm2m {
namespace {

enum class Kind : std::uint8_t { object_instance = 0, resource_instance = 1, multiple_resource = 2, resource = 3 };

struct Header {
    Kind kind = Kind::resource;
    std::uint16_t id = 0;
    std::size_t length = 0;
    std::size_t offset = 0;  // of the type byte
};

// ---- reading

base::Result<Header> take_header(base::Reader& in) {
    Header header{.offset = in.offset()};
    const auto type = in.take_u8();
    if (!type) return tl::unexpected(type.error());
    header.kind = static_cast<Kind>(*type >> 6);
    const auto id = in.take_uint((*type & 0x20) != 0 ? 2 : 1);
    if (!id) return base::fail("truncated identifier", in.offset());
    if (*id == no_id) return base::fail("id 65535 is reserved", header.offset);
    header.id = static_cast<std::uint16_t>(*id);
    const unsigned length_size = *type >> 3 & 3;
    header.length = *type & 7;
    if (length_size == 0) return header;
    const auto length = in.take_uint(length_size);
    if (!length) return base::fail("truncated length", in.offset());
    header.length = static_cast<std::size_t>(*length);
    return header;
}

base::Result<std::uint64_t> take_integer(base::Bytes bytes) {
    if (bytes.size() != 1 && bytes.size() != 2 && bytes.size() != 4 && bytes.size() != 8) {
        return base::fail("an integer has 1, 2, 4 or 8 bytes");
    }
    return base::Reader(bytes).take_uint(bytes.size());
}

std::int64_t sign_extend(std::uint64_t number, std::size_t size) {
    const unsigned shift = static_cast<unsigned>(64 - 8 * size);
    return static_cast<std::int64_t>(number << shift) >> shift;
}

base::Result<ValueView> read_float(base::Bytes bytes) {
    base::Reader in(bytes);
    if (bytes.size() == 4) {
        return ValueView::of_floating(
            double{std::bit_cast<float>(static_cast<std::uint32_t>(in.take_uint(4).value()))});
    }
    if (bytes.size() == 8) return ValueView::of_floating(std::bit_cast<double>(in.take_uint(8).value()));
    return base::fail("a float has 4 or 8 bytes");
}

base::Result<ValueView> read_objlnk(base::Bytes bytes) {
    if (bytes.size() != 4) return base::fail("an object link has 4 bytes");
    base::Reader in(bytes);
    const std::uint16_t object = in.take_u16().value();
    return ValueView::of_objlnk({object, in.take_u16().value()});
}

base::Result<ValueView> read_boolean(base::Bytes bytes) {
    if (bytes.size() != 1 || bytes[0] > 1) return base::fail("a boolean is one byte, 0 or 1");
    return ValueView::of_boolean(bytes[0] == 1);
}

base::Result<ValueView> read_value(base::Bytes bytes, Type type) {
    const auto as_signed = [&](std::uint64_t number) { return sign_extend(number, bytes.size()); };
    switch (type) {
        case Type::none:
        case Type::opaque: return ValueView::of_opaque(bytes);
        case Type::string: return ValueView::of_string(base::as_text(bytes));
        case Type::corelnk: return ValueView::of_corelnk(base::as_text(bytes));
        case Type::integer: return take_integer(bytes).map(as_signed).map(ValueView::of_integer);
        case Type::time: return take_integer(bytes).map(as_signed).map(ValueView::of_time);
        case Type::unsigned_integer: return take_integer(bytes).map(ValueView::of_unsigned);
        case Type::floating: return read_float(bytes);
        case Type::boolean: return read_boolean(bytes);
        case Type::objlnk: return read_objlnk(bytes);
    }
    return base::fail("unknown type");
}

// Walks the nested TLVs. At most three levels deep by the rules of what may hold what, so recursion is bounded.
class Decoder {
public:
    Decoder(base::Bytes payload, EntrySink& sink) : in_(payload), sink_(sink) {}

    base::Result<void> run() {
        const Path& base = sink_.base();
        if (base.depth == 0) return base::fail("TLV has no form for the root");
        if (in_.at_end() && base.depth == 4) return base::fail("a value is missing");
        if (in_.at_end() && base.depth == 3) return sink_.add(base, ValueView{}, 0);
        return members(base, in_.left(), Level::top);
    }

private:
    // At the top a TLV may name a level that the path addressed has already.
    enum class Level { top, nested };

    // All TLVs in the next `length` bytes, as members of `parent`.
    base::Result<void> members(const Path& parent, std::size_t length, Level level) {
        const std::size_t end = in_.offset() + length;
        while (in_.offset() < end) {
            const auto header = take_header(in_);
            if (!header) return tl::unexpected(header.error());
            if (in_.offset() > end || header->length > end - in_.offset()) {
                return base::fail("length runs past the end", header->offset);
            }
            const auto path = place(*header, parent, level);
            if (!path) return tl::unexpected(path.error());
            if (const auto done = member(*header, *path); !done) return done;
        }
        return {};
    }

    base::Result<void> member(const Header& header, const Path& path) {
        if (header.kind == Kind::object_instance || header.kind == Kind::multiple_resource) {
            if (header.length == 0) return empty(path, header.offset);
            return members(path, header.length, Level::nested);
        }
        const auto bytes = in_.take(header.length);
        if (!bytes) return tl::unexpected(bytes.error());
        const auto value = read_value(*bytes, sink_.type_of(path));
        if (!value) return base::fail(value.error().what, header.offset);
        return sink_.add(path, *value, header.offset);
    }

    // The instance addressed need not be told that it is there.
    base::Result<void> empty(const Path& path, std::size_t offset) {
        if (path.depth == 2 && path == sink_.base()) return {};
        return sink_.add(path, ValueView{}, offset);
    }

    static std::uint8_t depth_of(Kind kind) {
        switch (kind) {
            case Kind::object_instance: return 2;
            case Kind::resource:
            case Kind::multiple_resource: return 3;
            case Kind::resource_instance: return 4;
        }
        return 0;
    }

    // The path of a TLV below `parent`. A TLV stands one level below its parent; at the top it may also stand on the
    // level addressed or above.
    static base::Result<Path> place(const Header& header, const Path& parent, Level level) {
        const std::uint8_t depth = depth_of(header.kind);
        if (depth == parent.depth + 1) return parent.child(header.id);
        if (level == Level::top && depth <= parent.depth) {
            if (parent.ids[depth - 1] != header.id)
                return base::fail("id differs from that of the path addressed", header.offset);
            return parent.prefix(depth);
        }
        if (level == Level::top && parent.depth == 1 && depth == 3) return parent.child(no_id).child(header.id);
        return base::fail("this TLV may not stand here", header.offset);
    }

    base::Reader in_;
    EntrySink& sink_;
};

// ---- writing

std::size_t signed_size(std::int64_t number) {
    if (number == static_cast<std::int8_t>(number)) return 1;
    if (number == static_cast<std::int16_t>(number)) return 2;
    if (number == static_cast<std::int32_t>(number)) return 4;
    return 8;
}

std::size_t unsigned_size(std::uint64_t number) {
    return number >> 63 != 0 ? 8 : signed_size(static_cast<std::int64_t>(number));
}

bool is_single(double number) {
    return std::isnan(number) || static_cast<double>(static_cast<float>(number)) == number;
}

std::size_t value_size(const ValueView& value) {
    switch (value.type) {
        case Type::none: return 0;
        case Type::string:
        case Type::corelnk:
        case Type::opaque: return value.bytes.size();
        case Type::integer:
        case Type::time: return signed_size(value.integer);
        case Type::unsigned_integer: return unsigned_size(value.unsigned_integer);
        case Type::floating: return is_single(value.floating) ? 4 : 8;
        case Type::boolean: return 1;
        case Type::objlnk: return 4;
    }
    return 0;
}

void put_value(const ValueView& value, base::Writer& out) {
    switch (value.type) {
        case Type::none: break;
        case Type::string:
        case Type::corelnk:
        case Type::opaque: out.put(value.bytes); break;
        case Type::integer:
        case Type::time: out.put_uint(static_cast<std::uint64_t>(value.integer), signed_size(value.integer)); break;
        case Type::unsigned_integer: out.put_uint(value.unsigned_integer, unsigned_size(value.unsigned_integer)); break;
        case Type::floating:
            if (is_single(value.floating)) {
                out.put_u32(std::bit_cast<std::uint32_t>(static_cast<float>(value.floating)));
            } else {
                out.put_uint(std::bit_cast<std::uint64_t>(value.floating), 8);
            }
            break;
        case Type::boolean: out.put_u8(value.boolean ? 1 : 0); break;
        case Type::objlnk:
            out.put_u16(value.objlnk.object);
            out.put_u16(value.objlnk.instance);
            break;
    }
}

std::size_t header_size(std::uint16_t id, std::size_t length) {
    const std::size_t length_size = length < 8 ? 0 : length < 0x100 ? 1 : length < 0x10000 ? 2 : 3;
    return 1 + (id < 0x100 ? 1u : 2u) + length_size;
}

void put_header(Kind kind, std::uint16_t id, std::size_t length, base::Writer& out) {
    if (length > 0xffffff) return out.fail();
    const std::size_t id_size = id < 0x100 ? 1 : 2;
    const std::size_t length_size = header_size(id, length) - 1 - id_size;
    const std::size_t low = length_size == 0 ? length : length_size << 3;
    out.put_u8(static_cast<std::uint8_t>(static_cast<unsigned>(kind) << 6 | (id_size - 1) << 5 | low));
    out.put_uint(id, id_size);
    out.put_uint(length, length_size);
}

using Span = std::span<const Entry>;

// Takes the entries of the first child path at `depth` off the front of `rest`.
Span take_group(Span& rest, std::uint8_t depth) {
    const std::uint16_t id = rest.front().path.ids[depth - 1];
    std::size_t count = 1;
    while (count < rest.size() && rest[count].path.ids[depth - 1] == id) ++count;
    const Span group = rest.first(count);
    rest = rest.subspan(count);
    return group;
}

std::size_t resource_instances_size(Span group) {
    std::size_t size = 0;
    for (const Entry& entry : group) {
        if (entry.path.depth < 4) continue;
        const std::size_t length = value_size(entry.value);
        size += header_size(entry.path.resource_instance(), length) + length;
    }
    return size;
}

bool is_plain(Span resource) { return resource.front().path.depth == 3 && resource.front().value.type != Type::none; }

std::size_t resource_length(Span group) {
    return is_plain(group) ? value_size(group.front().value) : resource_instances_size(group);
}

std::size_t resources_size(Span entries) {
    std::size_t size = 0;
    while (!entries.empty()) {
        const Span group = take_group(entries, 3);
        if (group.front().path.depth < 3) continue;  // an instance without members
        const std::size_t length = resource_length(group);
        size += header_size(group.front().path.resource(), length) + length;
    }
    return size;
}

void put_resource_instances(Span group, base::Writer& out) {
    for (const Entry& entry : group) {
        if (entry.path.depth < 4) continue;
        put_header(Kind::resource_instance, entry.path.resource_instance(), value_size(entry.value), out);
        put_value(entry.value, out);
    }
}

void put_resources(Span entries, base::Writer& out) {
    while (!entries.empty()) {
        const Span group = take_group(entries, 3);
        if (group.front().path.depth < 3) continue;
        const bool plain = is_plain(group);
        put_header(plain ? Kind::resource : Kind::multiple_resource, group.front().path.resource(),
                   resource_length(group), out);
        if (plain) {
            put_value(group.front().value, out);
        } else {
            put_resource_instances(group, out);
        }
    }
}

void put_object_instances(Span entries, base::Writer& out) {
    while (!entries.empty()) {
        const Span group = take_group(entries, 2);
        const std::uint16_t id = group.front().path.instance();
        if (id != no_id) put_header(Kind::object_instance, id, resources_size(group), out);
        put_resources(group, out);
    }
}

}  // namespace

base::Result<void> encode_tlv(const Path& base, std::span<const Entry> entries, base::Writer& out) {
    switch (base.depth) {
        case 1: put_object_instances(entries, out); break;
        case 2:
        case 3: put_resources(entries, out); break;
        case 4: put_resource_instances(entries, out); break;
        default: return base::fail("TLV has no form for the root");
    }
    return {};
}

base::Result<void> decode_tlv(base::Bytes payload, EntrySink& sink) { return Decoder(payload, sink).run(); }

}  // namespace lwm2m
