#include "simulator/engine/fleet_model.h"

#include <algorithm>

#include <fmt/format.h>

#include "profiles/profile_loader.h"
#include "profiles/resolve.h"
#include "simulator/engine/dtls13_limits.h"

namespace engine {
namespace {

// Where nobody says what is observed, each device reports its liveliest resource once a minute.
profiles::ServerActions with_defaults(profiles::ServerActions actions,
                                      std::span<const profiles::ResolvedProfilePtr> profiles) {
    const auto given = actions.actions.size();
    actions = profiles::with_default_observations(std::move(actions), profiles);
    // Profiles that say themselves how often they notify need no attributes.
    const bool periodic = std::all_of(profiles.begin(), profiles.end(), [](const auto& profile) {
        return profile->servers.front().default_pmax.has_value();
    });
    if (periodic) return actions;
    for (auto added = actions.actions.begin() + static_cast<std::ptrdiff_t>(given); added != actions.actions.end();
         ++added) {
        added->pmin = added->pmax = std::chrono::seconds(60);
    }
    return actions;
}

// Devices of a profile towards one of their servers.
struct Side {
    const profiles::ResolvedProfile* profile = nullptr;
    const profiles::SecuritySpec* security = nullptr;
    std::optional<profiles::ServerUri> server;  // none: the first one
    profiles::Place place;
};

std::vector<Side> sides_of(const FleetModel& model, const scenarios::Scenario& scenario) {
    std::vector<Side> sides;
    for (std::size_t i = 0; i < model.profiles.size(); ++i) {
        const auto& profile = *model.profiles[i];
        for (std::size_t j = 0; j < profile.servers.size(); ++j) {
            const auto& security = profiles::security_of(profile, j);
            sides.push_back(
                {&profile, &security, profile.servers[j].uri, j == 0 ? scenario.fleet[i].place : security.place});
        }
    }
    return sides;
}

// Would the embedded server, which looks for the key of an identity, take that of the one profile for the other's?
bool mixed_up(const Side& a, const Side& b) {
    const auto& one = *a.security;
    const auto& other = *b.security;
    const bool listed =
        one.key == profiles::SecuritySpec::Key::listed || other.key == profiles::SecuritySpec::Key::listed;
    if (listed || identity_pattern(*a.profile, one) != identity_pattern(*b.profile, other)) return false;
    return one.key != other.key || one.generation != other.generation ||
           !base::equal(one.secret->view(), other.secret->view());
}

// Can the devices tell the right server, and does everybody who is to be trusted deserve it?
void check_certificates(const Side& side, const scenarios::Scenario& scenario, profiles::Diagnostics& diagnostics) {
    const auto& security = *side.security;
    const auto& place = side.place;
    if (!profiles::is_by_certificate(security.mode)) return;
    const bool rpk = security.mode == profiles::SecurityMode::rpk;
    if (scenario.target && security.server.empty()) {
        diagnostics.error(
            place,
            fmt::format("the profile does not say how its devices know {} for the right server",
                        side.server ? to_string(*side.server) : "the target"),
            rpk ? "try security: {server: {public_key: server.pem}}" : "try security: {server: {trust: ca.pem}}");
    }
    if (!scenario.target && security.key == profiles::SecuritySpec::Key::none) {
        diagnostics.error(place,
                          "the embedded server proves itself by the secret of the fleet, and the profile has none",
                          "try security: {key: {derive: \"${FLEET_SECRET}\"}}");
    }
    if (!scenario.target && !security.certificate.file.empty()) {
        diagnostics.error(place,
                          "certificates from files are for a target: the embedded server does not know their CA");
    }
    for (const auto* path : {&security.certificate.file, &security.certificate.key_file}) {
        if (const auto wrong = profiles::check_template(*path)) {
            diagnostics.error(place, "certificate: " + wrong->message, wrong->hint);
        }
    }
    base::CertificateTrust::Config config;
    config.anchors = security.server.trust;
    if (!security.certificate.ca.empty()) config.anchors.push_back(security.certificate.ca);
    if (const auto trust = base::CertificateTrust::make(std::move(config)); !trust) {
        diagnostics.error(place, "security: " + trust.error());
    }
}

// Does the embedded server know whom it has before it, the devices of the one or of the other?
void check_together(const Side& side, const Side& other, profiles::Diagnostics& diagnostics) {
    const auto& one = *side.security;
    const auto& two = *other.security;
    if (is_by_certificate(one.mode) && is_by_certificate(two.mode) && one.secret && two.secret &&
        (one.generation != two.generation || !base::equal(one.secret->view(), two.secret->view()))) {
        diagnostics.error(side.place,
                          "the embedded server knows one secret of certificates and raw public keys: all "
                          "profiles of the fleet that have them must share it, and the generation");
    }
    const bool keys = one.mode == profiles::SecurityMode::psk && two.mode == profiles::SecurityMode::psk;
    if (!keys || !mixed_up(side, other)) return;
    diagnostics.error(side.place,
                      fmt::format("the embedded server cannot tell devices of '{}' and '{}' apart, which "
                                  "have different keys",
                                  other.profile->name, side.profile->name),
                      "give each an identity of its own: identity: \"{profile}-{index}\"");
}

// Which profiles speak DTLS, and whether target and embedded servers suit them.
void check_security(FleetModel& model, const scenarios::Scenario& scenario, profiles::Diagnostics& diagnostics) {
    const auto sides = sides_of(model, scenario);
    for (std::size_t i = 0; i < sides.size(); ++i) {
        const auto& side = sides[i];
        const bool secure = side.security->mode != profiles::SecurityMode::none;
        model.secured = model.secured || secure;
        model.secured_target = model.secured_target || (secure && !side.server);
        if (!side.server && scenario.target && scenario.target->secure != secure) {
            diagnostics.error(side.place,
                              secure ? "the profile speaks DTLS, and the target is coap://: it must be coaps://"
                                     : "the target is coaps://, and the profile has no security",
                              secure ? "" : "give the profile security: {mode: psk, key: ...}");
        }
        if (!secure) continue;
        check_certificates(side, scenario, diagnostics);
        if (side.security->keys && side.security->keys->size() < scenario.devices) {
            diagnostics.error(side.place,
                              fmt::format("the file of keys has {} rows for {} devices", side.security->keys->size(),
                                          scenario.devices),
                              "a row for each device of the fleet, by its number");
        }
        for (std::size_t before = 0; !scenario.target && before < i; ++before) {
            if (sides[before].server == side.server) check_together(side, sides[before], diagnostics);
        }
    }
    model.dtls13 = std::ranges::any_of(model.profiles, [](const auto& profile) { return speaks_dtls13(*profile); });
    check_dtls13(*model.population, scenario.fleet, diagnostics);
}

// Are there keys for each time that the scenario rotates them?
void check_rotations(const FleetModel& model, const scenarios::Scenario& scenario, profiles::Diagnostics& diagnostics) {
    unsigned rotations = 0;
    for (const auto& phase : scenario.phases) {
        const auto* storm = std::get_if<scenarios::Storm>(&phase.what);
        if (storm == nullptr || storm->what != scenarios::Storm::What::rotate_keys) continue;
        ++rotations;
        if (!model.secured) diagnostics.error(phase.place, "rotate_keys: no profile of the fleet has keys");
        if (storm->unknown > 0 && scenario.target) {
            diagnostics.error(phase.place, "rotate_keys: 'unknown' is for the embedded server",
                              "what the target does not know, its operator says");
        }
        for (const auto& side : sides_of(model, scenario)) {
            const auto& security = *side.security;
            if (security.mode == profiles::SecurityMode::none) continue;
            const unsigned next = security.generation + rotations;
            if (next >= profiles::generations_of(security)) {
                diagnostics.error(
                    phase.place,
                    fmt::format("rotate_keys: the profile '{}' has no generation {} of keys", side.profile->name, next),
                    "a key: {derive: ...} has 8; else a list of them, as key: {csv: [keys.csv, next.csv]}");
            }
            if (storm->unknown > 0 && security.mode == profiles::SecurityMode::x509) {
                diagnostics.error(phase.place,
                                  "rotate_keys: 'unknown' is for modes psk and rpk: of certificates a "
                                  "server knows the CA, not the keys");
            }
        }
    }
}

// Firmware campaigns may name profiles; the server knows devices by their endpoint names.
void name_profiles(profiles::ServerActions& actions, std::span<const profiles::ResolvedProfilePtr> profiles,
                   profiles::Diagnostics& diagnostics) {
    for (const auto& profile : profiles) {
        actions.profiles.emplace_back(profile->name, profiles::pattern_of(profile->endpoint, profile->name));
    }
    for (const auto& campaign : actions.campaigns) {
        const auto& wanted = campaign.spec.profile;
        const auto is_it = [&](const auto& known) { return known.first == wanted; };
        if (wanted.empty() || std::ranges::any_of(actions.profiles, is_it)) continue;
        diagnostics.error(campaign.place, "firmware: no profile '" + wanted + "' is in the fleet");
    }
}

}  // namespace

std::string identity_pattern(const profiles::ResolvedProfile& profile, const profiles::SecuritySpec& security) {
    const auto& identity = security.identity;
    return profiles::pattern_of(identity.empty() ? profile.endpoint : identity, profile.name);
}

fleet::Membership FleetModel::membership(std::uint32_t shard, std::uint32_t shards) const {
    fleet::Membership members;
    members.first_index = shard;
    members.stride = shards;
    members.devices = static_cast<std::uint32_t>((population->size() + shards - 1 - shard) / shards);
    members.profile_of = [this](std::uint64_t index) {
        return static_cast<metrics::ProfileIndex>(population->part_of(index));
    };
    members.endpoint_name = [this](std::uint64_t index, base::MutableBytes memory) {
        return profiles::endpoint_name(population->profile_of(index),
                                       {.index = index, .seed = scenario.seed, .shard = 0}, memory);
    };
    return members;
}

std::unique_ptr<FleetModel> make_fleet_model(scenarios::Scenario scenario, const profiles::ProfileCatalog& catalog,
                                             const lwm2m::ObjectRegistry& registry, profiles::Diagnostics& diagnostics,
                                             const profiles::YamlOptions& yaml) {
    auto model = std::make_unique<FleetModel>();
    const std::size_t errors = diagnostics.errors();
    const auto ok = [&] { return diagnostics.errors() == errors; };
    if (scenario.fleet.size() > metrics::max_profiles) {
        diagnostics.error(scenario.fleet[metrics::max_profiles].place,
                          "a fleet has 32 profiles at most: each is a label of every metric");
    }
    for (const auto& part : scenario.fleet) {
        const auto profile = profiles::load_profile(part.profile, catalog, diagnostics, yaml, part.place);
        if (!profile) continue;
        const auto resolved = profiles::resolve(*profile, registry, diagnostics);
        if (!resolved) continue;
        fleet::Generators::check(resolved->generators, diagnostics);
        model->profiles.push_back(resolved);
    }
    if (!ok()) return nullptr;

    const auto shares = scenarios::fleet_weights(scenario);
    std::vector<profiles::Population::Part> parts;
    for (std::size_t i = 0; i < shares.size(); ++i) parts.push_back({model->profiles[i], shares[i]});
    auto population = profiles::Population::make(std::move(parts), scenario.devices, scenario.seed);
    if (!population) {
        diagnostics.error(scenario.fleet.front().place, population.error());
        return nullptr;
    }
    model->population = std::make_unique<profiles::Population>(std::move(*population));
    auto oscore = profiles::OscoreFleet::make(*model->population, scenario.seed);
    if (!oscore) {
        diagnostics.error(scenario.fleet.front().place, oscore.error());
        return nullptr;
    }
    model->oscore = std::move(*oscore);
    if (const auto wrong = profiles::further_oscore_problem(*model->population, scenario.seed)) {
        diagnostics.error(scenario.fleet.front().place, *wrong);
        return nullptr;
    }
    for (const auto& profile : model->profiles) {
        const auto& network = profile->network;
        model->impairments.push_back({network.loss, network.duplicate, network.reorder, network.latency});
        model->impaired = model->impaired || !network.perfect();
        model->rebinds = model->rebinds || network.nat_timeout > base::Duration::zero();
    }
    check_security(*model, scenario, diagnostics);
    check_rotations(*model, scenario, diagnostics);
    if (!ok()) return nullptr;
    model->files = DeviceFiles::read(*model->population, scenario.seed, scenario.fleet.front().place, diagnostics);
    if (!ok()) return nullptr;
    model->objects = &registry;
    name_profiles(scenario.server, model->profiles, diagnostics);
    if (!ok()) return nullptr;
    scenario.server = with_defaults(std::move(scenario.server), model->profiles);
    model->scenario = std::move(scenario);
    model->plan = std::make_unique<scenarios::Plan>(model->scenario);
    model->rebinds = model->rebinds || model->plan->rebinds();
    return model;
}

}  // namespace engine
