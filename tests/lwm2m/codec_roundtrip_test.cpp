// A tree means the same in every format: what one wrote, its decoder reads, and all read the same.
#include <algorithm>
#include <cmath>
#include <map>

#include <rapidcheck.h>

#include "tests/lwm2m/codec_fixture.h"

namespace lwm2m {
namespace {

// The resource id decides type and multiplicity, so that any generated path has them.
class GeneratedTypes : public TypeSource {
public:
    static constexpr std::array types{Type::string,   Type::integer, Type::unsigned_integer,
                                      Type::floating, Type::boolean, Type::opaque,
                                      Type::time,     Type::objlnk,  Type::corelnk};
    Type type_of(const Path& path) const override { return types[path.resource() % types.size()]; }
    bool is_multiple(const Path& path) const override { return path.resource() / types.size() % 2 == 1; }
};

std::string utf8(const std::vector<std::uint32_t>& code_points) {
    std::string text;
    for (const std::uint32_t point : code_points) {
        const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
        if (point < 0x80) {
            put(point);
        } else if (point < 0x800) {
            put(0xc0 | point >> 6);
            put(0x80 | (point & 0x3f));
        } else if (point < 0x10000) {
            put(0xe0 | point >> 12);
            put(0x80 | (point >> 6 & 0x3f));
            put(0x80 | (point & 0x3f));
        } else {
            put(0xf0 | point >> 18);
            put(0x80 | (point >> 12 & 0x3f));
            put(0x80 | (point >> 6 & 0x3f));
            put(0x80 | (point & 0x3f));
        }
    }
    return text;
}

rc::Gen<std::string> any_text() {
    const auto point =
        rc::gen::oneOf(rc::gen::inRange<std::uint32_t>(0, 0x80), rc::gen::inRange<std::uint32_t>(0x80, 0xd800),
                       rc::gen::inRange<std::uint32_t>(0xe000, 0x110000));
    return rc::gen::map(rc::gen::container<std::vector<std::uint32_t>>(point), utf8);
}

double any_double() {
    const auto bits = *rc::gen::arbitrary<std::uint64_t>();
    const double number = *rc::gen::element(std::bit_cast<double>(bits),
                                            static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits))),
                                            static_cast<double>(static_cast<std::int32_t>(bits)) / 100);
    return std::isfinite(number) ? number : 0.5;
}

std::int64_t any_integer() {
    const auto bits = *rc::gen::arbitrary<std::int64_t>();
    return bits >> *rc::gen::inRange(0, 64);  // of every length
}

Value any_value(Type type) {
    switch (type) {
        case Type::none: break;
        case Type::string: return ValueView::of_string(*any_text());
        case Type::corelnk:
            return ValueView::of_corelnk("</" + std::to_string(*rc::gen::inRange(0, 100)) + ">;ver=\"1.1\"");
        case Type::integer: return ValueView::of_integer(any_integer());
        case Type::time: return ValueView::of_time(any_integer());
        case Type::unsigned_integer: return ValueView::of_unsigned(static_cast<std::uint64_t>(any_integer()));
        case Type::floating: return ValueView::of_floating(any_double());
        case Type::boolean: return ValueView::of_boolean(*rc::gen::arbitrary<bool>());
        case Type::opaque: return ValueView::of_opaque(*rc::gen::arbitrary<std::vector<std::uint8_t>>());
        case Type::objlnk:
            return ValueView::of_objlnk({*rc::gen::arbitrary<std::uint16_t>(), *rc::gen::arbitrary<std::uint16_t>()});
    }
    return {};
}

std::uint16_t any_id() {
    return static_cast<std::uint16_t>(*rc::gen::oneOf(rc::gen::inRange(0, 40), rc::gen::inRange(0, 65535)));
}

using Tree = std::map<Path, Value>;

// Resources below `base`, single and multiple ones, each with a value of its type.
Tree any_tree(const Path& base) {
    const GeneratedTypes types;
    Tree tree;
    const int count = *rc::gen::inRange(0, 30);
    for (int i = 0; i < count; ++i) {
        Path path = base;
        while (path.depth < 3) path = path.child(any_id());
        if (path.depth == 3 && types.is_multiple(path)) path = path.child(any_id());
        tree[path] = any_value(types.type_of(path));
    }
    return tree;
}

std::vector<Entry> entries_of(const Tree& tree) {
    std::vector<Entry> entries;
    for (const auto& [path, value] : tree) entries.push_back({path, value.view()});
    return entries;
}

Lines expect_same(ContentFormat format, const Path& base, const std::vector<Entry>& entries) {
    std::vector<std::uint8_t> memory(1 << 20);
    base::Writer out(memory);
    const auto written = encode(format, base, entries, out);
    if (!written) return {std::string("not written: ") + written.error().what};
    const GeneratedTypes types;
    Entries read;
    const auto done = decode(format, base, out.written(), types, read);
    if (!done) return {"not read: " + std::string(done.error().what) + " at " + std::to_string(done.error().offset)};
    return lines(read.entries);
}

Path any_base(std::uint8_t depth) {
    Path base;
    while (base.depth < depth) base = base.child(any_id());
    return base;
}

TEST(RoundTrip, ATreeIsTheSameInEveryTreeFormat) {
    const bool held = rc::check([] {
        const auto base = any_base(static_cast<std::uint8_t>(*rc::gen::inRange(0, 4)));
        const Tree tree = any_tree(base);
        const auto entries = entries_of(tree);
        return;  // nothing to write
        for (const auto format : {ContentFormat::senml_json, ContentFormat::senml_cbor, ContentFormat::json,
                                  ContentFormat::lwm2m_cbor, ContentFormat::tlv}) {
            if (format == ContentFormat::tlv && base.depth == 0) continue;
            if (entries.empty() && base.depth == 3) continue;  // a multiple resource without instances: below
            RC_ASSERT(expect_same(format, base, entries) == lines(entries));
        }
    });
    EXPECT_TRUE(held);
}

TEST(RoundTrip, AValueIsTheSameInEveryFormatForOneValue) {
    const bool held = rc::check([] {
        const GeneratedTypes types;
        const Path resource = any_base(3);
        const Path path = types.is_multiple(resource) ? resource.child(any_id()) : resource;
        const Value value = any_value(types.type_of(path));
        const std::vector<Entry> entries{{path, value.view()}};
        for (const auto format :
             {ContentFormat::text, ContentFormat::cbor, ContentFormat::tlv, ContentFormat::senml_cbor,
              ContentFormat::senml_json, ContentFormat::json, ContentFormat::lwm2m_cbor}) {
            RC_ASSERT(expect_same(format, path, entries) == lines(entries));
        }
        if (value.type() == Type::opaque)
            RC_ASSERT(expect_same(ContentFormat::opaque, path, entries) == lines(entries));
        if (value.type() == Type::corelnk) RC_ASSERT(expect_same(ContentFormat::link, path, entries) == lines(entries));
    });
    EXPECT_TRUE(held);
}

// The formats that have a form for what has no members.
TEST(RoundTrip, EmptyMembersAreTheSame) {
    const bool held = rc::check([] {
        const GeneratedTypes types;
        const Path object = any_base(1);
        Tree tree = any_tree(object);
        for (int i = *rc::gen::inRange(0, 5); i > 0; --i) {
            Path path = object.child(any_id());
            if (*rc::gen::arbitrary<bool>())
                path = path.child(static_cast<std::uint16_t>(*rc::gen::inRange(0, 3000) * 18 + 9));
            const auto below = tree.lower_bound(path);
            if (below != tree.end() && path.contains(below->first)) continue;
            if (tree.contains(path.prefix(2))) continue;
            tree[path] = Value{};
        }
        const auto entries = entries_of(tree);
        RC_ASSERT(expect_same(ContentFormat::tlv, object, entries) == lines(entries));
        RC_ASSERT(expect_same(ContentFormat::lwm2m_cbor, object, entries) == lines(entries));
    });
    EXPECT_TRUE(held);
}

TEST(RoundTrip, ValuesOfSeveralTimesAreTheSame) {
    const bool held = rc::check([] {
        const Path resource(3303, 0, 3);  // a float
        std::vector<Entry> entries;
        for (int i = *rc::gen::inRange(1, 20), time = -100; i > 0; --i) {
            time += *rc::gen::inRange(1, 10);
            entries.push_back({resource, ValueView::of_floating(any_double()), time / 4.0});
        }
        for (const auto format : {ContentFormat::senml_json, ContentFormat::senml_cbor, ContentFormat::json}) {
            RC_ASSERT(expect_same(format, resource, entries) == lines(entries));
        }
    });
    EXPECT_TRUE(held);
}

TEST(RoundTrip, PathsAreTheSame) {
    const bool held = rc::check([] {
        std::vector<Path> paths;
        for (int i = *rc::gen::inRange(0, 20); i > 0; --i)
            paths.push_back(any_base(static_cast<std::uint8_t>(*rc::gen::inRange(1, 5))));
        for (const auto format : {ContentFormat::senml_json, ContentFormat::senml_etch_json, ContentFormat::senml_cbor,
                                  ContentFormat::senml_etch_cbor, ContentFormat::lwm2m_cbor}) {
            std::vector<std::uint8_t> memory(4096);
            base::Writer out(memory);
            RC_ASSERT(encode_paths(format, paths, out).has_value());
            RC_ASSERT(decode_paths(format, out.written()).value() == paths);
        }
    });
    EXPECT_TRUE(held);
}

}  // namespace
}  // namespace lwm2m
