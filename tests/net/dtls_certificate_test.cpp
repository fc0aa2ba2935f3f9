// Handshakes with certificates and raw public keys, our client with our server.
#include "tests/net/dtls_fixture.h"

namespace net {
namespace {

using base::CertificateFault;
using Kind = HandshakeStep::Kind;

// RFC 8422 2, with a cookie (RFC 6347 4.2.1):
//   ClientHello ->  <- HelloVerifyRequest   ClientHello ->
//   <- ServerHello, Certificate, ServerKeyExchange, CertificateRequest, ServerHelloDone
//   Certificate, ClientKeyExchange, CertificateVerify, ChangeCipherSpec, Finished ->   <- ChangeCipherSpec, Finished
TEST(CertificateHandshake, BothSidesProveThemselvesByX509) {
    DtlsPair pair;
    pair.with_certificates();
    pair.run();
    ASSERT_TRUE(pair.both_established()) << name(pair.client_step.alert) << " " << name(pair.server_step.alert);
    pair.expect_traffic();
    EXPECT_EQ(pair.client_session.cipher, RecordCipher::aes128_ccm8);
    EXPECT_EQ(pair.server_state.peer.name, base::sha256(base::as_bytes("urn:dev:1")));
    EXPECT_EQ(pair.from_client.size(), 3u);
    EXPECT_EQ(pair.from_server.size(), 3u);
}

TEST(CertificateHandshake, BothSidesProveThemselvesByRawPublicKeys) {
    DtlsPair pair;
    auto& test = pair.with_certificates(CertificateType::raw_public_key);
    const auto key = base::to_public_key(test.server.point);
    test.pinned_raw.assign(key.begin(), key.end());
    pair.run();
    pair.expect_traffic();
    EXPECT_EQ(pair.server_state.peer.name, base::sha256(base::to_public_key(test.device.point)));
}

TEST(CertificateHandshake, SpeaksGcm) {
    DtlsPair pair;
    pair.with_certificates().offered = CertificateCiphers::gcm;
    pair.run();
    pair.expect_traffic();
    EXPECT_EQ(pair.client_session.cipher, RecordCipher::aes128_gcm);
}

TEST(CertificateHandshake, IsResumedWithoutCertificates) {
    DtlsPair pair;
    pair.with_certificates();
    pair.run();
    pair.known = pair.client.resumable();
    ASSERT_TRUE(*pair.known);
    pair.again();
    pair.run();
    pair.expect_traffic();
    EXPECT_TRUE(pair.client.resumed());
    EXPECT_EQ(pair.client_state.next, CertificateState::Next::certificate);
}

TEST(CertificateHandshake, AgreesOnAConnectionId) {
    DtlsPair pair;
    pair.with_certificates();
    pair.own_id = {1, 2, 3, 4};
    pair.run();
    pair.expect_traffic();
    EXPECT_EQ(pair.client_session.write_id_size, 4);
}

TEST(CertificateHandshake, OutlivesLossOfEveryDatagram) {
    for (std::size_t lost = 0; lost < 10; ++lost) {
        DtlsPair pair;
        pair.with_certificates();
        std::size_t number = 0;
        pair.keep = [&](const Datagram&) { return number++ != lost; };
        pair.run();
        EXPECT_TRUE(pair.both_established()) << lost;
    }
}

TEST(CertificateHandshake, TakesLongChainsInSeveralDatagrams) {
    DtlsPair pair;
    auto& test = pair.with_certificates();
    test.present({test.server.certificate, test.ca.certificate, test.ca.certificate, test.ca.certificate});
    bool reorder = true;
    pair.keep = [&](const Datagram& datagram) {
        // The first piece of the server's flight is late.
        if (reorder && datagram.size() > 1000 && pair.to_client.empty()) {
            reorder = false;
            return false;
        }
        return true;
    };
    pair.run();
    pair.expect_traffic();
}

struct Refusal {
    HandshakeStep client;
    HandshakeStep server;
};
template <class Spoil>
Refusal refuse(Spoil&& spoil, CertificateType type = CertificateType::x509) {
    DtlsPair pair;
    spoil(pair.with_certificates(type));
    pair.run();
    return {pair.client_step, pair.server_step};
}
void expect(const HandshakeStep& step, CertificateFault fault, Alert alert) {
    EXPECT_EQ(step.kind, Kind::failed);
    EXPECT_EQ(name(step.fault), name(fault));
    EXPECT_EQ(name(step.alert), name(alert));
}

TEST(CertificateHandshake, RefusesAnExpiredServer) {
    const auto found = refuse([](TestCertificates& test) {
        test.issue(test.server, {.use = base::CertificateSpec::Use::server,
                                 .subject = "server",
                                 .not_after = "20210101000000Z",
                                 .host = "server.test"});
        test.present({test.server.certificate});
    });
    expect(found.client, CertificateFault::expired, Alert::certificate_expired);
    EXPECT_EQ(found.server.cause, HandshakeStep::Cause::alert_received);
    EXPECT_EQ(found.server.alert, Alert::certificate_expired);
}

TEST(CertificateHandshake, RefusesAServerOfAnotherName) {
    const auto found = refuse([](TestCertificates& test) {
        test.trusted_by_device = test.trust(base::CertificateSpec::Use::server, "other.test");
    });
    expect(found.client, CertificateFault::wrong_name, Alert::bad_certificate);
}

TEST(CertificateHandshake, RefusesACertificateOfAnotherCa) {
    const auto found = refuse([](TestCertificates& test) {
        test.make_key("another ca", test.ca);  // of the same name
        test.issue(test.device, {.subject = "urn:dev:1"});
    });
    EXPECT_EQ(found.server.kind, Kind::failed);
    EXPECT_EQ(found.client.cause, HandshakeStep::Cause::alert_received);
    EXPECT_TRUE(found.client.alert == Alert::unknown_ca || found.client.alert == Alert::bad_certificate);
}

TEST(CertificateHandshake, RefusesARawPublicKeyThatIsNotTheOneGiven) {
    const auto found = refuse(
        [](TestCertificates& test) {
            const auto key = base::to_public_key(test.ca.point);
            test.pinned_raw.assign(key.begin(), key.end());
        },
        CertificateType::raw_public_key);
    expect(found.client, CertificateFault::not_pinned, Alert::bad_certificate);
}

// Whoever shows a certificate must hold its key.
TEST(CertificateHandshake, RefusesAClientWithoutTheKey) {
    const auto found = refuse([](TestCertificates& test) { test.device.key[0] ^= 1; });
    expect(found.server, CertificateFault::none, Alert::decrypt_error);
}

TEST(CertificateHandshake, RefusesAServerWithoutTheKey) {
    const auto found = refuse([](TestCertificates& test) { test.server.key[0] ^= 1; });
    expect(found.client, CertificateFault::none, Alert::decrypt_error);
}

TEST(CertificateHandshake, GivesUpAChainThatIsTooLong) {
    const auto found = refuse([](TestCertificates& test) {
        test.present(std::vector<std::vector<std::uint8_t>>(9, test.server.certificate));
    });
    expect(found.client, CertificateFault::malformed, Alert::bad_certificate);
}

TEST(CertificateHandshake, GivesUpAMessageThatIsTooLong) {
    const auto found = refuse([](TestCertificates& test) {
        std::vector<std::uint8_t> large(9000);
        test.present({test.server.certificate, large});
    });
    expect(found.client, CertificateFault::none, Alert::internal_error);
}

TEST(CertificateHandshake, APskServerRefusesAClientWithCertificates) {
    DtlsPair pair;
    pair.with_certificates();
    pair.server_config = {};
    pair.run();
    EXPECT_EQ(pair.client_step.kind, Kind::failed);
    EXPECT_EQ(pair.client_step.alert, Alert::handshake_failure);
}

// Every byte of the server's flight changed, and the flight cut off at every byte: nothing is established by it.
TEST(CertificateHandshake, NothingComesOfAChangedFlight) {
    DtlsPair good;
    good.with_certificates();
    good.start();
    while (good.from_server.size() < 2) {
        ASSERT_FALSE(good.to_server.empty() && good.to_client.empty());
        if (!good.to_server.empty()) {
            good.server_takes(good.to_server.front());
            good.to_server.pop_front();
        } else {
            good.client_takes(good.to_client.front());
            good.to_client.pop_front();
        }
    }
    const Datagram flight = good.from_server[1];
    const auto before = std::make_unique<CertificateState>(good.client_state);
    for (std::size_t i = 0; i < flight.size(); i += 7) {
        for (const bool cut : {false, true}) {
            auto client = good.client;
            good.client_state = *before;
            Datagram changed(flight.begin(), flight.begin() + static_cast<std::ptrdiff_t>(cut ? i : flight.size()));
            if (!cut) changed[i] ^= 0x21;
            auto out = good.writer();
            const auto step = client.on_datagram(good.now, good.client_config, good.keys, good.aes, changed, out,
                                                 good.client_discards);
            EXPECT_NE(step.kind, Kind::established);
            EXPECT_FALSE(out.failed());
        }
    }
}

}  // namespace
}  // namespace net
