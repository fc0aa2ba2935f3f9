// What an embedded server is told of the OSCORE devices of a fleet.
#pragma once

#include "simulator/engine/secure_fleet.h"
#include "simulator/server/oscore_clients.h"

namespace engine {

// Of the target of the run. The model must outlive it.
server::OscoreDirectory oscore_directory(const FleetModel& model);
// Of the server with these clients, whichever it is. The error is a sentence for the user.
base::Result<server::OscoreDirectory, std::string> oscore_directory(const FleetModel& model,
                                                                    const std::vector<Clients>& clients);

// The same where the fleet is one device.
server::OscoreDirectory oscore_directory(profiles::ResolvedProfilePtr profile,
                                         const profiles::EndpointVariables& device);

// For nonces that must differ from those of every other run; a run in virtual time does without.
std::uint64_t run_entropy();

}  // namespace engine
