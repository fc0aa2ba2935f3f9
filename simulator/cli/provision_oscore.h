// What a server must know of the OSCORE context of a device, for provision. Sender and recipient are as the device sees
// them: its server has them the other way round.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "profiles/oscore_spec.h"

namespace cli {

// In hexadecimal; `id_context` is empty where there is none.
struct OscoreKeys {
    std::string sender_id;
    std::string recipient_id;
    std::string id_context;
    std::string master_secret;
    std::string master_salt;
};
// REQUIRES: the profile has OSCORE with that one of its servers, and what the device needs for it.
OscoreKeys oscore_keys(const profiles::ResolvedProfile& profile, const profiles::EndpointVariables& device,
                       std::size_t server);

inline constexpr std::string_view oscore_columns =
    "oscore_sender_id,oscore_recipient_id,oscore_id_context,oscore_master_secret,oscore_master_salt";
std::string oscore_csv(const OscoreKeys& keys);
nlohmann::ordered_json oscore_json(const OscoreKeys& keys);
// As Leshan's demo server takes it, from its own side; it knows neither salt nor ID Context.
nlohmann::ordered_json oscore_for_leshan(const OscoreKeys& keys);

}  // namespace cli
