// Devices with several servers, each with a security of its own, in virtual time, against embedded servers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/virtual_fleet.h"

namespace {

using metrics::Operation;
using metrics::Result;
using support::ended;
using support::server;
using support::totals;

const std::string psk = "security: {mode: psk, key: {derive: \"a secret of the fleet\"}}";
const std::string other_psk = "security: {mode: psk, key: {derive: \"quite another secret\"}}";
const std::string phases = "[{ramp: {over: 10s}}, {hold: {for: 5m}}, {drain: {over: 10s}}]";

std::string scenario_of(const std::string& steps, const std::string& more = "") {
    return "devices: 50\nseed: 11\n" + more + "phases: " + steps + "\n";
}

engine::VirtualResult run(const std::string& profile_yaml, const std::string& steps = phases) {
    return support::run_fleet(scenario_of(steps), profile_yaml);
}

std::string complaint(const std::string& profile_yaml, const std::string& more = "") {
    return support::complaint_of(scenario_of(phases, more), profile_yaml);
}

std::string servers(const std::string& security) {
    return "\nservers: {124: {uri: \"coaps://127.0.0.1:5784\", " + security + "}}\n";
}

TEST(SeveralServers, ADeviceHasASessionWithEach) {
    const auto result = run(psk + servers(other_psk));
    EXPECT_EQ(result.result.registered, 50);
    EXPECT_EQ(result.result.observations, 100);
    EXPECT_EQ(ended(result, Operation::handshake, Result::ok), 100);
    EXPECT_EQ(ended(result, Operation::register_, Result::ok), 100);
    EXPECT_EQ(server(result).dtls_handshakes[0], 100);
    EXPECT_EQ(server(result).identity_mismatches, 0);
    // Each that leaves says so to both.
    EXPECT_EQ(totals(result).alerts[metrics::index(metrics::Direction::sent)][0], 100);
}

TEST(SeveralServers, EachModeGoesBesideAnother) {
    for (const std::string mode : {"rpk", "x509"}) {
        const auto result = run(psk + servers("security: {mode: " + mode + ", key: {derive: \"another secret...\"}}"));
        EXPECT_EQ(result.result.registered, 50) << mode;
        EXPECT_EQ(ended(result, Operation::handshake, Result::ok), 100) << mode;
    }
    const auto both = run("security: {mode: x509, key: {derive: \"a secret of the fleet\"}}" +
                          servers("security: {mode: x509, suite: gcm_sha256, key: {derive: \"another secret...\"}}"));
    EXPECT_EQ(both.result.registered, 50);
}

TEST(SeveralServers, PlainAndSecureOnesGoTogether) {
    const auto secure_first = run(psk + "\nservers: {124: {uri: \"coap://127.0.0.1:5784\"}}\n");
    EXPECT_EQ(secure_first.result.registered, 50);
    EXPECT_EQ(ended(secure_first, Operation::handshake, Result::ok), 50);
    EXPECT_EQ(ended(secure_first, Operation::register_, Result::ok), 100);
    const auto plain_first = run(servers(psk));
    EXPECT_EQ(plain_first.result.registered, 50);
    EXPECT_EQ(ended(plain_first, Operation::handshake, Result::ok), 50);
    EXPECT_EQ(ended(plain_first, Operation::register_, Result::ok), 100);
}

// A server that refuses a device leaves the session with the other alone.
TEST(SeveralServers, WhatFailsWithOneLeavesTheOtherAlone) {
    const auto result = run(psk + servers("security: {mode: psk, unknown_identity: 100%, key: {derive: \"another "
                                          "secret...\"}}"));
    EXPECT_EQ(result.result.registered, 0) << "with both";
    EXPECT_EQ(ended(result, Operation::register_, Result::ok), 50);
    EXPECT_EQ(
        totals(result).failures[metrics::index(Operation::handshake)][metrics::index(metrics::Cause::unknown_identity)],
        server(result).dtls_failures[2]);
    EXPECT_EQ(server(result).dtls_handshakes[0], 50);
}

TEST(SeveralServers, SurviveABadNetworkAndRepeatThemselves) {
    const std::string profile =
        psk + servers(other_psk) + "network: {loss: 10%, duplicate: 10%, reorder: 10%, latency: 100ms}\n";
    const auto once = run(profile);
    EXPECT_GE(once.result.registered, 45);
    EXPECT_EQ(once.trace_hash, run(profile).trace_hash);
}

TEST(SeveralServers, ANewAddressIsFollowedInBothSessions) {
    const auto result =
        run(psk + servers(other_psk) + "lwm2m: {lifetime: 5m}\n",
            "[{ramp: {over: 10s}}, {hold: {for: 2m}}, {storm: {do: rebind, within: 30s}}, {hold: {for: 20m}}]");
    EXPECT_EQ(totals(result).faults[index(metrics::Fault::nat_rebind)], 50);
    EXPECT_EQ(totals(result).rebinds[0], 100);
    EXPECT_EQ(server(result).dtls_rebinds, 100);
    EXPECT_EQ(ended(result, Operation::handshake, Result::ok), 100);
}

TEST(SeveralServers, KeysRotateTowardsEach) {
    const auto result = run(psk + servers(other_psk),
                            "[{ramp: {over: 10s}}, {storm: {do: rotate_keys, within: 30s}}, {hold: {for: 2m}}]");
    EXPECT_EQ(result.result.registered, 50);
    EXPECT_EQ(totals(result).faults[index(metrics::Fault::key_rotation)], 100);
    EXPECT_EQ(server(result).dtls_key_generations[1], 100);
}

TEST(SeveralServers, OscoreIsWithTheFirst) {
    const auto result =
        run("endpoint: \"d{index}\"\n"
            "oscore: {sender_id: \"{index}\", recipient_id: s, master_secret: {derive: \"a secret of the "
            "fleet\"}}" +
            servers(psk));
    EXPECT_EQ(result.result.registered, 50);
    EXPECT_EQ(ended(result, Operation::handshake, Result::ok), 50);
    EXPECT_EQ(ended(result, Operation::register_, Result::ok), 100);
    EXPECT_EQ(result.result.observations, 100);
}

std::string oscore_by(const std::string& secret, const std::string& more = "") {
    return "oscore: {sender_id: \"{index}\", master_secret: {derive: \"" + secret + "\"}" + more + "}";
}
const std::string plain_server = "\nservers: {124: {uri: \"coap://127.0.0.1:5784\", ";

TEST(SeveralServers, OscoreHasAContextWithEach) {
    const auto result =
        run(oscore_by("a secret of the fleet") + plain_server + oscore_by("another secret...") + "}}\n");
    EXPECT_EQ(result.result.registered, 50);
    EXPECT_EQ(ended(result, Operation::register_, Result::ok), 100);
    EXPECT_EQ(result.result.observations, 100);
    EXPECT_EQ(server(result).identity_mismatches, 0);
}

TEST(SeveralServers, OscoreIsWithTheSecondAlone) {
    const auto result = run(plain_server + oscore_by("another secret...") + "}}\n");
    EXPECT_EQ(result.result.registered, 50);
    EXPECT_EQ(ended(result, Operation::register_, Result::ok), 100);
}

// A wrong key with one server is no news to the other.
TEST(SeveralServers, AWrongOscoreKeyLeavesTheOtherAlone) {
    const auto result = run(oscore_by("a secret of the fleet") + plain_server +
                            oscore_by("another secret...", ", wrong_key: 100%") + "}}\n");
    EXPECT_EQ(result.result.registered, 0) << "with both";
    EXPECT_EQ(ended(result, Operation::register_, Result::ok), 50);
}

TEST(SeveralServers, WhatDoesNotGoTogetherIsRefused) {
    using testing::HasSubstr;
    EXPECT_THAT(complaint("servers: {124: {uri: \"coaps://127.0.0.1:5784\"}}\n"), HasSubstr("needs security"));
    EXPECT_THAT(complaint("servers: {124: {uri: \"coap://127.0.0.1:5784\", " + psk + "}}\n"),
                HasSubstr("its uri is coaps://"));
    EXPECT_THAT(complaint(psk + servers("security: {mode: x509, certificate: {file: \"{index}.pem\"}}")),
                HasSubstr("for the target of the run alone"));
    EXPECT_THAT(complaint(plain_server + "oscore: {sender_id: a, master_secret: {derive: \"another secret...\"}}}}\n"),
                HasSubstr("coap://127.0.0.1:5784: devices 0 and 1 have the same OSCORE sender_id"));
    EXPECT_THAT(complaint(psk + servers("security: {mode: x509, key: {derive: \"a secret of the fleet\"}}"),
                          "target: coaps://127.0.0.1:5684\n"),
                HasSubstr("how its devices know coaps://127.0.0.1:5784 for the right server"));
}

}  // namespace
