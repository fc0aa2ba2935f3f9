#include "simulator/base/crypto_ccm.h"

#include "simulator/base/check.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstring>

#define WITH_AES __attribute__((target("aes,sse4.1")))

namespace base {
namespace {

constexpr std::size_t block = Aes128::block_size;
constexpr int rounds = 10;

// A plain array: as an argument of a template the type would lose its alignment.
struct Schedule {
    __m128i round[rounds + 1];
    __m128i& operator[](std::size_t i) { return round[i]; }
    __m128i operator[](std::size_t i) const { return round[i]; }
};

WITH_AES inline __m128i load(const std::uint8_t* from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}
WITH_AES inline void store(std::uint8_t* to, __m128i value) { _mm_storeu_si128(reinterpret_cast<__m128i*>(to), value); }

// At most one block; what is missing of it is zero.
WITH_AES inline __m128i load_some(Bytes from) {
    if (from.size() >= block) return load(from.data());
    alignas(16) std::array<std::uint8_t, block> padded{};
    if (!from.empty()) std::memcpy(padded.data(), from.data(), from.size());
    return load(padded.data());
}
WITH_AES inline void store_some(MutableBytes to, __m128i value) {
    if (to.size() >= block) return store(to.data(), value);
    alignas(16) std::array<std::uint8_t, block> whole;
    store(whole.data(), value);
    std::memcpy(to.data(), whole.data(), to.size());
}

// FIPS 197 5.2: the next round key from the one before; `Constant` is that of the round.
template <int Constant>
WITH_AES inline __m128i next_key(__m128i key) {
    const __m128i word = _mm_shuffle_epi32(_mm_aeskeygenassist_si128(key, Constant), 0xff);
    key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
    key = _mm_xor_si128(key, _mm_slli_si128(key, 8));
    return _mm_xor_si128(key, word);
}

WITH_AES inline void expand(Bytes key, Schedule& k) {
    k[0] = load(key.data());
    k[1] = next_key<0x01>(k[0]);
    k[2] = next_key<0x02>(k[1]);
    k[3] = next_key<0x04>(k[2]);
    k[4] = next_key<0x08>(k[3]);
    k[5] = next_key<0x10>(k[4]);
    k[6] = next_key<0x20>(k[5]);
    k[7] = next_key<0x40>(k[6]);
    k[8] = next_key<0x80>(k[7]);
    k[9] = next_key<0x1b>(k[8]);
    k[10] = next_key<0x36>(k[9]);
}

WITH_AES inline __m128i encrypt(const Schedule& k, __m128i a) {
    a = _mm_xor_si128(a, k[0]);
    for (int i = 1; i < rounds; ++i) a = _mm_aesenc_si128(a, k[static_cast<std::size_t>(i)]);
    return _mm_aesenclast_si128(a, k[rounds]);
}

// Two blocks in the time of one: the instructions take turns.
WITH_AES inline void encrypt(const Schedule& k, __m128i& a, __m128i& b) {
    a = _mm_xor_si128(a, k[0]);
    b = _mm_xor_si128(b, k[0]);
    for (int i = 1; i < rounds; ++i) {
        a = _mm_aesenc_si128(a, k[static_cast<std::size_t>(i)]);
        b = _mm_aesenc_si128(b, k[static_cast<std::size_t>(i)]);
    }
    a = _mm_aesenclast_si128(a, k[rounds]);
    b = _mm_aesenclast_si128(b, k[rounds]);
}

// The state of one sealing or opening (RFC 3610 2.2 and 2.3): the CBC-MAC so far, and the counter blocks.
struct Ccm {
    Schedule keys;
    __m128i counter_0;  // A_0; the counter lies in its last bytes
    __m128i mac;        // X_i
    __m128i mask;       // S_0, which hides the tag

    WITH_AES __m128i counter(std::size_t i) const {
        return _mm_xor_si128(counter_0, _mm_set_epi64x(static_cast<long long>(__builtin_bswap64(i)), 0));
    }

    WITH_AES void begin(const Aes128::Sealing& with, std::size_t text_size) {
        constexpr std::uint8_t tag_flags = (Aes128::ccm8_tag_size - 2) / 2 << 3;
        const std::size_t length_size = block - 1 - with.nonce.size();
        expand(with.key, keys);
        alignas(16) std::array<std::uint8_t, block> first{};
        first[0] = static_cast<std::uint8_t>(length_size - 1);
        std::memcpy(first.data() + 1, with.nonce.data(), with.nonce.size());
        counter_0 = load(first.data());
        first[0] = static_cast<std::uint8_t>(first[0] | tag_flags | (with.associated.empty() ? 0 : 0x40));
        for (std::size_t i = 0; i < length_size; ++i)
            first[block - 1 - i] = static_cast<std::uint8_t>(text_size >> 8 * i);
        mac = load(first.data());
        mask = counter_0;
        encrypt(keys, mac, mask);
        add_associated(with.associated);
    }

    // The length in two bytes, then the bytes, filled up with zeros.
    WITH_AES void add_associated(Bytes bytes) {
        if (bytes.empty()) return;
        alignas(16) std::array<std::uint8_t, block> first{};
        first[0] = static_cast<std::uint8_t>(bytes.size() >> 8);
        first[1] = static_cast<std::uint8_t>(bytes.size());
        const std::size_t size = std::min(bytes.size(), block - 2);
        std::memcpy(first.data() + 2, bytes.data(), size);
        mac = encrypt(keys, _mm_xor_si128(mac, load(first.data())));
        for (bytes = bytes.subspan(size); !bytes.empty(); bytes = bytes.subspan(std::min(bytes.size(), block))) {
            mac = encrypt(keys, _mm_xor_si128(mac, load_some(bytes)));
        }
    }

    WITH_AES std::uint64_t tag() const {
        return static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_xor_si128(mac, mask)));
    }
};

void check(const Aes128::Sealing& with, std::size_t text_size, std::size_t tag_size) {
    CHECK(with.key.size() == Aes128::key_size && tag_size == Aes128::ccm8_tag_size);
    CHECK(with.nonce.size() == 12 || with.nonce.size() == 13);
    CHECK(text_size < 1u << 16 && with.associated.size() < 0xff00);
}

}  // namespace

bool ccm8_in_hardware() {
    static const bool has = __builtin_cpu_supports("aes") != 0 && __builtin_cpu_supports("sse4.1") != 0;
    return has;
}

WITH_AES void ccm8_seal_in_hardware(const Aes128::Sealing& with, MutableBytes text, MutableBytes tag) {
    check(with, text.size(), tag.size());
    Ccm ccm;
    ccm.begin(with, text.size());
    for (std::size_t i = 1; !text.empty(); ++i) {
        const auto part = text.first(std::min(text.size(), block));
        const __m128i plain = load_some(part);
        __m128i stream = ccm.counter(i);
        ccm.mac = _mm_xor_si128(ccm.mac, plain);
        encrypt(ccm.keys, ccm.mac, stream);
        store_some(part, _mm_xor_si128(plain, stream));
        text = text.subspan(part.size());
    }
    const std::uint64_t value = ccm.tag();
    std::memcpy(tag.data(), &value, sizeof value);
    wipe({reinterpret_cast<std::uint8_t*>(&ccm), sizeof ccm});
}

WITH_AES bool ccm8_open_in_hardware(const Aes128::Sealing& with, MutableBytes text, Bytes tag) {
    check(with, text.size(), tag.size());
    Ccm ccm;
    ccm.begin(with, text.size());
    // The key stream runs one block ahead of the MAC, which is of what it reveals.
    __m128i stream = encrypt(ccm.keys, ccm.counter(1));
    auto rest = text;
    for (std::size_t i = 2; !rest.empty(); ++i) {
        const auto part = rest.first(std::min(rest.size(), block));
        store_some(part, _mm_xor_si128(load_some(part), stream));
        ccm.mac = _mm_xor_si128(ccm.mac, load_some(part));
        stream = ccm.counter(i);
        encrypt(ccm.keys, ccm.mac, stream);
        rest = rest.subspan(part.size());
    }
    std::uint64_t expected = 0;
    std::memcpy(&expected, tag.data(), sizeof expected);
    const bool good = (ccm.tag() ^ expected) == 0;
    if (!good) wipe(text);
    wipe({reinterpret_cast<std::uint8_t*>(&ccm), sizeof ccm});
    return good;
}

}  // namespace base

#else

namespace base {

bool ccm8_in_hardware() { return false; }
void ccm8_seal_in_hardware(const Aes128::Sealing&, MutableBytes, MutableBytes) { CHECK(false); }
bool ccm8_open_in_hardware(const Aes128::Sealing&, MutableBytes, Bytes) {
    CHECK(false);
    return false;
}

}  // namespace base

#endif
