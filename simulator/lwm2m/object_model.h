// ObjectModel: what a LwM2M object is made of: the facts of its definition (Core 1.1.1, 7.1 and Appendix D.1), without
// its prose.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/lwm2m/value.h"

namespace lwm2m {

// "1.1": of an object or of LwM2M itself.
struct Version {
    std::uint16_t major = 1;
    std::uint16_t minor = 0;
    friend constexpr auto operator<=>(const Version&, const Version&) = default;
};

std::string to_string(Version version);
// Digits, a point, digits ("1.0", "2.1"); nothing else.
base::Result<Version> parse_version(std::string_view text);

// What a server may do with a resource. None of the three: only bootstrap may touch it (objects 0, 21 and 23).
struct Operations {
    bool read = false;
    bool write = false;
    bool execute = false;
    friend constexpr bool operator==(const Operations&, const Operations&) = default;
};

// "R", "RW", "W", "E" or "none".
std::string to_string(Operations operations);
// The letters R, W and E, each once at most, E alone; "none" and the empty text are no operations.
base::Result<Operations> parse_operations(std::string_view text);

// The values that a definition allows. Its text is free ("0..100", "10,26", "0-255 bytes", "8-Bits"), so it counts as
// far as it can be understood: `intervals` is empty where there is no range or no sense in it, and such a range allows
// everything.
struct Range {
    enum class Of : std::uint8_t {
        value,   // the number itself
        length,  // bytes of the string or opaque value
    };
    struct Interval {
        double min = 0;
        double max = 0;  // inclusive; equal to min for a single value
        friend bool operator==(const Interval&, const Interval&) = default;
    };

    Of of = Of::value;
    std::vector<Interval> intervals;
    std::string text;  // as the definition has it, white space made single; empty: no range

    // Is `value` of the resource's type within the range? Types that have neither number nor length always are.
    bool allows(const ValueView& value) const;
    friend bool operator==(const Range&, const Range&) = default;
};

// Understands the usual forms: MIN..MAX, MIN-MAX, single values, lists of them by comma, semicolon or "or", each
// optionally with "bytes" or "bits" for a length, and enumerations ("0: off 1: on"). For string, opaque and corelnk a
// number is a length.
Range parse_range(std::string_view text, Type type);

struct ResourceModel {
    std::uint16_t id = 0;
    std::string name;  // "Battery Level"
    std::string key;   // "battery_level": unique in its object
    Operations operations;
    bool multiple = false;
    bool mandatory = false;
    Type type = Type::none;  // none: executable
    Range range;
    std::string units;  // as in the definition: "Cel", "%", "s"
    friend bool operator==(const ResourceModel&, const ResourceModel&) = default;
};

struct ObjectModel {
    std::uint16_t id = 0;
    std::string name;  // "LwM2M Server"
    std::string key;   // "server"
    Version version;
    Version lwm2m_version;  // the lowest that the definition says it needs
    std::string urn;        // "urn:oma:lwm2m:oma:3:1.1"
    bool multiple = false;
    bool mandatory = false;
    std::vector<ResourceModel> resources;  // by id, each id once

    // Null where there is none. Valid as long as this model, and until `resources` is changed.
    const ResourceModel* find(std::uint16_t resource) const;
    // By key or name, however it is written: battery_level, "Battery Level", batteryLevel.
    const ResourceModel* find(std::string_view resource) const;

    friend bool operator==(const ObjectModel&, const ObjectModel&) = default;
};

// "Battery Level" -> "battery_level": lower-case letters and digits, everything else one '_'. A leading "lwm2m_" is
// left out.
std::string to_key(std::string_view name);

// What two spellings of one name have in common: only its letters and digits, in lower case, without a leading "lwm2m".
std::string fold(std::string_view name);

// The URN that the registry gives: class oma, ext or x by id, the version left out for 1.0 (Core 1.1.1, 7.2).
std::string default_urn(std::uint16_t object, Version version);

// Sorts the resources and gives object and resources their keys; a key that a resource with a lower id has gets the id
// behind it. Fails, with the phrase to show, when a resource id occurs twice.
base::Result<void> complete(ObjectModel& model);

}  // namespace lwm2m
