#include <gtest/gtest.h>

#include "simulator/base/crypto_trust.h"

namespace base {
namespace {

using Use = CertificateSpec::Use;
using Fault = CertificateFault;
using Der = std::vector<std::uint8_t>;

struct Party {
    P256Scalar key{};
    P256Point point{};
    std::string name;
    Der certificate;
};

class Certificates : public testing::Test {
protected:
    Certificates() {
        root = authority("root", nullptr);
        issuing = authority("issuing", &root);
        config.anchors = {root.certificate};
    }
    Party party(const std::string& name) {
        Party made;
        made.name = name;
        derive_p256_key(as_bytes("tests"), as_bytes(name), made.key);
        EXPECT_TRUE(engine.public_of(made.key, made.point));
        return made;
    }
    void issue(Party& to, const Party& by, CertificateSpec spec) {
        const auto issuer = common_name_der(by.name);
        spec.subject = to.name;
        spec.key = to.point;
        spec.issuer = issuer;
        spec.issuer_key_id = key_id_of(by.point);
        to.certificate.resize(certificate_capacity);
        to.certificate.resize(issue_certificate(engine, spec, by.key, to.certificate));
    }
    Party authority(const std::string& name, const Party* by) {
        Party made = party(name);
        const Party itself = made;
        issue(made, by == nullptr ? itself : *by, {.use = Use::authority});
        return made;
    }
    Party server(const Party& by, CertificateSpec spec = {}) {
        Party made = party("server");
        spec.use = Use::server;
        if (spec.host.empty()) spec.host = "a.server.test";
        issue(made, by, spec);
        return made;
    }
    std::string_view check(const std::vector<Der>& chain) {
        auto trust = CertificateTrust::make(config);
        if (!trust) return "no trust";
        std::vector<Bytes> views(chain.begin(), chain.end());
        return name(trust->check(views, key, common_name));
    }

    P256 engine;
    Party root;
    Party issuing;
    CertificateTrust::Config config;
    P256Point key{};
    std::string common_name;
};

TEST_F(Certificates, AreReadAsTheyAreIssued) {
    const auto facts = read_certificate(issuing.certificate);
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->common_name, "issuing");
    EXPECT_EQ(facts->subject, common_name_der("issuing"));
    EXPECT_EQ(facts->key, issuing.point);
    EXPECT_EQ(facts->key_id, key_id_of(issuing.point));
    EXPECT_TRUE(facts->authority);
    EXPECT_FALSE(read_certificate(server(root).certificate)->authority);
}

TEST_F(Certificates, OfATrustedIssuerAreTaken) {
    const auto peer = server(root);
    EXPECT_EQ(check({peer.certificate}), "none");
    EXPECT_EQ(key, peer.point);
    EXPECT_EQ(common_name, "server");
}

TEST_F(Certificates, AreTakenThroughAnIssuerInBetween) {
    const auto peer = server(issuing);
    EXPECT_EQ(check({peer.certificate, issuing.certificate}), "none");
    EXPECT_EQ(check({peer.certificate, issuing.certificate, root.certificate}), "none");
    EXPECT_EQ(check({peer.certificate}), "unknown_ca");
}

TEST_F(Certificates, OfAStrangersIssuerAreRefused) {
    const auto stranger = authority("stranger", nullptr);
    const auto peer = server(stranger);
    EXPECT_EQ(check({peer.certificate}), "unknown_ca");
    EXPECT_EQ(check({peer.certificate, stranger.certificate}), "unknown_ca");
}

// RFC 5280 4.2.1.9: who is no authority cannot issue, though somebody trusted has issued him a certificate.
TEST_F(Certificates, OfAnIssuerThatIsNoAuthorityAreRefused) {
    Party middle = party("middle");
    issue(middle, root, {.use = Use::server, .host = "middle.test"});
    const auto peer = server(middle);
    EXPECT_EQ(check({peer.certificate, middle.certificate}), "path");
}

TEST_F(Certificates, WithAChangedByteAreRefused) {
    const auto peer = server(root);
    // What is signed: a SEQUENCE in the outermost one, each with three bytes of length.
    const std::size_t end = 8u + peer.certificate[6] * 256u + peer.certificate[7];
    for (std::size_t i = 0; i < peer.certificate.size(); i += 3) {
        auto changed = peer.certificate;
        changed[i] ^= 0x11;
        if (i >= 4 && i < end) {
            EXPECT_NE(check({changed}), "none") << i;
        }
        EXPECT_NE(check({Der(peer.certificate.begin(), peer.certificate.begin() + static_cast<long>(i))}), "none");
    }
}

TEST_F(Certificates, OutOfTheirTimeAreRefused) {
    EXPECT_EQ(check({server(root, {.not_after = "20210101000000Z"}).certificate}), "expired");
    EXPECT_EQ(check({server(root, {.not_before = "20480101000000Z"}).certificate}), "not_yet_valid");
    EXPECT_EQ(check({server(root, {.not_after = "20991231000000Z"}).certificate}), "none");
}

TEST_F(Certificates, ForAnotherUseAreRefused) {
    Party peer = party("client");
    issue(peer, root, {.use = Use::client});
    EXPECT_EQ(check({peer.certificate}), "purpose");
    config.peer = Use::client;
    EXPECT_EQ(check({peer.certificate}), "none");
}

TEST_F(Certificates, OfAnotherHostAreRefused) {
    const auto peer = server(root);
    for (const auto* host : {"a.server.test", "A.Server.TEST"}) {
        config.host = host;
        EXPECT_EQ(check({peer.certificate}), "none") << host;
    }
    for (const auto* host : {"b.server.test", "server.test", "a.server.test.", "server"}) {
        config.host = host;
        EXPECT_EQ(check({peer.certificate}), "wrong_name") << host;
    }
}

// RFC 6125 6.4.3.
TEST_F(Certificates, MayNameHostsByAWildcard) {
    const auto peer = server(root, {.host = "*.server.test"});
    config.host = "any.server.test";
    EXPECT_EQ(check({peer.certificate}), "none");
    for (const auto* host : {"server.test", "a.b.server.test", ".server.test"}) {
        config.host = host;
        EXPECT_EQ(check({peer.certificate}), "wrong_name") << host;
    }
    config.host = "any.test";
    EXPECT_EQ(check({server(root, {.host = "*.test"}).certificate}), "wrong_name");
}

TEST_F(Certificates, NameAddressesAsSuch) {
    const std::array<std::uint8_t, 4> loopback{127, 0, 0, 1};
    config.host = "127.0.0.1";
    config.ip = {127, 0, 0, 1};
    EXPECT_EQ(check({server(root, {.ip = loopback}).certificate}), "none");
    EXPECT_EQ(check({server(root, {.host = "127.0.0.1"}).certificate}), "wrong_name");
    config.ip = {127, 0, 0, 2};
    EXPECT_EQ(check({server(root, {.ip = loopback}).certificate}), "wrong_name");
}

// LwM2M 1.1, 0/x/15 and RFC 6698 2.1.1.
TEST_F(Certificates, TakeTheUsageOfTheServersCertificate) {
    const auto peer = server(issuing);
    const auto other = server(root, {.host = "b.server.test"});
    const std::vector<Der> chain{peer.certificate, issuing.certificate};
    config.usage = CertificateUsage::ca_constraint;
    config.pinned = issuing.certificate;
    EXPECT_EQ(check(chain), "none");
    EXPECT_EQ(check({other.certificate}), "not_pinned");
    config.usage = CertificateUsage::service_constraint;
    config.pinned = peer.certificate;
    EXPECT_EQ(check(chain), "none");
    EXPECT_EQ(check({other.certificate}), "not_pinned");
    EXPECT_EQ(check({peer.certificate}), "unknown_ca");
    config.anchors.clear();
    config.usage = CertificateUsage::domain_issued;
    EXPECT_EQ(check({peer.certificate}), "none");
    EXPECT_EQ(check({other.certificate}), "not_pinned");
    config.usage = CertificateUsage::trust_anchor;
    config.pinned = root.certificate;
    EXPECT_EQ(check(chain), "none");
    EXPECT_EQ(check({other.certificate}), "none");
    config.pinned = authority("stranger", nullptr).certificate;
    EXPECT_EQ(check(chain), "not_pinned");
}

TEST_F(Certificates, AreOutOfDateThoughTheyAreTheGivenOnes) {
    const auto peer = server(root, {.not_after = "20210101000000Z"});
    config.pinned = peer.certificate;
    EXPECT_EQ(check({peer.certificate}), "expired");
}

// 0/x/13.
TEST_F(Certificates, AreMatchedByAHash) {
    const auto peer = server(root);
    config.anchors.clear();
    config.matching = CertificateMatching::sha256;
    const auto digest = sha256(peer.certificate);
    config.pinned.assign(digest.begin(), digest.end());
    EXPECT_EQ(check({peer.certificate}), "none");
    config.matching = CertificateMatching::sha512;
    EXPECT_EQ(check({peer.certificate}), "not_pinned");
}

TEST_F(Certificates, AreNotTakenWhereThereAreNoneOrTooMany) {
    EXPECT_EQ(check({}), "missing");
    EXPECT_EQ(check(std::vector<Der>(longest_chain + 1, server(root).certificate)), "malformed");
    config.anchors.push_back({1, 2, 3});
    EXPECT_EQ(check({server(root).certificate}), "no trust");
}

}  // namespace
}  // namespace base
