#include "simulator/net/dtls_handshake.h"

#include <cstring>

#include "simulator/base/check.h"

namespace net {

void derive_master(base::Bytes psk, const RandomBytes& client, const RandomBytes& server,
                   const base::Digest* session_hash, MasterSecret& out) {
    CHECK(psk.size() <= max_psk);
    // RFC 4279 2: as many zeros as the key is long, then the key.
    base::SecretArray<4 + 2 * max_psk> premaster;
    base::Writer writer(premaster.memory());
    writer.put_u16(static_cast<std::uint16_t>(psk.size()));
    writer.advance(psk.size());
    writer.put_u16(static_cast<std::uint16_t>(psk.size()));
    writer.put(psk);
    derive_master_from(writer.written(), client, server, session_hash, out);
}

void derive_master_from(base::Bytes premaster, const RandomBytes& client, const RandomBytes& server,
                        const base::Digest* session_hash, MasterSecret& out) {
    const base::HmacSha256 key(premaster);
    if (session_hash != nullptr) {
        base::tls12_prf(key, "extended master secret", {*session_hash}, out);
    } else {
        base::tls12_prf(key, "master secret", {client, server}, out);
    }
}

bool derive_keys(const MasterSecret& master, const RandomBytes& client, const RandomBytes& server, std::uint16_t suite,
                 Side side, DtlsSession& session, CbcKeys& mac) {
    base::SecretArray<2 * 32 + 2 * 16> block;
    const auto expand = [&](std::size_t size) {
        base::tls12_prf(base::HmacSha256(master), "key expansion", {server, client}, block.memory().first(size));
    };
    std::size_t at = 0;
    const auto take = [&](auto& to) {
        std::memcpy(to.data(), block.view().data() + at, to.size());
        at += to.size();
    };
    const bool ours_first = side == Side::client;
    const auto take_pair = [&](auto& write, auto& read) {
        take(ours_first ? write : read);
        take(ours_first ? read : write);
    };
    switch (static_cast<CipherSuite>(suite)) {
        case CipherSuite::psk_aes128_ccm8:
        case CipherSuite::ecdhe_ecdsa_aes128_ccm8:
        case CipherSuite::ecdhe_ecdsa_aes128_gcm:
            expand(2 * 16 + 2 * 4);
            take_pair(session.write_key, session.read_key);
            take_pair(session.write_salt, session.read_salt);
            session.cipher = static_cast<CipherSuite>(suite) == CipherSuite::ecdhe_ecdsa_aes128_gcm
                                 ? RecordCipher::aes128_gcm
                                 : RecordCipher::aes128_ccm8;
            return true;
        case CipherSuite::psk_aes128_cbc_sha256:
            expand(2 * 32 + 2 * 16);
            take_pair(mac.write_mac, mac.read_mac);
            take_pair(session.write_key, session.read_key);
            session.cipher = RecordCipher::aes128_cbc_sha256;
            return true;
    }
    return false;
}

VerifyData verify_data(const MasterSecret& master, Side sender, const base::Digest& transcript) {
    VerifyData data;
    base::tls12_prf(base::HmacSha256(master), sender == Side::client ? "client finished" : "server finished",
                    {transcript}, data);
    return data;
}

}  // namespace net
