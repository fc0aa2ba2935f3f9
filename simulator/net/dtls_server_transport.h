// DtlsServerTransport: DTLS between a server and the network below. Above, a client is known by the address at which
// its handshake took place, however often its records come from another one since (RFC 9146 6): that is then where
// answers go.
//
// What is handed up says who has sent it (Packet::proven).
//
// Datagrams that are plain CoAP pass both ways where that is allowed: the first byte tells them from records.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "simulator/base/flat_map.h"
#include "simulator/base/region.h"
#include "simulator/base/slab.h"
#include "simulator/base/timer_wheel.h"
#include "simulator/net/dtls_batch.h"
#include "simulator/net/dtls_counts.h"
#include "simulator/net/dtls_server_handshake.h"
#include "simulator/net/peer_identities.h"
#include "simulator/net/transport.h"

namespace net {

class DtlsServerTransport final : public Transport {
public:
    struct Config {
        const PskDirectory* keys = nullptr;  // must outlive this object
        std::uint32_t sessions = 0;          // at once, those that may be resumed included; the oldest gives way
        std::uint32_t handshakes = 65536;    // at once; further clients are not answered, and will ask again
        bool plain_too = false;              // CoAP without security is taken as well
        std::uint64_t random_seed = 0;       // of what is not secret: server randoms
        base::Bytes secret;                  // of cookies, session ids and marks of identities; read by the constructor
        ServerHandshakeConfig handshake;
        // Which one of several fronts of a server this is: connection and session ids name it. All have one secret, and
        // at most 2^24 sessions each.
        std::uint8_t front = 0;
        // For clients with certificates or raw public keys; `handshake.certificates` is set then.
        std::uint32_t certificate_handshakes = 1024;  // at once
    };
    // `inner` must outlive this object.
    DtlsServerTransport(const Config& config, Transport& inner);
    ~DtlsServerTransport() override;

    // The fronts of one server, by their numbers, this one among them: what began at one is resumed at any. Before
    // their threads begin; each is then driven by one.
    void join(std::vector<DtlsServerTransport*> fronts);

    void send(base::Time now, std::span<const Packet> packets) override;
    std::span<const Packet> receive(base::Time now) override;
    base::Time next_due() const override { return std::min(inner_.next_due(), timers_.next_due()); }
    TransportCounts counts() const override { return inner_.counts(); }

    const DtlsCounts& dtls_counts() const { return counts_; }
    std::uint32_t sessions() const { return static_cast<std::uint32_t>(by_address_.size()); }

private:
    static constexpr std::size_t own_id_size = 6;  // the place of the session, and two bytes of a check

    // What a place holds: zero bytes are one that was never used.
    enum class Kind : std::uint8_t {
        blank,
        reserved,  // for a handshake under way
        kept,      // a session that is over, and may be resumed
        live,
    };
    struct Session {
        DtlsSession records;
        ResumableSession resumable;
        Address known_as;  // above
        Address at;        // where its records came from last
        PeerMark proven = 0;
        std::uint32_t handshake_plus_1 = 0;  // that lingers
        std::uint32_t mac_plus_1 = 0;        // of CBC sessions, in macs_
        std::uint32_t older = base::no_index;
        std::uint32_t newer = base::no_index;
        std::uint32_t guest = base::no_index;  // name of the place, at another front, where it was resumed
        std::uint32_t home = base::no_index;   // of such a guest: name of the place where it began
        std::uint16_t pins = 0;  // handshakes under way that will take its place: it keeps it until they end
        Kind kind = Kind::blank;
    };
    // The places of one kind, from the oldest to the newest.
    struct Line {
        std::uint32_t oldest = base::no_index;
        std::uint32_t newest = base::no_index;
    };
    struct Handshake {
        ServerHandshake state;
        Address from;
        std::uint32_t session = 0;  // the place that it will take
        base::TimerId timer = base::no_index;
        bool pins = false;  // where a session is that goes on until then
        bool lingers = false;
        std::uint32_t certificates_plus_1 = 0;
        PeerMark lent = 0;  // of the session at another front that it resumes
    };

    void take(base::Time now, const Packet& packet);
    void take_hello(base::Time now, const Packet& packet, const RecordView& record);
    void take_sealed(base::Time now, std::uint32_t place, const std::uint32_t* under_way, const Packet& packet,
                     base::MutableBytes datagram);
    void take_in_handshake(base::Time now, std::uint32_t index, base::MutableBytes datagram);
    // A trial that fails is not counted: somebody else tries next.
    enum class Trial : std::uint8_t { no, yes };
    bool take_in_session(base::Time now, std::uint32_t place, const Packet& packet, base::MutableBytes datagram,
                         Trial trial = Trial::no);
    void after_step(base::Time now, std::uint32_t index, const HandshakeStep& step);
    void on_timer(base::Time now, std::uint32_t index);
    void arm(std::uint32_t index, base::Time due);
    void establish(base::Time now, std::uint32_t index);
    void end_handshake(std::uint32_t index);
    void give_back_certificates(Handshake& handshake);
    base::P256Scalar make_ephemeral();
    base::Writer open_flight(base::Time now, const Handshake& handshake);
    void commit_flight(base::Time now, const Handshake& handshake, base::Writer& out);
    // What becomes of the place.
    void end_session(std::uint32_t place, Kind after);
    std::uint32_t take_place();
    Line* line_of(Kind kind);
    void set_kind(std::uint32_t place, Kind kind);
    void link(std::uint32_t place);
    void unlink(std::uint32_t place);
    void pin(std::uint32_t place);
    void unpin(std::uint32_t place);

    // What fronts ask of each other. `shared_` guards what others see of a session (`resumable`, `proven`, `guest`),
    // how many places there are, and letters. What the owner alone writes, all but `guest` and letters, he reads
    // without.
    struct Loan {
        ResumableSession session;
        PeerMark proven = 0;
        ~Loan() { base::wipe({reinterpret_cast<std::uint8_t*>(&session), sizeof session}); }
    };
    struct Letter {  // to the front of the place: the session there ends
        std::uint32_t place = base::no_index;
        std::uint32_t home = base::no_index;  // where it is a guest of that home; none: where it has a guest itself
    };
    static std::uint32_t first_name_of(std::uint8_t front);
    std::uint32_t name_of(std::uint32_t place) const { return first_name_ + place; }
    DtlsServerTransport* front_of(std::uint32_t name) const;
    std::unique_lock<std::mutex> lock_shared();
    std::optional<Loan> borrow(base::Bytes session_id);
    void keep(std::uint32_t place, const Handshake& handshake, PeerMark proven);
    void note_guest(base::Bytes session_id, std::uint32_t guest);
    bool has_guest(std::uint32_t place);
    void tell(const Letter& letter);
    void read_letters();

    const CbcKeys* mac_of(const Session& session) const;

    std::array<std::uint8_t, own_id_size> id_of(std::uint32_t place) const;
    std::optional<std::uint32_t> place_of_id(base::Bytes id) const;
    std::array<std::uint8_t, max_session_id> make_session_id(std::uint32_t place) const;
    // The place of the session of that id, where it may be resumed.
    std::uint32_t find_resumable(base::Bytes session_id) const;
    RandomBytes random();

    void send_alert(base::Time now, std::uint32_t place, AlertLevel level, Alert alert);

    ServerHandshakeConfig handshake_config_;
    const PskDirectory& keys_;
    bool plain_too_;
    std::uint64_t random_seed_;
    std::uint64_t randoms_ = 0;
    Transport& inner_;
    base::Aes128 aes_;
    CookieJar jar_;
    base::HmacSha256 id_key_;
    PeerIdentities identities_;
    base::Region<Session> sessions_;
    std::uint32_t places_ = 0;  // that were ever used
    Line blank_;
    Line kept_;
    Line live_;
    base::Slab<CbcKeys> macs_;
    base::Slab<Handshake> handshakes_;
    base::Slab<CertificateState> certificates_;
    std::unique_ptr<base::P256> p256_;  // null where nobody needs it
    base::TimerWheel timers_;
    base::FlatMap<Address, std::uint32_t, AddressHash> by_address_;  // live sessions, by `known_as`
    base::FlatMap<Address, std::uint32_t, AddressHash> under_way_;   // handshakes, by address
    DtlsBatch batch_;
    DtlsCounts counts_;

    std::uint32_t first_name_;  // of our places, in ids
    std::vector<DtlsServerTransport*> fronts_;
    std::mutex shared_;
    std::vector<Letter> letters_;
    std::atomic<bool> letters_wait_{false};
};

}  // namespace net
