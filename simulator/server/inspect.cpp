#include "simulator/server/inspect.h"

#include <algorithm>

#include "simulator/server/payload.h"

namespace server {
namespace {

constexpr std::uint32_t places_a_page = 20'000;  // that a page looks at: well below a millisecond of the server's time

std::string binding_text(std::uint8_t bits) {
    std::string text;
    if ((bits & Binding::udp) != 0) text += 'U';
    if ((bits & Binding::tcp) != 0) text += 'T';
    if ((bits & Binding::sms) != 0) text += 'S';
    if ((bits & Binding::non_ip) != 0) text += 'N';
    if ((bits & Binding::mqtt) != 0) text += 'M';
    if ((bits & Binding::http) != 0) text += 'H';
    return text;
}

ObservationInfo describe_observation(const Server& server, const ObjectList& list, std::uint32_t index) {
    const Observation& observation = server.downlink().observation(index);
    const auto payload = server.downlink().last_value(index);
    ObservationInfo info;
    info.path = observation.path;
    if (observation.paths != base::no_index) {
        const auto paths = server.downlink().paths()[observation.paths];
        info.paths.assign(paths.begin(), paths.end());
    }
    info.payload.assign(payload.begin(), payload.end());
    if (observation.format == 0xffff) return info;
    info.format = observation.format;
    auto values = decode_values(list, server.objects(), observation.path, observation.format, payload);
    if (values) info.values = std::move(*values);
    return info;
}

}  // namespace

std::optional<ClientInfo> describe(const Server& server, base::Time now, std::string_view endpoint) {
    const auto index = server.registry().find_endpoint(endpoint);
    if (index == base::no_index) return std::nullopt;
    const Client& client = server.registry()[index];
    const ObjectList& list = server.lists()[client.objects];
    const auto location = server.registry().location(index);
    ClientInfo info;
    info.endpoint = endpoint;
    info.address = net::to_string(client.address);
    info.location = "/rd/" + std::string(location.data(), location.size());
    info.version = lwm2m::to_string(lwm2m::Version{1, client.lwm2m_minor});
    info.binding = binding_text(client.binding);
    info.queue_mode = client.queue_mode;
    info.lifetime = client.lifetime;
    info.registered = now - client.registered;
    info.last_seen = now - client.last_seen;
    if (client.expires != base::never) info.expires = client.expires - now;
    info.objects = list.text;
    info.waiting = client.waiting;
    for (auto at = client.observations; at != base::no_index; at = server.downlink().observation(at).next) {
        if (server.downlink().observation(at).established) {
            info.observations.push_back(describe_observation(server, list, at));
        }
    }
    return info;
}

ClientPage list(const Server& server, std::uint32_t cursor, std::uint32_t limit) {
    const Registry& registry = server.registry();
    const std::uint32_t begin = std::min(cursor, registry.places());
    const std::uint32_t end = std::min(registry.places(), begin + places_a_page);
    ClientPage page;
    std::uint32_t index = begin;
    for (; index < end && page.endpoints.size() < limit; ++index) {
        if (registry[index].is_registered()) page.endpoints.emplace_back(registry.endpoint(index));
    }
    if (index < registry.places()) page.next = index;
    return page;
}

std::vector<SendInfo> list_sends(const Server& server, base::Time now, std::uint32_t limit, std::string_view endpoint) {
    const SendLog& log = server.sends();
    std::vector<SendInfo> found;
    for (std::uint32_t back = 0; back < log.size() && found.size() < limit; ++back) {
        const auto& kept = log[back];
        const auto name = log.endpoint(kept);
        if (!endpoint.empty() && name != endpoint) continue;
        SendInfo info;
        info.endpoint = name;
        info.ago = now - kept.at;
        info.format = kept.format;
        info.count = kept.values;
        const auto payload = log.payload(kept);
        info.payload.assign(payload.begin(), payload.end());
        const auto client = server.registry().find_endpoint(name);
        if (client != base::no_index) {
            const auto& list = server.lists()[server.registry()[client].objects];
            auto values = decode_values(list, server.objects(), lwm2m::Path(), kept.format, payload);
            if (values) info.values = std::move(*values);
        }
        found.push_back(std::move(info));
    }
    return found;
}

}  // namespace server
