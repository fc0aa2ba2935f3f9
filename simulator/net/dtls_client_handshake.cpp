#include "simulator/net/dtls_client_handshake.h"

namespace net {
namespace {

// A server that repeats its flight is answered so often; more would make us an amplifier.
constexpr std::uint8_t most_repeats = 8;

// By preference.
constexpr std::array known_suites{CipherSuite::psk_aes128_ccm8, CipherSuite::psk_aes128_cbc_sha256,
                                  CipherSuite::ecdhe_ecdsa_aes128_ccm8, CipherSuite::ecdhe_ecdsa_aes128_gcm};

}  // namespace

struct ClientHandshake::Context {
    base::Time now;
    const ClientHandshakeConfig& config;
    const PskSource& source;
    base::Aes128& aes;
    base::Writer& out;
    DiscardCounts& discards;
    HandshakeStep step;

    void discard(RecordDiscard why) { ++discards[static_cast<std::size_t>(why)]; }
};

void ClientHandshake::start(base::Time now, const ClientHandshakeConfig& config, const Start& start,
                            base::Writer& out) {
    *this = ClientHandshake();
    device_ = start.device;
    client_random_ = start.random;
    certificates_ = start.certificates;
    if (start.resume != nullptr) offered_ = *start.resume;
    phase_ = Phase::hello;
    write_hello(config, out, true);
    timer_.begin(now, config.times);
}

HandshakeStep ClientHandshake::on_datagram(base::Time now, const ClientHandshakeConfig& config, const PskSource& source,
                                           base::Aes128& aes, base::MutableBytes datagram, base::Writer& out,
                                           DiscardCounts& discards) {
    Context context{now, config, source, aes, out, discards, {}};
    // RFC 9146 3: with a connection id of no bytes, records to us carry none.
    RecordReader records(datagram, 0);
    while (const auto record = records.next()) {
        take_record(context, *record);
        if (context.step.kind != HandshakeStep::Kind::waiting) return context.step;
    }
    if (records.malformed()) context.discard(RecordDiscard::malformed);
    return context.step;
}

HandshakeStep ClientHandshake::on_timer(base::Time now, const ClientHandshakeConfig& config, const PskSource& source,
                                        base::Aes128& aes, base::Writer& out) {
    DiscardCounts none{};
    Context context{now, config, source, aes, out, none, {}};
    if (timer_.due > now) return context.step;
    const bool waiting = phase_ == Phase::hello || phase_ == Phase::server_hello || phase_ == Phase::finished;
    if (!waiting) {
        timer_.stop();
    } else if (!timer_.again(now, config.times)) {
        phase_ = Phase::failed;
        timer_.stop();
        context.step = {HandshakeStep::Kind::failed, HandshakeStep::Cause::timeout, Alert::close_notify};
    } else if (phase_ == Phase::finished) {
        write_key_exchange(context, false);
    } else {
        write_hello(config, out, false);
    }
    return context.step;
}

void ClientHandshake::take_record(Context& context, const RecordView& record) {
    if (record.version != dtls12_version && !(record.version == dtls10_version && phase_ == Phase::hello)) {
        context.discard(RecordDiscard::version);
    } else if (record.epoch == 0 && record.type != ContentType::connection_id) {
        take_plain(context, record);
    } else if (record.epoch == 1 && ending_.keys_ready()) {
        take_sealed(context, record);
    } else {
        context.discard(RecordDiscard::epoch);
    }
}

void ClientHandshake::take_plain(Context& context, const RecordView& record) {
    switch (record.type) {
        case ContentType::handshake: take_handshake(context, record.fragment, false); return;
        case ContentType::alert:
            // Nobody has signed it, yet there is nobody else who could say why the handshake does not go on.
            if (phase_ == Phase::finished || phase_ == Phase::hello || phase_ == Phase::server_hello) {
                take_alert(context, record.fragment);
            } else {
                context.discard(RecordDiscard::unprotected);
            }
            return;
        case ContentType::change_cipher_spec: return;  // the epoch of the records that follow says the same
        case ContentType::application_data: context.discard(RecordDiscard::unprotected); return;
        case ContentType::connection_id: break;
    }
    context.discard(RecordDiscard::malformed);
}

void ClientHandshake::take_sealed(Context& context, const RecordView& record) {
    const auto opened = open(context.aes, ending_.session(), &ending_.mac(), {}, record);
    if (opened.discard != RecordDiscard::none) {
        context.discard(opened.discard);
        return;
    }
    if (opened.type == ContentType::handshake) {
        take_handshake(context, opened.text, true);
    } else if (opened.type == ContentType::alert) {
        take_alert(context, opened.text);
    } else {
        context.discard(RecordDiscard::unexpected);
    }
}

void ClientHandshake::take_handshake(Context& context, base::Bytes text, bool sealed) {
    base::Reader reader(text);
    const auto take = [&](const HandshakeFragment& message) {
        take_message(context, message);
        return context.step.kind == HandshakeStep::Kind::waiting;
    };
    while (!reader.at_end() && context.step.kind == HandshakeStep::Kind::waiting) {
        const auto fragment = take_fragment(reader);
        if (!fragment) {
            context.discard(RecordDiscard::malformed);
            return;
        }
        // Finished is the one message that comes sealed, and the only one that does.
        if (sealed != (fragment->type == HandshakeType::finished)) {
            context.discard(RecordDiscard::unexpected);
            continue;
        }
        const auto ahead = static_cast<std::int16_t>(fragment->sequence - receive_sequence_);
        if (ahead < 0) {
            // The server has not heard our flight, or a datagram came twice: its last message asks for ours again.
            if (phase_ == Phase::finished && fragment->type == HandshakeType::server_hello_done &&
                repeats_ < most_repeats) {
                ++repeats_;
                write_key_exchange(context, false);
            }
            continue;
        }
        const bool fits = certificates_ != nullptr
                              ? take_in_turn(*fragment, receive_sequence_, certificates_->inbox, take)
                              : take_in_turn(*fragment, receive_sequence_, inbox_, take);
        if (!fits) fail(context, Alert::internal_error);
    }
}

void ClientHandshake::take_message(Context& context, const HandshakeFragment& message) {
    switch (message.type) {
        case HandshakeType::hello_verify_request:
            if (phase_ != Phase::hello) break;
            take_hello_verify(context, message);
            return;
        case HandshakeType::server_hello:
            if (phase_ != Phase::hello) break;
            take_server_hello(context, message);
            return;
        case HandshakeType::certificate:
            if (!takes(CertificateState::Next::certificate)) break;
            return take_certificate(context, message);
        case HandshakeType::certificate_request:
            if (!takes(CertificateState::Next::request_or_done)) break;
            return take_certificate_request(context, message);
        case HandshakeType::server_key_exchange:
            if (takes(CertificateState::Next::key_exchange)) return take_server_key_exchange(context, message);
            if (phase_ != Phase::server_hello || ending_.keys_ready() || certificates_ != nullptr) break;
            if (!read_psk_string(message.body)) {
                fail(context, Alert::decode_error);
                return;
            }
            accept(message);  // a hint: LwM2M does not use any
            return;
        case HandshakeType::server_hello_done:
            if (phase_ != Phase::server_hello || ending_.keys_ready()) break;
            if (certificates_ != nullptr && !takes(CertificateState::Next::request_or_done) &&
                !takes(CertificateState::Next::done)) {
                break;
            }
            take_server_hello_done(context, message);
            return;
        case HandshakeType::finished:
            if (!ending_.keys_ready() || (phase_ != Phase::finished && phase_ != Phase::server_hello)) break;
            take_finished(context, message);
            return;
        case HandshakeType::hello_request: return;  // RFC 5246 7.4.1.1: ignored while a handshake is under way
        case HandshakeType::client_hello:
        case HandshakeType::certificate_verify:
        case HandshakeType::client_key_exchange: break;
    }
    fail(context, Alert::unexpected_message);
}

// By certificate: is this the message of the server's that is next?
bool ClientHandshake::takes(CertificateState::Next next) const {
    return certificates_ != nullptr && phase_ == Phase::server_hello && !ending_.keys_ready() &&
           certificates_->next == next;
}

void ClientHandshake::take_hello_verify(Context& context, const HandshakeFragment& message) {
    const auto request = read_hello_verify_request(message.body);
    if (!request) {
        fail(context, Alert::decode_error);
        return;
    }
    if (cookies_ == context.config.most_cookies) {
        fail(context, Alert::handshake_failure);  // it does not take its own cookies back
        return;
    }
    ++cookies_;
    cookie_size_ = static_cast<std::uint8_t>(request->cookie.size());
    std::copy(request->cookie.begin(), request->cookie.end(), cookie_.begin());
    ++receive_sequence_;
    ++hello_sequence_;
    context.out.rewind(0);
    write_hello(context.config, context.out, true);
    timer_.begin(context.now, context.config.times);
}

void ClientHandshake::take_server_hello(Context& context, const HandshakeFragment& message) {
    const auto hello = read_server_hello(message.body);
    if (!hello) return fail(context, Alert::decode_error);
    if (hello->version != dtls12_version) return fail(context, Alert::protocol_version);
    const auto suite = static_cast<CipherSuite>(hello->suite);
    if (!offers(context.config, suite) || hello->compression != 0) return fail(context, Alert::illegal_parameter);
    if (hello->unknown_extension || (hello->by_certificate && certificates_ == nullptr) ||
        (hello->connection_id && !context.config.offer_connection_id)) {
        return fail(context, Alert::unsupported_extension);
    }
    if (hello->connection_id) {
        // RFC 9146 allows longer ones; a session has room for these.
        if (hello->connection_id->size() > max_connection_id) return fail(context, Alert::internal_error);
        auto& session = ending_.session();
        session.write_id_size = static_cast<std::uint8_t>(hello->connection_id->size());
        std::copy(hello->connection_id->begin(), hello->connection_id->end(), session.write_id.begin());
    }
    std::copy(hello->random.begin(), hello->random.end(), server_random_.begin());
    const bool resumes = offered_ && base::equal(hello->session_id, offered_.id_view());
    if (resumes && (!hello->extended_master_secret || hello->suite != offered_.suite)) {
        return fail(context, Alert::handshake_failure);  // RFC 7627 5.3
    }
    extended_ = hello->extended_master_secret;
    if (certificates_ != nullptr && !resumes && !take_types(context, *hello)) return;
    accept(message);
    phase_ = Phase::server_hello;
    if (resumes) {
        agreed_ = offered_;
        ending_.derive(agreed_, client_random_, server_random_, Side::client);
        ending_.expect(agreed_, Side::server);
        return;
    }
    agreed_.suite = hello->suite;
    agreed_.id_size = static_cast<std::uint8_t>(hello->session_id.size());
    std::copy(hello->session_id.begin(), hello->session_id.end(), agreed_.id.begin());
}

// RFC 7250 4.2: what the server has not answered is X.509.
bool ClientHandshake::take_types(Context& context, const ServerHello& hello) {
    const auto wanted = context.config.certificates->type(device_);
    certificates_->own_type = hello.client_type.value_or(CertificateType::x509);
    certificates_->peer_type = hello.server_type.value_or(CertificateType::x509);
    if (certificates_->own_type == wanted && certificates_->peer_type == wanted) return true;
    fail(context, Alert::unsupported_certificate);
    return false;
}

void ClientHandshake::take_certificate(Context& context, const HandshakeFragment& message) {
    const auto fault =
        context.config.certificates->judge(device_, certificates_->peer_type, message.body, certificates_->peer);
    if (fault != base::CertificateFault::none) {
        fail(context, alert_of(fault));
        context.step.fault = fault;
        return;
    }
    accept(message);
    certificates_->next = CertificateState::Next::key_exchange;
}

void ClientHandshake::take_server_key_exchange(Context& context, const HandshakeFragment& message) {
    const auto exchange = read_server_key_exchange(message.body);
    if (!exchange) return fail(context, Alert::decode_error);
    if (exchange->point.size() != certificates_->peer_point.size()) return fail(context, Alert::illegal_parameter);
    const auto digest = key_exchange_digest(client_random_, server_random_, exchange->parameters);
    if (!context.config.p256->verify(certificates_->peer.key, digest, exchange->signature)) {
        return fail(context, Alert::decrypt_error);
    }
    std::copy(exchange->point.begin(), exchange->point.end(), certificates_->peer_point.begin());
    accept(message);
    certificates_->next = CertificateState::Next::request_or_done;
}

void ClientHandshake::take_certificate_request(Context& context, const HandshakeFragment& message) {
    const auto signs = read_certificate_request(message.body);
    if (!signs) return fail(context, Alert::decode_error);
    if (!*signs) return fail(context, Alert::handshake_failure);
    certificates_->requested = true;
    accept(message);
    certificates_->next = CertificateState::Next::done;
}

void ClientHandshake::take_server_hello_done(Context& context, const HandshakeFragment& message) {
    if (message.length != 0) return fail(context, Alert::decode_error);
    accept(message);
    if (certificates_ != nullptr && !prepare_certificate_flight(context)) return;
    context.out.rewind(0);
    phase_ = Phase::finished;
    write_key_exchange(context, true);
    timer_.begin(context.now, context.config.times);
}

void ClientHandshake::take_finished(Context& context, const HandshakeFragment& message) {
    if (!ending_.matches(message.body)) return fail(context, Alert::decrypt_error);
    ++receive_sequence_;
    timer_.stop();
    context.step.kind = HandshakeStep::Kind::established;
    if (phase_ == Phase::finished) {
        phase_ = Phase::established;
        return;
    }
    // Resumed: ours is the last flight.
    ending_.hash(message.type, message.sequence, message.body);
    ending_.finish(agreed_, Side::client);
    phase_ = Phase::lingering;
    finished_sequence_ = static_cast<std::uint16_t>(hello_sequence_ + 1);
    context.out.rewind(0);
    ending_.write_finished(context.aes, ending_.session(), finished_sequence_, context.out);
}

void ClientHandshake::take_alert(Context& context, base::Bytes text) {
    if (text.size() != 2) return context.discard(RecordDiscard::malformed);
    const auto step = step_of_alert(text);
    if (!step) return;
    phase_ = Phase::failed;
    timer_.stop();
    context.step = *step;
}

void ClientHandshake::fail(Context& context, Alert alert) {
    phase_ = Phase::failed;
    timer_.stop();
    context.step = {HandshakeStep::Kind::failed, HandshakeStep::Cause::alert_sent, alert};
    context.out.rewind(0);
    ending_.put_alert(alert, context.out);
}

ResumableSession ClientHandshake::resumable() const { return extended_ ? agreed_ : ResumableSession{}; }

void ClientHandshake::repeat_last_flight(base::Aes128& aes, DtlsSession& session, base::Writer& out) {
    if (phase_ != Phase::lingering || repeats_ >= most_repeats) return;
    ++repeats_;
    ending_.write_finished(aes, session, finished_sequence_, out);
}

// `count`: it is a new flight, and enters the hash; else it is the one that was sent before.
void ClientHandshake::write_hello(const ClientHandshakeConfig& config, base::Writer& out, bool count) {
    std::array<std::uint8_t, 4> suites;
    base::Writer offered{base::MutableBytes(suites)};
    for (const auto suite : known_suites) {
        if (offers(config, suite)) offered.put_u16(static_cast<std::uint16_t>(suite));
    }
    std::array<std::uint8_t, 1024> memory;
    base::Writer message{base::MutableBytes(memory)};
    message.advance(handshake_header_size);
    ClientHello hello;
    hello.version = dtls12_version;
    hello.random = client_random_;
    hello.cookie = base::Bytes(cookie_).first(cookie_size_);
    hello.suites = offered.written();
    hello.extended_master_secret = true;
    if (certificates_ != nullptr) {
        static constexpr std::array raw_public_key{static_cast<std::uint8_t>(CertificateType::raw_public_key)};
        hello.by_certificate = true;
        hello.server_name = config.certificates->server_name(device_);
        if (config.certificates->type(device_) == CertificateType::raw_public_key) {
            hello.client_types = hello.server_types = raw_public_key;
        }
    }
    if (offered_) hello.session_id = offered_.id_view();
    if (config.offer_connection_id) hello.connection_id = base::Bytes{};
    write_client_hello(hello, message);
    const auto body = message.written().subspan(handshake_header_size);
    const auto header = handshake_header(HandshakeType::client_hello, hello_sequence_, body.size());
    std::copy(header.begin(), header.end(), memory.begin());
    if (count) {
        // RFC 6347 4.2.1: the first ClientHello and the HelloVerifyRequest are not part of the hash.
        ending_.begin_hash();
        ending_.hash(message.written());
    }
    ending_.put_plain(ContentType::handshake, message.written(), out);
}

bool ClientHandshake::offers(const ClientHandshakeConfig& config, CipherSuite suite) const {
    if (certificates_ == nullptr) return config.offers(suite);
    const auto ciphers = config.certificates->ciphers(device_);
    return (suite == CipherSuite::ecdhe_ecdsa_aes128_ccm8 && ciphers != CertificateCiphers::gcm) ||
           (suite == CipherSuite::ecdhe_ecdsa_aes128_gcm && ciphers != CertificateCiphers::ccm8);
}

void ClientHandshake::write_key_exchange(Context& context, bool count) {
    if (certificates_ != nullptr) return write_certificate_flight(context);
    std::array<std::uint8_t, handshake_header_size + 2 + max_psk_identity> memory;
    base::Writer message{base::MutableBytes(memory)};
    std::array<std::uint8_t, max_psk_identity> identity;
    const std::size_t size = context.source.identity(device_, identity);
    const auto sequence = static_cast<std::uint16_t>(hello_sequence_ + 1);
    finished_sequence_ = static_cast<std::uint16_t>(hello_sequence_ + 2);
    message.put(handshake_header(HandshakeType::client_key_exchange, sequence, size + 2));
    write_psk_string(base::Bytes(identity).first(size), message);
    if (count) {
        ending_.hash(message.written());
        base::SecretArray<max_psk> key;
        const std::size_t key_size = context.source.key(device_, key.memory());
        const auto session_hash = ending_.transcript();
        derive_master(key.view().first(key_size), client_random_, server_random_, extended_ ? &session_hash : nullptr,
                      agreed_.master);
        ending_.derive(agreed_, client_random_, server_random_, Side::client);
        ending_.finish_first(agreed_, Side::client, finished_sequence_);
    }
    ending_.put_plain(ContentType::handshake, message.written(), context.out);
    ending_.write_finished(context.aes, ending_.session(), finished_sequence_, context.out);
}

// What is worked out once for our flight by certificate, however often it is sent.
bool ClientHandshake::prepare_certificate_flight(Context& context) {
    auto& state = *certificates_;
    const auto& source = *context.config.certificates;
    base::SecretArray<base::p256_scalar_size> secret;
    if (!context.config.p256->public_of(state.ephemeral, state.own_point) ||
        !context.config.p256->agree(state.ephemeral, state.peer_point, secret.memory())) {
        fail(context, Alert::illegal_parameter);  // a point that is not on the curve
        return false;
    }
    auto sequence = static_cast<std::uint16_t>(hello_sequence_ + 1);
    if (state.requested) {
        base::Writer own{base::MutableBytes(state.own)};
        source.write_certificate(device_, own);
        if (own.failed()) {
            fail(context, Alert::internal_error);
            return false;
        }
        state.own_size = static_cast<std::uint16_t>(own.size());
        ending_.hash(HandshakeType::certificate, sequence++, own.written());
    }
    std::array<std::uint8_t, 1 + base::p256_point_size> exchange;
    base::Writer point{base::MutableBytes(exchange)};
    write_point(state.own_point, point);
    ending_.hash(HandshakeType::client_key_exchange, sequence++, exchange);
    const auto session_hash = ending_.transcript();
    derive_master_from(secret.view(), client_random_, server_random_, extended_ ? &session_hash : nullptr,
                       agreed_.master);
    if (state.requested) {
        base::P256Scalar key;
        source.key(device_, key);
        state.signature_size = static_cast<std::uint8_t>(context.config.p256->sign(key, session_hash, state.signature));
        base::wipe(key);
        std::array<std::uint8_t, 4 + base::p256_signature_capacity> memory;
        base::Writer verify{base::MutableBytes(memory)};
        write_signature(base::Bytes(state.signature).first(state.signature_size), verify);
        ending_.hash(HandshakeType::certificate_verify, sequence++, verify.written());
    }
    finished_sequence_ = sequence;
    ending_.derive(agreed_, client_random_, server_random_, Side::client);
    ending_.finish_first(agreed_, Side::client, finished_sequence_);
    return true;
}

void ClientHandshake::write_certificate_flight(Context& context) {
    const auto& state = *certificates_;
    auto sequence = static_cast<std::uint16_t>(hello_sequence_ + 1);
    const auto put = [&](HandshakeType type, base::Bytes body) {
        ending_.put_message(type, sequence++, body, context.out);
    };
    if (state.requested) put(HandshakeType::certificate, base::Bytes(state.own).first(state.own_size));
    std::array<std::uint8_t, 4 + base::p256_signature_capacity> memory;
    base::Writer point{base::MutableBytes(memory)};
    write_point(state.own_point, point);
    put(HandshakeType::client_key_exchange, point.written());
    if (state.requested) {
        base::Writer verify{base::MutableBytes(memory)};
        write_signature(base::Bytes(state.signature).first(state.signature_size), verify);
        put(HandshakeType::certificate_verify, verify.written());
    }
    ending_.write_finished(context.aes, ending_.session(), finished_sequence_, context.out);
}

}  // namespace net
