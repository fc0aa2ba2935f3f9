// DtlsBench: the CPU of the devices' side for a full handshake and for an exchange in an established session, over real
// sockets against our own server's transport on another thread.
#pragma once

#include <cstdint>

namespace bench {

struct DtlsCost {
    double handshake_us = 0;
    double exchange_us = 0;  // a datagram of `size` bytes, sealed and sent; the same, received and opened
    std::uint32_t established = 0;
    std::uint64_t exchanged = 0;
};

DtlsCost measure_dtls(std::uint32_t devices, std::size_t size, int rounds);

}  // namespace bench
