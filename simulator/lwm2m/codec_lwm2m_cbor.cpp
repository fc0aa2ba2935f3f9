#include "simulator/lwm2m/codec_lwm2m_cbor.h"

#include "simulator/lwm2m/codec_cbor.h"

namespace lwm2m {
namespace {

using Kind = CborItem::Kind;
using Span = std::span<const Entry>;

// ---- reading

// Walks the maps. Each level adds at least one id to a path of four, so recursion is bounded.
class Decoder {
public:
    enum class Leaves { values, paths };

    Decoder(base::Bytes payload, EntrySink& sink, Leaves leaves) : in_(payload), sink_(sink), leaves_(leaves) {}

    base::Result<void> run() {
        const auto head = in_.take();
        if (!head) return tl::unexpected(head.error());
        if (head->kind != Kind::map) return base::fail("LwM2M CBOR is a map", head->offset);
        if (const auto done = members(Path{}, *head); !done) return done;
        if (!in_.at_end()) return base::fail("bytes after the map", in_.offset());
        if (leaves_ == Leaves::values && sink_.base().depth >= 3 && sink_.size() == 0)
            return empty_map(sink_.base(), 0);
        return {};
    }

private:
    base::Result<void> members(const Path& parent, const CborItem& map) {
        CborMembers left(map);
        for (bool empty = true;; empty = false) {
            const auto more = left.next(in_);
            if (!more) return tl::unexpected(more.error());
            if (!*more) return empty ? empty_map(parent, map.offset) : base::Result<void>{};
            if (const auto done = member(parent); !done) return done;
        }
    }

    base::Result<void> member(const Path& parent) {
        const auto key = in_.take();
        if (!key) return tl::unexpected(key.error());
        const auto path = place(parent, *key);
        if (!path) return tl::unexpected(path.error());
        const auto head = in_.take();
        if (!head) return tl::unexpected(head.error());
        if (head->kind == Kind::map) return members(*path, *head);
        if (leaves_ == Leaves::paths) {
            if (head->kind != Kind::null) return base::fail("a value where only paths are expected", head->offset);
            return sink_.add(*path, ValueView{}, key->offset);
        }
        const auto value = in_.value(*head, sink_);
        if (!value) return tl::unexpected(value.error());
        return sink_.add(*path, *value, key->offset);
    }

    base::Result<void> empty_map(const Path& path, std::size_t offset) {
        if (leaves_ == Leaves::paths)
            return path.depth == 0 ? base::Result<void>{} : sink_.add(path, ValueView{}, offset);
        if (path.depth == 4) return base::fail("a value is missing", offset);
        if (path.depth < 2 || (path.depth == 2 && path == sink_.base())) return {};
        return sink_.add(path, ValueView{}, offset);
    }

    base::Result<Path> place(const Path& parent, const CborItem& key) {
        if (key.kind != Kind::array) return child(parent, key);
        Path path = parent;
        CborMembers ids(key);
        for (bool empty = true;; empty = false) {
            const auto more = ids.next(in_);
            if (!more) return tl::unexpected(more.error());
            if (!*more && empty) return base::fail("a key without an id", key.offset);
            if (!*more) return path;
            const auto id = in_.take();
            if (!id) return tl::unexpected(id.error());
            const auto below = child(path, *id);
            if (!below) return below;
            path = *below;
        }
    }

    static base::Result<Path> child(const Path& parent, const CborItem& id) {
        if (id.kind != Kind::unsigned_integer) return base::fail("a key is an id or an array of ids", id.offset);
        if (id.number > max_id) return base::fail("an id is 65534 at most", id.offset);
        if (parent.depth == 4) return base::fail("a path has four levels at most", id.offset);
        return parent.child(static_cast<std::uint16_t>(id.number));
    }

    CborReader in_;
    EntrySink& sink_;
    Leaves leaves_;
};

// ---- writing

void put_key(const Path& path, base::Writer& out) {
    if (path.depth > 1) put_cbor_array(path.depth, out);
    for (std::uint8_t i = 0; i < path.depth; ++i) put_cbor_unsigned(path.ids[i], out);
}

Span take_group(Span& rest, std::uint8_t depth) {
    const std::uint16_t id = rest.front().path.ids[depth - 1];
    std::size_t count = 1;
    while (count < rest.size() && rest[count].path.ids[depth - 1] == id) ++count;
    const Span group = rest.first(count);
    rest = rest.subspan(count);
    return group;
}

// What stands at a path of `depth` levels: the value of its one entry, or a map of what is below. All entries share
// those levels.
base::Result<void> put_node(Span entries, std::uint8_t depth, base::Writer& out) {
    if (!entries.empty() && entries.front().path.depth == depth) {
        if (entries.front().value.type != Type::none) return encode_cbor(entries.front().value, out);
        entries = entries.subspan(1);  // stands for having no members
    }
    put_cbor_open_map(out);
    while (!entries.empty()) {
        const Span group = take_group(entries, static_cast<std::uint8_t>(depth + 1));
        put_cbor_unsigned(group.front().path.ids[depth], out);
        const auto done = put_node(group, static_cast<std::uint8_t>(depth + 1), out);
        if (!done) return done;
    }
    put_cbor_end(out);
    return {};
}

}  // namespace

base::Result<void> encode_lwm2m_cbor(const Path& base, std::span<const Entry> entries, base::Writer& out) {
    if (base.depth == 0) return put_node(entries, 0, out);
    put_cbor_open_map(out);
    put_key(base, out);
    const auto done = put_node(entries, base.depth, out);
    put_cbor_end(out);
    return done;
}

base::Result<void> decode_lwm2m_cbor(base::Bytes payload, EntrySink& sink) {
    return Decoder(payload, sink, Decoder::Leaves::values).run();
}

void encode_lwm2m_cbor_paths(std::span<const Path> paths, base::Writer& out) {
    put_cbor_open_map(out);
    for (const Path& path : paths) {
        put_key(path, out);
        put_cbor_null(out);
    }
    put_cbor_end(out);
}

base::Result<void> decode_lwm2m_cbor_paths(base::Bytes payload, EntrySink& sink) {
    return Decoder(payload, sink, Decoder::Leaves::paths).run();
}

}  // namespace lwm2m
