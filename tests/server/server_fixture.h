// A server and the devices that a test plays, joined by a memory network, in virtual time.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "simulator/net/memory_transport.h"
#include "simulator/server/server.h"
#include "tests/support/message.h"

namespace server_test {

using namespace std::chrono_literals;
using coap::Code;
using support::ACK;
using support::CON;
using support::Message;
using support::NON;
using support::RST;

// What a device got: owns its bytes.
struct Received {
    std::vector<std::uint8_t> bytes;
    coap::MessageView view() const { return coap::parse(bytes).value(); }
};

// Says of each datagram what the sender at that address has proven, as a layer of security would.
class Proofs final : public net::Transport {
public:
    explicit Proofs(net::Transport& inner) : inner_(inner) {}
    void send(base::Time now, std::span<const net::Packet> packets) override { inner_.send(now, packets); }
    std::span<const net::Packet> receive(base::Time now) override {
        const auto packets = inner_.receive(now);
        packets_.assign(packets.begin(), packets.end());
        for (auto& packet : packets_) {
            if (packet.remote == whose) packet.proven = proven;
        }
        return packets_;
    }
    base::Time next_due() const override { return inner_.next_due(); }
    net::TransportCounts counts() const override { return inner_.counts(); }

    net::Address whose;
    net::PeerMark proven = 0;

private:
    net::Transport& inner_;
    std::vector<net::Packet> packets_;
};

class ServerTest : public ::testing::Test {
protected:
    explicit ServerTest(profiles::ServerActions actions = quiet(), std::uint32_t capacity = 64)
        : actions_(std::move(actions)), capacity_(capacity) {}

    static profiles::ServerActions quiet() {
        profiles::ServerActions actions;
        actions.observe_defaults = false;
        return actions;
    }

    void SetUp() override {
        server_transport_.attach(0, server_address);
        for (std::uint32_t device = 0; device < 200; ++device) devices_.attach(device, address_of(device));
        restart();
    }
    void restart() {
        server_.emplace(server::ServerConfig{.seed = 1,
                                             .actions = actions_,
                                             .capacity = capacity_,
                                             .transmission = {},
                                             .objects = objects_,
                                             .uri = uri_,
                                             .may_register = may_register_,
                                             .oscore = oscore_},
                        proofs_);
    }

    static net::Address address_of(std::uint32_t device) { return net::Address::from_v4(0x7f000100u + device, 40000); }

    void send(std::uint32_t device, const Message& message) { send(device, message.bytes()); }
    void send(std::uint32_t device, base::Bytes bytes) {
        const net::Packet packet{bytes, device, server_address};
        devices_.send(now_, {&packet, 1});
        step();
    }
    void step() {
        while (server_->work(now_)) {
        }
        for (auto packets = devices_.receive(now_); !packets.empty(); packets = devices_.receive(now_)) {
            for (const auto& packet : packets) {
                inbox_[packet.local].push_back({{packet.bytes.begin(), packet.bytes.end()}});
            }
        }
    }
    void advance(base::Duration by) {
        const base::Time until = now_ + by;
        while (server_->next_due() <= until) {
            now_ = std::max(now_, server_->next_due());
            step();
        }
        now_ = until;
        step();
    }

    // The next datagram that the device got.
    std::optional<Received> receive(std::uint32_t device) {
        auto& inbox = inbox_[device];
        if (inbox.empty()) return std::nullopt;
        auto received = inbox.front();
        inbox.pop_front();
        return received;
    }
    bool silent(std::uint32_t device) { return inbox_[device].empty(); }

    static Message registering(std::string_view endpoint, std::uint16_t id = 1) {
        return Message(CON, Code::post)
            .id(id)
            .token("aa")
            .path("/rd")
            .format(40)
            .query("ep=" + std::string(endpoint))
            .query("lt=300")
            .query("lwm2m=1.1")
            .query("b=U")
            .payload("</1/0>,</3/0>,</3303/0>");
    }
    // Registers, and returns the location.
    std::string registered(std::uint32_t device, std::string_view endpoint, std::uint16_t id = 1) {
        send(device, registering(endpoint, id));
        const auto reply = receive(device);
        EXPECT_TRUE(reply && reply->view().code == Code::created) << endpoint;
        return reply ? location_of(*reply) : "";
    }
    static std::string location_of(const Received& reply) {
        std::string location;
        for (const auto& option : reply.view().options) {
            if (option.number == coap::OptionNumber::location_path) location += "/" + std::string(option.text());
        }
        return location;
    }
    Code answer(std::uint32_t device, const Message& message) {
        send(device, message);
        const auto reply = receive(device);
        return reply ? reply->view().code : Code::empty;
    }
    const metrics::ServerFigures& figures() const { return server_->figures(); }
    std::int64_t requests(metrics::ServerRequest kind) const { return figures().requests[metrics::index(kind)].get(); }

    inline static const net::Address server_address = net::Address::from_v4(0x7f000001, 5683);

    profiles::ServerActions actions_;
    std::uint32_t capacity_;
    const lwm2m::ObjectRegistry* objects_ = nullptr;
    std::string uri_;
    std::function<bool(net::PeerMark, std::string_view)> may_register_;
    server::OscoreDirectory oscore_;
    net::MemoryNetwork network_;
    net::MemoryTransport server_transport_{network_};
    Proofs proofs_{server_transport_};
    net::MemoryTransport devices_{network_};
    std::optional<server::Server> server_;
    std::map<std::uint32_t, std::deque<Received>> inbox_;
    base::Time now_{};
};

}  // namespace server_test
