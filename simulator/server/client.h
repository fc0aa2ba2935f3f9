// Client: what the server keeps of one correspondent: an address, and where it has registered, the registration.
#pragma once

#include <cstdint>

#include "coap/endpoint.h"
#include "simulator/base/byte_pool.h"
#include "simulator/base/timer_wheel.h"
#include "simulator/lwm2m/object_model.h"
#include "simulator/net/address.h"

namespace server {

using ClientIndex = std::uint32_t;  // place in the registry; base::no_index: none

// The transports of a binding, as a set ("U", "UT").
struct Binding {
    static constexpr std::uint8_t udp = 1, tcp = 2, sms = 4, non_ip = 8, mqtt = 16, http = 32;
};

// About 110 bytes; a million of them lie in one region. What has a size of its own lies elsewhere: the endpoint name in
// the registry's byte pool, the object list in ObjectLists, requests and observations in the slabs of Downlink.
struct Client {
    net::Address address;
    coap::Peer peer;
    base::BytePool::Handle endpoint;          // none: not registered
    std::uint32_t objects = base::no_index;   // in ObjectLists
    std::uint32_t oscore = base::no_index;    // in OscoreClients: what it registered under, if it did
    std::uint32_t lifetime = 0;               // s; 0 = for ever (1.2)
    base::Time registered{};                  // when the last Register was answered
    base::Time expires{};                     // when the lifetime ends
    base::Time last_seen{};                   // the last datagram
    base::TimerId expiry = base::no_index;    // fires at `expires` or before
    std::uint32_t requests = base::no_index;  // Downlink's: the first that waits
    std::uint32_t last_request = base::no_index;
    std::uint32_t observations = base::no_index;  // Downlink's: the first
    std::uint32_t tasks = base::no_index;         // Agenda's: the first
    std::uint32_t member = base::no_index;        // of a firmware campaign
    ClientIndex older = base::no_index;           // of those that have left
    ClientIndex newer = base::no_index;
    std::uint16_t generation = 0;  // rises with each Register: its location is not that of the one before
    std::uint16_t next_token = 0;
    std::uint8_t occupant = 0;     // rises when the place goes to another address
    std::uint8_t waiting = 0;      // length of the queue
    std::uint8_t lwm2m_minor = 0;  // 1.0, 1.1, 1.2
    std::uint8_t binding = Binding::udp;
    bool queue_mode = false;

    bool is_registered() const { return static_cast<bool>(endpoint); }
};
static_assert(sizeof(Client) <= 128);

}  // namespace server
