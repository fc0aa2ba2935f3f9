// SenML (RFC 8428): what SenML JSON and SenML CBOR have in common: a record, and how base fields carry over from one
// record to the next.
#pragma once

#include <optional>
#include <string>

#include "simulator/lwm2m/entry_sink.h"

namespace lwm2m {

// One record as written. The views live as long as the payload, or until the next record where a format must unescape
// them.
struct SenmlRecord {
    std::optional<std::string_view> base_name;
    std::optional<double> base_time;
    std::optional<ValueView> base_value;
    std::optional<std::string_view> name;
    std::optional<double> time;
    ValueView value;  // v, vs, vb, vd or vlo; Type::none: the record has none
    std::size_t offset = 0;
};

// Resolves records in order (RFC 8428 4.6): name = bn + n by plain concatenation, time = bt + t, value = bv + v.
class SenmlResolver {
public:
    struct Resolved {
        Path path;
        double time = 0;
        ValueView value;
    };
    base::Result<Resolved> resolve(const SenmlRecord& record);

private:
    std::string base_name_;
    double base_time_ = 0;
    ValueView base_value_ = ValueView::of_integer(0);
};

// Of the entries to come: which base name and base time stand in the record, and which name. Used by both writers.
//
// The base name stands once, in the first record: the path addressed, with a "/" behind it where names follow. The base
// time stands wherever the time changes.
class SenmlNames {
public:
    SenmlNames(const Path& base, std::span<const Entry> entries);
    std::size_t records() const { return records_; }  // entries that have a value; the others have no form in SenML

    // Does every record stand at the base itself, so that none has a name?
    bool at_base() const { return at_base_; }
    void put_base_name(base::Writer& out) const;
    void put_name(const Path& path, base::Writer& out) const;

private:
    Path base_;
    std::size_t records_ = 0;
    bool at_base_ = true;
};

}  // namespace lwm2m
