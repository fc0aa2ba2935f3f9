#include "simulator/engine/dtls13_limits.h"

#include <fmt/format.h>

#include "profiles/resolved_profile.h"
#include "simulator/net/dtls13_session.h"

namespace engine {
namespace {

constexpr std::string_view other_library = "build with the one that simulator/cmake/build-wolfssl.sh makes, or use ";

bool is_dtls13(const profiles::SecuritySpec& security) {
    return security.mode != profiles::SecurityMode::none && security.dtls == profiles::DtlsVersion::v13;
}

std::uint64_t links_of(const profiles::ResolvedProfile& profile) {
    std::uint64_t links = 0;
    for (std::size_t i = 0; i < profile.servers.size(); ++i) {
        links += is_dtls13(profiles::security_of(profile, i)) ? 1 : 0;
    }
    return links;
}

}  // namespace

bool speaks_dtls13(const profiles::ResolvedProfile& profile) { return links_of(profile) != 0; }

void check_dtls13(const profiles::ResolvedProfile& profile, const profiles::Place& place,
                  profiles::Diagnostics& diagnostics) {
    const auto features = net::dtls13_features();
    for (std::size_t i = 0; i < profile.servers.size(); ++i) {
        const auto& security = profiles::security_of(profile, i);
        if (!is_dtls13(security)) continue;
        const auto lacks = [&](std::string_view what, std::string_view instead) {
            diagnostics.error(place, fmt::format("the wolfSSL that this was built with {}", what),
                              std::string(other_library) + std::string(instead));
        };
        if (!features.available) return lacks("has no DTLS 1.3", "dtls: \"1.2\"");
        if (security.connection_id && !features.connection_ids)
            lacks("has no connection ids in DTLS 1.3", "cid: false");
        if (security.resume > 0 && !features.tickets) lacks("cannot resume sessions of DTLS 1.3", "resume: 0%");
    }
}

void check_dtls13(const profiles::Population& population, const std::vector<scenarios::FleetShare>& fleet,
                  profiles::Diagnostics& diagnostics) {
    std::uint64_t sessions = 0;
    for (std::size_t part = 0; part < population.parts(); ++part) {
        const auto& profile = *population.profile(part);
        check_dtls13(profile, fleet[part].place, diagnostics);
        sessions += population.count(part) * links_of(profile);
    }
    if (sessions <= net::most_dtls13_sessions) return;
    diagnostics.error(fleet.front().place,
                      fmt::format("{} sessions of DTLS 1.3 are needed, and {} are the most: the library keeps about {} "
                                  "KB for each on the devices' side, and as much again in an embedded server",
                                  sessions, net::most_dtls13_sessions, net::dtls13_session_size / 1024),
                      "use DTLS 1.2 for more (security: dtls: \"1.2\"), which keeps 80 bytes");
}

}  // namespace engine
