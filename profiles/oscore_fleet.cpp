#include "profiles/oscore_fleet.h"

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
    const OscoreIdentity identity(profile, device);
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
    return std::nullopt;
}

base::Result<std::unique_ptr<OscoreFleet>, std::string> OscoreFleet::make(const Population& population,
                                                                          std::uint64_t seed) {
    std::size_t secured = 0;
    for (std::size_t part = 0; part < population.parts(); ++part) {
        if (population.profile(part)->oscore != nullptr) secured += population.count(part);
    }
    if (secured == 0) return std::unique_ptr<OscoreFleet>();
    std::unique_ptr<OscoreFleet> fleet(new OscoreFleet(population, seed, secured));
    for (std::uint64_t device = 0; device < population.size(); ++device) {
        const ResolvedProfile& profile = population.profile_of(device);
        if (profile.oscore == nullptr) continue;
        const auto variables = fleet->variables_of(device);
        if (auto problem = oscore_problem(profile, variables)) return refuse(*std::move(problem));
        const OscoreIdentity identity(profile, variables);
        const auto id = identity.sender_id();
        if (!fleet->devices_.insert(key_of(*id), device)) {
            return refuse(fmt::format("devices {} and {} have the same OSCORE sender_id: put {{index}} into it",
                                      *fleet->devices_.find(key_of(*id)), device));
        }
        fleet->endpoints_.insert(fingerprint(endpoint_name(profile, variables)));
    }
    return fleet;
}

std::optional<std::uint64_t> OscoreFleet::device_of(base::Bytes sender_id) const {
    if (sender_id.size() > oscore_id_capacity) return std::nullopt;
    const auto* const device = devices_.find(key_of(sender_id));
    return device != nullptr ? std::optional(*device) : std::nullopt;
}

bool OscoreFleet::secures(std::string_view endpoint) const { return endpoints_.find(fingerprint(endpoint)) != nullptr; }

}  // namespace profiles
