#include "simulator/cli/provision_oscore.h"

#include <fmt/format.h>

namespace cli {

using Json = nlohmann::ordered_json;

OscoreKeys oscore_keys(const profiles::ResolvedProfile& profile, const profiles::EndpointVariables& device,
                       std::size_t server) {
    const profiles::OscoreIdentity identity(profile, device, server);
    const auto id_context = identity.id_context();
    return {.sender_id = base::to_hex(*identity.sender_id()),
            .recipient_id = base::to_hex(identity.recipient_id()),
            .id_context = id_context ? base::to_hex(*id_context) : "",
            .master_secret = base::to_hex(identity.master_secret()),
            .master_salt = base::to_hex(identity.master_salt())};
}

std::string oscore_csv(const OscoreKeys& keys) {
    return fmt::format("{},{},{},{},{}", keys.sender_id, keys.recipient_id, keys.id_context, keys.master_secret,
                       keys.master_salt);
}

Json oscore_json(const OscoreKeys& keys) {
    return {{"sender_id", keys.sender_id},
            {"recipient_id", keys.recipient_id},
            {"id_context", keys.id_context},
            {"master_secret", keys.master_secret},
            {"master_salt", keys.master_salt}};
}

Json oscore_for_leshan(const OscoreKeys& keys) {
    return {{"sid", keys.recipient_id}, {"rid", keys.sender_id}, {"msec", keys.master_secret}};
}

}  // namespace cli
