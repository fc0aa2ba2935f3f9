#include "simulator/lwm2m/package_reader.h"

#include <gtest/gtest.h>

#include "tests/support/hex.h"

namespace lwm2m {
namespace {

constexpr std::uint32_t opaque = 42, cbor = 60, tlv = 11542, old_tlv = 1542, senml_cbor = 112;

struct Read {
    std::string package;  // in hexadecimal
    bool complete = false;
    friend bool operator==(const Read&, const Read&) = default;
};

// Fed in pieces of `piece` bytes; nullopt for an error.
std::optional<Read> read(std::uint32_t format, std::string_view hex, std::size_t piece) {
    auto reader = PackageReader::of(format).value();
    const auto payload = base::from_hex(hex).value();
    std::vector<std::uint8_t> package;
    base::Bytes left = payload;
    while (!left.empty()) {
        const auto part = left.first(std::min(piece, left.size()));
        left = left.subspan(part.size());
        const auto fed =
            reader.feed(part, [&](base::Bytes run) { package.insert(package.end(), run.begin(), run.end()); });
        if (!fed) return std::nullopt;
    }
    return Read{base::to_hex(package), reader.complete()};
}

// The same however it is cut.
std::optional<Read> read(std::uint32_t format, std::string_view hex) {
    const auto whole = read(format, hex, 1u << 20);
    for (std::size_t piece = 1; piece < 9; ++piece) EXPECT_EQ(read(format, hex, piece), whole) << piece << ' ' << hex;
    return whole;
}

const Read package{"0102030405", true};

TEST(PackageReader, OpaqueIsThePackage) {
    EXPECT_EQ(read(opaque, "0102030405"), package);
    EXPECT_EQ(read(opaque, ""), (Read{"", true}));
}

TEST(PackageReader, TlvIsAResourceWithThePackage) {
    EXPECT_EQ(read(tlv, "c5 00 0102030405"), package);
    EXPECT_EQ(read(old_tlv, "c8 00 05 0102030405"), package);
    EXPECT_EQ(read(tlv, "d0 00 0005 0102030405"), package);
    EXPECT_EQ(read(tlv, "f8 0000 000005 0102030405"), package);
    EXPECT_EQ(read(tlv, "c0 00"), (Read{"", true}));
}

TEST(PackageReader, TheInstanceMayStandAroundTheResource) {
    EXPECT_EQ(read(tlv, "07 00 c5 00 0102030405"), package);
    EXPECT_EQ(read(tlv, "08 00 07 c5 00 0102030405"), package);
    EXPECT_EQ(read(tlv, "07 00 c4 00 01020304"), std::nullopt) << "not filled";
    EXPECT_EQ(read(tlv, "01 00 c5 00 0102030405"), std::nullopt) << "ends within the header";
    EXPECT_EQ(read(tlv, "09 00 07 07 00 c5 00 0102030405"), std::nullopt) << "an instance in an instance";
}

TEST(PackageReader, TlvOfAnythingElseIsRefused) {
    EXPECT_EQ(read(tlv, "c5 01 0102030405"), std::nullopt) << "resource 1";
    EXPECT_EQ(read(tlv, "85 00 0102030405"), std::nullopt) << "a multiple resource";
    EXPECT_EQ(read(tlv, "45 00 0102030405"), std::nullopt) << "a resource instance";
    EXPECT_EQ(read(tlv, "07 01 c5 00 0102030405"), std::nullopt) << "instance 1";
    EXPECT_EQ(read(tlv, "c5 00 0102030405 c1 01 00"), std::nullopt) << "a second resource";
}

TEST(PackageReader, CborIsAByteString) {
    EXPECT_EQ(read(cbor, "45 0102030405"), package);
    EXPECT_EQ(read(cbor, "58 05 0102030405"), package);
    EXPECT_EQ(read(cbor, "5a 00000005 0102030405"), package);
    EXPECT_EQ(read(cbor, "5b 0000000000000005 0102030405"), package);
    EXPECT_EQ(read(cbor, "40"), (Read{"", true}));
    EXPECT_EQ(read(cbor, "5f 42 0102 40 43 030405 ff"), package);
    EXPECT_EQ(read(cbor, "5f ff"), (Read{"", true}));
}

TEST(PackageReader, CborOfAnythingElseIsRefused) {
    EXPECT_EQ(read(cbor, "65 6869"), std::nullopt) << "text";
    EXPECT_EQ(read(cbor, "81 40"), std::nullopt) << "an array";
    EXPECT_EQ(read(cbor, "5c 00"), std::nullopt) << "a reserved length";
    EXPECT_EQ(read(cbor, "ff"), std::nullopt) << "a break without a beginning";
    EXPECT_EQ(read(cbor, "5f 5f"), std::nullopt) << "chunks in chunks";
    EXPECT_EQ(read(cbor, "45 0102030405 40"), std::nullopt) << "a second value";
}

TEST(PackageReader, WhatIsCutOffIsNotComplete) {
    for (const auto& [format, hex] :
         std::vector<std::pair<std::uint32_t, std::string>>{{tlv, "d00000050102030405"},
                                                            {tlv, "080007c5000102030405"},
                                                            {cbor, "58050102030405"},
                                                            {cbor, "5f4201024043030405ff"}}) {
        for (std::size_t digits = 0; digits + 2 <= hex.size(); digits += 2) {
            const auto part = read(format, hex.substr(0, digits));
            EXPECT_FALSE(part && part->complete) << hex.substr(0, digits);
        }
    }
}

TEST(PackageReader, HostileLengthsAreNoMoreThanNumbers) {
    EXPECT_EQ(read(cbor, "5b ffffffffffffffff 01"), (Read{"01", false}));
    EXPECT_EQ(read(tlv, "d8 00 ffffff 01"), (Read{"01", false}));
}

TEST(PackageReader, TellsTheLengthWhenTheWrappingHasSaidIt) {
    auto reader = PackageReader::of(tlv).value();
    const auto ignore = [](base::Bytes) {};
    EXPECT_EQ(reader.length(), std::nullopt);
    ASSERT_TRUE(reader.feed(base::from_hex("d0 00 0400").value(), ignore));
    EXPECT_EQ(reader.length(), 1024u);
    EXPECT_EQ(PackageReader::of(opaque)->length(), std::nullopt);
}

TEST(PackageReader, OtherFormatsNeedTheWholePayload) {
    EXPECT_FALSE(PackageReader::of(senml_cbor));
    EXPECT_FALSE(PackageReader::of(0));
    EXPECT_FALSE(PackageReader::of(4711));
}

}  // namespace
}  // namespace lwm2m
