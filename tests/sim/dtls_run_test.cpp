// Fleets that speak DTLS, in virtual time, against the embedded server.
#include <gtest/gtest.h>

#include "profiles/object_loader.h"
#include "scenarios/scenario_loader.h"
#include "simulator/engine/virtual_run.h"

namespace {

using metrics::Operation;
using metrics::Result;

const std::string psk = "security: {mode: psk, key: {derive: \"a secret of the fleet\"}";

std::unique_ptr<engine::FleetModel> model_of(const std::string& scenario_yaml, const std::string& profile_yaml) {
    profiles::Diagnostics diagnostics;
    auto scenario = scenarios::parse_scenario(scenario_yaml, "test", diagnostics);
    EXPECT_TRUE(scenario.has_value()) << diagnostics.text();
    auto catalog = profiles::builtin_profiles();
    catalog.add({"under-test", "under-test.yaml", "profile: under-test\nextends: temperature-sensor\n" + profile_yaml});
    auto model = engine::make_fleet_model(std::move(*scenario), catalog, profiles::builtin_objects(), diagnostics);
    EXPECT_NE(model, nullptr) << diagnostics.text();
    return model;
}

const std::string ten_minutes =
    "scenario: test\ndevices: 200\nseed: 11\nfleet: [{profile: under-test}]\n"
    "phases:\n  - ramp: {over: 10s, arrivals: poisson}\n  - hold: {for: 10m}\n  - drain: {over: 10s}\n";

std::int64_t ended(const engine::VirtualResult& run, Operation operation, Result how) {
    std::int64_t sum = 0;
    for (const auto& profile : run.result.snapshot.fleet->totals.operations[metrics::index(operation)]) {
        sum += profile[metrics::index(how)];
    }
    return sum;
}

const metrics::Totals& totals(const engine::VirtualResult& run) { return run.result.snapshot.fleet->totals; }

void expect_accounts(const engine::VirtualResult& run) {
    EXPECT_TRUE(run.result.snapshot.fleet->conservation_ok);
    for (const auto& law : run.result.laws) EXPECT_TRUE(law.holds()) << metrics::to_text(law);
}

TEST(DtlsRun, EveryDeviceShakesHandsRegistersAndNotifies) {
    const auto model = model_of(ten_minutes, psk + "}\n");
    const auto run = engine::run_virtually(*model, {.threads = 1, .info = {}});
    expect_accounts(run);
    EXPECT_EQ(run.result.exit_code, metrics::ExitCode::ok);
    EXPECT_EQ(run.result.registered, 200);
    EXPECT_EQ(run.result.observations, 200);
    EXPECT_EQ(ended(run, Operation::handshake, Result::ok), 200);
    EXPECT_EQ(ended(run, Operation::register_, Result::ok), 200);
    EXPECT_EQ(ended(run, Operation::deregister, Result::ok), 200);
    EXPECT_EQ(totals(run).handshakes[metrics::index(metrics::HandshakeKind::full)], 200);
    // Each that leaves says so.
    EXPECT_EQ(totals(run).alerts[metrics::index(metrics::Direction::sent)][0], 200);
}

TEST(DtlsRun, RepetitionChangesNothing) {
    const auto model = model_of(ten_minutes, psk + "}\nnetwork: {loss: 5%, duplicate: 1%, latency: 200ms}\n");
    const auto once = engine::run_virtually(*model, {.threads = 1, .info = {}});
    const auto again = engine::run_virtually(*model, {.threads = 1, .info = {}});
    EXPECT_EQ(once.trace_hash, again.trace_hash);
}

TEST(DtlsRun, EveryDatagramIsAccountedForOnABadNetwork) {
    const auto model =
        model_of(ten_minutes, psk + "}\nnetwork: {loss: 30%, duplicate: 10%, reorder: 10%, latency: 100ms}\n");
    const auto run = engine::run_virtually(*model, {.threads = 2, .info = {}});
    expect_accounts(run);
    EXPECT_GE(run.result.registered, 150);
    EXPECT_GT(totals(run).handshakes[metrics::index(metrics::HandshakeKind::resumed)], 0);
    EXPECT_GT(totals(run).records_dropped[4], 0);  // replays
}

// A record that does not open is thrown away: who has a wrong key never hears why (RFC 6347 4.1.2.7).
TEST(DtlsRun, DevicesWithAWrongKeyGiveUpEachByItself) {
    const auto model = model_of(ten_minutes, psk + ", wrong_key: 10%}\n");
    const auto run = engine::run_virtually(*model, {.threads = 1, .info = {}});
    expect_accounts(run);
    EXPECT_GE(run.result.registered, 160);
    EXPECT_LT(run.result.registered, 200);
    const auto timeouts =
        totals(run).failures[metrics::index(Operation::handshake)][metrics::index(metrics::Cause::handshake_timeout)];
    EXPECT_GE(timeouts, 200 - run.result.registered);
}

TEST(DtlsRun, AFleetMayBeSecuredInParts) {
    profiles::Diagnostics diagnostics;
    auto scenario = scenarios::parse_scenario(
        "scenario: test\ndevices: 100\nfleet: [{profile: open, share: 50%}, {profile: closed}]\n"
        "phases:\n  - ramp: {over: 5s}\n  - hold: {for: 2m}\n",
        "test", diagnostics);
    ASSERT_TRUE(scenario.has_value()) << diagnostics.text();
    auto catalog = profiles::builtin_profiles();
    catalog.add({"open", "open.yaml", "profile: open\nextends: temperature-sensor\n"});
    catalog.add({"closed", "closed.yaml", "profile: closed\nextends: temperature-sensor\n" + psk + "}\n"});
    const auto model =
        engine::make_fleet_model(std::move(*scenario), catalog, profiles::builtin_objects(), diagnostics);
    ASSERT_NE(model, nullptr) << diagnostics.text();
    const auto run = engine::run_virtually(*model, {.threads = 1, .info = {}});
    expect_accounts(run);
    EXPECT_EQ(run.result.registered, 100);
    EXPECT_EQ(ended(run, Operation::handshake, Result::ok), 50);
}

std::int64_t failed(const engine::VirtualResult& run, metrics::Cause cause) {
    return totals(run).failures[metrics::index(Operation::handshake)][metrics::index(cause)];
}
std::int64_t handshakes(const engine::VirtualResult& run, metrics::HandshakeKind kind) {
    return totals(run).handshakes[metrics::index(kind)];
}
const metrics::ServerTotals& server(const engine::VirtualResult& run) { return run.result.snapshot.server->totals; }

// RFC 4279 2: the server says that it does not know them.
TEST(DtlsRun, DevicesThatNobodyKnowsAreToldSo) {
    const auto model = model_of(ten_minutes, psk + ", unknown_identity: 10%}\n");
    const auto run = engine::run_virtually(*model, {.threads = 1, .info = {}});
    expect_accounts(run);
    EXPECT_GE(run.result.registered, 160);
    EXPECT_LT(run.result.registered, 200);
    EXPECT_GE(failed(run, metrics::Cause::unknown_identity), 200 - run.result.registered);
    EXPECT_EQ(failed(run, metrics::Cause::handshake_timeout), 0);
    EXPECT_EQ(server(run).dtls_failures[2], failed(run, metrics::Cause::unknown_identity));
}

TEST(DtlsRun, TheServerCountsWrongKeysByThatName) {
    const auto model = model_of(ten_minutes, psk + ", wrong_key: 10%}\n");
    const auto run = engine::run_virtually(*model, {.threads = 1, .info = {}});
    EXPECT_GT(server(run).dtls_failures[1], 0);
    EXPECT_EQ(server(run).dtls_failures[0], 0);
    EXPECT_EQ(server(run).dtls_handshakes[0], ended(run, Operation::handshake, Result::ok));
}

TEST(DtlsRun, AStormIsTakenByHandshakesFullAndResumed) {
    const auto model = model_of(
        "scenario: test\ndevices: 500\nseed: 11\nfleet: [{profile: under-test}]\n"
        "phases:\n  - ramp: {over: 10s}\n  - hold: {for: 1m}\n"
        "  - storm: {do: power_cycle, devices: 50%, within: 30s}\n  - hold: {for: 2m}\n",
        psk + ", resume: 80%}\n");
    const auto run = engine::run_virtually(*model, {.threads = 2, .info = {}});
    expect_accounts(run);
    EXPECT_EQ(run.result.registered, 500);
    EXPECT_EQ(totals(run).faults[metrics::index(metrics::Fault::power_cycle)], 250);
    EXPECT_EQ(handshakes(run, metrics::HandshakeKind::full) + handshakes(run, metrics::HandshakeKind::resumed), 750);
    EXPECT_NEAR(static_cast<double>(handshakes(run, metrics::HandshakeKind::resumed)), 200, 30);
    EXPECT_EQ(run.result.snapshot.fleet->latencies.handshakes(metrics::HandshakeKind::resumed).count(),
              handshakes(run, metrics::HandshakeKind::resumed));
    EXPECT_EQ(server(run).replacements, 250);
    EXPECT_EQ(server(run).dtls_sessions, 500);
}

const std::string rebound =
    "scenario: test\ndevices: 100\nseed: 11\nfleet: [{profile: under-test}]\n"
    "phases:\n  - ramp: {over: 10s}\n  - hold: {for: 2m}\n"
    "  - storm: {do: rebind, within: 30s}\n  - hold: {for: 30m}\n";
const std::string lifetime = "lwm2m: {lifetime: 5m}\n";

// RFC 9146 6: one record later the server reaches them again.
TEST(DtlsRun, ANewAddressIsFollowedByTheConnectionId) {
    const auto model = model_of(rebound, psk + "}\n" + lifetime);
    const auto run = engine::run_virtually(*model, {.threads = 2, .info = {}});
    expect_accounts(run);
    EXPECT_EQ(totals(run).faults[metrics::index(metrics::Fault::nat_rebind)], 100);
    EXPECT_EQ(totals(run).connection_ids[0], ended(run, Operation::handshake, Result::ok));
    EXPECT_EQ(server(run).dtls_connection_ids, totals(run).connection_ids[0]);
    EXPECT_EQ(totals(run).rebinds[0], 100);
    EXPECT_EQ(server(run).dtls_rebinds, 100);
    EXPECT_EQ(ended(run, Operation::handshake, Result::ok), 100);
    EXPECT_EQ(ended(run, Operation::register_, Result::ok), 100);
    EXPECT_EQ(run.result.registered, 100);
    EXPECT_EQ(run.result.observations, 100);
}

// Transport 1.1.1, 6.4.3: a new session means a new registration.
TEST(DtlsRun, WithoutAConnectionIdANewAddressCostsAHandshakeAndARegistration) {
    const auto model = model_of(rebound, psk + ", cid: false, resume: 100%}\n" + lifetime);
    const auto run = engine::run_virtually(*model, {.threads = 2, .info = {}});
    expect_accounts(run);
    EXPECT_EQ(totals(run).connection_ids[0], 0);
    EXPECT_EQ(server(run).dtls_connection_ids, 0);
    EXPECT_EQ(totals(run).rebinds[0], 0);
    EXPECT_EQ(server(run).dtls_rebinds, 0);
    EXPECT_EQ(handshakes(run, metrics::HandshakeKind::full), 100);
    EXPECT_EQ(handshakes(run, metrics::HandshakeKind::resumed), 100);
    EXPECT_EQ(ended(run, Operation::register_, Result::ok), 200);
    EXPECT_EQ(run.result.registered, 100);
    EXPECT_EQ(run.result.observations, 100);
    EXPECT_EQ(server(run).dtls_sessions, 100);
}

TEST(DtlsRun, ANatForgetsWhoIsSilentForLong) {
    const auto model = model_of(ten_minutes, psk + "}\nnetwork: {nat_timeout: 50s}\n");
    const auto run = engine::run_virtually(*model, {.threads = 1, .info = {}});
    expect_accounts(run);
    // Each notifies once a minute, each time from another address.
    EXPECT_GT(totals(run).faults[metrics::index(metrics::Fault::nat_rebind)], 200 * 8);
    EXPECT_GT(server(run).dtls_rebinds, 200 * 8);
    EXPECT_EQ(run.result.registered, 200);
    EXPECT_EQ(ended(run, Operation::handshake, Result::ok), 200);
}

TEST(DtlsRun, CbcDoesAsWell) {
    const auto model = model_of(ten_minutes, psk + ", suite: cbc_sha256}\n");
    const auto run = engine::run_virtually(*model, {.threads = 1, .info = {}});
    expect_accounts(run);
    EXPECT_EQ(run.result.registered, 200);
    EXPECT_GT(server(run).notifications[0] + server(run).notifications[1], 200 * 8);
}

// Two profiles with secrets of their own: the server tells their devices apart by their identities.
TEST(DtlsRun, ProfilesMayHaveDifferentSecrets) {
    profiles::Diagnostics diagnostics;
    auto scenario = scenarios::parse_scenario(
        "scenario: test\ndevices: 100\nfleet: [{profile: one, share: 50%}, {profile: two}]\n"
        "phases:\n  - ramp: {over: 5s}\n  - hold: {for: 2m}\n",
        "test", diagnostics);
    ASSERT_TRUE(scenario.has_value()) << diagnostics.text();
    auto catalog = profiles::builtin_profiles();
    for (const std::string name : {"one", "two"}) {
        catalog.add({name, name + ".yaml",
                     "profile: " + name + "\nextends: temperature-sensor\nendpoint: \"{profile}-{index}\"\n" +
                         "security: {mode: psk, key: {derive: \"the secret of profile " + name + "\"}}\n"});
    }
    const auto model =
        engine::make_fleet_model(std::move(*scenario), catalog, profiles::builtin_objects(), diagnostics);
    ASSERT_NE(model, nullptr) << diagnostics.text();
    const auto run = engine::run_virtually(*model, {.threads = 1, .info = {}});
    expect_accounts(run);
    EXPECT_EQ(run.result.registered, 100);
}

TEST(DtlsRun, TargetAndProfileMustSuit) {
    profiles::Diagnostics diagnostics;
    auto scenario = scenarios::parse_scenario(ten_minutes + "target: coap://127.0.0.1:5683\n", "test", diagnostics);
    ASSERT_TRUE(scenario.has_value()) << diagnostics.text();
    auto catalog = profiles::builtin_profiles();
    catalog.add({"under-test", "under-test.yaml", "profile: under-test\nextends: temperature-sensor\n" + psk + "}\n"});
    EXPECT_EQ(engine::make_fleet_model(std::move(*scenario), catalog, profiles::builtin_objects(), diagnostics),
              nullptr);
    EXPECT_NE(diagnostics.text().find("coaps://"), std::string::npos);
}

}  // namespace
