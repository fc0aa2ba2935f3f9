// Object 4, Connectivity Monitoring (Core 1.1.1, E.5), and object 7, Connectivity Statistics (E.8).
#include "simulator/fleet/behaviour.h"
#include "simulator/fleet/device_tree.h"

namespace fleet {
namespace {

using coap::Code;
using lwm2m::Path;
using lwm2m::ValueView;

namespace monitoring {
constexpr std::uint16_t bearer = 0, available_bearers = 1, ip_addresses = 4;
constexpr std::int64_t ethernet = 41;
}  // namespace monitoring

// The device's real source address.
ValueView address(const DeviceTree& tree) {
    DevicePool& pool = tree.turn().pool;
    if (!pool.membership.address_of) return {};
    std::array<char, net::longest_ip> text;
    const auto size = net::write_ip(pool.membership.address_of(tree.id()), text);
    return ValueView::of_string(pool.texts.keep({text.data(), size}));
}

ValueView read_monitoring(const DeviceTree& tree, const Path& path) {
    switch (path.resource()) {
        case monitoring::bearer: return ValueView::of_integer(monitoring::ethernet);
        case monitoring::available_bearers: return tree.read(path.prefix(2).child(monitoring::bearer));
        case monitoring::ip_addresses: return address(tree);
        default: return {};
    }
}

namespace statistics {
constexpr std::uint16_t sent = 2, received = 3, largest = 4, average = 5, start = 6, stop = 7, period = 8;
}
constexpr std::uint64_t kilobyte = 1024;

base::Time end_of(const DeviceTree& tree, const Path& instance, base::Time started) {
    const double seconds = lwm2m::to_number(tree.read(instance.child(statistics::period)));
    return seconds > 0 ? started + base::from_seconds(seconds) : base::never;
}

ValueView read_statistics(const DeviceTree& tree, const Path& path) {
    const auto whole = [](std::uint64_t number) { return ValueView::of_integer(static_cast<std::int64_t>(number)); };
    const Traffic& traffic = tree.turn().pool.traffic(tree.id());
    switch (path.resource()) {
        case statistics::sent: return whole(traffic.sent / kilobyte);
        case statistics::received: return whole(traffic.received / kilobyte);
        case statistics::largest: return whole(traffic.largest);
        case statistics::average: return whole(traffic.messages == 0 ? 0 : traffic.message_bytes / traffic.messages);
        default: return whole(0);  // there are no SMS, and no period unless one is written
    }
}

std::optional<Code> execute_statistics(DeviceTree& tree, const Path& path, std::string_view) {
    const base::Time now = tree.turn().now;
    Traffic& traffic = tree.turn().pool.traffic(tree.id());
    if (path.resource() == statistics::start) {
        traffic = {.started = now, .until = end_of(tree, path.prefix(2), now)};
        tree.touch(path.prefix(2));
        return Code::changed;
    }
    if (path.resource() == statistics::stop) {
        traffic.until = std::min(traffic.until, now);
        return Code::changed;
    }
    return std::nullopt;
}

// Another period counts from the start of the collection under way.
void written_statistics(DeviceTree& tree, const Path& path) {
    Traffic& traffic = tree.turn().pool.traffic(tree.id());
    const bool collecting = tree.turn().now < traffic.until;
    if (path.resource() == statistics::period && collecting) {
        traffic.until = end_of(tree, path.prefix(2), traffic.started);
    }
}

Code accepts_statistics(const DeviceTree&, const Path& path, const ValueView& value) {
    const bool wrong = path.resource() == statistics::period && lwm2m::to_number(value) < 0;
    return wrong ? Code::bad_request : Code::changed;
}

}  // namespace

const Behaviour connectivity_monitoring_behaviour{.read = read_monitoring};

// Its counters change with each message, a notification too: they are no news by themselves.
const Behaviour connectivity_statistics_behaviour{.read = read_statistics,
                                                  .accepts = accepts_statistics,
                                                  .written = written_statistics,
                                                  .execute = execute_statistics};

}  // namespace fleet
