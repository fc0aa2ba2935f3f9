// Link list: the objects of a device as its Register and Update tell them (Core 1.1.1, 6.2.1; RFC 6690).
#pragma once

#include <string>

#include "profiles/resolved_profile.h"
#include "simulator/lwm2m/object_registry.h"

namespace profiles {

// `</>;rt="oma.lwm2m";ct="60 112 11542",</1/0>,</3/0>,</3303>;ver=1.1,</3303/0>`. The root link is left out for
// LwM2M 1.0 (its servers know TLV and text), `ver` where the version is the one that the server assumes. Objects 0, 21
// and 23 are never told.
std::string link_list(const ResolvedProfile& profile, const lwm2m::ObjectSelection& selection);

}  // namespace profiles
