// P256: keys on the curve secp256r1 (FIPS 186-4), which is all that LwM2M asks of certificates and raw public keys
// (Transport 1.1.1, 5.2.8): key agreement, signatures and how public keys are written down. wolfCrypt does the work.
#pragma once

#include <optional>

#include "simulator/base/crypto.h"

namespace base {

inline constexpr std::size_t p256_scalar_size = 32;
inline constexpr std::size_t p256_point_size = 65;
inline constexpr std::size_t p256_signature_capacity = 72;  // of ECDSA, in DER
inline constexpr std::size_t p256_public_key_size = 91;     // a SubjectPublicKeyInfo in DER

// A private key. Whoever holds one wipes it.
using P256Scalar = std::array<std::uint8_t, p256_scalar_size>;
// A public key in the uncompressed form of SEC 1, 2.3.3: 04, x, y.
using P256Point = std::array<std::uint8_t, p256_point_size>;
// A public key as it stands in certificates, and all there is of a raw public key (RFC 7250 3).
using P256PublicKey = std::array<std::uint8_t, p256_public_key_size>;

// One engine serves any number of keys: each call brings its own. Keep one a thread.
class P256 {
public:
    P256();
    P256(P256&&) noexcept;
    P256& operator=(P256&&) noexcept;
    ~P256();

    // False for a scalar that is no private key.
    [[nodiscard]] bool public_of(const P256Scalar& key, P256Point& out);
    // ECDH: the x coordinate. False for a point that is not on the curve.
    [[nodiscard]] bool agree(const P256Scalar& key, Bytes point, MutableBytes out);
    // ECDSA with SHA-256 of a digest, in DER; its length. The same twice where the library has RFC 6979.
    std::size_t sign(const P256Scalar& key, const Digest& digest, MutableBytes out);
    [[nodiscard]] bool verify(Bytes point, const Digest& digest, Bytes signature);

private:
    struct Engine;
    std::unique_ptr<Engine> engine_;
};

// Is it in [1, n-1]?
bool is_p256_scalar(Bytes scalar);
// A private key of its own for every `info`, by HKDF-SHA-256.
void derive_p256_key(Bytes secret, Bytes info, P256Scalar& out);

P256PublicKey to_public_key(const P256Point& point);
// Nothing for a key of another kind or curve. Whether the point is on the curve is seen when it is used.
std::optional<P256Point> point_of(Bytes public_key);

// The private key of a PEM or DER file (RFC 5915, or PKCS #8 without a password); nothing for another kind.
[[nodiscard]] bool read_p256_key(Bytes file, P256Scalar& out);

}  // namespace base
