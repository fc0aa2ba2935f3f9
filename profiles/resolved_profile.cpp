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

}  // namespace profiles
