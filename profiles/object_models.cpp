#include "profiles/object_models.h"

#include <charconv>
#include <map>

#include <fmt/format.h>

#include "profiles/guessed_model.h"

namespace profiles {
namespace {

using lwm2m::ObjectModel;

lwm2m::Version protocol_version(Lwm2mVersion version) {
    switch (version) {
        case Lwm2mVersion::v1_0: return {1, 0};
        case Lwm2mVersion::v1_1: return {1, 1};
        case Lwm2mVersion::v1_2: return {1, 2};
    }
    return {1, 1};
}

}  // namespace

std::optional<std::uint16_t> parse_object_id(std::string_view text) {
    unsigned id = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc{} || stop != text.data() + text.size() || id > lwm2m::max_id) return std::nullopt;
    return static_cast<std::uint16_t>(id);
}

ObjectModels::ObjectModels(const Profile& profile, const lwm2m::ObjectRegistry& registry, Diagnostics& diagnostics)
    : registry_(registry), selection_(registry, choice(profile, diagnostics)) {
    guess(profile, diagnostics);
}

// The versions that the profile states, before anything else is looked up.
lwm2m::VersionChoice ObjectModels::choice(const Profile& profile, Diagnostics& diagnostics) const {
    lwm2m::VersionChoice choice;
    choice.lwm2m = protocol_version(profile.lwm2m.version);
    for (const Node::Entry& entry : profile.lwm2m.object_versions) {
        const auto id = registry_.object(entry.key);
        const auto version = lwm2m::parse_version(entry.value.text());
        if (!id) {
            diagnostics.error(entry.place, id.error().message);
        } else if (!version) {
            diagnostics.error(entry.value.place(), fmt::format("'{}' is not a version", printable(entry.value.text())),
                              "try \"1.1\"");
        } else if (registry_.find(*id, *version) == nullptr) {
            diagnostics.error(entry.value.place(),
                              fmt::format("object {} is not known in version {}", *id, lwm2m::to_string(*version)),
                              known_versions(*id));
        } else {
            choice.stated.emplace_back(*id, *version);
        }
    }
    return choice;
}

std::string ObjectModels::known_versions(std::uint16_t object) const {
    std::string list;
    for (const ObjectModel* model : registry_.versions(object)) {
        list += (list.empty() ? "there are: " : ", ") + lwm2m::to_string(model->version);
    }
    return list;
}

// Objects by number that the catalogue does not have: their models are guessed from all that the profile says of
// them.
void ObjectModels::guess(const Profile& profile, Diagnostics& diagnostics) {
    std::map<std::uint16_t, std::vector<Node>> unknown;
    for (const Node::Entry& entry : profile.objects) {
        std::string_view key = entry.key;
        if (key.starts_with('/')) key.remove_prefix(1);
        const auto id = parse_object_id(key.substr(0, key.find('/')));
        if (!id || selection_.object(*id) != nullptr) continue;
        if (!unknown.contains(*id)) {
            diagnostics.warning(entry.place,
                                fmt::format("object {} is not in the catalogue: its types are guessed", *id));
        }
        unknown[*id].push_back(entry.value);
    }
    for (const auto& [id, instances] : unknown) {
        guessed_.push_back(std::make_shared<const ObjectModel>(guess_model(id, instances, diagnostics)));
    }
}

const ObjectModel* ObjectModels::find(std::uint16_t object) const {
    if (const ObjectModel* known = selection_.object(object)) return known;
    for (const auto& guessed : guessed_) {
        if (guessed->id == object) return guessed.get();
    }
    return nullptr;
}

}  // namespace profiles
