// Path: where something stands in a LwM2M object tree: /, /3, /3/0, /3/0/9 or /3/0/11/0 (Core 1.1.1, 7.1).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "simulator/base/error.h"

namespace lwm2m {

// An id is 16 bits, and 65535 is reserved (Core 7.1): it marks "none" here.
inline constexpr std::uint16_t no_id = 65535;
inline constexpr std::uint16_t max_id = 65534;

// Ordered as a tree is walked: a parent comes before its children, siblings by id.
struct Path {
    std::array<std::uint16_t, 4> ids{no_id, no_id, no_id, no_id};
    std::uint8_t depth = 0;  // 0 root, 1 object, 2 object instance, 3 resource, 4 resource instance

    constexpr Path() = default;
    constexpr explicit Path(std::uint16_t object) : ids{object, no_id, no_id, no_id}, depth(1) {}
    constexpr Path(std::uint16_t object, std::uint16_t instance) : ids{object, instance, no_id, no_id}, depth(2) {}
    constexpr Path(std::uint16_t object, std::uint16_t instance, std::uint16_t resource)
        : ids{object, instance, resource, no_id}, depth(3) {}
    constexpr Path(std::uint16_t object, std::uint16_t instance, std::uint16_t resource,
                   std::uint16_t resource_instance)
        : ids{object, instance, resource, resource_instance}, depth(4) {}

    constexpr std::uint16_t object() const { return ids[0]; }
    constexpr std::uint16_t instance() const { return ids[1]; }
    constexpr std::uint16_t resource() const { return ids[2]; }
    constexpr std::uint16_t resource_instance() const { return ids[3]; }

    // The path one level down; `depth` must be below 4.
    constexpr Path child(std::uint16_t id) const {
        Path below = *this;
        below.ids[below.depth++] = id;
        return below;
    }
    // The first `levels` levels of this path (all of it where it has no more).
    constexpr Path prefix(std::uint8_t levels) const {
        Path above;
        for (std::uint8_t i = 0; i < levels && i < depth; ++i) above = above.child(ids[i]);
        return above;
    }
    // Is this path `other` or above it?
    constexpr bool contains(const Path& other) const {
        if (depth > other.depth) return false;
        for (std::uint8_t i = 0; i < depth; ++i) {
            if (ids[i] != other.ids[i]) return false;
        }
        return true;
    }

    friend constexpr bool operator==(const Path&, const Path&) = default;
    friend constexpr auto operator<=>(const Path& a, const Path& b) {
        for (std::uint8_t i = 0; i < 4; ++i) {
            if (i >= a.depth || i >= b.depth) return a.depth <=> b.depth;
            if (a.ids[i] != b.ids[i]) return a.ids[i] <=> b.ids[i];
        }
        return a.depth <=> b.depth;
    }
};

// "/", "/3", "/3/0/9"; refuses anything else, ids above 65534, leading zeros and a trailing slash.
base::Result<Path> parse_path(std::string_view text);
std::string to_string(const Path& path);

}  // namespace lwm2m
