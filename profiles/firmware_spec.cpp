#include "profiles/firmware_spec.h"

#include "simulator/base/random.h"

namespace profiles {
namespace {

// The draws of a device's firmware: their numbers are part of "same seed, same run".
enum Draw : std::uint64_t { fault_draw = 0, position_draw = 1, defer_draw = 2 };

double unit(std::uint64_t seed, std::uint64_t device, Draw draw) {
    return base::to_unit(base::draw(seed, device, base::Stream::firmware, draw));
}

}  // namespace

FirmwareFault scripted_fault(const FirmwareSpec& spec, std::uint64_t seed, std::uint64_t device) {
    double left = unit(seed, device, fault_draw);
    for (std::size_t fault = 1; fault < firmware_fault_count; ++fault) {
        if (left < spec.faults[fault]) return static_cast<FirmwareFault>(fault);
        left -= spec.faults[fault];
    }
    return FirmwareFault::none;
}

double fault_position(std::uint64_t seed, std::uint64_t device) {
    return 0.1 + 0.8 * unit(seed, device, position_draw);
}

bool defers(const FirmwareSpec& spec, std::uint64_t seed, std::uint64_t device) {
    return unit(seed, device, defer_draw) < spec.defer;
}

lwm2m::FirmwareUpdate scripted_end(const FirmwareSpec& spec, std::uint64_t seed, std::uint64_t device,
                                   FirmwareWay way) {
    using enum lwm2m::FirmwareState;
    using enum lwm2m::FirmwareResult;
    switch (scripted_fault(spec, seed, device)) {
        case FirmwareFault::none: break;
        case FirmwareFault::connection_lost: return {idle, connection_lost};
        case FirmwareFault::etag_changed:
            if (way == FirmwareWay::pull && spec.etag_change == EtagChange::fail) return {idle, connection_lost};
            break;
        case FirmwareFault::wrong_digest: return {idle, integrity_failure};
        case FirmwareFault::storage_full: return {idle, no_storage};
        case FirmwareFault::out_of_memory: return {idle, out_of_memory};
        case FirmwareFault::unsupported_package: return {idle, unsupported_package};
        case FirmwareFault::power_cut: return {downloaded, update_failed};
        case FirmwareFault::boot_loop:
        case FirmwareFault::rollback: return {idle, update_failed};
    }
    return {idle, success};
}

}  // namespace profiles
