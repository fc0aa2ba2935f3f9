// HandshakeEnding: what the handshakes of client and server have in common: the hash of their messages, the keys that
// they come to, and ChangeCipherSpec and Finished at the end.
#pragma once

#include "simulator/net/dtls_certificates.h"

namespace net {

// A plain value that may lie in a slab. `side`: ours.
class HandshakeEnding {
public:
    const DtlsSession& session() const { return session_; }
    DtlsSession& session() { return session_; }
    const CbcKeys& mac() const { return mac_; }
    bool keys_ready() const { return keys_ready_; }

    // What has entered the hash so far.
    base::Digest transcript() const { return transcript_.digest(); }
    // From here on.
    void begin_hash() { transcript_ = base::Sha256(); }
    void hash(base::Bytes message) { transcript_.update(message); }
    void hash(HandshakeType type, std::uint16_t sequence, base::Bytes body);

    // The keys under that master secret. Whoever sends Finished first calls `expect_after`: his own is in the other's
    // hash.
    void derive(const ResumableSession& agreed, const RandomBytes& client, const RandomBytes& server, Side side);
    // Our Finished, as `sequence`, over what was hashed; then it enters the hash, and the peer's is over that.
    void finish_first(const ResumableSession& agreed, Side side, std::uint16_t sequence);
    // The peer's Finished, over what was hashed.
    void expect(const ResumableSession& agreed, Side peer);
    // Ours, over what was hashed.
    void finish(const ResumableSession& agreed, Side side);
    bool matches(base::Bytes verify_data_of_peer) const;

    void put_plain(ContentType type, base::Bytes text, base::Writer& out);
    // A message in as many records as it takes.
    void put_message(HandshakeType type, std::uint16_t sequence, base::Bytes body, base::Writer& out) {
        put_message_records(type, sequence, body, plain_sequence_, out);
    }
    // Record numbers of epoch 0 go on from there.
    void number_from(std::uint64_t sequence) { plain_sequence_ = sequence; }
    void put_alert(Alert alert, base::Writer& out);
    // ChangeCipherSpec and Finished, which takes a new record number each time.
    void write_finished(base::Aes128& aes, DtlsSession& session, std::uint16_t sequence, base::Writer& out);

private:
    base::Sha256 transcript_;
    DtlsSession session_;
    CbcKeys mac_;
    VerifyData own_verify_{};
    VerifyData peer_verify_{};
    std::uint64_t plain_sequence_ = 0;  // of our next record of epoch 0
    bool keys_ready_ = false;
};

// What an alert of the peer makes of a handshake: nothing where it is a warning that changes nothing (RFC 5246 7.2).
std::optional<HandshakeStep> step_of_alert(base::Bytes text);

}  // namespace net
