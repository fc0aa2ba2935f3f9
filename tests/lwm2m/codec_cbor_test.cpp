#include "simulator/lwm2m/codec_cbor.h"

#include <bit>
#include <cmath>
#include <limits>

#include "tests/lwm2m/codec_fixture.h"

namespace lwm2m {
namespace {

constexpr auto cbor = ContentFormat::cbor;

class CborCodec : public Codec {
protected:
    static std::string write(const ValueView& value) { return encoded(cbor, Entry{{3442, 0, 110}, value}); }
    Lines read(std::uint16_t resource, std::string_view hex) { return decoded_hex(cbor, {3442, 0, resource}, hex); }
};

// RFC 8949, Appendix A.
TEST_F(CborCodec, WritesTheExamplesOfAppendixA) {
    EXPECT_EQ(write(number(0)), "00");
    EXPECT_EQ(write(number(23)), "17");
    EXPECT_EQ(write(number(24)), "1818");
    EXPECT_EQ(write(number(1000000)), "1A000F4240");
    EXPECT_EQ(write(number(1000000000000)), "1B000000E8D4A51000");
    EXPECT_EQ(write(ValueView::of_unsigned(18446744073709551615u)), "1BFFFFFFFFFFFFFFFF");
    EXPECT_EQ(write(number(-1)), "20");
    EXPECT_EQ(write(number(-1000)), "3903E7");
    EXPECT_EQ(write(number(INT64_MIN)), "3B7FFFFFFFFFFFFFFF");
    EXPECT_EQ(write(ValueView::of_floating(1.0)), "F93C00");
    EXPECT_EQ(write(ValueView::of_floating(1.1)), "FB3FF199999999999A");
    EXPECT_EQ(write(ValueView::of_floating(100000.0)), "FA47C35000");
    EXPECT_EQ(write(ValueView::of_floating(3.4028234663852886e+38)), "FA7F7FFFFF");
    EXPECT_EQ(write(ValueView::of_floating(1.0e+300)), "FB7E37E43C8800759C");
    EXPECT_EQ(write(ValueView::of_floating(0.00006103515625)), "F90400");
    EXPECT_EQ(write(ValueView::of_floating(-4.0)), "F9C400");
    EXPECT_EQ(write(ValueView::of_floating(std::numeric_limits<double>::infinity())), "F97C00");
    EXPECT_EQ(write(ValueView::of_floating(std::nan(""))), "F97E00");
    EXPECT_EQ(write(ValueView::of_boolean(false)), "F4");
    EXPECT_EQ(write(ValueView::of_boolean(true)), "F5");
    EXPECT_EQ(write(ValueView::of_time(1363896240)), "C11A514B67B0");
    EXPECT_EQ(write(text("IETF")), "6449455446");
    EXPECT_EQ(write(text("")), "60");
    const std::uint8_t bytes[] = {1, 2, 3, 4};
    EXPECT_EQ(write(ValueView::of_opaque(bytes)), "4401020304");
    EXPECT_EQ(write(ValueView::of_objlnk({66, 0})), "6436363A30");
}

TEST_F(CborCodec, ReadsTheExamplesOfAppendixA) {
    EXPECT_EQ(read(120, "1903E8"), Lines{"/3442/0/120 integer 1000"});
    EXPECT_EQ(read(120, "3903E7"), Lines{"/3442/0/120 integer -1000"});
    EXPECT_EQ(read(125, "1BFFFFFFFFFFFFFFFF"), Lines{"/3442/0/125 unsigned 18446744073709551615"});
    EXPECT_EQ(read(130, "F90001"), Lines{"/3442/0/130 float 5.960464477539063e-08"});
    EXPECT_EQ(read(130, "F9C400"), Lines{"/3442/0/130 float -4"});
    EXPECT_EQ(read(130, "FB3FF199999999999A"), Lines{"/3442/0/130 float 1.1"});
    EXPECT_EQ(read(140, "F5"), Lines{"/3442/0/140 boolean true"});
    EXPECT_EQ(read(160, "C11A514B67B0"), Lines{"/3442/0/160 time 1363896240"});
    EXPECT_EQ(read(160, "1A514B67B0"), Lines{"/3442/0/160 time 1363896240"});
    EXPECT_EQ(read(150, "5F42010243030405FF"), Lines{"/3442/0/150 opaque 0102030405"});
    EXPECT_EQ(read(110, "7F657374726561646D696E67FF"), Lines{"/3442/0/110 string streaming"});
    EXPECT_EQ(read(110, "D82076687474703A2F2F7777772E6578616D706C652E636F6D"),
              Lines{"/3442/0/110 string http://www.example.com"});
    EXPECT_EQ(read(170, "6436363A30"), Lines{"/3442/0/170 objlnk 66:0"});
}

// RFC 8949 3.4.4: 273.15 is [-2, 27315].
TEST_F(CborCodec, ADecimalFractionIsRoundedOnce) {
    EXPECT_EQ(read(130, "C48221196AB3"), Lines{"/3442/0/130 float 273.15"});
    EXPECT_EQ(read(120, "C482021903E8"), Lines{"/3442/0/120 integer 100000"});
    EXPECT_EQ(read(120, "C482001903E8"), Lines{"/3442/0/120 integer 1000"});
    EXPECT_EQ(read(130, "C4821A7FFFFFFF01"), Lines{"error at 0: decimal fraction beyond the range of a double"});
    EXPECT_EQ(read(130, "C48101"), Lines{"error at 1: a decimal fraction is [exponent, mantissa]"});
    EXPECT_EQ(read(130, "C483010101"), Lines{"error at 1: a decimal fraction is [exponent, mantissa]"});
    EXPECT_EQ(read(130, "C48201F93C00"), Lines{"error at 3: a decimal fraction is [exponent, mantissa]"});
}

TEST_F(CborCodec, EveryHalfIsWrittenAsItWasRead) {
    for (unsigned bits = 0; bits < 0x10000; ++bits) {
        const std::uint8_t bytes[] = {0xf9, static_cast<std::uint8_t>(bits >> 8), static_cast<std::uint8_t>(bits)};
        ASSERT_EQ(decoded(cbor, {3442, 0, 130}, bytes).size(), 1u);
        const double value = entries_.entries.front().value.floating;
        if (std::isnan(value)) continue;
        ASSERT_EQ(base::from_hex(write(ValueView::of_floating(value))).value(), std::vector(bytes, bytes + 3)) << bits;
    }
}

TEST_F(CborCodec, FloatsThatAHalfCannotHoldAreLonger) {
    EXPECT_EQ(write(ValueView::of_floating(65520)), "FA477FF000");
    EXPECT_EQ(write(ValueView::of_floating(std::ldexp(1.0, -25))), "FA33000000");
    EXPECT_EQ(write(ValueView::of_floating(1 + std::ldexp(1.0, -11))), "FA3F801000");
    EXPECT_EQ(write(ValueView::of_floating(std::ldexp(3.0, -25))), "FA33C00000");
    EXPECT_EQ(write(ValueView::of_floating(std::ldexp(1.0, -149))), "FA00000001");
}

TEST_F(CborCodec, RefusesWhatIsNoValue) {
    EXPECT_EQ(read(110, ""), Lines{"error at 0: truncated"});
    EXPECT_EQ(read(110, "F6"), Lines{"error at 0: expected a value"});
    EXPECT_EQ(read(110, "80"), Lines{"error at 0: expected a value"});
    EXPECT_EQ(read(110, "FF"), Lines{"error at 0: expected a value"});
    EXPECT_EQ(read(110, "61416142"), Lines{"error at 2: bytes after the value"});
    EXPECT_EQ(read(110, "7F4141FF"), Lines{"error at 1: a chunk of another kind in a string"});
    EXPECT_EQ(read(110, "61FF"), Lines{"error at 0: text is not UTF-8"});
    EXPECT_EQ(read(120, "C249010000000000000000"), Lines{"error at 0: integer does not fit 64 bits"});
    EXPECT_EQ(read(120, "C1C101"), Lines{"error at 1: tag within a tag"});
    EXPECT_EQ(read(160, "C1F93E00"), Lines{"error at 1: a fraction is no integer"});
    EXPECT_EQ(read(120, "1C"), Lines{"error at 0: malformed CBOR item"});
    EXPECT_EQ(read(150, "5BFFFFFFFFFFFFFFFF00"), Lines{"error at 10: truncated"});
    EXPECT_EQ(decoded_hex(cbor, {3, 0}, "01"),
              Lines{"error at 0: CBOR holds one value: it needs the path of a resource"});
}

TEST_F(CborCodec, EveryTruncationIsRefused) {
    for (const std::string_view hex : {"C48221196AB3", "5F42010243030405FF", "C11A514B67B0", "FB3FF199999999999A"}) {
        expect_every_truncation_refused(cbor, {40000, 0, 1}, base::from_hex(hex).value());
    }
}

}  // namespace
}  // namespace lwm2m
