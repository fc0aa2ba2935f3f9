// Observe: order of notifications, the option of a request, the daily confirmable one (RFC 7641).
#include "coap/observe.h"

#include <gtest/gtest.h>

#include "tests/support/hex.h"
#include "tests/support/message.h"

namespace coap {
namespace {

using namespace std::chrono_literals;
using support::Message;

// RFC 7641 3.4: (V1 < V2 and V2 - V1 < 2^23) or (V1 > V2 and V1 - V2 > 2^23) or (T2 > T1 + 128 seconds).
TEST(Observe, ComparesSequencesAroundTheRing) {
    struct Row {
        std::uint32_t v1, v2;
        bool newer;
    };
    for (const auto& row : {Row{1, 2, true}, Row{2, 1, false}, Row{7, 7, false}, Row{0, 0x7fffff, true},
                            Row{0, 0x800000, false}, Row{0x800000, 0, false}, Row{0x800001, 0, true},
                            Row{0xffffff, 0, true}, Row{0, 0xffffff, false}, Row{0xfffffe, 5, true}}) {
        EXPECT_EQ(is_newer({row.v1, base::Time(1s)}, row.v2, base::Time(2s)), row.newer) << row.v1 << ' ' << row.v2;
    }
}

TEST(Observe, After128SecondsAnySequenceIsNewer) {
    const Freshest latest{100, base::Time(10s)};
    EXPECT_FALSE(is_newer(latest, 50, base::Time(10s) + 128s));
    EXPECT_TRUE(is_newer(latest, 50, base::Time(10s) + 128s + 1ns));
    EXPECT_TRUE(is_newer(latest, 100, base::Time(10s) + 129s));
}

TEST(Observe, SequencesComeRound) {
    EXPECT_EQ(next_observe_sequence(0), 1u);
    EXPECT_EQ(next_observe_sequence(0xffffff), 0u);
    std::uint32_t sequence = 0xfffff0;
    for (int i = 0; i < 40; ++i) {
        const auto next = next_observe_sequence(sequence);
        EXPECT_TRUE(is_newer({sequence, {}}, next, {}));
        sequence = next;
    }
}

// RFC 7641 2: 0 registers, 1 deregisters; the option is elective.
TEST(Observe, ReadsWhatARequestWants) {
    const auto wants = [](const Message& request) { return observe_request(request.view()); };
    const Message get(support::CON, Code::get);
    EXPECT_EQ(wants(get), ObserveRequest::none);
    EXPECT_EQ(wants(Message(get).observe(0)), ObserveRequest::start);
    EXPECT_EQ(wants(Message(get).observe(1)), ObserveRequest::stop);
    EXPECT_EQ(wants(Message(get).observe(2)), ObserveRequest::none);
    EXPECT_EQ(wants(Message(get).option(OptionNumber::observe, support::hex("000001"))), ObserveRequest::stop);
    EXPECT_EQ(wants(Message(get).option(OptionNumber::observe, support::hex("00000000"))), ObserveRequest::none);
}

TEST(Observe, ReadsTheSequenceOfANotification) {
    EXPECT_EQ(observe_sequence(Message(support::NON, Code::content).view()), std::nullopt);
    EXPECT_EQ(observe_sequence(Message(support::NON, Code::content).observe(0).view()), 0u);
    EXPECT_EQ(observe_sequence(Message(support::NON, Code::content).observe(0xffffff).view()), 0xffffffu);
    EXPECT_EQ(observe_sequence(Message(support::NON, Code::content).observe(0x1000000).view()), std::nullopt);
}

// RFC 7641 4.5: at least every 24 hours.
TEST(Observe, OneNotificationADayIsConfirmable) {
    const base::Time last(1h);
    EXPECT_FALSE(must_confirm(last, last));
    EXPECT_FALSE(must_confirm(last, last + 24h - 1ns));
    EXPECT_TRUE(must_confirm(last, last + 24h));
}

}  // namespace
}  // namespace coap
