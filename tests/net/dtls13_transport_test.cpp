// DTLS 1.3 from end to end: a fleet's transport against a server's, beside DTLS 1.2 and plain CoAP.
#include "tests/net/dtls13_fixture.h"

namespace net {
namespace {

using Kind = Site13::Kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

#define NEEDS_DTLS13() \
    if (!dtls13_features().available) GTEST_SKIP() << "this wolfSSL has no DTLS 1.3"

TEST(Dtls13, CarriesWhatDevicesAndServerSay) {
    NEEDS_DTLS13();
    Site13 site;
    site.open();
    site.connect_all();
    site.run(milliseconds(10));
    EXPECT_EQ(site.connected(), 8u);
    EXPECT_EQ(site.server->sessions(), 8u);
    EXPECT_EQ(site.newer->handshakes_under_way(), 0u);
    for (std::uint32_t device = 0; device < 8; ++device) site.say(device, "hello");
    site.run(milliseconds(10));
    EXPECT_EQ(site.at_server.size(), 8u);
    EXPECT_EQ(site.at_devices, std::vector<std::string>(8, "hello"));
    EXPECT_EQ(site.newer->dtls_counts().full, 8u);
    EXPECT_EQ(site.server->dtls_counts().full, 8u);
}

TEST(Dtls13, GoesByEachCipherSuite) {
    NEEDS_DTLS13();
    for (const auto suite : {Dtls13Suite::ccm, Dtls13Suite::gcm}) {
        Site13 site(Kind::psk13, {.suite = suite});
        site.open();
        site.newer->connect(site.now, 0);
        site.run(milliseconds(10));
        site.say(0, "hello");
        site.run(milliseconds(10));
        EXPECT_EQ(site.at_devices.size(), 1u) << static_cast<int>(suite);
    }
}

TEST(Dtls13, GoesByCertificateAndRawPublicKey) {
    NEEDS_DTLS13();
    for (const auto kind : {Kind::x509, Kind::raw}) {
        Site13 site(kind, {.suite = Dtls13Suite::both});
        if (kind == Kind::raw) site.certificates.client_type = CertificateType::raw_public_key;
        site.open();
        site.newer->connect(site.now, 0);
        site.run(milliseconds(10));
        EXPECT_EQ(site.connected(), 1u);
        site.say(0, "hello");
        site.run(milliseconds(10));
        EXPECT_EQ(site.at_devices.size(), 1u);
        ASSERT_EQ(site.proven.size(), 1u);
        EXPECT_TRUE(PeerIdentities::by_certificate(site.proven[0]));
        EXPECT_FALSE(site.identities.contradicts(site.proven[0], base::as_bytes("urn:dev:1")));
        EXPECT_EQ(site.identities.contradicts(site.proven[0], base::as_bytes("urn:dev:2")), kind == Kind::x509);
    }
}

TEST(Dtls13, SpeaksBesideDtls12AndPlainCoapAtOnePort) {
    NEEDS_DTLS13();
    Site13 site;
    site.kinds[1] = site.kinds[2] = Kind::psk12;
    site.kinds[3] = Kind::plain;
    site.open();
    site.connect_all();
    site.run(milliseconds(10));
    EXPECT_EQ(site.connected(), 7u);
    EXPECT_EQ(site.server->sessions(), 5u);
    EXPECT_EQ(site.older_server->sessions(), 2u);
    for (std::uint32_t device = 0; device < 8; ++device) site.say(device, "@hello");  // as a CoAP message begins
    site.run(milliseconds(10));
    EXPECT_EQ(site.at_devices, std::vector<std::string>(8, "@hello"));
    EXPECT_EQ(site.newer->dtls_counts().full, 7u);
}

TEST(Dtls13, RefusesAWrongKey) {
    NEEDS_DTLS13();
    Site13 site;
    site.keys.wrong = 0;
    site.open();
    site.newer->connect(site.now, 0);
    site.run(seconds(1));
    ASSERT_EQ(site.events.size(), 1u);
    EXPECT_EQ(site.events[0].kind, LinkEvent::Kind::failed);
    EXPECT_EQ(site.failures(HandshakeFailure::alert_received), 1u);
    EXPECT_EQ(site.server_failures(HandshakeFailure::wrong_key), 1u);
    EXPECT_EQ(site.server->sessions(), 0u);
}

TEST(Dtls13, RefusesAnUnknownIdentity) {
    NEEDS_DTLS13();
    Site13 site;
    site.keys.unknown = 0;
    site.open();
    site.newer->connect(site.now, 0);
    site.run(seconds(1));
    ASSERT_EQ(site.events.size(), 1u);
    EXPECT_EQ(site.events[0].cause, LinkEvent::Cause::unknown_identity);
    EXPECT_EQ(site.failures(HandshakeFailure::unknown_identity), 1u);
    EXPECT_EQ(site.server_failures(HandshakeFailure::unknown_identity), 1u);
}

TEST(Dtls13, TriesTheKeysOfLaterGenerations) {
    NEEDS_DTLS13();
    Site13 site;
    site.keys.rotated = 0;
    site.open();
    site.connect_all();
    site.run(milliseconds(10));
    EXPECT_EQ(site.connected(), 8u);
    EXPECT_EQ(site.server->dtls_counts().generations[0], 7u);
    EXPECT_EQ(site.server->dtls_counts().generations[1], 1u);
}

TEST(Dtls13, HoldsADeviceToItsIdentity) {
    NEEDS_DTLS13();
    Site13 site;
    site.open();
    site.newer->connect(site.now, 3);
    site.run(milliseconds(10));
    site.say(3, "hello");
    site.run(milliseconds(10));
    ASSERT_EQ(site.proven.size(), 1u);
    EXPECT_FALSE(site.identities.contradicts(site.proven[0], base::as_bytes("dev-3")));
    EXPECT_TRUE(site.identities.contradicts(site.proven[0], base::as_bytes("dev-4")));
    EXPECT_FALSE(PeerIdentities::by_certificate(site.proven[0]));
}

TEST(Dtls13, LetsHandshakesWaitInLine) {
    NEEDS_DTLS13();
    Site13 site(Kind::psk13, {.handshakes = 2});
    site.open();
    site.connect_all();
    EXPECT_EQ(site.newer->handshakes_under_way(), 2u);
    site.run(milliseconds(10));
    EXPECT_EQ(site.connected(), 8u);
}

TEST(Dtls13, ComesThroughLoss) {
    NEEDS_DTLS13();
    Site13 site;
    site.spec.loss = 0.3;
    site.open();
    site.connect_all();
    site.run(seconds(120));
    for (const auto& event : site.events) EXPECT_EQ(event.kind, LinkEvent::Kind::established) << event.link;
    EXPECT_EQ(site.connected(), 8u);
}

TEST(Dtls13, ComesThroughDuplicatesAndReordering) {
    NEEDS_DTLS13();
    Site13 site;
    site.spec.duplicate = 0.5;
    site.spec.reorder = 0.5;
    site.open();
    site.connect_all();
    site.run(seconds(60));
    EXPECT_EQ(site.connected(), 8u);
    EXPECT_EQ(site.server->dtls_counts().full, 8u);
}

TEST(Dtls13, SurvivesANewAddressByItsConnectionId) {
    NEEDS_DTLS13();
    if (!dtls13_features().connection_ids) GTEST_SKIP();
    Site13 site;
    site.open();
    site.connect_all();
    site.run(milliseconds(10));
    for (const std::uint32_t device : {0u, 1u}) {  // the second has no id
        site.below.move(device, Site13::address_of(device, 9));
        site.newer->note_rebind(device);
        site.say(device, "still here");
    }
    site.run(milliseconds(10));
    EXPECT_EQ(site.at_devices, std::vector<std::string>{"still here"});
    ASSERT_EQ(site.at_server.size(), 1u);
    EXPECT_EQ(site.at_server[0].first, Site13::address_of(0, 0));
    EXPECT_GT(site.newer->dtls_counts().with_id, 0u);
    EXPECT_LT(site.newer->dtls_counts().with_id, site.newer->dtls_counts().full);
    EXPECT_EQ(site.server->dtls_counts().with_id, site.newer->dtls_counts().with_id);
    EXPECT_EQ(site.server->dtls_counts().rebinds, 1u);
    EXPECT_EQ(site.newer->dtls_counts().rebinds, 1u);
}

TEST(Dtls13, EndsWithACloseNotify) {
    NEEDS_DTLS13();
    Site13 site;
    site.open();
    site.connect_all();
    site.run(milliseconds(10));
    site.newer->close(site.now, 0);
    site.run(milliseconds(10));
    EXPECT_FALSE(site.newer->connected(0));
    EXPECT_EQ(site.server->sessions(), 7u);
    EXPECT_EQ(site.server->dtls_counts().alerts_received[alert_slot(Alert::close_notify)], 1u);
    EXPECT_EQ(site.newer->dtls_counts().alerts_sent[alert_slot(Alert::close_notify)], 1u);
}

TEST(Dtls13, BeginsAnewWhereADeviceHasForgottenItsSession) {
    NEEDS_DTLS13();
    Site13 site;
    site.open();
    site.newer->connect(site.now, 1);
    site.run(milliseconds(10));
    site.newer->abandon(1);
    site.newer->connect(site.now, 1);
    site.run(milliseconds(10));
    EXPECT_EQ(site.connected(), 1u);
    EXPECT_EQ(site.server->sessions(), 1u);
    site.say(1, "again");
    site.run(milliseconds(10));
    EXPECT_EQ(site.at_devices, std::vector<std::string>{"again"});
}

TEST(Dtls13, ResumesASessionByItsTicketAndIsWhoItWas) {
    NEEDS_DTLS13();
    if (!dtls13_features().tickets) GTEST_SKIP();
    for (const auto kind : {Kind::psk13, Kind::x509, Kind::raw}) {
        Site13 site(kind);
        if (kind == Kind::raw) site.certificates.client_type = CertificateType::raw_public_key;
        site.open();
        for (int round = 0; round < 3; ++round) {
            site.newer->connect(site.now, 0);
            site.run(milliseconds(10));
            site.say(0, "hello");
            site.run(milliseconds(10));
            site.newer->close(site.now, 0);
            site.run(seconds(10));
        }
        EXPECT_EQ(site.newer->dtls_counts().full, 1u);
        EXPECT_EQ(site.newer->dtls_counts().resumed, 2u);
        EXPECT_EQ(site.server->dtls_counts().full, 1u);
        EXPECT_EQ(site.server->dtls_counts().resumed, 2u);
        ASSERT_EQ(site.proven.size(), 3u);
        EXPECT_NE(site.proven[0], 0u);
        EXPECT_EQ(site.proven, std::vector<PeerMark>(3, site.proven[0]));
    }
}

TEST(Dtls13, ATicketThatNobodyKnowsMakesAFullHandshake) {
    NEEDS_DTLS13();
    if (!dtls13_features().tickets) GTEST_SKIP();
    Site13 site;
    site.open();
    site.newer->connect(site.now, 0);
    site.run(milliseconds(10));
    site.newer->close(site.now, 0);
    site.run(milliseconds(10));
    site.open_server("another secret");
    site.newer->connect(site.now, 0);
    site.run(milliseconds(10));
    EXPECT_EQ(site.newer->dtls_counts().full, 2u);
    EXPECT_EQ(site.newer->dtls_counts().resumed, 0u);
    EXPECT_EQ(site.connected(), 1u);
}

TEST(Dtls13, ResumesNothingAfterANewKey) {
    NEEDS_DTLS13();
    Site13 site;
    site.open();
    site.newer->connect(site.now, 0);
    site.run(milliseconds(10));
    site.newer->take_next_key(site.now, 0);
    site.keys.rotated = 0;
    site.newer->connect(site.now, 0);
    site.run(milliseconds(10));
    EXPECT_EQ(site.newer->dtls_counts().full, 2u);
    EXPECT_EQ(site.server->dtls_counts().generations[1], 1u);
}

TEST(Dtls13, TellsItsSecretsToACapture) {
    NEEDS_DTLS13();
    if (!dtls13_features().secrets) GTEST_SKIP();
    Site13 site;
    site.open();
    std::vector<std::string> labels;
    site.newer->log_keys(2, [&](std::string_view label, base::Bytes client, base::Bytes secret) {
        EXPECT_EQ(client.size(), random_size);
        EXPECT_EQ(secret.size(), 32u);
        labels.emplace_back(label);
    });
    site.connect_all();
    site.run(milliseconds(10));
    std::ranges::sort(labels);
    EXPECT_EQ(labels, (std::vector<std::string>{"CLIENT_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0",
                                                "SERVER_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0"}));
}

TEST(Dtls13, TheOldestSessionGivesWayWhereAServerIsFull) {
    NEEDS_DTLS13();
    Site13 site(Kind::psk13, {.server_sessions = 4});
    site.open();
    for (std::uint32_t device = 0; device < 8; ++device) {
        site.newer->connect(site.now, device);
        site.run(milliseconds(10));
    }
    EXPECT_EQ(site.connected(), 8u);
    EXPECT_LE(site.server->sessions(), 7u);
    site.say(0, "am I known?");
    site.say(7, "am I?");
    site.run(milliseconds(10));
    EXPECT_EQ(site.at_devices, std::vector<std::string>{"am I?"});
}

TEST(Dtls13, GivesUpWhereNobodyAnswers) {
    NEEDS_DTLS13();
    Site13 site;
    site.spec.loss = 1;
    site.open();
    site.newer->connect(site.now, 0);
    site.run(seconds(100));
    ASSERT_EQ(site.events.size(), 1u);
    EXPECT_EQ(site.events[0].cause, LinkEvent::Cause::timeout);
    EXPECT_EQ(site.failures(HandshakeFailure::timeout), 1u);
    EXPECT_EQ(site.device_tap->sent.size(), 6u);
}

TEST(Dtls13, RefusesAnotherServersCertificateByItsReason) {
    NEEDS_DTLS13();
    Site13 site(Kind::x509);
    site.certificates.trusted_by_device = site.certificates.trust(base::CertificateSpec::Use::server, "other.test");
    site.open();
    site.newer->connect(site.now, 0);
    site.run(seconds(1));
    ASSERT_EQ(site.events.size(), 1u);
    EXPECT_EQ(site.events[0].kind, LinkEvent::Kind::failed);
    const auto faults = site.newer->dtls_counts().certificate_faults;
    EXPECT_EQ(faults[static_cast<std::size_t>(base::CertificateFault::wrong_name)], 1u);
    EXPECT_EQ(site.server_failures(HandshakeFailure::alert_received), 1u);
}

TEST(Dtls13, RefusesADevicesCertificateByItsReason) {
    NEEDS_DTLS13();
    Site13 site(Kind::x509);
    site.certificates.issue(site.certificates.device, {.use = base::CertificateSpec::Use::client,
                                                       .subject = "urn:dev:1",
                                                       .not_before = "20010909014640Z",
                                                       .not_after = "20041109113320Z"});
    site.open();
    site.newer->connect(site.now, 0);
    site.run(seconds(1));
    EXPECT_EQ(site.connected(), 0u);
    const auto& faults = site.server->dtls_counts().certificate_faults;
    EXPECT_EQ(faults[static_cast<std::size_t>(base::CertificateFault::expired)], 1u);
}

TEST(Dtls13, RefusesARawPublicKeyThatIsNotTheServers) {
    NEEDS_DTLS13();
    Site13 site(Kind::raw);
    site.certificates.client_type = CertificateType::raw_public_key;
    const auto other = base::to_public_key(site.certificates.ca.point);
    site.certificates.pinned_raw.assign(other.begin(), other.end());
    site.open();
    site.newer->connect(site.now, 0);
    site.run(seconds(1));
    EXPECT_EQ(site.connected(), 0u);
    const auto faults = site.newer->dtls_counts().certificate_faults;
    EXPECT_EQ(faults[static_cast<std::size_t>(base::CertificateFault::not_pinned)], 1u);
}

// Whatever comes, from wherever: the session goes on, and nobody is let in.
TEST(Dtls13, HostileDatagramsChangeNothing) {
    NEEDS_DTLS13();
    Site13 site;
    site.open();
    site.newer->connect(site.now, 0);
    site.run(milliseconds(10));
    site.say(0, "hello");
    site.run(milliseconds(10));
    const auto seen = site.device_tap->sent;
    for (const auto& each : seen) {
        for (std::size_t size = 0; size < each.bytes.size(); ++size) {
            const std::vector<std::uint8_t> part(each.bytes.begin(),
                                                 each.bytes.begin() + static_cast<std::ptrdiff_t>(size));
            site.throw_at_server(part, 0);  // from the device's address, and from another
            site.throw_at_server(part, 5);
            auto changed = each.bytes;
            changed[size] ^= 0x55;
            site.throw_at_server(changed, 0);
            site.throw_at_server(changed, 5);
            site.settle();
        }
    }
    site.at_devices.clear();
    site.run(seconds(200));
    EXPECT_EQ(site.server->sessions(), 1u);
    site.say(0, "still here");
    site.run(milliseconds(10));
    EXPECT_EQ(site.at_devices, std::vector<std::string>{"still here"});
}

TEST(Dtls13, KnowsItsHelloFromThoseOfOthers) {
    NEEDS_DTLS13();
    Site13 site;
    site.kinds[1] = Kind::psk12;
    site.open();
    site.newer->connect(site.now, 0);
    site.newer->connect(site.now, 1);
    site.newer->flush(site.now);
    ASSERT_EQ(site.device_tap->sent.size(), 2u);
    const auto& ours = site.device_tap->sent[site.device_tap->sent[0].local == 0 ? 0 : 1].bytes;
    const auto& theirs = site.device_tap->sent[site.device_tap->sent[0].local == 0 ? 1 : 0].bytes;
    const auto hello = read_dtls13_hello(ours);
    ASSERT_TRUE(hello);
    EXPECT_EQ(hello->identity_count, 1u);
    EXPECT_EQ(base::as_text(hello->identities[0]), "dev-0");
    EXPECT_EQ(hello->suite, Dtls13Suite::ccm);
    EXPECT_FALSE(hello->cookie);
    EXPECT_FALSE(read_dtls13_hello(theirs));
    for (std::size_t size = 0; size < ours.size(); ++size) {
        EXPECT_FALSE(read_dtls13_hello(base::Bytes(ours).first(size))) << size;
    }
}

}  // namespace
}  // namespace net
