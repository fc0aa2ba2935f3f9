#include "simulator/base/crypto_p256.h"

#include <algorithm>
#include <cstring>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/settings.h>

#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/random.h>

#include "simulator/base/check.h"
#include "simulator/base/crypto_pem.h"

namespace base {
namespace {

// The order of the group, SEC 2, 2.4.2.
constexpr P256Scalar order{0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                           0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                           0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

// SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING } up to the point (RFC 5480 2).
constexpr std::array<std::uint8_t, p256_public_key_size - p256_point_size> public_key_head{
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};

// A key for one call; what is secret in it is gone afterwards.
class Key {
public:
    explicit Key(WC_RNG& rng) {
        CHECK(wc_ecc_init(&key_) == 0);
        wc_ecc_set_rng(&key_, &rng);
    }
    Key(const Key&) = delete;
    Key& operator=(const Key&) = delete;
    ~Key() {
        forget_sign_k();
        wc_ecc_free(&key_);
    }

    ecc_key* get() { return &key_; }
    bool set_private(Bytes scalar) {
        return is_p256_scalar(scalar) && wc_ecc_import_private_key_ex(scalar.data(), static_cast<word32>(scalar.size()),
                                                                      nullptr, 0, &key_, ECC_SECP256R1) == 0;
    }
    bool set_public(Bytes point) {
        return point.size() == p256_point_size && point[0] == 4 &&
               wc_ecc_import_x963_ex(point.data(), static_cast<word32>(point.size()), &key_, ECC_SECP256R1) == 0;
    }
    // What a private key of ours meets must be a point of the curve (SEC 1, 3.2.2.1).
    bool on_curve() { return wc_ecc_check_key(&key_) == 0; }

private:
    // What a repeatable signature was made with; whoever knows it knows the key. wc_ecc_free of 5.7.2 leaves it behind.
    void forget_sign_k() {
#if (defined(WOLFSSL_ECDSA_DETERMINISTIC_K) || defined(WOLFSSL_ECDSA_DETERMINISTIC_K_VARIANT)) && \
    !defined(WOLFSSL_NO_MALLOC)
        if (key_.sign_k == nullptr) return;
        wipe({reinterpret_cast<std::uint8_t*>(key_.sign_k), sizeof *key_.sign_k});
        XFREE(key_.sign_k, key_.heap, DYNAMIC_TYPE_ECC);
        key_.sign_k = nullptr;
#endif
    }

    ecc_key key_;
};

}  // namespace

struct P256::Engine {
    WC_RNG rng;
};

P256::P256() : engine_(std::make_unique<Engine>()) { CHECK(wc_InitRng(&engine_->rng) == 0); }
P256::P256(P256&&) noexcept = default;
P256& P256::operator=(P256&&) noexcept = default;
P256::~P256() {
    if (engine_ != nullptr) wc_FreeRng(&engine_->rng);
}

bool P256::public_of(const P256Scalar& scalar, P256Point& out) {
    Key key(engine_->rng);
    auto size = static_cast<word32>(out.size());
    return key.set_private(scalar) && wc_ecc_make_pub_ex(key.get(), nullptr, &engine_->rng) == 0 &&
           wc_ecc_export_x963(key.get(), out.data(), &size) == 0 && size == out.size();
}

bool P256::agree(const P256Scalar& scalar, Bytes point, MutableBytes out) {
    CHECK(out.size() == p256_scalar_size);
    Key own(engine_->rng);
    Key other(engine_->rng);
    auto size = static_cast<word32>(out.size());
    return own.set_private(scalar) && other.set_public(point) && other.on_curve() &&
           wc_ecc_shared_secret(own.get(), other.get(), out.data(), &size) == 0 && size == out.size();
}

std::size_t P256::sign(const P256Scalar& scalar, const Digest& digest, MutableBytes out) {
    CHECK(out.size() >= p256_signature_capacity);
    Key key(engine_->rng);
    CHECK(key.set_private(scalar));
#if defined(WOLFSSL_ECDSA_DETERMINISTIC_K) || defined(WOLFSSL_ECDSA_DETERMINISTIC_K_VARIANT)
    wc_ecc_set_deterministic(key.get(), 1);
#endif
    auto size = static_cast<word32>(p256_signature_capacity);
    CHECK(wc_ecc_sign_hash(digest.data(), static_cast<word32>(digest.size()), out.data(), &size, &engine_->rng,
                           key.get()) == 0);
    return size;
}

bool P256::verify(Bytes point, const Digest& digest, Bytes signature) {
    Key key(engine_->rng);
    int good = 0;
    return key.set_public(point) &&
           wc_ecc_verify_hash(signature.data(), static_cast<word32>(signature.size()), digest.data(),
                              static_cast<word32>(digest.size()), &good, key.get()) == 0 &&
           good == 1;
}

bool is_p256_scalar(Bytes scalar) {
    if (scalar.size() != p256_scalar_size) return false;
    const bool zero = std::all_of(scalar.begin(), scalar.end(), [](std::uint8_t byte) { return byte == 0; });
    return !zero && std::lexicographical_compare(scalar.begin(), scalar.end(), order.begin(), order.end());
}

void derive_p256_key(Bytes secret, Bytes info, P256Scalar& out) {
    // Of 2^32 keys one is too large, and its successor taken.
    const HmacSha256 extracted(hkdf_extract({}, secret));
    std::uint8_t number = 0;
    do {
        ++number;
        out = extracted.mac({info, Bytes(&number, 1)});
    } while (!is_p256_scalar(out));
}

P256PublicKey to_public_key(const P256Point& point) {
    P256PublicKey key;
    std::copy(public_key_head.begin(), public_key_head.end(), key.begin());
    std::copy(point.begin(), point.end(), key.begin() + public_key_head.size());
    return key;
}

std::optional<P256Point> point_of(Bytes public_key) {
    if (public_key.size() != p256_public_key_size) return std::nullopt;
    if (!equal(public_key.first(public_key_head.size()), public_key_head)) return std::nullopt;
    P256Point point;
    std::copy(public_key.begin() + public_key_head.size(), public_key.end(), point.begin());
    if (point[0] != 4) return std::nullopt;
    return point;
}

bool read_p256_key(Bytes file, P256Scalar& out) {
    const auto blocks = read_pem(file);
    Secret der(file);
    for (const auto& block : blocks) {
        if (block.label == "EC PRIVATE KEY" || block.label == "PRIVATE KEY") der = block.bytes.copy();
    }
    ecc_key key;
    CHECK(wc_ecc_init(&key) == 0);
    word32 at = 0;
    auto size = static_cast<word32>(out.size());
    const bool good = wc_EccPrivateKeyDecode(der.view().data(), &at, &key, static_cast<word32>(der.size())) == 0 &&
                      wc_ecc_get_curve_id(key.idx) == ECC_SECP256R1 &&
                      wc_ecc_export_private_only(&key, out.data(), &size) == 0 && size == out.size() &&
                      is_p256_scalar(out);
    wc_ecc_free(&key);
    return good;
}

}  // namespace base
