// What an embedded server is told of the OSCORE devices of a fleet.
#pragma once

#include "profiles/oscore_fleet.h"
#include "simulator/server/oscore_clients.h"

namespace engine {

// Empty where there is no such fleet, which must outlive the directory.
server::OscoreDirectory oscore_directory(const profiles::OscoreFleet* fleet);

// The same where the fleet is one device.
server::OscoreDirectory oscore_directory(profiles::ResolvedProfilePtr profile,
                                         const profiles::EndpointVariables& device);

// For nonces that must differ from those of every other run; a run in virtual time does without.
std::uint64_t run_entropy();

}  // namespace engine
