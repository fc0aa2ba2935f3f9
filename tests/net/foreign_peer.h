// ForeignPeer: a DTLS library of somebody else's as the other end of our handshakes. Bytes and times in, bytes and
// times out: no socket, no clock.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "tests/net/dtls_fixture.h"

namespace net {

enum class Credential : std::uint8_t { psk_ccm8, psk_cbc, x509_ccm8, x509_gcm, raw_public_key };

class ForeignPeer {
public:
    struct Spec {
        Side side = Side::server;  // its own
        Credential credential = Credential::psk_ccm8;
        const TestCertificates* certificates = nullptr;  // what it is by certificate, and whom it trusts
        std::string identity = "urn:dev:1";              // by pre-shared key
        std::string key;
    };

    virtual ~ForeignPeer() = default;
    // Another handshake, in which a client offers the last session. A client sends its first flight.
    virtual void begin(base::Time now) = 0;
    virtual void take(base::Time now, base::Bytes datagram) = 0;
    virtual void on_timer(base::Time now) = 0;
    virtual base::Time timer_due() const = 0;
    virtual bool established() const = 0;
    virtual bool resumed() const = 0;
    virtual void say(std::string_view text) = 0;

    std::deque<Datagram> sent;
    std::string heard;
    std::string error;  // why it has given up
};

// Null where the library is not there, or does not have that credential.
std::unique_ptr<ForeignPeer> make_wolfssl_peer(const ForeignPeer::Spec& spec);
std::unique_ptr<ForeignPeer> make_mbedtls_peer(const ForeignPeer::Spec& spec);

}  // namespace net
