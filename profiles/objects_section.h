// The `objects:` of a profile: what it says of its instances and resources becomes drafts.
#pragma once

#include "profiles/object_drafts.h"

namespace profiles {

// Everything wrong is reported. Generators go to the profile that is being made.
void read_objects(const Profile& profile, const ObjectModels& models, ObjectDrafts& drafts, ResolvedProfile& result,
                  Diagnostics& diagnostics);

}  // namespace profiles
