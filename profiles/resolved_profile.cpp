#include "profiles/resolved_profile.h"

#include <algorithm>

namespace profiles {

std::string_view name(Lwm2mVersion version) {
    switch (version) {
        case Lwm2mVersion::v1_0: return "1.0";
        case Lwm2mVersion::v1_1: return "1.1";
        case Lwm2mVersion::v1_2: return "1.2";
    }
    return "1.1";
}

std::int32_t ResolvedProfile::find(const lwm2m::Path& path) const {
    const auto at =
        std::lower_bound(resources.begin(), resources.end(), path,
                         [](const ResolvedResource& resource, const lwm2m::Path& key) { return resource.path < key; });
    if (at == resources.end() || at->path != path) return -1;
    return static_cast<std::int32_t>(at - resources.begin());
}

std::optional<lwm2m::Path> ResolvedProfile::telling_resource() const {
    constexpr std::uint16_t last_core_object = 5;
    std::optional<lwm2m::Path> core;
    for (const ResolvedResource& resource : resources) {
        if (resource.generator < 0 || !resource.operations.read) continue;
        const lwm2m::Path path = resource.path.prefix(3);
        if (path.object() > last_core_object) return path;
        if (!core) core = path;
    }
    return core;
}

bool speaks_dtls(const ResolvedProfile& profile) {
    const auto secure = [](const SecuritySpec& security) { return security.mode != SecurityMode::none; };
    return secure(profile.security) || std::ranges::any_of(profile.servers, secure, &ResolvedServer::security);
}

bool has_oscore(const ResolvedProfile& profile) {
    return profile.oscore != nullptr ||
           std::ranges::any_of(profile.servers, [](const auto& server) { return server.oscore != nullptr; });
}

}  // namespace profiles
