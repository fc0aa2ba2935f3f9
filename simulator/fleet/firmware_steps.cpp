#include "simulator/fleet/firmware_steps.h"

#include <fmt/format.h>

#include "simulator/fleet/device_tree.h"
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

constexpr std::uint64_t unknown_length = 8192;  // a package is taken to be that long where nobody says
constexpr std::uint8_t boots_of_a_loop = 3;
constexpr std::size_t longest_label = 64;

// The draws beside those of profiles/firmware_spec.cpp.
constexpr std::uint64_t apply_draw = 16, reboot_draw = 17, defer_draw = 18;

metrics::Counters::Firmware place_of(const lwm2m::FirmwareUpdate& machine) {
    return {static_cast<std::size_t>(machine.state), static_cast<std::size_t>(machine.result)};
}

// "NAME VERSION" of a package that begins with the line "firmware NAME VERSION"; empty for any other.
std::string_view label_of(std::string_view head) {
    constexpr std::string_view mark = "firmware ";
    if (!head.starts_with(mark)) return {};
    head.remove_prefix(mark.size());
    const auto end = head.find('\n');
    const auto blank = head.find(' ');
    if (end == head.npos || end > longest_label || blank == 0 || blank + 1 >= end) return {};
    const auto label = head.substr(0, end);
    const bool printable = std::ranges::all_of(label, [](char c) { return c >= ' ' && c <= '~'; });
    return printable ? label : std::string_view{};
}

void remember_package(Turn& turn, Firmware& firmware, const FirmwareTransfer& transfer) {
    firmware.length = transfer.length;
    firmware.pushed = transfer.receiver.length();
    const bool fetched = transfer.way == FirmwareTransfer::Way::fetch;
    firmware.digest = fetched ? transfer.fetched : transfer.digest.digest();
    turn.pool.bytes.release(firmware.label);
    const auto head = base::Bytes(transfer.head).first(std::min<std::size_t>(transfer.length, transfer.head.size()));
    firmware.label = turn.pool.bytes.keep(base::as_bytes(label_of(base::as_text(head))));
}

// The version that the device has after an update with the package.
std::string_view version_of(Turn& turn, DeviceId id, const Firmware& firmware, std::array<char, 8>& memory) {
    const std::string& given = firmware_spec(turn, id).version;
    if (!given.empty()) return given;
    const auto label = base::as_text(turn.pool.bytes.view(firmware.label));
    if (!label.empty()) return label.substr(label.find(' ') + 1);
    constexpr std::string_view digits = "0123456789abcdef";
    for (std::size_t i = 0; i < memory.size(); ++i) {
        memory[i] = digits[firmware.digest[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
    }
    return {memory.data(), memory.size()};
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

void end_transfer(Turn& turn, Firmware& firmware) {
    FirmwareTransfer& transfer = transfer_of(turn, firmware);
    if (transfer.way == FirmwareTransfer::Way::pull) drop_pull(turn, transfer);
    turn.pool.transfers.give_back(firmware.transfer);
    firmware.transfer = base::no_index;
    turn.timers.cancel(firmware.timer);
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

FirmwareTransfer& transfer_of(Turn& turn, const Firmware& firmware) { return turn.pool.transfers[firmware.transfer]; }

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

FirmwareTransfer* begin_download(Turn& turn, DeviceId id, Firmware& firmware, FirmwareTransfer::Way way) {
    auto to = firmware.machine;
    CHECK(to.download() == Code::changed);
    firmware.transfer = turn.pool.transfers.take();
    if (firmware.transfer == base::no_index) {
        turn.counters.drop(metrics::Drop::no_slot);
        return nullptr;
    }
    firmware.deferred = false;
    firmware.pushed = 0;
    FirmwareTransfer& transfer = transfer_of(turn, firmware);
    transfer.way = way;
    transfer.link = id;
    transfer.begun = transfer.paced = turn.now;
    turn.counters.start(Operation::download, turn.pool[id].profile);
    move_firmware(turn, id, firmware, to);
    return &transfer;
}

void take_in(FirmwareTransfer& transfer, base::Bytes bytes) {
    transfer.digest.update(bytes);
    if (transfer.length < transfer.head.size()) {
        const auto at = static_cast<std::ptrdiff_t>(transfer.length);
        const auto room = transfer.head.size() - static_cast<std::size_t>(transfer.length);
        const auto first = bytes.first(std::min(bytes.size(), room));
        std::copy(first.begin(), first.end(), transfer.head.begin() + at);
    }
    transfer.length += bytes.size();
}

FirmwareResult strike(const Turn& turn, DeviceId id, const FirmwareTransfer& transfer, bool complete) {
    const auto fault = fault_of(turn, id);
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

base::Time ready_at(const Turn& turn, DeviceId id, const FirmwareTransfer& transfer) {
    const double rate = firmware_spec(turn, id).download_rate;
    if (rate <= 0) return turn.now;
    return transfer.paced + base::from_seconds(static_cast<double>(transfer.length) / rate);
}

void complete_download(Turn& turn, DeviceId id, Firmware& firmware) {
    const FirmwareTransfer& transfer = transfer_of(turn, firmware);
    remember_package(turn, firmware, transfer);
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
    end_transfer(turn, firmware);
    auto to = firmware.machine;
    to.downloaded();
    move_firmware(turn, id, firmware, to);
    show_package(turn, id, &firmware);
    const auto automatic = DeviceTree(turn, id).read(automatic_upgrade);
    if (automatic.type == lwm2m::Type::boolean && automatic.boolean) (void)update_firmware(turn, id);
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
    end_transfer(turn, firmware);
    auto to = firmware.machine;
    to.download_failed(why);
    move_firmware(turn, id, firmware, to);
}

void abort_download(Turn& turn, DeviceId id, Firmware& firmware) {
    if (firmware.transfer == base::no_index) return;
    turn.counters.abort(Operation::download, turn.pool[id].profile);
    end_transfer(turn, firmware);
}

Code reset_firmware(Turn& turn, DeviceId id) {
    Firmware* const firmware = find_firmware(turn, id);
    if (firmware == nullptr) return Code::changed;
    auto to = firmware->machine;
    if (const auto code = to.reset(); code != Code::changed) return code;
    abort_download(turn, id, *firmware);
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
    abort_download(turn, id, *firmware);
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
        case FirmwareState::idle: break;
        case FirmwareState::downloading:
            switch (transfer_of(turn, *firmware).way) {
                case FirmwareTransfer::Way::push: on_push_timer(turn, id, *firmware); break;
                case FirmwareTransfer::Way::pull: on_pull_timer(turn, id, *firmware); break;
                case FirmwareTransfer::Way::fetch: break;
            }
            break;
        case FirmwareState::downloaded: begin_update(turn, id, *firmware); break;
        case FirmwareState::updating: restart(turn, id, *firmware); break;
    }
}

void drop_download(Turn& turn, LinkId link) {
    const DeviceId id = turn.pool.device_of(link);
    Firmware* const firmware = find_firmware(turn, id);
    if (firmware == nullptr || firmware->transfer == base::no_index) return;
    if (transfer_of(turn, *firmware).link == link) abort_download(turn, id, *firmware);
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
