// Fleets with certificates and raw public keys, in virtual time, against the embedded server.
#include <gtest/gtest.h>

#include "profiles/object_loader.h"
#include "scenarios/scenario_loader.h"
#include "simulator/engine/virtual_run.h"

namespace {

using metrics::Cause;
using metrics::Operation;
using metrics::Result;

const std::string key = "key: {derive: \"a secret of the fleet\"}";
const std::string two_minutes =
    "scenario: test\ndevices: 60\nseed: 11\nfleet: [{profile: under-test}]\n"
    "phases:\n  - ramp: {over: 10s, arrivals: poisson}\n  - hold: {for: 2m}\n  - drain: {over: 10s}\n";

std::unique_ptr<engine::FleetModel> model_of(const std::string& profile_yaml,
                                             const std::string& scenario_yaml = two_minutes) {
    profiles::Diagnostics diagnostics;
    auto scenario = scenarios::parse_scenario(scenario_yaml, "test", diagnostics);
    EXPECT_TRUE(scenario.has_value()) << diagnostics.text();
    auto catalog = profiles::builtin_profiles();
    catalog.add({"under-test", "under-test.yaml", "profile: under-test\nextends: temperature-sensor\n" + profile_yaml});
    catalog.add({"plain", "plain.yaml", "profile: plain\nextends: temperature-sensor\n"});
    catalog.add(
        {"keyed", "keyed.yaml", "profile: keyed\nextends: temperature-sensor\nsecurity: {mode: psk, " + key + "}\n"});
    catalog.add({"raw", "raw.yaml", "profile: raw\nextends: temperature-sensor\nsecurity: {mode: rpk, " + key + "}\n"});
    auto model = engine::make_fleet_model(std::move(*scenario), catalog, profiles::builtin_objects(), diagnostics);
    EXPECT_NE(model, nullptr) << diagnostics.text();
    return model;
}

engine::VirtualResult run(const std::string& profile_yaml, const std::string& scenario_yaml = two_minutes) {
    const auto model = model_of(profile_yaml, scenario_yaml);
    auto result = engine::run_virtually(*model, {.threads = 1, .info = {}});
    EXPECT_TRUE(result.result.snapshot.fleet->conservation_ok);
    for (const auto& law : result.result.laws) EXPECT_TRUE(law.holds()) << metrics::to_text(law);
    return result;
}

const metrics::Totals& totals(const engine::VirtualResult& run) { return run.result.snapshot.fleet->totals; }

std::int64_t ended(const engine::VirtualResult& run, Operation operation, Result how) {
    std::int64_t sum = 0;
    for (const auto& profile : totals(run).operations[metrics::index(operation)]) sum += profile[metrics::index(how)];
    return sum;
}

std::size_t place_of(std::string_view fault) {
    const auto place = std::ranges::find(metrics::certificate_fault_names, fault);
    return static_cast<std::size_t>(place - metrics::certificate_fault_names.begin());
}

std::int64_t refused(const engine::VirtualResult& run, std::string_view fault) {
    return totals(run).certificates_refused[place_of(fault)];
}

const metrics::ServerTotals& server(const engine::VirtualResult& run) { return run.result.snapshot.server->totals; }

std::int64_t refused_by_server(const engine::VirtualResult& run, std::string_view fault) {
    return server(run).dtls_certificates_refused[place_of(fault)];
}

std::int64_t alerts(const engine::VirtualResult& run, metrics::Direction direction, std::string_view alert) {
    const auto place = std::ranges::find(metrics::alert_names, alert);
    return totals(run)
        .alerts[metrics::index(direction)][static_cast<std::size_t>(place - metrics::alert_names.begin())];
}

TEST(CertificateRun, EveryDeviceRegistersByItsCertificate) {
    const auto result = run("security: {mode: x509, " + key + "}\n");
    EXPECT_EQ(result.result.exit_code, metrics::ExitCode::ok);
    EXPECT_EQ(result.result.registered, 60);
    EXPECT_EQ(result.result.observations, 60);
    EXPECT_EQ(ended(result, Operation::handshake, Result::ok), 60);
    EXPECT_EQ(ended(result, Operation::deregister, Result::ok), 60);
}

TEST(CertificateRun, EveryDeviceRegistersByItsRawPublicKey) {
    const auto result = run("security: {mode: rpk, suite: gcm_sha256, " + key + "}\n");
    EXPECT_EQ(result.result.registered, 60);
    EXPECT_EQ(totals(result).handshakes[metrics::index(metrics::HandshakeKind::full)], 60);
}

TEST(CertificateRun, RepetitionChangesNothing) {
    const auto model = model_of("security: {mode: x509, " + key + "}\nnetwork: {loss: 5%, latency: 200ms}\n");
    const auto once = engine::run_virtually(*model, {.threads = 1, .info = {}});
    const auto again = engine::run_virtually(*model, {.threads = 1, .info = {}});
    EXPECT_EQ(once.trace_hash, again.trace_hash);
}

TEST(CertificateRun, HandshakesOutliveABadNetwork) {
    const auto result = run("security: {mode: x509, " + key +
                            "}\nnetwork: {loss: 20%, duplicate: 10%, reorder: 10%, latency: 100ms}\n");
    EXPECT_GE(result.result.registered, 50);
}

// Each is told why, by an alert of its own name.
TEST(CertificateRun, DevicesWithAnExpiredCertificateAreRefused) {
    const auto result = run("security: {mode: x509, certificate: {expired: 30%}, " + key + "}\n");
    EXPECT_GT(result.result.registered, 30);
    EXPECT_LT(result.result.registered, 60);
    EXPECT_GE(alerts(result, metrics::Direction::received, "certificate_expired"), 60 - result.result.registered);
    EXPECT_GE(refused_by_server(result, "expired"), 60 - result.result.registered);
    EXPECT_EQ(refused_by_server(result, "unknown_ca"), 0);
}

TEST(CertificateRun, DevicesWithoutTheKeyOfTheirCertificateAreRefused) {
    const auto result = run("security: {mode: x509, wrong_key: 30%, " + key + "}\n");
    EXPECT_LT(result.result.registered, 60);
    EXPECT_GE(alerts(result, metrics::Direction::received, "decrypt_error"), 60 - result.result.registered);
}

// Whoever holds the key may shake hands; whose it is decides at Register (Transport 1.1.1, 5.2.6).
TEST(CertificateRun, DevicesWithAStrangersRawPublicKeyDoNotRegister) {
    const auto result = run("security: {mode: rpk, wrong_key: 30%, " + key + "}\n");
    EXPECT_LT(result.result.registered, 60);
    EXPECT_GE(ended(result, Operation::handshake, Result::ok), 60);
    EXPECT_GE(ended(result, Operation::register_, Result::client_error), 60 - result.result.registered);
}

TEST(CertificateRun, DevicesRegisterUnderTheirCommonNameAlone) {
    const auto result = run("security: {mode: x509, identity: \"somebody-{index}\", " + key + "}\n");
    EXPECT_EQ(result.result.registered, 0);
    EXPECT_GE(ended(result, Operation::register_, Result::client_error), 60);
}

TEST(CertificateRun, AServerOfAnotherNameIsRefused) {
    const auto result = run("security: {mode: x509, server: {name: lwm2m.example}, " + key + "}\n");
    EXPECT_EQ(result.result.registered, 0);
    EXPECT_GE(refused(result, "wrong_name"), 60);
    EXPECT_EQ(refused(result, "expired"), 0);
}

const std::string rebound =
    "scenario: test\ndevices: 40\nseed: 11\nfleet: [{profile: under-test}]\n"
    "phases:\n  - ramp: {over: 10s}\n  - hold: {for: 2m}\n"
    "  - storm: {do: rebind, within: 30s}\n  - hold: {for: 30m}\n";

// RFC 9146 6: one record later the server reaches them again.
TEST(CertificateRun, ANewAddressIsFollowedByTheConnectionId) {
    for (const std::string mode : {"x509", "rpk"}) {
        SCOPED_TRACE(mode);
        const auto result = run("security: {mode: " + mode + ", " + key + "}\nlwm2m: {lifetime: 5m}\n", rebound);
        EXPECT_EQ(server(result).dtls_rebinds, 40);
        EXPECT_EQ(ended(result, Operation::handshake, Result::ok), 40);
        EXPECT_EQ(ended(result, Operation::register_, Result::ok), 40);
        EXPECT_EQ(result.result.registered, 40);
    }
}

// Transport 1.1.1, 6.4.3: a new session means a new registration; who is resumed keeps the identity that he has proven.
TEST(CertificateRun, WithoutAConnectionIdANewAddressCostsAHandshakeAndARegistration) {
    for (const std::string mode : {"x509", "rpk"}) {
        SCOPED_TRACE(mode);
        const auto result = run(
            "security: {mode: " + mode + ", cid: false, resume: 100%, " + key + "}\nlwm2m: {lifetime: 5m}\n", rebound);
        EXPECT_EQ(server(result).dtls_rebinds, 0);
        EXPECT_EQ(totals(result).handshakes[metrics::index(metrics::HandshakeKind::full)], 40);
        EXPECT_EQ(totals(result).handshakes[metrics::index(metrics::HandshakeKind::resumed)], 40);
        EXPECT_EQ(ended(result, Operation::register_, Result::ok), 80);
        EXPECT_EQ(result.result.registered, 40);
    }
}

TEST(CertificateRun, AFleetMayMixAllModes) {
    const auto result = run("security: {mode: x509, " + key + "}\n",
                            "scenario: test\ndevices: 80\nseed: 3\n"
                            "fleet: [{profile: under-test}, {profile: plain}, {profile: keyed}, {profile: raw}]\n"
                            "phases:\n  - ramp: {over: 5s}\n  - hold: {for: 1m}\n");
    EXPECT_EQ(result.result.registered, 80);
    EXPECT_EQ(ended(result, Operation::handshake, Result::ok), 60);
}

}  // namespace
