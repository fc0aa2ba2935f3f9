// CBOR (RFC 8949): its items, read and written one at a time, and Content-Format 60: the value of one resource as one
// item (Core 1.1.1, 7.4.6). SenML CBOR and LwM2M CBOR are built from the same items.
#pragma once

#include "simulator/base/writer.h"
#include "simulator/lwm2m/entry_sink.h"

namespace lwm2m {

// ---- items

struct CborItem {
    enum class Kind : std::uint8_t {
        unsigned_integer,
        negative_integer,
        bytes,
        text,
        array,
        map,
        tag,
        floating,
        boolean,
        null,
        undefined,
        end
    };

    Kind kind = Kind::undefined;
    bool indefinite = false;   // bytes, text, array, map: members follow until `end`
    bool boolean = false;      // boolean
    std::uint64_t number = 0;  // integer n (a negative one stands for -1 - n), count of members, number of the tag
    double floating = 0;       // floating: half, single and double alike
    base::Bytes bytes;         // bytes, text (definite): a view on the input
    std::size_t offset = 0;    // of the item's first byte
};

// Takes items off a view. A map of n pairs counts n; whoever reads it takes 2n items. Nothing is checked across items.
class CborReader {
public:
    explicit CborReader(base::Bytes bytes) : bytes_(bytes) {}

    std::size_t offset() const { return offset_; }
    bool at_end() const { return offset_ == bytes_.size(); }

    base::Result<CborItem> take();
    base::Result<CborItem> peek() const;

    // The rest of an item whose head was taken: members, tagged item, chunks. `depth` levels of nesting at most.
    base::Result<void> skip(const CborItem& head, std::size_t depth);

    // The characters or bytes of a string head; those of an indefinite one are put together in the sink.
    base::Result<base::Bytes> string(const CborItem& head, EntrySink& sink);

    // A number: integer, float or decimal fraction (tag 4); anything else is refused.
    base::Result<ValueView> number(const CborItem& head);

    // The value of a resource: a number, a string, bytes, a boolean, or one of them behind a tag (1: a time). Refuses
    // null, bignums, maps, arrays.
    base::Result<ValueView> value(const CborItem& head, EntrySink& sink);

private:
    base::Bytes bytes_;
    std::size_t offset_ = 0;
};

// Counts the members of an array or map down, whether their number was given or an `end` closes them.
class CborMembers {
public:
    explicit CborMembers(const CborItem& head) : left_(head.number), indefinite_(head.indefinite) {}
    // Is there another member? Takes the `end` off `in` when it stands there.
    base::Result<bool> next(CborReader& in);

private:
    std::uint64_t left_;
    bool indefinite_;
};

void put_cbor_unsigned(std::uint64_t number, base::Writer& out);
void put_cbor_signed(std::int64_t number, base::Writer& out);
void put_cbor_float(double number, base::Writer& out);  // as half or single where they hold it exactly
void put_cbor_boolean(bool truth, base::Writer& out);
void put_cbor_null(base::Writer& out);
void put_cbor_text(std::string_view text, base::Writer& out);
void put_cbor_bytes(base::Bytes bytes, base::Writer& out);
void put_cbor_array(std::size_t members, base::Writer& out);
void put_cbor_map(std::size_t pairs, base::Writer& out);
void put_cbor_open_map(base::Writer& out);  // members until put_cbor_end
void put_cbor_end(base::Writer& out);
void put_cbor_tag(std::uint64_t tag, base::Writer& out);
void put_cbor_path_text(const Path& path, base::Writer& out);  // "/3/0"
void put_cbor_objlnk(Objlnk link, base::Writer& out);          // "3:0"

// ---- Content-Format 60

// A time is tag 1 around an integer, an object link the text "3:0". Also the form of a value in LwM2M CBOR.
base::Result<void> encode_cbor(const ValueView& value, base::Writer& out);
base::Result<void> decode_cbor(base::Bytes payload, EntrySink& sink);

}  // namespace lwm2m
