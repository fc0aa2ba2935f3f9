// Dtls13Hello: what a server looks at in a ClientHello before anything is made of it: is it one of DTLS 1.3, and who
// asks for what (RFC 9147 5.3, RFC 8446 4.1.2). A datagram that holds anything else is somebody else's.
#pragma once

#include "simulator/net/dtls_messages.h"

namespace net {

// TLS_AES_128_CCM_SHA256, TLS_AES_128_GCM_SHA256; both: a client offers CCM first. _CCM_8_SHA256 is not to be used
// (RFC 9147 4.5.3), and the library does not make its records as long as they must be (4.2.3).
enum class Dtls13Suite : std::uint8_t { ccm, gcm, both };

struct Dtls13Hello {
    // How often an identity may stand in it: a ticket, and a pre-shared key for each cipher suite.
    static constexpr std::size_t most_identities = 4;

    base::Bytes random;
    std::optional<Dtls13Suite> suite{};                     // the first that we have
    std::array<base::Bytes, most_identities> identities{};  // of pre-shared keys and tickets, in the client's order
    std::size_t identity_count = 0;
    bool raw_public_key = false;  // the server's certificate is wanted as one
    bool cookie = false;          // there is one
};

// Nothing where the datagram is no whole ClientHello that offers DTLS 1.3.
std::optional<Dtls13Hello> read_dtls13_hello(base::Bytes datagram);

}  // namespace net
