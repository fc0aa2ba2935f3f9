// Transmission parameters: the times that RFC 7252 4.8.2 derives from them.
#include "coap/transmission.h"

#include <gtest/gtest.h>

namespace coap {
namespace {

using namespace std::chrono_literals;

// RFC 7252 4.8.2, table 3.
TEST(TransmissionParameters, DerivesTheTimesOfTable3) {
    const TransmissionParameters defaults;
    EXPECT_EQ(defaults.max_transmit_span(), 45s);
    EXPECT_EQ(defaults.max_transmit_wait(), 93s);
    EXPECT_EQ(defaults.max_rtt(), 202s);
    EXPECT_EQ(defaults.exchange_lifetime(), 247s);
    EXPECT_EQ(defaults.non_lifetime(), 145s);
}

// RFC 7252 4.2: between ACK_TIMEOUT and ACK_TIMEOUT * ACK_RANDOM_FACTOR.
TEST(TransmissionParameters, SpreadsTheFirstTimeout) {
    const TransmissionParameters defaults;
    EXPECT_EQ(defaults.initial_timeout(0), 2s);
    EXPECT_EQ(defaults.initial_timeout(0.5), 2500ms);
    EXPECT_LT(defaults.initial_timeout(0x1.fffffffffffffp-1), 3s + 1us);
    EXPECT_GT(defaults.initial_timeout(0x1.fffffffffffffp-1), 2999ms);
}

TEST(TransmissionParameters, FollowsOtherParameters) {
    const TransmissionParameters slow{.ack_timeout = 10s, .ack_random_factor = 1, .max_retransmit = 0};
    EXPECT_EQ(slow.max_transmit_span(), 0s);
    EXPECT_EQ(slow.max_transmit_wait(), 10s);
    EXPECT_EQ(slow.initial_timeout(0.9), 10s);
    EXPECT_EQ(slow.exchange_lifetime(), 210s);
}

// The largest allowed: 20 retransmissions of an hour must not overflow.
TEST(TransmissionParameters, StaysInRangeAtItsLimits) {
    const TransmissionParameters largest{.ack_timeout = 1h, .ack_random_factor = 1.5, .max_retransmit = 20};
    EXPECT_GT(largest.max_transmit_wait(), largest.max_transmit_span());
    EXPECT_GT(largest.max_transmit_span(), 1h * 1'000'000);
}

}  // namespace
}  // namespace coap
