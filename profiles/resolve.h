// Resolve: from a Profile to a ResolvedProfile: names become ids, values get their types, and what every device has is
// filled in.
#pragma once

#include "profiles/diagnostics.h"
#include "profiles/profile.h"
#include "profiles/profile_loader.h"
#include "profiles/resolved_profile.h"
#include "simulator/lwm2m/object_registry.h"

namespace profiles {

// The resources that a profile may have in all; a range of instances (temperature/0-99) counts each.
inline constexpr std::size_t resource_cap = 20'000;

// Everything wrong is reported; nothing is returned unless all is right. `registry` must outlive the result.
//
// Filled in: server/0 with short server id 123, the lifetime and binding of `lwm2m:`; device/0 with a manufacturer, the
// profile's name as model number, no error, and a Reboot; of every object named, executable resources that are
// mandatory, and for other mandatory ones a plain value of their type (with a warning, except in objects 1 and 3).
ResolvedProfilePtr resolve(const Profile& profile, const lwm2m::ObjectRegistry& registry, Diagnostics& diagnostics);

// The whole way from a name or a file (profile_loader.h) to a resolved profile; nothing is returned unless all is
// right.
ResolvedProfilePtr load_resolved(const std::string& reference, const ProfileCatalog& catalog,
                                 const lwm2m::ObjectRegistry& registry, Diagnostics& diagnostics,
                                 const YamlOptions& options = {}, const Place& from = {});

// "Float", "Unsigned Integer": as the OMA registry writes it.
std::string_view registry_name(lwm2m::Type type);

}  // namespace profiles
