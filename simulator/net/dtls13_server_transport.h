// Dtls13ServerTransport: the DTLS 1.3 of a server (dtls13_session.h), beside that of a DtlsServerTransport, or beside
// plain CoAP, at the same port. What is not DTLS 1.3 is the other's, which stands on `rest()`:
//
//   server -> Dtls13ServerTransport ------------------------------> network
//                             \-> DtlsServerTransport -> rest() --/
//
// What is whose says the first byte (RFC 9147 4.1), a ClientHello by its versions, and, for the other plain records of
// a handshake, whether one of DTLS 1.3 is under way with that address. As with DTLS 1.2 a client is known above by the
// address of its handshake, and what is handed up says who has sent it.
#pragma once

#include <memory>
#include <vector>

#include "simulator/base/flat_map.h"
#include "simulator/base/timer_wheel.h"
#include "simulator/net/dtls13_session.h"
#include "simulator/net/dtls_batch.h"
#include "simulator/net/shared_transport.h"

namespace net {

class Dtls13ServerTransport final : public Transport {
public:
    struct Config {
        const PskDirectory* keys = nullptr;                // must outlive this object, as must the certificates
        const ServerCertificates* certificates = nullptr;  // null: none of those
        std::uint32_t sessions = 0;                        // at once, handshakes included; the oldest session gives way
        std::uint32_t handshakes = 256;  // at once; further clients are not answered, and will ask again
        base::Bytes secret;              // of cookies, tickets and marks of identities; read by the constructor
        // Which one of several fronts of a server this is (Steering): connection ids lead to it.
        std::uint32_t front = 0;
        std::uint32_t fronts = 1;
    };
    // `network` must outlive this object.
    Dtls13ServerTransport(const Config& config, Transport& network);

    // What the other transport stands on, and the transport itself; without one all else passes as it is.
    Transport& rest() { return rest_; }
    void join(Transport& others) { others_ = &others; }

    void send(base::Time now, std::span<const Packet> packets) override;
    std::span<const Packet> receive(base::Time now) override;
    base::Time next_due() const override { return std::min(others_->next_due(), timers_.next_due()); }
    TransportCounts counts() const override { return others_->counts(); }

    const DtlsCounts& dtls_counts() const { return counts_; }
    std::uint32_t sessions() const { return static_cast<std::uint32_t>(by_address_.size()); }

private:
    static constexpr std::size_t own_id_size = 2;  // the place of the session: the library allows no more
    static constexpr std::size_t proofs = 3;

    enum class Kind : std::uint8_t { free, listens, under_way, live };
    struct Place {
        std::unique_ptr<Dtls13Session> session;
        Address known_as;  // above
        Address at;        // where its records came from last
        PeerMark proven = 0;
        std::array<std::uint8_t, 8> random{};  // of the ClientHello that it began with: the first of them
        base::TimerId timer = base::no_index;
        std::uint64_t order = 0;  // of live sessions: older ones are lower
        Kind kind = Kind::free;
    };
    class Sink;

    bool may_be_ours(const Packet& packet) const;
    bool take(base::Time now, const Packet& packet);
    void take_hello(base::Time now, const Packet& packet, const Dtls13Hello& hello);
    void take_in_place(base::Time now, std::uint32_t index, const Packet& packet);
    void refuse_identity(base::Time now, const Packet& packet);
    std::optional<Dtls13Proof> proof_of(const Dtls13Hello& hello) const;
    // The place that waits for hellos of that kind; no_index where there is no room.
    std::uint32_t listener(Dtls13Proof proof);
    std::uint32_t take_place();
    void free_place(std::uint32_t index);
    void after_step(base::Time now, std::uint32_t index, const Dtls13Step& step);
    void establish(std::uint32_t index);
    void arm(std::uint32_t index);
    std::array<std::uint8_t, own_id_size> id_of(std::uint32_t index) const;
    std::uint32_t place_of_id(base::Bytes id) const;

    Config config_;
    Transport& network_;
    SharedTransport rest_;
    Transport* others_ = &rest_;
    Dtls13Context context_;
    std::vector<Place> places_;
    std::vector<std::uint32_t> free_;
    std::array<std::uint32_t, proofs> listeners_;
    std::uint32_t under_way_count_ = 0;
    std::uint64_t order_ = 0;
    base::TimerWheel timers_;
    base::FlatMap<Address, std::uint32_t, AddressHash> by_address_;  // live sessions, by `known_as`
    base::FlatMap<Address, std::uint32_t, AddressHash> under_way_;   // handshakes, by address
    std::vector<Packet> others_packets_;
    DtlsBatch batch_;
    DtlsCounts counts_;
};

}  // namespace net
