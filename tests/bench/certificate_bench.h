// CertificateBench: the CPU of both sides for a full handshake by certificate or raw public key, over real sockets.
#pragma once

#include <cstdint>
#include <string_view>

namespace bench {

struct CertificateCost {
    double client_us = 0;
    double server_us = 0;
    std::uint32_t established = 0;
};

// `mode`: "x509" or "rpk".
CertificateCost measure_certificates(std::string_view mode, std::uint32_t devices);

}  // namespace bench
