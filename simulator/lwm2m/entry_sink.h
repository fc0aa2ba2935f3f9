// EntrySink: where every decoder puts what it finds; checks the path, gives the value its type, keeps the limits and
// the order.
#pragma once

#include "simulator/lwm2m/codec.h"

namespace lwm2m {

// `value` as `type`: what lwm2m::convert does, and a string such as "3:0" into an object link.
base::Result<ValueView> fit(const ValueView& value, Type type);

// Well-formed UTF-8 (RFC 3629)? Overlong forms, surrogates and code points above U+10FFFF are not.
bool is_utf8(base::Bytes bytes);

class EntrySink {
public:
    // Clears `out`. All references must outlive the sink.
    EntrySink(const Path& base, const TypeSource& types, Entries& out, const DecodeLimits& limits);

    const Path& base() const { return base_; }
    const DecodeLimits& limits() const { return limits_; }
    std::size_t size() const { return out_.entries.size(); }

    // The type of the resource that `path` is or is in; none above a resource or where it is not known.
    Type type_of(const Path& path) const { return path.depth < 3 ? Type::none : types_.type_of(path.prefix(3)); }
    bool is_multiple(const Path& path) const { return path.depth >= 3 && types_.is_multiple(path.prefix(3)); }

    // `offset` is where the entry stands in the payload: it becomes that of the error. Refuses a path outside the base,
    // a value that does not fit its resource, and more entries than the limit. Type::none is an instance or multiple
    // resource without members.
    base::Result<void> add(const Path& path, const ValueView& value, std::size_t offset, double time = 0);

    // Gives bytes that are not in the payload a home beside the entries.
    base::Bytes keep(std::vector<std::uint8_t> bytes);

    // Brings the entries into the order of their paths (those of one path stay as they came). Refuses a path given
    // twice for one time, and one that has both a value, or none, and members.
    base::Result<void> finish();

private:
    base::Result<ValueView> typed(const Path& path, const ValueView& value) const;

    Path base_;
    const TypeSource& types_;
    Entries& out_;
    DecodeLimits limits_;
    std::vector<std::size_t> offsets_;  // of the entries, index for index
};

}  // namespace lwm2m
