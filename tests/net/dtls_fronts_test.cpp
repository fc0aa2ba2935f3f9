// Several DTLS layers of one server, over a memory network that leads datagrams as the kernel would: in virtual time.
#include <gtest/gtest.h>

#include <deque>

#include "simulator/net/dtls_server_transport.h"
#include "simulator/net/dtls_transport.h"
#include "simulator/net/memory_transport.h"
#include "simulator/net/steering.h"

namespace net {
namespace {

constexpr std::uint32_t devices = 40;
constexpr std::uint32_t front_count = 3;

struct Keys final : PskSource, PskDirectory {
    static std::size_t put(std::string_view text, base::MutableBytes out) {
        std::copy(text.begin(), text.end(), out.begin());
        return text.size();
    }
    std::size_t identity(std::uint32_t device, base::MutableBytes out) const override {
        return put("dev-" + std::to_string(device), out);
    }
    std::size_t key(std::uint32_t device, base::MutableBytes out) const override {
        return put("key of dev-" + std::to_string(device), out);
    }
    std::optional<Known> key_of(base::Bytes identity, unsigned from, base::MutableBytes out) const override {
        if (from > 0) return std::nullopt;
        return Known{.size = put("key of " + std::string(base::as_text(identity)), out)};
    }
};

// One socket of several: what it is given lies here.
class Lane final : public Transport {
public:
    explicit Lane(MemoryTransport& network) : network_(network) {}
    void send(base::Time now, std::span<const Packet> packets) override { network_.send(now, packets); }
    std::span<const Packet> receive(base::Time) override {
        packets_.clear();
        taken_.clear();
        taken_.swap(waiting);
        for (const auto& [bytes, from] : taken_) packets_.push_back({bytes, 0, from});
        return packets_;
    }
    TransportCounts counts() const override { return {}; }

    std::deque<std::pair<std::vector<std::uint8_t>, Address>> waiting;

private:
    MemoryTransport& network_;
    std::deque<std::pair<std::vector<std::uint8_t>, Address>> taken_;
    std::vector<Packet> packets_;
};

struct Site {
    Site() {
        server_below.attach(0, server_address);
        for (std::uint32_t device = 0; device < devices; ++device) below.attach(device, address_of(device, 0));
        DtlsTransport::Config config;
        config.server = server_address;
        config.devices = devices;
        config.keys = &keys;
        config.secured = [](std::uint32_t) { return true; };
        config.offers_id = [this](std::uint32_t) { return with_id; };
        config.resumes = [](std::uint32_t, std::uint32_t) { return true; };
        config.suites = [](std::uint32_t) { return PskSuites{}; };
        config.random = [](std::uint32_t device, std::uint32_t number) {
            RandomBytes bytes;
            bytes.fill(static_cast<std::uint8_t>(device * 5 + number));
            return bytes;
        };
        config.handshakes = devices;
        fleet = std::make_unique<DtlsTransport>(std::move(config), below);
        std::vector<DtlsServerTransport*> all;
        for (std::uint8_t i = 0; i < front_count; ++i) {
            lanes.push_back(std::make_unique<Lane>(server_below));
            DtlsServerTransport::Config front;
            front.keys = &keys;
            front.sessions = devices;
            front.secret = base::as_bytes("secret");
            front.front = i;
            fronts.push_back(std::make_unique<DtlsServerTransport>(front, *lanes[i]));
            all.push_back(fronts[i].get());
        }
        for (auto* front : all) front->join(all);
    }
    static Address address_of(std::uint32_t device, std::uint32_t net) {
        return Address::from_v4(0x7f020000 + net * 256 + device, 40000);
    }

    // What a front gets goes back by the front of the address that it was known by.
    void settle() {
        for (bool more = true; more;) {
            more = false;
            for (auto packets = server_below.receive(now); !packets.empty(); packets = server_below.receive(now)) {
                for (const auto& packet : packets) {
                    lanes[steering.of_datagram(packet.bytes, packet.remote)]->waiting.push_back(
                        {{packet.bytes.begin(), packet.bytes.end()}, packet.remote});
                }
            }
            for (std::uint32_t i = 0; i < front_count; ++i) {
                for (auto packets = fronts[i]->receive(now); !packets.empty(); packets = fronts[i]->receive(now)) {
                    for (const auto& packet : packets) {
                        more = true;
                        at_server.emplace_back(base::as_text(packet.bytes));
                        if (identities.contradicts(packet.proven, packet.bytes)) ++contradictions;
                        fronts[steering.of_source(packet.remote)]->send(now, {&packet, 1});
                    }
                }
            }
            for (auto packets = fleet->receive(now); !packets.empty(); packets = fleet->receive(now)) {
                more = true;
                for (const auto& packet : packets) at_devices.emplace_back(base::as_text(packet.bytes));
            }
            (void)fleet->take_events();
            more = more || below.waiting() || server_below.waiting();
            for (const auto& lane : lanes) more = more || !lane->waiting.empty();
        }
    }
    void run(base::Duration span) {
        const base::Time end = now + span;
        for (settle(); now < end; settle()) now = std::min(end, now + std::chrono::milliseconds(50));
    }
    void connect_all() {
        for (std::uint32_t device = 0; device < devices; ++device) fleet->connect(now, device);
        run(std::chrono::milliseconds(100));
    }
    // All say who they are; the server answers.
    std::size_t answered() {
        at_server.clear();
        at_devices.clear();
        for (std::uint32_t device = 0; device < devices; ++device) {
            const std::string name = "dev-" + std::to_string(device);
            const Packet packet{base::as_bytes(name), device, server_address};
            fleet->send(now, {&packet, 1});
        }
        settle();
        return at_devices.size();
    }
    void move_all(std::uint32_t net) {
        for (std::uint32_t device = 0; device < devices; ++device) below.move(device, address_of(device, net));
    }
    DtlsCounts counts() const {
        DtlsCounts sum;
        for (const auto& front : fronts) sum += front->dtls_counts();
        return sum;
    }
    std::uint32_t sessions() const {
        std::uint32_t sum = 0;
        for (const auto& front : fronts) sum += front->sessions();
        return sum;
    }
    // A device falls silent and is back: the fleet forgets its session, but for what can be resumed.
    void come_back() {
        for (std::uint32_t device = 0; device < devices; ++device) fleet->abandon(device);
        connect_all();
    }

    const Address server_address = Address::from_v4(0x7f000001, 5684);
    const Steering steering{front_count};
    const PeerIdentities identities{base::as_bytes("secret")};
    Keys keys;
    bool with_id = true;
    MemoryNetwork network;
    MemoryTransport below{network};
    MemoryTransport server_below{network};
    std::unique_ptr<DtlsTransport> fleet;
    std::vector<std::unique_ptr<Lane>> lanes;
    std::vector<std::unique_ptr<DtlsServerTransport>> fronts;
    base::Time now{};
    std::vector<std::string> at_server;
    std::vector<std::string> at_devices;
    std::size_t contradictions = 0;
};

TEST(DtlsFronts, ShareTheClientsOfAServer) {
    Site site;
    site.connect_all();
    EXPECT_EQ(site.counts().full, devices);
    EXPECT_EQ(site.sessions(), devices);
    for (const auto& front : site.fronts) EXPECT_GT(front->sessions(), 4u);
    EXPECT_EQ(site.answered(), devices);
    EXPECT_EQ(site.contradictions, 0u);
}

// RFC 9146: the id leads to the session, whatever address the record comes from.
TEST(DtlsFronts, KeepASessionWithAConnectionIdOverANewAddress) {
    Site site;
    site.connect_all();
    site.move_all(1);
    EXPECT_EQ(site.answered(), devices);
    EXPECT_EQ(site.counts().rebinds, devices);
    EXPECT_EQ(site.counts().full + site.counts().resumed, devices);
    EXPECT_EQ(site.counts().datagrams_dropped, DiscardCounts{});
}

// A session is resumed wherever the new address leads, time and again; a client has one session.
TEST(DtlsFronts, ResumeSessionsThatBeganAtAnother) {
    for (const bool with_id : {false, true}) {
        Site site;
        site.with_id = with_id;
        site.connect_all();
        std::uint32_t resumed = 0;
        for (const std::uint32_t net : {1u, 2u, 0u, 0u, 3u, 1u}) {
            site.move_all(net);
            site.come_back();
            resumed += devices;
            EXPECT_EQ(site.counts().full, devices) << net;
            EXPECT_EQ(site.counts().resumed, resumed) << net;
            EXPECT_EQ(site.answered(), devices) << net;
            EXPECT_EQ(site.sessions(), devices) << net;
        }
        EXPECT_EQ(site.contradictions, 0u);
    }
}

TEST(DtlsFronts, EndTheSessionsOfThoseThatLeave) {
    Site site;
    site.connect_all();
    site.move_all(1);
    site.come_back();
    for (std::uint32_t device = 0; device < devices; ++device) site.fleet->close(site.now, device);
    site.run(std::chrono::milliseconds(100));
    EXPECT_EQ(site.sessions(), 0u);
    site.move_all(2);
    site.come_back();
    EXPECT_EQ(site.counts().resumed, 2 * devices);
    EXPECT_EQ(site.answered(), devices);
}

}  // namespace
}  // namespace net
