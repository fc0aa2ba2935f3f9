#include "metrics/counters.h"

#include <gtest/gtest.h>

namespace metrics {
namespace {

constexpr auto reg = index(Operation::register_);

TEST(Counters, OperationIsInFlightUntilItEnds) {
    Counters c;
    c.start(Operation::register_, 3);
    c.start(Operation::register_, 3);
    c.succeed(Operation::register_, 3);
    EXPECT_EQ(c.figures().started[reg][3].get(), 2);
    EXPECT_EQ(c.figures().in_flight[reg][3].get(), 1);
    EXPECT_EQ(c.figures().operations[reg][3][index(Result::ok)].get(), 1);
}

TEST(Counters, FailureIsCountedByItsCauseAndItsResult) {
    Counters c;
    c.start(Operation::update, 0);
    c.fail(Operation::update, 0, cause_of(0x84), 17041);
    const auto up = index(Operation::update);
    EXPECT_EQ(c.figures().failures[up][index(Cause::not_found)].get(), 1);
    EXPECT_EQ(c.figures().operations[up][0][index(Result::client_error)].get(), 1);
    EXPECT_EQ(c.figures().in_flight[up][0].get(), 0);
}

TEST(Counters, FirstDeviceOfACauseStays) {
    Counters c;
    EXPECT_EQ(c.first_device(Operation::update, Cause::timeout), no_device);
    for (const std::uint64_t device : {0U, 7U}) {
        c.start(Operation::update, 0);
        c.fail(Operation::update, 0, Cause::timeout, device);
    }
    EXPECT_EQ(c.first_device(Operation::update, Cause::timeout), 0);
}

TEST(Counters, FoldAddsEveryFigureOfEveryShard) {
    Counters a, b;
    a.start(Operation::register_, 0);
    b.start(Operation::register_, 0);
    b.abort(Operation::register_, 0);
    a.skip(Operation::notify, 1);
    b.respond(Operation::register_, 0x41);
    a.answer(ServerRequest::read, 0x45);
    b.answer(ServerRequest::read, 0x45);
    a.retransmit(Operation::notify);
    b.send(Sent::answer);
    a.receive(Received::response);
    b.discard(Discard::late);
    a.pass(Direction::sent, 1, 60);
    b.pass(Direction::sent, 2, 40);
    a.hold(Direction::received, 1);
    b.inject(Fault::loss_sent);
    a.drop(Drop::receive_overrun, 5);
    a.add_devices(1, DeviceState::idle, 10);
    a.move_device(1, DeviceState::idle, DeviceState::registering);
    b.add_observations(2);
    a.notify(Confirmable::yes);
    b.add_busy(std::chrono::milliseconds(3));

    const std::array shards{static_cast<const Counters*>(&a), static_cast<const Counters*>(&b)};
    const Totals t = fold(shards);
    EXPECT_EQ(t.started[reg][0], 2);
    EXPECT_EQ(t.in_flight[reg][0], 1);
    EXPECT_EQ(t.operations[reg][0][index(Result::aborted)], 1);
    EXPECT_EQ(t.skipped[index(Operation::notify)][1], 1);
    EXPECT_EQ(t.responses[reg][code_slot(0x41)], 1);
    EXPECT_EQ(t.server_requests[index(ServerRequest::read)][code_slot(0x45)], 2);
    EXPECT_EQ(t.retransmissions[index(Operation::notify)], 1);
    EXPECT_EQ(t.sent[index(Sent::retransmission)], 1);
    EXPECT_EQ(t.sent[index(Sent::answer)], 1);
    EXPECT_EQ(t.received[index(Received::response)], 1);
    EXPECT_EQ(t.discarded[index(Discard::late)], 1);
    EXPECT_EQ(t.datagrams[index(Direction::sent)], 3);
    EXPECT_EQ(t.bytes[index(Direction::sent)], 100);
    EXPECT_EQ(t.held[index(Direction::received)], 1);
    EXPECT_EQ(t.faults[index(Fault::loss_sent)], 1);
    EXPECT_EQ(t.drops[index(Drop::receive_overrun)], 5);
    EXPECT_EQ(t.devices[1][index(DeviceState::idle)], 9);
    EXPECT_EQ(t.devices[1][index(DeviceState::registering)], 1);
    EXPECT_EQ(t.observations[0], 2);
    EXPECT_EQ(t.notifications[1], 1);
    EXPECT_EQ(t.busy_ns[0], 3'000'000);
}

TEST(Counters, FoldNamesTheLowestFirstDevice) {
    Counters a, b, c;
    a.start(Operation::notify, 0);
    a.fail(Operation::notify, 0, Cause::reset, 900);
    b.start(Operation::notify, 0);
    b.fail(Operation::notify, 0, Cause::reset, 12);
    const std::array shards{static_cast<const Counters*>(&a), static_cast<const Counters*>(&b),
                            static_cast<const Counters*>(&c)};
    const Totals t = fold(shards);
    EXPECT_EQ(t.first_device[index(Operation::notify)][index(Cause::reset)], 12);
    EXPECT_EQ(t.first_device[index(Operation::notify)][index(Cause::timeout)], no_device);
}

}  // namespace
}  // namespace metrics
