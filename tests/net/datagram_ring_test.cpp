#include "simulator/net/datagram_ring.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace {

using net::Address;
using net::DatagramRing;

constexpr std::size_t smallest = 1u << 13;

bool push(DatagramRing& ring, std::string_view text, std::uint16_t port = 1) {
    return ring.push({base::as_bytes(text), 0, Address::from_v4(0x7f000001, port), port + std::uint64_t{7}});
}
std::vector<std::string> take(DatagramRing& ring) {
    std::vector<std::string> texts;
    for (const auto& packet : ring.take()) texts.emplace_back(base::as_text(packet.bytes));
    return texts;
}

TEST(DatagramRing, HandsOnWhatWasPutInInOrder) {
    DatagramRing ring(smallest);
    EXPECT_TRUE(ring.empty());
    EXPECT_TRUE(push(ring, "one", 11));
    EXPECT_TRUE(push(ring, "", 12));
    EXPECT_TRUE(push(ring, "three", 13));
    EXPECT_FALSE(ring.empty());
    const auto packets = ring.take();
    ASSERT_EQ(packets.size(), 3u);
    EXPECT_EQ(base::as_text(packets[0].bytes), "one");
    EXPECT_TRUE(packets[1].bytes.empty());
    EXPECT_EQ(base::as_text(packets[2].bytes), "three");
    EXPECT_EQ(packets[2].remote, Address::from_v4(0x7f000001, 13));
    EXPECT_EQ(packets[2].proven, 20u);
    EXPECT_TRUE(ring.take().empty());
}

// What was taken makes room only with the next take: until then somebody reads it.
TEST(DatagramRing, RefusesWhatDoesNotFitAndTakesItWhenThereIsRoom) {
    DatagramRing ring(smallest);
    const std::string large(net::max_datagram, 'x');
    std::size_t fit = 0;
    while (push(ring, large)) ++fit;
    EXPECT_EQ(fit, smallest / (net::max_datagram + 32));
    EXPECT_EQ(take(ring).size(), fit);
    EXPECT_FALSE(push(ring, large));
    EXPECT_TRUE(take(ring).empty());
    EXPECT_TRUE(push(ring, large));
}

TEST(DatagramRing, GivesAtMostOneBatch) {
    DatagramRing ring(smallest);
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(push(ring, "x"));
    EXPECT_EQ(take(ring).size(), 64u);
    EXPECT_EQ(take(ring).size(), 36u);
}

// Sizes of all kinds come by the end of the memory, where an entry may leave less than a header.
TEST(DatagramRing, WrapsAnywhere) {
    DatagramRing ring(smallest);
    std::uint64_t pushed = 0;
    std::uint64_t taken = 0;
    for (std::size_t round = 0; round < 3000; ++round) {
        const std::size_t size = round * 37 % net::max_datagram;
        while (push(ring, std::to_string(pushed) + std::string(size, '.'))) ++pushed;
        for (const auto& text : take(ring)) {
            ASSERT_EQ(text.substr(0, text.find('.')), std::to_string(taken));
            ++taken;
        }
    }
    take(ring);
    EXPECT_GT(taken, 3000u);
}

TEST(DatagramRing, JoinsTwoThreads) {
    constexpr std::uint32_t count = 200'000;
    DatagramRing ring(smallest);
    std::uint64_t refused = 0;
    std::thread other([&] {
        for (std::uint32_t i = 0; i < count;) {
            std::array<std::uint8_t, 60> bytes{};
            std::memcpy(bytes.data(), &i, sizeof i);
            if (ring.push({base::Bytes(bytes).first(4 + i % 57), 0, {}, i})) {
                ++i;
            } else {
                ++refused;
                std::this_thread::yield();
            }
        }
    });
    std::uint32_t expected = 0;
    while (expected < count) {
        const auto packets = ring.take();
        if (packets.empty()) std::this_thread::yield();
        for (const auto& packet : packets) {
            std::uint32_t number = 0;
            std::memcpy(&number, packet.bytes.data(), sizeof number);
            ASSERT_EQ(number, expected);
            ASSERT_EQ(packet.bytes.size(), 4 + expected % 57);
            ASSERT_EQ(packet.proven, expected);
            ++expected;
        }
    }
    other.join();
}

}  // namespace
