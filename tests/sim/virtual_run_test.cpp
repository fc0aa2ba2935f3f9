#include "simulator/engine/virtual_run.h"

#include <gtest/gtest.h>

#include "profiles/object_loader.h"
#include "scenarios/scenario_loader.h"

namespace {

using metrics::Operation;

std::unique_ptr<engine::FleetModel> model_of(const std::string& yaml, const std::string& network = "") {
    profiles::Diagnostics diagnostics;
    auto scenario = scenarios::parse_scenario(yaml, "test", diagnostics);
    EXPECT_TRUE(scenario.has_value()) << diagnostics.text();
    auto catalog = profiles::builtin_profiles();
    catalog.add({"under-test", "under-test.yaml", "profile: under-test\nextends: temperature-sensor\n" + network});
    auto model = engine::make_fleet_model(std::move(*scenario), catalog, profiles::builtin_objects(), diagnostics);
    EXPECT_NE(model, nullptr) << diagnostics.text();
    return model;
}

const std::string half_an_hour =
    "scenario: test\ndevices: 300\nseed: 11\nfleet: [{profile: under-test}]\n"
    "phases:\n  - ramp: {over: 10s, arrivals: poisson}\n  - hold: {for: 30m}\n  - drain: {over: 10s}\n";

std::int64_t ended(const metrics::RunResult& result, Operation operation, metrics::Result how) {
    std::int64_t sum = 0;
    for (const auto& profile : result.snapshot.fleet->totals.operations[metrics::index(operation)]) {
        sum += profile[metrics::index(how)];
    }
    return sum;
}

TEST(VirtualRun, ThreadsAndRepetitionChangeNothing) {
    const auto model = model_of(half_an_hour, "network: {loss: 5%, duplicate: 1%, latency: 200ms}\n");
    const auto once = engine::run_virtually(*model, {.threads = 1, .info = {}});
    const auto again = engine::run_virtually(*model, {.threads = 1, .info = {}});
    EXPECT_EQ(once.trace_hash, again.trace_hash);
    EXPECT_EQ(once.datagrams, again.datagrams);
    EXPECT_GT(once.datagrams, 300u * 30);
}

// The server's tokens follow the order in which devices of one millisecond reach it, so the bytes may differ; what
// is done may not.
TEST(VirtualRun, ShardsChangeNothingThatIsDone) {
    const auto model = model_of(half_an_hour);
    const auto one = engine::run_virtually(*model, {.threads = 1, .info = {}});
    const auto three = engine::run_virtually(*model, {.threads = 3, .info = {}});
    EXPECT_EQ(one.datagrams, three.datagrams);
    EXPECT_EQ(one.result.snapshot.fleet->totals.operations, three.result.snapshot.fleet->totals.operations);
    EXPECT_EQ(one.result.snapshot.fleet->totals.server_requests, three.result.snapshot.fleet->totals.server_requests);
}

constexpr const char* sleepers = R"(scenario: test
devices: 50
seed: 5
fleet: [{profile: under-test}]
server: {observe: [{path: /3303/0/5700, pmin: 10m, pmax: 20m}], read: [{path: /3/0/0, every: 5m}]}
phases: [{ramp: {over: 10s}}, {hold: {for: 3h}}, {drain: {over: 10s}}]
)";

std::int64_t lost_asleep(const metrics::RunResult& result) {
    return result.snapshot.fleet->totals.discarded[metrics::index(metrics::Discard::asleep)];
}

// Core 1.1.1, 6.5: both count the same 93 s.
TEST(VirtualRun, TheServerWaitsForSleepingDevices) {
    const auto model = model_of(sleepers,
                                "lwm2m: {queue_mode: true, lifetime: 1h}\nbehaviour: {sleep: {queue_mode: 93s, every: "
                                "20m, notify: keep}}\n");
    const auto outcome = engine::run_virtually(*model, {.threads = 2, .info = {}});
    EXPECT_TRUE(outcome.result.snapshot.fleet->conservation_ok);
    EXPECT_EQ(outcome.result.registered, 50);
    EXPECT_EQ(lost_asleep(outcome.result), 0);
    EXPECT_GT(metrics::total(outcome.result.snapshot.fleet->totals.server_requests), 50);
}

// A device that sleeps before the server thinks so loses what it is sent.
TEST(VirtualRun, ADeviceThatSleepsEarlyLosesWhatItIsSent) {
    const auto model = model_of(sleepers,
                                "lwm2m: {queue_mode: true, lifetime: 1h}\nbehaviour: {sleep: {queue_mode: 10s, every: "
                                "5m, notify: keep}}\n");
    const auto outcome = engine::run_virtually(*model, {.threads = 1, .info = {}});
    EXPECT_TRUE(outcome.result.snapshot.fleet->conservation_ok);
    EXPECT_GT(lost_asleep(outcome.result), 0);
}

TEST(VirtualRun, TwoServersEachHaveTheWholeFleet) {
    const auto model = model_of(half_an_hour,
                                "servers: {124: {uri: \"coap://127.0.0.1:5783\"}, 125: {uri: "
                                "\"coap://second.example\"}}\n");
    const auto outcome = engine::run_virtually(*model, {.threads = 2, .info = {}});
    EXPECT_TRUE(outcome.result.snapshot.fleet->conservation_ok);
    EXPECT_EQ(outcome.result.registered, 300);
    EXPECT_EQ(ended(outcome.result, Operation::register_, metrics::Result::ok), 900);
    EXPECT_EQ(ended(outcome.result, Operation::deregister, metrics::Result::ok), 900);
    EXPECT_EQ(outcome.result.snapshot.server->totals.registrations, 900);
}

TEST(VirtualRun, AnotherSeedIsAnotherRun) {
    const auto model = model_of(half_an_hour);
    std::string other = half_an_hour;
    other.replace(other.find("seed: 11"), 8, "seed: 12");
    EXPECT_NE(engine::run_virtually(*model, {.threads = 1, .info = {}}).trace_hash,
              engine::run_virtually(*model_of(other), {.threads = 1, .info = {}}).trace_hash);
}

TEST(VirtualRun, EveryDeviceRegistersIsObservedAndNotifiesOnceAMinute) {
    const auto model = model_of(half_an_hour);
    const auto run = engine::run_virtually(*model, {.threads = 1, .info = {}});
    EXPECT_EQ(run.result.exit_code, metrics::ExitCode::ok);
    EXPECT_EQ(run.result.registered, 300);
    EXPECT_EQ(run.result.lost, 0);
    EXPECT_EQ(run.result.observations, 300);
    EXPECT_EQ(ended(run.result, Operation::register_, metrics::Result::ok), 300);
    EXPECT_EQ(ended(run.result, Operation::deregister, metrics::Result::ok), 300);
    const auto notified = ended(run.result, Operation::notify, metrics::Result::ok);
    EXPECT_GE(notified, 300 * 29);
    EXPECT_LE(notified, 300 * 31);
    EXPECT_EQ(metrics::total(run.result.snapshot.server->totals.notifications), notified);
}

TEST(VirtualRun, EveryOperationIsAccountedForOnABadNetwork) {
    const auto model = model_of(half_an_hour, "network: {loss: 20%, duplicate: 20%, reorder: 20%, latency: 100ms}\n");
    const auto run = engine::run_virtually(*model, {.threads = 1, .info = {}});
    EXPECT_TRUE(run.result.snapshot.fleet->conservation_ok);
    for (const auto& law : run.result.laws) EXPECT_TRUE(law.holds()) << metrics::to_text(law);
    EXPECT_GE(run.result.registered, 295);
    EXPECT_GT(metrics::total(run.result.snapshot.fleet->totals.retransmissions), 0);
}

// Core 1.1.1, 6.4.6: 30 minutes, one Send a minute; each that was begun ends.
TEST(VirtualRun, WhatIsSentUnaskedIsAccountedFor) {
    const auto model = model_of(half_an_hour,
                                "behaviour: {send: {every: 60s ±10s, paths: [/3303/0], samples: 4}}\n"
                                "network: {loss: 10%, duplicate: 5%, latency: 100ms}\n");
    const auto run = engine::run_virtually(*model, {.threads = 1, .info = {}});
    EXPECT_TRUE(run.result.snapshot.fleet->conservation_ok);
    for (const auto& law : run.result.laws) EXPECT_TRUE(law.holds()) << metrics::to_text(law);
    const auto sent = ended(run.result, Operation::send, metrics::Result::ok);
    EXPECT_GE(sent, 300 * 27);
    EXPECT_LE(sent, 300 * 31);
}

}  // namespace
