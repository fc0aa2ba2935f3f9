#include "simulator/net/dtls13_server_transport.h"

#include <algorithm>

namespace net {
namespace {

// Whom a cookie is for.
std::array<std::uint8_t, 18> bytes_of(const Address& address) {
    std::array<std::uint8_t, 18> bytes;
    std::copy(address.ip.begin(), address.ip.end(), bytes.begin());
    bytes[16] = static_cast<std::uint8_t>(address.port >> 8);
    bytes[17] = static_cast<std::uint8_t>(address.port);
    return bytes;
}

// RFC 9147 4, 4.1.
bool is_sealed(std::uint8_t first) { return first >> 5 == 1; }
bool has_id(std::uint8_t first) { return (first & 0x10) != 0; }
bool is_of_handshake(std::uint8_t first) { return is_sealed(first) && (first & 3) == 2; }
constexpr std::uint8_t ack_type = 26;
bool is_plain_record(std::uint8_t first) {
    return (first >= static_cast<std::uint8_t>(ContentType::change_cipher_spec) &&
            first <= static_cast<std::uint8_t>(ContentType::handshake)) ||
           first == ack_type;
}

}  // namespace

// One call of a session's.
class Dtls13ServerTransport::Sink final : public Dtls13Sink {
public:
    Sink(Dtls13ServerTransport& transport, base::Time now, const Place& place)
        : transport_(transport), now_(now), at_(place.at), known_as_(place.known_as), proven_(place.proven) {}
    // To a client that has no place yet.
    Sink(Dtls13ServerTransport& transport, base::Time now, const Address& at)
        : transport_(transport), now_(now), at_(at), known_as_(at) {}
    ~Sink() override { transport_.counts_.own_sent += sent_; }

    void send(base::Bytes datagram) override {
        auto out = transport_.batch_.open(now_);
        out.put(datagram);
        transport_.batch_.commit(out, 0, at_);
        ++sent_;
    }
    void hear(base::Bytes text) override {
        transport_.batch_.in.push_back({transport_.batch_.copy_in(text), 0, known_as_, proven_});
        ++heard_;
    }
    // One of the datagrams was the server's own.
    void take_one() { --sent_; }
    std::size_t heard() const { return heard_; }

private:
    Dtls13ServerTransport& transport_;
    base::Time now_;
    Address at_;
    Address known_as_;
    PeerMark proven_ = 0;
    std::uint64_t sent_ = 0;
    std::size_t heard_ = 0;
};

Dtls13ServerTransport::Dtls13ServerTransport(const Config& config, Transport& network)
    : config_(config),
      network_(network),
      rest_(network),
      context_(config.keys, config.certificates, config.secret),
      timers_(config.sessions + proofs),
      by_address_(0),
      under_way_(0),
      batch_(network) {
    config_.secret = {};
    listeners_.fill(base::no_index);
}

// ---- names of sessions

std::array<std::uint8_t, Dtls13ServerTransport::own_id_size> Dtls13ServerTransport::id_of(std::uint32_t index) const {
    const std::uint32_t name = index * config_.fronts + config_.front;
    return {static_cast<std::uint8_t>(name >> 8), static_cast<std::uint8_t>(name)};
}

std::uint32_t Dtls13ServerTransport::place_of_id(base::Bytes id) const {
    const std::uint32_t name = std::uint32_t{id[0]} << 8 | id[1];
    const std::uint32_t index = name / config_.fronts;
    if (name % config_.fronts != config_.front || index >= places_.size()) return base::no_index;
    const Kind kind = places_[index].kind;
    return kind == Kind::live || kind == Kind::under_way ? index : base::no_index;
}

// ---- places

std::uint32_t Dtls13ServerTransport::take_place() {
    if (!free_.empty()) {
        const std::uint32_t index = free_.back();
        free_.pop_back();
        return index;
    }
    if (places_.size() < config_.sessions + proofs) {
        places_.push_back({});
        return static_cast<std::uint32_t>(places_.size() - 1);
    }
    std::uint32_t oldest = base::no_index;
    for (std::uint32_t index = 0; index < places_.size(); ++index) {
        const bool older = oldest == base::no_index || places_[index].order < places_[oldest].order;
        if (places_[index].kind == Kind::live && older) oldest = index;
    }
    if (oldest == base::no_index) return oldest;
    free_place(oldest);
    free_.pop_back();
    return oldest;
}

void Dtls13ServerTransport::free_place(std::uint32_t index) {
    Place& place = places_[index];
    timers_.cancel(place.timer);
    if (place.kind == Kind::live) by_address_.erase(place.known_as);
    if (place.kind == Kind::under_way) {
        under_way_.erase(place.known_as);
        --under_way_count_;
    }
    place = {};
    free_.push_back(index);
}

std::uint32_t Dtls13ServerTransport::listener(Dtls13Proof proof) {
    auto& index = listeners_[static_cast<std::size_t>(proof)];
    if (index == base::no_index) {
        index = take_place();
        if (index == base::no_index) return index;
        const auto id = id_of(index);
        places_[index].kind = Kind::listens;
        places_[index].session = std::make_unique<Dtls13Session>(
            context_,
            Dtls13Session::Server{.proof = proof,
                                  .own_id = dtls13_features().connection_ids ? base::Bytes(id) : base::Bytes()});
    }
    return index;
}

void Dtls13ServerTransport::arm(std::uint32_t index) {
    Place& place = places_[index];
    timers_.cancel(place.timer);
    if (place.session && place.session->timer_due() != base::never) {
        place.timer = timers_.arm(place.session->timer_due(), {0, index});
    }
}

// ---- downward

void Dtls13ServerTransport::send(base::Time now, std::span<const Packet> packets) {
    if (by_address_.size() == 0) return others_->send(now, packets);
    others_packets_.clear();
    for (const auto& packet : packets) {
        const auto* index = by_address_.find(packet.remote);
        if (index == nullptr) {
            others_packets_.push_back(packet);
            continue;
        }
        Place& place = places_[*index];
        Sink sink(*this, now, place);
        if (place.session->say(packet.bytes, sink)) {
            sink.take_one();
            arm(*index);
        } else {
            counts_.drop_record(RecordDiscard::no_session);
        }
    }
    batch_.flush(now);
    if (!others_packets_.empty()) others_->send(now, others_packets_);
}

// ---- upward

std::span<const Packet> Dtls13ServerTransport::receive(base::Time now) {
    timers_.advance(now, [&](base::TimerEvent event) {
        Place& place = places_[event.index];
        place.timer = base::no_index;
        Dtls13Step step;
        {
            Sink sink(*this, now, place);
            step = place.session->on_timer(now, sink);
        }
        after_step(now, event.index, step);
    });
    batch_.in.clear();
    std::span<const Packet> up;
    for (bool more = true; more && up.empty() && batch_.in.empty();) {
        const auto packets = network_.receive(now);
        more = !packets.empty();
        if (std::ranges::none_of(packets, [this](const Packet& packet) { return may_be_ours(packet); })) {
            rest_.lend(packets);
        } else {
            rest_.clear();
            for (const auto& packet : packets) {
                if (!take(now, packet)) rest_.put(packet);
            }
        }
        up = others_->receive(now);
    }
    batch_.flush(now);
    if (batch_.in.empty()) return up;
    batch_.in.insert(batch_.in.end(), up.begin(), up.end());
    return batch_.in;
}

// Data of DTLS 1.2 never is, and CoAP only where somebody has a session that he would have to speak under.
bool Dtls13ServerTransport::may_be_ours(const Packet& packet) const {
    if (packet.bytes.empty()) return false;
    const std::uint8_t first = packet.bytes[0];
    return is_sealed(first) || is_plain_record(first) || (first >> 6 == 1 && by_address_.size() != 0);
}

// False where it is none of ours.
bool Dtls13ServerTransport::take(base::Time now, const Packet& packet) {
    if (packet.bytes.empty()) return false;
    const std::uint8_t first = packet.bytes[0];
    if (is_sealed(first)) {
        std::uint32_t index = base::no_index;
        if (has_id(first) && packet.bytes.size() > own_id_size) {
            index = place_of_id(packet.bytes.subspan(1, own_id_size));
        } else if (!has_id(first)) {
            const auto* under_way = under_way_.find(packet.remote);
            const auto* live = by_address_.find(packet.remote);
            const bool shaking = under_way != nullptr && (is_of_handshake(first) || live == nullptr);
            if (shaking || live != nullptr) index = shaking ? *under_way : *live;
        }
        if (index == base::no_index || packet.bytes.size() > DtlsBatch::slot) {
            counts_.drop_datagram(has_id(first) ? RecordDiscard::wrong_id : RecordDiscard::no_session);
        } else {
            take_in_place(now, index, packet);
        }
        return true;
    }
    if (!is_plain_record(first)) {
        // CoAP: who has a session speaks under it, or somebody else speaks for him.
        if (by_address_.size() == 0 || first >> 6 != 1 || by_address_.find(packet.remote) == nullptr) return false;
        counts_.drop_datagram(RecordDiscard::unprotected);
        return true;
    }
    if (first == static_cast<std::uint8_t>(ContentType::handshake)) {
        if (const auto hello = read_dtls13_hello(packet.bytes)) {
            take_hello(now, packet, *hello);
            return true;
        }
    }
    const auto* under_way = under_way_.find(packet.remote);
    if (under_way == nullptr) return false;
    take_in_place(now, *under_way, packet);
    return true;
}

// Which of our credentials it asks for. Nothing: it has an identity that nobody knows (RFC 8446 4.2.11 lets us say so).
// A ticket is told from an identity by its length.
std::optional<Dtls13Proof> Dtls13ServerTransport::proof_of(const Dtls13Hello& hello) const {
    bool unknown = false;
    for (std::size_t i = 0; i < hello.identity_count; ++i) {
        const auto identity = hello.identities[i];
        if (identity.size() > max_psk_identity) continue;
        base::SecretArray<max_psk> key;
        if (config_.keys != nullptr && config_.keys->key_of(identity, 0, key.memory())) return Dtls13Proof::psk;
        unknown = true;
    }
    if (unknown) return std::nullopt;
    return hello.raw_public_key ? Dtls13Proof::raw_public_key : Dtls13Proof::x509;
}

// RFC 8446 6.2; the record is one that has no keys yet. Nothing is kept, so that its number is merely a late one.
void Dtls13ServerTransport::refuse_identity(base::Time now, const Packet& packet) {
    constexpr std::uint64_t late = 64;
    const std::array<std::uint8_t, 2> text{static_cast<std::uint8_t>(AlertLevel::fatal),
                                           static_cast<std::uint8_t>(Alert::unknown_psk_identity)};
    auto out = batch_.open(now);
    out.advance(write_plain_record(ContentType::alert, late, text, out.memory()));
    batch_.commit(out, 0, packet.remote);
    ++counts_.own_sent;
    ++counts_.alerts_sent[alert_slot(Alert::unknown_psk_identity)];
    counts_.fail(HandshakeFailure::unknown_identity);
    ++counts_.failed;
}

void Dtls13ServerTransport::take_hello(base::Time now, const Packet& packet, const Dtls13Hello& hello) {
    const auto same = [&](const std::uint32_t* index) {
        return index != nullptr &&
               std::equal(places_[*index].random.begin(), places_[*index].random.end(), hello.random.begin());
    };
    if (const auto* known = under_way_.find(packet.remote); same(known)) return take_in_place(now, *known, packet);
    ++counts_.own_received;
    // One that comes late, of the handshake that this session is from, begins nothing.
    if (same(by_address_.find(packet.remote))) return;
    const auto proof = proof_of(hello);
    if (!proof) return refuse_identity(now, packet);
    const bool have =
        *proof == Dtls13Proof::psk ||
        (config_.certificates != nullptr &&
         !config_.certificates
              ->certificate(*proof == Dtls13Proof::x509 ? CertificateType::x509 : CertificateType::raw_public_key)
              .empty());
    // It will ask again, if it is not the wrong server.
    if (!have || !hello.suite || (hello.cookie && under_way_count_ >= config_.handshakes)) return;
    const std::uint32_t index = listener(*proof);
    if (index == base::no_index) return;
    Place& place = places_[index];
    Dtls13Step step;
    {
        Sink sink(*this, now, packet.remote);
        step = place.session->take_hello(now, packet.bytes, hello, bytes_of(packet.remote), sink);
    }
    if (!place.session->began()) {
        if (step.alert_sent) ++counts_.alerts_sent[alert_slot(*step.alert_sent)];
        return;
    }
    // It listens no longer.
    listeners_[static_cast<std::size_t>(*proof)] = base::no_index;
    if (const auto* known = under_way_.find(packet.remote)) free_place(*known);
    place.kind = Kind::under_way;
    place.known_as = place.at = packet.remote;
    std::copy_n(hello.random.begin(), place.random.size(), place.random.begin());
    under_way_.insert(packet.remote, index);
    ++under_way_count_;
    after_step(now, index, step);
}

void Dtls13ServerTransport::take_in_place(base::Time now, std::uint32_t index, const Packet& packet) {
    Place& place = places_[index];
    Dtls13Step step;
    std::size_t heard = 0;
    {
        Sink sink(*this, now, place);
        step = place.session->take(now, packet.bytes, sink);
        heard = sink.heard();
    }
    if (heard > 0) {
        // RFC 9147 9: only what is authentic moves the client.
        if (packet.remote != place.at) {
            place.at = packet.remote;
            ++counts_.rebinds;
        }
    } else if (step.undecipherable != 0 || step.replayed != 0) {
        counts_.drop_datagram(step.replayed != 0 ? RecordDiscard::replay : RecordDiscard::decrypt);
    } else {
        ++counts_.own_received;
    }
    after_step(now, index, step);
    if (step.kind != Dtls13Step::Kind::established) return;
    // What came with the end of the handshake is the client's too.
    for (auto& each : std::span(batch_.in).last(heard)) each.proven = place.proven;
}

void Dtls13ServerTransport::after_step(base::Time, std::uint32_t index, const Dtls13Step& step) {
    if (step.alert_sent) ++counts_.alerts_sent[alert_slot(*step.alert_sent)];
    if (step.alert_received) ++counts_.alerts_received[alert_slot(*step.alert_received)];
    counts_.records_dropped[static_cast<std::size_t>(RecordDiscard::decrypt)] += step.undecipherable;
    counts_.records_dropped[static_cast<std::size_t>(RecordDiscard::replay)] += step.replayed;
    switch (step.kind) {
        case Dtls13Step::Kind::none: break;
        case Dtls13Step::Kind::established: establish(index); break;
        case Dtls13Step::Kind::failed:
            ++counts_.failed;
            counts_.fail(step.failure);
            ++counts_.certificate_faults[static_cast<std::size_t>(step.fault)];
            return free_place(index);
        case Dtls13Step::Kind::closed: return free_place(index);
    }
    arm(index);
}

// Only now does the new session take the place of the one that this address had.
void Dtls13ServerTransport::establish(std::uint32_t index) {
    Place& place = places_[index];
    if (const auto* old = by_address_.find(place.known_as)) free_place(*old);
    under_way_.erase(place.known_as);
    --under_way_count_;
    place.kind = Kind::live;
    place.order = ++order_;
    by_address_.insert(place.known_as, index);
    const auto& session = *place.session;
    place.proven = session.proven();
    ++(session.resumed() ? counts_.resumed : counts_.full);
    if (session.carries_id()) ++counts_.with_id;
    if (session.resumed() || session.proof() != Dtls13Proof::psk) return;
    ++counts_.generations[std::min<std::size_t>(session.generation(), key_generations - 1)];
}

}  // namespace net
