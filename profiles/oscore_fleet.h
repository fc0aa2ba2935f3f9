// OscoreFleet: which device of a population a Sender ID belongs to: what a server that knows the same profiles needs.
#pragma once

#include <optional>
#include <string>

#include "profiles/oscore_spec.h"
#include "simulator/base/flat_map.h"

namespace profiles {

// What makes an OSCORE context of that device impossible: a sentence for the user; nothing where it can be. REQUIRES:
// the profile has OSCORE.
std::optional<std::string> oscore_problem(const ResolvedProfile& profile, const EndpointVariables& device);

class OscoreFleet {
public:
    // Works out the ids of all devices with OSCORE. Fails, with a sentence for the user, when two are the same, one is
    // too long, or a device has no secret. Nothing where no device has OSCORE. The population must outlive the result.
    static base::Result<std::unique_ptr<OscoreFleet>, std::string> make(const Population& population,
                                                                        std::uint64_t seed);

    std::optional<std::uint64_t> device_of(base::Bytes sender_id) const;
    // Is it the endpoint name of a device with OSCORE?
    bool secures(std::string_view endpoint) const;

    const Population& population() const { return population_; }
    EndpointVariables variables_of(std::uint64_t device) const { return {device, seed_, 0}; }

private:
    OscoreFleet(const Population& population, std::uint64_t seed, std::size_t capacity)
        : population_(population), seed_(seed), devices_(capacity), endpoints_(capacity) {}

    const Population& population_;
    std::uint64_t seed_;
    mutable base::FlatMap<std::uint64_t, std::uint64_t> devices_;  // by Sender ID
    base::FlatSet<std::uint64_t> endpoints_;                       // fingerprints of their names
};

}  // namespace profiles
