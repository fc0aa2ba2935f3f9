// Fleets with OSCORE in virtual time: everything is accounted for, on good networks and bad ones.
#include <gtest/gtest.h>

#include "profiles/object_loader.h"
#include "scenarios/scenario_loader.h"
#include "simulator/engine/virtual_run.h"

namespace {

using metrics::Discard;
using metrics::Operation;
using metrics::Result;

class OscoreRun : public ::testing::Test {
protected:
    engine::VirtualResult run(const std::string& more = "", unsigned threads = 1, const std::string& oscore = "",
                              const std::string& server = "{}") {
        profiles::Diagnostics diagnostics;
        auto scenario = scenarios::parse_scenario(
            "scenario: test\ndevices: 100\nseed: 11\nfleet: [{profile: under-test}]\n"
            "phases:\n  - ramp: {over: 10s}\n  - hold: {for: 10m}\n  - drain: {over: 10s}\nserver: " +
                server + "\n",
            "test", diagnostics);
        EXPECT_TRUE(scenario.has_value()) << diagnostics.text();
        auto catalog = profiles::builtin_profiles();
        catalog.add({"under-test", "under-test.yaml",
                     "profile: under-test\nextends: temperature-sensor\nlwm2m: {lifetime: 3m}\n"
                     "oscore: {master_secret: {derive: correct-horse}" +
                         oscore + "}\n" + more});
        model_ = engine::make_fleet_model(std::move(*scenario), catalog, profiles::builtin_objects(), diagnostics);
        EXPECT_NE(model_, nullptr) << diagnostics.text();
        return engine::run_virtually(*model_, {.threads = threads, .info = {}});
    }
    static std::int64_t ended(const engine::VirtualResult& run, Operation operation, Result how) {
        std::int64_t sum = 0;
        for (const auto& profile : run.result.snapshot.fleet->totals.operations[metrics::index(operation)]) {
            sum += profile[metrics::index(how)];
        }
        return sum;
    }
    static std::int64_t discarded(const engine::VirtualResult& run, Discard reason) {
        return run.result.snapshot.fleet->totals.discarded[metrics::index(reason)] +
               run.result.snapshot.server->totals.discarded[metrics::index(reason)];
    }
    std::unique_ptr<engine::FleetModel> model_;
};

TEST_F(OscoreRun, EveryDeviceRegistersIsObservedAndNotifies) {
    const auto run = this->run();
    EXPECT_EQ(run.result.exit_code, metrics::ExitCode::ok);
    EXPECT_EQ(run.result.registered, 100);
    EXPECT_EQ(run.result.observations, 100);
    EXPECT_EQ(ended(run, Operation::register_, Result::ok), 100);
    EXPECT_EQ(ended(run, Operation::deregister, Result::ok), 100);
    const auto notified = ended(run, Operation::notify, Result::ok);
    EXPECT_GE(notified, 100 * 9);
    EXPECT_EQ(metrics::total(run.result.snapshot.server->totals.notifications), notified);
    for (const auto reason :
         {Discard::oscore_decrypt, Discard::oscore_replay, Discard::oscore_context, Discard::unprotected}) {
        EXPECT_EQ(discarded(run, reason), 0) << metrics::name(reason);
    }
}

TEST_F(OscoreRun, ShardsChangeNothingThatIsDone) {
    const auto one = run("", 1);
    const auto three = run("", 3);
    EXPECT_EQ(one.datagrams, three.datagrams);
    EXPECT_EQ(one.result.snapshot.fleet->totals.operations, three.result.snapshot.fleet->totals.operations);
    EXPECT_EQ(run("", 1).trace_hash, one.trace_hash);
}

TEST_F(OscoreRun, EveryOperationIsAccountedForOnABadNetwork) {
    for (const std::string reboot : {"b2", "b1", "keep"}) {
        const auto run = this->run(
            "behaviour: {notify: {confirmable: true}}\n"
            "network: {loss: 15%, duplicate: 20%, reorder: 20%, latency: 100ms}\n",
            1, ", reboot: " + reboot);
        EXPECT_TRUE(run.result.snapshot.fleet->conservation_ok) << reboot;
        for (const auto& law : run.result.laws) EXPECT_TRUE(law.holds()) << reboot << metrics::to_text(law);
        EXPECT_GE(run.result.registered, 98) << reboot;
        EXPECT_GT(metrics::total(run.result.snapshot.fleet->totals.retransmissions), 0);
        // Duplicates are the message layer's; nothing that is sent once more is taken for an attack.
        EXPECT_EQ(discarded(run, Discard::oscore_decrypt), 0) << reboot;
        EXPECT_EQ(discarded(run, Discard::oscore_context), 0) << reboot;
    }
}

// The Sends of several samples are longer than a block.
TEST_F(OscoreRun, LongBodiesGoInBlocksInside) {
    const auto run = this->run(
        "behaviour: {send: {every: 60s ±10s, paths: [/3303/0, /3304/0, /3/0], samples: 12}}\n"
        "network: {loss: 10%, duplicate: 5%, latency: 100ms}\n");
    for (const auto& law : run.result.laws) EXPECT_TRUE(law.holds()) << metrics::to_text(law);
    EXPECT_GE(ended(run, Operation::send, Result::ok), 100 * 7);
    EXPECT_EQ(discarded(run, Discard::oscore_decrypt), 0);
}

// RFC 8613 8.2: the server cannot open what they send, and says so.
TEST_F(OscoreRun, DevicesWithWrongKeysAreCountedByTheirOwnName) {
    const auto run = this->run("", 1, ", wrong_key: 30%");
    EXPECT_GT(run.result.registered, 55);
    EXPECT_LT(run.result.registered, 85);
    const auto& fleet = run.result.snapshot.fleet->totals;
    const auto refused = fleet.failures[metrics::index(Operation::register_)][metrics::index(metrics::Cause::oscore)];
    EXPECT_GE(refused, 100 - run.result.registered);
    EXPECT_EQ(run.result.snapshot.server->totals.discarded[metrics::index(Discard::oscore_decrypt)], refused);
    for (const auto& law : run.result.laws) EXPECT_TRUE(law.holds()) << metrics::to_text(law);
}

// Nothing of a fleet without attackers is refused, on either side.
void expect_all_opened(const engine::VirtualResult& run) {
    for (const auto reason :
         {Discard::oscore_decrypt, Discard::oscore_replay, Discard::oscore_context, Discard::unprotected}) {
        EXPECT_EQ(run.result.snapshot.fleet->totals.discarded[metrics::index(reason)], 0) << metrics::name(reason);
        EXPECT_EQ(run.result.snapshot.server->totals.discarded[metrics::index(reason)], 0) << metrics::name(reason);
    }
    for (const auto& law : run.result.laws) EXPECT_TRUE(law.holds()) << metrics::to_text(law);
}

// Core 1.1.1, E.6: by blocks that the server pushes, or that the devices fetch from it.
TEST_F(OscoreRun, AFirmwareCampaignComesToItsEnd) {
    for (const std::string mode : {"push", "pull"}) {
        const auto run =
            this->run("objects: {firmware_update/0: {}}\nformats: [senml-cbor, tlv, opaque, text]\n", 1, "",
                      "{observe: [], firmware: {image: 8KiB, after: 30s, timeout: 5m, mode: " + mode + "}}");
        expect_all_opened(run);
        const auto& devices = run.result.snapshot.server->totals.campaign_devices;
        EXPECT_EQ(metrics::total(devices[metrics::index(metrics::CampaignState::succeeded)]), 100) << mode;
        EXPECT_EQ(ended(run, Operation::download, Result::ok), 100) << mode;
    }
}

// Transport 1.1.1, 5.5: beside whatever secures the transport.
TEST_F(OscoreRun, GoesThroughDtls) {
    const auto run = this->run("security: {mode: psk, key: {derive: \"correct horse battery staple\"}}\n");
    expect_all_opened(run);
    EXPECT_EQ(run.result.registered, 100);
    EXPECT_EQ(run.result.observations, 100);
    EXPECT_EQ(ended(run, Operation::handshake, Result::ok), 100);
    EXPECT_GE(ended(run, Operation::notify, Result::ok), 100 * 9);
}

TEST_F(OscoreRun, CompositeRequestsAndObservationsAreProtected) {
    const auto run = this->run("", 1, "",
                               "{observe: [], observe_composite: [{paths: [/3/0/9, /3303/0/5700]}],"
                               " read_composite: [{paths: [/3/0, /3303], every: 60s}],"
                               " write_composite: [{values: {/3/0/14: \"+01:00\"}, after: 30s}],"
                               " write: [{path: /3/0/15, value: \"" +
                                   std::string(1500, 'Z') + "\", after: 60s}]}");
    expect_all_opened(run);
    EXPECT_EQ(run.result.observations, 100);
    const auto& responses = run.result.snapshot.server->totals.responses;
    const auto answered = [&](metrics::ServerRequest kind, coap::Code code) {
        return responses[metrics::index(kind)][metrics::code_slot(static_cast<std::uint8_t>(code))];
    };
    EXPECT_EQ(answered(metrics::ServerRequest::observe_composite, coap::Code::content), 100);
    EXPECT_EQ(answered(metrics::ServerRequest::write_composite, coap::Code::changed), 100);
    EXPECT_GE(answered(metrics::ServerRequest::read_composite, coap::Code::content), 900);
    // RFC 7959 2.5: two blocks each.
    EXPECT_EQ(answered(metrics::ServerRequest::write, coap::Code::continue_), 100);
    EXPECT_EQ(answered(metrics::ServerRequest::write, coap::Code::changed), 100);
}

}  // namespace
