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
    engine::VirtualResult run(const std::string& more = "", unsigned threads = 1, const std::string& oscore = "") {
        profiles::Diagnostics diagnostics;
        auto scenario = scenarios::parse_scenario(
            "scenario: test\ndevices: 100\nseed: 11\nfleet: [{profile: under-test}]\n"
            "phases:\n  - ramp: {over: 10s}\n  - hold: {for: 10m}\n  - drain: {over: 10s}\n",
            "test", diagnostics);
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

}  // namespace
