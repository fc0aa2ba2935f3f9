// Object 1, LwM2M Server (Core 1.1.1, E.2).
#include "simulator/fleet/behaviour.h"
#include "simulator/fleet/device_tree.h"

namespace fleet {
namespace {

using coap::Code;
using lwm2m::Path;
using lwm2m::ValueView;

constexpr std::uint16_t lifetime = 1, disable = 4, binding = 7, registration_update_trigger = 8,
                        bootstrap_request_trigger = 9;

// A lifetime that can be registered, and the one binding that the device has.
Code accepts(const DeviceTree& tree, const Path& path, const ValueView& value) {
    const auto& profile = tree.profile();
    if (path.resource() == lifetime) {
        const double seconds = lwm2m::to_number(value);
        const double least = profile.version == profiles::Lwm2mVersion::v1_2 ? 0 : 1;
        if (!(seconds >= least && seconds <= 4294967295.0)) return Code::bad_request;
    }
    if (path.resource() == binding) {
        const auto text = base::as_text(value.bytes);
        const bool queued = text == profile.binding + "Q" && profile.version == profiles::Lwm2mVersion::v1_0;
        if (text != profile.binding && !queued) return Code::bad_request;
    }
    return Code::changed;
}

void written(DeviceTree& tree, const Path& path) { tree.server_written(path); }

std::optional<Code> execute(DeviceTree& tree, const Path& path, std::string_view) {
    switch (path.resource()) {
        case disable: tree.disable(path.prefix(2)); return Code::changed;
        case registration_update_trigger: tree.update_wanted(path.prefix(2)); return Code::changed;
        // There is no Bootstrap-Server account.
        case bootstrap_request_trigger: return Code::method_not_allowed;
        default: return std::nullopt;
    }
}

}  // namespace

const Behaviour server_behaviour{.accepts = accepts, .written = written, .execute = execute};

}  // namespace fleet
