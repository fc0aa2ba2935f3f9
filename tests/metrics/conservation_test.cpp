#include "metrics/conservation.h"

#include <gtest/gtest.h>

#include "simulator/base/random.h"

namespace metrics {
namespace {

Totals fold(const Counters& shard) {
    const std::array shards{&shard};
    return metrics::fold(std::span<const Counters* const>(shards));
}

// One of everything, as a shard would count it.
void live_a_little(Counters& c) {
    c.add_devices(0, DeviceState::idle, 3);
    c.move_device(0, DeviceState::idle, DeviceState::registered);
    c.start(Operation::register_, 0);
    c.send(Sent::request);
    c.pass(Direction::sent, 1, 60);
    c.pass(Direction::received, 1, 20);
    c.receive(Received::response);
    c.respond(Operation::register_, 0x41);
    c.succeed(Operation::register_, 0);

    c.start(Operation::notify, 0);
    c.send(Sent::request);
    c.pass(Direction::sent, 1, 40);
    c.retransmit(Operation::notify);
    c.inject(Fault::loss_sent);
    c.fail(Operation::notify, 0, Cause::timeout, 2);

    c.start(Operation::update, 0);
    c.send(Sent::request);
    c.drop(Drop::send_refused);
    c.inject(Fault::duplicate_received);
    c.pass(Direction::received, 1, 20);
    c.discard(Discard::duplicate);
    c.discard(Discard::stray);
}

TEST(Conservation, HoldsWhenEverythingIsCounted) {
    Counters c;
    live_a_little(c);
    for (const auto& law : conservation(fold(c), Moment::running, 3)) EXPECT_TRUE(law.holds()) << to_text(law);
}

TEST(Conservation, CountsAnOperationThatNeverEndsAsALeakAtTheEnd) {
    Counters c;
    live_a_little(c);  // the update is still in flight
    const auto laws = broken(conservation(fold(c), Moment::ended, 3));
    ASSERT_EQ(laws.size(), 1U);
    EXPECT_EQ(laws[0].name, "update at the end");
    EXPECT_EQ(laws[0].left_sum(), 1);
}

TEST(Conservation, HoldsForTheFirmwareOfEveryDeviceThatHasSome) {
    Counters c;
    c.add_firmware_device();
    c.add_firmware_device();
    c.move_firmware({0, 0}, {1, 0});
    EXPECT_TRUE(broken(conservation(fold(c), Moment::running, -1)).empty());
    c.move_firmware({1, 0}, {2, 0});
    c.move_firmware({3, 0}, {0, 1});  // from a state that no device was in: the sum holds
    const auto totals = fold(c);
    EXPECT_EQ(totals.firmware[3][0], -1);
    EXPECT_TRUE(broken(conservation(totals, Moment::running, -1)).empty());
}

TEST(Conservation, BreaksWhenAnOperationEndsTwice) {
    Counters c;
    c.start(Operation::send, 0);
    c.succeed(Operation::send, 0);
    c.succeed(Operation::send, 0);
    const auto totals = fold(c);
    const auto laws = broken(conservation(totals, Moment::ended));
    ASSERT_EQ(laws.size(), 1U);  // in flight is -1
    EXPECT_EQ(laws[0].left_sum(), -1);
}

// Each term by itself: whichever figure is off by one, some law says so.
TEST(Conservation, BreaksWhenAnyFigureIsOffByOne) {
    Counters c;
    live_a_little(c);
    const auto expect_broken = [](const Totals& t, const char* what) {
        EXPECT_EQ(broken(conservation(t, Moment::running, 3)).size(), 1U) << what;
    };
    const auto with = [&](auto change) {
        auto t = std::make_unique<Totals>(fold(c));
        change(*t);
        return t;
    };
    expect_broken(*with([](Totals& t) { ++t.started[index(Operation::register_)][0]; }), "started");
    expect_broken(*with([](Totals& t) { ++t.in_flight[index(Operation::register_)][0]; }), "in flight");
    expect_broken(*with([](Totals& t) { ++t.operations[index(Operation::register_)][0][index(Result::ok)]; }), "ok");
    expect_broken(*with([](Totals& t) { ++t.operations[index(Operation::notify)][0][index(Result::aborted)]; }),
                  "aborted");
    expect_broken(*with([](Totals& t) { ++t.failures[index(Operation::notify)][index(Cause::timeout)]; }), "cause");
    expect_broken(*with([](Totals& t) { ++t.sent[index(Sent::acknowledgement)]; }), "sent kind");
    expect_broken(*with([](Totals& t) { ++t.datagrams[index(Direction::sent)]; }), "datagrams sent");
    expect_broken(*with([](Totals& t) { ++t.datagrams[index(Direction::received)]; }), "datagrams received");
    expect_broken(*with([](Totals& t) { ++t.received[index(Received::request)]; }), "received kind");
    expect_broken(*with([](Totals& t) { ++t.discarded[index(Discard::late)]; }), "discarded");
    expect_broken(*with([](Totals& t) { ++t.held[index(Direction::received)]; }), "held");
    expect_broken(*with([](Totals& t) { ++t.retransmissions[index(Operation::notify)]; }), "retransmissions");
    expect_broken(*with([](Totals& t) { ++t.devices[0][index(DeviceState::backoff)]; }), "devices");
}

TEST(Conservation, HoldsForAnyOrderOfEvents) {
    constexpr std::uint64_t seed = 20261122;
    Counters c;
    std::array<int, operation_count> open{};
    for (std::uint64_t i = 0; i < 10'000; ++i) {
        const auto bits = base::draw(seed, 0, 1, i);
        const auto op = static_cast<Operation>(bits % operation_count);
        const auto profile = static_cast<ProfileIndex>(bits >> 8 & 31);
        if (open[index(op)] == 0 || (bits >> 16 & 1)) {
            c.start(op, profile);
            ++open[index(op)];
            continue;
        }
        --open[index(op)];
        switch (bits >> 20 & 3) {
            case 0: c.succeed(op, profile); break;
            case 1: c.fail(op, profile, static_cast<Cause>((bits >> 24) % cause_count), i); break;
            case 2: c.coalesce(op, profile); break;
            default: c.abort(op, profile); break;
        }
    }
    for (const auto& law : conservation(fold(c), Moment::running))
        EXPECT_TRUE(law.holds()) << "seed " << seed << " " << to_text(law);
}

TEST(Conservation, ReadsAsASentence) {
    const Law good{"register", {{"started", 100}}, {{"ok", 98}, {"reset", 0}, {"timeout", 1}, {"in flight", 1}}};
    EXPECT_EQ(to_text(good), "register: started 100 = ok 98 + timeout 1 + in flight 1");
    const Law bad{"register", {{"started", 100}}, {{"ok", 98}, {"reset", 0}, {"in flight", 1}}};
    EXPECT_EQ(to_text(bad), "register: started 100 = ok 98 + in flight 1, BROKEN by +1");
}

TEST(Conservation, HoldsForTheEmbeddedServer) {
    ServerFigures f;
    f.registrations.add(10);
    f.replacements.add(2);
    f.deregistrations.add(3);
    f.expirations.add(1);
    f.clients.add(4);
    f.requests[index(ServerRequest::read)].add(3);
    f.responses[index(ServerRequest::read)][code_slot(0x45)].add();
    f.timeouts[index(ServerRequest::read)].add();
    f.in_flight[index(ServerRequest::read)].add();
    const std::array threads{static_cast<const ServerFigures*>(&f)};
    EXPECT_TRUE(broken(conservation(metrics::fold(std::span<const ServerFigures* const>(threads)))).empty());
    f.clients.add(-1);
    f.resets[index(ServerRequest::read)].add();
    EXPECT_EQ(broken(conservation(metrics::fold(std::span<const ServerFigures* const>(threads)))).size(), 2U);
}

}  // namespace
}  // namespace metrics
