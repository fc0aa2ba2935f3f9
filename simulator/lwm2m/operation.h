// Operation: what all operations of a server have in common: what they work on, and the first questions that each asks.
#pragma once

#include "simulator/lwm2m/access_control.h"
#include "simulator/lwm2m/dispatcher.h"

namespace lwm2m {

// One request under way; all references outlive it.
struct Operation {
    const Request& request;
    base::Bytes payload;  // of the request, whole
    ObjectTree& tree;
    AttributeStore& attributes;
    const Abilities& abilities;
    Workspace& workspace;
};

// The definition that a path is under, as far down as the path goes.
struct Target {
    coap::Code code = coap::Code::not_found;  // content when the object and the resource are defined
    const ObjectModel* object = nullptr;
    const ResourceModel* resource = nullptr;  // null above a resource
};

// Objects that only bootstrap may touch: Security, OSCORE and COSE (Core 1.1.1, 6.3 and E.1; 1.2, E.1).
constexpr bool is_closed(std::uint16_t object) { return object == 0 || object == 21 || object == 23; }

// 4.01 for a closed object, 4.04 for an object or resource without a definition and for an instance of a single
// resource. Whether the instance is there is not looked at. The path must not be the root.
Target locate(const ObjectTree& tree, const Path& path);

// The types that the device's own version of an object gives its resources.
class TreeTypes final : public TypeSource {
public:
    explicit TreeTypes(const ObjectTree& tree) : tree_(tree) {}
    Type type_of(const Path& path) const override {
        const ResourceModel* const resource = find(path);
        return resource == nullptr ? Type::none : resource->type;
    }
    bool is_multiple(const Path& path) const override {
        const ResourceModel* const resource = find(path);
        return resource != nullptr && resource->multiple;
    }

private:
    const ResourceModel* find(const Path& path) const {
        const ObjectModel* const object = tree_.object(path.object());
        return object == nullptr ? nullptr : object->find(path.resource());
    }
    const ObjectTree& tree_;
};

// Has the server that right at what is there? What is not there is somebody else's to say.
bool may(const Operation& operation, Right right, const Path& path);

// The payload's entries, into the workspace. 4.15 for a format that is not said, not known or not the device's, 4.00
// for a payload that cannot be read.
coap::Code decode_payload(const Operation& operation, const Path& base);

// The first of the sorted entries at or below `path`; the end where there is none.
std::vector<Entry>::const_iterator find_entry(const std::vector<Entry>& entries, const Path& path);

constexpr bool is_number(Type type) {
    return type == Type::integer || type == Type::unsigned_integer || type == Type::floating || type == Type::time;
}

inline Answer refuse(coap::Code code) {
    Answer answer;
    answer.code = code;
    return answer;
}

}  // namespace lwm2m
