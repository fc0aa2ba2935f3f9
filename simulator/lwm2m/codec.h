// Codec: one door to every content format. A tree is a flat list of entries in the order of their paths; each format
// makes its own nesting of it.
#pragma once

#include <deque>
#include <span>
#include <vector>

#include "simulator/base/writer.h"
#include "simulator/lwm2m/content_format.h"
#include "simulator/lwm2m/path.h"
#include "simulator/lwm2m/value.h"

namespace lwm2m {

// One value at one path. A value of Type::none stands for an instance or a multiple resource without members.
struct Entry {
    Path path;
    ValueView value;
    double time = 0;  // s; SenML t + bt as written: relative to now below 2^28, Unix time above; 0 = now
};

// What a decoder found. The views in `entries` point into the payload or into `storage`, and live as long as both.
struct Entries {
    std::vector<Entry> entries;
    std::deque<std::vector<std::uint8_t>>
        storage;  // what could not stay in the payload: unescaped strings, decoded base64
    void clear() {
        entries.clear();
        storage.clear();
    }
};

// Tells the type of a resource, so that TLV bytes and numbers get their meaning. Type::none: not known, keep what the
// format says (TLV: opaque).
class TypeSource {
public:
    virtual ~TypeSource() = default;
    virtual Type type_of(const Path& path) const = 0;
    virtual bool is_multiple(const Path& path) const = 0;
};

struct DecodeLimits {
    std::size_t max_entries = 65536;
    std::size_t max_depth = 16;
};

// Writes `entries` (sorted by path, all at or below `base`) as the answer to a Read of `base`, or as the payload of a
// Write to it. Fails when the format cannot hold them (text, opaque, CBOR 60 and link: exactly one entry at a resource)
// or `out` is too small.
base::Result<void> encode(ContentFormat format, const Path& base, std::span<const Entry> entries, base::Writer& out);

// Reads a payload addressed to `base` into `out` (cleared first). Refuses paths outside `base`, values that do not fit
// their type, trailing bytes and more than the limits. The offset of the error points into the payload.
base::Result<void> decode(ContentFormat format, const Path& base, base::Bytes payload, const TypeSource& types,
                          Entries& out, const DecodeLimits& limits = {});

// SenML-ETCH and SenML records without values: the paths of a Read-Composite or Observe-Composite (RFC 8790, Core 1.2
// 6.3.8). Also LwM2M CBOR.
base::Result<void> encode_paths(ContentFormat format, std::span<const Path> paths, base::Writer& out);
base::Result<std::vector<Path>> decode_paths(ContentFormat format, base::Bytes payload,
                                             const DecodeLimits& limits = {});

}  // namespace lwm2m
