#include "simulator/net/dtls13_transport.h"

#include <algorithm>

namespace net {
namespace {

// Can this be of a session of DTLS 1.3, or CoAP that nobody has secured? Records of DTLS 1.2 that carry data cannot.
bool may_be_ours(const Packet& packet) {
    if (packet.bytes.empty()) return false;
    return packet.bytes[0] != static_cast<std::uint8_t>(ContentType::application_data) &&
           packet.bytes[0] != static_cast<std::uint8_t>(ContentType::connection_id);
}

}  // namespace

// One call of a session's.
class Dtls13Transport::Sink final : public Dtls13Sink {
public:
    Sink(Dtls13Transport& transport, base::Time now, std::uint32_t device, const Address& server)
        : transport_(transport), now_(now), device_(device), server_(server) {}
    ~Sink() override { transport_.counts_.own_sent += sent_; }

    void send(base::Bytes datagram) override {
        auto out = transport_.batch_.open(now_);
        out.put(datagram);
        transport_.batch_.commit(out, device_, server_);
        ++sent_;
    }
    void hear(base::Bytes text) override {
        transport_.batch_.in.push_back({transport_.batch_.copy_in(text), device_, server_});
        ++heard_;
    }
    // One of the datagrams was the device's own.
    void take_one() { --sent_; }
    std::size_t heard() const { return heard_; }

private:
    Dtls13Transport& transport_;
    base::Time now_;
    std::uint32_t device_;
    const Address& server_;
    std::uint64_t sent_ = 0;
    std::size_t heard_ = 0;
};

Dtls13Transport::Dtls13Transport(Config config, Transport& network)
    : config_(std::move(config)),
      table_(config_.server, config_.devices, std::move(config_.further)),
      network_(network),
      rest_(network),
      context_(config_.keys, config_.certificates),
      numbers_(table_.size()),
      timers_(table_.size()),
      batch_(network) {
    for (std::uint32_t id = 0; id < table_.size(); ++id) {
        if (!config_.client(id)) continue;
        links_.push_back({});
        links_.back().id = id;
        numbers_[id] = static_cast<std::uint32_t>(links_.size());
    }
}

std::uint32_t Dtls13Transport::own_link(std::uint32_t device, const Address& remote) const {
    const std::uint32_t id = table_.between(device, remote);
    return id != base::no_index && speaks(id) ? id : base::no_index;
}

TransportCounts Dtls13Transport::counts() const {
    TransportCounts counts = others_->counts();
    counts.received += extra_;
    counts.send_refused += unsendable_;
    return counts;
}

DtlsCounts Dtls13Transport::dtls_counts() const {
    DtlsCounts counts = other_links_->dtls_counts();
    counts += counts_;
    return counts;
}

// ---- downward

void Dtls13Transport::flush(base::Time now) {
    batch_.flush(now);
    other_links_->flush(now);
}

void Dtls13Transport::send(base::Time now, std::span<const Packet> packets) {
    const bool ours = std::ranges::any_of(
        packets, [this](const Packet& packet) { return own_link(packet.local, packet.remote) != base::no_index; });
    if (!ours) return others_->send(now, packets);
    others_packets_.clear();
    for (const auto& packet : packets) {
        const std::uint32_t id = own_link(packet.local, packet.remote);
        if (id == base::no_index) {
            others_packets_.push_back(packet);
            continue;
        }
        Link& link = link_at(id);
        Sink sink(*this, now, packet.local, table_.server_of(id));
        if (link.session && link.session->say(packet.bytes, sink)) {
            sink.take_one();
            arm(link);
        } else {
            ++unsendable_;
        }
    }
    batch_.flush(now);
    if (!others_packets_.empty()) others_->send(now, others_packets_);
}

// ---- sessions and handshakes

bool Dtls13Transport::connected(std::uint32_t id) const {
    return speaks(id) ? link_at(id).connected : other_links_->connected(id);
}

void Dtls13Transport::connect(base::Time now, std::uint32_t id) {
    if (!speaks(id)) return other_links_->connect(now, id);
    Link& link = link_at(id);
    if (link.waiting || (link.session && !link.connected)) return;
    end(link);
    link.waiting = true;
    line_.push_back(id);
    begin_waiting(now);
}

void Dtls13Transport::begin_waiting(base::Time now) {
    while (!line_.empty() && under_way_ < config_.handshakes) {
        const std::uint32_t id = line_.front();
        line_.pop_front();
        Link& link = link_at(id);
        if (!link.waiting) continue;
        link.waiting = false;
        auto client = *config_.client(id);
        client.link = id;
        for (const auto& logged : key_logs_) {
            if (logged->first == table_.device_of(id)) client.log = &logged->second;
        }
        const std::uint32_t number = link.handshakes++;
        if (link.ticket && config_.resumes && config_.resumes(id, number)) client.resume = &link.ticket;
        link.session = std::make_unique<Dtls13Session>(context_, client);
        link.first_sent = now;
        link.rebound = false;
        ++under_way_;
        Dtls13Step step;
        {
            Sink sink(*this, now, table_.device_of(id), table_.server_of(id));
            step = link.session->begin(now, sink);
        }
        after_step(now, link, step);
    }
}

void Dtls13Transport::end(Link& link, Tickets what) {
    timers_.cancel(link.timer);
    if (what == Tickets::drop) {
        link.ticket = {};
    } else if (link.connected && config_.resumes) {
        if (auto ticket = link.session->ticket()) link.ticket = std::move(ticket);
    }
    if (link.session && !link.connected) --under_way_;
    link.session.reset();
    link.connected = false;
    link.waiting = false;
}

void Dtls13Transport::arm(Link& link) {
    timers_.cancel(link.timer);
    if (link.session && link.session->timer_due() != base::never) {
        link.timer = timers_.arm(link.session->timer_due(), {0, link.id});
    }
}

void Dtls13Transport::note_step(const Dtls13Step& step) {
    if (step.alert_sent) ++counts_.alerts_sent[alert_slot(*step.alert_sent)];
    if (step.alert_received) ++counts_.alerts_received[alert_slot(*step.alert_received)];
    counts_.records_dropped[static_cast<std::size_t>(RecordDiscard::decrypt)] += step.undecipherable;
    counts_.records_dropped[static_cast<std::size_t>(RecordDiscard::replay)] += step.replayed;
}

void Dtls13Transport::after_step(base::Time now, Link& link, const Dtls13Step& step) {
    note_step(step);
    switch (step.kind) {
        case Dtls13Step::Kind::none: break;
        case Dtls13Step::Kind::established:
            link.connected = true;
            --under_way_;
            ++(link.session->resumed() ? counts_.resumed : counts_.full);
            if (link.session->carries_id()) ++counts_.with_id;
            events_.push_back({.kind = LinkEvent::Kind::established,
                               .resumed = link.session->resumed(),
                               .link = link.id,
                               .first_sent = link.first_sent});
            break;
        case Dtls13Step::Kind::failed: {
            const auto cause = step.failure == HandshakeFailure::timeout            ? LinkEvent::Cause::timeout
                               : step.failure == HandshakeFailure::unknown_identity ? LinkEvent::Cause::unknown_identity
                                                                                    : LinkEvent::Cause::alert;
            counts_.fail(step.failure);
            ++counts_.failed;
            ++counts_.certificate_faults[static_cast<std::size_t>(step.fault)];
            events_.push_back(
                {.kind = LinkEvent::Kind::failed, .cause = cause, .link = link.id, .first_sent = link.first_sent});
            // RFC 8446 6.2: what ended with a fatal alert is not resumed.
            end(link, step.failure == HandshakeFailure::timeout ? Tickets::keep : Tickets::drop);
            break;
        }
        case Dtls13Step::Kind::closed:
            events_.push_back({.kind = LinkEvent::Kind::closed,
                               .cause = LinkEvent::Cause::alert,
                               .link = link.id,
                               .first_sent = now});
            end(link, step.alert_received == Alert::close_notify ? Tickets::keep : Tickets::drop);
            break;
    }
    arm(link);
}

void Dtls13Transport::close(base::Time now, std::uint32_t id) {
    if (!speaks(id)) return other_links_->close(now, id);
    Link& link = link_at(id);
    if (link.connected) {
        Sink sink(*this, now, table_.device_of(id), table_.server_of(id));
        note_step(link.session->close(sink));
    }
    end(link);
}

void Dtls13Transport::take_next_key(base::Time now, std::uint32_t id) {
    if (!speaks(id)) return other_links_->take_next_key(now, id);
    close(now, id);
    link_at(id).ticket = {};
    if (config_.rotate) config_.rotate(id);
}

void Dtls13Transport::abandon(std::uint32_t id) {
    if (!speaks(id)) return other_links_->abandon(id);
    end(link_at(id));
}

void Dtls13Transport::note_rebind(std::uint32_t device) {
    const auto note = [this](std::uint32_t id) {
        if (!speaks(id)) return;
        Link& link = link_at(id);
        if (link.connected && link.session->carries_id()) link.rebound = true;
    };
    note(device);
    table_.each_further(device, note);
    other_links_->note_rebind(device);
}

std::span<const LinkEvent> Dtls13Transport::take_events() {
    taken_.clear();
    taken_.swap(events_);
    const auto others = other_links_->take_events();
    taken_.insert(taken_.end(), others.begin(), others.end());
    return taken_;
}

// ---- upward

std::span<const Packet> Dtls13Transport::receive(base::Time now) {
    batch_.flush(now);
    timers_.advance(now, [&](base::TimerEvent event) {
        Link& link = link_at(event.index);
        link.timer = base::no_index;
        Dtls13Step step;
        {
            Sink sink(*this, now, table_.device_of(link.id), table_.server_of(link.id));
            step = link.session->on_timer(now, sink);
        }
        after_step(now, link, step);
    });
    begin_waiting(now);
    batch_.in.clear();
    std::span<const Packet> up;
    // What the layers themselves took is not handed up; go on until something is, or nothing is left.
    for (bool more = true; more && up.empty() && batch_.in.empty();) {
        const auto packets = network_.receive(now);
        more = !packets.empty();
        if (std::ranges::none_of(packets, may_be_ours)) {
            rest_.lend(packets);
        } else {
            rest_.clear();
            for (const auto& packet : packets) {
                const std::uint32_t id = own_link(packet.local, packet.remote);
                id == base::no_index || !may_be_ours(packet) ? rest_.put(packet) : take(now, id, packet);
            }
        }
        up = others_->receive(now);
    }
    batch_.flush(now);
    if (batch_.in.empty()) return up;
    batch_.in.insert(batch_.in.end(), up.begin(), up.end());
    return batch_.in;
}

void Dtls13Transport::take(base::Time now, std::uint32_t id, const Packet& packet) {
    Link& link = link_at(id);
    if (packet.bytes.size() > DtlsBatch::slot) return counts_.drop_datagram(RecordDiscard::malformed);
    // RFC 7252 3: version 1 in the two highest bits.
    if (packet.bytes[0] >> 6 == 1) return counts_.drop_datagram(RecordDiscard::unprotected);
    if (!link.session) return counts_.drop_datagram(RecordDiscard::no_session);
    Dtls13Step step;
    std::size_t heard = 0;
    {
        Sink sink(*this, now, packet.local, table_.server_of(id));
        step = link.session->take(now, packet.bytes, sink);
        heard = sink.heard();
    }
    if (heard > 0) {
        extra_ += heard - 1;
        if (std::exchange(link.rebound, false)) ++counts_.rebinds;
    } else if (step.undecipherable != 0 || step.replayed != 0) {
        counts_.drop_datagram(step.replayed != 0 ? RecordDiscard::replay : RecordDiscard::decrypt);
    } else {
        ++counts_.own_received;
    }
    after_step(now, link, step);
    begin_waiting(now);
}

}  // namespace net
