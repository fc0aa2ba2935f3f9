#include "simulator/net/dtls_server_handshake.h"

#include <algorithm>

#include "simulator/base/check.h"

namespace net {
namespace {

constexpr std::uint8_t most_repeats = 8;
// The longer of a CBC and a CCM record with a Finished, without its header.
constexpr std::size_t max_finished_record = 128;

std::size_t put_plain_alert(Alert alert, std::uint64_t sequence, base::MutableBytes out) {
    const std::array<std::uint8_t, 2> text{static_cast<std::uint8_t>(AlertLevel::fatal),
                                           static_cast<std::uint8_t>(alert)};
    return write_plain_record(ContentType::alert, sequence, text, out);
}

// The first type of the client's that both sides can use (RFC 7250 4.2); who says nothing means X.509.
template <class Usable>
std::optional<CertificateType> choose_type(base::Bytes offered, Usable&& usable) {
    static constexpr std::array silent{static_cast<std::uint8_t>(CertificateType::x509)};
    for (const auto type : offered.empty() ? base::Bytes(silent) : offered) {
        const auto candidate = static_cast<CertificateType>(type);
        const bool known = candidate == CertificateType::x509 || candidate == CertificateType::raw_public_key;
        if (known && usable(candidate)) return candidate;
    }
    return std::nullopt;
}

bool choose_by_certificate(const ServerHandshakeConfig& config, const ClientHello& hello, HelloAnswer& answer) {
    if (config.certificates == nullptr || hello.other_groups || hello.other_signatures) return false;
    const auto& own = *config.certificates;
    const auto server = choose_type(hello.server_types, [&](auto type) { return !own.certificate(type).empty(); });
    const auto client = choose_type(hello.client_types, [&](auto type) { return own.accepts(type); });
    if (!server || !client) return false;
    answer.server_type = *server;
    answer.client_type = *client;
    return true;
}

bool choose(const ServerHandshakeConfig& config, HelloAnswer& answer) {
    const auto& hello = answer.hello;
    const auto take = [&](bool accepted, CipherSuite suite) {
        if (!accepted || !hello.offers(suite)) return false;
        answer.suite = suite;
        return !is_by_certificate(suite) || choose_by_certificate(config, hello, answer);
    };
    const bool certificates = config.certificates != nullptr;
    return take(config.accept_ccm8, CipherSuite::psk_aes128_ccm8) ||
           take(config.accept_cbc, CipherSuite::psk_aes128_cbc_sha256) ||
           take(certificates, CipherSuite::ecdhe_ecdsa_aes128_ccm8) ||
           take(certificates, CipherSuite::ecdhe_ecdsa_aes128_gcm);
}

}  // namespace

CookieJar::Cookie CookieJar::bake(base::Bytes from, const ClientHello& hello) const {
    // Of all parameters that the second ClientHello repeats (RFC 6347 4.2.1), the random stands for the rest.
    const auto mac = key_.mac({from, hello.random, hello.session_id, hello.suites});
    Cookie cookie;
    std::copy_n(mac.begin(), cookie.size(), cookie.begin());
    return cookie;
}

bool CookieJar::good(base::Bytes from, const ClientHello& hello) const {
    return base::equal_in_constant_time(hello.cookie, bake(from, hello));
}

HelloAnswer answer_hello(const ServerHandshakeConfig& config, const CookieJar& jar, base::Bytes from,
                         const RecordView& record, base::Writer& out) {
    HelloAnswer answer;
    answer.sequence = record.sequence;
    base::Reader reader(record.fragment);
    const auto fragment = take_fragment(reader);
    if (!fragment || fragment->type != HandshakeType::client_hello || !fragment->whole()) return answer;
    answer.message = *fragment;
    const auto refuse = [&](Alert alert) {
        answer.kind = HelloAnswer::Kind::refused;
        answer.alert = alert;
        out.advance(put_plain_alert(alert, record.sequence, out.memory()));
        return answer;
    };
    const auto hello = read_client_hello(fragment->body);
    if (!hello) return refuse(Alert::decode_error);
    answer.hello = *hello;
    // DTLS 1.0 is 0xfeff, 1.2 is 0xfefd: a smaller number is a later version, and may speak ours.
    if (hello->version > dtls12_version) return refuse(Alert::protocol_version);
    if (!jar.good(from, *hello)) {
        answer.kind = HelloAnswer::Kind::verify;
        std::array<std::uint8_t, handshake_header_size + 3 + CookieJar::cookie_size> memory;
        base::Writer message{base::MutableBytes(memory)};
        message.put(handshake_header(HandshakeType::hello_verify_request, fragment->sequence,
                                     memory.size() - handshake_header_size));
        write_hello_verify_request(jar.bake(from, *hello), message);
        // RFC 6347 4.2.1: with the sequence number of the ClientHello, since nothing is kept.
        out.advance(write_plain_record(ContentType::handshake, record.sequence, message.written(), out.memory()));
        return answer;
    }
    if (!choose(config, answer)) return refuse(Alert::handshake_failure);
    if (hello->connection_id && hello->connection_id->size() > max_connection_id) return refuse(Alert::internal_error);
    answer.kind = HelloAnswer::Kind::accepted;
    return answer;
}

struct ServerHandshake::Context {
    base::Time now;
    const ServerHandshakeConfig& config;
    const PskDirectory& directory;
    base::Aes128& aes;
    base::Writer& out;
    DiscardCounts& discards;
    HandshakeStep step;

    void discard(RecordDiscard why) { ++discards[static_cast<std::size_t>(why)]; }
};

void ServerHandshake::begin(base::Time now, const ServerHandshakeConfig& config, const HelloAnswer& answer,
                            const Begin& begin, base::Aes128& aes, base::Writer& out) {
    *this = ServerHandshake();
    const auto& hello = answer.hello;
    std::copy(hello.random.begin(), hello.random.end(), client_random_.begin());
    server_random_ = begin.random;
    // RFC 6347 4.2.2: message_seq goes on behind the HelloVerifyRequest, and record numbers from the ClientHello's.
    hello_sequence_ = answer.message.sequence;
    receive_sequence_ = static_cast<std::uint16_t>(answer.message.sequence + 1);
    ending_.number_from(answer.sequence);
    extended_ = hello.extended_master_secret;
    renegotiation_info_ = hello.renegotiation_info;
    with_id_ = hello.connection_id && config.accept_connection_id;
    if (with_id_) {
        auto& session = ending_.session();
        session.write_id_size = static_cast<std::uint8_t>(hello.connection_id->size());
        std::copy(hello.connection_id->begin(), hello.connection_id->end(), session.write_id.begin());
        session.read_id_size = static_cast<std::uint8_t>(begin.own_id.size());
        std::copy(begin.own_id.begin(), begin.own_id.end(), own_id_.begin());
    }
    resumed_ = begin.resume != nullptr && may_resume(answer, *begin.resume);
    if (resumed_) {
        agreed_ = *begin.resume;
    } else {
        agreed_.id = begin.session_id;
        agreed_.id_size = max_session_id;
        agreed_.suite = static_cast<std::uint16_t>(answer.suite);
    }
    if (!resumed_ && begin.certificates != nullptr) {
        certificates_ = begin.certificates;
        certificates_->own_type = answer.server_type;
        certificates_->peer_type = answer.client_type;
        certificates_->client_types_in_hello = !hello.client_types.empty();
        certificates_->server_types_in_hello = !hello.server_types.empty();
        certificates_->formats_in_hello = hello.point_formats;
    }
    ending_.hash(HandshakeType::client_hello, answer.message.sequence, answer.message.body);
    phase_ = resumed_ ? Phase::finished : Phase::hello_done;
    write_flight(config, aes, out, true);
    timer_.begin(now, config.times);
}

HandshakeStep ServerHandshake::on_datagram(base::Time now, const ServerHandshakeConfig& config,
                                           const PskDirectory& directory, base::Aes128& aes,
                                           base::MutableBytes datagram, base::Writer& out, DiscardCounts& discards) {
    Context context{now, config, directory, aes, out, discards, {}};
    RecordReader records(datagram, ending_.session().read_id_size);
    while (const auto record = records.next()) {
        take_record(context, *record);
        if (context.step.kind != HandshakeStep::Kind::waiting) return context.step;
    }
    if (records.malformed()) context.discard(RecordDiscard::malformed);
    return context.step;
}

HandshakeStep ServerHandshake::on_timer(base::Time now, const ServerHandshakeConfig& config, base::Aes128& aes,
                                        base::Writer& out) {
    if (timer_.due > now) return {};
    if (phase_ == Phase::established || phase_ == Phase::failed) {
        timer_.stop();
        return {};
    }
    if (!timer_.again(now, config.times)) {
        phase_ = Phase::failed;
        timer_.stop();
        return {HandshakeStep::Kind::failed, HandshakeStep::Cause::timeout, Alert::close_notify};
    }
    // Where the client's keys have come, its Finished is what is missing: our flight asks for it again.
    write_flight(config, aes, out, false);
    return {};
}

void ServerHandshake::take_record(Context& context, const RecordView& record) {
    if (record.version != dtls12_version && record.version != dtls10_version) {
        return context.discard(RecordDiscard::version);
    }
    if (record.epoch == 0 && record.type == ContentType::handshake) {
        take_handshake(context, record.fragment, false);
    } else if (record.epoch == 0 && record.type == ContentType::alert) {
        take_alert(context, record.fragment);
    } else if (record.epoch == 0 && record.type == ContentType::change_cipher_spec) {
        // The epoch of the records that follow says the same.
    } else if (record.epoch == 0) {
        context.discard(RecordDiscard::unprotected);
    } else if (!ending_.keys_ready()) {
        context.discard(RecordDiscard::epoch);
    } else {
        const auto opened = open_finished(context, record);
        if (opened.discard != RecordDiscard::none) {
            unreadable_ = unreadable_ || opened.discard == RecordDiscard::decrypt;
            context.discard(opened.discard);
        } else if (opened.type == ContentType::handshake) {
            take_handshake(context, opened.text, true);
        } else if (opened.type == ContentType::alert) {
            take_alert(context, opened.text);
        } else {
            context.discard(RecordDiscard::unexpected);
        }
    }
}

void ServerHandshake::take_handshake(Context& context, base::Bytes text, bool sealed) {
    base::Reader reader(text);
    const auto take = [&](const HandshakeFragment& message) {
        take_message(context, message);
        return context.step.kind == HandshakeStep::Kind::waiting;
    };
    while (!reader.at_end() && context.step.kind == HandshakeStep::Kind::waiting) {
        const auto fragment = take_fragment(reader);
        if (!fragment) return context.discard(RecordDiscard::malformed);
        if (sealed != (fragment->type == HandshakeType::finished)) {
            context.discard(RecordDiscard::unexpected);
            continue;
        }
        const auto ahead = static_cast<std::int16_t>(fragment->sequence - receive_sequence_);
        if (ahead < 0) {
            // The ClientHello once more: our flight was lost, or a datagram came twice.
            if (fragment->type == HandshakeType::client_hello && fragment->whole() && repeats_ < most_repeats) {
                ++repeats_;
                context.out.rewind(0);
                write_flight(context.config, context.aes, context.out, false);
            }
            continue;
        }
        const bool fits = certificates_ != nullptr
                              ? take_in_turn(*fragment, receive_sequence_, certificates_->inbox, take)
                              : take_in_turn(*fragment, receive_sequence_, inbox_, take);
        if (!fits) fail(context, Alert::internal_error);
    }
}

// By certificate: is this the message of the client's that is next?
bool ServerHandshake::takes(CertificateState::Next next) const {
    return certificates_ != nullptr && phase_ == Phase::hello_done && certificates_->next == next;
}

void ServerHandshake::take_message(Context& context, const HandshakeFragment& message) {
    if (message.type == HandshakeType::certificate && takes(CertificateState::Next::certificate)) {
        take_certificate(context, message);
    } else if (message.type == HandshakeType::client_key_exchange && takes(CertificateState::Next::key_exchange)) {
        take_point(context, message);
    } else if (message.type == HandshakeType::certificate_verify && takes(CertificateState::Next::verify)) {
        take_certificate_verify(context, message);
    } else if (message.type == HandshakeType::client_key_exchange && phase_ == Phase::hello_done &&
               certificates_ == nullptr) {
        take_key_exchange(context, message);
    } else if (message.type == HandshakeType::finished && (phase_ == Phase::keys || phase_ == Phase::finished)) {
        take_finished(context, message);
    } else {
        fail(context, Alert::unexpected_message);
    }
}

void ServerHandshake::take_key_exchange(Context& context, const HandshakeFragment& message) {
    const auto identity = read_psk_string(message.body);
    if (!identity || identity->size() > max_psk_identity) return fail(context, Alert::decode_error);
    identity_size_ = static_cast<std::uint8_t>(identity->size());
    std::copy(identity->begin(), identity->end(), identity_.begin());
    base::SecretArray<max_psk> key;
    const auto known = context.directory.key_of(*identity, 0, key.memory());
    if (!known) return fail(context, Alert::unknown_psk_identity);
    ending_.hash(message.type, message.sequence, message.body);
    generation_ = known->generation;
    ++receive_sequence_;
    use_key(key.view().first(known->size));
}

void ServerHandshake::use_key(base::Bytes key) {
    const auto session_hash = ending_.transcript();
    derive_master(key, client_random_, server_random_, extended_ ? &session_hash : nullptr, agreed_.master);
    await_finished();
}

// An identity may have keys of several generations, and does not say which: it is the one that opens the client's
// Finished.
Opened ServerHandshake::open_finished(Context& context, const RecordView& record) {
    const auto open_now = [&](const RecordView& view) {
        return open(context.aes, ending_.session(), &ending_.mac(), own_id(), view);
    };
    std::array<std::uint8_t, max_finished_record> copy;
    const bool several = phase_ == Phase::keys && certificates_ == nullptr && record.fragment.size() <= copy.size();
    if (several) std::ranges::copy(record.fragment, copy.begin());
    auto opened = open_now(record);
    if (!several || opened.discard != RecordDiscard::decrypt) return opened;
    const std::uint8_t tried = generation_;
    base::SecretArray<max_psk> key;
    for (unsigned from = 0;;) {
        const auto known = context.directory.key_of(identity(), from, key.memory());
        if (!known) return opened;
        from = known->generation + 1u;
        if (known->generation == tried) continue;
        generation_ = known->generation;
        use_key(key.view().first(known->size));
        // A record is opened in place, and spoiled where that fails.
        std::ranges::copy(base::Bytes(copy).first(record.fragment.size()), record.fragment.begin());
        opened = open_now(record);
        if (opened.discard != RecordDiscard::decrypt) return opened;
    }
}

// The master secret is there, and all of the client's flight before Finished is in the hash.
void ServerHandshake::await_finished() {
    ending_.derive(agreed_, client_random_, server_random_, Side::server);
    ending_.expect(agreed_, Side::client);
    phase_ = Phase::keys;
}

void ServerHandshake::take_certificate(Context& context, const HandshakeFragment& message) {
    const auto fault = context.config.certificates->judge(certificates_->peer_type, message.body, certificates_->peer);
    if (fault != base::CertificateFault::none) {
        fail(context, alert_of(fault));
        context.step.fault = fault;
        return;
    }
    accept(message);
    certificates_->next = CertificateState::Next::key_exchange;
}

void ServerHandshake::take_point(Context& context, const HandshakeFragment& message) {
    const auto point = read_point(message.body);
    if (!point) return fail(context, Alert::decode_error);
    base::SecretArray<base::p256_scalar_size> secret;
    if (!context.config.p256->agree(certificates_->ephemeral, *point, secret.memory())) {
        return fail(context, Alert::illegal_parameter);
    }
    accept(message);
    certificates_->signed_digest = ending_.transcript();
    derive_master_from(secret.view(), client_random_, server_random_,
                       extended_ ? &certificates_->signed_digest : nullptr, agreed_.master);
    certificates_->next = CertificateState::Next::verify;
}

void ServerHandshake::take_certificate_verify(Context& context, const HandshakeFragment& message) {
    const auto signature = read_signature(message.body);
    if (!signature) return fail(context, Alert::decode_error);
    if (!context.config.p256->verify(certificates_->peer.key, certificates_->signed_digest, *signature)) {
        return fail(context, Alert::decrypt_error);
    }
    accept(message);
    await_finished();
}

void ServerHandshake::take_finished(Context& context, const HandshakeFragment& message) {
    if (!ending_.matches(message.body)) return fail(context, Alert::decrypt_error);
    ++receive_sequence_;
    timer_.stop();
    context.step.kind = HandshakeStep::Kind::established;
    if (phase_ == Phase::keys) {
        ending_.hash(message.type, message.sequence, message.body);
        ending_.finish(agreed_, Side::server);
        context.out.rewind(0);
        ending_.write_finished(context.aes, ending_.session(), finished_sequence_, context.out);
    }
    phase_ = Phase::established;
}

void ServerHandshake::take_alert(Context& context, base::Bytes text) {
    if (text.size() != 2) return context.discard(RecordDiscard::malformed);
    const auto step = step_of_alert(text);
    if (!step) return;
    phase_ = Phase::failed;
    timer_.stop();
    context.step = *step;
}

void ServerHandshake::fail(Context& context, Alert alert) {
    phase_ = Phase::failed;
    timer_.stop();
    context.step = {HandshakeStep::Kind::failed, HandshakeStep::Cause::alert_sent, alert};
    context.out.rewind(0);
    ending_.put_alert(alert, context.out);
}

void ServerHandshake::repeat_last_flight(base::Aes128& aes, DtlsSession& session, base::Writer& out) {
    if (phase_ != Phase::established || resumed_ || repeats_ >= most_repeats) return;
    ++repeats_;
    ending_.write_finished(aes, session, finished_sequence_, out);
}

// ServerHello and, in a full handshake, ServerHelloDone; in a short one, ChangeCipherSpec and Finished.
void ServerHandshake::write_flight(const ServerHandshakeConfig& config, base::Aes128& aes, base::Writer& out,
                                   bool count) {
    std::array<std::uint8_t, 128> memory;
    base::Writer body{base::MutableBytes(memory)};
    ServerHello hello;
    hello.version = dtls12_version;
    hello.random = server_random_;
    hello.session_id = agreed_.id_view();
    hello.suite = agreed_.suite;
    hello.extended_master_secret = extended_;
    hello.renegotiation_info = renegotiation_info_;
    if (with_id_) hello.connection_id = own_id();
    if (certificates_ != nullptr) {
        hello.point_formats = certificates_->formats_in_hello;
        if (certificates_->client_types_in_hello) hello.client_type = certificates_->peer_type;
        if (certificates_->server_types_in_hello) hello.server_type = certificates_->own_type;
    }
    write_server_hello(hello, body);
    write_message(HandshakeType::server_hello, hello_sequence_, body.written(), out, count);
    auto sequence = static_cast<std::uint16_t>(hello_sequence_ + 1);
    if (!resumed_) {
        if (certificates_ != nullptr) write_certificates(config, sequence, out, count);
        write_message(HandshakeType::server_hello_done, sequence, {}, out, count);
        finished_sequence_ = static_cast<std::uint16_t>(sequence + 1);
        return;
    }
    finished_sequence_ = sequence;
    if (count) {
        ending_.derive(agreed_, client_random_, server_random_, Side::server);
        ending_.finish_first(agreed_, Side::server, finished_sequence_);
    }
    ending_.write_finished(aes, ending_.session(), finished_sequence_, out);
}

// Certificate, ServerKeyExchange and CertificateRequest.
void ServerHandshake::write_certificates(const ServerHandshakeConfig& config, std::uint16_t& sequence,
                                         base::Writer& out, bool count) {
    auto& state = *certificates_;
    std::array<std::uint8_t, key_parameters_size + 4 + base::p256_signature_capacity> memory;
    if (count) {
        CHECK(config.p256->public_of(state.ephemeral, state.own_point));
        base::Writer parameters{base::MutableBytes(memory)};
        write_key_parameters(state.own_point, parameters);
        const auto digest = key_exchange_digest(client_random_, server_random_, parameters.written());
        state.signature_size =
            static_cast<std::uint8_t>(config.p256->sign(config.certificates->key(), digest, state.signature));
    }
    const auto put = [&](HandshakeType type, base::Bytes body) {
        if (count) ending_.hash(type, sequence, body);
        ending_.put_message(type, sequence++, body, out);
    };
    put(HandshakeType::certificate, config.certificates->certificate(state.own_type));
    base::Writer exchange{base::MutableBytes(memory)};
    write_key_parameters(state.own_point, exchange);
    write_signature(base::Bytes(state.signature).first(state.signature_size), exchange);
    put(HandshakeType::server_key_exchange, exchange.written());
    base::Writer request{base::MutableBytes(memory)};
    write_certificate_request(request);
    put(HandshakeType::certificate_request, request.written());
}

void ServerHandshake::write_message(HandshakeType type, std::uint16_t sequence, base::Bytes body, base::Writer& out,
                                    bool count) {
    std::array<std::uint8_t, handshake_header_size + 128> memory;
    base::Writer message{base::MutableBytes(memory)};
    message.put(handshake_header(type, sequence, body.size()));
    message.put(body);
    if (count) ending_.hash(message.written());
    ending_.put_plain(ContentType::handshake, message.written(), out);
}

}  // namespace net
