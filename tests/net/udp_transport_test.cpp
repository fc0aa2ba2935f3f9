#include "simulator/net/udp_transport.h"

#include <gtest/gtest.h>

#include <set>

#include <asio/executor_work_guard.hpp>

namespace {

using net::Address;

// Polls the reactor until `enough` packets have come, for two seconds at most.
template <class F>
void pump(asio::io_context& io, F&& enough) {
    const auto guard = asio::make_work_guard(io);
    for (int i = 0; i < 2000 && !enough(); ++i) io.run_for(std::chrono::milliseconds(1));
}

TEST(UdpTransport, DevicesSpeakFromAddressesOfTheirOwnAndGetTheirOwnAnswers) {
    asio::io_context io(1);
    net::AddressPlan plan;
    plan.first = Address::from_v4(0x7f020000, 0);
    plan.prefix_size = 4096;
    plan.devices = 300;
    plan.sockets = 3;
    auto devices = net::UdpTransport::open(io, plan);
    auto server = net::UdpTransport::open_server(io, Address::from_v4(0x7f000001, 0));
    ASSERT_TRUE(devices) << devices.error().message;
    ASSERT_TRUE(server) << server.error().message;

    std::set<std::string> sources;
    std::set<std::uint32_t> answered;
    std::size_t wrong = 0;
    (*server)->on_readable([&] {
        for (auto packets = (*server)->receive({}); !packets.empty(); packets = (*server)->receive({})) {
            for (const auto& packet : packets) sources.insert(net::to_string(packet.remote));
            (*server)->send({}, packets);
        }
    });
    (*devices)->on_readable([&] {
        for (auto packets = (*devices)->receive({}); !packets.empty(); packets = (*devices)->receive({})) {
            for (const auto& packet : packets) {
                const std::uint32_t named = std::uint32_t{packet.bytes[0]} << 8 | packet.bytes[1];
                if (named != packet.local) ++wrong;
                answered.insert(packet.local);
            }
        }
    });
    std::vector<std::array<std::uint8_t, 2>> bytes(plan.devices);
    std::vector<net::Packet> packets;
    for (std::uint32_t device = 0; device < plan.devices; ++device) {
        bytes[device] = {static_cast<std::uint8_t>(device >> 8), static_cast<std::uint8_t>(device)};
        packets.push_back({bytes[device], device, (*server)->local_address()});
    }
    (*devices)->send({}, packets);
    pump(io, [&] { return answered.size() == plan.devices; });

    EXPECT_EQ(answered.size(), plan.devices);
    EXPECT_EQ(sources.size(), plan.devices);
    EXPECT_EQ(wrong, 0u);
    EXPECT_EQ((*devices)->counts().sent, plan.devices);
    EXPECT_EQ((*devices)->counts().received, plan.devices);
}

TEST(UdpTransport, APortInUseIsNamed) {
    asio::io_context io(1);
    auto first = net::UdpTransport::open_server(io, Address::from_v4(0x7f000001, 0));
    ASSERT_TRUE(first);
    auto second = net::UdpTransport::open_server(io, (*first)->local_address());
    ASSERT_FALSE(second);
    EXPECT_TRUE(second.error().address_in_use);
    EXPECT_NE(second.error().message.find(net::to_string((*first)->local_address())), std::string::npos);
}

// As behind a NAT: the device is at its new address only.
TEST(UdpTransport, ADeviceThatIsReboundIsNotReachedAtItsOldAddress) {
    asio::io_context io(1);
    net::AddressPlan plan;
    plan.first = Address::from_v4(0x7f030000, 0);
    plan.prefix_size = 64;
    plan.devices = 2;
    plan.sockets = 1;
    auto devices = net::UdpTransport::open(io, plan);
    auto server = net::UdpTransport::open_server(io, Address::from_v4(0x7f000001, 0));
    ASSERT_TRUE(devices && server);
    const Address before = (*devices)->device_address(1);
    ASSERT_TRUE((*devices)->rebind(1));
    const Address after = (*devices)->device_address(1);
    EXPECT_NE(before, after);

    std::vector<std::uint32_t> locals;
    (*devices)->on_readable([&] {
        for (auto packets = (*devices)->receive({}); !packets.empty(); packets = (*devices)->receive({})) {
            for (const auto& packet : packets) locals.push_back(packet.local);
        }
    });
    const std::array<std::uint8_t, 1> byte{1};
    const std::array packets{net::Packet{byte, 0, before}, net::Packet{byte, 0, after}};
    (*server)->send({}, packets);
    pump(io, [&] { return locals.size() == 2; });
    EXPECT_EQ(locals, (std::vector<std::uint32_t>{net::no_device, 1}));
}

}  // namespace
