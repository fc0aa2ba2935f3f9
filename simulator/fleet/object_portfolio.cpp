// Object 16, Portfolio (OMA-TS-LWM2M_Portfolio 1.0): what it holds of its host, and data that prove it.
#include "simulator/fleet/behaviour.h"
#include "simulator/fleet/device_tree.h"

namespace fleet {
namespace {

using coap::Code;
using lwm2m::Path;
using lwm2m::ValueView;

constexpr std::uint16_t get_auth_data = 1, auth_data = 2, auth_status = 3;
constexpr std::int64_t data_available = 1;
constexpr std::size_t auth_size = 32;

// Bytes that differ from device to device, and by what was asked: no service provider's secret is behind them.
std::optional<Code> execute(DeviceTree& tree, const Path& path, std::string_view arguments) {
    if (path.resource() != get_auth_data) return std::nullopt;
    std::uint64_t seed = base::mix(tree.turn().pool.seed ^ base::mix(tree.turn().index_of(tree.id()) + 1));
    for (const char letter : arguments) seed = base::mix(seed ^ static_cast<std::uint8_t>(letter));
    std::array<std::uint8_t, auth_size> bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(base::mix(seed + i) >> 32);
    const Path instance = path.prefix(2);
    const Code code = tree.keep(instance.child(auth_data).child(0), ValueView::of_opaque(bytes));
    if (code != Code::changed) return code;
    tree.touch(instance);
    return tree.keep(instance.child(auth_status), ValueView::of_integer(data_available));
}

}  // namespace

const Behaviour portfolio_behaviour{.execute = execute};

}  // namespace fleet
