// Merge: what `extends` does to two trees.
#pragma once

#include "profiles/diagnostics.h"
#include "profiles/yaml.h"

namespace profiles {

// `over` laid on `base`: maps are merged key by key (those of `base` first, each where it stands), everything else
// replaces. A key `+key` of `over` holds a list, and appends it to the list `key` of `base`. Keys with a '+' are gone
// from the result. A generator takes the place of one of another kind; of the same kind it is merged with it.
Node merge(const Node& base, const Node& over, Diagnostics& diagnostics);

}  // namespace profiles
