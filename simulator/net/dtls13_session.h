// Dtls13Session: one session of DTLS 1.3 (RFC 9147), handshake included, by wolfSSL. Datagrams in, datagrams and texts
// out, and when its timer is due: no socket, no clock.
//
// The library keeps an object for each, so there is a limit to how many there may be: this is for thousands of devices,
// DTLS 1.2 for hundreds of thousands (dtls_record.h).
#pragma once

#include <deque>
#include <functional>

#include "simulator/net/dtls13_hello.h"
#include "simulator/net/dtls_certificates.h"
#include "simulator/net/dtls_client_handshake.h"
#include "simulator/net/dtls_counts.h"
#include "simulator/net/dtls_server_handshake.h"
#include "simulator/net/peer_identities.h"

struct WOLFSSL;
struct WOLFSSL_CTX;
struct WOLFSSL_SESSION;

namespace net {

// At once, of all devices; and of a server, its handshakes included.
inline constexpr std::uint32_t most_dtls13_sessions = 10'000;
// What one takes on each side, about (lwm2m-bench: dtls13_device.bytes, dtls13_session.server.bytes).
inline constexpr std::size_t dtls13_session_size = 11 * 1024;

// What the library at hand can do. Without `available` nothing of this may be made.
struct Dtls13Features {
    bool available = false;
    bool connection_ids = false;
    bool tickets = false;  // sessions can be resumed
    bool secrets = false;  // can be told to a capture
};
Dtls13Features dtls13_features();

// How the peers prove themselves.
enum class Dtls13Proof : std::uint8_t { psk, x509, raw_public_key };

// Told the secrets of a session, for a capture, by the names that they have in key logs.
using Dtls13KeyLog = std::function<void(std::string_view label, base::Bytes client_random, base::Bytes secret)>;

// Where the datagrams of a session go, and what it has heard.
class Dtls13Sink {
public:
    virtual ~Dtls13Sink() = default;
    virtual void send(base::Bytes datagram) = 0;
    virtual void hear(base::Bytes text) = 0;
};

// What a client may resume a session with.
class Dtls13Ticket {
public:
    Dtls13Ticket() = default;
    explicit Dtls13Ticket(WOLFSSL_SESSION* session) : session_(session) {}
    Dtls13Ticket(Dtls13Ticket&& other) noexcept : session_(std::exchange(other.session_, nullptr)) {}
    Dtls13Ticket& operator=(Dtls13Ticket&& other) noexcept {
        std::swap(session_, other.session_);
        return *this;
    }
    ~Dtls13Ticket();

    explicit operator bool() const { return session_ != nullptr; }
    WOLFSSL_SESSION* get() const { return session_; }

private:
    WOLFSSL_SESSION* session_ = nullptr;
};

// How a step has left a session.
struct Dtls13Step {
    enum class Kind : std::uint8_t {
        none,
        established,  // this step is the first to say so
        failed,       // there will be no session
        closed,       // by the peer, or because its records made no sense
    };
    Kind kind = Kind::none;
    HandshakeFailure failure = HandshakeFailure::timeout;  // of what it failed
    base::CertificateFault fault = base::CertificateFault::none;
    std::optional<Alert> alert_sent{};
    std::optional<Alert> alert_received{};
    std::uint32_t undecipherable = 0;  // records that were dropped, as far as the library says
    std::uint32_t replayed = 0;
};

// What many sessions share. Sources may be null where nobody needs them, and must outlive it.
class Dtls13Context {
public:
    // Of clients.
    Dtls13Context(const PskSource* keys, const CertificateSource* certificates);
    // Of a server. `secret`: of its cookies, its tickets and its marks of identities; read by the constructor.
    Dtls13Context(const PskDirectory* keys, const ServerCertificates* certificates, base::Bytes secret);
    Dtls13Context(const Dtls13Context&) = delete;
    Dtls13Context& operator=(const Dtls13Context&) = delete;
    ~Dtls13Context();

private:
    friend class Dtls13Session;
    friend struct Dtls13Calls;
    Dtls13Context(Side side, base::Bytes secret);

    Side side_;
    WOLFSSL_CTX* context_ = nullptr;
    const PskSource* client_keys_ = nullptr;
    const CertificateSource* client_certificates_ = nullptr;
    const PskDirectory* server_keys_ = nullptr;
    const ServerCertificates* server_certificates_ = nullptr;
    base::Secret cookie_secret_;
    base::Secret ticket_key_;
    PeerIdentities identities_;
};

class Dtls13Session {
public:
    struct Client {
        std::uint32_t link = 0;  // that the sources of keys are asked for
        Dtls13Proof proof = Dtls13Proof::psk;
        Dtls13Suite suite = Dtls13Suite::ccm;
        bool offers_id = true;
        const Dtls13Ticket* resume = nullptr;  // null, or one of the link's; copied
        const Dtls13KeyLog* log = nullptr;     // null: nobody is told; else it must outlive the session
    };
    // `context` must outlive it.
    Dtls13Session(const Dtls13Context& context, const Client& client);
    struct Server {
        Dtls13Proof proof = Dtls13Proof::psk;
        base::Bytes own_id;  // connection id for records to us, given where the client can
    };
    // It listens: any number of ClientHellos, of anybody, may come until one has a good cookie; nothing is kept of the
    // others (RFC 9147 5.1).
    Dtls13Session(const Dtls13Context& context, const Server& server);
    Dtls13Session(const Dtls13Session&) = delete;
    Dtls13Session& operator=(const Dtls13Session&) = delete;
    ~Dtls13Session();

    // Client: sends the first flight.
    Dtls13Step begin(base::Time now, Dtls13Sink& sink);
    // Server, as long as it has not begun. `from`: the client's address, which cookies go with.
    Dtls13Step take_hello(base::Time now, base::Bytes datagram, const Dtls13Hello& hello, base::Bytes from,
                          Dtls13Sink& sink);
    Dtls13Step take(base::Time now, base::Bytes datagram, Dtls13Sink& sink);
    Dtls13Step on_timer(base::Time now, Dtls13Sink& sink);
    base::Time timer_due() const { return flight_.due; }
    // False where it is too long, or nobody can send under the session.
    bool say(base::Bytes text, Dtls13Sink& sink);
    // A close_notify. Nothing else may be asked of it afterwards.
    Dtls13Step close(Dtls13Sink& sink);

    // Client: what the server has given, if anything.
    Dtls13Ticket ticket() const;

    // Server: a cookie was good.
    bool began() const { return began_; }
    bool established() const { return phase_ == Phase::established; }
    // By a ticket, once it is established.
    bool resumed() const { return resumed_; }
    // Do the client's records carry an id that the server has given?
    bool carries_id() const;
    // Of the server's session, once it is established: what the client has proven, now or when it got its ticket.
    PeerMark proven() const;
    Dtls13Proof proof() const { return proof_; }
    unsigned generation() const { return generation_; }  // of a pre-shared key

private:
    friend struct Dtls13Calls;  // what the library calls
    enum class Phase : std::uint8_t { shaking, established, over };

    void open();
    bool open_client();
    bool open_server();
    bool use_credentials(base::Bytes certificate, const base::P256Scalar& key);
    void shut();
    Dtls13Step drive(base::Time now);
    Dtls13Step fail(Dtls13Step step, int error);
    void read_texts(Dtls13Step& step);
    void note_alerts(Dtls13Step& step);
    void note_drops(Dtls13Step& step);
    void arm(base::Time now);
    base::CertificateFault judge(std::span<const base::Bytes> chain);

    const Dtls13Context& context_;
    WOLFSSL* ssl_ = nullptr;
    std::uint32_t link_ = 0;
    Dtls13Proof proof_;
    Dtls13Suite suite_ = Dtls13Suite::ccm;
    bool offers_id_ = true;
    const Dtls13KeyLog* log_ = nullptr;
    bool usable_ = false;
    bool offers_ticket_ = false;
    bool by_key_ = false;  // client: the pre-shared key was asked for since its last ClientHello
    bool resumed_ = false;
    PeerMark of_ticket_ = 0;  // server
    bool began_ = false;
    Phase phase_ = Phase::shaking;
    bool sent_ = false;  // something, in this step
    unsigned generation_ = 0;
    unsigned first_generation_ = 0;
    std::string identity_;
    PeerKey peer_;
    base::CertificateFault fault_ = base::CertificateFault::none;
    int alert_sent_ = -1;  // the last one that was noted
    int alert_received_ = -1;
    std::uint32_t undecipherable_ = 0;  // noted
    std::uint32_t replayed_ = 0;
    FlightTimer flight_;  // that nobody has acknowledged yet
    std::array<std::uint8_t, max_connection_id> own_id_{};
    std::uint8_t own_id_size_ = 0;
    // While the library works.
    base::Bytes datagram_;  // that is to be read
    Dtls13Sink* sink_ = nullptr;
    bool holds_ = false;  // what goes out waits until it is known that it shall
    std::vector<std::vector<std::uint8_t>> held_;
};

}  // namespace net
