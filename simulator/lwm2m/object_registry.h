// ObjectRegistry: every known object in every known version, and the choice of one version of each that a device means.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "simulator/lwm2m/codec.h"
#include "simulator/lwm2m/object_model.h"

namespace lwm2m {

// Why a name stands for nothing.
struct NameError {
    std::string message;     // whole, candidates included: `no object is called "devise" (did you mean "device"?)`
    std::size_t offset = 0;  // where in the text the unknown part begins
    std::vector<std::string> candidates;  // known names that look like it, the nearest first; may be empty
};
template <class T>
using NameResult = tl::expected<T, NameError>;

// Filled once, then only read: threads may share it from then on.
class ObjectRegistry {
public:
    // Takes a completed model (object_model.h). A model of the same id and version is replaced: do it before anybody
    // holds a pointer.
    void set(ObjectModel model);

    // That very version, or null. Valid as long as the registry, like all pointers that it hands out.
    const ObjectModel* find(std::uint16_t object, Version version) const;
    const ObjectModel* newest(std::uint16_t object) const;
    std::vector<const ObjectModel*> versions(std::uint16_t object) const;  // ascending
    std::vector<std::uint16_t> objects() const;                            // all ids, ascending

    // The id of an object by its name ("device", "Firmware Update", "lwm2m_server") or by digits. Where two objects
    // have one name it is the one with the lower id; the other has its id behind the name ("location_3336").
    NameResult<std::uint16_t> object(std::string_view name_or_id) const;
    // The name by which `object` finds it, or its digits where it is not known.
    std::string key(std::uint16_t object) const;

private:
    std::map<std::pair<std::uint16_t, Version>, ObjectModel> models_;
    std::map<std::string, std::uint16_t> names_;  // folded, of all versions -> id
};

// The version of an object that a device of this LwM2M version means when it does not state one (Core 1.1.1, 7.2): the
// one that this LwM2M version defines for its own objects, else 1.0.
Version default_version(std::uint16_t object, Version lwm2m);

// What is known of a device's object versions.
struct VersionChoice {
    enum class Unstated : std::uint8_t {
        standard,  // default_version()
        newest,    // the newest in the registry; the device then has to state it where it is not the standard one
    };
    Version lwm2m{1, 1};
    std::vector<std::pair<std::uint16_t, Version>> stated;  // object -> its `;ver=`
    Unstated unstated = Unstated::standard;
};

// One version of each object: how a device understands its ids and names. The registry must outlive it and stay
// unchanged.
class ObjectSelection final : public TypeSource {
public:
    // Where the registry lacks the version meant, its nearest is taken: of the same major version the highest minor
    // below, else the lowest above; and of an object whose version is not stated at last the newest. None of these: the
    // object is not known.
    ObjectSelection(const ObjectRegistry& registry, const VersionChoice& choice);

    const ObjectModel* object(std::uint16_t id) const;                          // null where it is not known
    const ResourceModel* resource(const Path& path) const;                      // null above depth 3 too
    const std::vector<const ObjectModel*>& objects() const { return models_; }  // by id
    // Must a Register of this device carry `;ver=` for the object?
    bool must_state(const ObjectModel& model) const { return model.version != default_version(model.id, lwm2m_); }

    Type type_of(const Path& path) const override;
    bool is_multiple(const Path& path) const override;

    // "device/0/battery_level", "/3/0/9", "10340/0", "temperature" or "/": names and ids as one likes, with or without
    // a leading '/'. Numbers need not be known; names must be.
    NameResult<Path> path(std::string_view text) const;
    // The id of a resource of `object` by name or digits.
    NameResult<std::uint16_t> resource(std::uint16_t object, std::string_view name_or_id) const;
    // "device/0/battery_level": what path() reads; ids where no name is known; "/" for the root.
    std::string named(const Path& path) const;

private:
    const ObjectRegistry* registry_;
    Version lwm2m_;
    std::vector<const ObjectModel*> models_;  // by id, each id once
};

}  // namespace lwm2m
