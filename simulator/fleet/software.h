// Software: what becomes of the package that an instance of object 9 downloads (object_software.cpp). An instance that
// has gone meanwhile takes no notice.
#pragma once

#include "simulator/fleet/firmware_records.h"
#include "simulator/fleet/turn.h"

namespace fleet {

void software_begun(Turn& turn, DeviceId id, std::uint16_t instance);
// The package is all there, and its digest right. Nothing is kept of it but what it calls itself.
void software_downloaded(Turn& turn, DeviceId id, std::uint16_t instance, const PackageTransfer& transfer);
void software_failed(Turn& turn, DeviceId id, std::uint16_t instance, lwm2m::FirmwareResult why);

}  // namespace fleet
