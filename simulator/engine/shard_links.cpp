#include "simulator/engine/shard_links.h"

#include "simulator/base/random.h"

namespace engine {

ShardLinks::ShardLinks(const FleetModel& model, fleet::Membership members)
    : model_(model), members_(std::move(members)) {
    further_.reserve(fleet::count_further_links(members_, model_.profiles));
    for (std::uint32_t device = 0; device < members_.devices && further_.capacity() > 0; ++device) {
        const auto count = static_cast<std::uint32_t>(profile_of(device).servers.size());
        for (std::uint32_t server = 1; server < count; ++server) further_.push_back({device, server});
    }
    if (!model_.plan->rotations().empty()) taken_.resize(size());
}

std::size_t ShardLinks::identity(std::uint32_t link, base::MutableBytes out) const {
    const profiles::EndpointVariables variables{.index = index_of(link), .seed = model_.scenario.seed, .shard = 0};
    return profiles::psk_identity(profile_of(link), spec_of(link), variables, out, generation_of(link));
}

std::uint64_t ShardLinks::draw(std::uint32_t link, std::uint64_t counter) const {
    const auto of_server = std::uint64_t{server_of(link)} << 48;
    return base::draw(model_.scenario.seed, index_of(link), base::Stream::security, counter + of_server);
}

}  // namespace engine
