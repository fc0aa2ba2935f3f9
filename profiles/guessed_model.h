// Guessed model: an object that no definition is known of, as far as a profile shows what it is made of.
#pragma once

#include <cstdint>
#include <span>

#include "profiles/diagnostics.h"
#include "profiles/yaml.h"
#include "simulator/lwm2m/object_model.h"

namespace profiles {

// The model of `object`, version 1.0, of several instances, with all resources that `instances` (maps of resources, by
// number) give: a generator, or a number with a point: Float; a whole number: Integer; true and false: Boolean; no
// value: executable; everything else, and what is in quotes: String. A list, or a map of numbers, makes the resource
// multiple. All but the executables can be read and written. A key that is no number is an error: there is no
// definition to find its name in.
lwm2m::ObjectModel guess_model(std::uint16_t object, std::span<const Node> instances, Diagnostics& diagnostics);

}  // namespace profiles
