#include "simulator/fleet/download.h"

#include <algorithm>

#include "simulator/fleet/firmware.h"
#include "simulator/fleet/firmware_steps.h"
#include "simulator/fleet/software.h"

namespace fleet {
namespace {

using lwm2m::FirmwareResult;
using metrics::Operation;
using profiles::FirmwareFault;

constexpr std::uint64_t unknown_length = 8192;  // a package is taken to be that long where nobody says
constexpr std::size_t longest_label = 64;

void end_transfer(Turn& turn, Firmware& firmware) {
    PackageTransfer& transfer = transfer_of(turn, firmware);
    if (transfer.way == PackageTransfer::Way::pull) drop_pull(turn, transfer);
    turn.timers.cancel(transfer.timer);
    turn.pool.transfers.give_back(firmware.transfer);
    firmware.transfer = base::no_index;
}

}  // namespace

bool has_download(Turn& turn, DeviceId id) {
    const Firmware* const firmware = find_firmware(turn, id);
    return firmware != nullptr && firmware->transfer != base::no_index;
}

PackageTransfer& transfer_of(Turn& turn, const Firmware& firmware) { return turn.pool.transfers[firmware.transfer]; }

const profiles::FirmwareSpec& spec_of(const Turn& turn, DeviceId id, std::optional<std::uint16_t> software) {
    const auto& behaviour = turn.pool.profile(turn.pool[id]).behaviour;
    return software ? behaviour.software : behaviour.firmware;
}

FirmwareFault fault_of(const Turn& turn, DeviceId id, const PackageTransfer& transfer) {
    return profiles::scripted_fault(spec_of(turn, id, transfer.software), turn.pool.seed, turn.index_of(id));
}

PackageTransfer* begin_download(Turn& turn, DeviceId id, Firmware& firmware, PackageTransfer::Way way,
                                std::optional<std::uint16_t> software) {
    if (firmware.transfer != base::no_index) return nullptr;
    firmware.transfer = turn.pool.transfers.take();
    if (firmware.transfer == base::no_index) {
        turn.counters.drop(metrics::Drop::no_slot);
        return nullptr;
    }
    PackageTransfer& transfer = transfer_of(turn, firmware);
    transfer.way = way;
    transfer.software = software;
    transfer.link = id;
    transfer.begun = transfer.paced = turn.now;
    turn.counters.start(Operation::download, turn.pool[id].profile);
    if (software) {
        software_begun(turn, id, *software);
    } else {
        firmware_begun(turn, id, firmware);
    }
    return &transfer;
}

void arm_download(Turn& turn, DeviceId id, PackageTransfer& transfer, base::Time due) {
    turn.timers.cancel(transfer.timer);
    transfer.timer = turn.timers.arm(due, {static_cast<std::uint32_t>(TimerKind::download), id});
    if (transfer.timer == base::no_index) turn.counters.drop(metrics::Drop::no_slot);
}

void take_in(PackageTransfer& transfer, base::Bytes bytes) {
    transfer.digest.update(bytes);
    if (transfer.length < transfer.head.size()) {
        const auto at = static_cast<std::ptrdiff_t>(transfer.length);
        const auto room = transfer.head.size() - static_cast<std::size_t>(transfer.length);
        const auto first = bytes.first(std::min(bytes.size(), room));
        std::copy(first.begin(), first.end(), transfer.head.begin() + at);
    }
    transfer.length += bytes.size();
}

FirmwareResult strike(const Turn& turn, DeviceId id, const PackageTransfer& transfer, bool complete) {
    const auto fault = fault_of(turn, id, transfer);
    const auto whole = static_cast<double>(transfer.announced != 0 ? transfer.announced : unknown_length);
    const double position = profiles::fault_position(turn.pool.seed, turn.index_of(id));
    const bool reached = complete || static_cast<double>(transfer.length) >= position * whole;
    switch (fault) {
        case FirmwareFault::connection_lost: return reached ? FirmwareResult::connection_lost : FirmwareResult::initial;
        case FirmwareFault::storage_full: return reached ? FirmwareResult::no_storage : FirmwareResult::initial;
        case FirmwareFault::out_of_memory: return reached ? FirmwareResult::out_of_memory : FirmwareResult::initial;
        case FirmwareFault::wrong_digest: return complete ? FirmwareResult::integrity_failure : FirmwareResult::initial;
        case FirmwareFault::unsupported_package:
            return complete ? FirmwareResult::unsupported_package : FirmwareResult::initial;
        case FirmwareFault::none:
        case FirmwareFault::etag_changed:
        case FirmwareFault::power_cut:
        case FirmwareFault::boot_loop:
        case FirmwareFault::rollback: break;
    }
    return FirmwareResult::initial;
}

base::Time ready_at(const Turn& turn, DeviceId id, const PackageTransfer& transfer) {
    const double rate = spec_of(turn, id, transfer.software).download_rate;
    if (rate <= 0) return turn.now;
    return transfer.paced + base::from_seconds(static_cast<double>(transfer.length) / rate);
}

void complete_download(Turn& turn, DeviceId id, Firmware& firmware) {
    const PackageTransfer& transfer = transfer_of(turn, firmware);
    if (!transfer.software) remember_firmware(turn, firmware, transfer);
    if (const auto why = strike(turn, id, transfer, true); why != FirmwareResult::initial) {
        fail_download(turn, id, firmware, why);
        return;
    }
    const auto profile = turn.pool[id].profile;
    turn.counters.succeed(Operation::download, profile);
    if (turn.latency.records(Operation::download)) {
        turn.latency.record_success(Operation::download, profile, transfer.begun,
                                    std::max(transfer.begun, transfer.first_sent), turn.now);
    }
    if (transfer.software) {
        software_downloaded(turn, id, *transfer.software, transfer);
        end_transfer(turn, firmware);
    } else {
        end_transfer(turn, firmware);
        firmware_downloaded(turn, id, firmware);
    }
}

void fail_download(Turn& turn, DeviceId id, Firmware& firmware, FirmwareResult why,
                   std::optional<metrics::Cause> cause) {
    const auto profile = turn.pool[id].profile;
    if (cause) {
        turn.counters.fail(Operation::download, profile, *cause, turn.index_of(id));
        if (*cause == metrics::Cause::timeout && turn.latency.records(Operation::download)) {
            turn.latency.record_timeout(Operation::download, profile);
        }
    } else {
        turn.counters.abort(Operation::download, profile);
    }
    const auto software = transfer_of(turn, firmware).software;
    end_transfer(turn, firmware);
    if (software) {
        software_failed(turn, id, *software, why);
    } else {
        firmware_failed(turn, id, firmware, why);
    }
}

void abort_download(Turn& turn, DeviceId id, Firmware& firmware) {
    if (firmware.transfer == base::no_index) return;
    turn.counters.abort(Operation::download, turn.pool[id].profile);
    end_transfer(turn, firmware);
}

base::Digest digest_of(const PackageTransfer& transfer) {
    return transfer.way == PackageTransfer::Way::fetch ? transfer.fetched : transfer.digest.digest();
}

std::string_view label_of(const PackageTransfer& transfer, std::string_view mark) {
    const auto size = std::min<std::size_t>(transfer.length, transfer.head.size());
    std::string_view head = base::as_text(base::Bytes(transfer.head).first(size));
    if (!head.starts_with(mark)) return {};
    head.remove_prefix(mark.size());
    const auto end = head.find('\n');
    const auto blank = head.find(' ');
    if (end == head.npos || end > longest_label || blank == 0 || blank + 1 >= end) return {};
    const auto label = head.substr(0, end);
    const bool printable = std::ranges::all_of(label, [](char c) { return c >= ' ' && c <= '~'; });
    return printable ? label : std::string_view{};
}

std::string_view digest_digits(const base::Digest& digest, std::array<char, 8>& memory) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (std::size_t i = 0; i < memory.size(); ++i) {
        memory[i] = digits[digest[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
    }
    return {memory.data(), memory.size()};
}

void on_download_timer(Turn& turn, DeviceId id) {
    Firmware* const firmware = find_firmware(turn, id);
    CHECK(firmware != nullptr && firmware->transfer != base::no_index);
    PackageTransfer& transfer = transfer_of(turn, *firmware);
    transfer.timer = base::no_index;
    switch (transfer.way) {
        case PackageTransfer::Way::push: on_push_timer(turn, id, *firmware); break;
        case PackageTransfer::Way::pull: on_pull_timer(turn, id, *firmware); break;
        case PackageTransfer::Way::fetch: break;
    }
}

void drop_download(Turn& turn, LinkId link) {
    const DeviceId id = turn.pool.device_of(link);
    Firmware* const firmware = find_firmware(turn, id);
    if (firmware == nullptr || firmware->transfer == base::no_index) return;
    const auto software = transfer_of(turn, *firmware).software;
    if (transfer_of(turn, *firmware).link != link) return;
    abort_download(turn, id, *firmware);
    // Of its firmware the device finds out when it comes up.
    if (software) software_failed(turn, id, *software, FirmwareResult::connection_lost);
}

}  // namespace fleet
