// FleetModel: a scenario with its profiles resolved, its devices counted out and its schedule worked out: what both
// the real and the virtual run are made from.
#pragma once

#include <memory>
#include <vector>

#include "profiles/oscore_fleet.h"
#include "profiles/population.h"
#include "profiles/profile_catalog.h"
#include "profiles/yaml.h"
#include "scenarios/plan.h"
#include "scenarios/scenario.h"
#include "simulator/engine/device_files.h"
#include "simulator/fleet/device_pool.h"
#include "simulator/lwm2m/object_registry.h"
#include "simulator/net/impairment.h"

namespace engine {

struct FleetModel {
    const lwm2m::ObjectRegistry* objects = nullptr;  // what the profiles were resolved with
    scenarios::Scenario scenario;
    std::vector<profiles::ResolvedProfilePtr> profiles;  // in the order of scenario.fleet
    std::unique_ptr<profiles::Population> population;
    std::unique_ptr<profiles::OscoreFleet> oscore;  // none: no device has OSCORE
    std::unique_ptr<scenarios::Plan> plan;
    std::vector<net::ImpairmentSpec> impairments;  // by profile
    bool impaired = false;                         // any of them
    std::shared_ptr<const DeviceFiles> files;      // null: no device has its certificate from a file
    bool secured = false;                          // devices of some profile speak DTLS, to some server
    bool secured_target = false;                   // the same, to their first one
    bool dtls13 = false;                           // devices of some profile speak DTLS 1.3, to some server
    bool rebinds = false;                          // some devices get new source addresses

    // The devices of shard `shard` of `shards`: every shards-th one.
    fleet::Membership membership(std::uint32_t shard, std::uint32_t shards) const;
};

// What the identities of the profile's devices look like to one of their servers, with '*' for what differs.
std::string identity_pattern(const profiles::ResolvedProfile& profile, const profiles::SecuritySpec& security);

// Loads and resolves the profiles of the scenario; all that is wrong goes to `diagnostics`, and nothing is returned
// then. `registry` must outlive the model.
std::unique_ptr<FleetModel> make_fleet_model(scenarios::Scenario scenario, const profiles::ProfileCatalog& catalog,
                                             const lwm2m::ObjectRegistry& registry, profiles::Diagnostics& diagnostics,
                                             const profiles::YamlOptions& yaml = {});

}  // namespace engine
