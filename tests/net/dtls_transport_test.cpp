// A fleet's transport against a server's, over a memory network: sessions from end to end.
#include "simulator/net/dtls_transport.h"
#include "simulator/net/dtls_server_transport.h"

#include <string>

#include <gtest/gtest.h>

#include "simulator/base/random.h"
#include "simulator/net/impairment.h"
#include "simulator/net/memory_transport.h"

namespace net {
namespace {

constexpr std::uint32_t devices = 8;

struct Keys final : PskSource, PskDirectory {
    static std::size_t put(std::string_view text, base::MutableBytes out) {
        std::copy(text.begin(), text.end(), out.begin());
        return text.size();
    }
    std::size_t identity(std::uint32_t device, base::MutableBytes out) const override {
        return put("dev-" + std::to_string(device), out);
    }
    std::size_t key(std::uint32_t device, base::MutableBytes out) const override {
        return put((device == wrong ? "no key of dev-" : "key of dev-") + std::to_string(device), out);
    }
    std::uint32_t wrong = base::no_index;

    std::optional<Known> key_of(base::Bytes identity, unsigned from, base::MutableBytes out) const override {
        if (base::as_text(identity) == "dev-7" || from > 0) return std::nullopt;
        return Known{.size = put("key of " + std::string(base::as_text(identity)), out)};
    }
};

// Keeps what the devices send, so that a test can send it once more.
class Recorder final : public Transport {
public:
    explicit Recorder(Transport& inner) : inner_(inner) {}
    void send(base::Time now, std::span<const Packet> packets) override {
        for (const auto& packet : packets) sent.emplace_back(packet.bytes.begin(), packet.bytes.end());
        inner_.send(now, packets);
    }
    std::span<const Packet> receive(base::Time now) override { return inner_.receive(now); }
    base::Time next_due() const override { return inner_.next_due(); }
    TransportCounts counts() const override { return inner_.counts(); }

    std::vector<std::vector<std::uint8_t>> sent;

private:
    Transport& inner_;
};

struct Site {
    explicit Site(double loss = 0, std::uint32_t handshakes = 64, std::uint32_t server_sessions = 64) {
        server_below.attach(0, server_address);
        for (std::uint32_t device = 0; device < devices; ++device) below.attach(device, address_of(device, 0));
        spec.loss = loss;
        impairment = std::make_unique<Impairment>(
            Impairment::Config{.seed = 4,
                               .devices = devices,
                               .spec_of = [this](std::uint32_t) -> const ImpairmentSpec& { return spec; },
                               .index_of = [](std::uint32_t device) { return device; }},
            below);
        recorder.emplace(*impairment);
        handshakes_at_once = handshakes;
        open_fleet();
        DtlsServerTransport::Config server_config;
        server_config.keys = &keys;
        server_config.sessions = server_sessions;
        server_config.secret = base::as_bytes("secret");
        server = std::make_unique<DtlsServerTransport>(server_config, server_below);
    }
    void open_fleet() {
        DtlsTransport::Config config;
        config.server = server_address;
        config.devices = devices;
        config.keys = &keys;
        config.secured = [](std::uint32_t) { return true; };
        config.offers_id = [](std::uint32_t device) { return device % 2 == 0; };
        config.resumes = [this](std::uint32_t, std::uint32_t) { return resumes; };
        config.suites = [this](std::uint32_t) { return suites; };
        config.random = [](std::uint32_t device, std::uint32_t number) {
            RandomBytes bytes;
            bytes.fill(static_cast<std::uint8_t>(device * 16 + number));
            return bytes;
        };
        config.handshakes = handshakes_at_once;
        fleet = std::make_unique<DtlsTransport>(std::move(config), *recorder);
    }
    static Address address_of(std::uint32_t device, std::uint32_t net) {
        return Address::from_v4(0x7f020000 + net * 256 + device, 40000);
    }

    // What the server gets it sends back; what the devices get is kept.
    void settle() {
        for (bool more = true; more;) {
            more = false;
            for (auto packets = server->receive(now); !packets.empty(); packets = server->receive(now)) {
                more = true;
                for (const auto& packet : packets) {
                    at_server.emplace_back(packet.remote, base::as_text(packet.bytes));
                    proven = packet.proven;
                }
                server->send(now, packets);
            }
            for (auto packets = fleet->receive(now); !packets.empty(); packets = fleet->receive(now)) {
                more = true;
                for (const auto& packet : packets) at_devices.emplace_back(base::as_text(packet.bytes));
            }
            for (const auto& event : fleet->take_events()) events.push_back(event);
            more = more || below.waiting() || server_below.waiting();
        }
    }
    void run(base::Duration span) {
        const base::Time end = now + span;
        for (settle(); now < end; settle()) {
            now = std::min(
                end, std::max(now + std::chrono::milliseconds(1), std::min(fleet->next_due(), server->next_due())));
        }
    }
    void connect_all() {
        for (std::uint32_t device = 0; device < devices; ++device) fleet->connect(now, device);
    }
    void say(std::uint32_t device, std::string_view text) {
        const Packet packet{base::as_bytes(text), device, server_address};
        fleet->send(now, std::span(&packet, 1));
    }
    std::uint32_t connected() const {
        std::uint32_t count = 0;
        for (std::uint32_t device = 0; device < devices; ++device) count += fleet->connected(device) ? 1 : 0;
        return count;
    }

    const Address server_address = Address::from_v4(0x7f000001, 5684);
    Keys keys;
    MemoryNetwork network;
    MemoryTransport below{network};
    MemoryTransport server_below{network};
    ImpairmentSpec spec;
    bool resumes = true;
    PskSuites suites;
    std::uint32_t handshakes_at_once = 64;
    std::unique_ptr<Impairment> impairment;
    std::optional<Recorder> recorder;
    std::unique_ptr<DtlsTransport> fleet;
    std::unique_ptr<DtlsServerTransport> server;
    base::Time now{};
    std::vector<LinkEvent> events;
    std::vector<std::pair<Address, std::string>> at_server;
    PeerMark proven = 0;  // by the sender of the last of them
    std::vector<std::string> at_devices;
};

TEST(DtlsTransport, CarriesWhatDevicesAndServerSay) {
    Site site;
    site.connect_all();
    site.run(std::chrono::milliseconds(10));
    EXPECT_EQ(site.connected(), 7u);
    EXPECT_EQ(site.fleet->handshakes_under_way(), 0u);
    for (std::uint32_t device = 0; device < 7; ++device) site.say(device, "hello");
    site.run(std::chrono::milliseconds(10));
    EXPECT_EQ(site.at_server.size(), 7u);
    EXPECT_EQ(site.at_devices, std::vector<std::string>(7, "hello"));
}

TEST(DtlsTransport, SaysWhatBecameOfAHandshake) {
    Site site;
    site.connect_all();
    site.run(std::chrono::milliseconds(10));
    ASSERT_EQ(site.events.size(), 8u);
    for (const auto& event : site.events) {
        EXPECT_EQ(event.kind, event.link == 7 ? LinkEvent::Kind::failed : LinkEvent::Kind::established);
    }
    EXPECT_EQ(site.fleet->dtls_counts().alerts_received[alert_slot(Alert::unknown_psk_identity)], 1u);
    EXPECT_EQ(site.server->dtls_counts().alerts_sent[alert_slot(Alert::unknown_psk_identity)], 1u);
    EXPECT_EQ(site.fleet->dtls_counts().full, 7u);
}

TEST(DtlsTransport, ResumesASession) {
    Site site;
    site.fleet->connect(site.now, 0);
    site.run(std::chrono::milliseconds(10));
    site.fleet->abandon(0);
    EXPECT_FALSE(site.fleet->connected(0));
    site.fleet->connect(site.now, 0);
    site.run(std::chrono::milliseconds(10));
    EXPECT_EQ(site.fleet->dtls_counts().resumed, 1u);
    EXPECT_EQ(site.fleet->handshakes_under_way(), 1u);  // its last flight is kept until the server has spoken
    site.say(0, "again");
    site.run(std::chrono::milliseconds(10));
    EXPECT_EQ(site.at_devices, std::vector<std::string>{"again"});
    EXPECT_EQ(site.fleet->handshakes_under_way(), 0u);
}

TEST(DtlsTransport, LetsHandshakesWaitInLine) {
    Site site(0, 2);
    site.connect_all();
    EXPECT_EQ(site.fleet->handshakes_under_way(), 2u);
    site.run(std::chrono::milliseconds(10));
    EXPECT_EQ(site.connected(), 7u);
}

TEST(DtlsTransport, EndsASessionWithCloseNotify) {
    Site site;
    site.fleet->connect(site.now, 1);
    site.run(std::chrono::milliseconds(10));
    EXPECT_EQ(site.server->sessions(), 1u);
    site.fleet->close(site.now, 1);
    site.run(std::chrono::milliseconds(10));
    EXPECT_EQ(site.server->sessions(), 0u);
    EXPECT_EQ(site.server->dtls_counts().alerts_received[alert_slot(Alert::close_notify)], 1u);
}

// RFC 9146 6: device 0 has a connection id; its records come from another address, and answers go there.
TEST(DtlsTransport, KeepsASessionWithConnectionIdAcrossANewAddress) {
    Site site;
    site.fleet->connect(site.now, 0);
    site.run(std::chrono::milliseconds(10));
    site.say(0, "before");
    site.run(std::chrono::milliseconds(10));
    site.below.move(0, Site::address_of(0, 1));
    site.fleet->note_rebind(0);
    EXPECT_EQ(site.fleet->dtls_counts().rebinds, 0u);
    site.say(0, "after");
    site.run(std::chrono::milliseconds(10));
    ASSERT_EQ(site.at_server.size(), 2u);
    EXPECT_EQ(site.at_server[0].first, site.at_server[1].first);
    EXPECT_EQ(site.fleet->dtls_counts().rebinds, 1u);
    EXPECT_EQ(site.at_devices, (std::vector<std::string>{"before", "after"}));
    EXPECT_EQ(site.server->dtls_counts().rebinds, 1u);
}

// RFC 6347 4.2.8: a ClientHello that comes late, or from somebody who copied it, ends no session.
TEST(DtlsTransport, KeepsASessionWhateverOldHellosComeAgain) {
    for (const std::uint32_t device : {0u, 1u}) {  // with and without connection id
        Site site;
        site.fleet->connect(site.now, device);
        site.run(std::chrono::milliseconds(10));
        site.say(device, "before");
        site.run(std::chrono::milliseconds(10));
        const auto hello = site.recorder->sent.at(1);  // the one with the cookie
        const Packet again{hello, device, site.server_address};
        site.below.send(site.now, std::span(&again, 1));
        site.run(std::chrono::milliseconds(10));
        site.say(device, "after");
        site.run(std::chrono::minutes(2));
        EXPECT_EQ(site.at_devices, (std::vector<std::string>{"before", "after"}));
        EXPECT_EQ(site.server->sessions(), 1u);
    }
}

TEST(DtlsTransport, LosesASessionWithoutConnectionIdToANewAddress) {
    Site site;
    site.fleet->connect(site.now, 1);
    site.run(std::chrono::milliseconds(10));
    site.below.move(1, Site::address_of(1, 1));
    site.fleet->note_rebind(1);
    site.say(1, "after");
    site.run(std::chrono::milliseconds(10));
    EXPECT_TRUE(site.at_server.empty());
    EXPECT_EQ(site.server->dtls_counts().datagrams_dropped[static_cast<std::size_t>(RecordDiscard::no_session)], 1u);
}

TEST(DtlsTransport, ConnectsUnderThirtyPercentLoss) {
    Site site(0.3);
    for (std::uint32_t device = 0; device < 7; ++device) site.fleet->connect(site.now, device);
    site.run(std::chrono::minutes(3));
    EXPECT_GE(site.connected(), 6u);
    EXPECT_EQ(site.fleet->handshakes_under_way(), 0u);
}

TEST(DtlsTransport, AccountsForEveryDatagram) {
    Site site(0.2);
    site.connect_all();
    site.run(std::chrono::minutes(5));
    const auto& counts = site.fleet->dtls_counts();
    std::uint64_t dropped = 0;
    for (const auto count : counts.datagrams_dropped) dropped += count;
    const auto& faults = site.impairment->impairments();
    EXPECT_EQ(site.fleet->counts().received - faults.lost_received, counts.own_received + dropped);
    EXPECT_EQ(site.fleet->counts().sent + faults.lost_sent, counts.own_sent);
}

// Whoever comes back takes no place but his own: others keep their sessions, however often it happens.
TEST(DtlsTransport, DevicesThatComeBackTakeNobodysPlaceAtTheServer) {
    for (const bool resumed : {true, false}) {
        Site site(0, 64, 4);
        site.resumes = resumed;
        for (std::uint32_t device = 0; device < 4; ++device) site.fleet->connect(site.now, device);
        site.run(std::chrono::milliseconds(10));
        for (int i = 0; i < 10; ++i) {
            site.fleet->abandon(1);
            site.fleet->connect(site.now, 1);
            site.run(std::chrono::milliseconds(10));
            site.say(1, "back");
            site.run(std::chrono::milliseconds(10));
        }
        EXPECT_EQ(site.server->sessions(), 4u);
        EXPECT_EQ(site.fleet->dtls_counts().resumed, resumed ? 10u : 0u);
        site.say(2, "still there");
        site.run(std::chrono::milliseconds(10));
        EXPECT_EQ(site.at_devices.back(), "still there");
    }
}

// With a connection id records name their place, which the old session has until the new one is there.
TEST(DtlsTransport, ResumesASessionWithConnectionIdFromANewAddress) {
    Site site;
    site.fleet->connect(site.now, 0);
    site.run(std::chrono::milliseconds(10));
    site.below.move(0, Site::address_of(0, 1));
    site.fleet->connect(site.now, 0);
    site.run(std::chrono::milliseconds(10));
    site.say(0, "back");
    site.run(std::chrono::milliseconds(10));
    EXPECT_EQ(site.fleet->dtls_counts().resumed, 1u);
    EXPECT_EQ(site.at_devices, std::vector<std::string>{"back"});
    EXPECT_EQ(site.server->sessions(), 1u);
}

TEST(DtlsTransport, SpeaksCbcWhereDevicesOfferNothingElse) {
    Site site;
    site.suites = {.ccm8 = false, .cbc = true};
    site.open_fleet();
    site.fleet->connect(site.now, 0);
    site.run(std::chrono::milliseconds(10));
    site.say(0, "in blocks");
    site.run(std::chrono::milliseconds(10));
    EXPECT_EQ(site.at_devices, std::vector<std::string>{"in blocks"});
    EXPECT_EQ(site.recorder->sent.back().size() % 16, (13u + 6u) % 16);  // header and connection id, then blocks
    site.fleet->close(site.now, 0);
    site.run(std::chrono::milliseconds(10));
    EXPECT_EQ(site.server->sessions(), 0u);
}

// RFC 6347 4.1.2.7: the server says nothing to records that do not open; it can only tell what it was.
TEST(DtlsTransport, AServerTellsAWrongKeyFromSilence) {
    Site site;
    site.keys.wrong = 3;
    site.fleet->connect(site.now, 3);
    site.run(std::chrono::minutes(3));
    EXPECT_EQ(site.connected(), 0u);
    const auto failures = [&](HandshakeFailure of) {
        return std::pair(site.fleet->dtls_counts().failures[static_cast<std::size_t>(of)],
                         site.server->dtls_counts().failures[static_cast<std::size_t>(of)]);
    };
    EXPECT_EQ(failures(HandshakeFailure::timeout), std::pair(1ul, 0ul));
    EXPECT_EQ(failures(HandshakeFailure::wrong_key), std::pair(0ul, 1ul));
}

TEST(DtlsTransport, AServerKnowsWhoASenderHasProvenToBe) {
    Site site;
    site.fleet->connect(site.now, 0);
    site.run(std::chrono::milliseconds(10));
    site.say(0, "hello");
    // Whatever becomes of the session meanwhile.
    site.fleet->close(site.now, 0);
    site.run(std::chrono::milliseconds(10));
    const PeerIdentities identities(base::as_bytes("secret"));
    EXPECT_FALSE(identities.contradicts(site.proven, base::as_bytes("dev-0")));
    EXPECT_TRUE(identities.contradicts(site.proven, base::as_bytes("dev-1")));
    EXPECT_FALSE(identities.contradicts(0, base::as_bytes("dev-1")));  // nobody
}

TEST(DtlsTransport, TheOldestSessionGivesWayAtTheServer) {
    Site site(0, 64, 4);
    for (std::uint32_t device = 0; device < 6; ++device) site.fleet->connect(site.now, device);
    site.run(std::chrono::milliseconds(10));
    EXPECT_LE(site.server->sessions(), 4u);
}

}  // namespace
}  // namespace net
