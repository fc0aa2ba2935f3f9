// TestCertificates: a CA, a server and a device that it has issued certificates to, and who trusts whom.
#pragma once

#include <gtest/gtest.h>

#include "simulator/net/dtls_certificates.h"
#include "tests/support/hex.h"

namespace net {

struct TestCertificates final : CertificateSource, ServerCertificates {
    using Spec = base::CertificateSpec;
    struct Credentials {
        base::P256Scalar key{};
        base::P256Point point{};
        std::vector<std::uint8_t> certificate;
    };

    base::P256 engine;
    Credentials ca;
    Credentials server;
    Credentials device;
    std::vector<std::uint8_t> server_chain;  // bodies of Certificate messages
    std::vector<std::uint8_t> server_raw;
    std::vector<std::uint8_t> pinned_raw;  // of the server; empty: any
    CertificateType client_type = CertificateType::x509;
    CertificateCiphers offered = CertificateCiphers::both;
    std::string sni = "server.test";
    std::optional<base::CertificateTrust> trusted_by_device;
    std::optional<base::CertificateTrust> trusted_by_server;

    TestCertificates() {
        make_key("ca", ca);
        make_key("server", server);
        make_key("device", device);
        issue(ca, {.use = Spec::Use::authority, .subject = "test CA"});
        issue(server, {.use = Spec::Use::server, .subject = "server", .host = "server.test"});
        issue(device, {.use = Spec::Use::client, .subject = "urn:dev:1"});
        trusted_by_device = trust(Spec::Use::server, "server.test");
        trusted_by_server = trust(Spec::Use::client, "");
        present({server.certificate});
    }

    void make_key(std::string_view name, Credentials& out) {
        base::derive_p256_key(base::as_bytes("a secret for tests"), base::as_bytes(name), out.key);
        EXPECT_TRUE(engine.public_of(out.key, out.point));
    }
    // By the CA.
    void issue(Credentials& out, Spec spec) {
        static const auto name = base::common_name_der("test CA");
        spec.key = out.point;
        spec.issuer = name;
        spec.issuer_key_id = base::key_id_of(ca.point);
        out.certificate.resize(base::certificate_capacity);
        out.certificate.resize(base::issue_certificate(engine, spec, ca.key, out.certificate));
    }
    std::optional<base::CertificateTrust> trust(Spec::Use peer, const std::string& host) const {
        base::CertificateTrust::Config config;
        config.anchors = {ca.certificate};
        config.peer = peer;
        config.host = host;
        auto made = base::CertificateTrust::make(std::move(config));
        EXPECT_TRUE(made.has_value());
        return std::move(*made);
    }
    // What the server sends.
    void present(const std::vector<std::vector<std::uint8_t>>& chain) {
        std::vector<base::Bytes> views(chain.begin(), chain.end());
        server_chain.resize(16384);
        base::Writer out{base::MutableBytes(server_chain)};
        write_certificate_chain(views, out);
        server_chain.resize(out.size());
        server_raw.resize(128);
        base::Writer raw{base::MutableBytes(server_raw)};
        write_raw_public_key(base::to_public_key(server.point), raw);
        server_raw.resize(raw.size());
    }

    CertificateType type(std::uint32_t) const override { return client_type; }
    CertificateCiphers ciphers(std::uint32_t) const override { return offered; }
    void write_certificate(std::uint32_t, base::Writer& out) const override {
        if (client_type == CertificateType::raw_public_key) {
            return write_raw_public_key(base::to_public_key(device.point), out);
        }
        const base::Bytes own(device.certificate);
        write_certificate_chain(std::span(&own, 1), out);
    }
    void key(std::uint32_t, base::P256Scalar& out) const override { out = device.key; }
    std::string_view server_name(std::uint32_t) const override { return sni; }
    base::CertificateFault judge(std::uint32_t, CertificateType kind, base::Bytes body, PeerKey& out) const override {
        if (kind == CertificateType::x509) return judge_x509(*trusted_by_device, body, out);
        return judge_raw_public_key(body, pinned_raw, out);
    }

    base::Bytes certificate(CertificateType kind) const override {
        return kind == CertificateType::x509 ? server_chain : server_raw;
    }
    bool accepts(CertificateType) const override { return true; }
    const base::P256Scalar& key() const override { return server.key; }
    base::CertificateFault judge(CertificateType kind, base::Bytes body, PeerKey& out) const override {
        if (kind == CertificateType::x509) return judge_x509(*trusted_by_server, body, out);
        return judge_raw_public_key(body, {}, out);
    }
};

// ECPrivateKey of RFC 5915: version, key, the curve.
inline std::vector<std::uint8_t> ec_private_key_der(const TestCertificates::Credentials& who) {
    auto key = support::hex("30310201010420");
    key.insert(key.end(), who.key.begin(), who.key.end());
    const auto curve = support::hex("a00a06082a8648ce3d030107");
    key.insert(key.end(), curve.begin(), curve.end());
    return key;
}

}  // namespace net
