// What a fleet may ask of DTLS 1.3: what the library at hand can do, and as many sessions as there is room for.
#pragma once

#include <vector>

#include "profiles/diagnostics.h"
#include "profiles/population.h"
#include "scenarios/scenario.h"

namespace engine {

// Do the profile's devices speak it, to some server?
bool speaks_dtls13(const profiles::ResolvedProfile& profile);
// What is wrong goes to `diagnostics`.
void check_dtls13(const profiles::ResolvedProfile& profile, const profiles::Place& place,
                  profiles::Diagnostics& diagnostics);
// Of all profiles of a fleet, in its order.
void check_dtls13(const profiles::Population& population, const std::vector<scenarios::FleetShare>& fleet,
                  profiles::Diagnostics& diagnostics);

}  // namespace engine
