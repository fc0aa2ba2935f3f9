#include "simulator/lwm2m/codec_text.h"

#include <limits>

#include "tests/lwm2m/codec_fixture.h"

namespace lwm2m {
namespace {

class TextCodec : public Codec {
protected:
    static std::string write(const ValueView& value) {
        return encoded_text(ContentFormat::text, Entry{{3442, 0, 110}, value});
    }
    std::vector<std::string> read(std::uint16_t resource, std::string_view characters) {
        return decoded_text(ContentFormat::text, {3442, 0, resource}, characters);
    }
};

TEST_F(TextCodec, WritesEachTypeAsAppendixCSays) {
    EXPECT_EQ(write(text("Grüße")), "Grüße");
    EXPECT_EQ(write(number(-42)), "-42");
    EXPECT_EQ(write(ValueView::of_unsigned(18446744073709551615u)), "18446744073709551615");
    EXPECT_EQ(write(ValueView::of_floating(21.5)), "21.5");
    EXPECT_EQ(write(ValueView::of_boolean(true)), "1");
    EXPECT_EQ(write(ValueView::of_time(1367491215)), "1367491215");
    EXPECT_EQ(write(ValueView::of_objlnk({3, 0})), "3:0");
    EXPECT_EQ(write(ValueView::of_corelnk("</3/0>;ver=1.1")), "</3/0>;ver=1.1");
    const std::uint8_t bytes[] = {1, 2, 3, 4};
    EXPECT_EQ(write(ValueView::of_opaque(bytes)), "AQIDBA==");
}

TEST_F(TextCodec, AFloatHasNoExponent) {
    EXPECT_EQ(write(ValueView::of_floating(0.1)), "0.1");
    EXPECT_EQ(write(ValueView::of_floating(21)), "21");
    EXPECT_EQ(write(ValueView::of_floating(1e21)), "1000000000000000000000");
    EXPECT_EQ(write(ValueView::of_floating(-1e-7)), "-0.0000001");
}

TEST_F(TextCodec, ANumberThatHasNoDigitsIsRefused) {
    EXPECT_TRUE(write(ValueView::of_floating(std::numeric_limits<double>::quiet_NaN())).starts_with("error"));
    EXPECT_TRUE(write(ValueView::of_floating(std::numeric_limits<double>::infinity())).starts_with("error"));
}

TEST_F(TextCodec, ReadsEachType) {
    EXPECT_EQ(read(110, "hello"), Lines{"/3442/0/110 string hello"});
    EXPECT_EQ(read(110, ""), Lines{"/3442/0/110 string "});
    EXPECT_EQ(read(120, "-9223372036854775808"), Lines{"/3442/0/120 integer -9223372036854775808"});
    EXPECT_EQ(read(125, "18446744073709551615"), Lines{"/3442/0/125 unsigned 18446744073709551615"});
    EXPECT_EQ(read(130, "1.5e3"), Lines{"/3442/0/130 float 1500"});
    EXPECT_EQ(read(140, "0"), Lines{"/3442/0/140 boolean false"});
    EXPECT_EQ(read(150, "AQIDBA=="), Lines{"/3442/0/150 opaque 01020304"});
    EXPECT_EQ(read(160, "1367491215"), Lines{"/3442/0/160 time 1367491215"});
    EXPECT_EQ(read(170, "65535:65535"), Lines{"/3442/0/170 objlnk 65535:65535"});
    EXPECT_EQ(read(180, "</3/0>"), Lines{"/3442/0/180 corelnk </3/0>"});
}

TEST_F(TextCodec, AnUnknownResourceIsAString) { EXPECT_EQ(read(999, "21.5"), Lines{"/3442/0/999 string 21.5"}); }

TEST_F(TextCodec, RefusesWhatIsNotItsType) {
    EXPECT_EQ(read(120, "21.5"), Lines{"error at 0: not an integer"});
    EXPECT_EQ(read(120, " 21"), Lines{"error at 0: not an integer"});
    EXPECT_EQ(read(120, "9223372036854775808"), Lines{"error at 0: integer does not fit 64 bits"});
    EXPECT_EQ(read(125, "-1"), Lines{"error at 0: not an unsigned integer"});
    EXPECT_EQ(read(130, "nan"), Lines{"error at 0: not a number"});
    EXPECT_EQ(read(130, "inf"), Lines{"error at 0: not a number"});
    EXPECT_EQ(read(130, "1e999"), Lines{"error at 0: number beyond the range of a double"});
    EXPECT_EQ(read(140, "true"), Lines{"error at 0: a boolean is 0 or 1"});
    EXPECT_EQ(read(150, "AQI!"), Lines{"error at 3: not a base64 character"});
    EXPECT_EQ(read(170, "3"), Lines{"error at 0: an object link has the form 3:0"});
    EXPECT_EQ(read(170, "3:65536"), Lines{"error at 0: an id of an object link is 65535 at most"});
    EXPECT_EQ(read(110, "\xff"), Lines{"error at 0: text is not UTF-8"});
    EXPECT_EQ(read(120, ""), Lines{"error at 0: not an integer"});
}

TEST_F(TextCodec, HoldsOneValueAtAResource) {
    EXPECT_EQ(decoded_text(ContentFormat::text, {3, 0}, "1"),
              Lines{"error at 0: plain text holds one value: it needs the path of a resource"});
    EXPECT_EQ(decoded_text(ContentFormat::text, {3, 0, 7}, "1"),
              Lines{"error at 0: the resource has instances: one value is not enough"});
    EXPECT_EQ(decoded_text(ContentFormat::text, {3, 0, 7, 0}, "1"), Lines{"/3/0/7/0 integer 1"});
    EXPECT_EQ(decoded_text(ContentFormat::text, {3, 0, 9, 0}, "1"), Lines{"error at 0: the resource has no instances"});
    EXPECT_TRUE(encoded(ContentFormat::text, {3, 0}, device_example()).starts_with("error"));
}

TEST_F(TextCodec, NothingIsWrittenPastTheRoom) {
    const Entry entry{{3, 0, 0}, text("Open Mobile Alliance")};
    EXPECT_TRUE(encoded(ContentFormat::text, entry.path, std::span(&entry, 1), 19).starts_with("error"));
    EXPECT_FALSE(encoded(ContentFormat::text, entry.path, std::span(&entry, 1), 20).starts_with("error"));
}

TEST_F(Codec, OpaqueIsTheBytesThemselves) {
    const std::uint8_t bytes[] = {0xde, 0xad};
    EXPECT_EQ(encoded(ContentFormat::opaque, Entry{{5, 0, 0}, ValueView::of_opaque(bytes)}), "DEAD");
    EXPECT_EQ(decoded_hex(ContentFormat::opaque, {5, 0, 0}, "DEAD"), Lines{"/5/0/0 opaque dead"});
    EXPECT_EQ(decoded_hex(ContentFormat::opaque, {5, 0, 0}, ""), Lines{"/5/0/0 opaque "});
    EXPECT_EQ(decoded_hex(ContentFormat::opaque, {3, 0, 0}, "DEAD"), Lines{"error at 0: value has another type"});
    EXPECT_TRUE(encoded(ContentFormat::opaque, Entry{{3, 0, 9}, number(1)}).starts_with("error"));
}

}  // namespace
}  // namespace lwm2m
