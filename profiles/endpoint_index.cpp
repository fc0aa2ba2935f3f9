#include "profiles/endpoint_index.h"

#include "simulator/base/random.h"

namespace profiles {
namespace {

std::uint64_t fingerprint(std::string_view text) {
    std::uint64_t value = text.size();
    for (const char c : text) value = base::mix(value * 0x9e3779b97f4a7c15ULL + static_cast<unsigned char>(c));
    return value;
}

}  // namespace

EndpointIndex::EndpointIndex(const Population& population, std::uint64_t seed)
    : population_(population), seed_(seed), devices_(population.size()) {
    std::array<std::uint8_t, endpoint_capacity> memory;
    for (std::uint64_t device = 0; device < population.size(); ++device) {
        const auto size = endpoint_name(population.profile_of(device), {device, seed, 0}, memory);
        devices_.insert(fingerprint(base::as_text(base::Bytes(memory).first(size))), device);
    }
}

std::optional<std::uint64_t> EndpointIndex::device_of(std::string_view endpoint) const {
    const auto* const device = devices_.find(fingerprint(endpoint));
    if (device == nullptr) return std::nullopt;
    std::array<std::uint8_t, endpoint_capacity> memory;
    const auto size = endpoint_name(population_.profile_of(*device), {*device, seed_, 0}, memory);
    const bool same = base::as_text(base::Bytes(memory).first(size)) == endpoint;
    return same ? std::optional(*device) : std::nullopt;
}

}  // namespace profiles
