// ServerHandshake: the server's side of the same handshake (dtls_client_handshake.h), so that the embedded server keeps
// up with a storm. Nothing is kept for a client before its cookie has come back (RFC 6347 4.2.1).
//
// answer_hello looks at a ClientHello without any state; where it brings a good cookie the owner takes a record for the
// handshake and calls `begin`. As with the client, each of our flights is one datagram in `out`.
#pragma once

#include "simulator/net/dtls_handshake_ending.h"

namespace net {

// The keys that a server knows.
class PskDirectory {
public:
    virtual ~PskDirectory() = default;
    struct Known {
        std::size_t size = 0;
        std::uint8_t generation = 0;
    };
    // The identity's key of the first generation, from that one on, that there is; at most max_psk bytes. Nothing where
    // there is none.
    virtual std::optional<Known> key_of(base::Bytes identity, unsigned from_generation,
                                        base::MutableBytes out) const = 0;
};

struct ServerHandshakeConfig {
    FlightTimes times;
    bool accept_connection_id = true;
    bool accept_ccm8 = true;
    bool accept_cbc = true;
    // For clients with certificates or raw public keys; null: there are none.
    const ServerCertificates* certificates = nullptr;
    base::P256* p256 = nullptr;
};

// Makes and checks cookies, under a secret of its own.
class CookieJar {
public:
    static constexpr std::size_t cookie_size = 16;
    using Cookie = std::array<std::uint8_t, cookie_size>;

    explicit CookieJar(base::Bytes secret) : key_(secret) {}
    // `from`: the client's address, as bytes.
    Cookie bake(base::Bytes from, const ClientHello& hello) const;
    bool good(base::Bytes from, const ClientHello& hello) const;

private:
    base::HmacSha256 key_;
};

// What a record that may begin a handshake came to.
struct HelloAnswer {
    enum class Kind : std::uint8_t {
        none,      // no ClientHello, or a broken one
        verify,    // `out` has a HelloVerifyRequest
        refused,   // `out` has an alert
        accepted,  // its cookie is good: begin a handshake
    };
    Kind kind = Kind::none;
    Alert alert = Alert::close_notify;
    ClientHello hello;           // a view on the record
    HandshakeFragment message;   // the same
    std::uint64_t sequence = 0;  // of the record
    // accepted: what a full handshake will use; by certificate, of the two types.
    CipherSuite suite = CipherSuite::psk_aes128_ccm8;
    CertificateType client_type = CertificateType::x509;
    CertificateType server_type = CertificateType::x509;
};
// `record` of epoch 0. A ClientHello in pieces is not put together: that would take memory before the cookie.
HelloAnswer answer_hello(const ServerHandshakeConfig& config, const CookieJar& jar, base::Bytes from,
                         const RecordView& record, base::Writer& out);

class ServerHandshake {
public:
    struct Begin {
        RandomBytes random{};
        std::array<std::uint8_t, max_session_id> session_id{};  // for a new session
        base::Bytes own_id;                        // connection id for records to us, given where the client can
        const ResumableSession* resume = nullptr;  // the session that the hello names, where it may be resumed
        // By certificate, without a session to resume: must live until the handshake has ended.
        CertificateState* certificates = nullptr;
    };
    // May the session that this hello names be resumed? RFC 7627 5.3: not without the extended master secret; it is
    // begun anew then.
    static bool may_resume(const HelloAnswer& answer, const ResumableSession& session) {
        return answer.hello.extended_master_secret && answer.hello.offers(static_cast<CipherSuite>(session.suite));
    }
    void begin(base::Time now, const ServerHandshakeConfig& config, const HelloAnswer& answer, const Begin& begin,
               base::Aes128& aes, base::Writer& out);

    HandshakeStep on_datagram(base::Time now, const ServerHandshakeConfig& config, const PskDirectory& directory,
                              base::Aes128& aes, base::MutableBytes datagram, base::Writer& out,
                              DiscardCounts& discards);
    HandshakeStep on_timer(base::Time now, const ServerHandshakeConfig& config, base::Aes128& aes, base::Writer& out);
    base::Time timer_due() const { return timer_.due; }

    // Is this ClientHello the one that the handshake began with? It is then a retransmission.
    bool began_with(const ClientHello& hello) const { return base::equal(hello.random, client_random_); }

    // After `established`, as with the client.
    const DtlsSession& session() const { return ending_.session(); }
    const CbcKeys& mac() const { return ending_.mac(); }
    const ResumableSession& resumable() const { return agreed_; }
    bool extended() const { return extended_; }
    bool resumed() const { return resumed_; }
    // Records came that its keys do not open: the client's key is probably another one.
    bool unreadable() const { return unreadable_; }
    base::Bytes identity() const { return base::Bytes(identity_).first(identity_size_); }
    // Of the pre-shared key that the client has proven to have, in a full handshake.
    std::uint8_t generation() const { return generation_; }
    // Full handshake: ours is the last flight. A Finished of the client once more means that it was lost.
    void repeat_last_flight(base::Aes128& aes, DtlsSession& session, base::Writer& out);

private:
    enum class Phase : std::uint8_t {
        idle,
        hello_done,  // ServerHello, ServerHelloDone sent: the client's keys are to come
        keys,        // ClientKeyExchange taken: Finished is to come
        finished,    // resumed: our Finished sent, the client's is to come
        established,
        failed,
    };
    struct Context;

    void take_record(Context& context, const RecordView& record);
    void take_handshake(Context& context, base::Bytes text, bool sealed);
    void take_message(Context& context, const HandshakeFragment& message);
    // The message was the expected one, and good.
    void accept(const HandshakeFragment& message) {
        ending_.hash(message.type, message.sequence, message.body);
        ++receive_sequence_;
    }
    bool takes(CertificateState::Next next) const;
    void take_certificate(Context& context, const HandshakeFragment& message);
    void take_point(Context& context, const HandshakeFragment& message);
    void take_certificate_verify(Context& context, const HandshakeFragment& message);
    void await_finished();
    void use_key(base::Bytes key);
    Opened open_finished(Context& context, const RecordView& record);
    void take_key_exchange(Context& context, const HandshakeFragment& message);
    void take_finished(Context& context, const HandshakeFragment& message);
    void take_alert(Context& context, base::Bytes text);
    void fail(Context& context, Alert alert);
    void write_flight(const ServerHandshakeConfig& config, base::Aes128& aes, base::Writer& out, bool count);
    void write_certificates(const ServerHandshakeConfig& config, std::uint16_t& sequence, base::Writer& out,
                            bool count);
    void write_message(HandshakeType type, std::uint16_t sequence, base::Bytes body, base::Writer& out, bool count);
    base::Bytes own_id() const { return base::Bytes(own_id_).first(ending_.session().read_id_size); }

    RandomBytes client_random_{};
    RandomBytes server_random_{};
    ResumableSession agreed_;
    HandshakeEnding ending_;
    FlightTimer timer_;
    HandshakeInbox inbox_;
    CertificateState* certificates_ = nullptr;
    std::uint16_t hello_sequence_ = 0;  // message_seq of our ServerHello
    std::uint16_t finished_sequence_ = 0;
    std::uint16_t receive_sequence_ = 0;  // message_seq of the message that is expected
    Phase phase_ = Phase::idle;
    std::uint8_t repeats_ = 0;
    std::uint8_t identity_size_ = 0;
    std::uint8_t generation_ = 0;
    bool extended_ = false;
    bool renegotiation_info_ = false;  // the client knows of it
    bool with_id_ = false;
    bool resumed_ = false;
    bool unreadable_ = false;
    std::array<std::uint8_t, max_connection_id> own_id_{};
    std::array<std::uint8_t, max_psk_identity> identity_{};
};

}  // namespace net
