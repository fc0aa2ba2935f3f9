// Packet: one datagram on its way in or out.
#pragma once

#include <cstdint>

#include "simulator/base/bytes.h"
#include "simulator/net/address.h"

namespace net {

// The largest datagram that is sent or taken in: what fits an IPv6 link with the least MTU (1280) and more; block-wise
// transfer keeps messages below it.
inline constexpr std::size_t max_datagram = 1472;

// Who has proven what in a handshake (PeerIdentities); 0: nobody anything.
using PeerMark = std::uint64_t;

// `local` names who of ours sends or receives: a device's number in its shard, or 0 for a server. The bytes are a view
// that lives until the batch that holds the packet is used again, at the latest at the end of the turn.
struct Packet {
    base::Bytes bytes;
    std::uint32_t local = 0;
    Address remote;
    PeerMark proven = 0;  // by the sender, of a datagram that came to a server
};

// `local` of a packet whose destination is no device of ours.
inline constexpr std::uint32_t no_device = 0xffffffff;

}  // namespace net
