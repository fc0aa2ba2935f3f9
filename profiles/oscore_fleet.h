// OscoreFleet: which device of a population a Sender ID belongs to: what a server that knows the same profiles needs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "profiles/oscore_spec.h"
#include "simulator/base/flat_map.h"

namespace profiles {

// What makes an OSCORE context of that device with one of its servers impossible: a sentence for the user; nothing
// where each can be.
std::optional<std::string> oscore_problem(const ResolvedProfile& profile, const EndpointVariables& device);

class OscoreFleet {
public:
    // Which of its servers a device of each part talks about; empty: the target of the run, for all.
    using ServerOfPart = std::vector<std::optional<std::size_t>>;

    // Works out the ids that the devices have with one server. Fails, with a sentence for the user, when two are the
    // same, or a device cannot have its context with any of its servers. Nothing where no device has OSCORE with that
    // one. The population must outlive the result.
    static base::Result<std::unique_ptr<OscoreFleet>, std::string> make(const Population& population,
                                                                        std::uint64_t seed, ServerOfPart servers = {});

    std::optional<std::uint64_t> device_of(base::Bytes sender_id) const;
    // Is it the endpoint name of a device with OSCORE?
    bool secures(std::string_view endpoint) const;

    const Population& population() const { return population_; }
    EndpointVariables variables_of(std::uint64_t device) const { return {device, seed_, 0}; }
    // The server's place among those of the device, which has OSCORE with it.
    std::size_t server_of(std::uint64_t device) const { return *servers_[population_.part_of(device)]; }

private:
    OscoreFleet(const Population& population, std::uint64_t seed, ServerOfPart servers, std::size_t capacity)
        : population_(population),
          seed_(seed),
          servers_(std::move(servers)),
          devices_(capacity),
          endpoints_(capacity) {}

    const Population& population_;
    std::uint64_t seed_;
    ServerOfPart servers_;                                         // one for each part
    mutable base::FlatMap<std::uint64_t, std::uint64_t> devices_;  // by Sender ID
    base::FlatSet<std::uint64_t> endpoints_;                       // fingerprints of their names
};

// What makes OSCORE of a fleet with one of the servers impossible that its profiles name beside the target.
std::optional<std::string> further_oscore_problem(const Population& population, std::uint64_t seed);

}  // namespace profiles
