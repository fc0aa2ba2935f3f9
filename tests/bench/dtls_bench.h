// DtlsBench: the CPU of the devices' side for a full handshake and for an exchange in an established session, over real
// sockets against our own server's transport on another thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>

#include "tests/bench/mirror.h"

namespace bench {

struct DtlsCost {
    double handshake_us = 0;
    double exchange_us = 0;  // a datagram of `size` bytes, sealed and sent; the same, received and opened
    std::uint32_t established = 0;
    std::uint64_t exchanged = 0;
};

// Of the transport alone, without devices above it.
DtlsCost measure_dtls(std::uint32_t devices, std::size_t size, int rounds);

// The secret that the keys of all devices are derived from.
inline constexpr char bench_secret[] = "a secret of the benchmark";

// A mirror behind DTLS.
class SecureMirror final : public Peer {
public:
    explicit SecureMirror(std::uint32_t sessions);
    ~SecureMirror();

private:
    struct Impl;
    void serve();

    std::unique_ptr<Impl> impl_;
    pid_t child_ = 0;
};

}  // namespace bench
