// mbedTLS as a peer. Debian's 2.28 is built without connection ids (and would have those of a draft, extension 254),
// and no mbedTLS has raw public keys. Version 3 has other functions: it is as if there were none.
#include "tests/net/foreign_peer.h"

#if LWM2M_SIM_HAS_MBEDTLS
#include <mbedtls/version.h>
#endif

#if LWM2M_SIM_HAS_MBEDTLS && MBEDTLS_VERSION_MAJOR == 2

#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cache.h>
#include <mbedtls/ssl_cookie.h>

#include "simulator/base/random.h"

namespace net {
namespace {

int suite_of(Credential credential) {
    switch (credential) {
        case Credential::psk_ccm8: return MBEDTLS_TLS_PSK_WITH_AES_128_CCM_8;
        case Credential::psk_cbc: return MBEDTLS_TLS_PSK_WITH_AES_128_CBC_SHA256;
        case Credential::x509_ccm8: return MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8;
        case Credential::x509_gcm: return MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;
        case Credential::raw_public_key: break;
    }
    return 0;
}

class MbedtlsPeer final : public ForeignPeer {
public:
    explicit MbedtlsPeer(const Spec& spec) : spec_(spec), suites_{suite_of(spec.credential), 0} {
        mbedtls_ssl_init(&ssl_);
        mbedtls_ssl_config_init(&config_);
        mbedtls_ssl_cookie_init(&cookies_);
        mbedtls_ssl_cache_init(&cache_);
        mbedtls_ssl_session_init(&session_);
        mbedtls_x509_crt_init(&ca_);
        mbedtls_x509_crt_init(&certificate_);
        mbedtls_pk_init(&key_);
        const bool client = spec.side == Side::client;
        mbedtls_ssl_config_defaults(&config_, client ? MBEDTLS_SSL_IS_CLIENT : MBEDTLS_SSL_IS_SERVER,
                                    MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT);
        mbedtls_ssl_conf_rng(&config_, random, this);
        mbedtls_ssl_conf_ciphersuites(&config_, suites_);
        mbedtls_ssl_conf_handshake_timeout(&config_, 1000, 1U << 30);  // it is the test that ends
        mbedtls_ssl_cookie_setup(&cookies_, random, this);
        mbedtls_ssl_conf_dtls_cookies(&config_, mbedtls_ssl_cookie_write, mbedtls_ssl_cookie_check, &cookies_);
        mbedtls_ssl_conf_session_cache(&config_, &cache_, mbedtls_ssl_cache_get, mbedtls_ssl_cache_set);
        mbedtls_ssl_conf_session_tickets(&config_, MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
        if (spec.credential == Credential::psk_ccm8 || spec.credential == Credential::psk_cbc) {
            mbedtls_ssl_conf_psk(&config_, bytes(spec.key), spec.key.size(), bytes(spec.identity),
                                 spec.identity.size());
        } else {
            use_certificates();
        }
    }
    MbedtlsPeer(const MbedtlsPeer&) = delete;
    MbedtlsPeer& operator=(const MbedtlsPeer&) = delete;
    ~MbedtlsPeer() override {
        mbedtls_ssl_free(&ssl_);
        mbedtls_ssl_config_free(&config_);
        mbedtls_ssl_cookie_free(&cookies_);
        mbedtls_ssl_cache_free(&cache_);
        mbedtls_ssl_session_free(&session_);
        mbedtls_x509_crt_free(&ca_);
        mbedtls_x509_crt_free(&certificate_);
        mbedtls_pk_free(&key_);
    }

    void begin(base::Time now) override {
        const bool again = established_;
        if (again) std::copy_n(ssl_.session->master, sizeof last_master_, last_master_);
        if (again && spec_.side == Side::client) mbedtls_ssl_get_session(&ssl_, &session_);
        mbedtls_ssl_free(&ssl_);
        mbedtls_ssl_init(&ssl_);
        mbedtls_ssl_setup(&ssl_, &config_);
        mbedtls_ssl_set_bio(&ssl_, this, send, receive, nullptr);
        mbedtls_ssl_set_timer_cb(&ssl_, this, set_timer, get_timer);
        mbedtls_ssl_set_mtu(&ssl_, 1400);
        established_ = false;
        timer_ = Timer();
        if (spec_.side == Side::server) return name_client();
        mbedtls_ssl_set_hostname(&ssl_, "server.test");
        if (again) mbedtls_ssl_set_session(&ssl_, &session_);
        drive(now);
    }
    void take(base::Time now, base::Bytes datagram) override {
        inbox_.emplace_back(datagram.begin(), datagram.end());
        drive(now);
    }
    void on_timer(base::Time now) override { drive(now); }
    base::Time timer_due() const override { return timer_.final; }
    bool established() const override { return established_; }
    // A session that is resumed keeps its master secret.
    bool resumed() const override {
        return established_ && std::equal(last_master_, last_master_ + sizeof last_master_, ssl_.session->master);
    }
    void say(std::string_view text) override {
        mbedtls_ssl_write(&ssl_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    }

private:
    struct Timer {
        base::Time intermediate = base::never;
        base::Time final = base::never;
    };

    static const unsigned char* bytes(const std::string& text) {
        return reinterpret_cast<const unsigned char*>(text.data());
    }
    void use_certificates() {
        const auto& certificates = *spec_.certificates;
        const auto& own = spec_.side == Side::client ? certificates.device : certificates.server;
        const auto key = ec_private_key_der(own);
        mbedtls_x509_crt_parse_der(&ca_, certificates.ca.certificate.data(), certificates.ca.certificate.size());
        mbedtls_x509_crt_parse_der(&certificate_, own.certificate.data(), own.certificate.size());
        mbedtls_pk_parse_key(&key_, key.data(), key.size(), nullptr, 0);
        mbedtls_ssl_conf_ca_chain(&config_, &ca_, nullptr);
        mbedtls_ssl_conf_own_cert(&config_, &certificate_, &key_);
        mbedtls_ssl_conf_authmode(&config_, MBEDTLS_SSL_VERIFY_REQUIRED);
    }
    void name_client() { mbedtls_ssl_set_client_transport_id(&ssl_, bytes(spec_.identity), spec_.identity.size()); }
    void drive(base::Time now) {
        now_ = now;
        while (!established_) {
            const int result = mbedtls_ssl_handshake(&ssl_);
            if (result == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED) {
                mbedtls_ssl_session_reset(&ssl_);
                name_client();
                continue;
            }
            established_ = result == 0;
            if (!established_) return note_error(result);
        }
        unsigned char text[256];
        for (;;) {
            const int size = mbedtls_ssl_read(&ssl_, text, sizeof text);
            if (size <= 0) return note_error(size);
            heard.append(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
        }
    }
    void note_error(int code) {
        if (code != MBEDTLS_ERR_SSL_WANT_READ && code != MBEDTLS_ERR_SSL_WANT_WRITE) error = std::to_string(code);
    }

    static int random(void* self, unsigned char* out, std::size_t size) {
        auto& peer = *static_cast<MbedtlsPeer*>(self);
        for (std::size_t i = 0; i < size; ++i) {
            out[i] = static_cast<unsigned char>(base::draw(1, 2, base::Stream::network, peer.draws_++));
        }
        return 0;
    }
    static int send(void* self, const unsigned char* bytes, std::size_t size) {
        static_cast<MbedtlsPeer*>(self)->sent.emplace_back(bytes, bytes + size);
        return static_cast<int>(size);
    }
    static int receive(void* self, unsigned char* out, std::size_t size) {
        auto& inbox = static_cast<MbedtlsPeer*>(self)->inbox_;
        if (inbox.empty()) return MBEDTLS_ERR_SSL_WANT_READ;
        const auto datagram = std::move(inbox.front());
        inbox.pop_front();
        const auto taken = std::min(datagram.size(), size);
        std::copy_n(datagram.begin(), taken, out);
        return static_cast<int>(taken);
    }
    static void set_timer(void* self, std::uint32_t intermediate, std::uint32_t final) {
        auto& peer = *static_cast<MbedtlsPeer*>(self);
        peer.timer_ = final == 0 ? Timer()
                                 : Timer{peer.now_ + std::chrono::milliseconds(intermediate),
                                         peer.now_ + std::chrono::milliseconds(final)};
    }
    static int get_timer(void* self) {
        const auto& peer = *static_cast<MbedtlsPeer*>(self);
        if (peer.timer_.final == base::never) return -1;
        return (peer.now_ >= peer.timer_.intermediate ? 1 : 0) + (peer.now_ >= peer.timer_.final ? 1 : 0);
    }

    Spec spec_;
    int suites_[2];
    mbedtls_ssl_context ssl_;
    mbedtls_ssl_config config_;
    mbedtls_ssl_cookie_ctx cookies_;
    mbedtls_ssl_cache_context cache_;
    mbedtls_ssl_session session_;  // the last, of a client
    unsigned char last_master_[48]{};
    mbedtls_x509_crt ca_;
    mbedtls_x509_crt certificate_;
    mbedtls_pk_context key_;
    std::deque<Datagram> inbox_;
    Timer timer_;
    base::Time now_{};
    std::uint64_t draws_ = 0;
    bool established_ = false;
};

}  // namespace

std::unique_ptr<ForeignPeer> make_mbedtls_peer(const ForeignPeer::Spec& spec) {
    if (suite_of(spec.credential) == 0) return nullptr;
    return std::make_unique<MbedtlsPeer>(spec);
}

}  // namespace net

#else

namespace net {
std::unique_ptr<ForeignPeer> make_mbedtls_peer(const ForeignPeer::Spec&) { return nullptr; }
}  // namespace net

#endif
