// Crypto: the few primitives that security needs (AES-128, SHA-256 and what is built on them), and memory for secrets.
// wolfCrypt does the work; nothing of it shows here.
//
// Lengths that the caller must keep (keys, nonces, tags) are CHECKed: a wrong one is a bug of ours, never of a peer.
#pragma once

#include <array>
#include <initializer_list>
#include <memory>
#include <vector>

#include "simulator/base/bytes.h"

namespace base {

// Overwrites memory in a way that the compiler keeps.
void wipe(MutableBytes memory);

// Do both hold the same bytes? Takes the same time wherever they differ; the lengths are no secret.
bool equal_in_constant_time(Bytes a, Bytes b);

// Bytes from the operating system, fit for keys. Never the same twice: not for a run that is to be repeatable.
void fill_random(MutableBytes memory);

// Bytes that nobody else may see: owned, not copied by accident, wiped when freed. Nothing here prints them.
class Secret {
public:
    Secret() = default;
    explicit Secret(Bytes bytes) : bytes_(bytes.begin(), bytes.end()) {}
    // Takes the memory over. A vector that grew while it was filled has left copies behind.
    explicit Secret(std::vector<std::uint8_t>&& bytes) : bytes_(std::move(bytes)) {}
    Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { other.bytes_.clear(); }
    Secret& operator=(Secret&& other) noexcept {
        bytes_.swap(other.bytes_);
        return *this;
    }
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret() { wipe(bytes_); }

    Secret copy() const { return Secret(view()); }
    bool empty() const { return bytes_.empty(); }
    std::size_t size() const { return bytes_.size(); }
    // Lives as long as this object.
    Bytes view() const { return bytes_; }

private:
    std::vector<std::uint8_t> bytes_;
};

// Secret bytes of a stated size on the stack, wiped at the end of the scope.
template <std::size_t size>
class SecretArray {
public:
    SecretArray() = default;
    SecretArray(const SecretArray&) = delete;
    SecretArray& operator=(const SecretArray&) = delete;
    ~SecretArray() { wipe(bytes_); }

    MutableBytes memory() { return bytes_; }
    Bytes view() const { return bytes_; }

private:
    std::array<std::uint8_t, size> bytes_{};
};

// --- SHA-256 (FIPS 180-4) and HMAC (RFC 2104) ---

using Digest = std::array<std::uint8_t, 32>;

// A plain value: a copy goes on from where the original stands. It may lie in a slab, but zero bytes are none: make it
// with Sha256().
class Sha256 {
public:
    Sha256();
    void update(Bytes bytes);
    // Of all bytes so far; more may follow.
    Digest digest() const;

private:
    alignas(16) std::array<std::byte, 160> state_{};
};

Digest sha256(Bytes bytes);

// A key made ready for many messages: two blocks of hashing are done once. Wiped at the end.
class HmacSha256 {
public:
    explicit HmacSha256(Bytes key);
    HmacSha256(const HmacSha256&) = default;
    HmacSha256& operator=(const HmacSha256&) = default;
    ~HmacSha256();

    // Of the parts one after another.
    Digest mac(std::initializer_list<Bytes> parts) const;
    Digest mac(Bytes message) const { return mac({message}); }

private:
    Sha256 inner_;
    Sha256 outer_;
};

// --- key derivation ---

// HKDF with SHA-256 (RFC 5869). No salt is the same as 32 zero bytes.
Digest hkdf_extract(Bytes salt, Bytes input_key);
// Fills `out`, at most 255 * 32 bytes.
void hkdf_expand(Bytes pseudorandom_key, Bytes info, MutableBytes out);
void hkdf(Bytes salt, Bytes input_key, Bytes info, MutableBytes out);

// TLS 1.2's PRF with SHA-256 (RFC 5246 5) under the secret that `key` was made of; the seed is the parts one after
// another.
void tls12_prf(const HmacSha256& key, std::string_view label, std::initializer_list<Bytes> seed, MutableBytes out);

// --- AES-128 ---

// One engine serves any number of keys: each call brings its own. Keep one a thread. All work in place; nothing is
// allocated after construction.
class Aes128 {
public:
    static constexpr std::size_t key_size = 16;
    static constexpr std::size_t block_size = 16;
    static constexpr std::size_t ccm8_tag_size = 8;
    static constexpr std::size_t gcm_tag_size = 16;

    // CCM goes by the processor's instructions where it has them, the rest by the library.
    enum class Way : std::uint8_t { fastest, library };
    explicit Aes128(Way way = Way::fastest);
    Aes128(Aes128&&) noexcept;
    Aes128& operator=(Aes128&&) noexcept;
    ~Aes128();

    // What goes with the text: nonces are 12 or 13 bytes for CCM, 12 for GCM, and never used twice with a key.
    struct Sealing {
        Bytes key;
        Bytes nonce;
        Bytes associated;  // authenticated, not encrypted
    };

    // AES-CCM with a tag of 8 bytes (RFC 6655; RFC 8152 AES-CCM-16-64-128 is this with a nonce of 13 bytes).
    void ccm8_seal(const Sealing& with, MutableBytes text, MutableBytes tag);
    // False when the tag does not fit; the text is then of no use, and may be overwritten.
    [[nodiscard]] bool ccm8_open(const Sealing& with, MutableBytes text, Bytes tag);

    void gcm_seal(const Sealing& with, MutableBytes text, MutableBytes tag);
    [[nodiscard]] bool gcm_open(const Sealing& with, MutableBytes text, Bytes tag);

    // Whole blocks; padding is the caller's.
    void cbc_encrypt(Bytes key, Bytes iv, MutableBytes text);
    void cbc_decrypt(Bytes key, Bytes iv, MutableBytes text);

private:
    struct Engine;
    std::unique_ptr<Engine> engine_;
};

}  // namespace base
