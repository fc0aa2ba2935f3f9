#include "profiles/link_list.h"

#include <algorithm>

#include <fmt/format.h>

#include "simulator/lwm2m/operation.h"

namespace profiles {
namespace {

// Text, opaque and links are a matter of course; the others are told in the order of their numbers.
std::string root_link(const ResolvedProfile& profile) {
    using lwm2m::ContentFormat;
    std::vector<unsigned> numbers;
    for (const ContentFormat format : profile.formats) {
        if (format == ContentFormat::text || format == ContentFormat::opaque || format == ContentFormat::link) continue;
        numbers.push_back(static_cast<unsigned>(format));
    }
    std::sort(numbers.begin(), numbers.end());
    const std::string list = fmt::format("{}", fmt::join(numbers, " "));
    const char* quote = numbers.size() > 1 ? "\"" : "";
    return fmt::format("</{}>;rt=\"oma.lwm2m\";ct={}{}{}", profile.root_path, quote, list, quote);
}

}  // namespace

std::string link_list(const ResolvedProfile& profile, const lwm2m::ObjectSelection& selection) {
    std::string links;
    const auto add = [&links](const std::string& link) { links += (links.empty() ? "" : ",") + link; };
    const std::string prefix = profile.root_path.empty() ? "" : "/" + profile.root_path;
    if (profile.version != Lwm2mVersion::v1_0) {
        add(root_link(profile));
    } else if (!prefix.empty()) {
        add(fmt::format("<{}>;rt=\"oma.lwm2m\"", prefix));
    }
    for (const ResolvedObject& object : profile.objects) {
        if (lwm2m::is_closed(object.id)) continue;
        if (selection.must_state(*object.model)) {
            add(fmt::format("<{}/{}>;ver={}", prefix, object.id, lwm2m::to_string(object.model->version)));
        } else if (object.instance_count == 0) {
            add(fmt::format("<{}/{}>", prefix, object.id));
        }
        for (std::uint32_t i = 0; i < object.instance_count; ++i) {
            add(fmt::format("<{}{}>", prefix, lwm2m::to_string(profile.instances[object.first_instance + i].path)));
        }
    }
    return links;
}

}  // namespace profiles
