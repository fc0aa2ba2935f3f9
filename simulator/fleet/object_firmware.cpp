// Object 5, Firmware Update (Core 1.1.1, E.6): what a server sees of it, and what it does to it; how that goes is in
// firmware.h. Where the profile plays its state itself it only holds values.
#include "simulator/fleet/behaviour.h"
#include "simulator/fleet/device_tree.h"
#include "simulator/fleet/download.h"
#include "simulator/fleet/firmware_steps.h"

namespace fleet {
namespace {

using coap::Code;
using lwm2m::FirmwareState;
using lwm2m::FirmwareUpdate;
using lwm2m::Path;
using lwm2m::ValueView;
using profiles::FirmwareDelivery;

constexpr std::uint16_t package = 0, package_uri = 1, update = 2, state = 3, result = 5, state_change_time = 12,
                        cancel = 10;

FirmwareUpdate machine_of(const DeviceTree& tree) {
    const Firmware* const firmware = find_firmware(tree.turn(), tree.id());
    return firmware == nullptr ? FirmwareUpdate{} : firmware->machine;
}

bool behaves(const DeviceTree& tree) { return tree.profile().behaviour.firmware.behaves; }

// Computed in a profile whose object 5 behaves, and in no other.
ValueView read(const DeviceTree& tree, const Path& path) {
    switch (path.resource()) {
        case state: return ValueView::of_integer(static_cast<std::int64_t>(machine_of(tree).state));
        case result: return ValueView::of_integer(static_cast<std::int64_t>(machine_of(tree).result));
        case state_change_time: {
            const Firmware* const firmware = find_firmware(tree.turn(), tree.id());
            const auto since = firmware == nullptr ? base::Duration{0} : firmware->changed.time_since_epoch();
            return ValueView::of_time(tree.turn().pool.unix_start +
                                      std::chrono::floor<std::chrono::seconds>(since).count());
        }
        default: return {};
    }
}

// A reset is taken in every state but Updating, a package or a URI in Idle alone.
Code accepts(const DeviceTree& tree, const Path& path, const ValueView& value) {
    if (!behaves(tree)) return Code::changed;
    if (path.resource() != package && path.resource() != package_uri) return Code::changed;
    FirmwareUpdate machine = machine_of(tree);
    const bool resets = path.resource() == package ? is_reset(value.bytes) : value.bytes.empty();
    if (resets) return machine.reset();
    const auto other = path.resource() == package ? FirmwareDelivery::pull : FirmwareDelivery::push;
    if (tree.profile().behaviour.firmware.delivery == other) return Code::method_not_allowed;
    return machine.download();
}

std::optional<Code> write(DeviceTree& tree, const Path& path, const ValueView& value) {
    if (!behaves(tree)) return std::nullopt;
    if (path.resource() == package) return push_firmware(tree.turn(), tree.id(), value.bytes);
    if (path.resource() != package_uri) return std::nullopt;
    if (value.bytes.empty()) {
        const auto code = reset_firmware(tree.turn(), tree.id());
        if (code != Code::changed) return code;
        return tree.keep(path, value);
    }
    // Refused by `accepts` already, unless the same request brought a package too.
    if (machine_of(tree).state != FirmwareState::idle) return Code::method_not_allowed;
    // A download of software has to end first.
    if (has_download(tree.turn(), tree.id())) return Code::service_unavailable;
    const auto code = tree.keep(path, value);
    if (code == Code::changed) pull_firmware(tree.turn(), tree.id(), base::as_text(value.bytes));
    return code;
}

std::optional<Code> execute(DeviceTree& tree, const Path& path, std::string_view) {
    if (!behaves(tree)) return std::nullopt;
    switch (path.resource()) {
        case update: return update_firmware(tree.turn(), tree.id());
        case cancel: return cancel_firmware(tree.turn(), tree.id());
        default: return std::nullopt;
    }
}

}  // namespace

const Behaviour firmware_behaviour{
    .read = read,
    .accepts = accepts,
    .write = write,
    .execute = execute,
};

}  // namespace fleet
