// FirmwareSteps: what the ways to a new firmware have in common: beginning a download, taking bytes in, the end of it,
// and the update.
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
// Its download; REQUIRES: one is under way.
FirmwareTransfer& transfer_of(Turn& turn, const Firmware& firmware);

// Moves the state machine: counted, and told to who observes it.
void move_firmware(Turn& turn, DeviceId id, Firmware& firmware, const lwm2m::FirmwareUpdate& to);
void arm_firmware(Turn& turn, DeviceId id, Firmware& firmware, base::Time due);

// Begins a download; the state is Downloading then. Null when the shard has no room, and nothing has happened.
// REQUIRES: Idle.
FirmwareTransfer* begin_download(Turn& turn, DeviceId id, Firmware& firmware, FirmwareTransfer::Way way);
// The next bytes of the package.
void take_in(FirmwareTransfer& transfer, base::Bytes bytes);
// What the script has against what came so far; `initial` where it has nothing.
lwm2m::FirmwareResult strike(const Turn& turn, DeviceId id, const FirmwareTransfer& transfer, bool complete);
// When the device has dealt with what came so far.
base::Time ready_at(const Turn& turn, DeviceId id, const FirmwareTransfer& transfer);
// The whole package has come: Downloaded, or what the script says.
void complete_download(Turn& turn, DeviceId id, Firmware& firmware);
// Ends the download in Idle with that result. Without a cause it was the device that gave up.
void fail_download(Turn& turn, DeviceId id, Firmware& firmware, lwm2m::FirmwareResult why,
                   std::optional<metrics::Cause> cause = {});
// Ends it without a word: the caller moves the state.
void abort_download(Turn& turn, DeviceId id, Firmware& firmware);

// What a server asks.
coap::Code reset_firmware(Turn& turn, DeviceId id);
coap::Code cancel_firmware(Turn& turn, DeviceId id);
coap::Code update_firmware(Turn& turn, DeviceId id);
// A package in one piece, whatever it was wrapped in.
coap::Code push_firmware(Turn& turn, DeviceId id, base::Bytes package);
// REQUIRES: Idle.
void pull_firmware(Turn& turn, DeviceId id, std::string_view uri);

// The timer of a download.
void on_push_timer(Turn& turn, DeviceId id, Firmware& firmware);
void on_pull_timer(Turn& turn, DeviceId id, Firmware& firmware);
// Gives up what the download has under way: its exchange and its URI.
void drop_pull(Turn& turn, FirmwareTransfer& transfer);

// A package that is one NUL, or nothing: resets the state machine.
constexpr bool is_reset(base::Bytes package) { return package.empty() || (package.size() == 1 && package[0] == 0); }

}  // namespace fleet
