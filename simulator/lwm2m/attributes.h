// Attributes: the <NOTIFICATION> class attributes, and which of them holds where (Core 1.1.1, 5.1.2; 1.2, 7.3.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "simulator/base/error.h"
#include "simulator/lwm2m/path.h"

namespace lwm2m {

struct Attributes {
    std::optional<std::uint32_t> pmin;  // s
    std::optional<std::uint32_t> pmax;  // s; 0 means none
    std::optional<double> gt;
    std::optional<double> lt;
    std::optional<double> st;
    std::optional<std::uint32_t> epmin;  // s
    std::optional<std::uint32_t> epmax;  // s
    std::optional<bool> edge;            // 1.2: false falling, true rising
    std::optional<bool> con;             // 1.2
    std::optional<std::uint32_t> hqmax;  // 1.2

    bool empty() const { return *this == Attributes{}; }
    friend bool operator==(const Attributes&, const Attributes&) = default;
};

// One attribute as a query says it: "pmin=10" sets it, "pmin" takes it away.
// Changes `attributes`; refuses a name that is none and a value that does not fit it.
base::Result<void> apply_attribute(std::string_view query, Attributes& attributes);

// Core 1.1.1, 5.1.2: lt < gt and lt + 2 st < gt, as far as they are set; a pmax below pmin is no error, it does not
// count.
bool are_consistent(const Attributes& attributes);

// Where a server's Write-Attributes are kept: the owner decides how (per device and server).
class AttributeStore {
public:
    virtual ~AttributeStore() = default;
    // Null where none were set at exactly that path.
    virtual const Attributes* find(const Path& path) const = 0;
    // Takes the place of what was set there; false when there is no room.
    virtual bool set(const Path& path, const Attributes& attributes) = 0;
};

}  // namespace lwm2m
