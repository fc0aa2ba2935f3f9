// Computed resources: those whose value a device works out by itself where its profile gives none (fleet/behaviour.h
// says how), and the executable ones that come with them.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "simulator/lwm2m/object_model.h"

namespace profiles {

// Is it computed where the profile names it without a value?
bool is_computed(const lwm2m::ObjectModel& object, std::uint16_t resource);

// What an instance has though its profile does not name it: computed and executable resources, without those that the
// definition lacks in this version. `has` says which resources the instance has otherwise. `without:` leaves them out.
std::vector<std::uint16_t> provided(const lwm2m::ObjectModel& object, const std::function<bool(std::uint16_t)>& has);

}  // namespace profiles
