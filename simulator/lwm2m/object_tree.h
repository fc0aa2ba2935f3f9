// ObjectTree: what the operations of a server see of a device's objects. A device implements it over its profile and
// what it has changed since.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "coap/code.h"
#include "simulator/lwm2m/object_model.h"
#include "simulator/lwm2m/path.h"
#include "simulator/lwm2m/value.h"

namespace lwm2m {

// Facts and raw access; the rules of the operations (what may be written, which code answers what) are in the
// operations themselves.
class ObjectTree {
public:
    virtual ~ObjectTree() = default;

    // The definition that the device follows for an object; null where it has no such object.
    virtual const ObjectModel* object(std::uint16_t id) const = 0;

    // Is there an object, instance, resource or resource instance at that path? A resource that the device supports
    // without a value (an executable, a multiple resource without instances) exists.
    virtual bool exists(const Path& path) const = 0;

    // The short id of the server that sees the tree, where the device has several and their rights differ: see
    // access_control.h. Nothing where it has all rights.
    virtual std::optional<std::uint16_t> server() const { return std::nullopt; }

    // Appends the ids one level below `path` (depth 0 to 3), ascending.
    virtual void children(const Path& path, std::vector<std::uint16_t>& ids) const = 0;

    // The value now at a single resource or resource instance; Type::none where there is none. The view lives until the
    // next call of any function of the tree.
    virtual ValueView read(const Path& path) const = 0;

    // May a server give that resource of an existing instance a value though it has none now? By default the device can
    // all that the object's definition has.
    virtual bool supports(const Path& /*resource*/) const { return true; }

    // What the device would have against such a write, asked for all values before the first of them is written:
    // changed where it has nothing. So a write of several values is done whole or not at all.
    virtual coap::Code accepts(const Path& /*path*/, const ValueView& /*value*/) const { return coap::Code::changed; }

    // Sets a single resource or resource instance, which need not exist yet; its instance must. The value has the type
    // of the resource. Codes: changed, or what the device has against it (4.00 bad value, 5.00 no room).
    virtual coap::Code write(const Path& path, const ValueView& value) = 0;

    // Adds an instance without resources. Codes: created, or 5.00 no room.
    virtual coap::Code create(const Path& instance) = 0;

    // Takes away an instance, a resource or a resource instance, which exists. Codes: deleted, or 4.05.
    virtual coap::Code remove(const Path& path) = 0;

    // Does what the resource stands for. Codes: changed, or what the device has against it.
    virtual coap::Code execute(const Path& path, std::string_view arguments) = 0;
};

}  // namespace lwm2m
