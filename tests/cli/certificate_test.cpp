// Fleets with certificates and raw public keys from the command line: they work, a server can be told of them, and what
// is private is nowhere.
#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "profiles/certificates.h"
#include "program_fixture.h"
#include "simulator/base/crypto_pem.h"

namespace cli {
namespace {

constexpr std::string_view secret = "correct horse battery staple";

profiles::SecuritySpec spec_of_secret() {
    profiles::SecuritySpec spec;
    spec.key = profiles::SecuritySpec::Key::derived;
    spec.secret = std::make_shared<const base::Secret>(base::as_bytes(secret));
    return spec;
}

class CertifiedFleet : public testing::Test {
protected:
    std::string fleet(const std::string& security, const std::string& more = "") {
        folder.write("meter.yaml", "profile: meter\nextends: temperature-sensor\nsecurity: {" + security + "}\n");
        return folder.write("scenario.yaml", more +
                                                 "scenario: secured\ndevices: 20\nseed: 3\n"
                                                 "fleet: [{profile: meter.yaml}]\n"
                                                 "phases:\n  - ramp: {over: 1s}\n  - hold: {for: 2s}\n");
    }
    static std::string key() { return fmt::format("key: {{derive: \"{}\"}}", secret); }
    // Nor any private key, however it is written.
    static void expect_nothing_private(const Outcome& outcome) {
        profiles::FleetCertificates made(spec_of_secret());
        std::vector<std::string> hidden{std::string(secret), base::to_hex(base::as_bytes(secret)), "PRIVATE KEY"};
        for (int device = 0; device < 20; ++device) {
            base::P256Scalar scalar;
            made.device_key(base::as_bytes(fmt::format("temperature-sensor-{:08}", device)), scalar);
            hidden.push_back(base::to_hex(scalar));
            hidden.emplace_back(base::as_text(scalar));
        }
        for (const auto& text : hidden) EXPECT_FALSE(outcome.says(text)) << text << " in " << outcome;
    }

    TemporaryFolder folder;
};

TEST_F(CertifiedFleet, IsSimulatedAndExpandedWithoutAnythingPrivate) {
    for (const std::string mode : {"x509", "rpk"}) {
        const auto scenario = fleet("mode: " + mode + ", " + key());
        const auto outcome = run_in_process({"simulate", scenario});
        EXPECT_EQ(outcome.code, 0) << outcome;
        EXPECT_TRUE(outcome.says("registered 20 of 20")) << outcome;
        expect_nothing_private(outcome);
        for (const auto* file : {"meter.yaml", "scenario.yaml"}) {
            const auto expanded = run_in_process({"validate", "--expand", folder / file});
            EXPECT_EQ(expanded.code, 0) << expanded;
            expect_nothing_private(expanded);
        }
    }
}

TEST_F(CertifiedFleet, TellsAServerTheCommonNamesAndTheCa) {
    const auto scenario = fleet("mode: x509, " + key());
    const auto csv = run_in_process({"provision", scenario});
    EXPECT_TRUE(
        csv.out.starts_with("endpoint,mode,identity,key\ntemperature-sensor-00000000,x509,temperature-sensor-"
                            "00000000,\n"))
        << csv;
    const auto pem = run_in_process({"provision", scenario, "--format", "pem"});
    const auto blocks = base::read_pem(base::as_bytes(pem.out));
    ASSERT_EQ(blocks.size(), 1u) << pem;
    EXPECT_TRUE(base::read_certificate(blocks[0].bytes.view())->authority);
    const auto leshan = run_in_process({"provision", scenario, "--format", "leshan", "-n", "1"});
    EXPECT_EQ(leshan.out, "{\"endpoint\":\"temperature-sensor-00000000\",\"tls\":{\"mode\":\"x509\"}}\n");
    for (const auto& outcome : {csv, pem, leshan}) expect_nothing_private(outcome);
}

TEST_F(CertifiedFleet, TellsAServerTheRawPublicKeys) {
    const auto scenario = fleet("mode: rpk, " + key());
    const auto leshan = run_in_process({"provision", scenario, "--format", "leshan", "-n", "1"});
    EXPECT_TRUE(
        leshan.out.starts_with("{\"endpoint\":\"temperature-sensor-00000000\",\"tls\":{\"mode\":\"rpk\","
                               "\"details\":{\"key\":\"3059301306072a8648ce3d020106082a8648ce3d030107034200"))
        << leshan;
    expect_nothing_private(leshan);
    EXPECT_EQ(run_in_process({"provision", scenario, "--format", "pem"}).code, 2);
}

TEST_F(CertifiedFleet, MustKnowTheServerThatItGoesTo) {
    const std::string target = "target: coaps://127.0.0.1:9\n";
    const auto nobody = run_in_process({"provision", fleet("mode: x509, " + key(), target)});
    EXPECT_EQ(nobody.code, 2) << nobody;
    EXPECT_TRUE(nobody.says("for the right server")) << nobody;
    const auto nothing = run_in_process({"provision", fleet("mode: x509, server: {trust: no.pem}, " + key(), target)});
    EXPECT_TRUE(nothing.says("the file no.pem is empty, or is not there")) << nothing;
}

TEST_F(CertifiedFleet, MayHaveItsCertificatesFromFiles) {
    profiles::FleetCertificates made(spec_of_secret());
    folder.write("ca.pem", base::write_pem("CERTIFICATE", made.authority()));
    const std::string target = "target: coaps://127.0.0.1:9\n";
    const auto scenario =
        fleet("mode: x509, server: {trust: ca.pem}, certificate: {file: \"device-{index}.pem\"}", target);
    for (int device = 0; device < 20; ++device) {
        const auto missing = run_in_process({"provision", scenario});
        EXPECT_TRUE(missing.says(fmt::format("device-{}.pem: no certificate", device))) << missing;
        const auto name = fmt::format("device-{}", device);
        base::P256Scalar scalar;
        made.device_key(base::as_bytes(name), scalar);
        std::array<std::uint8_t, base::certificate_capacity> certificate;
        const auto size = made.device_certificate(base::as_bytes(name), scalar,
                                                  profiles::FleetCertificates::Validity::now, certificate);
        // ECPrivateKey of RFC 5915: version, key, the curve.
        auto der = *base::from_hex("30310201010420" + base::to_hex(scalar) + "a00a06082a8648ce3d030107");
        folder.write(name + ".pem", base::write_pem("CERTIFICATE", base::Bytes(certificate).first(size)) +
                                        base::write_pem("EC PRIVATE KEY", der));
    }
    const auto outcome = run_in_process({"provision", scenario});
    EXPECT_EQ(outcome.code, 0) << outcome;
    std::filesystem::copy_file(folder / "device-1.pem", folder / "device-2.pem",
                               std::filesystem::copy_options::overwrite_existing);
    EXPECT_EQ(run_in_process({"provision", scenario}).code, 0);
}

TEST(Serve, TakesItsOwnCredentialsTogether) {
    EXPECT_TRUE(run_in_process({"serve", "--certificates"}).says("goes with --psk-secret-env"));
    EXPECT_TRUE(run_in_process({"serve", "--certificate", "a.pem"}).says("go with --key"));
    const auto outcome = run_in_process({"serve", "--key", "/nowhere/key.pem"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_TRUE(outcome.says("no private key on P-256")) << outcome;
}

}  // namespace
}  // namespace cli
