#include "simulator/net/dtls_server_transport.h"

#include <cstring>

#include "simulator/base/random.h"

namespace net {
namespace {

constexpr std::size_t batch = 64;
constexpr std::size_t slot = max_datagram + 128;
// A client that has not got our last flight asks for it within this time.
constexpr base::Duration linger_time = std::chrono::seconds(120);

// Whom a cookie is for.
std::array<std::uint8_t, 18> bytes_of(const Address& address) {
    std::array<std::uint8_t, 18> bytes;
    std::copy(address.ip.begin(), address.ip.end(), bytes.begin());
    bytes[16] = static_cast<std::uint8_t>(address.port >> 8);
    bytes[17] = static_cast<std::uint8_t>(address.port);
    return bytes;
}

// RFC 7252 3: version 1 in the two highest bits; content types of records are 20 to 25.
bool is_coap(base::Bytes datagram) { return !datagram.empty() && datagram[0] >> 6 == 1; }

}  // namespace

DtlsServerTransport::DtlsServerTransport(const Config& config, Transport& inner)
    : handshake_config_(config.handshake),
      keys_(*config.keys),
      plain_too_(config.plain_too),
      random_seed_(config.random_seed),
      inner_(inner),
      jar_(config.secret),
      id_key_(config.secret),
      sessions_(config.sessions),
      handshakes_(config.handshakes),
      timers_(config.handshakes),
      by_address_(config.sessions),
      under_way_(config.handshakes),
      out_memory_(std::make_unique<std::uint8_t[]>(batch * slot)) {
    out_.reserve(batch);
    in_.reserve(batch * 2);
}

DtlsServerTransport::~DtlsServerTransport() {
    const auto used = std::min<std::size_t>(next_place_, sessions_.capacity());
    for (std::size_t place = 0; place < used; ++place) {
        base::wipe({reinterpret_cast<std::uint8_t*>(&sessions_[place]), sizeof(Session)});
    }
    for (std::uint32_t index = 0; index < handshakes_.touched(); ++index) {
        base::wipe({reinterpret_cast<std::uint8_t*>(&handshakes_[index]), sizeof(Handshake)});
    }
}

// ---- names of sessions

std::array<std::uint8_t, DtlsServerTransport::own_id_size> DtlsServerTransport::id_of(std::uint32_t place) const {
    std::array<std::uint8_t, own_id_size> id;
    base::Writer out{base::MutableBytes(id)};
    out.put_u32(place);
    // Noise is told from ids without opening anything.
    out.put_u16(static_cast<std::uint16_t>(base::mix(place ^ random_seed_)));
    return id;
}

std::optional<std::uint32_t> DtlsServerTransport::place_of_id(base::Bytes id) const {
    base::Reader reader(id);
    const auto place = reader.take_uint(4);
    if (!place || *place >= sessions_.capacity() || !sessions_[*place].live) return std::nullopt;
    if (!base::equal(id_of(static_cast<std::uint32_t>(*place)), id)) return std::nullopt;
    return static_cast<std::uint32_t>(*place);
}

// The place, and bytes that nobody else can make: nothing is kept to find a session by its id.
std::array<std::uint8_t, max_session_id> DtlsServerTransport::make_session_id(std::uint32_t place) const {
    std::array<std::uint8_t, 12> name{};
    base::Writer out{base::MutableBytes(name)};
    out.put_u32(place);
    out.put_uint(randoms_, 8);
    std::array<std::uint8_t, max_session_id> id;
    std::copy(name.begin(), name.end(), id.begin());
    const auto mac = id_key_.mac(name);
    std::copy_n(mac.begin(), id.size() - name.size(), id.begin() + name.size());
    return id;
}

const ResumableSession* DtlsServerTransport::find_resumable(base::Bytes session_id) const {
    if (session_id.size() != max_session_id) return nullptr;
    base::Reader reader(session_id);
    const auto place = *reader.take_uint(4);
    if (place >= sessions_.capacity()) return nullptr;
    const auto& resumable = sessions_[place].resumable;
    return resumable && base::equal(resumable.id_view(), session_id) ? &resumable : nullptr;
}

RandomBytes DtlsServerTransport::random() {
    RandomBytes bytes;
    base::Writer out{base::MutableBytes(bytes)};
    for (std::uint64_t i = 0; i < 4; ++i) out.put_uint(base::draw(random_seed_, randoms_, base::Stream::server, i), 8);
    ++randoms_;
    return bytes;
}

std::uint32_t DtlsServerTransport::take_place() {
    const auto place = static_cast<std::uint32_t>(next_place_ % sessions_.capacity());
    ++next_place_;
    end_session(place);
    return place;
}

void DtlsServerTransport::end_session(std::uint32_t place) {
    Session& session = sessions_[place];
    if (session.handshake_plus_1 != 0) end_handshake(session.handshake_plus_1 - 1);
    if (session.live) by_address_.erase(session.known_as);
    session = Session();
}

void DtlsServerTransport::end_handshake(std::uint32_t index) {
    Handshake& handshake = handshakes_[index];
    timers_.cancel(handshake.timer);
    if (handshake.lingers) {
        sessions_[handshake.session].handshake_plus_1 = 0;
    } else {
        under_way_.erase(handshake.from);
    }
    base::wipe({reinterpret_cast<std::uint8_t*>(&handshake), sizeof(Handshake)});
    handshakes_.give_back(index);
}

void DtlsServerTransport::arm(std::uint32_t index, base::Time due) {
    timers_.cancel(handshakes_[index].timer);
    if (due != base::never) handshakes_[index].timer = timers_.arm(due, {0, index});
}

// ---- downward

base::Writer DtlsServerTransport::open(base::Time now) {
    if (out_.size() == batch) flush(now);
    return base::Writer(base::MutableBytes(out_memory_.get() + out_.size() * slot, slot));
}

void DtlsServerTransport::commit(const base::Writer& out, const Address& to) {
    if (out.size() == 0 || out.failed()) return;
    out_.push_back({out.written(), 0, to});
}

void DtlsServerTransport::flush(base::Time now) {
    if (out_.empty()) return;
    inner_.send(now, out_);
    out_.clear();
}

void DtlsServerTransport::send(base::Time now, std::span<const Packet> packets) {
    for (const auto& packet : packets) {
        auto out = open(now);
        if (const auto* place = by_address_.find(packet.remote)) {
            Session& session = sessions_[*place];
            out.advance(
                seal(aes_, session.records, &session.mac, ContentType::application_data, packet.bytes, out.memory()));
            commit(out, session.at);
        } else if (plain_too_) {
            out.put(packet.bytes);
            commit(out, packet.remote);
        } else {
            counts_.drop_record(RecordDiscard::no_session);
        }
    }
    flush(now);
}

void DtlsServerTransport::send_alert(base::Time now, std::uint32_t place, AlertLevel level, Alert alert) {
    Session& session = sessions_[place];
    const std::array<std::uint8_t, 2> text{static_cast<std::uint8_t>(level), static_cast<std::uint8_t>(alert)};
    auto out = open(now);
    out.advance(seal(aes_, session.records, &session.mac, ContentType::alert, text, out.memory()));
    commit(out, session.at);
    ++counts_.own_sent;
    ++counts_.alerts_sent[alert_slot(alert)];
}

// ---- upward

std::span<const Packet> DtlsServerTransport::receive(base::Time now) {
    timers_.advance(now, [&](base::TimerEvent event) { on_timer(now, event.index); });
    in_.clear();
    for (auto packets = inner_.receive(now); !packets.empty(); packets = inner_.receive(now)) {
        for (const auto& packet : packets) take(now, packet);
        if (!in_.empty()) break;
    }
    flush(now);
    return in_;
}

base::MutableBytes DtlsServerTransport::copy_in(base::Bytes datagram) {
    const std::size_t place = in_.size();
    if (place / batch >= in_memory_.size()) in_memory_.push_back(std::make_unique<std::uint8_t[]>(batch * slot));
    const base::MutableBytes copy(in_memory_[place / batch].get() + place % batch * slot, datagram.size());
    std::memcpy(copy.data(), datagram.data(), datagram.size());
    return copy;
}

void DtlsServerTransport::take(base::Time now, const Packet& packet) {
    if (plain_too_ && is_coap(packet.bytes)) {
        // Who has a session speaks under it, or somebody else speaks for him.
        if (by_address_.find(packet.remote) != nullptr) return counts_.drop_datagram(RecordDiscard::unprotected);
        in_.push_back(packet);
        return;
    }
    if (packet.bytes.size() > slot) return counts_.drop_datagram(RecordDiscard::malformed);
    const auto datagram = copy_in(packet.bytes);
    RecordReader records(datagram, own_id_size);
    const auto first = records.next();
    if (!first) return counts_.drop_datagram(RecordDiscard::malformed);
    if (first->type == ContentType::connection_id) {
        const auto place = place_of_id(first->id);
        if (place) {
            take_in_session(now, *place, packet, datagram);
        } else if (const auto* index = under_way_.find(packet.remote)) {
            take_in_handshake(now, *index, datagram);
        } else {
            counts_.drop_datagram(RecordDiscard::wrong_id);
        }
        return;
    }
    if (const auto* index = under_way_.find(packet.remote)) {
        if (first->epoch == 0 && first->type == ContentType::handshake && first->fragment.size() > 0 &&
            first->fragment[0] == static_cast<std::uint8_t>(HandshakeType::client_hello)) {
            return take_hello(now, packet, *first);
        }
        // RFC 6347 4.2.8: while a handshake is under way, which perhaps nobody wants (a hello that came late), the
        // session goes on. What it cannot open is the handshake's; opening spoils the copy.
        const auto* live = by_address_.find(packet.remote);
        if (first->epoch != 0 && live != nullptr && sessions_[*live].records.read_id_size == 0) {
            std::vector<std::uint8_t> original(datagram.begin(), datagram.end());
            if (take_in_session(now, *live, packet, datagram, Trial::yes)) return;
            return take_in_handshake(now, *index, original);
        }
        return take_in_handshake(now, *index, datagram);
    }
    const auto* place = by_address_.find(packet.remote);
    if (first->epoch != 0) {
        if (place == nullptr) return counts_.drop_datagram(RecordDiscard::no_session);
        take_in_session(now, *place, packet, datagram);
        return;
    }
    // The keys once more, in front of their Finished: our last flight was lost.
    if (place != nullptr && sessions_[*place].handshake_plus_1 != 0 && take_in_session(now, *place, packet, datagram)) {
        return;
    }
    if (first->type == ContentType::handshake) return take_hello(now, packet, *first);
    counts_.drop_datagram(RecordDiscard::unprotected);
}

void DtlsServerTransport::take_hello(base::Time now, const Packet& packet, const RecordView& record) {
    ++counts_.own_received;
    auto out = open(now);
    const auto answer = answer_hello(handshake_config_, jar_, bytes_of(packet.remote), record, out);
    switch (answer.kind) {
        case HelloAnswer::Kind::none: return;
        case HelloAnswer::Kind::refused: ++counts_.alerts_sent[alert_slot(answer.alert)]; [[fallthrough]];
        case HelloAnswer::Kind::verify:
            commit(out, packet.remote);
            ++counts_.own_sent;
            return;
        case HelloAnswer::Kind::accepted: break;
    }
    if (const auto* known = under_way_.find(packet.remote)) {
        const std::uint32_t index = *known;
        if (handshakes_[index].state.began_with(answer.hello)) {
            // Our flight was lost, or the hello came twice.
            std::vector<std::uint8_t> again(record_header_size + record.fragment.size());
            write_plain_record(ContentType::handshake, record.sequence, record.fragment, again);
            return take_in_handshake(now, index, again);
        }
        end_handshake(index);
    }
    // A hello that comes late, of the handshake that this session is from, begins nothing.
    if (const auto* place = by_address_.find(packet.remote)) {
        const auto lingering = sessions_[*place].handshake_plus_1;
        if (lingering != 0 && handshakes_[lingering - 1].state.began_with(answer.hello)) return;
    }
    const std::uint32_t index = handshakes_.take();
    if (index == base::no_index) return;  // it will ask again
    Handshake& handshake = handshakes_[index];
    handshake.from = packet.remote;
    const auto* resume = find_resumable(answer.hello.session_id);
    // Copied before its place is given to somebody else.
    const ResumableSession resumed = resume != nullptr ? *resume : ResumableSession{};
    handshake.session = take_place();
    const auto id = id_of(handshake.session);
    PskServerHandshake::Begin begin{.random = random(),
                                    .session_id = make_session_id(handshake.session),
                                    .own_id = id,
                                    .resume = resume != nullptr ? &resumed : nullptr};
    handshake.state.begin(now, handshake_config_, answer, begin, aes_, out);
    commit(out, packet.remote);
    ++counts_.own_sent;
    under_way_.insert(packet.remote, index);
    arm(index, handshake.state.timer_due());
}

void DtlsServerTransport::take_in_handshake(base::Time now, std::uint32_t index, base::MutableBytes datagram) {
    Handshake& handshake = handshakes_[index];
    ++counts_.own_received;
    auto out = open(now);
    const auto step =
        handshake.state.on_datagram(now, handshake_config_, keys_, aes_, datagram, out, counts_.records_dropped);
    if (out.size() != 0) {
        commit(out, handshake.from);
        ++counts_.own_sent;
    }
    after_step(now, index, step);
}

void DtlsServerTransport::on_timer(base::Time now, std::uint32_t index) {
    Handshake& handshake = handshakes_[index];
    handshake.timer = base::no_index;
    if (handshake.lingers) return end_handshake(index);
    auto out = open(now);
    const auto step = handshake.state.on_timer(now, handshake_config_, aes_, out);
    if (out.size() != 0) {
        commit(out, handshake.from);
        ++counts_.own_sent;
    }
    after_step(now, index, step);
}

void DtlsServerTransport::after_step(base::Time now, std::uint32_t index, const HandshakeStep& step) {
    Handshake& handshake = handshakes_[index];
    switch (step.kind) {
        case HandshakeStep::Kind::waiting: return arm(index, handshake.state.timer_due());
        case HandshakeStep::Kind::failed:
            ++counts_.failed;
            if (step.cause == HandshakeStep::Cause::alert_sent) ++counts_.alerts_sent[alert_slot(step.alert)];
            if (step.cause == HandshakeStep::Cause::alert_received) ++counts_.alerts_received[alert_slot(step.alert)];
            return end_handshake(index);
        case HandshakeStep::Kind::established: break;
    }
    // RFC 6347 4.2.8: only now does the new session take the place of the one that this address had.
    if (const auto* old = by_address_.find(handshake.from)) end_session(*old);
    // Nor does its place stay with another that was faster to take it.
    end_session(handshake.session);
    Session& session = sessions_[handshake.session];
    session.records = handshake.state.session();
    session.mac = handshake.state.mac();
    if (handshake.state.extended()) session.resumable = handshake.state.resumable();
    session.known_as = session.at = handshake.from;
    session.live = true;
    by_address_.insert(session.known_as, handshake.session);
    ++(handshake.state.resumed() ? counts_.resumed : counts_.full);
    if (handshake.state.resumed()) return end_handshake(index);
    under_way_.erase(handshake.from);
    handshake.lingers = true;
    session.handshake_plus_1 = index + 1;
    arm(index, now + linger_time);
}

// False when no record of the datagram was for the session.
bool DtlsServerTransport::take_in_session(base::Time now, std::uint32_t place, const Packet& packet,
                                          base::MutableBytes datagram, Trial trial) {
    Session& session = sessions_[place];
    const auto id = id_of(place);
    const base::Bytes own_id = base::Bytes(id).first(session.records.read_id_size);
    bool any = false;
    auto why = RecordDiscard::none;
    RecordReader records(datagram, own_id_size);
    while (const auto record = records.next()) {
        if (record->epoch == 0) continue;
        const auto opened = net::open(aes_, session.records, &session.mac, own_id, *record);
        if (opened.discard != RecordDiscard::none) {
            why = opened.discard;
            if (trial == Trial::no) counts_.drop_record(why);
            continue;
        }
        any = true;
        // RFC 9146 6: only a record that is authentic and newer than all before moves the client.
        if (opened.newest && packet.remote != session.at && !own_id.empty()) {
            session.at = packet.remote;
            ++counts_.rebinds;
        }
        switch (opened.type) {
            case ContentType::application_data:
                // The client has spoken under the new keys: it has our last flight.
                if (session.handshake_plus_1 != 0) end_handshake(session.handshake_plus_1 - 1);
                in_.push_back({opened.text, 0, session.known_as});
                break;
            case ContentType::handshake:
                ++counts_.own_received;
                if (session.handshake_plus_1 != 0) {
                    auto out = open(now);
                    handshakes_[session.handshake_plus_1 - 1].state.repeat_last_flight(aes_, session.records, out);
                    if (out.size() != 0) ++counts_.own_sent;
                    commit(out, session.at);
                } else {
                    send_alert(now, place, AlertLevel::warning, Alert::no_renegotiation);
                }
                break;
            case ContentType::alert: {
                ++counts_.own_received;
                if (opened.text.size() != 2) break;
                const auto alert = static_cast<Alert>(opened.text[1]);
                ++counts_.alerts_received[alert_slot(alert)];
                const bool fatal = opened.text[0] == static_cast<std::uint8_t>(AlertLevel::fatal);
                if (!fatal && alert != Alert::close_notify) break;
                if (!fatal) send_alert(now, place, AlertLevel::warning, Alert::close_notify);
                // What can be resumed stays, as long as nobody needs the place.
                if (session.handshake_plus_1 != 0) end_handshake(session.handshake_plus_1 - 1);
                by_address_.erase(session.known_as);
                session.live = false;
                session.records = {};
                if (fatal) session.resumable = {};
                return true;
            }
            case ContentType::change_cipher_spec:
            case ContentType::connection_id: counts_.drop_record(why = RecordDiscard::unexpected); break;
        }
    }
    if (!any && why != RecordDiscard::none && trial == Trial::no) counts_.drop_datagram(why);
    return any;
}

}  // namespace net
