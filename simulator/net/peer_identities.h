// PeerIdentities: who the sender of a datagram has proven to be in a handshake, as a mark of eight bytes that goes with
// the datagram: it tells identities apart without keeping them, and stays true whatever becomes of the session.
#pragma once

#include <functional>
#include <vector>

#include "simulator/base/crypto.h"
#include "simulator/net/packet.h"

namespace net {

class PeerIdentities {
public:
    enum class Proof : std::uint8_t { nothing, psk, x509, raw_public_key };
    // SHA-256 of the raw public keys that go with an endpoint name; null: any does.
    using RawKeysOf = std::function<std::vector<base::Digest>(std::string_view endpoint)>;

    // Marks of one secret mean the same, whichever object they are from.
    explicit PeerIdentities(base::Bytes secret, RawKeysOf raw_keys_of = nullptr)
        : key_(secret), raw_keys_of_(std::move(raw_keys_of)) {}

    // `identity`: of a pre-shared key; the SHA-256 of a certificate's common name, or of a raw public key.
    PeerMark mark(Proof proof, base::Bytes identity) const;
    static Proof proof_of(PeerMark proven) { return static_cast<Proof>(proven & 3); }
    static bool by_certificate(PeerMark proven) { return proven != 0 && proof_of(proven) != Proof::psk; }

    // Has the sender proven to be somebody else? By certificate it is the common name that counts, or the raw public
    // key. False where nothing was proven.
    bool contradicts(PeerMark proven, base::Bytes identity) const;

private:
    base::HmacSha256 key_;
    RawKeysOf raw_keys_of_;
};

}  // namespace net
