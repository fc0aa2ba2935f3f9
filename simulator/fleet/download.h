// Download: how a package comes into a device, whichever object it is for: bytes are taken in as they come, digested
// and forgotten, until the package is there or the download has come to nothing. A device has one at a time.
//
// Object 5 has its packages pushed (firmware_push.cpp), objects 5 and 9 have them pulled (package_pull.cpp). What
// becomes of a package is theirs to know: firmware_steps.h and software.h.
#pragma once

#include "profiles/firmware_spec.h"
#include "simulator/fleet/firmware_records.h"
#include "simulator/fleet/turn.h"

namespace fleet {

// Is one under way?
bool has_download(Turn& turn, DeviceId id);
// REQUIRES: one is.
PackageTransfer& transfer_of(Turn& turn, const Firmware& firmware);

// What the profile says of downloads for the object that it is for.
const profiles::FirmwareSpec& spec_of(const Turn& turn, DeviceId id, std::optional<std::uint16_t> software);
profiles::FirmwareFault fault_of(const Turn& turn, DeviceId id, const PackageTransfer& transfer);

// Begins one, and says so to the object that it is for. Null when the shard has no room or another is under way, and
// nothing has happened. REQUIRES: the object takes a package.
PackageTransfer* begin_download(Turn& turn, DeviceId id, Firmware& firmware, PackageTransfer::Way way,
                                std::optional<std::uint16_t> software = {});
void arm_download(Turn& turn, DeviceId id, PackageTransfer& transfer, base::Time due);
// The next bytes of the package.
void take_in(PackageTransfer& transfer, base::Bytes bytes);
// What the script has against what came so far; `initial` where it has nothing.
lwm2m::FirmwareResult strike(const Turn& turn, DeviceId id, const PackageTransfer& transfer, bool complete);
// When the device has dealt with what came so far.
base::Time ready_at(const Turn& turn, DeviceId id, const PackageTransfer& transfer);
// The whole package has come: it is there, or what the script says.
void complete_download(Turn& turn, DeviceId id, Firmware& firmware);
// Ends it with that result, in the numbers of object 5. Without a cause it was the device that gave up.
void fail_download(Turn& turn, DeviceId id, Firmware& firmware, lwm2m::FirmwareResult why,
                   std::optional<metrics::Cause> cause = {});
// Ends it without a word: the caller moves the state.
void abort_download(Turn& turn, DeviceId id, Firmware& firmware);

// Of a package that is there.
base::Digest digest_of(const PackageTransfer& transfer);
// "NAME VERSION" where its first line is that behind the mark; empty for any other. Valid as long as the transfer.
std::string_view label_of(const PackageTransfer& transfer, std::string_view mark);
// The version of a package that says none: the first 8 digits of its digest.
std::string_view digest_digits(const base::Digest& digest, std::array<char, 8>& memory);

// Begins to fetch what is at the URI. Why it does not, in the numbers of object 5; `initial` where it does.
// REQUIRES: the object takes a package, and no download is under way.
lwm2m::FirmwareResult begin_pull(Turn& turn, DeviceId id, std::string_view uri,
                                 std::optional<std::uint16_t> software = {});

// The timer of a download, by how it goes.
void on_push_timer(Turn& turn, DeviceId id, Firmware& firmware);
void on_pull_timer(Turn& turn, DeviceId id, Firmware& firmware);
// Gives up what the download has under way: its exchange and its URI.
void drop_pull(Turn& turn, PackageTransfer& transfer);

}  // namespace fleet
