#include "simulator/net/peer_identities.h"

#include <algorithm>

#include "simulator/base/reader.h"

namespace net {

PeerMark PeerIdentities::mark(Proof proof, base::Bytes identity) const {
    const auto mac = key_.mac({base::as_bytes("identity"), identity});
    return *base::Reader(mac).take_uint(8) << 2 | static_cast<PeerMark>(proof);
}

bool PeerIdentities::contradicts(PeerMark proven, base::Bytes identity) const {
    switch (proof_of(proven)) {
        case Proof::nothing: return false;
        case Proof::psk: return proven != mark(Proof::psk, identity);
        case Proof::x509: return proven != mark(Proof::x509, base::sha256(identity));
        case Proof::raw_public_key:
            return raw_keys_of_ && std::ranges::none_of(raw_keys_of_(base::as_text(identity)), [&](const auto& key) {
                       return proven == mark(Proof::raw_public_key, key);
                   });
    }
    return true;
}

}  // namespace net
