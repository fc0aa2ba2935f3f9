// Steering: which one of several sockets at one address and port takes a datagram: a pure function, that the kernel
// computes for what arrives (SO_ATTACH_REUSEPORT_CBPF), and we for what goes back.
//
//   a record with a connection id (RFC 9146 4)   the first byte of the id, which names the socket
//   the same of DTLS 1.3 (RFC 9147 4)            the first two bytes of the id: all that it has
//   everything else                              a hash of the source's address and port
#pragma once

#include <cstdint>

#include "simulator/base/bytes.h"
#include "simulator/net/address.h"

namespace net {

class Steering {
public:
    static constexpr std::uint32_t most_sockets = 64;

    explicit Steering(std::uint32_t sockets = 1) : sockets_(sockets) {}

    std::uint32_t sockets() const { return sockets_; }
    std::uint32_t of_source(const Address& source) const { return sockets_ == 1 ? 0 : hash(source) % sockets_; }
    std::uint32_t of_datagram(base::Bytes datagram, const Address& source) const {
        if (sockets_ == 1 || datagram.empty()) return 0;
        if (datagram[0] == connection_id_type) {
            return datagram.size() > id_offset ? datagram[id_offset] % sockets_ : 0;
        }
        if ((datagram[0] & unified_mask) != unified_with_id) return of_source(source);
        return datagram.size() > 2 ? (std::uint32_t{datagram[1]} << 8 | datagram[2]) % sockets_ : 0;
    }

    // Has the kernel do the same for the sockets that were bound to the address of `fd`, in the order in which they
    // were. False, and errno, where it does not.
    bool attach(int fd, bool v6) const;

private:
    static constexpr std::uint8_t connection_id_type = 25;
    static constexpr std::size_t id_offset = 11;
    static constexpr std::uint8_t unified_mask = 0xf0;  // of the first byte: 001C
    static constexpr std::uint8_t unified_with_id = 0x30;
    static constexpr std::uint32_t first_factor = 0x9e3779b1;
    static constexpr std::uint32_t second_factor = 0x85ebca6b;

    static std::uint32_t hash(const Address& source) {
        std::uint32_t sum = 0;
        const std::size_t size = source.v6 ? 16 : 4;
        for (std::size_t i = 0; i < size; i += 4) {
            const std::uint32_t word = std::uint32_t{source.ip[i]} << 24 | std::uint32_t{source.ip[i + 1]} << 16 |
                                       std::uint32_t{source.ip[i + 2]} << 8 | source.ip[i + 3];
            sum = (sum + word) * first_factor;
        }
        sum += source.port;
        sum ^= sum >> 16;
        sum *= second_factor;
        sum ^= sum >> 15;
        return sum;
    }

    std::uint32_t sockets_;
};

}  // namespace net
