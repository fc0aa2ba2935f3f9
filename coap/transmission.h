// Transmission: the parameters of message reliability and the times that follow from them (RFC 7252 4.2, 4.8).
#pragma once

#include "simulator/base/time.h"

namespace coap {

struct TransmissionParameters {
    base::Duration ack_timeout = std::chrono::seconds(2);
    double ack_random_factor = 1.5;  // at least 1
    unsigned max_retransmit = 4;     // at most 20
    base::Duration default_leisure = std::chrono::seconds(5);
    double probing_rate = 1;  // byte/s
    base::Duration max_latency = std::chrono::seconds(100);

    // RFC 7252 4.8.2. With the defaults: 45 s, 93 s, 202 s, 247 s and 145 s.
    base::Duration max_transmit_span() const { return scaled((1u << max_retransmit) - 1); }
    base::Duration max_transmit_wait() const { return scaled((1u << (max_retransmit + 1)) - 1); }
    base::Duration max_rtt() const { return 2 * max_latency + ack_timeout; }
    base::Duration exchange_lifetime() const { return max_transmit_span() + max_rtt(); }
    base::Duration non_lifetime() const { return max_transmit_span() + max_latency; }

    // The first timeout: between ACK_TIMEOUT and ACK_TIMEOUT * ACK_RANDOM_FACTOR, `unit` in [0, 1) deciding.
    base::Duration initial_timeout(double unit) const {
        return base::from_seconds(base::seconds(ack_timeout) * (1 + (ack_random_factor - 1) * unit));
    }

    friend bool operator==(const TransmissionParameters&, const TransmissionParameters&) = default;

private:
    base::Duration scaled(unsigned times) const {
        return base::from_seconds(base::seconds(ack_timeout) * ack_random_factor * times);
    }
};

}  // namespace coap
