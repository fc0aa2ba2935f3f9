#include "profiles/oscore_fleet.h"

#include <map>

#include <fmt/format.h>

#include "simulator/base/random.h"

namespace profiles {
namespace {

// An id as one number: 7 bytes at most, and how many.
std::uint64_t key_of(base::Bytes id) {
    std::uint64_t key = id.size();
    for (const auto byte : id) key = key << 8 | byte;
    return key;
}

std::uint64_t fingerprint(std::string_view text) {
    std::uint64_t value = text.size();
    for (const char c : text) value = base::mix(value * 0x9e3779b97f4a7c15ULL + static_cast<unsigned char>(c));
    return value;
}

tl::unexpected<std::string> refuse(std::string message) { return tl::unexpected<std::string>(std::move(message)); }

}  // namespace

std::optional<std::string> oscore_problem(const ResolvedProfile& profile, const EndpointVariables& device) {
    for (std::size_t server = 0; server < profile.servers.size(); ++server) {
        if (oscore_of(profile, server) == nullptr) continue;
        const OscoreIdentity identity(profile, device, server);
        const auto id = identity.sender_id();
        if (!id) {
            return fmt::format("the OSCORE sender_id of device {} of '{}' is longer than {} bytes", device.index,
                               profile.name, oscore_id_capacity);
        }
        if (base::equal(*id, identity.recipient_id())) {
            return fmt::format("device {} of '{}' has the OSCORE id of its server", device.index, profile.name);
        }
        if (identity.master_secret().empty()) {
            return fmt::format("there is no OSCORE master_secret for device {} of '{}'", device.index, profile.name);
        }
    }
    return std::nullopt;
}

base::Result<std::unique_ptr<OscoreFleet>, std::string> OscoreFleet::make(const Population& population,
                                                                          std::uint64_t seed, ServerOfPart servers) {
    if (servers.empty()) servers.assign(population.parts(), 0);
    std::size_t secured = 0;
    bool any = false;
    for (std::size_t part = 0; part < population.parts(); ++part) {
        const ResolvedProfile& profile = *population.profile(part);
        any = any || has_oscore(profile);
        auto& server = servers[part];
        if (server && oscore_of(profile, *server) == nullptr) server.reset();
        if (server) secured += population.count(part);
    }
    if (!any) return nullptr;
    std::unique_ptr<OscoreFleet> fleet(new OscoreFleet(population, seed, std::move(servers), secured));
    for (std::uint64_t device = 0; device < population.size(); ++device) {
        const std::size_t part = population.part_of(device);
        const ResolvedProfile& profile = *population.profile(part);
        const auto variables = fleet->variables_of(device);
        if (auto problem = oscore_problem(profile, variables)) return refuse(*std::move(problem));
        if (!fleet->servers_[part]) continue;
        const OscoreIdentity identity(profile, variables, *fleet->servers_[part]);
        const auto id = identity.sender_id();
        if (!fleet->devices_.insert(key_of(*id), device)) {
            return refuse(fmt::format("devices {} and {} have the same OSCORE sender_id: put {{index}} into it",
                                      *fleet->devices_.find(key_of(*id)), device));
        }
        fleet->endpoints_.insert(fingerprint(endpoint_name(profile, variables)));
    }
    if (secured == 0) return nullptr;
    return fleet;
}

std::optional<std::uint64_t> OscoreFleet::device_of(base::Bytes sender_id) const {
    if (sender_id.size() > oscore_id_capacity) return std::nullopt;
    const auto* const device = devices_.find(key_of(sender_id));
    return device != nullptr ? std::optional(*device) : std::nullopt;
}

bool OscoreFleet::secures(std::string_view endpoint) const { return endpoints_.find(fingerprint(endpoint)) != nullptr; }

std::optional<std::string> further_oscore_problem(const Population& population, std::uint64_t seed) {
    std::map<std::string, OscoreFleet::ServerOfPart> by_uri;
    for (std::size_t part = 0; part < population.parts(); ++part) {
        const auto& servers = population.profile(part)->servers;
        for (std::size_t i = 1; i < servers.size(); ++i) {
            if (servers[i].oscore == nullptr) continue;
            auto& wanted = by_uri[to_string(*servers[i].uri)];
            wanted.resize(population.parts());
            wanted[part] = i;
        }
    }
    for (auto& [uri, servers] : by_uri) {
        const auto made = OscoreFleet::make(population, seed, std::move(servers));
        if (!made) return fmt::format("{}: {}", uri, made.error());
    }
    return std::nullopt;
}

}  // namespace profiles
