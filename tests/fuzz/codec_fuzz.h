// What the fuzz targets of the content formats share: what a decoder accepts, its encoder writes, and it then means the
// same.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "simulator/lwm2m/codec.h"
#include "tests/support/test_types.h"

namespace fuzz {

// The first byte of an input chooses the path that the rest is addressed to.
inline const std::vector<lwm2m::Path>& bases() {
    static const std::vector<lwm2m::Path> all{
        lwm2m::Path{},  lwm2m::Path(3), {3, 0},         {3, 0, 9},      {3, 0, 7},      {3, 0, 7, 0},    {3442, 0},
        {3442, 0, 110}, {3442, 0, 120}, {3442, 0, 125}, {3442, 0, 130}, {3442, 0, 140}, {3442, 0, 150},  {3442, 0, 160},
        {3442, 0, 170}, {3442, 0, 180}, lwm2m::Path(1), {40000, 0},     {40000, 0, 1},  {40000, 0, 1, 0}};
    return all;
}

inline bool is_number(lwm2m::Type type) {
    return type == lwm2m::Type::integer || type == lwm2m::Type::unsigned_integer || type == lwm2m::Type::floating;
}

// Where the type of a resource is not known, 21.0 may come back as 21.
inline bool same(const lwm2m::Entry& a, const lwm2m::Entry& b) {
    if (a.path != b.path || a.time != b.time) return false;
    if (is_number(a.value.type) && is_number(b.value.type)) {
        const double x = to_number(a.value);
        const double y = to_number(b.value);
        return x == y || (std::isnan(x) && std::isnan(y));
    }
    return a.value == b.value;
}

inline void require(bool truth) {
    if (!truth) std::abort();
}

inline int round_trip(lwm2m::ContentFormat format, const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const lwm2m::Path base = bases()[data[0] % bases().size()];
    static const lwm2m::TestTypes types;
    lwm2m::Entries first;
    if (!decode(format, base, {data + 1, size - 1}, types, first)) return 0;

    std::vector<std::uint8_t> memory(size * 16 + 4096);
    base::Writer out(memory);
    require(encode(format, base, first.entries, out).has_value());
    lwm2m::Entries second;
    require(decode(format, base, out.written(), types, second).has_value());
    require(first.entries.size() == second.entries.size());
    for (std::size_t i = 0; i < first.entries.size(); ++i) require(same(first.entries[i], second.entries[i]));
    return 0;
}

inline int round_trip_paths(lwm2m::ContentFormat format, const std::uint8_t* data, std::size_t size) {
    const auto paths = lwm2m::decode_paths(format, {data, size});
    if (!paths) return 0;
    std::vector<std::uint8_t> memory(size * 64 + 4096);
    base::Writer out(memory);
    require(lwm2m::encode_paths(format, *paths, out).has_value());
    require(lwm2m::decode_paths(format, out.written()) == paths);
    return 0;
}

}  // namespace fuzz
