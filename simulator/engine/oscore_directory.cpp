#include "simulator/engine/oscore_directory.h"

#include <algorithm>
#include <array>
#include <bit>

namespace engine {
namespace {

server::OscoreOwner owner_of(const profiles::OscoreIdentity& identity, std::string_view endpoint) {
    return {endpoint,
            {.master_secret = identity.master_secret(),
             .master_salt = identity.master_salt(),
             .sender_id = identity.recipient_id(),
             .recipient_id = *identity.sender_id(),
             .id_context = identity.id_context()}};
}

// The owner that was asked for last: its views are on this.
struct Lookup {
    explicit Lookup(std::shared_ptr<const profiles::OscoreFleet> known) : fleet(std::move(known)) {}

    std::shared_ptr<const profiles::OscoreFleet> fleet;
    std::optional<profiles::OscoreIdentity> identity;
    std::array<std::uint8_t, profiles::endpoint_capacity> name{};

    std::optional<server::OscoreOwner> operator()(base::Bytes kid) {
        const auto device = fleet->device_of(kid);
        if (!device) return std::nullopt;
        const auto& profile = fleet->population().profile_of(*device);
        const auto variables = fleet->variables_of(*device);
        identity.emplace(profile, variables, fleet->server_of(*device));
        const auto size = profiles::endpoint_name(profile, variables, name);
        return owner_of(*identity, base::as_text(base::Bytes(name).first(size)));
    }
};

// The only owner that there is.
struct Alone {
    Alone(profiles::ResolvedProfilePtr kept, const profiles::EndpointVariables& device)
        : profile(std::move(kept)), identity(*profile, device), endpoint(profiles::endpoint_name(*profile, device)) {}

    profiles::ResolvedProfilePtr profile;
    profiles::OscoreIdentity identity;
    std::string endpoint;
};

server::OscoreDirectory directory_of(std::shared_ptr<const profiles::OscoreFleet> fleet) {
    if (fleet == nullptr) return {};
    const auto lookup = std::make_shared<Lookup>(std::move(fleet));
    return {.owner_of = [lookup](base::Bytes kid) { return (*lookup)(kid); },
            .secures = [lookup](std::string_view endpoint) { return lookup->fleet->secures(endpoint); }};
}

}  // namespace

std::uint64_t run_entropy() {
    std::array<std::uint8_t, 8> bytes{};
    base::fill_random(bytes);
    return std::bit_cast<std::uint64_t>(bytes);
}

server::OscoreDirectory oscore_directory(const FleetModel& model) {
    // Somebody else's, and there as long as the model.
    return directory_of({std::shared_ptr<void>(), model.oscore.get()});
}

base::Result<server::OscoreDirectory, std::string> oscore_directory(const FleetModel& model,
                                                                    const std::vector<Clients>& clients) {
    if (std::ranges::all_of(clients, [](const Clients& some) { return some.server == 0; })) {
        return oscore_directory(model);
    }
    profiles::OscoreFleet::ServerOfPart servers(model.profiles.size());
    for (const Clients& some : clients) servers[some.part] = some.server;
    auto made = profiles::OscoreFleet::make(*model.population, model.scenario.seed, std::move(servers));
    if (!made) return tl::unexpected(made.error());
    return directory_of(std::move(*made));
}

server::OscoreDirectory oscore_directory(profiles::ResolvedProfilePtr profile,
                                         const profiles::EndpointVariables& device) {
    if (profile->oscore == nullptr) return {};
    const auto alone = std::make_shared<const Alone>(std::move(profile), device);
    return {.owner_of = [alone](base::Bytes kid) -> std::optional<server::OscoreOwner> {
                if (!base::equal(kid, *alone->identity.sender_id())) return std::nullopt;
                return owner_of(alone->identity, alone->endpoint);
            },
            .secures = [alone](std::string_view endpoint) { return endpoint == alone->endpoint; }};
}

}  // namespace engine
