// ClientHandshake: the client's side of a DTLS 1.2 handshake with a pre-shared key (RFC 6347 4.2, RFC 4279), for storms
// of them: a plain value of 1.2 KB while it lasts, no allocation, and two or three datagrams each way. With
// certificates or raw public keys (RFC 8422, RFC 7250) it is the same handshake with other messages in the middle; what
// these need lies in a CertificateState of the owner's.
//
//   client                               server
//   ClientHello               ------->
//                             <-------   HelloVerifyRequest (cookie)
//   ClientHello (cookie)      ------->
//                             <-------   ServerHello, [ServerKeyExchange], ServerHelloDone
//   ClientKeyExchange,
//   ChangeCipherSpec, Finished ------>
//                             <-------   ChangeCipherSpec, Finished
//
// By certificate, the server's ServerKeyExchange stands between its Certificate and a CertificateRequest, and our
// ClientKeyExchange between our Certificate and CertificateVerify.
//
// With a session that both remember, the server answers the second ClientHello with ServerHello, ChangeCipherSpec and
// Finished, and the client's Finished is the last flight: it is kept until the server has spoken.
//
// Sans-I/O: bytes and times in, bytes and times out. Each of our flights is one datagram: whatever lies in `out` after
// a step is to be sent; by certificate it may be longer (each_datagram; flight_capacity bytes are enough). The owner
// calls on_timer when `timer_due` has passed.
#pragma once

#include "simulator/net/dtls_handshake_ending.h"

namespace net {

// Who a device is, to the server. Asked several times in a handshake; must always say the same.
class PskSource {
public:
    virtual ~PskSource() = default;
    // Both return what they have written; at most max_psk_identity and max_psk bytes.
    virtual std::size_t identity(std::uint32_t device, base::MutableBytes out) const = 0;
    virtual std::size_t key(std::uint32_t device, base::MutableBytes out) const = 0;
};

struct ClientHandshakeConfig {
    FlightTimes times;
    bool offer_connection_id = true;  // of no bytes: records to us are told apart by their address, ours are not
    bool offer_ccm8 = true;           // TLS_PSK_WITH_AES_128_CCM_8
    bool offer_cbc = false;           // TLS_PSK_WITH_AES_128_CBC_SHA256, behind it

    bool offers(CipherSuite suite) const {
        return (suite == CipherSuite::psk_aes128_ccm8 && offer_ccm8) ||
               (suite == CipherSuite::psk_aes128_cbc_sha256 && offer_cbc);
    }
    std::uint8_t most_cookies = 3;  // HelloVerifyRequests that are followed
    // For handshakes by certificate.
    const CertificateSource* certificates = nullptr;
    base::P256* p256 = nullptr;
};

class ClientHandshake {
public:
    struct Start {
        std::uint32_t device = 0;
        RandomBytes random{};
        const ResumableSession* resume = nullptr;  // offered to the server, if any
        CertificateState* certificates = nullptr;  // by certificate: must live until the handshake has ended
    };

    void start(base::Time now, const ClientHandshakeConfig& config, const Start& start, base::Writer& out);

    // A datagram of the server, which is opened in place. Records that are of no use are counted by reason.
    HandshakeStep on_datagram(base::Time now, const ClientHandshakeConfig& config, const PskSource& source,
                              base::Aes128& aes, base::MutableBytes datagram, base::Writer& out,
                              DiscardCounts& discards);
    // The flight's time is up: sends it again, or gives up.
    HandshakeStep on_timer(base::Time now, const ClientHandshakeConfig& config, const PskSource& source,
                           base::Aes128& aes, base::Writer& out);
    base::Time timer_due() const { return timer_.due; }

    // After `established`: what was agreed on, to be taken over by the owner. It goes on where the Finished messages
    // have ended, so there must be one copy only that seals.
    const DtlsSession& session() const { return ending_.session(); }
    const CbcKeys& mac() const { return ending_.mac(); }
    // Short: the handshake is to be kept until `repeat_last_flight` is not needed any more.
    bool resumed() const { return phase_ == Phase::lingering; }
    std::uint32_t device() const { return device_; }
    // What to offer next time; nothing when the server gave no session id, or no extended master secret.
    ResumableSession resumable() const;
    // What a key log says of it.
    const RandomBytes& client_random() const { return client_random_; }
    const MasterSecret& master_secret() const { return agreed_.master; }

    // After a resumed handshake, a Finished of the server once more means that our last flight was lost: it is sent
    // again, sealed with the session that the owner has taken over.
    void repeat_last_flight(base::Aes128& aes, DtlsSession& session, base::Writer& out);

private:
    enum class Phase : std::uint8_t {
        idle,
        hello,         // ClientHello sent
        server_hello,  // ServerHello taken, the rest of its flight is to come
        finished,      // our Finished sent, the server's is to come
        established,   // full handshake: nothing of ours is left to repeat
        lingering,     // resumed handshake: our last flight may have to be repeated
        failed,
    };
    struct Context;  // of one step

    void take_record(Context& context, const RecordView& record);
    void take_plain(Context& context, const RecordView& record);
    void take_sealed(Context& context, const RecordView& record);
    void take_handshake(Context& context, base::Bytes text, bool sealed);
    bool takes(CertificateState::Next next) const;
    bool offers(const ClientHandshakeConfig& config, CipherSuite suite) const;
    void take_message(Context& context, const HandshakeFragment& message);
    // The message was the expected one, and good.
    void accept(const HandshakeFragment& message) {
        ending_.hash(message.type, message.sequence, message.body);
        ++receive_sequence_;
    }
    void take_hello_verify(Context& context, const HandshakeFragment& message);
    void take_server_hello(Context& context, const HandshakeFragment& message);
    bool take_types(Context& context, const ServerHello& hello);
    void take_certificate(Context& context, const HandshakeFragment& message);
    void take_server_key_exchange(Context& context, const HandshakeFragment& message);
    void take_certificate_request(Context& context, const HandshakeFragment& message);
    void take_server_hello_done(Context& context, const HandshakeFragment& message);
    void take_finished(Context& context, const HandshakeFragment& message);
    void take_alert(Context& context, base::Bytes text);
    void fail(Context& context, Alert alert);

    void write_hello(const ClientHandshakeConfig& config, base::Writer& out, bool count);
    void write_key_exchange(Context& context, bool count);
    bool prepare_certificate_flight(Context& context);
    void write_certificate_flight(Context& context);

    RandomBytes client_random_{};
    RandomBytes server_random_{};
    ResumableSession offered_;  // to the server
    ResumableSession agreed_;   // with it
    HandshakeEnding ending_;
    FlightTimer timer_;
    HandshakeInbox inbox_;
    CertificateState* certificates_ = nullptr;
    std::uint32_t device_ = 0;
    std::uint16_t hello_sequence_ = 0;  // message_seq of our last ClientHello
    std::uint16_t finished_sequence_ = 0;
    std::uint16_t receive_sequence_ = 0;  // message_seq of the message that is expected
    Phase phase_ = Phase::idle;
    std::uint8_t cookies_ = 0;
    std::uint8_t repeats_ = 0;  // of the flight, because the server repeated its own
    bool extended_ = false;     // master secret
    std::uint8_t cookie_size_ = 0;
    std::array<std::uint8_t, max_cookie> cookie_{};
};

}  // namespace net
