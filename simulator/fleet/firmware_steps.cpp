#include "simulator/fleet/firmware_steps.h"

#include <fmt/format.h>

#include "simulator/fleet/device_tree.h"
#include "simulator/fleet/download.h"
#include "simulator/fleet/firmware.h"
#include "simulator/fleet/life.h"
#include "simulator/fleet/reporting.h"

namespace fleet {
namespace {

using coap::Code;
using lwm2m::FirmwareResult;
using lwm2m::FirmwareState;
using lwm2m::Path;
using lwm2m::ValueView;
using metrics::Operation;
using profiles::FirmwareFault;

const Path state(5, 0, 3), result(5, 0, 5), package_name(5, 0, 6), package_version(5, 0, 7);
const Path severity(5, 0, 11), state_change_time(5, 0, 12), maximum_defer_period(5, 0, 13), automatic_upgrade(5, 0, 14);
const Path firmware_version(3, 0, 3);

constexpr std::uint8_t boots_of_a_loop = 3;

// The draws beside those of profiles/firmware_spec.cpp.
constexpr std::uint64_t apply_draw = 16, reboot_draw = 17, defer_draw = 18;

metrics::Counters::Firmware place_of(const lwm2m::FirmwareUpdate& machine) {
    return {static_cast<std::size_t>(machine.state), static_cast<std::size_t>(machine.result)};
}

// The version that the device has after an update with the package.
std::string_view version_of(Turn& turn, DeviceId id, const Firmware& firmware, std::array<char, 8>& memory) {
    const std::string& given = firmware_spec(turn, id).version;
    if (!given.empty()) return given;
    const auto label = base::as_text(turn.pool.bytes.view(firmware.label));
    if (!label.empty()) return label.substr(label.find(' ') + 1);
    return digest_digits(firmware.digest, memory);
}

// /5/0/6 and /5/0/7 speak of the package that is there; without one of the version that runs.
void show_package(Turn& turn, DeviceId id, const Firmware* firmware) {
    DeviceTree tree(turn, id);
    std::array<char, 8> memory;
    const auto show = [&](const Path& path, std::string_view text) {
        if (!tree.exists(path) || base::as_text(tree.read(path).bytes) == text) return;
        (void)tree.keep(path, ValueView::of_string(text));
        on_written(turn, id, path);
    };
    if (firmware == nullptr) {
        const auto running = tree.read(firmware_version);
        const std::string text(base::as_text(running.bytes));
        show(package_version, text);
        return;
    }
    const auto label = base::as_text(turn.pool.bytes.view(firmware->label));
    show(package_name, label.substr(0, label.find(' ')));
    show(package_version, version_of(turn, id, *firmware, memory));
}

base::Duration drawn(const Turn& turn, DeviceId id, const base::DurationSpec& spec, std::uint64_t number) {
    return spec.at(turn.unit(id, base::Stream::firmware, number));
}

// Core 1.1.1, E.6: a user may put off what is not critical, where a period for that is not 0.
bool may_defer(Turn& turn, DeviceId id) {
    const DeviceTree tree(turn, id);
    const auto* const model = tree.object(5);
    if (model == nullptr || model->find(maximum_defer_period.resource()) == nullptr) return false;
    const auto urgency = tree.read(severity);
    const auto period = tree.read(maximum_defer_period);
    if (urgency.type != lwm2m::Type::none && lwm2m::to_number(urgency) == 0) return false;
    return period.type == lwm2m::Type::none || lwm2m::to_number(period) > 0;
}

base::Duration deferral(Turn& turn, DeviceId id) {
    const auto wanted = drawn(turn, id, firmware_spec(turn, id).defer_for, defer_draw);
    const auto period = DeviceTree(turn, id).read(maximum_defer_period);
    if (period.type == lwm2m::Type::none) return wanted;
    return std::min(wanted, base::from_seconds(lwm2m::to_number(period)));
}

void begin_update(Turn& turn, DeviceId id, Firmware& firmware) {
    auto to = firmware.machine;
    if (to.update() != Code::changed) return;
    firmware.boots = 0;
    move_firmware(turn, id, firmware, to);
    auto apply = drawn(turn, id, firmware_spec(turn, id).apply, apply_draw);
    if (fault_of(turn, id) == FirmwareFault::power_cut) apply /= 2;
    arm_firmware(turn, id, firmware, turn.now + apply);
}

// The package has been installed, as far as it gets: the device goes down, and comes up with what became of it.
void restart(Turn& turn, DeviceId id, Firmware& firmware) {
    const auto away = drawn(turn, id, firmware_spec(turn, id).reboot, reboot_draw);
    power_cycle(turn, id, away);
    auto to = firmware.machine;
    switch (fault_of(turn, id)) {
        case FirmwareFault::power_cut:
            to.update_failed(FirmwareResult::update_failed, FirmwareState::downloaded);
            break;
        case FirmwareFault::boot_loop:
            if (++firmware.boots < boots_of_a_loop) {
                // It registers, and dies again.
                arm_firmware(turn, id, firmware, turn.now + 2 * away + std::chrono::seconds(1));
                return;
            }
            [[fallthrough]];
        case FirmwareFault::rollback:
            to.update_failed(FirmwareResult::update_failed, FirmwareState::idle);
            show_package(turn, id, nullptr);
            break;
        case FirmwareFault::none:
        case FirmwareFault::connection_lost:
        case FirmwareFault::etag_changed:
        case FirmwareFault::wrong_digest:
        case FirmwareFault::storage_full:
        case FirmwareFault::out_of_memory:
        case FirmwareFault::unsupported_package: {
            to.updated();
            std::array<char, 8> memory;
            const auto version = version_of(turn, id, firmware, memory);
            (void)DeviceTree(turn, id).keep(firmware_version, ValueView::of_string(version));
            break;
        }
    }
    move_firmware(turn, id, firmware, to);
}

// Ends its download without a word, if it has one: the caller moves the state.
void abort_firmware(Turn& turn, DeviceId id, Firmware& firmware) {
    if (firmware.transfer == base::no_index || transfer_of(turn, firmware).software) return;
    abort_download(turn, id, firmware);
}

}  // namespace

const profiles::FirmwareSpec& firmware_spec(const Turn& turn, DeviceId id) {
    return turn.pool.profile(turn.pool[id]).behaviour.firmware;
}

FirmwareFault fault_of(const Turn& turn, DeviceId id) {
    return profiles::scripted_fault(firmware_spec(turn, id), turn.pool.seed, turn.index_of(id));
}

Firmware* find_firmware(Turn& turn, DeviceId id) {
    const auto index = turn.pool[id].firmware;
    return index == base::no_index ? nullptr : &turn.pool.firmware[index];
}

Firmware* take_firmware(Turn& turn, DeviceId id) {
    Device& device = turn.pool[id];
    if (device.firmware == base::no_index) device.firmware = turn.pool.firmware.take();
    if (device.firmware == base::no_index) turn.counters.drop(metrics::Drop::no_slot);
    return find_firmware(turn, id);
}

void move_firmware(Turn& turn, DeviceId id, Firmware& firmware, const lwm2m::FirmwareUpdate& to) {
    const auto from = firmware.machine;
    firmware.machine = to;
    turn.counters.move_firmware(place_of(from), place_of(to));
    if (from.state != to.state) {
        firmware.changed = turn.now;
        on_written(turn, id, state);
        on_written(turn, id, state_change_time);
    }
    if (from.result != to.result) on_written(turn, id, result);
}

void arm_firmware(Turn& turn, DeviceId id, Firmware& firmware, base::Time due) {
    turn.timers.cancel(firmware.timer);
    firmware.timer = turn.timers.arm(due, {static_cast<std::uint32_t>(TimerKind::firmware), id});
    if (firmware.timer == base::no_index) turn.counters.drop(metrics::Drop::no_slot);
}

void firmware_begun(Turn& turn, DeviceId id, Firmware& firmware) {
    auto to = firmware.machine;
    CHECK(to.download() == Code::changed);
    firmware.deferred = false;
    firmware.pushed = 0;
    move_firmware(turn, id, firmware, to);
}

void remember_firmware(Turn& turn, Firmware& firmware, const PackageTransfer& transfer) {
    firmware.length = transfer.length;
    firmware.pushed = transfer.receiver.length();
    firmware.digest = digest_of(transfer);
    turn.pool.bytes.release(firmware.label);
    firmware.label = turn.pool.bytes.keep(base::as_bytes(label_of(transfer, "firmware ")));
}

void firmware_downloaded(Turn& turn, DeviceId id, Firmware& firmware) {
    auto to = firmware.machine;
    to.downloaded();
    move_firmware(turn, id, firmware, to);
    show_package(turn, id, &firmware);
    const auto automatic = DeviceTree(turn, id).read(automatic_upgrade);
    if (automatic.type == lwm2m::Type::boolean && automatic.boolean) (void)update_firmware(turn, id);
}

void firmware_failed(Turn& turn, DeviceId id, Firmware& firmware, FirmwareResult why) {
    auto to = firmware.machine;
    to.download_failed(why);
    move_firmware(turn, id, firmware, to);
}

Code reset_firmware(Turn& turn, DeviceId id) {
    Firmware* const firmware = find_firmware(turn, id);
    if (firmware == nullptr) return Code::changed;
    auto to = firmware->machine;
    if (const auto code = to.reset(); code != Code::changed) return code;
    abort_firmware(turn, id, *firmware);
    turn.timers.cancel(firmware->timer);
    if (firmware->machine.state == FirmwareState::downloaded) show_package(turn, id, nullptr);
    move_firmware(turn, id, *firmware, to);
    return Code::changed;
}

Code cancel_firmware(Turn& turn, DeviceId id) {
    Firmware* const firmware = find_firmware(turn, id);
    if (firmware == nullptr) return Code::method_not_allowed;
    auto to = firmware->machine;
    if (const auto code = to.cancel(); code != Code::changed) return code;
    abort_firmware(turn, id, *firmware);
    turn.timers.cancel(firmware->timer);
    if (firmware->machine.state == FirmwareState::downloaded) show_package(turn, id, nullptr);
    move_firmware(turn, id, *firmware, to);
    return Code::changed;
}

Code update_firmware(Turn& turn, DeviceId id) {
    Firmware* const firmware = find_firmware(turn, id);
    if (firmware == nullptr) return Code::method_not_allowed;
    auto to = firmware->machine;
    const bool asked = to.state == FirmwareState::downloaded && !firmware->deferred;
    if (asked && profiles::defers(firmware_spec(turn, id), turn.pool.seed, turn.index_of(id)) && may_defer(turn, id)) {
        firmware->deferred = true;
        const auto code = to.defer();
        move_firmware(turn, id, *firmware, to);
        arm_firmware(turn, id, *firmware, turn.now + deferral(turn, id));
        return code;
    }
    const auto code = to.update();
    if (code == Code::changed) begin_update(turn, id, *firmware);
    return code;
}

void on_firmware_timer(Turn& turn, DeviceId id) {
    Firmware* const firmware = find_firmware(turn, id);
    CHECK(firmware != nullptr);
    firmware->timer = base::no_index;
    switch (firmware->machine.state) {
        case FirmwareState::idle:
        case FirmwareState::downloading: break;
        case FirmwareState::downloaded: begin_update(turn, id, *firmware); break;
        case FirmwareState::updating: restart(turn, id, *firmware); break;
    }
}

void boot_firmware(Turn& turn, DeviceId id) {
    Firmware* const firmware = find_firmware(turn, id);
    if (firmware == nullptr || firmware->machine.state != FirmwareState::downloading) return;
    if (firmware->transfer != base::no_index) return;
    auto to = firmware->machine;
    to.download_failed(FirmwareResult::connection_lost);
    move_firmware(turn, id, *firmware, to);
}

}  // namespace fleet
