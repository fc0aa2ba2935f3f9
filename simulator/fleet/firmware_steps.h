// FirmwareSteps: the way of a device with object 5 from one state to the next; how a package comes is in download.h.
#pragma once

#include "profiles/firmware_spec.h"
#include "simulator/fleet/firmware_records.h"
#include "simulator/fleet/turn.h"

namespace fleet {

const profiles::FirmwareSpec& firmware_spec(const Turn& turn, DeviceId id);
profiles::FirmwareFault fault_of(const Turn& turn, DeviceId id);

// What the device remembers, if a server has touched its firmware.
Firmware* find_firmware(Turn& turn, DeviceId id);
// The same, made where there is nothing yet; null when the shard has no room.
Firmware* take_firmware(Turn& turn, DeviceId id);

// Moves the state machine: counted, and told to who observes it.
void move_firmware(Turn& turn, DeviceId id, Firmware& firmware, const lwm2m::FirmwareUpdate& to);
void arm_firmware(Turn& turn, DeviceId id, Firmware& firmware, base::Time due);

// What a server asks.
coap::Code reset_firmware(Turn& turn, DeviceId id);
coap::Code cancel_firmware(Turn& turn, DeviceId id);
coap::Code update_firmware(Turn& turn, DeviceId id);
// A package in one piece, whatever it was wrapped in.
coap::Code push_firmware(Turn& turn, DeviceId id, base::Bytes package);
// REQUIRES: Idle, and no download under way.
void pull_firmware(Turn& turn, DeviceId id, std::string_view uri);

// Its download has begun, has all of the package, has come to nothing.
void firmware_begun(Turn& turn, DeviceId id, Firmware& firmware);
void firmware_downloaded(Turn& turn, DeviceId id, Firmware& firmware);
void firmware_failed(Turn& turn, DeviceId id, Firmware& firmware, lwm2m::FirmwareResult why);
// The package is there, good or bad: what is remembered of it.
void remember_firmware(Turn& turn, Firmware& firmware, const PackageTransfer& transfer);

// A package that is one NUL, or nothing: resets the state machine.
constexpr bool is_reset(base::Bytes package) { return package.empty() || (package.size() == 1 && package[0] == 0); }

}  // namespace fleet
