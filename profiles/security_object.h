// The Security object (Core 1.1.1, E.1): one instance for each server of a profile, as `security:`, `servers:` and
// `oscore:` say. No server but a Bootstrap-Server reads it (fleet/object_security.cpp works out what is one device's
// own); secret keys are not kept in it.
#pragma once

#include "profiles/object_drafts.h"

namespace profiles {

inline constexpr std::uint16_t security_object = 0;

namespace security_resource {
inline constexpr std::uint16_t server_uri = 0, bootstrap_server = 1, mode = 2, identity = 3, server_public_key = 4,
                               secret_key = 5, short_server_id = 10, matching_type = 13, sni = 14,
                               certificate_usage = 15, cipher_suites = 16, oscore_security_mode = 17;
}

// REQUIRES: the servers of `result` are complete.
void add_security_objects(const ObjectModels& models, const ResolvedProfile& result, ObjectDrafts& drafts);

}  // namespace profiles
