#include "simulator/server/object_list.h"

#include <algorithm>
#include <array>

namespace server {
namespace {

// Objects of sensors whose 5700, Sensor Value, is mandatory: what is known without a catalogue.
bool has_sensor_value(std::uint16_t object) {
    return (object >= 3300 && object <= 3301) || (object >= 3303 && object <= 3305) ||
           (object >= 3315 && object <= 3330) || object == 3346;
}

bool telling(lwm2m::Type type) {
    switch (type) {
        case lwm2m::Type::integer:
        case lwm2m::Type::unsigned_integer:
        case lwm2m::Type::floating:
        case lwm2m::Type::boolean:
        case lwm2m::Type::time: return true;
        case lwm2m::Type::none:
        case lwm2m::Type::string:
        case lwm2m::Type::opaque:
        case lwm2m::Type::objlnk:
        case lwm2m::Type::corelnk: return false;
    }
    return false;
}

// The smaller, the rather observed: sensors and what else lies above the core objects, the location, the device itself.
int rank(std::uint16_t object) {
    if (has_sensor_value(object)) return 0;
    if (object >= 500) return 1;
    return object == 6 ? 2 : object == 3 ? 3 : 4;
}

constexpr std::uint16_t sensor_value = 5700;
constexpr int ranks = 4;

}  // namespace

bool ObjectList::has(const lwm2m::Path& path) const {
    if (path.depth == 0) return true;
    const auto within = path.prefix(2);
    const auto at = std::lower_bound(instances.begin(), instances.end(), within);
    return at != instances.end() && within.contains(*at);
}

base::Result<std::uint32_t> ObjectLists::acquire(std::string_view text) {
    if (const auto* known = by_text_.find(text)) {
        ++lists_[*known]->users;
        return *known;
    }
    auto list = read(text);
    if (!list) return tl::unexpected(list.error());
    std::uint32_t index = static_cast<std::uint32_t>(lists_.size());
    if (free_.empty()) {
        lists_.emplace_back();
    } else {
        index = free_.back();
        free_.pop_back();
    }
    lists_[index] = std::move(*list);
    lists_[index]->users = 1;
    by_text_.insert(lists_[index]->text, index);
    return index;
}

void ObjectLists::release(std::uint32_t index) {
    if (--lists_[index]->users > 0) return;
    by_text_.erase(lists_[index]->text);
    lists_[index].reset();
    free_.push_back(index);
}

base::Result<std::unique_ptr<ObjectList>> ObjectLists::read(std::string_view text) const {
    if (text.empty()) return base::fail("a Register without objects");
    auto list = std::make_unique<ObjectList>();
    list->text = text;
    const auto registered = lwm2m::parse_registration(list->text);
    if (!registered) return tl::unexpected(registered.error());
    if (registered->objects.empty()) return base::fail("a Register without objects");
    list->prefix = registered->prefix;
    list->formats = registered->formats;
    for (const auto& object : registered->objects) {
        list->instances.push_back(object.path);
        // What is no version is not understood, and an object not understood is not refused (Core 1.1.1, 6.2.1).
        const auto version = lwm2m::parse_version(object.version);
        if (version) list->versions.emplace_back(object.path.object(), *version);
    }
    std::sort(list->instances.begin(), list->instances.end());
    for (std::uint32_t i = 0; i < actions_.actions.size(); ++i) {
        const auto& action = actions_.actions[i];
        const bool has = action.paths.empty() ? list->has(action.path)
                                              : std::any_of(action.paths.begin(), action.paths.end(),
                                                            [&](const lwm2m::Path& path) { return list->has(path); });
        if (has) list->actions.push_back(i);
    }
    if (actions_.observe_defaults) list->default_observation = choose_observation(*list);
    return list;
}

std::optional<lwm2m::Path> ObjectLists::choose_observation(const ObjectList& list) const {
    for (int wanted = 0; wanted < ranks; ++wanted) {
        for (const auto& instance : list.instances) {
            if (instance.depth != 2 || rank(instance.object()) != wanted) continue;
            if (const auto path = telling_resource(instance, list)) return path;
        }
    }
    return std::nullopt;
}

// A readable resource that every instance of the object has, and whose value may change.
std::optional<lwm2m::Path> ObjectLists::telling_resource(const lwm2m::Path& instance, const ObjectList& list) const {
    const auto object = instance.object();
    if (has_sensor_value(object)) return instance.child(sensor_value);
    if (object == 6) return instance.child(0);   // latitude
    if (object == 3) return instance.child(16);  // supported bindings: hardly lively, but mandatory
    if (objects_ == nullptr) return std::nullopt;
    const auto stated = std::find_if(list.versions.begin(), list.versions.end(),
                                     [&](const auto& version) { return version.first == object; });
    const auto* model = stated == list.versions.end() ? nullptr : objects_->find(object, stated->second);
    if (model == nullptr) model = objects_->newest(object);
    if (model == nullptr) return std::nullopt;
    const auto& resources = model->resources;
    const auto found = std::find_if(resources.begin(), resources.end(), [](const lwm2m::ResourceModel& resource) {
        return resource.mandatory && resource.operations.read && telling(resource.type);
    });
    if (found == resources.end()) return std::nullopt;
    return instance.child(found->id);
}

}  // namespace server
