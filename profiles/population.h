// Population: which profile a device follows and what it is called: arithmetic on its index, nothing is stored for a
// device.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/resolved_profile.h"
#include "simulator/base/bytes.h"

namespace profiles {

// No endpoint name is longer: a template that could grow beyond is refused.
inline constexpr std::size_t endpoint_capacity = 128;

// What the placeholders of an endpoint template stand for.
struct EndpointVariables {
    std::uint64_t index = 0;  // of the device in the whole fleet, over all shards
    std::uint64_t seed = 0;
    std::uint32_t shard = 0;
};

// Writes the name of a device to the front of `out` and returns its length; 0 where it does not fit (endpoint_capacity
// bytes always do). {index} decimal, {index:08} with leading zeros, {imei} 15 digits with a Luhn check digit, different
// for each of 10^12 indices, {uuid} of version 4 from seed and index, {shard}, {seed}, {profile}. Does not allocate.
std::size_t endpoint_name(const ResolvedProfile& profile, const EndpointVariables& variables, base::MutableBytes out);
std::string endpoint_name(const ResolvedProfile& profile, const EndpointVariables& variables);

// The PSK identity of a device: by the template of its profile's security block or its file of keys, of that
// generation, else its endpoint name. 0: the file has no row for it.
std::size_t psk_identity(const ResolvedProfile& profile, const EndpointVariables& variables, base::MutableBytes out,
                         unsigned generation = 0);
// The same by the security of one of its servers.
std::size_t psk_identity(const ResolvedProfile& profile, const SecuritySpec& security,
                         const EndpointVariables& variables, base::MutableBytes out, unsigned generation);

// Any other template with the same placeholders; empty where it would be longer than 1024 bytes.
std::string fill_template(std::string_view text, const ResolvedProfile& profile, const EndpointVariables& variables);
// The same without allocating: returns the length; 0 where it does not fit.
std::size_t fill_template(std::string_view text, std::string_view profile, const EndpointVariables& variables,
                          base::MutableBytes out);

struct EndpointProblem {
    std::string message;
    std::string hint;
};
// What is wrong with a template, or nothing: of any text; of an endpoint's name.
std::optional<EndpointProblem> check_template(std::string_view text);
std::optional<EndpointProblem> check_endpoint(std::string_view endpoint, std::string_view profile_name);
// Is there {index}, {imei} or {uuid} in it, so that devices differ?
bool is_individual(std::string_view endpoint);

// A fleet of devices 0 to size-1, of one or more profiles by share. Immutable; threads may share it.
class Population {
public:
    struct Part {
        ResolvedProfilePtr profile;
        double weight = 1;  // its share of the fleet is weight / sum of weights
    };

    // Counts are exact: 85 % of 100,000 are 85,000; what does not divide goes to the largest remainders, the earlier
    // part first among equals. Fails, with a sentence for the user, for no parts, a weight that is not above 0, or
    // devices that would have the same endpoint name.
    static base::Result<Population, std::string> make(std::vector<Part> parts, std::uint64_t devices,
                                                      std::uint64_t seed);

    std::uint64_t size() const { return size_; }
    std::size_t parts() const { return profiles_.size(); }
    const ResolvedProfilePtr& profile(std::size_t part) const { return profiles_[part]; }
    std::uint64_t count(std::size_t part) const { return counts_[part]; }  // devices that follow it

    // The part that a device (below size()) belongs to. Any run of consecutive indices, and any regular pick from them,
    // has the mix of the whole, as closely as its length allows. A function of (seed, index) and the counts alone;
    // about 20 ns.
    std::size_t part_of(std::uint64_t device) const;
    const ResolvedProfile& profile_of(std::uint64_t device) const { return *profiles_[part_of(device)]; }

private:
    Population() = default;

    std::vector<ResolvedProfilePtr> profiles_;
    std::vector<std::uint64_t> counts_;
    std::uint64_t size_ = 0;
    std::uint64_t seed_ = 0;
};

}  // namespace profiles
