// Object YAML: the definition of a LwM2M object in our own short form; profiles/objects/README.md describes it.
#pragma once

#include <vector>

#include "profiles/yaml.h"
#include "simulator/lwm2m/object_model.h"

namespace profiles {

// Reads one object, or a list of them, with all their versions. Whatever is wrong goes to `diagnostics`; a version that
// has an error is left out.
std::vector<lwm2m::ObjectModel> read_objects(const Node& root, Diagnostics& diagnostics);

}  // namespace profiles
