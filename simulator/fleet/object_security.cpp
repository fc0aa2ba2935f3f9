// Object 0, LwM2M Security (Core 1.1.1, E.1): what of it is one device's own. No server but a Bootstrap-Server may see
// it (lwm2m::is_closed).
#include "profiles/population.h"
#include "profiles/security_object.h"
#include "simulator/fleet/behaviour.h"
#include "simulator/fleet/device_tree.h"

namespace fleet {
namespace {

using lwm2m::Path;
using lwm2m::ValueView;

// Of the first server, which only the run knows.
ValueView server_uri(const DeviceTree& tree) {
    const bool secure = tree.profile().security.mode != profiles::SecurityMode::none;
    const auto uri = (secure ? "coaps://" : "coap://") + net::to_string(tree.turn().pool.server);
    return ValueView::of_string(tree.turn().pool.texts.keep(uri));
}

// The PSK identity by which the device begins; raw public keys and certificates are made when they are asked for.
ValueView identity(const DeviceTree& tree, std::size_t server) {
    const auto& security = profiles::security_of(tree.profile(), server);
    if (security.mode != profiles::SecurityMode::psk) return ValueView::of_opaque({});
    DevicePool& pool = tree.turn().pool;
    const profiles::EndpointVariables variables{pool.membership.index_of(tree.id()), pool.seed, 0};
    std::array<std::uint8_t, profiles::endpoint_capacity> memory;
    const auto size = profiles::psk_identity(tree.profile(), security, variables, memory, security.generation);
    const auto kept = pool.texts.keep(base::as_text(base::Bytes(memory).first(size)));
    return ValueView::of_opaque(base::as_bytes(kept));
}

ValueView read(const DeviceTree& tree, const Path& path) {
    namespace resource = profiles::security_resource;
    switch (path.resource()) {
        case resource::server_uri: return server_uri(tree);
        case resource::identity: return identity(tree, path.instance());
        default: return {};
    }
}

}  // namespace

const Behaviour security_behaviour{.read = read};

}  // namespace fleet
