#include "simulator/net/steering.h"

#include <gtest/gtest.h>

#include <array>

#include <asio/executor_work_guard.hpp>

#include "simulator/net/udp_transport.h"

namespace {

using net::Address;
using net::Steering;

// Sockets that share an address, each driven by one io_context of its own, here by one thread.
struct Group {
    Group(std::uint32_t count, const Address& address) : arrived(count) {
        std::vector<asio::io_context*> all;
        for (std::uint32_t i = 0; i < count; ++i)
            all.push_back(ios.emplace_back(std::make_unique<asio::io_context>()).get());
        auto opened = net::UdpTransport::open_server(all, address);
        EXPECT_TRUE(opened) << opened.error().message;
        sockets = std::move(*opened);
        for (std::uint32_t i = 0; i < count; ++i) {
            sockets[i]->on_readable([this, i] {
                for (auto packets = sockets[i]->receive({}); !packets.empty(); packets = sockets[i]->receive({})) {
                    for (const auto& packet : packets) {
                        ++arrived[i];
                        sources.push_back(packet.remote);
                    }
                }
            });
        }
    }
    std::size_t total() const {
        std::size_t sum = 0;
        for (const auto count : arrived) sum += count;
        return sum;
    }
    std::uint64_t misdirected() const {
        std::uint64_t sum = 0;
        for (const auto& socket : sockets) sum += socket->counts().misdirected;
        return sum;
    }
    // Polls until so many have come, for two seconds at most.
    void pump(std::size_t enough) {
        for (int i = 0; i < 2000 && total() + misdirected() < enough; ++i) {
            for (auto& io : ios) {
                const auto guard = asio::make_work_guard(*io);
                io->run_for(std::chrono::microseconds(200));
            }
        }
    }

    std::vector<std::unique_ptr<asio::io_context>> ios;
    std::vector<std::unique_ptr<net::UdpTransport>> sockets;
    std::vector<std::size_t> arrived;
    std::vector<Address> sources;
};

// Each datagram is dropped where the kernel has led it elsewhere than we would.
void expect_same(std::uint32_t count, const Address& server, net::AddressPlan plan, base::Bytes datagram) {
    Group group(count, server);
    asio::io_context io;
    auto devices = net::UdpTransport::open(io, plan);
    ASSERT_TRUE(devices) << devices.error().message;
    std::vector<net::Packet> packets;
    for (std::uint32_t device = 0; device < plan.devices; ++device) {
        packets.push_back({datagram, device, group.sockets[0]->local_address()});
    }
    (*devices)->send({}, packets);
    group.pump(plan.devices);
    EXPECT_EQ(group.misdirected(), 0u);
    EXPECT_EQ(group.total(), plan.devices);
    const Steering steering(count);
    std::vector<std::size_t> expected(count);
    for (const auto& source : group.sources) ++expected[steering.of_datagram(datagram, source)];
    EXPECT_EQ(group.arrived, expected);
}

net::AddressPlan many_of_v4() {
    net::AddressPlan plan;
    plan.first = Address::from_v4(0x7f040000, 0);
    plan.prefix_size = 4096;
    plan.devices = 1000;
    plan.sockets = 3;
    return plan;
}
net::AddressPlan one_of_v6() {
    net::AddressPlan plan;
    plan.kind = net::AddressPlan::Kind::ports;
    plan.first = *net::parse_ip("::1", 0);
    plan.devices = 100;
    return plan;
}

constexpr std::array<std::uint8_t, 4> coap{0x40, 0x01, 0x12, 0x34};

TEST(Steering, IsWhatTheKernelDoesByTheSource) {
    for (const std::uint32_t count : {2u, 3u, 8u})
        expect_same(count, Address::from_v4(0x7f000001, 0), many_of_v4(), coap);
    for (const std::uint32_t count : {2u, 5u}) expect_same(count, *net::parse_ip("::1", 0), one_of_v6(), coap);
}

// Type 25, version, epoch 1, sequence, then the id; what is too short for one is anybody's noise.
TEST(Steering, IsWhatTheKernelDoesByTheConnectionId) {
    for (const std::uint8_t front : std::array<std::uint8_t, 5>{0, 1, 2, 3, 200}) {
        const std::array<std::uint8_t, 20> record{25, 0xfe,  0xfd, 0, 1, 0, 0, 0, 0, 0,
                                                  5,  front, 0,    0, 9, 1, 2, 0, 1, 9};
        auto plan = many_of_v4();
        plan.devices = 100;
        expect_same(4, Address::from_v4(0x7f000001, 0), plan, record);
        EXPECT_EQ(Steering(4).of_datagram(record, Address::from_v4(0x7f000002, 9)), front % 4u);
        expect_same(4, Address::from_v4(0x7f000001, 0), plan, base::Bytes(record).first(11));
        expect_same(3, *net::parse_ip("::1", 0), one_of_v6(), record);
    }
}

// RFC 9147 4: the unified header, with its bit for a connection id and without.
TEST(Steering, IsWhatTheKernelDoesByTheConnectionIdOfDtls13) {
    auto plan = many_of_v4();
    plan.devices = 100;
    const auto server = Address::from_v4(0x7f000001, 0);
    for (const std::uint8_t number : std::array<std::uint8_t, 4>{0, 1, 2, 255}) {
        const std::array<std::uint8_t, 8> record{0x3e, number, 5, 9, 9, 9, 9, 9};
        expect_same(3, server, plan, record);
        EXPECT_EQ(Steering(3).of_datagram(record, Address::from_v4(0x7f000002, 9)), (number * 256u + 5) % 3);
        expect_same(3, server, plan, base::Bytes(record).first(2));
        expect_same(5, *net::parse_ip("::1", 0), one_of_v6(), record);
    }
    const std::array<std::uint8_t, 8> without{0x2e, 1, 5, 9, 9, 9, 9, 9};
    expect_same(3, server, plan, without);
    EXPECT_EQ(Steering(3).of_datagram(without, Address::from_v4(0x7f000002, 9)),
              Steering(3).of_source(Address::from_v4(0x7f000002, 9)));
}

TEST(Steering, GivesEachSocketItsShare) {
    const Steering steering(4);
    std::array<std::size_t, 4> shares{};
    for (std::uint32_t i = 0; i < 10'000; ++i) {
        ++shares[steering.of_source(Address::from_v4(0x7f010000 + i / 2, static_cast<std::uint16_t>(40000 + i % 2)))];
    }
    for (const auto share : shares) EXPECT_NEAR(static_cast<double>(share), 2500, 250);
    EXPECT_EQ(Steering(1).of_source(Address::from_v4(0x7f010000, 7)), 0u);
}

TEST(Steering, TakesNoPortThatIsSomebodyElses) {
    Group group(2, Address::from_v4(0x7f000001, 0));
    std::array<asio::io_context, 2> ios;
    const std::array all{&ios[0], &ios[1]};
    const auto again = net::UdpTransport::open_server(all, group.sockets[0]->local_address());
    ASSERT_FALSE(again);
    EXPECT_TRUE(again.error().address_in_use);
}

}  // namespace
