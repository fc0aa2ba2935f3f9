#include "simulator/base/crypto.h"

#include <gtest/gtest.h>

#include "tests/support/hex.h"

namespace base {
namespace {

using support::hex;

std::string text_of(const Digest& digest) { return to_hex(digest); }

// RFC 3610, packet vector 1: a nonce of 13 bytes.
const auto ccm_key = hex("c0c1c2c3 c4c5c6c7 c8c9cacb cccdcecf");
const auto ccm_nonce = hex("00000003 020100a0 a1a2a3a4 a5");
const auto ccm_associated = hex("00010203 04050607");
const auto ccm_plain = hex("08090a0b 0c0d0e0f 10111213 14151617 18191a1b 1c1d1e");
const auto ccm_sealed = hex("588c979a 61c663d2 f066d0c2 c0f98980 6d5f6b61 dac384");
const auto ccm_tag = hex("17e8d12c fdf926e0");

TEST(AesCcm8, SealsThePacketVectorOfRfc3610) {
    Aes128 aes;
    auto text = ccm_plain;
    std::array<std::uint8_t, 8> tag{};
    aes.ccm8_seal({ccm_key, ccm_nonce, ccm_associated}, text, tag);
    EXPECT_EQ(text, ccm_sealed);
    EXPECT_TRUE(equal(tag, ccm_tag));
    EXPECT_TRUE(aes.ccm8_open({ccm_key, ccm_nonce, ccm_associated}, text, tag));
    EXPECT_EQ(text, ccm_plain);
}

// NIST SP 800-38C, example 3: a nonce of 12 bytes.
TEST(AesCcm8, SealsWithTheNonceOfDtls) {
    Aes128 aes;
    auto text = hex("20212223 24252627 28292a2b 2c2d2e2f 30313233 34353637");
    std::array<std::uint8_t, 8> tag{};
    const auto key = hex("40414243 44454647 48494a4b 4c4d4e4f");
    const auto nonce = hex("10111213 14151617 18191a1b");
    const auto associated = hex("00010203 04050607 08090a0b 0c0d0e0f 10111213");
    aes.ccm8_seal({key, nonce, associated}, text, tag);
    EXPECT_EQ(to_hex(text), "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5");
    EXPECT_EQ(to_hex(tag), "484392fbc1b09951");
}

TEST(AesCcm8, OpensNothingThatWasChanged) {
    Aes128 aes;
    const auto opens = [&](std::vector<std::uint8_t> text, std::vector<std::uint8_t> tag, Bytes associated) {
        return aes.ccm8_open({ccm_key, ccm_nonce, associated}, text, tag);
    };
    EXPECT_TRUE(opens(ccm_sealed, ccm_tag, ccm_associated));
    for (std::size_t bit = 0; bit < ccm_sealed.size() * 8; ++bit) {
        auto changed = ccm_sealed;
        changed[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
        EXPECT_FALSE(opens(changed, ccm_tag, ccm_associated));
    }
    auto changed = ccm_tag;
    changed[7] ^= 1;
    EXPECT_FALSE(opens(ccm_sealed, changed, ccm_associated));
    EXPECT_FALSE(opens(ccm_sealed, ccm_tag, {}));
}

TEST(AesCcm8, SealsAnEmptyText) {
    Aes128 aes;
    std::array<std::uint8_t, 8> tag{};
    aes.ccm8_seal({ccm_key, ccm_nonce, ccm_associated}, {}, tag);
    EXPECT_TRUE(aes.ccm8_open({ccm_key, ccm_nonce, ccm_associated}, {}, tag));
    tag[0] ^= 1;
    EXPECT_FALSE(aes.ccm8_open({ccm_key, ccm_nonce, ccm_associated}, {}, tag));
}

// On a processor without the instructions this compares the library with itself.
TEST(AesCcm8, SealsByTheProcessorWhatTheLibraryOpensAndTheOtherWayRound) {
    Aes128 fastest;
    Aes128 library(Aes128::Way::library);
    std::vector<std::uint8_t> bytes(200);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 37);
    const Bytes all(bytes);
    for (std::size_t size = 0; size <= 80; ++size) {
        for (std::size_t associated = 0; associated <= 50; ++associated) {
            const Aes128::Sealing with{all.first(16), all.subspan(16, 12 + size % 2), all.subspan(40, associated)};
            for (const bool swapped : {false, true}) {
                std::vector<std::uint8_t> text(bytes.end() - static_cast<std::ptrdiff_t>(size), bytes.end());
                const auto plain = text;
                std::array<std::uint8_t, 8> tag{};
                (swapped ? library : fastest).ccm8_seal(with, text, tag);
                ASSERT_TRUE((swapped ? fastest : library).ccm8_open(with, text, tag)) << size << " " << associated;
                ASSERT_EQ(text, plain) << size << " " << associated;
            }
        }
    }
}

TEST(AesCcm8, LeavesNothingOfATextThatDoesNotOpen) {
    Aes128 aes;
    auto text = ccm_sealed;
    const std::array<std::uint8_t, 8> tag{};
    EXPECT_FALSE(aes.ccm8_open({ccm_key, ccm_nonce, ccm_associated}, text, tag));
    EXPECT_EQ(text, std::vector<std::uint8_t>(ccm_sealed.size()));
}

// McGrew and Viega, The Galois/Counter Mode of Operation, test case 4.
TEST(AesGcm, SealsTestCaseFour) {
    Aes128 aes;
    const auto key = hex("feffe992 8665731c 6d6a8f94 67308308");
    const auto nonce = hex("cafebabe facedbad decaf888");
    const auto associated = hex("feedface deadbeef feedface deadbeef abaddad2");
    const auto plain =
        hex("d9313225 f88406e5 a55909c5 aff5269a 86a7a953 1534f7da 2e4c303d 8a318a72"
            "1c3c0c95 95680953 2fcf0e24 49a6b525 b16aedf5 aa0de657 ba637b39");
    auto text = plain;
    std::array<std::uint8_t, 16> tag{};
    aes.gcm_seal({key, nonce, associated}, text, tag);
    EXPECT_EQ(to_hex(text),
              "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
              "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091");
    EXPECT_EQ(to_hex(tag), "5bc94fbc3221a5db94fae95ae7121a47");
    EXPECT_TRUE(aes.gcm_open({key, nonce, associated}, text, tag));
    EXPECT_EQ(text, plain);
    tag[15] ^= 1;
    EXPECT_FALSE(aes.gcm_open({key, nonce, associated}, text, tag));
}

// RFC 3602 4, cases 1 and 2.
TEST(AesCbc, EncryptsTheCasesOfRfc3602) {
    Aes128 aes;
    const std::string_view single = "Single block msg";
    std::vector<std::uint8_t> text(single.begin(), single.end());
    const auto key = hex("06a92140 36b8a15b 512e03d5 34120006");
    const auto iv = hex("3dafba42 9d9eb430 b422da80 2c9fac41");
    aes.cbc_encrypt(key, iv, text);
    EXPECT_EQ(to_hex(text), "e353779c1079aeb82708942dbe77181a");
    aes.cbc_decrypt(key, iv, text);
    EXPECT_EQ(as_text(text), single);

    auto two = hex("00010203 04050607 08090a0b 0c0d0e0f 10111213 14151617 18191a1b 1c1d1e1f");
    aes.cbc_encrypt(hex("c286696d 887c9aa0 611bbb3e 2025a45a"), hex("562e1799 6d093d28 ddb3ba69 5a2e6f58"), two);
    EXPECT_EQ(to_hex(two), "d296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1");
}

TEST(Sha256, HashesInPieces) {
    EXPECT_EQ(text_of(sha256(as_bytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(text_of(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    const std::string long_text(1000, 'x');
    Sha256 hash;
    for (std::size_t at = 0; at < long_text.size(); at += 7) {
        hash.update(as_bytes(std::string_view(long_text).substr(at, 7)));
    }
    EXPECT_EQ(hash.digest(), sha256(as_bytes(long_text)));
}

TEST(Sha256, GoesOnAfterADigestAndFromACopy) {
    Sha256 hash;
    hash.update(as_bytes("ab"));
    EXPECT_EQ(hash.digest(), sha256(as_bytes("ab")));
    Sha256 copy = hash;
    hash.update(as_bytes("c"));
    EXPECT_EQ(hash.digest(), sha256(as_bytes("abc")));
    copy.update(as_bytes("d"));
    EXPECT_EQ(copy.digest(), sha256(as_bytes("abd")));
}

// RFC 4231 4.2, 4.3, 4.7.
TEST(HmacSha256, HasTheMacsOfRfc4231) {
    EXPECT_EQ(text_of(HmacSha256(std::vector<std::uint8_t>(20, 0x0b)).mac(as_bytes("Hi There"))),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    const HmacSha256 jefe(as_bytes("Jefe"));
    EXPECT_EQ(text_of(jefe.mac(as_bytes("what do ya want for nothing?"))),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(jefe.mac({as_bytes("what do ya "), as_bytes("want for nothing?")}),
              jefe.mac(as_bytes("what do ya want for nothing?")));
    EXPECT_EQ(text_of(HmacSha256(std::vector<std::uint8_t>(131, 0xaa))
                          .mac(as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

// RFC 5869 A.1, A.3.
TEST(Hkdf, DerivesTheKeysOfRfc5869) {
    const std::vector<std::uint8_t> input(22, 0x0b);
    const auto salt = hex("000102030405060708090a0b0c");
    const Digest key = hkdf_extract(salt, input);
    EXPECT_EQ(text_of(key), "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
    std::array<std::uint8_t, 42> out{};
    hkdf_expand(key, hex("f0f1f2f3f4f5f6f7f8f9"), out);
    EXPECT_EQ(to_hex(out), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    hkdf({}, input, {}, out);
    EXPECT_EQ(to_hex(out), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

// The vector that the TLS working group agreed on for PRF-SHA-256 (mail 03416 of its list).
TEST(Tls12Prf, HasTheAgreedOutput) {
    const HmacSha256 key(hex("9bbe436ba940f017b17652849a71db35"));
    const auto seed = hex("a0ba9f936cda311827a6f796ffd5198c");
    const std::string_view expected =
        "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def"
        "1"
        "7abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66";
    std::array<std::uint8_t, 100> out{};
    tls12_prf(key, "test label", {seed}, out);
    EXPECT_EQ(to_hex(out), expected);
    out.fill(0);
    tls12_prf(key, "test label", {Bytes(seed).first(5), Bytes(seed).subspan(5)}, out);
    EXPECT_EQ(to_hex(out), expected);
}

TEST(Secret, IsComparedWithoutTellingWhere) {
    EXPECT_TRUE(equal_in_constant_time(hex("0102"), hex("0102")));
    EXPECT_FALSE(equal_in_constant_time(hex("0102"), hex("0103")));
    EXPECT_FALSE(equal_in_constant_time(hex("0102"), hex("010200")));
    EXPECT_TRUE(equal_in_constant_time({}, {}));
}

TEST(Secret, IsMovedAndWiped) {
    std::array<std::uint8_t, 4> memory{1, 2, 3, 4};
    wipe(memory);
    EXPECT_EQ(memory, (std::array<std::uint8_t, 4>{}));
    Secret secret(as_bytes("key"));
    Secret moved = std::move(secret);
    EXPECT_TRUE(secret.empty());
    EXPECT_EQ(as_text(moved.view()), "key");
    EXPECT_EQ(as_text(moved.copy().view()), "key");
}

TEST(Random, DiffersEachTime) {
    std::array<std::uint8_t, 32> a{};
    std::array<std::uint8_t, 32> b{};
    fill_random(a);
    fill_random(b);
    EXPECT_NE(a, b);
}

}  // namespace
}  // namespace base
