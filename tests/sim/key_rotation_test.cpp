// Fleets whose keys rotate while they run, in virtual time, against the embedded server.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/virtual_fleet.h"

namespace {

using metrics::Fault;
using metrics::HandshakeKind;
using metrics::Operation;
using metrics::Result;
using support::ended;
using support::server;
using support::totals;

const std::string derive = "key: {derive: \"a secret of the fleet\"}";

std::string scenario_of(const std::string& phases) { return "devices: 100\nseed: 11\nphases: " + phases + "\n"; }

engine::VirtualResult run(const std::string& phases, const std::string& profile_yaml) {
    return support::run_fleet(scenario_of(phases), profile_yaml);
}

std::string complaint(const std::string& phases, const std::string& profile_yaml) {
    return support::complaint_of(scenario_of(phases), profile_yaml);
}

std::int64_t rotations(const engine::VirtualResult& run) { return totals(run).faults[index(Fault::key_rotation)]; }

const std::string half_rotates =
    "[{ramp: {over: 10s}}, {hold: {for: 1m}}, {storm: {do: rotate_keys, devices: 50, within: 1m}}, {hold: {for: 2m}}]";
const std::string psk = "security: {mode: psk, resume: 100%, " + derive + "}\n";

// Nothing is resumed: the new key is to be proven.
TEST(KeyRotation, DevicesComeBackByAFullHandshakeWithTheNextKey) {
    const auto result = run(half_rotates, psk);
    EXPECT_EQ(result.result.registered, 100);
    EXPECT_EQ(result.result.observations, 100);
    EXPECT_EQ(rotations(result), 50);
    EXPECT_EQ(totals(result).handshakes[metrics::index(HandshakeKind::full)], 150);
    EXPECT_EQ(totals(result).handshakes[metrics::index(HandshakeKind::resumed)], 0);
    EXPECT_EQ(ended(result, Operation::register_, Result::ok), 150);
    // Each that goes over to the new key says good-bye under the old one.
    EXPECT_EQ(totals(result).alerts[metrics::index(metrics::Direction::sent)][0], 50);
}

TEST(KeyRotation, TheServerKnowsBothAndSaysWhoCameWithWhich) {
    const auto result = run(half_rotates, psk);
    EXPECT_EQ(server(result).dtls_key_generations[0], 100);
    EXPECT_EQ(server(result).dtls_key_generations[1], 50);
    EXPECT_EQ(server(result).replacements, 50);
    EXPECT_EQ(server(result).dtls_sessions, 100);
    EXPECT_EQ(server(result).dtls_failures[1], 0) << "a key of the other generation is not wrong";
}

// Whose new key nobody has told the server: it drops their Finished without a word (RFC 6347 4.1.2.7).
TEST(KeyRotation, DevicesWhoseNextKeyIsUnknownFailAsWithAWrongOne) {
    const auto result =
        run("[{ramp: {over: 10s}}, {hold: {for: 1m}}, {storm: {do: rotate_keys, within: 1m, unknown: 20%}}, "
            "{hold: {for: 2m}}]",
            psk);
    EXPECT_EQ(rotations(result), 100);
    EXPECT_GT(result.result.registered, 65);
    EXPECT_LT(result.result.registered, 95);
    EXPECT_EQ(server(result).dtls_key_generations[1], result.result.registered);
    const auto& failures = totals(result).failures[metrics::index(Operation::handshake)];
    EXPECT_GE(failures[metrics::index(metrics::Cause::handshake_timeout)], 100 - result.result.registered);
    EXPECT_GE(server(result).dtls_failures[1], 100 - result.result.registered);
}

TEST(KeyRotation, KeysMayRotateMoreThanOnceFromAnyGenerationOn) {
    const std::string twice =
        "[{ramp: {over: 5s}}, {storm: {do: rotate_keys, within: 30s}}, {storm: {do: rotate_keys, devices: 30, within: "
        "30s}}, {hold: {for: 1m}}]";
    const auto result = run(twice, "security: {mode: psk, generation: 2, " + derive + "}\n");
    EXPECT_EQ(result.result.registered, 100);
    EXPECT_EQ(server(result).dtls_key_generations[2], 100);
    EXPECT_EQ(server(result).dtls_key_generations[3], 100);
    EXPECT_EQ(server(result).dtls_key_generations[4], 30);
    EXPECT_THAT(complaint(twice, "security: {mode: psk, generation: 6, " + derive + "}\n"),
                testing::HasSubstr("has no generation 8 of keys"));
}

TEST(KeyRotation, CbcAndABadNetworkChangeNothing) {
    const auto result =
        run(half_rotates, "security: {mode: psk, suite: cbc_sha256, " + derive +
                              "}\nnetwork: {loss: 10%, duplicate: 10%, reorder: 10%, latency: 100ms}\n");
    EXPECT_GE(result.result.registered, 95);
    EXPECT_GE(server(result).dtls_key_generations[1], 45);
    EXPECT_EQ(rotations(result), 50);
}

TEST(KeyRotation, RawPublicKeysAndCertificatesRotateToo) {
    for (const std::string mode : {"rpk", "x509"}) {
        const auto result = run(half_rotates, "security: {mode: " + mode + ", " + derive + "}\n");
        EXPECT_EQ(result.result.registered, 100) << mode;
        EXPECT_EQ(totals(result).handshakes[metrics::index(HandshakeKind::full)], 150) << mode;
    }
}

TEST(KeyRotation, AnUnknownRawPublicKeyIsRefusedAtRegister) {
    const auto result =
        run("[{ramp: {over: 10s}}, {storm: {do: rotate_keys, within: 1m, unknown: 30%}}, {hold: {for: 1m}}]",
            "security: {mode: rpk, " + derive + "}\n");
    EXPECT_LT(result.result.registered, 90);
    EXPECT_GE(ended(result, Operation::register_, Result::client_error), 100 - result.result.registered);
}

// The next file may have other identities as well.
TEST(KeyRotation, ListedKeysComeFromTheNextFile) {
    const std::string folder = testing::TempDir();
    std::ofstream first(folder + "rotation-0.csv");
    std::ofstream second(folder + "rotation-1.csv");
    first << "identity,key\n";
    second << "identity,key\n";
    for (int i = 0; i < 100; ++i) {
        first << "id-" << i << ",0011" << (1000 + i) << "\n";
        second << "new-id-" << i << ",2233" << (1000 + i) << "\n";
    }
    first.close();
    second.close();
    const std::string one = "csv: [" + folder + "rotation-0.csv]";
    const std::string two = "csv: [" + folder + "rotation-0.csv, " + folder + "rotation-1.csv]";
    const auto result = run(half_rotates, "security: {mode: psk, key: {" + two + "}}\n");
    EXPECT_EQ(result.result.registered, 100);
    EXPECT_EQ(server(result).dtls_key_generations[1], 50);
    EXPECT_THAT(complaint(half_rotates, "security: {mode: psk, key: {" + one + "}}\n"),
                testing::HasSubstr("has no generation 1 of keys"));
}

TEST(KeyRotation, SleepersAndDevicesUnderAHandshakeRotate) {
    const auto result = run(
        "[{ramp: {over: 1s}}, {storm: {do: rotate_keys, within: 2s}}, {hold: {for: 10m}}, {storm: {do: rotate_keys, "
        "within: 1m}}, {hold: {for: 10m}}]",
        "security: {mode: psk, " + derive +
            "}\nlwm2m: {queue_mode: true}\nbehaviour: {sleep: {queue_mode: 20s, notify: keep}}\nnetwork: {latency: "
            "3s}\n");
    EXPECT_EQ(rotations(result), 200);
    EXPECT_EQ(result.result.registered, 100);
    EXPECT_EQ(server(result).dtls_key_generations[2], 100);
}

TEST(KeyRotation, WhatCannotRotateIsRefused) {
    EXPECT_THAT(complaint(half_rotates, "lwm2m: {lifetime: 1h}\n"),
                testing::HasSubstr("no profile of the fleet has keys"));
    EXPECT_THAT(complaint(half_rotates, "security: {mode: psk, key: {hex: 00112233}}\n"),
                testing::HasSubstr("has no generation 1 of keys"));
    EXPECT_THAT(
        complaint("[{ramp: {}}, {storm: {do: rotate_keys, unknown: 1%}}]", "security: {mode: x509, " + derive + "}\n"),
        testing::HasSubstr("for modes psk and rpk"));
    EXPECT_THAT(complaint("[{ramp: {}}, {storm: {do: rebind, unknown: 1%}}]", psk),
                testing::HasSubstr("do: rotate_keys"));
}

}  // namespace
