#include "simulator/lwm2m/codec_json.h"

#include <limits>

#include "tests/lwm2m/codec_fixture.h"

namespace lwm2m {
namespace {

constexpr auto json = ContentFormat::json;

class Lwm2mJson : public Codec {
protected:
    Lines read(const Path& base, std::string_view characters) { return decoded_text(json, base, characters); }
};

// OMA-TS-LightweightM2M-V1_0_2, 6.4.4: the answer to a Read of /3/0.
constexpr std::string_view device_json =
    R"({"bn":"/3/0/","e":[{"n":"0","sv":"Open Mobile Alliance"},{"n":"1","sv":"Lightweight M2M Client"},)"
    R"({"n":"2","sv":"345000123"},{"n":"3","sv":"1.0"},{"n":"6/0","v":1},{"n":"6/1","v":5},{"n":"7/0","v":3800},)"
    R"({"n":"7/1","v":5000},{"n":"8/0","v":125},{"n":"8/1","v":900},{"n":"9","v":100},{"n":"10","v":15},)"
    R"({"n":"11/0","v":0},{"n":"13","v":1367491215},{"n":"14","sv":"+02:00"},{"n":"16","sv":"U"}]})";

TEST_F(Lwm2mJson, WritesAndReadsTheSpecificationsDevice) {
    EXPECT_EQ(encoded_text(json, {3, 0}, device_example()), device_json);
    EXPECT_EQ(read({3, 0}, device_json), lines(device_example()));
}

// 6.4.4 again: historical values, times relative to the base time.
TEST_F(Lwm2mJson, TimesAreRelativeToTheBaseTime) {
    EXPECT_EQ(
        read({3303, 0, 5700}, R"({"e":[{"n":"","v":22.4,"t":-5},{"n":"","v":22.9,"t":-30},{"n":"","v":24.1,"t":-50}],)"
                              R"("bn":"/3303/0/5700","bt":25462634})"),
        (Lines{"/3303/0/5700 float 22.4 @25462629.000000", "/3303/0/5700 float 22.9 @25462604.000000",
               "/3303/0/5700 float 24.1 @25462584.000000"}));
}

TEST_F(Lwm2mJson, OneResourceHasAnEmptyName) {
    EXPECT_EQ(encoded_text(json, Entry{{3303, 0, 5700}, ValueView::of_floating(21.5)}),
              R"({"bn":"/3303/0/5700","e":[{"n":"","v":21.5}]})");
    EXPECT_EQ(encoded_text(json, Entry{{3, 0, 9}, number(5), -10}), R"({"bn":"/3/0/9","e":[{"n":"","t":-10,"v":5}]})");
}

TEST_F(Lwm2mJson, TheBaseNameMayLackItsSlashOrBeLeftOut) {
    for (const auto* characters :
         {R"({"bn":"/3/0/","e":[{"n":"9","v":1}]})", R"({"bn":"/3/0","e":[{"n":"9","v":1}]})",
          R"({"bn":"/3/0","e":[{"n":"/9","v":1}]})", R"({"bn":"/","e":[{"n":"/3/0/9","v":1}]})",
          R"({"bn":"/","e":[{"n":"3/0/9","v":1}]})", R"({"bn":"","e":[{"n":"/3/0/9","v":1}]})",
          R"({"e":[{"n":"9","v":1}]})", R"({"bn":"/3/0/9","e":[{"v":1}]})", R"({"bn":"/3/0/9/","e":[{"v":1}]})"}) {
        EXPECT_EQ(read({3, 0}, characters), Lines{"/3/0/9 integer 1"}) << characters;
    }
}

TEST_F(Lwm2mJson, EachTypeHasItsField) {
    const std::uint8_t bytes[] = {0xff, 0xee};
    const std::vector<Entry> entries{{{3442, 0, 110}, text("q\"\\\n\x01ü")},
                                     {{3442, 0, 120}, number(INT64_MIN)},
                                     {{3442, 0, 125}, ValueView::of_unsigned(UINT64_MAX)},
                                     {{3442, 0, 130}, ValueView::of_floating(1e300)},
                                     {{3442, 0, 140}, ValueView::of_boolean(true)},
                                     {{3442, 0, 150}, ValueView::of_opaque(bytes)},
                                     {{3442, 0, 160}, ValueView::of_time(1700000000)},
                                     {{3442, 0, 170}, ValueView::of_objlnk({66, 0})},
                                     {{3442, 0, 180}, ValueView::of_corelnk("</3>;ver=\"1.1\"")}};
    const std::string_view characters =
        R"({"bn":"/3442/0/","e":[{"n":"110","sv":"q\"\\\n\u0001ü"},{"n":"120","v":-9223372036854775808},)"
        R"({"n":"125","v":18446744073709551615},{"n":"130","v":1e+300},{"n":"140","bv":true},)"
        R"({"n":"150","sv":"/+4="},{"n":"160","v":1700000000},{"n":"170","ov":"66:0"},)"
        R"({"n":"180","sv":"</3>;ver=\"1.1\""}]})";
    EXPECT_EQ(encoded_text(json, {3442, 0}, entries), characters);
    EXPECT_EQ(read({3442, 0}, characters), lines(entries));
}

TEST_F(Lwm2mJson, IntegersBeyond53BitsSurvive) {
    EXPECT_EQ(read({3442, 0, 120}, R"({"bn":"/3442/0/120","e":[{"v":9007199254740993}]})"),
              Lines{"/3442/0/120 integer 9007199254740993"});
}

TEST_F(Lwm2mJson, UnknownFieldsAreSkipped) {
    EXPECT_EQ(
        read({3, 0}, R"({"x":{"e":[1]},"bn":"/3/0/","y":[[]],"e":[{"z":{"v":[2]},"n":"9","w":[{}],"v":1,"u":null}]})"),
        Lines{"/3/0/9 integer 1"});
}

TEST_F(Lwm2mJson, AnObjectLinkIsReadFromAStringToo) {
    EXPECT_EQ(read({3442, 0}, R"({"bn":"/3442/0/","e":[{"n":"170","sv":"66:0"}]})"), Lines{"/3442/0/170 objlnk 66:0"});
}

TEST_F(Lwm2mJson, ANumberThatHasNoDigitsIsRefused) {
    EXPECT_TRUE(encoded(json, Entry{{1, 0, 1}, ValueView::of_floating(std::numeric_limits<double>::infinity())})
                    .starts_with("error"));
}

TEST_F(Lwm2mJson, AnEmptyListIsNothing) {
    EXPECT_EQ(read({3, 0}, R"({"bn":"/3/0/","e":[]})"), Lines{});
    EXPECT_EQ(encoded_text(json, {3, 0}, {}), R"({"bn":"/3/0","e":[]})");
}

TEST_F(Lwm2mJson, RefusesWhatBreaksTheRules) {
    const auto refused = [&](std::string_view characters, const char* message) {
        EXPECT_EQ(read({3, 0}, characters), Lines{message}) << characters;
    };
    refused("", "error at 0: malformed JSON");
    refused("[]", "error at 1: an array where it may not stand");
    refused("7", "error at 0: LwM2M JSON is an object with an array \"e\"");
    refused("{}", "error at 0: LwM2M JSON is an object with an array \"e\"");
    refused(R"({"e":1})", "error at 6: \"e\" is an array");
    refused(R"({"e":{}})", "error at 6: an object where a value is expected");
    refused(R"({"e":[],"e":[]})", "error at 13: \"e\" is given twice");
    refused(R"({"e":[1]})", "error at 7: LwM2M JSON is an object with an array \"e\"");
    refused(R"({"e":[{"n":"9"}]})", "error at 15: an element without a value");
    refused(R"({"e":[{"n":"9","v":1,"sv":"a"}]})", "error at 29: an element has two values");
    refused(R"({"e":[{"n":"9","v":"1"}]})", "error at 22: a value of another kind than its field");
    refused(R"({"e":[{"n":"9","v":1.5}]})", "error at 6: a fraction is no integer");
    refused(R"({"e":[{"n":"9","v":1e999}]})", "error at 23: number beyond the range of a double");
    refused(R"({"e":[{"n":"9","v":1},{"n":"9","v":2}]})", "error at 22: a path is given twice");
    refused(R"({"e":[{"n":"09","v":1}]})", "error at 6: the name is no path such as /3/0/9");
    refused(R"({"bn":"/4/","e":[{"n":"0/9","v":1}]})", "error at 17: path lies outside the one addressed");
    refused(R"({"bn":1,"e":[]})", "error at 7: a name is a string");
    refused(R"({"bt":"1","e":[]})", "error at 9: a time is a number");
    refused(R"({"e":[{"n":"9","v":1}]} x)", "error at 24: malformed JSON");
    refused("\xEF\xBB\xBF{\"e\":[]}", "error at 0: malformed JSON");
    refused("{\"e\":[{\"n\":\"0\",\"sv\":\"\xff\"}]}", "error at 21: malformed JSON");
}

TEST_F(Lwm2mJson, DepthAndCountAreLimited) {
    EXPECT_EQ(read({3, 0}, R"({"x":)" + std::string(100000, '[')), Lines{"error at 21: nested deeper than the limit"});
    EXPECT_EQ(decoded_text(json, {3, 0}, R"({"e":[{"n":"9","v":1},{"n":"10","v":1}]})", {.max_entries = 1}),
              Lines{"error at 23: more values than the limit"});
}

TEST_F(Lwm2mJson, EveryTruncationIsRefused) {
    expect_every_truncation_refused(json, {3, 0}, base::as_bytes(device_json));
}

}  // namespace
}  // namespace lwm2m
