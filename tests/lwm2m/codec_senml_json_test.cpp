#include "simulator/lwm2m/codec_senml_json.h"

#include <limits>

#include "tests/lwm2m/codec_fixture.h"

namespace lwm2m {
namespace {

constexpr auto senml = ContentFormat::senml_json;

class SenmlJson : public Codec {
protected:
    Lines read(const Path& base, std::string_view characters) { return decoded_text(senml, base, characters); }
};

// OMA-TS-LightweightM2M_Core-V1_1_1, 7.4.4: the answer to a Read of /3/0.
constexpr std::string_view device_json =
    R"([{"bn":"/3/0/","n":"0","vs":"Open Mobile Alliance"},{"n":"1","vs":"Lightweight M2M Client"},)"
    R"({"n":"2","vs":"345000123"},{"n":"3","vs":"1.0"},{"n":"6/0","v":1},{"n":"6/1","v":5},{"n":"7/0","v":3800},)"
    R"({"n":"7/1","v":5000},{"n":"8/0","v":125},{"n":"8/1","v":900},{"n":"9","v":100},{"n":"10","v":15},)"
    R"({"n":"11/0","v":0},{"n":"13","v":1367491215},{"n":"14","vs":"+02:00"},{"n":"16","vs":"U"}])";

TEST_F(SenmlJson, WritesAndReadsTheSpecificationsDevice) {
    EXPECT_EQ(encoded_text(senml, {3, 0}, device_example()), device_json);
    EXPECT_EQ(read({3, 0}, device_json), lines(device_example()));
    EXPECT_EQ(decoded_text(ContentFormat::senml_etch_json, Path{}, device_json), lines(device_example()));
}

TEST_F(SenmlJson, OneResourceIsOneRecordWithoutName) {
    EXPECT_EQ(encoded_text(senml, Entry{{3303, 0, 5700}, ValueView::of_floating(21.5)}),
              R"([{"bn":"/3303/0/5700","v":21.5}])");
    EXPECT_EQ(encoded_text(senml, Path{}, std::vector<Entry>{{{3, 0, 9}, number(1)}}),
              R"([{"bn":"/","n":"3/0/9","v":1}])");
}

TEST_F(SenmlJson, EachTypeHasItsField) {
    const std::uint8_t bytes[] = {0xff, 0xee};
    const std::vector<Entry> entries{{{3442, 0, 110}, text("q\"\\\t\x1fü")},
                                     {{3442, 0, 120}, number(INT64_MIN)},
                                     {{3442, 0, 125}, ValueView::of_unsigned(UINT64_MAX)},
                                     {{3442, 0, 130}, ValueView::of_floating(-0.001)},
                                     {{3442, 0, 140}, ValueView::of_boolean(false)},
                                     {{3442, 0, 150}, ValueView::of_opaque(bytes)},
                                     {{3442, 0, 160}, ValueView::of_time(1700000000)},
                                     {{3442, 0, 170}, ValueView::of_objlnk({65535, 65535})},
                                     {{3442, 0, 180}, ValueView::of_corelnk("</3>")}};
    const std::string_view characters =
        R"([{"bn":"/3442/0/","n":"110","vs":"q\"\\\t\u001fü"},{"n":"120","v":-9223372036854775808},)"
        R"({"n":"125","v":18446744073709551615},{"n":"130","v":-0.001},{"n":"140","vb":false},)"
        R"({"n":"150","vd":"_-4"},{"n":"160","v":1700000000},{"n":"170","vlo":"65535:65535"},{"n":"180","vs":"</3>"}])";
    EXPECT_EQ(encoded_text(senml, {3442, 0}, entries), characters);
    EXPECT_EQ(read({3442, 0}, characters), lines(entries));
}

TEST_F(SenmlJson, PaddedAndStandardBase64AreReadToo) {
    EXPECT_EQ(read({5, 0}, R"([{"n":"/5/0/0","vd":"/+4="}])"), Lines{"/5/0/0 opaque ffee"});
}

// RFC 8428 5.1.3 has several measurements with a base time; the names are paths here.
TEST_F(SenmlJson, BaseNameAndBaseTimeHoldForTheRecordsThatFollow) {
    EXPECT_EQ(read(Path{}, R"([{"bn":"/3303/0/","bt":1.276020076e+09,"bu":"A","bver":5,"n":"5700","u":"V","v":120.1},)"
                           R"({"n":"5700","t":-5,"v":1.2},{"bn":"/3303/1/","bt":0,"n":"5700","v":1.3}])"),
              (Lines{"/3303/0/5700 float 120.1 @1276020076.000000", "/3303/0/5700 float 1.2 @1276020071.000000",
                     "/3303/1/5700 float 1.3"}));
}

TEST_F(SenmlJson, ABaseValueIsAdded) {
    EXPECT_EQ(read({3, 0}, R"([{"bn":"/3/0/","bv":100,"n":"9","v":-1},{"n":"10","bv":0,"v":1}])"),
              (Lines{"/3/0/9 integer 99", "/3/0/10 integer 1"}));
}

TEST_F(SenmlJson, ABaseTimeStandsWhereTheTimeChanges) {
    const std::vector<Entry> entries{{{3303, 0, 5700}, ValueView::of_floating(1), 1700000000},
                                     {{3303, 0, 5700}, ValueView::of_floating(2), 1700000000.5},
                                     {{3303, 0, 5701}, text("Cel"), 1700000000.5}};
    const std::string_view characters =
        R"([{"bn":"/3303/0/","bt":1700000000,"n":"5700","v":1},{"bt":1700000000.5,"n":"5700","v":2},)"
        R"({"n":"5701","vs":"Cel"}])";
    EXPECT_EQ(encoded_text(senml, {3303, 0}, entries), characters);
    EXPECT_EQ(read({3303, 0}, characters), lines(entries));
}

TEST_F(SenmlJson, PathsAreRecordsWithoutValues) {
    const std::vector<Path> paths{{3, 0}, {3303, 0, 5700}, Path{}};
    std::vector<std::uint8_t> memory(64);
    base::Writer out(memory);
    ASSERT_TRUE(encode_paths(ContentFormat::senml_etch_json, paths, out));
    EXPECT_EQ(base::as_text(out.written()), R"([{"n":"/3/0"},{"n":"/3303/0/5700"},{"n":"/"}])");
    EXPECT_EQ(decode_paths(ContentFormat::senml_etch_json, out.written()).value(), paths);
    EXPECT_EQ(decode_paths(senml, base::as_bytes(R"([{"bn":"/3/0/","n":"9"},{"n":"10"}])")).value(),
              (std::vector<Path>{{3, 0, 9}, {3, 0, 10}}));
    EXPECT_STREQ(decode_paths(senml, base::as_bytes(R"([{"n":"/3/0/9","v":1}])")).error().what,
                 "a value where only paths are expected");
    EXPECT_FALSE(decode_paths(ContentFormat::tlv, {}));
}

TEST_F(SenmlJson, CborPathsAreRecordsWithoutValues) {
    const std::vector<Path> paths{{3, 0}, {3303, 0, 5700}};
    std::vector<std::uint8_t> memory(64);
    base::Writer out(memory);
    ASSERT_TRUE(encode_paths(ContentFormat::senml_etch_cbor, paths, out));
    // PyPI cbor2 of [{0: "/3/0"}, {0: "/3303/0/5700"}]
    EXPECT_EQ(base::to_hex(out.written()), "82a100642f332f30a1006c2f333330332f302f35373030");
    EXPECT_EQ(decode_paths(ContentFormat::senml_etch_cbor, out.written()).value(), paths);
}

TEST_F(SenmlJson, UnitsSumsAndUnknownFieldsAreSkipped) {
    EXPECT_EQ(read({3, 0}, R"([{"x":[{"v":1}],"bn":"/3/0/","u":"%","s":4,"y":{"vs":{}},"n":"9","v":1}])"),
              Lines{"/3/0/9 integer 1"});
}

TEST_F(SenmlJson, RefusesWhatBreaksTheRules) {
    const auto refused = [&](std::string_view characters, const char* message) {
        EXPECT_EQ(read({3, 0}, characters), Lines{message}) << characters;
    };
    refused("", "error at 0: malformed JSON");
    refused("{}", "error at 0: a SenML pack is an array");
    refused("1", "error at 0: a SenML pack is an array");
    refused("[1]", "error at 2: a SenML record is an object");
    refused("[[]]", "error at 2: an array where a value is expected");
    refused(R"([{"n":"/3/0/9"}])", "error at 1: a SenML record without a value");
    refused(R"([{"n":"/3/0/9","v":1,"vb":true}])", "error at 30: a SenML record has two values");
    refused(R"([{"n":"/3/0/9","v":1,"v":2}])", "error at 24: a SenML field is given twice");
    refused(R"([{"n":"9","v":1}])", "error at 1: the name is no path such as /3/0/9");
    refused(R"([{"n":"/3/0/9","v":"1"}])", "error at 22: expected a number");
    refused(R"([{"n":"/3/0/9","v":null}])", "error at 23: expected a number");
    refused(R"([{"n":"/3/0/9","v":{}}])", "error at 19: an object where a value is expected");
    refused(R"([{"n":"/3/0/9","vs":1}])", "error at 21: expected a string");
    refused(R"([{"n":"/3/0/9","vs":"1"}])", "error at 1: value is not a number");
    refused(R"([{"n":"/3/0/9","v":1e999}])", "error at 23: number beyond the range of a double");
    refused(R"([{"n":"/3/0/9","v":18446744073709551616}])", "error at 1: number too large for an integer");
    refused(R"([{"n":"/3/0/9","v":NaN}])", "error at 19: malformed JSON");
    refused(R"([{"n":"/3/0/9","vlo":"3"}])", "error at 24: an object link has the form 3:0");
    refused(R"([{"n":"/3/0/9","vd":"A"}])", "error at 23: base64 text has an impossible length");
    refused(R"([{"bver":11,"n":"/3/0/9","v":1}])", "error at 11: SenML of a version that is not known");
    refused(R"([{"must_":1,"n":"/3/0/9","v":1}])", "error at 9: a SenML field that must be understood is not");
    refused(R"([{"n":"/3/0/9","v":1},{"n":"/3/0/9","v":1}])", "error at 22: a path is given twice");
    refused(R"([{"n":"/3/0/9","v":1}]])", "error at 22: malformed JSON");
    refused(R"([{"n":")" + std::string(100, '/') + R"(","v":1}])", "error at 1: name too long for a path");
    refused(R"([{"bn":")" + std::string(100, '/') + R"(","v":1}])", "error at 1: base name too long for a path");
}

TEST_F(SenmlJson, NothingIsReadBeyondTheLimits) {
    EXPECT_EQ(read({3, 0}, R"([{"x":)" + std::string(100000, '[')), Lines{"error at 21: nested deeper than the limit"});
    EXPECT_EQ(decoded_text(senml, {3, 0}, R"([{"n":"/3/0/9","v":1},{"n":"/3/0/10","v":1}])", {.max_entries = 1}),
              Lines{"error at 22: more values than the limit"});
}

TEST_F(SenmlJson, ANumberThatHasNoDigitsIsRefused) {
    EXPECT_TRUE(encoded(senml, Entry{{1, 0, 1}, ValueView::of_floating(std::numeric_limits<double>::quiet_NaN())})
                    .starts_with("error"));
}

TEST_F(SenmlJson, EveryTruncationIsRefused) {
    expect_every_truncation_refused(senml, {3, 0}, base::as_bytes(device_json));
}

}  // namespace
}  // namespace lwm2m
