#include "simulator/net/dtls_transport.h"

namespace net {
namespace {

constexpr std::size_t slot = DtlsBatch::slot;
// RFC 6347 4.2.4: whoever sent the last flight keeps it for twice the maximum segment lifetime at most.
constexpr base::Duration linger_time = std::chrono::seconds(240);

}  // namespace

DtlsTransport::DtlsTransport(Config config, Transport& inner)
    : config_(std::move(config)),
      table_(config_.server, config_.devices, std::move(config_.further)),
      inner_(inner),
      sessions_(table_.size()),
      resumables_(table_.size()),
      links_(table_.size()),
      handshakes_(config_.handshakes),
      certificates_(config_.certificates != nullptr ? config_.certificate_handshakes : 0),
      timers_(config_.handshakes),
      batch_(inner_) {
    if (config_.certificates != nullptr) p256_ = std::make_unique<base::P256>();
    bool cbc = false;
    for (std::uint32_t id = 0; id < table_.size(); ++id) {
        Link& link = links_[id] = Link{};
        link.secured = config_.secured(id);
        if (!link.secured) continue;
        const PskSuites suites = config_.suites ? config_.suites(id) : PskSuites();
        link.offers_id = config_.offers_id(id);
        link.by_certificate = config_.certificates != nullptr && config_.by_certificate(id);
        link.offers_ccm8 = suites.ccm8;
        link.offers_cbc = suites.cbc;
        cbc = cbc || suites.cbc;
    }
    if (cbc) macs_ = base::Region<CbcKeys>(table_.size());
}

DtlsTransport::~DtlsTransport() {
    for (std::uint32_t id = 0; id < table_.size(); ++id) {
        if (!links_[id].secured) continue;
        base::wipe({reinterpret_cast<std::uint8_t*>(&sessions_[id]), sizeof(DtlsSession)});
        base::wipe({reinterpret_cast<std::uint8_t*>(&resumables_[id]), sizeof(ResumableSession)});
        if (macs_.capacity() != 0) base::wipe({reinterpret_cast<std::uint8_t*>(&macs_[id]), sizeof(CbcKeys)});
    }
    for (std::uint32_t index = 0; index < handshakes_.touched(); ++index) {
        base::wipe({reinterpret_cast<std::uint8_t*>(&handshakes_[index]), sizeof(Handshake)});
    }
    for (std::uint32_t index = 0; index < certificates_.touched(); ++index) {
        base::wipe({reinterpret_cast<std::uint8_t*>(&certificates_[index]), sizeof(CertificateState)});
    }
}

ClientHandshakeConfig DtlsTransport::client_config(std::uint32_t id) const {
    ClientHandshakeConfig config;
    config.times = config_.times;
    config.offer_connection_id = links_[id].offers_id;
    config.offer_ccm8 = links_[id].offers_ccm8;
    config.offer_cbc = links_[id].offers_cbc;
    config.certificates = config_.certificates;
    config.p256 = p256_.get();
    return config;
}

TransportCounts DtlsTransport::counts() const {
    TransportCounts counts = inner_.counts();
    counts.received += extra_;
    counts.send_refused += unsendable_;
    return counts;
}

// ---- downward

void DtlsTransport::flush(base::Time now) { batch_.flush(now); }

base::Writer DtlsTransport::open_flight(base::Time now, const Handshake& handshake) {
    return handshake.certificates_plus_1 == 0 ? batch_.open(now) : batch_.open_flight();
}

void DtlsTransport::commit_flight(base::Time now, const Handshake& handshake, base::Writer& out) {
    if (out.size() == 0) return;
    const std::uint32_t link = handshake.state.device();
    if (handshake.certificates_plus_1 == 0) {
        batch_.commit(out, device_of(link), server_of(link));
        ++counts_.own_sent;
    } else {
        const std::size_t id_size = handshake.state.session().write_id_size;
        counts_.own_sent += batch_.commit_flight(now, out, id_size, device_of(link), server_of(link));
    }
}

void DtlsTransport::send(base::Time now, std::span<const Packet> packets) {
    for (const auto& packet : packets) {
        auto out = batch_.open(now);
        const std::uint32_t link = link_of(packet.local, packet.remote);
        if (link == base::no_index) {
            out.put(packet.bytes);
        } else if (sessions_[link]) {
            out.advance(
                seal(aes_, sessions_[link], mac_of(link), ContentType::application_data, packet.bytes, out.memory()));
        }
        if (out.size() == 0) {
            ++unsendable_;
            continue;
        }
        batch_.commit(out, packet.local, packet.remote);
    }
    batch_.flush(now);
}

void DtlsTransport::send_alert(base::Time now, std::uint32_t id, AlertLevel level, Alert alert) {
    auto& session = sessions_[id];
    if (!session) return;
    const std::array<std::uint8_t, 2> text{static_cast<std::uint8_t>(level), static_cast<std::uint8_t>(alert)};
    auto out = batch_.open(now);
    out.advance(seal(aes_, session, mac_of(id), ContentType::alert, text, out.memory()));
    if (out.size() == 0) return;
    batch_.commit(out, device_of(id), server_of(id));
    ++counts_.own_sent;
    ++counts_.alerts_sent[alert_slot(alert)];
}

// ---- sessions and handshakes

void DtlsTransport::connect(base::Time now, std::uint32_t id) {
    Link& link = links_[id];
    link.connected = false;
    if (link.handshake_plus_1 != 0) end(id);
    if (link.waiting) return;
    link.waiting = true;
    if (!link.in_line) {
        link.in_line = true;
        link.next_waiting = base::no_index;
        (line_first_ == base::no_index ? line_first_ : links_[line_last_].next_waiting) = id;
        line_last_ = id;
    }
    begin_waiting(now);
}

// Handshakes begin in the order in which they were asked for, as far as there is room.
void DtlsTransport::begin_waiting(base::Time now) {
    while (line_first_ != base::no_index && handshakes_.in_use() < handshakes_.capacity()) {
        const std::uint32_t id = line_first_;
        Link& link = links_[id];
        if (link.by_certificate && certificates_.in_use() == certificates_.capacity()) return;
        line_first_ = link.next_waiting;
        link.in_line = false;
        if (link.waiting) begin(now, id);
    }
}

void DtlsTransport::begin(base::Time now, std::uint32_t id) {
    Link& link = links_[id];
    link.waiting = false;
    const std::uint32_t number = link.handshakes++;
    const std::uint32_t index = handshakes_.take();
    Handshake& handshake = handshakes_[index];
    handshake.first_sent = now;
    link.handshake_plus_1 = index + 1;
    ClientHandshake::Start start{
        .device = id, .random = config_.random(id, number), .resume = nullptr, .certificates = nullptr};
    if (resumables_[id] && config_.resumes(id, number)) start.resume = &resumables_[id];
    if (link.by_certificate) {
        const std::uint32_t place = certificates_.take();
        handshake.certificates_plus_1 = place + 1;
        start.certificates = &certificates_[place];
        start.certificates->ephemeral = config_.ephemeral(id, number);
    }
    auto out = open_flight(now, handshake);
    handshake.state.start(now, client_config(id), start, out);
    commit_flight(now, handshake, out);
    arm(index, handshake.state.timer_due());
}

void DtlsTransport::end(std::uint32_t id) {
    Link& link = links_[id];
    const std::uint32_t index = link.handshake_plus_1 - 1;
    link.handshake_plus_1 = 0;
    timers_.cancel(handshakes_[index].timer);
    give_back_certificates(handshakes_[index]);
    base::wipe({reinterpret_cast<std::uint8_t*>(&handshakes_[index]), sizeof(Handshake)});
    handshakes_.give_back(index);
}

void DtlsTransport::give_back_certificates(Handshake& handshake) {
    if (handshake.certificates_plus_1 == 0) return;
    const std::uint32_t place = handshake.certificates_plus_1 - 1;
    handshake.certificates_plus_1 = 0;
    base::wipe({reinterpret_cast<std::uint8_t*>(&certificates_[place]), sizeof(CertificateState)});
    certificates_.give_back(place);
}

void DtlsTransport::arm(std::uint32_t index, base::Time due) {
    timers_.cancel(handshakes_[index].timer);
    if (due != base::never) handshakes_[index].timer = timers_.arm(due, {0, index});
}

void DtlsTransport::on_timer(base::Time now, std::uint32_t index) {
    Handshake& handshake = handshakes_[index];
    handshake.timer = base::no_index;
    const std::uint32_t id = handshake.state.device();
    if (handshake.lingers) {
        end(id);
        return begin_waiting(now);
    }
    auto out = open_flight(now, handshake);
    const auto step = handshake.state.on_timer(now, client_config(id), *config_.keys, aes_, out);
    commit_flight(now, handshake, out);
    after_step(now, index, step);
}

void DtlsTransport::after_step(base::Time now, std::uint32_t index, const HandshakeStep& step) {
    Handshake& handshake = handshakes_[index];
    const std::uint32_t id = handshake.state.device();
    Link& link = links_[id];
    switch (step.kind) {
        case HandshakeStep::Kind::waiting: arm(index, handshake.state.timer_due()); return;
        case HandshakeStep::Kind::established:
            sessions_[id] = handshake.state.session();
            resumables_[id] = handshake.state.resumable();
            if (macs_.capacity() != 0) macs_[id] = handshake.state.mac();
            for (const auto& [logged, log] : key_logs_) {
                if (logged == device_of(id)) log(handshake.state.client_random(), handshake.state.master_secret());
            }
            link.connected = true;
            link.rebound = false;
            events_.push_back({.kind = LinkEvent::Kind::established,
                               .resumed = handshake.state.resumed(),
                               .link = id,
                               .first_sent = handshake.first_sent});
            ++(handshake.state.resumed() ? counts_.resumed : counts_.full);
            if (sessions_[id].write_id_size != 0) ++counts_.with_id;
            if (handshake.state.resumed()) {
                handshake.lingers = true;
                give_back_certificates(handshake);
                arm(index, now + linger_time);
                return begin_waiting(now);
            }
            break;
        case HandshakeStep::Kind::failed: {
            const bool timeout = step.cause == HandshakeStep::Cause::timeout;
            const auto failure = failure_of(step, false);
            const auto cause = failure == HandshakeFailure::timeout            ? LinkEvent::Cause::timeout
                               : failure == HandshakeFailure::unknown_identity ? LinkEvent::Cause::unknown_identity
                                                                               : LinkEvent::Cause::alert;
            counts_.fail(failure);
            ++counts_.certificate_faults[static_cast<std::size_t>(step.fault)];
            if (step.cause == HandshakeStep::Cause::alert_sent) ++counts_.alerts_sent[alert_slot(step.alert)];
            if (step.cause == HandshakeStep::Cause::alert_received) ++counts_.alerts_received[alert_slot(step.alert)];
            // RFC 5246 7.2.2: a session that ended with a fatal alert is not resumed.
            if (!timeout) resumables_[id] = {};
            events_.push_back(
                {.kind = LinkEvent::Kind::failed, .cause = cause, .link = id, .first_sent = handshake.first_sent});
            ++counts_.failed;
            break;
        }
    }
    end(id);
    begin_waiting(now);
}

void DtlsTransport::close(base::Time now, std::uint32_t id) {
    if (links_[id].connected) send_alert(now, id, AlertLevel::warning, Alert::close_notify);
    abandon(id);
}

void DtlsTransport::take_next_key(base::Time now, std::uint32_t id) {
    close(now, id);
    base::wipe({reinterpret_cast<std::uint8_t*>(&resumables_[id]), sizeof(ResumableSession)});
    if (config_.rotate) config_.rotate(id);
}

void DtlsTransport::abandon(std::uint32_t id) {
    Link& link = links_[id];
    link.connected = false;
    link.waiting = false;
    if (link.handshake_plus_1 != 0) end(id);
}

void DtlsTransport::note_rebind(std::uint32_t device) {
    const auto note = [this](std::uint32_t id) {
        Link& link = links_[id];
        // Without a connection id the server knows the session by the address, and never finds it again.
        if (link.secured && link.connected && sessions_[id].write_id_size != 0) link.rebound = true;
    };
    note(device);
    table_.each_further(device, note);
}

std::span<const LinkEvent> DtlsTransport::take_events() {
    taken_.clear();
    taken_.swap(events_);
    return taken_;
}

// ---- upward

std::span<const Packet> DtlsTransport::receive(base::Time now) {
    batch_.flush(now);
    timers_.advance(now, [&](base::TimerEvent event) { on_timer(now, event.index); });
    begin_waiting(now);
    batch_.in.clear();
    for (auto packets = inner_.receive(now); !packets.empty(); packets = inner_.receive(now)) {
        for (const auto& packet : packets) take(now, packet);
        // What the layer itself took is not handed up; go on until something is, or nothing is left.
        if (!batch_.in.empty()) break;
    }
    batch_.flush(now);
    return batch_.in;
}

void DtlsTransport::take(base::Time now, const Packet& packet) {
    // What is for no device of ours, or from elsewhere, is counted above, as without DTLS.
    const std::uint32_t id = link_of(packet.local, packet.remote);
    if (id == base::no_index) {
        batch_.in.push_back(packet);
        return;
    }
    const Link& link = links_[id];
    if (packet.bytes.size() > slot) return counts_.drop_datagram(RecordDiscard::malformed);
    const auto datagram = batch_.copy_in(packet.bytes);
    const bool shaking = link.handshake_plus_1 != 0 && !handshakes_[link.handshake_plus_1 - 1].lingers;
    if (!shaking) return take_in_session(now, id, packet, datagram);

    const std::uint32_t index = link.handshake_plus_1 - 1;
    Handshake& handshake = handshakes_[index];
    auto out = open_flight(now, handshake);
    ++counts_.own_received;
    const auto step = handshake.state.on_datagram(now, client_config(id), *config_.keys, aes_, datagram, out,
                                                  counts_.records_dropped);
    commit_flight(now, handshake, out);
    after_step(now, index, step);
}

void DtlsTransport::take_in_session(base::Time now, std::uint32_t id, const Packet& packet,
                                    base::MutableBytes datagram) {
    const std::size_t before = batch_.in.size();
    auto why = RecordDiscard::none;
    bool own = false;
    RecordReader records(datagram, 0);
    while (const auto record = records.next()) {
        // ChangeCipherSpec, or a message of the last handshake that comes late.
        const bool plain = record->epoch == 0 && links_[id].connected;
        if (plain && (record->type == ContentType::change_cipher_spec || record->type == ContentType::handshake)) {
            own = true;
            continue;
        }
        const auto opened = plain ? Opened{RecordDiscard::unprotected, ContentType::alert, {}, false}
                                  : net::open(aes_, sessions_[id], mac_of(id), {}, *record);
        if (opened.discard != RecordDiscard::none) {
            counts_.drop_record(why = opened.discard);
            continue;
        }
        Link& link = links_[id];
        if (link.rebound) {
            link.rebound = false;
            ++counts_.rebinds;
        }
        switch (opened.type) {
            case ContentType::application_data:
                // The server has our last flight.
                if (link.handshake_plus_1 != 0) {
                    end(id);
                    begin_waiting(now);
                }
                batch_.in.push_back({opened.text, packet.local, packet.remote});
                break;
            case ContentType::alert:
                own = true;
                take_alert(now, id, opened.text);
                break;
            case ContentType::handshake:
                own = true;
                if (link.handshake_plus_1 != 0) {
                    auto out = batch_.open(now);
                    handshakes_[link.handshake_plus_1 - 1].state.repeat_last_flight(aes_, sessions_[id], out);
                    if (out.size() != 0) ++counts_.own_sent;
                    batch_.commit(out, packet.local, packet.remote);
                } else if (!opened.text.empty() && opened.text[0] == 0) {
                    // HelloRequest: nobody renegotiates here (RFC 5246 7.2.2).
                    send_alert(now, id, AlertLevel::warning, Alert::no_renegotiation);
                }
                break;
            case ContentType::change_cipher_spec:
            case ContentType::connection_id: counts_.drop_record(why = RecordDiscard::unexpected); break;
        }
    }
    if (records.malformed()) counts_.drop_record(why = RecordDiscard::malformed);
    const std::size_t handed_up = batch_.in.size() - before;
    if (handed_up > 0) {
        extra_ += handed_up - 1;
    } else if (own) {
        ++counts_.own_received;
    } else {
        counts_.drop_datagram(why == RecordDiscard::none ? RecordDiscard::malformed : why);
    }
}

void DtlsTransport::take_alert(base::Time now, std::uint32_t id, base::Bytes text) {
    if (text.size() != 2) return;
    const auto alert = static_cast<Alert>(text[1]);
    ++counts_.alerts_received[alert_slot(alert)];
    const bool fatal = text[0] == static_cast<std::uint8_t>(AlertLevel::fatal);
    if ((!fatal && alert != Alert::close_notify) || !links_[id].connected) return;
    if (alert == Alert::close_notify) {
        send_alert(now, id, AlertLevel::warning, Alert::close_notify);  // RFC 5246 7.2.1
    } else {
        resumables_[id] = {};
    }
    abandon(id);
    events_.push_back(
        {.kind = LinkEvent::Kind::closed, .cause = LinkEvent::Cause::alert, .link = id, .first_sent = now});
}

}  // namespace net
