// EndpointIndex: which device of a population has an endpoint name: what a server needs that knows the same profiles,
// where the name does not say who has proven himself.
#pragma once

#include "profiles/population.h"
#include "simulator/base/flat_map.h"

namespace profiles {

class EndpointIndex {
public:
    // Works out the names of all devices, 16 bytes each. The population must outlive this object.
    EndpointIndex(const Population& population, std::uint64_t seed);

    std::optional<std::uint64_t> device_of(std::string_view endpoint) const;

private:
    const Population& population_;
    std::uint64_t seed_;
    mutable base::FlatMap<std::uint64_t, std::uint64_t> devices_;  // by the fingerprint of their names
};

}  // namespace profiles
