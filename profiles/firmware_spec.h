// FirmwareSpec: how the devices of a profile update their firmware, and which of them fail in which way: by seed and
// index alone, so that what a report says can be compared with what was meant.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "simulator/base/units.h"
#include "simulator/lwm2m/firmware_update.h"

namespace profiles {

// What goes wrong with a device's updates, each time.
enum class FirmwareFault : std::uint8_t {
    none,
    connection_lost,      // somewhere in the download: result 4
    etag_changed,         // somewhere in a download by CoAP; does nothing to a package that is pushed
    wrong_digest,         // when the package is there: result 5
    storage_full,         // somewhere in the download: result 2
    out_of_memory,        // the same: result 3
    unsupported_package,  // when the package is there: result 6
    power_cut,            // while it is installed: the old version runs, the package is still there; result 8
    boot_loop,            // the new version registers and dies, three times; then the old one runs, result 8
    rollback,             // the new version is found wanting: the old one runs, result 8
};
inline constexpr std::array<std::string_view, 10> firmware_fault_names{
    "none",          "connection_lost",     "etag_changed", "wrong_digest", "storage_full",
    "out_of_memory", "unsupported_package", "power_cut",    "boot_loop",    "rollback"};
inline constexpr std::size_t firmware_fault_count = firmware_fault_names.size();
constexpr std::string_view name(FirmwareFault fault) { return firmware_fault_names[static_cast<std::size_t>(fault)]; }

// What to do when the package on its server changes while it is being downloaded (RFC 7959 2.4).
enum class EtagChange : std::uint8_t { restart, fail };

// /5/0/9
enum class FirmwareDelivery : std::uint8_t { pull, push, both };

// /5/0/8
enum class FirmwareProtocol : std::uint8_t { coap, coaps, http, https, coap_tcp, coaps_tcp };

struct FirmwareSpec {
    bool behaves = false;      // the device has an object 5 that is more than data
    double download_rate = 0;  // bytes a second that a device takes in; 0: as they come
    base::DurationSpec apply = base::Duration(std::chrono::seconds(5));   // in state Updating, before the reboot
    base::DurationSpec reboot = base::Duration(std::chrono::seconds(2));  // away
    std::uint64_t storage = 16u << 20;                                    // bytes: the longest package
    std::string version;  // that a device has after an update; empty: what the package says
    EtagChange etag_change = EtagChange::restart;
    double defer = 0;  // share of devices whose user says: later
    base::DurationSpec defer_for = base::Duration(std::chrono::minutes(10));
    std::array<double, firmware_fault_count> faults{};  // share of devices; [none] counts nothing
    FirmwareDelivery delivery = FirmwareDelivery::both;
    std::uint8_t protocols = 0;  // bit 1 << FirmwareProtocol

    bool speaks(FirmwareProtocol protocol) const { return (protocols >> static_cast<unsigned>(protocol) & 1) != 0; }
};

// `device` is the device's index in the fleet.
FirmwareFault scripted_fault(const FirmwareSpec& spec, std::uint64_t seed, std::uint64_t device);
// Where in the package the fault strikes, as a share of its length: 0.1 to 0.9.
double fault_position(std::uint64_t seed, std::uint64_t device);
bool defers(const FirmwareSpec& spec, std::uint64_t seed, std::uint64_t device);

enum class FirmwareWay : std::uint8_t { push, pull };
// What /5/0/3 and /5/0/5 say in the end when a server gives the device a package that fits, executes Update once where
// it got so far, and nothing else goes wrong.
lwm2m::FirmwareUpdate scripted_end(const FirmwareSpec& spec, std::uint64_t seed, std::uint64_t device, FirmwareWay way);

}  // namespace profiles
