// Random: chance without state. A draw is a pure function of (seed, device, stream, counter), so that any device can
// be replayed alone and
// results do not depend on threads or shards. Not for keys: those come from base/crypto.h.
#pragma once

#include <cstdint>

namespace base {

// What a draw is for. Two streams of one device are independent; the numbers are part of "same seed, same run" and
// stay.
enum class Stream : std::uint32_t {
    ramp = 1,
    message_id = 2,
    token = 3,
    retransmission = 4,
    update = 5,
    notify = 6,
    value = 7,
    network = 8,
    endpoint = 9,
    behaviour = 10,
    server = 11,
    population = 12,
    send = 13,
    sleep = 14,
    firmware = 15,
    security = 20,
    oscore = 24,
};

// SplitMix64's finaliser: a bijection that spreads every input bit over the output.
constexpr std::uint64_t mix(std::uint64_t x) {
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9ULL;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebULL;
    return x ^ x >> 31;
}

constexpr std::uint64_t draw(std::uint64_t seed, std::uint64_t device, std::uint64_t stream, std::uint64_t counter) {
    constexpr std::uint64_t golden = 0x9e3779b97f4a7c15ULL;
    std::uint64_t x = mix(seed + golden);
    x = mix(x ^ (device + golden) * golden);
    x = mix(x ^ (stream + golden) * 0xd1342543de82ef95ULL);
    return mix(x + (counter + 1) * golden);
}
constexpr std::uint64_t draw(std::uint64_t seed, std::uint64_t device, Stream stream, std::uint64_t counter) {
    return draw(seed, device, static_cast<std::uint64_t>(stream), counter);
}

// [0, 1), 53 bits.
constexpr double to_unit(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1.0p-53; }

// Inverse cumulative distribution functions of our own: those of the standard library differ between libraries.
double exponential(double unit, double mean);
double normal(double unit, double mean, double deviation);

}  // namespace base
