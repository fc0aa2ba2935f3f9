// What DTLS 1.3 costs, over a memory network: the CPU of a handshake and the memory of a session, on each side.
#pragma once

#include <cstdint>

namespace bench {

struct Dtls13Cost {
    double handshake_us = 0;  // of the devices' side
    double server_handshake_us = 0;
    double device_bytes = 0;
    double server_bytes = 0;
    std::uint32_t established = 0;
};

// REQUIRES: the library has DTLS 1.3.
Dtls13Cost measure_dtls13(std::uint32_t devices);

}  // namespace bench
