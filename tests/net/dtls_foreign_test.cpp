// Our handshakes and records against those of wolfSSL and mbedTLS, in one process and in virtual time: each credential,
// either side, a session that is resumed, and a line that loses datagrams.
#include "simulator/base/random.h"
#include "tests/net/foreign_peer.h"

namespace net {
namespace {

struct Library {
    const char* name;
    std::unique_ptr<ForeignPeer> (*make)(const ForeignPeer::Spec&);
};

struct Case {
    Library library;
    Credential credential;
    Side ours;
};

std::string_view name(Credential credential) {
    switch (credential) {
        case Credential::psk_ccm8: return "PskCcm8";
        case Credential::psk_cbc: return "PskCbc";
        case Credential::x509_ccm8: return "X509Ccm8";
        case Credential::x509_gcm: return "X509Gcm";
        case Credential::raw_public_key: return "RawPublicKey";
    }
    return {};
}

// One side of a DtlsPair is the peer.
struct ForeignPair : DtlsPair {
    Side ours;
    std::unique_ptr<ForeignPeer> peer;

    explicit ForeignPair(const Case& test, std::string key = "sixteen bytes...") : ours(test.ours) {
        ForeignPeer::Spec spec;
        spec.side = ours == Side::client ? Side::server : Side::client;
        spec.credential = test.credential;
        spec.key = std::move(key);
        client_config.offer_ccm8 = test.credential == Credential::psk_ccm8;
        client_config.offer_cbc = test.credential == Credential::psk_cbc;
        if (!client_config.offer_ccm8 && !client_config.offer_cbc) {
            with_certificates(test.credential == Credential::raw_public_key ? CertificateType::raw_public_key
                                                                            : CertificateType::x509);
            certificates->offered =
                test.credential == Credential::x509_ccm8 ? CertificateCiphers::ccm8 : CertificateCiphers::gcm;
            spec.certificates = certificates.get();
        }
        // It is the test that ends.
        client_config.times.transmissions = server_config.times.transmissions = 200;
        peer = test.library.make(spec);
    }

    const HandshakeStep& our_step() const { return ours == Side::client ? client_step : server_step; }
    bool established() const { return our_step().kind == Kind::established && peer->established(); }
    bool resumed() const { return peer->resumed() && (ours == Side::client ? client.resumed() : server.resumed()); }
    void collect() {
        auto& to = ours == Side::client ? to_client : to_server;
        for (; !peer->sent.empty(); peer->sent.pop_front()) {
            if (keep(peer->sent.front())) to.push_back(std::move(peer->sent.front()));
        }
    }
    // Delivers whatever is on the line, until nothing is.
    void deliver() {
        collect();
        while (!to_server.empty() || !to_client.empty()) {
            auto& line = to_server.empty() ? to_client : to_server;
            auto datagram = std::move(line.front());
            line.pop_front();
            if ((&line == &to_client) != (ours == Side::client)) {
                peer->take(now, datagram);
                collect();
            } else if (ours == Side::client) {
                client_takes(std::move(datagram));
            } else {
                server_takes(std::move(datagram));
            }
        }
    }
    void shake_hands() {
        peer->begin(now);
        if (ours == Side::client) start();
        deliver();
        for (int i = 0; i < 200 && !established(); ++i) {
            const base::Time own = ours == Side::client ? client.timer_due() : server.timer_due();
            const base::Time next = std::min(own, peer->timer_due());
            if (next == base::never) break;
            now = next;
            if (peer->timer_due() <= now) peer->on_timer(now);
            fire_timers();
            deliver();
        }
        ASSERT_TRUE(established()) << "ours: " << net::name(our_step().alert) << ", the peer's: " << peer->error;
    }
    void shake_hands_again() {
        known = ours == Side::client ? client.resumable() : server.resumable();
        again();
        shake_hands();
    }
    void talk() {
        auto& session = ours == Side::client ? client_session : server_session;
        const auto& mac = ours == Side::client ? client.mac() : server.mac();
        Datagram record(200);
        record.resize(seal(aes, session, &mac, ContentType::application_data, base::as_bytes("to the peer"), record));
        peer->heard.clear();
        peer->take(now, record);
        EXPECT_EQ(peer->heard, "to the peer");
        peer->sent.clear();
        peer->say("from the peer");
        ASSERT_EQ(peer->sent.size(), 1u);
        RecordReader records(peer->sent.front(), 0);
        const auto view = records.next();
        ASSERT_TRUE(view);
        const auto opened = open(aes, session, &mac, {}, *view);
        EXPECT_EQ(net::name(opened.discard), "none");
        EXPECT_EQ(base::as_text(opened.text), "from the peer");
        peer->sent.clear();
    }
};

class DtlsWith : public testing::TestWithParam<Case> {};

TEST_P(DtlsWith, ShakesHandsAndTalks) {
    ForeignPair pair(GetParam());
    pair.shake_hands();
    pair.talk();
    EXPECT_EQ(pair.now, base::Time{});  // nothing was sent twice
    if (pair.ours == Side::server && pair.certificates == nullptr) {
        EXPECT_EQ(base::as_text(pair.server.identity()), "urn:dev:1");
    }
}

TEST_P(DtlsWith, ResumesASession) {
    ForeignPair pair(GetParam());
    pair.shake_hands();
    EXPECT_FALSE(pair.resumed());
    pair.shake_hands_again();
    EXPECT_TRUE(pair.resumed());
    pair.talk();
}

// RFC 6347 4.2.4: both sides send their flights again, the last one too.
TEST_P(DtlsWith, ComesThroughALineThatLosesThirtyPercent) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        SCOPED_TRACE(seed);
        ForeignPair pair(GetParam());
        std::uint64_t draws = 0;
        pair.keep = [&](const Datagram&) {
            return base::to_unit(base::draw(seed, 1, base::Stream::network, draws++)) >= 0.3;
        };
        ASSERT_NO_FATAL_FAILURE(pair.shake_hands());
        ASSERT_NO_FATAL_FAILURE(pair.talk());
        ASSERT_NO_FATAL_FAILURE(pair.shake_hands_again());
        ASSERT_NO_FATAL_FAILURE(pair.talk());
    }
}

class DtlsByKeyWith : public DtlsWith {};

TEST_P(DtlsByKeyWith, ComesToNothingWithAnotherKey) {
    ForeignPair pair(GetParam(), "another key.....");
    pair.peer->begin(pair.now);
    if (pair.ours == Side::client) pair.start();
    pair.deliver();
    EXPECT_FALSE(pair.established());
}

std::vector<Case> cases(std::initializer_list<Credential> credentials) {
    std::vector<Case> all;
    for (const Library& library : {Library{"Wolfssl", make_wolfssl_peer}, Library{"Mbedtls", make_mbedtls_peer}}) {
        for (const auto credential : credentials) {
            for (const Side ours : {Side::client, Side::server}) {
                const Case test{library, credential, ours};
                if (ForeignPair(test).peer != nullptr) all.push_back(test);
            }
        }
    }
    return all;
}

std::string name_of(const testing::TestParamInfo<Case>& about) {
    const Case& test = about.param;
    return std::string(test.library.name) + std::string(name(test.credential)) +
           (test.ours == Side::client ? "AsServer" : "AsClient");
}

using enum Credential;
INSTANTIATE_TEST_SUITE_P(, DtlsWith, testing::ValuesIn(cases({psk_ccm8, psk_cbc, x509_ccm8, x509_gcm, raw_public_key})),
                         name_of);
INSTANTIATE_TEST_SUITE_P(, DtlsByKeyWith, testing::ValuesIn(cases({psk_ccm8, psk_cbc})), name_of);

}  // namespace
}  // namespace net
