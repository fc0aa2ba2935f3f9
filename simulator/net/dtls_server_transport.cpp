#include "simulator/net/dtls_server_transport.h"

#include <algorithm>

#include "simulator/base/random.h"

namespace net {
namespace {

constexpr std::size_t slot = DtlsBatch::slot;
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
      random_seed_(config.random_seed ^ std::uint64_t{config.front} << 56),
      inner_(inner),
      jar_(config.secret),
      id_key_(config.secret),
      identities_(config.secret),
      sessions_(config.sessions),
      macs_(config.sessions),
      handshakes_(config.handshakes),
      certificates_(config.handshake.certificates != nullptr ? config.certificate_handshakes : 0),
      timers_(config.handshakes),
      by_address_(config.sessions),
      under_way_(config.handshakes),
      batch_(inner_),
      first_name_(first_name_of(config.front)) {
    if (handshake_config_.certificates == nullptr) return;
    p256_ = std::make_unique<base::P256>();
    handshake_config_.p256 = p256_.get();
}

DtlsServerTransport::~DtlsServerTransport() {
    for (std::uint32_t place = 0; place < places_; ++place) {
        base::wipe({reinterpret_cast<std::uint8_t*>(&sessions_[place]), sizeof(Session)});
    }
    for (std::uint32_t index = 0; index < macs_.touched(); ++index) {
        base::wipe({reinterpret_cast<std::uint8_t*>(&macs_[index]), sizeof(CbcKeys)});
    }
    for (std::uint32_t index = 0; index < handshakes_.touched(); ++index) {
        base::wipe({reinterpret_cast<std::uint8_t*>(&handshakes_[index]), sizeof(Handshake)});
    }
    for (std::uint32_t index = 0; index < certificates_.touched(); ++index) {
        base::wipe({reinterpret_cast<std::uint8_t*>(&certificates_[index]), sizeof(CertificateState)});
    }
}

// ---- names of sessions

std::array<std::uint8_t, DtlsServerTransport::own_id_size> DtlsServerTransport::id_of(std::uint32_t place) const {
    std::array<std::uint8_t, own_id_size> id;
    base::Writer out{base::MutableBytes(id)};
    out.put_u32(name_of(place));
    // Noise is told from ids without opening anything.
    out.put_u16(static_cast<std::uint16_t>(base::mix(place ^ random_seed_)));
    return id;
}

std::optional<std::uint32_t> DtlsServerTransport::place_of_id(base::Bytes id) const {
    base::Reader reader(id);
    const auto name = reader.take_uint(4);
    if (!name) return std::nullopt;
    const auto place = static_cast<std::uint32_t>(*name) - first_name_;
    if (place >= places_ || sessions_[place].kind != Kind::live || !base::equal(id_of(place), id)) return std::nullopt;
    return place;
}

// The place, and bytes that nobody else can make: nothing is kept to find a session by its id.
std::array<std::uint8_t, max_session_id> DtlsServerTransport::make_session_id(std::uint32_t place) const {
    std::array<std::uint8_t, 12> name{};
    base::Writer out{base::MutableBytes(name)};
    out.put_u32(name_of(place));
    out.put_uint(randoms_, 8);
    std::array<std::uint8_t, max_session_id> id;
    std::copy(name.begin(), name.end(), id.begin());
    const auto mac = id_key_.mac(name);
    std::copy_n(mac.begin(), id.size() - name.size(), id.begin() + name.size());
    return id;
}

std::uint32_t DtlsServerTransport::find_resumable(base::Bytes session_id) const {
    if (session_id.size() != max_session_id) return base::no_index;
    base::Reader reader(session_id);
    const auto place = static_cast<std::uint32_t>(*reader.take_uint(4)) - first_name_;
    if (place >= places_) return base::no_index;
    const auto& resumable = sessions_[place].resumable;
    return resumable && base::equal(resumable.id_view(), session_id) ? place : base::no_index;
}

// A key of one handshake: nobody can tell it from those before.
base::P256Scalar DtlsServerTransport::make_ephemeral() {
    base::P256Scalar scalar;
    do {
        std::array<std::uint8_t, 8> number;
        base::Writer out{base::MutableBytes(number)};
        out.put_uint(std::uint64_t{first_name_} << 32 | ++randoms_, 8);
        scalar = id_key_.mac({base::as_bytes("ephemeral"), number});
    } while (!base::is_p256_scalar(scalar));
    return scalar;
}

RandomBytes DtlsServerTransport::random() {
    RandomBytes bytes;
    base::Writer out{base::MutableBytes(bytes)};
    for (std::uint64_t i = 0; i < 4; ++i) out.put_uint(base::draw(random_seed_, randoms_, base::Stream::server, i), 8);
    ++randoms_;
    return bytes;
}

// ---- places

DtlsServerTransport::Line* DtlsServerTransport::line_of(Kind kind) {
    switch (kind) {
        case Kind::blank: return &blank_;
        case Kind::kept: return &kept_;
        case Kind::live: return &live_;
        case Kind::reserved: break;
    }
    return nullptr;
}

void DtlsServerTransport::link(std::uint32_t place) {
    Session& session = sessions_[place];
    Line* const line = line_of(session.kind);
    if (line == nullptr || session.pins != 0) return;
    session.older = line->newest;
    session.newer = base::no_index;
    (line->newest == base::no_index ? line->oldest : sessions_[line->newest].newer) = place;
    line->newest = place;
}

void DtlsServerTransport::unlink(std::uint32_t place) {
    Session& session = sessions_[place];
    Line* const line = line_of(session.kind);
    if (line == nullptr || session.pins != 0) return;
    (session.older == base::no_index ? line->oldest : sessions_[session.older].newer) = session.newer;
    (session.newer == base::no_index ? line->newest : sessions_[session.newer].older) = session.older;
}

void DtlsServerTransport::set_kind(std::uint32_t place, Kind kind) {
    unlink(place);
    sessions_[place].kind = kind;
    link(place);
}

void DtlsServerTransport::pin(std::uint32_t place) {
    unlink(place);
    ++sessions_[place].pins;
}

void DtlsServerTransport::unpin(std::uint32_t place) {
    --sessions_[place].pins;
    link(place);
}

// An empty place; if there is none, that of the session that has been over for longest, or of the oldest.
std::uint32_t DtlsServerTransport::take_place() {
    std::uint32_t place = blank_.oldest;
    if (place == base::no_index && places_ < sessions_.capacity()) {
        const auto lock = lock_shared();
        place = places_++;
        sessions_[place] = Session();
        sessions_[place].kind = Kind::reserved;
        return place;
    }
    if (place == base::no_index) place = kept_.oldest;
    if (place == base::no_index) place = live_.oldest;
    if (place == base::no_index) return place;
    end_session(place, Kind::reserved);
    return place;
}

void DtlsServerTransport::end_session(std::uint32_t place, Kind after) {
    Session& session = sessions_[place];
    if (session.handshake_plus_1 != 0) end_handshake(session.handshake_plus_1 - 1);
    if (session.kind == Kind::live) by_address_.erase(session.known_as);
    if (session.mac_plus_1 != 0) {
        base::wipe({reinterpret_cast<std::uint8_t*>(&macs_[session.mac_plus_1 - 1]), sizeof(CbcKeys)});
        macs_.give_back(session.mac_plus_1 - 1);
        session.mac_plus_1 = 0;
    }
    session.records = {};
    if (after != Kind::kept) {
        const auto lock = lock_shared();
        session.resumable = {};
        session.guest = base::no_index;
    }
    set_kind(place, session.resumable || after != Kind::kept ? after : Kind::blank);
}

void DtlsServerTransport::end_handshake(std::uint32_t index) {
    Handshake& handshake = handshakes_[index];
    timers_.cancel(handshake.timer);
    if (handshake.lingers) {
        sessions_[handshake.session].handshake_plus_1 = 0;
    } else {
        under_way_.erase(handshake.from);
        if (handshake.pins) {
            unpin(handshake.session);
        } else {
            set_kind(handshake.session, Kind::blank);
        }
    }
    give_back_certificates(handshake);
    base::wipe({reinterpret_cast<std::uint8_t*>(&handshake), sizeof(Handshake)});
    handshakes_.give_back(index);
}

void DtlsServerTransport::give_back_certificates(Handshake& handshake) {
    if (handshake.certificates_plus_1 == 0) return;
    const std::uint32_t place = handshake.certificates_plus_1 - 1;
    handshake.certificates_plus_1 = 0;
    base::wipe({reinterpret_cast<std::uint8_t*>(&certificates_[place]), sizeof(CertificateState)});
    certificates_.give_back(place);
}

base::Writer DtlsServerTransport::open_flight(base::Time now, const Handshake& handshake) {
    return handshake.certificates_plus_1 == 0 ? batch_.open(now) : batch_.open_flight();
}

void DtlsServerTransport::commit_flight(base::Time now, const Handshake& handshake, base::Writer& out) {
    if (out.size() == 0) return;
    if (handshake.certificates_plus_1 == 0) {
        batch_.commit(out, 0, handshake.from);
        ++counts_.own_sent;
    } else {
        const std::size_t id_size = handshake.state.session().write_id_size;
        counts_.own_sent += batch_.commit_flight(now, out, id_size, 0, handshake.from);
    }
}

const CbcKeys* DtlsServerTransport::mac_of(const Session& session) const {
    return session.mac_plus_1 == 0 ? nullptr : &macs_[session.mac_plus_1 - 1];
}

void DtlsServerTransport::arm(std::uint32_t index, base::Time due) {
    timers_.cancel(handshakes_[index].timer);
    if (due != base::never) handshakes_[index].timer = timers_.arm(due, {0, index});
}

// ---- downward

void DtlsServerTransport::send(base::Time now, std::span<const Packet> packets) {
    for (const auto& packet : packets) {
        auto out = batch_.open(now);
        if (const auto* place = by_address_.find(packet.remote)) {
            Session& session = sessions_[*place];
            out.advance(seal(aes_, session.records, mac_of(session), ContentType::application_data, packet.bytes,
                             out.memory()));
            batch_.commit(out, 0, session.at);
        } else if (plain_too_) {
            out.put(packet.bytes);
            batch_.commit(out, 0, packet.remote);
        } else {
            counts_.drop_record(RecordDiscard::no_session);
        }
    }
    batch_.flush(now);
}

void DtlsServerTransport::send_alert(base::Time now, std::uint32_t place, AlertLevel level, Alert alert) {
    Session& session = sessions_[place];
    const std::array<std::uint8_t, 2> text{static_cast<std::uint8_t>(level), static_cast<std::uint8_t>(alert)};
    auto out = batch_.open(now);
    out.advance(seal(aes_, session.records, mac_of(session), ContentType::alert, text, out.memory()));
    batch_.commit(out, 0, session.at);
    ++counts_.own_sent;
    ++counts_.alerts_sent[alert_slot(alert)];
}

// ---- upward

std::span<const Packet> DtlsServerTransport::receive(base::Time now) {
    timers_.advance(now, [&](base::TimerEvent event) { on_timer(now, event.index); });
    read_letters();
    batch_.in.clear();
    for (auto packets = inner_.receive(now); !packets.empty(); packets = inner_.receive(now)) {
        for (const auto& packet : packets) take(now, packet);
        if (!batch_.in.empty()) break;
    }
    batch_.flush(now);
    return batch_.in;
}

void DtlsServerTransport::take(base::Time now, const Packet& packet) {
    if (plain_too_ && is_coap(packet.bytes)) {
        // Who has a session speaks under it, or somebody else speaks for him.
        if (by_address_.find(packet.remote) != nullptr) return counts_.drop_datagram(RecordDiscard::unprotected);
        batch_.in.push_back(packet);
        return;
    }
    if (packet.bytes.size() > slot) return counts_.drop_datagram(RecordDiscard::malformed);
    const auto datagram = batch_.copy_in(packet.bytes);
    RecordReader records(datagram, own_id_size);
    const auto first = records.next();
    if (!first) return counts_.drop_datagram(RecordDiscard::malformed);
    const auto* under_way = under_way_.find(packet.remote);
    if (first->type == ContentType::connection_id) {
        const auto place = place_of_id(first->id);
        if (place) return take_sealed(now, *place, under_way, packet, datagram);
        if (under_way != nullptr) return take_in_handshake(now, *under_way, datagram);
        return counts_.drop_datagram(RecordDiscard::wrong_id);
    }
    if (under_way != nullptr) {
        if (first->epoch == 0 && first->type == ContentType::handshake && first->fragment.size() > 0 &&
            first->fragment[0] == static_cast<std::uint8_t>(HandshakeType::client_hello)) {
            return take_hello(now, packet, *first);
        }
        const auto* live = by_address_.find(packet.remote);
        if (first->epoch != 0 && live != nullptr && sessions_[*live].records.read_id_size == 0) {
            return take_sealed(now, *live, under_way, packet, datagram);
        }
        return take_in_handshake(now, *under_way, datagram);
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

// RFC 6347 4.2.8: while a handshake is under way, which perhaps nobody wants (a hello that came late), the session goes
// on. What it cannot open is the handshake's; opening spoils the copy.
void DtlsServerTransport::take_sealed(base::Time now, std::uint32_t place, const std::uint32_t* under_way,
                                      const Packet& packet, base::MutableBytes datagram) {
    if (under_way == nullptr) {
        take_in_session(now, place, packet, datagram);
        return;
    }
    const std::uint32_t index = *under_way;
    std::array<std::uint8_t, slot> original;
    std::copy(datagram.begin(), datagram.end(), original.begin());
    if (take_in_session(now, place, packet, datagram, Trial::yes)) return;
    take_in_handshake(now, index, base::MutableBytes(original).first(datagram.size()));
}

void DtlsServerTransport::take_hello(base::Time now, const Packet& packet, const RecordView& record) {
    ++counts_.own_received;
    auto out = batch_.open(now);
    const auto answer = answer_hello(handshake_config_, jar_, bytes_of(packet.remote), record, out);
    switch (answer.kind) {
        case HelloAnswer::Kind::none: return;
        case HelloAnswer::Kind::refused: ++counts_.alerts_sent[alert_slot(answer.alert)]; [[fallthrough]];
        case HelloAnswer::Kind::verify:
            batch_.commit(out, 0, packet.remote);
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
    const std::uint32_t resumed = find_resumable(answer.hello.session_id);
    auto loan = resumed == base::no_index ? borrow(answer.hello.session_id) : std::nullopt;
    const ResumableSession* const known_session = loan                        ? &loan->session
                                                  : resumed == base::no_index ? nullptr
                                                                              : &sessions_[resumed].resumable;
    const bool resumes = known_session != nullptr && ServerHandshake::may_resume(answer, *known_session);
    const bool at_home = resumes && !loan;
    const bool by_certificate = is_by_certificate(answer.suite) && !resumes;
    // It will ask again.
    if (by_certificate && certificates_.in_use() == certificates_.capacity()) return;
    const std::uint32_t index = handshakes_.take();
    if (index == base::no_index) return;
    // Whoever comes back takes his own place.
    const auto* own = by_address_.find(packet.remote);
    const bool pins = at_home || own != nullptr;
    const std::uint32_t place = at_home ? resumed : own != nullptr ? *own : take_place();
    if (place == base::no_index) return handshakes_.give_back(index);
    Handshake& handshake = handshakes_[index];
    handshake.from = packet.remote;
    handshake.session = place;
    handshake.pins = pins;
    if (resumes && loan) handshake.lent = loan->proven;
    if (pins) pin(place);
    const auto id = id_of(place);
    ServerHandshake::Begin begin{.random = random(),
                                 .session_id = make_session_id(place),
                                 .own_id = id,
                                 .resume = resumes ? known_session : nullptr,
                                 .certificates = nullptr};
    if (by_certificate) {
        const std::uint32_t state = certificates_.take();
        handshake.certificates_plus_1 = state + 1;
        begin.certificates = &certificates_[state];
        begin.certificates->ephemeral = make_ephemeral();
        out = batch_.open_flight();
    }
    handshake.state.begin(now, handshake_config_, answer, begin, aes_, out);
    commit_flight(now, handshake, out);
    under_way_.insert(packet.remote, index);
    arm(index, handshake.state.timer_due());
}

void DtlsServerTransport::take_in_handshake(base::Time now, std::uint32_t index, base::MutableBytes datagram) {
    Handshake& handshake = handshakes_[index];
    ++counts_.own_received;
    auto out = open_flight(now, handshake);
    const auto step =
        handshake.state.on_datagram(now, handshake_config_, keys_, aes_, datagram, out, counts_.records_dropped);
    commit_flight(now, handshake, out);
    after_step(now, index, step);
}

void DtlsServerTransport::on_timer(base::Time now, std::uint32_t index) {
    Handshake& handshake = handshakes_[index];
    handshake.timer = base::no_index;
    if (handshake.lingers) return end_handshake(index);
    auto out = open_flight(now, handshake);
    const auto step = handshake.state.on_timer(now, handshake_config_, aes_, out);
    commit_flight(now, handshake, out);
    after_step(now, index, step);
}

void DtlsServerTransport::after_step(base::Time now, std::uint32_t index, const HandshakeStep& step) {
    Handshake& handshake = handshakes_[index];
    switch (step.kind) {
        case HandshakeStep::Kind::waiting: return arm(index, handshake.state.timer_due());
        case HandshakeStep::Kind::failed:
            ++counts_.failed;
            counts_.fail(failure_of(step, handshake.state.unreadable()));
            ++counts_.certificate_faults[static_cast<std::size_t>(step.fault)];
            if (step.cause == HandshakeStep::Cause::alert_sent) ++counts_.alerts_sent[alert_slot(step.alert)];
            if (step.cause == HandshakeStep::Cause::alert_received) ++counts_.alerts_received[alert_slot(step.alert)];
            return end_handshake(index);
        case HandshakeStep::Kind::established: return establish(now, index);
    }
}

// RFC 6347 4.2.8: only now does the new session take the place of the one that this address had, or that it resumes.
void DtlsServerTransport::establish(base::Time now, std::uint32_t index) {
    Handshake& handshake = handshakes_[index];
    const std::uint32_t place = handshake.session;
    Session& session = sessions_[place];
    if (session.kind == Kind::live) end_session(place, Kind::kept);
    if (const auto* old = by_address_.find(handshake.from)) end_session(*old, Kind::blank);
    session.records = handshake.state.session();
    const bool resumed = handshake.state.resumed();
    PeerMark who = handshake.lent != 0 ? handshake.lent : session.proven;
    if (handshake.certificates_plus_1 != 0) {
        const auto& proven = certificates_[handshake.certificates_plus_1 - 1];
        const bool x509 = proven.peer_type == CertificateType::x509;
        who = identities_.mark(x509 ? PeerIdentities::Proof::x509 : PeerIdentities::Proof::raw_public_key,
                               proven.peer.name);
        give_back_certificates(handshake);
    } else if (!resumed) {
        who = identities_.mark(PeerIdentities::Proof::psk, handshake.state.identity());
        ++counts_.generations[std::min<std::size_t>(handshake.state.generation(), key_generations - 1)];
    }
    keep(place, handshake, who);
    if (session.records.cipher == RecordCipher::aes128_cbc_sha256) {
        const std::uint32_t mac = macs_.take();
        macs_[mac] = handshake.state.mac();
        session.mac_plus_1 = mac + 1;
    }
    session.known_as = session.at = handshake.from;
    set_kind(place, Kind::live);
    by_address_.insert(session.known_as, place);
    if (handshake.pins) unpin(place);
    ++(resumed ? counts_.resumed : counts_.full);
    if (session.records.read_id_size != 0) ++counts_.with_id;
    under_way_.erase(handshake.from);
    handshake.lingers = true;
    session.handshake_plus_1 = index + 1;
    // The last flight of a short handshake is the client's.
    resumed ? end_handshake(index) : arm(index, now + linger_time);
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
        const auto opened = net::open(aes_, session.records, mac_of(session), own_id, *record);
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
                batch_.in.push_back({opened.text, 0, session.known_as, session.proven});
                break;
            case ContentType::handshake:
                ++counts_.own_received;
                if (session.handshake_plus_1 != 0) {
                    auto out = batch_.open(now);
                    handshakes_[session.handshake_plus_1 - 1].state.repeat_last_flight(aes_, session.records, out);
                    if (out.size() != 0) ++counts_.own_sent;
                    batch_.commit(out, 0, session.at);
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
                end_session(place, fatal ? Kind::blank : Kind::kept);
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
