// The embedded server on several threads, with fleets of a few hundred devices over real sockets: what it must do on
// one thread it does on all of them, and its figures are those of the fleet to the unit.
#include <future>
#include <thread>

#include <gtest/gtest.h>

#include "profiles/object_loader.h"
#include "scenarios/scenario_loader.h"
#include "simulator/engine/scenario_runner.h"
#include "simulator/engine/server_runner.h"

namespace {

using metrics::index;
using metrics::Operation;

const std::string psk = "security: {mode: psk, key: {derive: \"a secret of the fleet\"}";

struct Fleet {
    std::string profile;
    std::string phases = "[{ramp: {over: 500ms}}, {hold: {for: 500ms}}, {drain: {over: 300ms}}]";
    int devices = 300;
    int threads = 2;
};

std::unique_ptr<engine::FleetModel> model_of(const Fleet& fleet) {
    profiles::Diagnostics diagnostics;
    auto scenario = scenarios::parse_scenario(
        "scenario: test\nseed: 11\nfleet: [{profile: under-test}]\ndevices: " + std::to_string(fleet.devices) +
            "\nphases: " + fleet.phases + "\nserver: {threads: " + std::to_string(fleet.threads) + "}\n",
        "test", diagnostics);
    EXPECT_TRUE(scenario.has_value()) << diagnostics.text();
    auto catalog = profiles::builtin_profiles();
    catalog.add({"under-test", "under-test.yaml",
                 "profile: under-test\nextends: temperature-sensor\n"
                 "lwm2m: {lifetime: 4s}\nbehaviour: {boot: {delay: 0s}, update: {at: 40% of lifetime}}\n"
                 "coap: {ack_timeout: 1s, max_retransmit: 0}\n" +
                     fleet.profile});
    auto model = engine::make_fleet_model(std::move(*scenario), catalog, profiles::builtin_objects(), diagnostics);
    EXPECT_NE(model, nullptr) << diagnostics.text();
    return model;
}

struct Outcome {
    explicit Outcome(const Fleet& fleet) : model(model_of(fleet)) {
        engine::RunOptions options;
        options.server_port = 0;
        options.pool.first = net::Address::from_v4(0x7f050000, 0);
        auto runner = engine::ScenarioRunner::prepare(*model, std::move(options));
        EXPECT_TRUE(runner) << runner.error().message;
        result = (*runner)->run();
        for (const auto& law : result.laws) EXPECT_TRUE(law.holds()) << metrics::to_text(law);
        EXPECT_EQ(server().datagrams[index(metrics::Direction::received)],
                  totals().datagrams[index(metrics::Direction::sent)]);
        EXPECT_EQ(server().datagrams[index(metrics::Direction::sent)],
                  totals().datagrams[index(metrics::Direction::received)]);
        EXPECT_EQ(metrics::total(server().drops), 0);
        EXPECT_EQ(server().dtls_handshakes, totals().handshakes);
    }
    const metrics::ServerTotals& server() const { return result.snapshot.server->totals; }
    const metrics::Totals& totals() const { return result.snapshot.fleet->totals; }
    std::int64_t ended(Operation operation) const {
        std::int64_t sum = 0;
        for (const auto& profile : totals().operations[index(operation)]) sum += profile[index(metrics::Result::ok)];
        return sum;
    }
    std::int64_t handshakes(metrics::HandshakeKind kind) const { return server().dtls_handshakes[index(kind)]; }

    std::unique_ptr<engine::FleetModel> model;
    metrics::RunResult result;
};

TEST(ServerThreads, TakeInPlainDevices) {
    const Outcome run({.profile = "", .threads = 3});
    EXPECT_EQ(run.result.registered, 300);
    EXPECT_EQ(run.ended(Operation::register_), 300);
    EXPECT_EQ(run.ended(Operation::deregister), 300);
    EXPECT_EQ(run.result.snapshot.server->thread_cpu.size(), 4u);
}

// RFC 9146: all of them get a new source address, and stay on their sessions.
TEST(ServerThreads, KeepSessionsOverNewAddressesByTheConnectionId) {
    const Outcome run({.profile = psk + "}\n",
                       .phases = "[{ramp: {over: 500ms}}, {hold: {for: 500ms}}, "
                                 "{storm: {do: rebind, within: 500ms}}, {hold: {for: 3s}}, {drain: {over: 300ms}}]",
                       .devices = 500});
    EXPECT_EQ(run.result.registered, 500);
    EXPECT_EQ(run.ended(Operation::register_), 500);
    EXPECT_EQ(run.ended(Operation::deregister), 500);
    EXPECT_EQ(run.handshakes(metrics::HandshakeKind::full), 500);
    EXPECT_EQ(run.server().dtls_rebinds, 500);
    EXPECT_EQ(run.totals().rebinds[0], 500);
    EXPECT_EQ(run.server().dtls_sessions, 0);
}

// Half of them come to another front, and resume the session that they had at the one before.
TEST(ServerThreads, ResumeSessionsFromNewAddresses) {
    const Outcome run({.profile = psk + ", cid: false, resume: 100%}\n",
                       .phases = "[{ramp: {over: 500ms}}, {hold: {for: 500ms}}, "
                                 "{storm: {do: rebind, within: 500ms}}, {hold: {for: 6s}}]"});
    EXPECT_EQ(run.result.registered, 300);
    EXPECT_EQ(run.handshakes(metrics::HandshakeKind::full), 300);
    EXPECT_EQ(run.handshakes(metrics::HandshakeKind::resumed), 300);
    EXPECT_EQ(run.server().replacements, 300);
    EXPECT_EQ(run.server().dtls_sessions, 300);
}

TEST(ServerThreads, BringBackAFleetThatLostItsPower) {
    const Outcome run({.profile = psk + ", resume: 50%}\n",
                       .phases = "[{ramp: {over: 500ms}}, {hold: {for: 500ms}}, "
                                 "{storm: {do: power_cycle, within: 500ms}}, {hold: {for: 1s}}]",
                       .threads = 4});
    EXPECT_EQ(run.result.registered, 300);
    EXPECT_EQ(run.handshakes(metrics::HandshakeKind::full) + run.handshakes(metrics::HandshakeKind::resumed), 600);
    EXPECT_EQ(run.server().dtls_sessions, 300);
}

TEST(ServerThreads, TakeInDevicesWithCertificates) {
    const Outcome run({.profile = "security: {mode: x509, key: {derive: \"a secret of the fleet\"}}\n",
                       .phases = "[{ramp: {over: 500ms}}, {hold: {for: 500ms}}, "
                                 "{storm: {do: rebind, within: 500ms}}, {hold: {for: 3s}}, {drain: {over: 300ms}}]",
                       .devices = 60});
    EXPECT_EQ(run.result.registered, 60);
    EXPECT_EQ(run.handshakes(metrics::HandshakeKind::full), 60);
    EXPECT_EQ(run.server().dtls_rebinds, 60);
    EXPECT_EQ(run.server().identity_mismatches, 0);
}

// Its connection ids are two bytes, that name the front as well.
TEST(ServerThreads, SpeakDtls13BesideDtls12) {
    const Outcome run({.profile = "security: {mode: psk, dtls: \"1.3\", key: {derive: \"a secret of the fleet\"}}\n",
                       .phases = "[{ramp: {over: 500ms}}, {hold: {for: 500ms}}, "
                                 "{storm: {do: rebind, within: 500ms}}, {hold: {for: 3s}}]",
                       .devices = 60,
                       .threads = 3});
    EXPECT_EQ(run.result.registered, 60);
    EXPECT_EQ(run.handshakes(metrics::HandshakeKind::full), 60);
    EXPECT_EQ(run.server().dtls_rebinds, 60);
    EXPECT_EQ(run.server().dtls_sessions, 60);
}

// Transport 1.1.1, 5.2.6: a raw public key that is a stranger's.
TEST(ServerThreads, RefuseWhoeverTakesTheNameOfAnother) {
    const Outcome run({.profile = "security: {mode: rpk, wrong_key: 100%, key: {derive: \"a secret of the fleet\"}}\n",
                       .devices = 40});
    EXPECT_EQ(run.server().registrations, 0);
    EXPECT_GE(run.server().identity_mismatches, 40);
    EXPECT_EQ(run.handshakes(metrics::HandshakeKind::full), 40);
}

TEST(ServerThreads, StandBehindAServerAlone) {
    engine::ServerRunOptions options{net::Address::from_v4(0x7f000001, 0), {}, {}};
    options.config.capacity = 100;
    options.threads = 2;
    auto runner = engine::ServerRunner::prepare(std::move(options));
    ASSERT_TRUE(runner) << runner.error().message;
    EXPECT_NE((*runner)->address().port, 0);
    (*runner)->start();
    (*runner)->stop();
    EXPECT_EQ((*runner)->snapshot().server->thread_cpu.size(), 3u);
}

// While LwM2M's thread stands still, its rings fill; what does not fit is dropped, and each of it counted.
TEST(ServerThreads, CountWhatTheRingsHaveNoRoomFor) {
    engine::ServerRunOptions options{net::Address::from_v4(0x7f000001, 0), {}, {}};
    options.config.capacity = 100;
    options.threads = 2;
    auto runner = engine::ServerRunner::prepare(std::move(options));
    ASSERT_TRUE(runner) << runner.error().message;
    (*runner)->start();
    std::promise<void> goes_on;
    (*runner)->post([&] { goes_on.get_future().wait(); });

    asio::io_context io;
    net::AddressPlan plan;
    plan.first = net::Address::from_v4(0x7f060000, 0);
    plan.prefix_size = 64;
    plan.devices = 16;
    plan.sockets = 1;
    auto devices = net::UdpTransport::open(io, plan);
    ASSERT_TRUE(devices) << devices.error().message;
    constexpr std::uint32_t count = 3000;
    const std::vector<std::uint8_t> noise(1200, 0x60);
    for (std::uint32_t i = 0; i < count; ++i) {
        const net::Packet packet{noise, i % plan.devices, (*runner)->address()};
        (*devices)->send({}, {&packet, 1});
        // The kernel is to lose none of them.
        if (i % 500 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    goes_on.set_value();
    (*runner)->stop();
    const auto totals = (*runner)->snapshot().server->totals;
    EXPECT_EQ(totals.datagrams[index(metrics::Direction::received)], count);
    EXPECT_GT(totals.drops[index(metrics::Drop::receive_overrun)], 500);
    EXPECT_EQ(metrics::total(totals.discarded) + metrics::total(totals.drops), count);
}

}  // namespace
