// DtlsTransport: DTLS between the devices of a shard and the network below: plain datagrams in and out above, records
// below. Sessions lie by the number of their link (secure_link.h), handshakes in a slab of stated capacity; a handshake
// that finds it full waits in line.
//
// What the devices sent before a call of `receive`, `connect` or `flush` has gone out when that returns.
#pragma once

#include <functional>
#include <vector>

#include "simulator/base/region.h"
#include "simulator/base/slab.h"
#include "simulator/base/timer_wheel.h"
#include "simulator/net/dtls_batch.h"
#include "simulator/net/dtls_client_handshake.h"
#include "simulator/net/dtls_counts.h"
#include "simulator/net/link_table.h"
#include "simulator/net/secure_link.h"
#include "simulator/net/transport.h"

namespace net {

struct PskSuites {
    bool ccm8 = true;
    bool cbc = false;
};

class DtlsTransport final : public Transport, public SecureLink {
public:
    using Further = FurtherLink;
    struct Config {
        Address server;  // of the first links; what goes to nobody's server passes as it is
        std::uint32_t devices = 0;
        std::vector<Further> further;  // the first of them is link number `devices`; those of a device are neighbours
        const PskSource* keys = nullptr;  // must outlive this object
        // From now on the sources of keys and certificates tell the link's next one; null: no key ever changes.
        std::function<void(std::uint32_t link)> rotate;
        std::function<bool(std::uint32_t link)> secured;
        std::function<bool(std::uint32_t link)> offers_id;
        std::function<PskSuites(std::uint32_t link)> suites;  // null: PskSuites()
        // Shall this handshake of the link, its `number`th, offer the last session? A pure function.
        std::function<bool(std::uint32_t link, std::uint32_t number)> resumes;
        std::function<RandomBytes(std::uint32_t link, std::uint32_t number)> random;
        std::uint32_t handshakes = 8192;  // at once
        FlightTimes times;
        // Who proves himself by certificate or raw public key; all three are needed where somebody does.
        std::function<bool(std::uint32_t link)> by_certificate;
        const CertificateSource* certificates = nullptr;  // must outlive this object
        std::function<base::P256Scalar(std::uint32_t link, std::uint32_t number)> ephemeral;
        std::uint32_t certificate_handshakes = 256;  // at once, of those
    };
    // `inner` must outlive this object.
    DtlsTransport(Config config, Transport& inner);
    ~DtlsTransport() override;

    void send(base::Time now, std::span<const Packet> packets) override;
    std::span<const Packet> receive(base::Time now) override;
    base::Time next_due() const override { return std::min(inner_.next_due(), timers_.next_due()); }
    // Of the network below; a datagram that held several plain ones counts as often.
    TransportCounts counts() const override;

    bool secured(std::uint32_t link) const override { return links_[link].secured; }
    bool connected(std::uint32_t link) const override { return links_[link].connected; }
    void connect(base::Time now, std::uint32_t link) override;
    void close(base::Time now, std::uint32_t link) override;
    void take_next_key(base::Time now, std::uint32_t link) override;
    void abandon(std::uint32_t link) override;
    std::span<const LinkEvent> take_events() override;
    void flush(base::Time now) override;
    void note_rebind(std::uint32_t device) override;

    // Has the secret of each session that the device agrees on told, for a capture.
    using KeyLog = std::function<void(const RandomBytes& client, const MasterSecret& master)>;
    void log_keys(std::uint32_t device, KeyLog log) { key_logs_.emplace_back(device, std::move(log)); }

    DtlsCounts dtls_counts() const override { return counts_; }
    std::uint32_t handshakes_under_way() const { return handshakes_.in_use(); }

private:
    // What each link has beside its session.
    struct Link {
        std::uint32_t handshake_plus_1 = 0;
        std::uint32_t next_waiting = 0;  // of the line of those that wait for a handshake
        std::uint32_t handshakes = 0;    // begun so far
        bool secured : 1 = false;
        bool connected : 1 = false;
        bool waiting : 1 = false;
        bool in_line : 1 = false;  // still linked, though perhaps not waiting any more
        bool offers_id : 1 = false;
        bool offers_ccm8 : 1 = false;
        bool offers_cbc : 1 = false;
        bool rebound : 1 = false;  // its address has changed since the server was heard
        bool by_certificate : 1 = false;
    };
    struct Handshake {
        ClientHandshake state;
        base::TimerId timer = base::no_index;
        base::Time first_sent{};
        bool lingers = false;  // established; kept to repeat its last flight
        std::uint32_t certificates_plus_1 = 0;
    };

    void begin_waiting(base::Time now);
    void begin(base::Time now, std::uint32_t link);
    void end(std::uint32_t link);
    void give_back_certificates(Handshake& handshake);
    base::Writer open_flight(base::Time now, const Handshake& handshake);
    void commit_flight(base::Time now, const Handshake& handshake, base::Writer& out);
    void on_timer(base::Time now, std::uint32_t index);
    void arm(std::uint32_t index, base::Time due);
    void after_step(base::Time now, std::uint32_t index, const HandshakeStep& step);

    void take(base::Time now, const Packet& packet);
    void take_in_session(base::Time now, std::uint32_t link, const Packet& packet, base::MutableBytes datagram);
    void take_alert(base::Time now, std::uint32_t link, base::Bytes text);
    ClientHandshakeConfig client_config(std::uint32_t link) const;
    const CbcKeys* mac_of(std::uint32_t link) const { return macs_.capacity() == 0 ? nullptr : &macs_[link]; }
    std::uint32_t device_of(std::uint32_t link) const { return table_.device_of(link); }
    const Address& server_of(std::uint32_t link) const { return table_.server_of(link); }
    // Between a device and that address; no_index where there is none that speaks DTLS.
    std::uint32_t link_of(std::uint32_t device, const Address& remote) const {
        const std::uint32_t link = table_.between(device, remote);
        return link != base::no_index && links_[link].secured ? link : base::no_index;
    }

    void send_alert(base::Time now, std::uint32_t link, AlertLevel level, Alert alert);

    Config config_;
    LinkTable table_;
    Transport& inner_;
    base::Aes128 aes_;
    base::Region<DtlsSession> sessions_;
    base::Region<ResumableSession> resumables_;
    base::Region<CbcKeys> macs_;  // only where CBC is offered
    base::Region<Link> links_;
    base::Slab<Handshake> handshakes_;
    base::Slab<CertificateState> certificates_;
    std::unique_ptr<base::P256> p256_;  // null where nobody needs it
    base::TimerWheel timers_;
    std::uint32_t line_first_ = base::no_index;
    std::uint32_t line_last_ = base::no_index;
    std::vector<std::pair<std::uint32_t, KeyLog>> key_logs_;
    std::vector<LinkEvent> events_;
    std::vector<LinkEvent> taken_;

    DtlsBatch batch_;
    std::uint64_t extra_ = 0;       // plain datagrams beyond the first of a datagram
    std::uint64_t unsendable_ = 0;  // plain datagrams without a session to go under
    DtlsCounts counts_;
};

}  // namespace net
