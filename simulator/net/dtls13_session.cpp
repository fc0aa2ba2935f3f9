#include "simulator/net/dtls13_session.h"

#if LWM2M_SIM_WOLFSSL_HAS_DTLS13

#include <wolfssl/options.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>

#include "simulator/base/check.h"
#include "simulator/net/packet.h"

namespace net {
namespace {

// RFC 9147 5.8.2: the same as in DTLS 1.2. The library's own times only double, and are not looked at.
constexpr FlightTimes times;
constexpr int longest_timeout = 1 << 20;
constexpr int ticket_lifetime = 24 * 60 * 60;  // seconds; RFC 8446 4.6.1 allows seven times that
constexpr std::size_t longest_text = max_datagram + 128;

const char* names_of(Dtls13Suite suite) {
    switch (suite) {
        case Dtls13Suite::ccm: return "TLS13-AES128-CCM-SHA256";
        case Dtls13Suite::gcm: return "TLS13-AES128-GCM-SHA256";
        case Dtls13Suite::both: return "TLS13-AES128-CCM-SHA256:TLS13-AES128-GCM-SHA256";
    }
    return "";
}

// ECPrivateKey (RFC 5915): version, key, the curve.
constexpr std::size_t private_key_size = 51;
void put_private_key(const base::P256Scalar& key, base::Writer& out) {
    constexpr std::array<std::uint8_t, 7> before{0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20};
    constexpr std::array<std::uint8_t, 12> curve{0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                                 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    out.put(before);
    out.put(key);
    out.put(curve);
}

// The session whose datagram the library works on: it does not say so itself where it asks about certificates.
thread_local Dtls13Session* driven = nullptr;

class Driving {
public:
    explicit Driving(Dtls13Session* session) : before_(driven) { driven = session; }
    Driving(const Driving&) = delete;
    Driving& operator=(const Driving&) = delete;
    ~Driving() { driven = before_; }

private:
    Dtls13Session* before_;
};

}  // namespace

Dtls13Features dtls13_features() {
    return {.available = true,
            .connection_ids = LWM2M_SIM_WOLFSSL_HAS_DTLS13_CID,
            .tickets = LWM2M_SIM_WOLFSSL_HAS_TICKETS,
            .secrets = LWM2M_SIM_WOLFSSL_HAS_SECRETS};
}

struct Dtls13Calls {
    static Dtls13Session& self(void* session) { return *static_cast<Dtls13Session*>(session); }

    static int receive(WOLFSSL*, char* out, int size, void* session) {
        const auto datagram = std::exchange(self(session).datagram_, {});
        if (datagram.empty()) return WOLFSSL_CBIO_ERR_WANT_READ;
        const auto taken = std::min(datagram.size(), static_cast<std::size_t>(size));
        std::copy_n(datagram.begin(), taken, out);
        return static_cast<int>(taken);
    }
    static int send(WOLFSSL*, char* bytes, int size, void* session) {
        auto& own = self(session);
        const base::Bytes datagram(reinterpret_cast<const std::uint8_t*>(bytes), static_cast<std::size_t>(size));
        own.sent_ = true;
        // A ClientHello: all else of a client is sealed, or acknowledges.
        if (datagram[0] == static_cast<std::uint8_t>(ContentType::handshake)) own.by_key_ = false;
        if (own.holds_) {
            own.held_.emplace_back(datagram.begin(), datagram.end());
        } else if (own.sink_ != nullptr) {
            own.sink_->send(datagram);
        }
        return size;
    }
    static unsigned client_key(WOLFSSL* ssl, const char*, char* identity, unsigned identity_room, unsigned char* key,
                               unsigned key_room, const char** suite) {
        auto& own = self(wolfSSL_get_psk_callback_ctx(ssl));
        const auto& keys = *own.context_.client_keys_;
        std::array<std::uint8_t, max_psk_identity> name;
        const std::size_t size = keys.identity(own.link_, name);
        if (size >= identity_room || key_room < max_psk) return 0;
        std::copy_n(name.begin(), size, identity);
        identity[size] = '\0';
        *suite = names_of(own.suite_);
        own.by_key_ = true;
        return static_cast<unsigned>(keys.key(own.link_, base::MutableBytes(key, max_psk)));
    }
    static unsigned server_key(WOLFSSL* ssl, const char* identity, unsigned char* key, unsigned room,
                               const char** suite) {
        auto& own = self(wolfSSL_get_psk_callback_ctx(ssl));
        *suite = names_of(own.suite_);
        if (room < max_psk) return 0;
        const auto known = own.context_.server_keys_->key_of(base::as_bytes(std::string_view(identity)),
                                                             own.first_generation_, base::MutableBytes(key, max_psk));
        if (!known) return 0;
        own.identity_ = identity;
        own.generation_ = known->generation;
        own.resumed_ = false;
        return static_cast<unsigned>(known->size);
    }
    static int hello_is_good(WOLFSSL*, void* session) {
        self(session).began_ = true;
        self(session).resumed_ = false;
        return 0;
    }
#if LWM2M_SIM_WOLFSSL_HAS_TICKETS
    // A ticket is sealed with what its owner has proven beside it, in place of a key's name: nothing is kept here.
    static int ticket(WOLFSSL*, unsigned char* name, unsigned char* iv, unsigned char* mac, int sealing,
                      unsigned char* text, int size, int* out_size, void*) {
        if (driven == nullptr) return WOLFSSL_TICKET_RET_FATAL;
        auto& own = *driven;
        const base::MutableBytes ticket(text, static_cast<std::size_t>(size));
        const base::MutableBytes tag(mac, base::Aes128::gcm_tag_size);
        const base::Bytes proven(name, WOLFSSL_TICKET_NAME_SZ);
        const base::Aes128::Sealing with{
            .key = own.context_.ticket_key_.view(), .nonce = base::Bytes(iv, ticket_nonce_size), .associated = proven};
        base::Aes128 aes;
        *out_size = size;
        if (sealing != 0) {
            std::fill_n(name, WOLFSSL_TICKET_NAME_SZ, std::uint8_t{0});
            std::fill_n(iv, WOLFSSL_TICKET_IV_SZ, std::uint8_t{0});
            std::fill_n(mac, WOLFSSL_TICKET_MAC_SZ, std::uint8_t{0});
            base::Writer out{base::MutableBytes(name, sizeof(PeerMark))};
            out.put_uint(own.proven(), sizeof(PeerMark));
            base::fill_random(base::MutableBytes(iv, ticket_nonce_size));
            aes.gcm_seal(with, ticket, tag);
            return WOLFSSL_TICKET_RET_OK;
        }
        if (!aes.gcm_open(with, ticket, tag)) return WOLFSSL_TICKET_RET_REJECT;
        own.of_ticket_ = *base::Reader(proven).take_uint(sizeof(PeerMark));
        own.resumed_ = true;
        return WOLFSSL_TICKET_RET_OK;
    }
    static constexpr std::size_t ticket_nonce_size = 12;
#endif
#if LWM2M_SIM_WOLFSSL_HAS_SECRETS
    static int secret(WOLFSSL* ssl, int which, const unsigned char* secret, int size, void* session) {
        std::string_view label;
        switch (which) {
            case CLIENT_HANDSHAKE_TRAFFIC_SECRET: label = "CLIENT_HANDSHAKE_TRAFFIC_SECRET"; break;
            case SERVER_HANDSHAKE_TRAFFIC_SECRET: label = "SERVER_HANDSHAKE_TRAFFIC_SECRET"; break;
            case CLIENT_TRAFFIC_SECRET: label = "CLIENT_TRAFFIC_SECRET_0"; break;
            case SERVER_TRAFFIC_SECRET: label = "SERVER_TRAFFIC_SECRET_0"; break;
            default: return 0;
        }
        RandomBytes random{};
        wolfSSL_get_client_random(ssl, random.data(), random.size());
        (*self(session).log_)(label, random, base::Bytes(secret, static_cast<std::size_t>(size)));
        return 0;
    }
#endif
    // Paths of certificates are judged as in DTLS 1.2; the library has no CA of its own here, and takes none as good.
    static int verify(int, WOLFSSL_X509_STORE_CTX* store) {
        if (driven == nullptr) return 0;
        if (store->error_depth != 0) return 1;
        std::vector<base::Bytes> chain;
        for (int i = 0; i < store->totalCerts; ++i) chain.emplace_back(store->certs[i].buffer, store->certs[i].length);
        driven->fault_ = driven->judge(chain);
        return confirm(0, store);
    }
    // The library wants to be told so twice.
    static int confirm(int, WOLFSSL_X509_STORE_CTX* store) {
        if (store->error_depth != 0) return 1;
        return driven != nullptr && driven->fault_ == base::CertificateFault::none ? 1 : 0;
    }
};

Dtls13Context::Dtls13Context(Side side, base::Bytes secret) : side_(side), identities_(secret) {
    static const int started = wolfSSL_Init();
    CHECK(started == WOLFSSL_SUCCESS);
    const bool client = side == Side::client;
    context_ = wolfSSL_CTX_new(client ? wolfDTLSv1_3_client_method() : wolfDTLSv1_3_server_method());
    CHECK(context_ != nullptr);
    wolfSSL_CTX_SetIORecv(context_, Dtls13Calls::receive);
    wolfSSL_CTX_SetIOSend(context_, Dtls13Calls::send);
    wolfSSL_CTX_set_session_cache_mode(context_, WOLFSSL_SESS_CACHE_OFF);
    wolfSSL_CTX_UseSupportedCurve(context_, WOLFSSL_ECC_SECP256R1);
    wolfSSL_CTX_only_dhe_psk(context_);
    wolfSSL_CTX_set_verify(context_, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT, Dtls13Calls::confirm);
    wolfSSL_CertManagerSetVerify(wolfSSL_CTX_GetCertManager(context_), Dtls13Calls::verify);
#if LWM2M_SIM_WOLFSSL_HAS_TICKETS
    wolfSSL_CTX_set_timeout(context_, ticket_lifetime);
    if (client) return;
    wolfSSL_CTX_set_TicketEncCb(context_, Dtls13Calls::ticket);
    wolfSSL_CTX_set_TicketHint(context_, ticket_lifetime);
#endif
}

Dtls13Context::Dtls13Context(const PskSource* keys, const CertificateSource* certificates)
    : Dtls13Context(Side::client, {}) {
    client_keys_ = keys;
    client_certificates_ = certificates;
}

Dtls13Context::Dtls13Context(const PskDirectory* keys, const ServerCertificates* certificates, base::Bytes secret)
    : Dtls13Context(Side::server, secret) {
    server_keys_ = keys;
    server_certificates_ = certificates;
    cookie_secret_ = base::Secret(base::hkdf_extract(base::as_bytes("cookies of DTLS 1.3"), secret));
    const auto key = base::hkdf_extract(base::as_bytes("tickets of DTLS 1.3"), secret);
    ticket_key_ = base::Secret(base::Bytes(key).first(base::Aes128::key_size));
}

Dtls13Context::~Dtls13Context() { wolfSSL_CTX_free(context_); }

Dtls13Ticket::~Dtls13Ticket() {
    if (session_ != nullptr) wolfSSL_SESSION_free(session_);
}

Dtls13Session::Dtls13Session(const Dtls13Context& context, const Client& client)
    : context_(context),
      link_(client.link),
      proof_(client.proof),
      suite_(client.suite),
      offers_id_(client.offers_id),
      log_(client.log) {
    open();
    if (client.resume == nullptr || !*client.resume || !usable_) return;
    offers_ticket_ = wolfSSL_set_session(ssl_, client.resume->get()) == WOLFSSL_SUCCESS;
}

Dtls13Session::Dtls13Session(const Dtls13Context& context, const Server& server)
    : context_(context), proof_(server.proof) {
    own_id_size_ = static_cast<std::uint8_t>(std::min(server.own_id.size(), own_id_.size()));
    std::copy_n(server.own_id.begin(), own_id_size_, own_id_.begin());
    open();
}

Dtls13Session::~Dtls13Session() { shut(); }

void Dtls13Session::shut() {
    if (ssl_ != nullptr) wolfSSL_free(ssl_);
    ssl_ = nullptr;
    flight_.stop();
}

// ---- the library's object

void Dtls13Session::open() {
    shut();
    ssl_ = wolfSSL_new(context_.context_);
    usable_ = false;
    if (ssl_ == nullptr) return;
    alert_sent_ = alert_received_ = -1;
    undecipherable_ = replayed_ = 0;
    fault_ = base::CertificateFault::none;
    began_ = false;
    phase_ = Phase::shaking;
    wolfSSL_SetIOReadCtx(ssl_, this);
    wolfSSL_SetIOWriteCtx(ssl_, this);
    wolfSSL_dtls_set_using_nonblock(ssl_, 1);
    wolfSSL_dtls_set_timeout_max(ssl_, longest_timeout);
    // RFC 9147 7.1: what came out of order, or twice, is acknowledged at once; there is no other timer then.
    wolfSSL_dtls13_set_send_more_acks(ssl_, 1);
    usable_ = context_.side_ == Side::client ? open_client() : open_server();
}

bool Dtls13Session::open_client() {
    bool good = true;
    if (proof_ == Dtls13Proof::psk) {
        wolfSSL_set_psk_callback_ctx(ssl_, this);
        wolfSSL_set_psk_client_tls13_callback(ssl_, Dtls13Calls::client_key);
    } else {
        const auto& source = *context_.client_certificates_;
        std::vector<std::uint8_t> body(own_certificate_capacity);
        base::Writer out{base::MutableBytes(body)};
        source.write_certificate(link_, out);
        base::P256Scalar key;
        source.key(link_, key);
        good = !out.failed() && use_credentials(out.written(), key);
        base::wipe(key);
#ifdef HAVE_SNI
        const auto name = source.server_name(link_);
        if (!name.empty()) {
            good = good && wolfSSL_UseSNI(ssl_, WOLFSSL_SNI_HOST_NAME, name.data(),
                                          static_cast<unsigned short>(name.size())) == WOLFSSL_SUCCESS;
        }
#endif
    }
    good = good && wolfSSL_set_cipher_list(ssl_, names_of(suite_)) == WOLFSSL_SUCCESS;
    good = good && wolfSSL_UseKeyShare(ssl_, WOLFSSL_ECC_SECP256R1) == WOLFSSL_SUCCESS;
#if LWM2M_SIM_WOLFSSL_HAS_SECRETS
    if (log_ != nullptr) good = good && wolfSSL_set_tls13_secret_cb(ssl_, Dtls13Calls::secret, this) == WOLFSSL_SUCCESS;
#endif
#if LWM2M_SIM_WOLFSSL_HAS_DTLS13_CID
    if (offers_id_) good = good && wolfSSL_dtls_cid_use(ssl_) == WOLFSSL_SUCCESS;
#endif
    return good;
}

bool Dtls13Session::open_server() {
    bool good = true;
    if (proof_ == Dtls13Proof::psk) {
        wolfSSL_set_psk_callback_ctx(ssl_, this);
        wolfSSL_set_psk_server_tls13_callback(ssl_, Dtls13Calls::server_key);
        wolfSSL_set_verify(ssl_, WOLFSSL_VERIFY_NONE, nullptr);
    } else {
        const auto& source = *context_.server_certificates_;
        good = use_credentials(
            source.certificate(proof_ == Dtls13Proof::x509 ? CertificateType::x509 : CertificateType::raw_public_key),
            source.key());
    }
    const auto secret = context_.cookie_secret_.view();
    good = good && wolfSSL_set_cipher_list(ssl_, names_of(Dtls13Suite::both)) == WOLFSSL_SUCCESS;
    good =
        good && wolfSSL_send_hrr_cookie(ssl_, secret.data(), static_cast<unsigned>(secret.size())) == WOLFSSL_SUCCESS;
    good = good && wolfDTLS_SetChGoodCb(ssl_, Dtls13Calls::hello_is_good, this) == WOLFSSL_SUCCESS;
#if LWM2M_SIM_WOLFSSL_HAS_DTLS13_CID
    if (own_id_size_ != 0) {
        good = good && wolfSSL_dtls_cid_use(ssl_) == WOLFSSL_SUCCESS &&
               wolfSSL_dtls_cid_set(ssl_, own_id_.data(), own_id_size_) == WOLFSSL_SUCCESS;
    }
#endif
    return good;
}

// `certificate`: the body of a Certificate message of DTLS 1.2.
bool Dtls13Session::use_credentials(base::Bytes certificate, const base::P256Scalar& key) {
    std::vector<std::uint8_t> der;
    if (proof_ == Dtls13Proof::raw_public_key) {
        const char type = WOLFSSL_CERT_TYPE_RPK;
        if (wolfSSL_set_client_cert_type(ssl_, &type, 1) != WOLFSSL_SUCCESS ||
            wolfSSL_set_server_cert_type(ssl_, &type, 1) != WOLFSSL_SUCCESS) {
            return false;
        }
        const auto own = read_raw_public_key(certificate);
        if (!own) return false;
        der.assign(own->begin(), own->end());
        if (wolfSSL_use_certificate_buffer(ssl_, der.data(), static_cast<long>(der.size()), WOLFSSL_FILETYPE_ASN1) !=
            WOLFSSL_SUCCESS) {
            return false;
        }
    } else {
        const auto chain = read_certificate_chain(certificate);
        if (!chain || chain->size == 0) return false;
        for (const auto each : chain->view()) der.insert(der.end(), each.begin(), each.end());
        if (wolfSSL_use_certificate_chain_buffer_format(ssl_, der.data(), static_cast<long>(der.size()),
                                                        WOLFSSL_FILETYPE_ASN1) != WOLFSSL_SUCCESS) {
            return false;
        }
    }
    base::SecretArray<private_key_size> memory;
    base::Writer out{memory.memory()};
    put_private_key(key, out);
    return wolfSSL_use_PrivateKey_buffer(ssl_, memory.view().data(), private_key_size, WOLFSSL_FILETYPE_ASN1) ==
           WOLFSSL_SUCCESS;
}

base::CertificateFault Dtls13Session::judge(std::span<const base::Bytes> chain) {
    if (proof_ == Dtls13Proof::psk || chain.empty()) return base::CertificateFault::missing;
    if (chain.size() > base::longest_chain) return base::CertificateFault::malformed;
    std::size_t size = 3;
    for (const auto each : chain) size += 3 + each.size();
    std::vector<std::uint8_t> body(size);
    base::Writer out{base::MutableBytes(body)};
    const bool raw = proof_ == Dtls13Proof::raw_public_key;
    raw ? write_raw_public_key(chain.front(), out) : write_certificate_chain(chain, out);
    const auto type = raw ? CertificateType::raw_public_key : CertificateType::x509;
    return context_.side_ == Side::client ? context_.client_certificates_->judge(link_, type, out.written(), peer_)
                                          : context_.server_certificates_->judge(type, out.written(), peer_);
}

// ---- steps

Dtls13Step Dtls13Session::begin(base::Time now, Dtls13Sink& sink) {
    sink_ = &sink;
    return drive(now);
}

Dtls13Step Dtls13Session::take(base::Time now, base::Bytes datagram, Dtls13Sink& sink) {
    sink_ = &sink;
    datagram_ = datagram;
    return drive(now);
}

// A key of one generation may turn out not to be the client's, and then the next is tried: the cookie is still good.
Dtls13Step Dtls13Session::take_hello(base::Time now, base::Bytes datagram, const Dtls13Hello& hello, base::Bytes from,
                                     Dtls13Sink& sink) {
    sink_ = &sink;
    suite_ = hello.suite.value_or(Dtls13Suite::ccm);
    first_generation_ = 0;
    std::vector<std::uint8_t> peer(from.begin(), from.end());
    std::array<std::uint8_t, max_psk> scratch;
    Dtls13Step step;
    for (holds_ = true;; open()) {
        if (ssl_ == nullptr) break;
        wolfSSL_dtls_set_peer(ssl_, peer.data(), static_cast<unsigned>(peer.size()));
        datagram_ = datagram;
        step = drive(now);
        if (step.kind != Dtls13Step::Kind::failed || step.failure != HandshakeFailure::wrong_key) break;
        first_generation_ = generation_ + 1;
        if (!context_.server_keys_->key_of(base::as_bytes(identity_), first_generation_, scratch)) break;
        held_.clear();
    }
    base::wipe(scratch);
    holds_ = false;
    for (const auto& each : held_) sink.send(each);
    held_.clear();
    if (step.kind == Dtls13Step::Kind::failed && !began_) open();
    return step;
}

Dtls13Step Dtls13Session::drive(base::Time now) {
    const Driving driving(this);
    Dtls13Step step;
    if (ssl_ == nullptr || !usable_) {
        step.kind = Dtls13Step::Kind::failed;
        step.failure = HandshakeFailure::alert_sent;
        return step;
    }
    sent_ = false;
    if (phase_ == Phase::shaking) {
        const int result = context_.side_ == Side::client ? wolfSSL_connect(ssl_) : wolfSSL_accept(ssl_);
        if (result == WOLFSSL_SUCCESS) {
            phase_ = Phase::established;
            step.kind = Dtls13Step::Kind::established;
            if (context_.side_ == Side::client) {
                resumed_ = offers_ticket_ && !by_key_ && wolfSSL_session_reused(ssl_) != 0;
            }
            if (proof_ != Dtls13Proof::psk) wolfSSL_UnloadCertsKeys(ssl_);
        } else if (const int error = wolfSSL_get_error(ssl_, result);
                   error != WOLFSSL_ERROR_WANT_READ && error != WOLFSSL_ERROR_WANT_WRITE) {
            return fail(step, error);
        }
    }
    if (phase_ == Phase::established) read_texts(step);
    note_alerts(step);
    note_drops(step);
    arm(now);
    return step;
}

Dtls13Step Dtls13Session::fail(Dtls13Step step, int error) {
    note_alerts(step);
    phase_ = Phase::over;
    flight_.stop();
    step.kind = Dtls13Step::Kind::failed;
    step.fault = fault_;
    if (error == BAD_BINDER) {
        step.failure = HandshakeFailure::wrong_key;
    } else if (step.alert_received) {
        step.failure = *step.alert_received == Alert::unknown_psk_identity ? HandshakeFailure::unknown_identity
                                                                           : HandshakeFailure::alert_received;
    } else {
        step.failure = HandshakeFailure::alert_sent;
    }
    return step;
}

void Dtls13Session::read_texts(Dtls13Step& step) {
    std::array<std::uint8_t, longest_text> text;
    for (;;) {
        const int size = wolfSSL_read(ssl_, text.data(), static_cast<int>(text.size()));
        if (size > 0) {
            sink_->hear(base::Bytes(text).first(static_cast<std::size_t>(size)));
            continue;
        }
        const int error = wolfSSL_get_error(ssl_, size);
        if (error == WOLFSSL_ERROR_WANT_READ || error == WOLFSSL_ERROR_WANT_WRITE) return;
        phase_ = Phase::over;
        // The step that has established it cannot have heard its end.
        step.kind = Dtls13Step::Kind::closed;
        // RFC 9147 5.11: a close_notify is answered.
        if (error == WOLFSSL_ERROR_ZERO_RETURN) wolfSSL_shutdown(ssl_);
        return;
    }
}

void Dtls13Session::note_alerts(Dtls13Step& step) {
    WOLFSSL_ALERT_HISTORY history;
    if (wolfSSL_get_alert_history(ssl_, &history) != WOLFSSL_SUCCESS) return;
    if (history.last_tx.code != alert_sent_) {
        alert_sent_ = history.last_tx.code;
        step.alert_sent = static_cast<Alert>(alert_sent_);
    }
    if (history.last_rx.code != alert_received_) {
        alert_received_ = history.last_rx.code;
        step.alert_received = static_cast<Alert>(alert_received_);
    }
}

void Dtls13Session::note_drops(Dtls13Step& step) {
#if LWM2M_SIM_WOLFSSL_HAS_DROPS
    word32 undecipherable = 0;
    word32 replayed = 0;
    if (wolfSSL_dtls_get_drop_stats(ssl_, &undecipherable, &replayed) != WOLFSSL_SUCCESS) return;
    step.undecipherable = undecipherable - std::exchange(undecipherable_, undecipherable);
    step.replayed = replayed - std::exchange(replayed_, replayed);
#else
    static_cast<void>(step);
#endif
}

void Dtls13Session::arm(base::Time now) {
    const bool listens = context_.side_ == Side::server && !began_;
    const bool waits = phase_ == Phase::shaking || wolfSSL_dtls13_has_pending_msg(ssl_) != 0;
    if (phase_ == Phase::over || listens || !waits) return flight_.stop();
    if (sent_ || flight_.due == base::never) flight_.begin(now, times);
}

Dtls13Step Dtls13Session::on_timer(base::Time now, Dtls13Sink& sink) {
    const Driving driving(this);
    sink_ = &sink;
    Dtls13Step step;
    if (phase_ == Phase::over || ssl_ == nullptr) return step;
    const bool again = flight_.again(now, times);
    // What nobody acknowledges in an established session (a ticket) is given up, not the session.
    if (!again && phase_ == Phase::established) {
        flight_.stop();
        return step;
    }
    if (again) wolfSSL_dtls_set_timeout_init(ssl_, 1);
    const bool alive = again && wolfSSL_dtls_got_timeout(ssl_) == WOLFSSL_SUCCESS;
    note_alerts(step);
    if (!alive) {
        const bool shaking = std::exchange(phase_, Phase::over) == Phase::shaking;
        step.kind = shaking ? Dtls13Step::Kind::failed : Dtls13Step::Kind::closed;
        step.failure = HandshakeFailure::timeout;
        flight_.stop();
    }
    return step;
}

bool Dtls13Session::say(base::Bytes text, Dtls13Sink& sink) {
    if (phase_ != Phase::established) return false;
    const Driving driving(this);
    sink_ = &sink;
    return wolfSSL_write(ssl_, text.data(), static_cast<int>(text.size())) == static_cast<int>(text.size());
}

Dtls13Step Dtls13Session::close(Dtls13Sink& sink) {
    Dtls13Step step;
    if (phase_ != Phase::established) return step;
    const Driving driving(this);
    sink_ = &sink;
    phase_ = Phase::over;
    flight_.stop();
    wolfSSL_shutdown(ssl_);
    note_alerts(step);
    return step;
}

Dtls13Ticket Dtls13Session::ticket() const {
#if LWM2M_SIM_WOLFSSL_HAS_TICKETS
    word32 size = 0;
    std::array<std::uint8_t, 1024> ticket;
    size = ticket.size();
    if (ssl_ != nullptr && wolfSSL_get_SessionTicket(ssl_, ticket.data(), &size) == WOLFSSL_SUCCESS && size != 0) {
        return Dtls13Ticket(wolfSSL_get1_session(ssl_));
    }
#endif
    return {};
}

PeerMark Dtls13Session::proven() const {
    using Proof = PeerIdentities::Proof;
    if (resumed_) return of_ticket_;
    if (proof_ == Dtls13Proof::psk) return context_.identities_.mark(Proof::psk, base::as_bytes(identity_));
    const bool x509 = proof_ == Dtls13Proof::x509;
    return context_.identities_.mark(x509 ? Proof::x509 : Proof::raw_public_key, peer_.name);
}

bool Dtls13Session::carries_id() const {
#if LWM2M_SIM_WOLFSSL_HAS_DTLS13_CID
    if (ssl_ == nullptr) return false;
    unsigned size = 0;
    const int got = context_.side_ == Side::client ? wolfSSL_dtls_cid_get_tx_size(ssl_, &size)
                                                   : wolfSSL_dtls_cid_get_rx_size(ssl_, &size);
    return got == WOLFSSL_SUCCESS && size > 0;
#else
    return false;
#endif
}

}  // namespace net

#else

#include "simulator/base/check.h"

// A library without DTLS 1.3: whoever asks dtls13_features first gets no further.
namespace net {

Dtls13Features dtls13_features() { return {}; }
Dtls13Context::Dtls13Context(Side side, base::Bytes secret) : side_(side), identities_(secret) {
    CHECK(dtls13_features().available);
}
Dtls13Context::Dtls13Context(const PskSource*, const CertificateSource*) : Dtls13Context(Side::client, {}) {}
Dtls13Context::Dtls13Context(const PskDirectory*, const ServerCertificates*, base::Bytes secret)
    : Dtls13Context(Side::server, secret) {}
Dtls13Ticket::~Dtls13Ticket() = default;
Dtls13Context::~Dtls13Context() = default;
Dtls13Session::Dtls13Session(const Dtls13Context& context, const Client& client)
    : context_(context), proof_(client.proof) {}
Dtls13Session::Dtls13Session(const Dtls13Context& context, const Server& server)
    : context_(context), proof_(server.proof) {}
Dtls13Session::~Dtls13Session() = default;
Dtls13Step Dtls13Session::begin(base::Time, Dtls13Sink&) { return {}; }
Dtls13Step Dtls13Session::take_hello(base::Time, base::Bytes, const Dtls13Hello&, base::Bytes, Dtls13Sink&) {
    return {};
}
Dtls13Step Dtls13Session::take(base::Time, base::Bytes, Dtls13Sink&) { return {}; }
Dtls13Step Dtls13Session::on_timer(base::Time, Dtls13Sink&) { return {}; }
bool Dtls13Session::say(base::Bytes, Dtls13Sink&) { return false; }
Dtls13Step Dtls13Session::close(Dtls13Sink&) { return {}; }
Dtls13Ticket Dtls13Session::ticket() const { return {}; }
PeerMark Dtls13Session::proven() const { return 0; }
bool Dtls13Session::carries_id() const { return false; }

}  // namespace net

#endif
