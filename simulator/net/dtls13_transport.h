// Dtls13Transport: the DTLS 1.3 of a shard's devices (dtls13_session.h), between them and the network. Links that do
// not speak it are another transport's, which stands on `rest()` and is asked for everything about them:
//
//   devices -> Dtls13Transport ---------------------------> network
//                       \-> DtlsTransport -> rest() ----/
//
// So the datagrams of DTLS 1.2 pass here by a look at their first byte (RFC 9147 4.1).
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "simulator/base/timer_wheel.h"
#include "simulator/net/dtls13_session.h"
#include "simulator/net/dtls_batch.h"
#include "simulator/net/link_table.h"
#include "simulator/net/secure_link.h"
#include "simulator/net/shared_transport.h"

namespace net {

class Dtls13Transport final : public Transport, public SecureLink {
public:
    struct Config {
        Address server;  // of the first links
        std::uint32_t devices = 0;
        std::vector<FurtherLink> further;
        const PskSource* keys = nullptr;                  // must outlive this object, as must the certificates
        const CertificateSource* certificates = nullptr;  // where somebody needs them
        std::function<void(std::uint32_t link)> rotate;   // as DtlsTransport's
        // How a link that speaks DTLS 1.3 does it; nothing for all others.
        std::function<std::optional<Dtls13Session::Client>(std::uint32_t link)> client;
        // As DtlsTransport's; null: nobody resumes.
        std::function<bool(std::uint32_t link, std::uint32_t number)> resumes;
        std::uint32_t handshakes = 256;  // at once
    };
    // `network` must outlive this object.
    Dtls13Transport(Config config, Transport& network);

    // What the other transport stands on, and the transport itself. It must outlive all calls but the destructor's.
    Transport& rest() { return rest_; }
    template <class Other>
    void join(Other& other) {
        others_ = &other;
        other_links_ = &other;
    }

    void send(base::Time now, std::span<const Packet> packets) override;
    std::span<const Packet> receive(base::Time now) override;
    base::Time next_due() const override { return std::min(others_->next_due(), timers_.next_due()); }
    TransportCounts counts() const override;

    bool secured(std::uint32_t link) const override { return speaks(link) || other_links_->secured(link); }
    bool connected(std::uint32_t link) const override;
    void connect(base::Time now, std::uint32_t link) override;
    void close(base::Time now, std::uint32_t link) override;
    void take_next_key(base::Time now, std::uint32_t link) override;
    void abandon(std::uint32_t link) override;
    std::span<const LinkEvent> take_events() override;
    void flush(base::Time now) override;
    void note_rebind(std::uint32_t device) override;
    DtlsCounts dtls_counts() const override;

    // Has the secrets of each session that the device agrees on told, for a capture.
    void log_keys(std::uint32_t device, Dtls13KeyLog log) {
        key_logs_.push_back(std::make_unique<std::pair<std::uint32_t, Dtls13KeyLog>>(device, std::move(log)));
    }

    std::uint32_t handshakes_under_way() const { return under_way_; }

private:
    struct Link {
        std::unique_ptr<Dtls13Session> session;
        Dtls13Ticket ticket;           // of the last session
        std::uint32_t handshakes = 0;  // begun so far
        base::TimerId timer = base::no_index;
        base::Time first_sent{};
        std::uint32_t id = 0;
        bool connected = false;
        bool waiting = false;
        bool rebound = false;  // its address has changed since the server was heard
    };
    class Sink;

    bool speaks(std::uint32_t link) const { return numbers_[link] != 0; }
    Link& link_at(std::uint32_t id) { return links_[numbers_[id] - 1]; }
    const Link& link_at(std::uint32_t id) const { return links_[numbers_[id] - 1]; }
    // The link of this transport between them; no_index where it is not one.
    std::uint32_t own_link(std::uint32_t device, const Address& remote) const;
    void take(base::Time now, std::uint32_t id, const Packet& packet);
    void after_step(base::Time now, Link& link, const Dtls13Step& step);
    void note_step(const Dtls13Step& step);
    void begin_waiting(base::Time now);
    enum class Tickets : std::uint8_t { keep, drop };
    void end(Link& link, Tickets what = Tickets::keep);
    void arm(Link& link);

    Config config_;
    LinkTable table_;
    Transport& network_;
    SharedTransport rest_;
    Transport* others_ = nullptr;
    SecureLink* other_links_ = nullptr;
    Dtls13Context context_;
    std::vector<std::uint32_t> numbers_;  // by link: its place in links_, + 1; 0: it speaks something else
    std::vector<Link> links_;
    std::deque<std::uint32_t> line_;  // of those that wait for a handshake
    std::uint32_t under_way_ = 0;
    base::TimerWheel timers_;
    std::vector<std::unique_ptr<std::pair<std::uint32_t, Dtls13KeyLog>>> key_logs_;
    std::vector<LinkEvent> events_;
    std::vector<LinkEvent> taken_;
    std::vector<Packet> others_packets_;

    DtlsBatch batch_;
    std::uint64_t extra_ = 0;       // plain datagrams beyond the first of a datagram
    std::uint64_t unsendable_ = 0;  // plain datagrams without a session to go under
    DtlsCounts counts_;
};

}  // namespace net
