#include "profiles/population.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "simulator/base/random.h"
#include "simulator/base/writer.h"

namespace profiles {
namespace {

constexpr std::uint64_t device_cap = 4'000'000'000;  // products of two counts fit 64 bits

constexpr std::array<std::string_view, 6> placeholders{"index", "imei", "uuid", "shard", "seed", "profile"};

// "{index:08}" -> name "index", width 8.
struct Placeholder {
    std::string_view name;
    unsigned width = 0;
};

std::optional<Placeholder> parse_placeholder(std::string_view inside) {
    const auto colon = inside.find(':');
    Placeholder found{inside.substr(0, colon), 0};
    if (colon == std::string_view::npos) return found;
    const std::string_view width = inside.substr(colon + 1);
    const auto [stop, error] = std::from_chars(width.data(), width.data() + width.size(), found.width);
    if (error != std::errc{} || stop != width.data() + width.size() || width.front() != '0' || found.width > 20)
        return std::nullopt;
    return found;
}

// Calls text(part) and placeholder(inside) in the order of the template. False where a brace is not closed.
template <class Text, class Inside>
bool walk(std::string_view endpoint, Text on_text, Inside on_placeholder) {
    while (!endpoint.empty()) {
        const auto open = endpoint.find('{');
        on_text(endpoint.substr(0, open));
        if (open == std::string_view::npos) return true;
        const auto close = endpoint.find('}', open);
        if (close == std::string_view::npos) return false;
        on_placeholder(endpoint.substr(open + 1, close - open - 1));
        endpoint.remove_prefix(close + 1);
    }
    return true;
}

void put_number(base::Writer& out, std::uint64_t number, unsigned width) {
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    const auto length = static_cast<unsigned>(end - digits.data());
    for (unsigned i = length; i < width; ++i) out.put_u8('0');
    out.put(std::string_view(digits.data(), length));
}

// 35, then 12 digits that count up from a start of the seed's, then the check digit of Luhn (3GPP TS 23.003, annex B).
void put_imei(base::Writer& out, const EndpointVariables& variables) {
    constexpr std::uint64_t span = 1'000'000'000'000;
    const std::uint64_t start = base::draw(variables.seed, 0, base::Stream::endpoint, 0) % 1'000'000 * 1'000'000;
    std::uint64_t number = 35 * span + (start + variables.index) % span;
    std::array<char, 15> digits;
    unsigned sum = 0;
    for (std::size_t i = 14; i-- > 0; number /= 10) {
        const auto digit = static_cast<unsigned>(number % 10);
        digits[i] = static_cast<char>('0' + digit);
        const unsigned doubled = i % 2 == 1 ? 2 * digit : digit;  // every second digit, from the right one on
        sum += doubled > 9 ? doubled - 9 : doubled;
    }
    digits[14] = static_cast<char>('0' + (10 - sum % 10) % 10);
    out.put(std::string_view(digits.data(), digits.size()));
}

// RFC 4122 4.4.
void put_uuid(base::Writer& out, const EndpointVariables& variables) {
    std::array<std::uint64_t, 2> halves{base::draw(variables.seed, variables.index, base::Stream::endpoint, 1),
                                        base::draw(variables.seed, variables.index, base::Stream::endpoint, 2)};
    halves[0] = (halves[0] & ~0xf000ULL) | 0x4000;
    halves[1] = (halves[1] & ~(3ULL << 62)) | 2ULL << 62;
    constexpr std::string_view hex = "0123456789abcdef";
    for (unsigned i = 0; i < 32; ++i) {
        if (i == 8 || i == 12 || i == 16 || i == 20) out.put_u8('-');
        out.put_u8(static_cast<std::uint8_t>(hex[halves[i / 16] >> (60 - i % 16 * 4) & 15]));
    }
}

void put_placeholder(base::Writer& out, std::string_view inside, std::string_view profile,
                     const EndpointVariables& variables) {
    const auto placeholder = parse_placeholder(inside);
    if (!placeholder) {
        out.fail();
    } else if (placeholder->name == "index") {
        put_number(out, variables.index, placeholder->width);
    } else if (placeholder->name == "imei") {
        put_imei(out, variables);
    } else if (placeholder->name == "uuid") {
        put_uuid(out, variables);
    } else if (placeholder->name == "shard") {
        put_number(out, variables.shard, placeholder->width);
    } else if (placeholder->name == "seed") {
        put_number(out, variables.seed, placeholder->width);
    } else if (placeholder->name == "profile") {
        out.put(profile);
    } else {
        out.fail();
    }
}

std::size_t write_name(std::string_view endpoint, std::string_view profile, const EndpointVariables& variables,
                       base::MutableBytes memory) {
    base::Writer out(memory);
    const bool closed = walk(
        endpoint, [&out](std::string_view text) { out.put(text); },
        [&](std::string_view inside) { put_placeholder(out, inside, profile, variables); });
    return closed && !out.failed() ? out.size() : 0;
}

}  // namespace

std::size_t endpoint_name(const ResolvedProfile& profile, const EndpointVariables& variables, base::MutableBytes out) {
    return write_name(profile.endpoint, profile.name, variables, out);
}

std::size_t psk_identity(const ResolvedProfile& profile, const EndpointVariables& variables, base::MutableBytes out,
                         unsigned generation) {
    return psk_identity(profile, profile.security, variables, out, generation);
}

std::size_t psk_identity(const ResolvedProfile& profile, const SecuritySpec& security,
                         const EndpointVariables& variables, base::MutableBytes out, unsigned generation) {
    if (security.key == SecuritySpec::Key::listed) {
        const KeyTable& keys = table_of(security, generation);
        if (variables.index >= keys.size()) return 0;
        base::Writer writer(out);
        writer.put(keys.identity(variables.index));
        return writer.failed() ? 0 : writer.size();
    }
    const std::string& identity = security.identity;
    return write_name(identity.empty() ? profile.endpoint : identity, profile.name, variables, out);
}

std::size_t fill_template(std::string_view text, std::string_view profile, const EndpointVariables& variables,
                          base::MutableBytes out) {
    return write_name(text, profile, variables, out);
}

std::string endpoint_name(const ResolvedProfile& profile, const EndpointVariables& variables) {
    std::array<std::uint8_t, endpoint_capacity> memory;
    const std::size_t size = endpoint_name(profile, variables, memory);
    return std::string(base::as_text(base::Bytes(memory).first(size)));
}

std::string fill_template(std::string_view text, const ResolvedProfile& profile, const EndpointVariables& variables) {
    std::array<std::uint8_t, 1024> memory;
    const std::size_t size = write_name(text, profile.name, variables, memory);
    return std::string(base::as_text(base::Bytes(memory).first(size)));
}

std::optional<EndpointProblem> check_template(std::string_view text) {
    std::optional<EndpointProblem> problem;
    const auto look = [&problem](std::string_view inside) {
        const auto placeholder = parse_placeholder(inside);
        const bool known =
            placeholder && std::find(placeholders.begin(), placeholders.end(), placeholder->name) != placeholders.end();
        if (!known) {
            problem = {fmt::format("'{{{}}}' stands for nothing", inside),
                       "there are {index} {index:08} {imei} {uuid} {shard} {seed} {profile}"};
        }
    };
    const bool closed = walk(
        text, [](std::string_view) {}, look);
    if (!closed) return EndpointProblem{"'{' without its '}'", "as in {index}"};
    return problem;
}

std::optional<EndpointProblem> check_endpoint(std::string_view endpoint, std::string_view profile_name) {
    if (auto problem = check_template(endpoint)) return problem;
    if (endpoint.empty()) return EndpointProblem{"empty", "try {profile}-{index}"};
    if (std::any_of(endpoint.begin(), endpoint.end(),
                    [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) {
        return EndpointProblem{"control characters in the name", ""};
    }
    std::array<std::uint8_t, endpoint_capacity> memory;
    const EndpointVariables longest{~0ULL, ~0ULL, ~0U};
    if (write_name(endpoint, profile_name, longest, memory) == 0) {
        return EndpointProblem{fmt::format("longer than {} bytes", endpoint_capacity), ""};
    }
    return std::nullopt;
}

bool is_individual(std::string_view endpoint) {
    bool individual = false;
    walk(
        endpoint, [](std::string_view) {},
        [&individual](std::string_view inside) {
            const auto placeholder = parse_placeholder(inside);
            individual |= placeholder &&
                          (placeholder->name == "index" || placeholder->name == "imei" || placeholder->name == "uuid");
        });
    return individual;
}

namespace {

// A bijection of [0, 2^bits) that scatters neighbours, another one for each key.
std::uint64_t scatter(std::uint64_t x, unsigned bits, std::uint64_t key) {
    const std::uint64_t mask = (1ULL << bits) - 1;
    const unsigned half = bits / 2 + 1;
    for (int round = 0; round < 3; ++round) {
        x = (x ^ key) & mask;
        x = (x * 0x9e3779b97f4a7c15ULL) & mask;  // odd: a bijection modulo 2^bits
        x ^= x >> half;
        key = base::mix(key + 0x9e3779b97f4a7c15ULL);
    }
    return x;
}

// Moves a device within its block of 1024, so that no regular pick of indices meets one profile only.
std::uint64_t shuffled(std::uint64_t device, std::uint64_t size, std::uint64_t seed) {
    constexpr std::uint64_t block_size = 1024;
    const std::uint64_t block = device / block_size;
    const std::uint64_t begin = block * block_size;
    const std::uint64_t length = std::min(block_size, size - begin);
    if (length < 4) return device;
    unsigned bits = 2;
    while ((1ULL << bits) < length) ++bits;
    const std::uint64_t key = base::draw(seed, block, base::Stream::population, 0);
    std::uint64_t offset = device - begin;
    do {
        offset = scatter(offset, bits, key);  // walks on until it is inside again: a bijection of the block
    } while (offset >= length);
    return begin + offset;
}

std::vector<std::uint64_t> apportion(const std::vector<Population::Part>& parts, std::uint64_t devices) {
    double sum = 0;
    for (const auto& part : parts) sum += part.weight;
    std::vector<std::uint64_t> counts;
    std::vector<double> remainders;
    std::uint64_t given = 0;
    for (const auto& part : parts) {
        // Shares as people write them (0.85) are a hair off in floating point: 84,999.999999 are 85,000.
        const double exact = static_cast<double>(devices) * (part.weight / sum);
        const double near = std::round(exact);
        const double whole = std::abs(exact - near) < 1e-6 * std::max(1.0, near * 1e-6) ? near : std::floor(exact);
        counts.push_back(std::min(static_cast<std::uint64_t>(whole), devices - given));
        given += counts.back();
        remainders.push_back(exact - whole);
    }
    std::vector<std::size_t> order(parts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return remainders[a] > remainders[b]; });
    for (std::size_t i = 0; given < devices; i = (i + 1) % order.size()) ++counts[order[i]], ++given;
    return counts;
}

// Literal text before the first placeholder.
std::string_view fixed_head(std::string_view endpoint) { return endpoint.substr(0, endpoint.find('{')); }

// Templates whose names cannot meet, whatever the placeholders hold.
bool are_apart(const ResolvedProfile& a, const ResolvedProfile& b) {
    if (a.endpoint == b.endpoint && a.name == b.name) return true;  // one template: the index makes the difference
    const std::string_view first = fixed_head(a.endpoint);
    const std::string_view second = fixed_head(b.endpoint);
    return !first.starts_with(second) && !second.starts_with(first);
}

std::uint64_t hash(std::string_view text) {
    std::uint64_t value = text.size();
    for (const char c : text) value = base::mix(value * 0x9e3779b97f4a7c15ULL + static_cast<unsigned char>(c));
    return value;
}

// The name that two devices share, by making all of them.
std::optional<std::string> shared_name(const Population& population, std::uint64_t seed) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> hashes;  // of the name -> device
    hashes.reserve(population.size());
    std::array<std::uint8_t, endpoint_capacity> memory;
    for (std::uint64_t device = 0; device < population.size(); ++device) {
        const std::size_t size = endpoint_name(population.profile_of(device), {device, seed, 0}, memory);
        hashes.emplace_back(hash(base::as_text(base::Bytes(memory).first(size))), device);
    }
    std::sort(hashes.begin(), hashes.end());
    for (std::size_t i = 1; i < hashes.size(); ++i) {
        if (hashes[i].first != hashes[i - 1].first) continue;
        const auto name_of = [&](std::size_t at) {
            return endpoint_name(population.profile_of(hashes[at].second), {hashes[at].second, seed, 0});
        };
        if (name_of(i) == name_of(i - 1)) return name_of(i);
    }
    return std::nullopt;
}

}  // namespace

base::Result<Population, std::string> Population::make(std::vector<Part> parts, std::uint64_t devices,
                                                       std::uint64_t seed) {
    const auto refuse = [](std::string message) { return tl::unexpected<std::string>(std::move(message)); };
    if (parts.empty()) return refuse("the fleet has no profile");
    if (devices > device_cap) return refuse(fmt::format("more than {} devices", device_cap));
    for (const Part& part : parts) {
        if (!(part.weight > 0) || part.weight > 1e12)
            return refuse(fmt::format("the share of '{}' is not above 0", part.profile->name));
    }
    Population population;
    population.counts_ = apportion(parts, devices);
    population.size_ = devices;
    population.seed_ = seed;
    for (Part& part : parts) population.profiles_.push_back(std::move(part.profile));
    bool apart = true;
    for (std::size_t i = 0; i < population.parts(); ++i) {
        const ResolvedProfile& profile = *population.profiles_[i];
        if (population.counts_[i] > 1 && !is_individual(profile.endpoint)) {
            return refuse(
                fmt::format("{} devices of '{}' would have the same endpoint name '{}': put {{index}}, {{imei}} or "
                            "{{uuid}} into it",
                            population.counts_[i], profile.name, profile.endpoint));
        }
        for (std::size_t j = 0; j < i; ++j) {
            const bool used = population.counts_[i] > 0 && population.counts_[j] > 0;
            apart &= !used || (is_individual(profile.endpoint) && are_apart(profile, *population.profiles_[j]));
        }
    }
    if (!apart) {
        if (const auto name = shared_name(population, seed)) {
            return refuse(fmt::format(
                "two devices would have the endpoint name '{}': give the profiles different endpoints", *name));
        }
    }
    return population;
}

std::size_t Population::part_of(std::uint64_t device) const {
    std::uint64_t place = shuffled(device, size_, seed_);
    std::uint64_t left = size_;
    // Bresenham's line: part i has its count spread evenly over the places that the parts before it have left.
    for (std::size_t i = 0; i + 1 < counts_.size(); ++i) {
        const auto before = place * counts_[i] / left;
        const auto through = (place + 1) * counts_[i] / left;
        if (through > before) return i;
        place -= before;
        left -= counts_[i];
    }
    return counts_.size() - 1;
}

}  // namespace profiles
