// Object loader: the built-in object catalogue, and the objects that users bring: OMA's XML format (LWM2M.xsd,
// LWM2M-v1_1.xsd) or our YAML.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "profiles/diagnostics.h"
#include "simulator/lwm2m/object_registry.h"

namespace profiles {

// The catalogue of profiles/objects, which is part of the program. Read at the first call; lives as long as the
// process; any thread may call.
const lwm2m::ObjectRegistry& builtin_objects();

// Adds the objects of each path to `registry`: a file (.xml, .yaml or .yml), or a folder with all such files in it and
// below. In a folder, files that define no object are passed over. A definition takes the place of a built-in one of
// the same version; two different ones for one version among `paths` are an error. What is wrong goes to `diagnostics`;
// the rest is added all the same.
void load_objects(std::span<const std::string> paths, lwm2m::ObjectRegistry& registry, Diagnostics& diagnostics);

// Reads the definitions in an XML text; `name` stands for the file in messages. Free in its form as the files of the
// registry are: white space, empty versions (1.0), ranges in words. Refuses more than 4 MiB, 32 levels, ids that are
// missing, wrong or there twice.
std::vector<lwm2m::ObjectModel> read_objects_xml(std::string text, std::string name, Diagnostics& diagnostics);

}  // namespace profiles
