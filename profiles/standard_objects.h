// The objects that every device has, and those that come with what a profile says elsewhere: Security, Server, Access
// Control, Device, Firmware Update, OSCORE; and of each object what is there though nobody names it.
#pragma once

#include "profiles/object_drafts.h"

namespace profiles {

inline constexpr std::uint16_t server_object = 1;
inline constexpr std::uint16_t access_control_object = 2;
inline constexpr std::uint16_t device_object = 3;
inline constexpr std::uint16_t firmware_object = 5;
inline constexpr std::uint16_t software_object = 9;
inline constexpr std::uint16_t oscore_object = 21;
inline constexpr std::uint16_t cose_object = 23;

namespace server_resource {
inline constexpr std::uint16_t short_server_id = 0, lifetime = 1, default_pmin = 2, default_pmax = 3, storing = 6,
                               binding = 7;
}

// Fills in what `objects:` left out, and the servers of the profile that is being made.
void add_standard_objects(const Profile& profile, const ObjectModels& models, ObjectDrafts& drafts,
                          ResolvedProfile& result, Diagnostics& diagnostics);

}  // namespace profiles
