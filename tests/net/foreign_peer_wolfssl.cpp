// wolfSSL as a peer. Its connection ids are those of DTLS 1.3 only, up to version 5.7.2: none are asked for.
#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include "tests/net/foreign_peer.h"

namespace net {
namespace {

struct Suite {
    const char* name;
    bool psk;
};

Suite suite_of(Credential credential) {
    switch (credential) {
        case Credential::psk_ccm8: return {"PSK-AES128-CCM-8", true};
        case Credential::psk_cbc: return {"PSK-AES128-CBC-SHA256", true};
        case Credential::x509_ccm8: return {"ECDHE-ECDSA-AES128-CCM-8", false};
        case Credential::x509_gcm:
        case Credential::raw_public_key: return {"ECDHE-ECDSA-AES128-GCM-SHA256", false};
    }
    return {};
}

class WolfsslPeer final : public ForeignPeer {
public:
    explicit WolfsslPeer(const Spec& spec) : spec_(spec) {
        wolfSSL_Init();
        const bool client = spec.side == Side::client;
        context_ = wolfSSL_CTX_new(client ? wolfDTLSv1_2_client_method() : wolfDTLSv1_2_server_method());
        const auto suite = suite_of(spec.credential);
        usable_ = wolfSSL_CTX_set_cipher_list(context_, suite.name) == WOLFSSL_SUCCESS;
        wolfSSL_CTX_SetIORecv(context_, [](WOLFSSL*, char* out, int size, void* self) {
            return static_cast<WolfsslPeer*>(self)->receive(out, size);
        });
        wolfSSL_CTX_SetIOSend(context_, [](WOLFSSL*, char* bytes, int size, void* self) {
            static_cast<WolfsslPeer*>(self)->sent.emplace_back(bytes, bytes + size);
            return size;
        });
        usable_ = usable_ && (suite.psk ? use_key() : use_certificates());
    }
    WolfsslPeer(const WolfsslPeer&) = delete;
    WolfsslPeer& operator=(const WolfsslPeer&) = delete;
    ~WolfsslPeer() override {
        wolfSSL_SESSION_free(session_);
        wolfSSL_free(ssl_);
        wolfSSL_CTX_free(context_);
    }
    bool usable() const { return usable_; }

    void begin(base::Time now) override {
        if (ssl_ != nullptr && spec_.side == Side::client) {
            wolfSSL_SESSION_free(session_);
            session_ = wolfSSL_get1_session(ssl_);
        }
        wolfSSL_free(ssl_);
        established_ = false;
        due_ = base::never;
        ssl_ = wolfSSL_new(context_);
        wolfSSL_SetIOReadCtx(ssl_, this);
        wolfSSL_SetIOWriteCtx(ssl_, this);
        wolfSSL_set_psk_callback_ctx(ssl_, this);
        wolfSSL_dtls_set_using_nonblock(ssl_, 1);
        wolfSSL_dtls_set_timeout_max(ssl_, 1 << 20);  // it is the test that ends
        if (session_ != nullptr) wolfSSL_set_session(ssl_, session_);
        if (spec_.side == Side::client) drive(now);
    }
    void take(base::Time now, base::Bytes datagram) override {
        inbox_.emplace_back(datagram.begin(), datagram.end());
        drive(now);
    }
    void on_timer(base::Time now) override {
        if (wolfSSL_dtls_got_timeout(ssl_) != WOLFSSL_SUCCESS) note_error(-1);
        arm(now);
    }
    base::Time timer_due() const override { return due_; }
    bool established() const override { return established_; }
    bool resumed() const override { return wolfSSL_session_reused(ssl_) != 0; }
    void say(std::string_view text) override { wolfSSL_write(ssl_, text.data(), static_cast<int>(text.size())); }

private:
    bool use_key() {
#ifdef NO_PSK
        return false;
#else
        wolfSSL_CTX_set_psk_client_callback(
            context_, [](WOLFSSL* ssl, const char*, char* identity, unsigned, unsigned char* key, unsigned) {
                const auto& spec = static_cast<WolfsslPeer*>(wolfSSL_get_psk_callback_ctx(ssl))->spec_;
                std::strcpy(identity, spec.identity.c_str());
                std::copy(spec.key.begin(), spec.key.end(), key);
                return static_cast<unsigned>(spec.key.size());
            });
        wolfSSL_CTX_set_psk_server_callback(
            context_, [](WOLFSSL* ssl, const char* identity, unsigned char* key, unsigned) {
                const auto& spec = static_cast<WolfsslPeer*>(wolfSSL_get_psk_callback_ctx(ssl))->spec_;
                if (spec.identity != identity) return 0U;
                std::copy(spec.key.begin(), spec.key.end(), key);
                return static_cast<unsigned>(spec.key.size());
            });
        return true;
#endif
    }
    bool use_certificates() {
        const bool client = spec_.side == Side::client;
        const auto& own = client ? spec_.certificates->device : spec_.certificates->server;
        const auto key = ec_private_key_der(own);
        std::vector<std::uint8_t> certificate = own.certificate;
        const auto& ca = spec_.certificates->ca.certificate;
        if (spec_.credential == Credential::raw_public_key) {
            if (!take_raw_public_keys()) return false;
            const auto raw = base::to_public_key(own.point);
            certificate.assign(raw.begin(), raw.end());
        }
        const int format = WOLFSSL_FILETYPE_ASN1;
        wolfSSL_CTX_set_verify(context_, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
        return wolfSSL_CTX_load_verify_buffer(context_, ca.data(), static_cast<long>(ca.size()), format) ==
                   WOLFSSL_SUCCESS &&
               wolfSSL_CTX_use_certificate_buffer(context_, certificate.data(), static_cast<long>(certificate.size()),
                                                  format) == WOLFSSL_SUCCESS &&
               wolfSSL_CTX_use_PrivateKey_buffer(context_, key.data(), static_cast<long>(key.size()), format) ==
                   WOLFSSL_SUCCESS;
    }
    bool take_raw_public_keys() {
#ifdef HAVE_RPK
        const char type = WOLFSSL_CERT_TYPE_RPK;
        return wolfSSL_CTX_set_client_cert_type(context_, &type, 1) == WOLFSSL_SUCCESS &&
               wolfSSL_CTX_set_server_cert_type(context_, &type, 1) == WOLFSSL_SUCCESS;
#else
        return false;
#endif
    }

    int receive(char* out, int size) {
        if (inbox_.empty()) return WOLFSSL_CBIO_ERR_WANT_READ;
        const auto datagram = std::move(inbox_.front());
        inbox_.pop_front();
        const auto taken = std::min(datagram.size(), static_cast<std::size_t>(size));
        std::copy_n(datagram.begin(), taken, out);
        return static_cast<int>(taken);
    }
    void drive(base::Time now) {
        const std::size_t before = sent.size();
        if (!established_) {
            const int result = spec_.side == Side::client ? wolfSSL_connect(ssl_) : wolfSSL_accept(ssl_);
            established_ = result == WOLFSSL_SUCCESS;
            if (!established_) note_error(result);
        }
        while (established_) {
            char text[256];
            const int size = wolfSSL_read(ssl_, text, sizeof text);
            if (size <= 0) {
                note_error(size);
                break;
            }
            heard.append(text, static_cast<std::size_t>(size));
        }
        if (established_) {
            due_ = base::never;
        } else if (sent.size() != before) {
            arm(now);
        }
    }
    void arm(base::Time now) { due_ = now + std::chrono::seconds(wolfSSL_dtls_get_current_timeout(ssl_)); }
    void note_error(int result) {
        const int code = wolfSSL_get_error(ssl_, result);
        if (code != WOLFSSL_ERROR_WANT_READ && code != WOLFSSL_ERROR_WANT_WRITE) error = std::to_string(code);
    }

    Spec spec_;
    WOLFSSL_CTX* context_ = nullptr;
    WOLFSSL* ssl_ = nullptr;
    WOLFSSL_SESSION* session_ = nullptr;
    std::deque<Datagram> inbox_;
    base::Time due_ = base::never;
    bool usable_ = false;
    bool established_ = false;
};

}  // namespace

std::unique_ptr<ForeignPeer> make_wolfssl_peer(const ForeignPeer::Spec& spec) {
    auto peer = std::make_unique<WolfsslPeer>(spec);
    if (!peer->usable()) return nullptr;
    return peer;
}

}  // namespace net
