#include "simulator/base/crypto.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/settings.h>

#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "simulator/base/check.h"
#include "simulator/base/crypto_ccm.h"

#undef Sha256  // an old name of wc_Sha256

#if defined(WOLFSSL_SMALL_STACK_CACHE) || defined(WOLFSSL_HASH_KEEP)
#error "this wolfSSL keeps heap memory behind a hash; Sha256 is a plain value and would share it between copies"
#endif

namespace base {
namespace {

constexpr std::size_t hash_block = 64;

static_assert(sizeof(wc_Sha256) <= sizeof(Sha256) && alignof(wc_Sha256) <= alignof(Sha256));

wc_Sha256* hash_of(std::byte* state) { return reinterpret_cast<wc_Sha256*>(state); }

word32 size32(Bytes bytes) { return static_cast<word32>(bytes.size()); }

}  // namespace

void wipe(MutableBytes memory) {
    if (memory.empty()) return;
    std::memset(memory.data(), 0, memory.size());
    // The compiler must assume that somebody reads it.
    __asm__ __volatile__("" : : "r"(memory.data()) : "memory");
}

bool equal_in_constant_time(Bytes a, Bytes b) {
    if (a.size() != b.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
    return difference == 0;
}

void fill_random(MutableBytes memory) {
    while (!memory.empty()) {
        const auto got = getrandom(memory.data(), memory.size(), 0);
        if (got < 0) {
            CHECK(errno == EINTR);
            continue;
        }
        memory = memory.subspan(static_cast<std::size_t>(got));
    }
}

Sha256::Sha256() { CHECK(wc_InitSha256(hash_of(state_.data())) == 0); }

void Sha256::update(Bytes bytes) {
    if (bytes.empty()) return;
    CHECK(wc_Sha256Update(hash_of(state_.data()), bytes.data(), size32(bytes)) == 0);
}

Digest Sha256::digest() const {
    auto state = state_;
    Digest digest;
    CHECK(wc_Sha256Final(hash_of(state.data()), digest.data()) == 0);
    return digest;
}

Digest sha256(Bytes bytes) {
    Sha256 hash;
    hash.update(bytes);
    return hash.digest();
}

HmacSha256::HmacSha256(Bytes key) {
    SecretArray<hash_block> block;
    if (key.size() > hash_block) {
        const Digest shorter = sha256(key);
        std::memcpy(block.memory().data(), shorter.data(), shorter.size());
    } else if (!key.empty()) {
        std::memcpy(block.memory().data(), key.data(), key.size());
    }
    for (auto& byte : block.memory()) byte ^= 0x36;
    inner_.update(block.view());
    for (auto& byte : block.memory()) byte ^= 0x36 ^ 0x5c;
    outer_.update(block.view());
}

HmacSha256::~HmacSha256() {
    wipe({reinterpret_cast<std::uint8_t*>(&inner_), sizeof inner_});
    wipe({reinterpret_cast<std::uint8_t*>(&outer_), sizeof outer_});
}

Digest HmacSha256::mac(std::initializer_list<Bytes> parts) const {
    Sha256 inner = inner_;
    for (const auto part : parts) inner.update(part);
    Sha256 outer = outer_;
    outer.update(inner.digest());
    return outer.digest();
}

Digest hkdf_extract(Bytes salt, Bytes input_key) { return HmacSha256(salt).mac(input_key); }

void hkdf_expand(Bytes pseudorandom_key, Bytes info, MutableBytes out) {
    CHECK(out.size() <= 255 * sizeof(Digest));
    const HmacSha256 key(pseudorandom_key);
    Digest block{};
    Bytes previous;
    for (std::uint8_t number = 1; !out.empty(); ++number) {
        block = key.mac({previous, info, Bytes(&number, 1)});
        previous = block;
        const std::size_t size = std::min(out.size(), block.size());
        std::memcpy(out.data(), block.data(), size);
        out = out.subspan(size);
    }
    wipe(block);
}

void hkdf(Bytes salt, Bytes input_key, Bytes info, MutableBytes out) {
    Digest key = hkdf_extract(salt, input_key);
    hkdf_expand(key, info, out);
    wipe(key);
}

void tls12_prf(const HmacSha256& key, std::string_view label, std::initializer_list<Bytes> seed, MutableBytes out) {
    CHECK(seed.size() <= 2);
    const Bytes first = seed.size() > 0 ? seed.begin()[0] : Bytes{};
    const Bytes second = seed.size() > 1 ? seed.begin()[1] : Bytes{};
    Digest chain = key.mac({as_bytes(label), first, second});
    for (;;) {
        Digest block = key.mac({chain, as_bytes(label), first, second});
        const std::size_t size = std::min(out.size(), block.size());
        std::memcpy(out.data(), block.data(), size);
        wipe(block);
        out = out.subspan(size);
        if (out.empty()) break;
        chain = key.mac(chain);
    }
    wipe(chain);
}

struct Aes128::Engine {
    Aes aes;
    bool hardware = false;
};

Aes128::Aes128(Way way) : engine_(std::make_unique<Engine>()) {
    engine_->hardware = way == Way::fastest && ccm8_in_hardware();
    CHECK(wc_AesInit(&engine_->aes, nullptr, INVALID_DEVID) == 0);
}
Aes128::Aes128(Aes128&&) noexcept = default;
Aes128& Aes128::operator=(Aes128&&) noexcept = default;
Aes128::~Aes128() {
    if (engine_ == nullptr) return;
    wc_AesFree(&engine_->aes);
    // The schedule of the last key is still in there.
    wipe({reinterpret_cast<std::uint8_t*>(engine_.get()), sizeof *engine_});
}

void Aes128::ccm8_seal(const Sealing& with, MutableBytes text, MutableBytes tag) {
    if (engine_->hardware) return ccm8_seal_in_hardware(with, text, tag);
    CHECK(with.key.size() == key_size && tag.size() == ccm8_tag_size);
    CHECK(wc_AesCcmSetKey(&engine_->aes, with.key.data(), size32(with.key)) == 0);
    CHECK(wc_AesCcmEncrypt(&engine_->aes, text.data(), text.data(), size32(text), with.nonce.data(), size32(with.nonce),
                           tag.data(), size32(tag), with.associated.data(), size32(with.associated)) == 0);
}

bool Aes128::ccm8_open(const Sealing& with, MutableBytes text, Bytes tag) {
    if (engine_->hardware) return ccm8_open_in_hardware(with, text, tag);
    CHECK(with.key.size() == key_size && tag.size() == ccm8_tag_size);
    CHECK(wc_AesCcmSetKey(&engine_->aes, with.key.data(), size32(with.key)) == 0);
    return wc_AesCcmDecrypt(&engine_->aes, text.data(), text.data(), size32(text), with.nonce.data(),
                            size32(with.nonce), tag.data(), size32(tag), with.associated.data(),
                            size32(with.associated)) == 0;
}

void Aes128::gcm_seal(const Sealing& with, MutableBytes text, MutableBytes tag) {
    CHECK(with.key.size() == key_size && tag.size() == gcm_tag_size);
    CHECK(wc_AesGcmSetKey(&engine_->aes, with.key.data(), size32(with.key)) == 0);
    CHECK(wc_AesGcmEncrypt(&engine_->aes, text.data(), text.data(), size32(text), with.nonce.data(), size32(with.nonce),
                           tag.data(), size32(tag), with.associated.data(), size32(with.associated)) == 0);
}

bool Aes128::gcm_open(const Sealing& with, MutableBytes text, Bytes tag) {
    CHECK(with.key.size() == key_size && tag.size() == gcm_tag_size);
    CHECK(wc_AesGcmSetKey(&engine_->aes, with.key.data(), size32(with.key)) == 0);
    return wc_AesGcmDecrypt(&engine_->aes, text.data(), text.data(), size32(text), with.nonce.data(),
                            size32(with.nonce), tag.data(), size32(tag), with.associated.data(),
                            size32(with.associated)) == 0;
}

void Aes128::cbc_encrypt(Bytes key, Bytes iv, MutableBytes text) {
    CHECK(key.size() == key_size && iv.size() == block_size && text.size() % block_size == 0);
    if (text.empty()) return;
    CHECK(wc_AesSetKey(&engine_->aes, key.data(), size32(key), iv.data(), AES_ENCRYPTION) == 0);
    CHECK(wc_AesCbcEncrypt(&engine_->aes, text.data(), text.data(), size32(text)) == 0);
}

void Aes128::cbc_decrypt(Bytes key, Bytes iv, MutableBytes text) {
    CHECK(key.size() == key_size && iv.size() == block_size && text.size() % block_size == 0);
    if (text.empty()) return;
    CHECK(wc_AesSetKey(&engine_->aes, key.data(), size32(key), iv.data(), AES_DECRYPTION) == 0);
    CHECK(wc_AesCbcDecrypt(&engine_->aes, text.data(), text.data(), size32(text)) == 0);
}

}  // namespace base
