#include "simulator/fleet/server_settings.h"

#include <algorithm>

#include "simulator/fleet/device_tree.h"

namespace fleet {
namespace {

// From LwM2M 1.2 on a lifetime of 0 has no end (Core 1.2, 6.2.1).
std::uint32_t as_lifetime(const profiles::ResolvedProfile& profile, double seconds) {
    const double least = profile.version == profiles::Lwm2mVersion::v1_2 ? 0 : 1;
    return static_cast<std::uint32_t>(std::clamp(seconds, least, 4294967295.0));
}

lwm2m::Path setting_of(Turn& turn, LinkId id, std::uint16_t resource) {
    return turn.pool.server_of(turn.pool.link(id)).object.child(resource);
}

}  // namespace

std::optional<std::uint32_t> setting_number(Turn& turn, LinkId id, std::uint16_t resource) {
    const double number = lwm2m::to_number(DeviceTree(turn, id).read(setting_of(turn, id, resource)));
    if (!(number >= 0 && number <= 4294967295.0)) return std::nullopt;
    return static_cast<std::uint32_t>(number);
}

bool setting_is_true(Turn& turn, LinkId id, std::uint16_t resource) {
    const auto value = DeviceTree(turn, id).read(setting_of(turn, id, resource));
    return value.type == lwm2m::Type::boolean && value.boolean;
}

std::string_view binding_of(Turn& turn, LinkId id) {
    const DeviceTree tree(turn, id);
    if (!tree.has_changes()) return turn.pool.profile_of(turn.pool.link(id)).binding;
    return base::as_text(tree.read(setting_of(turn, id, setting::binding)).bytes);
}

// Core 1.1.1, 6.2.1: it equals 1/x/1.
std::uint32_t lifetime_to_register(Turn& turn, LinkId id) {
    if (const auto written = written_lifetime(turn, id)) return *written;
    const Link& link = turn.pool.link(id);
    const auto& profile = turn.pool.profile(link);
    const auto& spec = profile.servers[link.server].lifetime;
    return as_lifetime(profile, base::seconds(spec.at(turn.unit(id, base::Stream::update, link.server))));
}

std::optional<std::uint32_t> written_lifetime(Turn& turn, LinkId id) {
    const auto written = DeviceTree(turn, id).written_number(setting_of(turn, id, setting::lifetime));
    if (!written) return std::nullopt;
    return as_lifetime(turn.pool.profile(turn.pool.link(id)), *written);
}

}  // namespace fleet
