// ObjectModels: the definitions that one profile's objects follow: of the registry, in the versions that the profile
// chooses, and for numbers that it does not have one that is guessed.
#pragma once

#include <memory>
#include <vector>

#include "profiles/diagnostics.h"
#include "profiles/profile.h"
#include "simulator/lwm2m/object_registry.h"

namespace profiles {

class ObjectModels {
public:
    // What is wrong with the versions that the profile states, and what had to be guessed, is reported. `registry` must
    // outlive it.
    ObjectModels(const Profile& profile, const lwm2m::ObjectRegistry& registry, Diagnostics& diagnostics);

    // Null where there is none, which has been reported.
    const lwm2m::ObjectModel* find(std::uint16_t object) const;
    bool is_guessed(std::uint16_t object) const { return selection_.object(object) == nullptr; }
    // Those that were guessed live as long as somebody holds them.
    const std::vector<std::shared_ptr<const lwm2m::ObjectModel>>& guessed() const { return guessed_; }

    const lwm2m::ObjectSelection& selection() const { return selection_; }
    const lwm2m::ObjectRegistry& registry() const { return registry_; }

private:
    lwm2m::VersionChoice choice(const Profile& profile, Diagnostics& diagnostics) const;
    std::string known_versions(std::uint16_t object) const;
    void guess(const Profile& profile, Diagnostics& diagnostics);

    const lwm2m::ObjectRegistry& registry_;
    lwm2m::ObjectSelection selection_;
    std::vector<std::shared_ptr<const lwm2m::ObjectModel>> guessed_;
};

// "0" to "65534".
std::optional<std::uint16_t> parse_object_id(std::string_view text);

}  // namespace profiles
