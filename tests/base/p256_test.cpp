#include "simulator/base/crypto_p256.h"

#include <gtest/gtest.h>

#include "simulator/base/crypto_pem.h"
#include "tests/support/hex.h"

namespace base {
namespace {

P256Scalar scalar(std::string_view hex) {
    P256Scalar out;
    const auto bytes = support::hex(hex);
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
}

// RFC 6979 A.2.5.
const P256Scalar rfc6979_key = scalar("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721");
constexpr std::string_view rfc6979_point =
    "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
constexpr std::string_view rfc6979_signature =
    "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";

TEST(P256, MakesThePublicKeyOfAPrivateOne) {
    P256 engine;
    P256Point point;
    ASSERT_TRUE(engine.public_of(rfc6979_key, point));
    EXPECT_EQ(to_hex(point), rfc6979_point);
    EXPECT_EQ(point_of(to_public_key(point)), point);
}

TEST(P256, TakesTheSignatureOfRfc6979AndNoOther) {
    P256 engine;
    const auto digest = sha256(as_bytes("sample"));
    const auto point = support::hex(rfc6979_point);
    auto signature = support::hex(rfc6979_signature);
    EXPECT_TRUE(engine.verify(point, digest, signature));
    EXPECT_FALSE(engine.verify(point, sha256(as_bytes("simple")), signature));
    signature.back() ^= 1;
    EXPECT_FALSE(engine.verify(point, digest, signature));
    for (std::size_t size = 0; size < signature.size(); ++size) {
        EXPECT_FALSE(engine.verify(point, digest, Bytes(signature).first(size))) << size;
    }
}

// Debian's library mixes the digest in otherwise (WOLFSSL_ECDSA_DETERMINISTIC_K_VARIANT); ours is the RFC's.
TEST(P256, SignsTheSameThingTheSameWay) {
    P256 engine;
    std::array<std::uint8_t, p256_signature_capacity> once{};
    std::array<std::uint8_t, p256_signature_capacity> again{};
    const auto digest = sha256(as_bytes("sample"));
    const auto size = engine.sign(rfc6979_key, digest, once);
    EXPECT_EQ(engine.sign(rfc6979_key, digest, again), size);
    EXPECT_EQ(once, again);
    EXPECT_TRUE(engine.verify(support::hex(rfc6979_point), digest, Bytes(once).first(size)));
}

TEST(P256, BothSidesAgree) {
    P256 engine;
    P256Scalar a;
    P256Scalar b;
    derive_p256_key(as_bytes("secret"), as_bytes("a"), a);
    derive_p256_key(as_bytes("secret"), as_bytes("b"), b);
    EXPECT_NE(a, b);
    P256Point of_a;
    P256Point of_b;
    ASSERT_TRUE(engine.public_of(a, of_a) && engine.public_of(b, of_b));
    std::array<std::uint8_t, 32> ab;
    std::array<std::uint8_t, 32> ba;
    ASSERT_TRUE(engine.agree(a, of_b, ab) && engine.agree(b, of_a, ba));
    EXPECT_EQ(ab, ba);
}

TEST(P256, RefusesPointsThatAreNotOnTheCurve) {
    P256 engine;
    std::array<std::uint8_t, 32> out;
    auto point = support::hex(rfc6979_point);
    EXPECT_FALSE(engine.agree(rfc6979_key, Bytes(point).first(64), out));
    point[10] ^= 1;
    EXPECT_FALSE(engine.agree(rfc6979_key, point, out));
    point.assign(65, 0);
    EXPECT_FALSE(engine.agree(rfc6979_key, point, out));
    point[0] = 4;
    EXPECT_FALSE(engine.agree(rfc6979_key, point, out));
}

TEST(P256, KnowsWhatIsNoPrivateKey) {
    EXPECT_FALSE(is_p256_scalar(P256Scalar{}));
    EXPECT_FALSE(is_p256_scalar(scalar("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")));
    EXPECT_TRUE(is_p256_scalar(scalar("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550")));
}

// openssl ecparam -genkey -name prime256v1 -noout, and the same through openssl pkcs8 -topk8 -nocrypt.
TEST(P256, ReadsKeyFiles) {
    constexpr std::string_view sec1 =
        "-----BEGIN EC PRIVATE KEY-----\n"
        "MHcCAQEEIMmvqdhFunUWa1whV2ex1pNOUMPbNuibEnuKYisSD2choAoGCCqGSM49\n"
        "AwEHoUQDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Z5A/4QCLi8\n"
        "maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==\n"
        "-----END EC PRIVATE KEY-----\n";
    P256Scalar key;
    ASSERT_TRUE(read_p256_key(as_bytes(sec1), key));
    EXPECT_EQ(key, rfc6979_key);
    EXPECT_FALSE(read_p256_key(as_bytes("nothing"), key));
    EXPECT_FALSE(read_p256_key({}, key));
}

TEST(Pem, IsReadAsItIsWritten) {
    const std::string text = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0123456789";
    for (std::size_t size = 0; size < text.size(); ++size) {
        const auto bytes = as_bytes(text).first(size);
        const auto file = "before\n" + write_pem("FIRST", bytes) + "between\n" + write_pem("SECOND", bytes);
        const auto blocks = read_pem(as_bytes(file));
        ASSERT_EQ(blocks.size(), 2u);
        EXPECT_EQ(blocks[1].label, "SECOND");
        EXPECT_TRUE(equal(blocks[0].bytes.view(), bytes));
        for (std::size_t cut = 0; cut < file.size(); cut += 5) read_pem(as_bytes(file).first(cut));
    }
}

}  // namespace
}  // namespace base
