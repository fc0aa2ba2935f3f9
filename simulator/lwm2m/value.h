// Value: what a resource holds, and its types (Core 1.1.1, Appendix C).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/base/bytes.h"
#include "simulator/lwm2m/path.h"

namespace lwm2m {

enum class Type : std::uint8_t {
    none,  // no value: an executable resource, or an instance or multiple resource without members
    string,
    integer,
    unsigned_integer,
    floating,
    boolean,
    opaque,
    time,  // Unix time, whole seconds
    objlnk,
    corelnk,
};

// "string", "integer", "unsigned", "float", "boolean", "opaque", "time", "objlnk", "corelnk", "none".
std::string_view name(Type type);

struct Objlnk {
    std::uint16_t object = no_id;  // 65535:65535 is the null link
    std::uint16_t instance = no_id;
    friend bool operator==(const Objlnk&, const Objlnk&) = default;
};

// A value that owns nothing: strings and opaque point into somebody else's memory, which must outlive the view.
struct ValueView {
    Type type = Type::none;
    union {
        std::int64_t integer = 0;        // integer, time
        std::uint64_t unsigned_integer;  // unsigned_integer
        double floating;                 // floating
        bool boolean;                    // boolean
        Objlnk objlnk;                   // objlnk
    };
    base::Bytes bytes;  // string, corelnk (UTF-8) and opaque

    ValueView() : integer(0) {}
    static ValueView of_string(std::string_view text) { return of_bytes(Type::string, base::as_bytes(text)); }
    static ValueView of_corelnk(std::string_view text) { return of_bytes(Type::corelnk, base::as_bytes(text)); }
    static ValueView of_opaque(base::Bytes bytes) { return of_bytes(Type::opaque, bytes); }
    static ValueView of_integer(std::int64_t number) { return of_number(Type::integer, number); }
    static ValueView of_time(std::int64_t unix_seconds) { return of_number(Type::time, unix_seconds); }
    static ValueView of_unsigned(std::uint64_t number) {
        ValueView view;
        view.type = Type::unsigned_integer;
        view.unsigned_integer = number;
        return view;
    }
    static ValueView of_floating(double number) {
        ValueView view;
        view.type = Type::floating;
        view.floating = number;
        return view;
    }
    static ValueView of_boolean(bool truth) {
        ValueView view;
        view.type = Type::boolean;
        view.boolean = truth;
        return view;
    }
    static ValueView of_objlnk(Objlnk link) {
        ValueView view;
        view.type = Type::objlnk;
        view.objlnk = link;
        return view;
    }

    std::string_view text() const { return base::as_text(bytes); }

    // Same type and same value; a NaN equals a NaN.
    friend bool operator==(const ValueView& a, const ValueView& b);

private:
    static ValueView of_bytes(Type type, base::Bytes bytes) {
        ValueView view;
        view.type = type;
        view.bytes = bytes;
        return view;
    }
    static ValueView of_number(Type type, std::int64_t number) {
        ValueView view;
        view.type = type;
        view.integer = number;
        return view;
    }
};

// A value that owns its bytes.
class Value {
public:
    Value() = default;
    Value(const ValueView& view)
        : view_(view), bytes_(view.bytes.begin(), view.bytes.end()) {}  // NOLINT: a view becomes a value freely

    Type type() const { return view_.type; }
    // Valid while this value lives and is not assigned to.
    ValueView view() const {
        ValueView view = view_;
        view.bytes = bytes_;
        return view;
    }
    friend bool operator==(const Value& a, const Value& b) { return a.view() == b.view(); }

private:
    ValueView view_;
    std::vector<std::uint8_t> bytes_;
};

// The number that a numeric value stands for (integer, unsigned, float, time, boolean as 0 and 1); NaN for the other
// types.
double to_number(const ValueView& value);

// For people: "21.5", "true", "3:0", strings as they are, opaque as hexadecimal.
std::string to_string(const ValueView& value);

// Converts between types where nothing is lost: integer, unsigned, time and a float without fraction into each other
// and into float; 0 and 1
// into boolean; string and corelnk into each other. Anything else fails.
base::Result<ValueView> convert(const ValueView& value, Type type);

}  // namespace lwm2m
