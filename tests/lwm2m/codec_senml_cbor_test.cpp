#include "simulator/lwm2m/codec_senml_cbor.h"

#include "tests/lwm2m/codec_fixture.h"

namespace lwm2m {
namespace {

constexpr auto senml = ContentFormat::senml_cbor;

class SenmlCbor : public Codec {};

// /3/0 of the specification as PyPI cbor2 5.x writes [{-2: "/3/0/", 0: "0", 3: "Open Mobile Alliance"}, {0: "1", ...},
// ...].
constexpr std::string_view device_hex =
    "90A321652F332F302F00613003744F70656E204D6F62696C6520416C6C69616E6365A200613103764C69676874776569"
    "676874204D324D20436C69656E74A20061320369333435303030313233A20061330363312E30A20063362F300201A200"
    "63362F310205A20063372F3002190ED8A20063372F3102191388A20063382F3002187DA20063382F3102190384A20061"
    "39021864A200623130020FA2006431312F300200A200623133021A5182428FA20062313403662B30323A3030A2006231"
    "36036155";

TEST_F(SenmlCbor, WritesTheSpecificationsDevice) { EXPECT_EQ(encoded(senml, {3, 0}, device_example()), device_hex); }

TEST_F(SenmlCbor, ReadsTheSpecificationsDevice) {
    EXPECT_EQ(decoded_hex(senml, {3, 0}, device_hex), lines(device_example()));
    EXPECT_EQ(decoded_hex(ContentFormat::senml_etch_cbor, Path{}, device_hex), lines(device_example()));
}

// A resource alone has its path as base name, and no name (Leshan 2.0.0-M18 does the same).
TEST_F(SenmlCbor, OneResourceIsOneRecordWithoutName) {
    const Entry entry{{3303, 0, 5700}, ValueView::of_floating(21.5)};
    EXPECT_EQ(encoded(senml, entry), "81A2216C2F333330332F302F3537303002F94D60");
    EXPECT_EQ(decoded_hex(senml, entry.path, "81A2216C2F333330332F302F3537303002F94D60"),
              Lines{"/3303/0/5700 float 21.5"});
}

TEST_F(SenmlCbor, FloatsAreAsShortAsTheyCanBe) {
    const auto write = [](double value) {
        return encoded(senml, Entry{{1, 1, 1}, ValueView::of_floating(value)}).substr(20);
    };
    EXPECT_EQ(write(0), "02F90000");
    EXPECT_EQ(write(65504), "02F97BFF");
    EXPECT_EQ(write(5.960464477539063e-8), "02F90001");
    EXPECT_EQ(write(65505), "02FA477FE100");
    EXPECT_EQ(write(0.1), "02FB3FB999999999999A");
}

// LwM2M issue 484: "vlo" is a text key in CBOR too.
TEST_F(SenmlCbor, AnObjectLinkHasATextKey) {
    const Entry entry{{3442, 0, 170}, ValueView::of_objlnk({66, 0})};
    EXPECT_EQ(encoded(senml, entry), "81A2216B2F333434322F302F31373063766C6F6436363A30");
    EXPECT_EQ(decoded_hex(senml, {3442, 0}, "81A2006B2F333434322F302F31373063766C6F6436363A30"),
              Lines{"/3442/0/170 objlnk 66:0"});
}

// Leshan 2.0.0-M18 sends an object link as a string.
TEST_F(SenmlCbor, AnObjectLinkIsReadFromAStringToo) {
    EXPECT_EQ(decoded_hex(senml, {3442, 0}, "81A2006B2F333434322F302F313730036436363A30"),
              Lines{"/3442/0/170 objlnk 66:0"});
}

// cbor2 of the records in the test below.
constexpr std::string_view types_hex =
    "87A321682F333434322F302F0063313130036161A200633132300226A20063313235021BFFFFFFFFFFFFFFFFA2006331"
    "343004F4A200633135300842CAFEA20063313630021A6553F100A2006331383003643C2F333E";

TEST_F(SenmlCbor, EachTypeHasItsLabel) {
    const std::uint8_t bytes[] = {0xca, 0xfe};
    const std::vector<Entry> entries{{{3442, 0, 110}, text("a")},
                                     {{3442, 0, 120}, number(-7)},
                                     {{3442, 0, 125}, ValueView::of_unsigned(UINT64_MAX)},
                                     {{3442, 0, 140}, ValueView::of_boolean(false)},
                                     {{3442, 0, 150}, ValueView::of_opaque(bytes)},
                                     {{3442, 0, 160}, ValueView::of_time(1700000000)},
                                     {{3442, 0, 180}, ValueView::of_corelnk("</3>")}};
    EXPECT_EQ(encoded(senml, {3442, 0}, entries), types_hex);
    EXPECT_EQ(decoded_hex(senml, {3442, 0}, types_hex), lines(entries));
}

TEST_F(SenmlCbor, ABaseTimeStandsWhereTheTimeChanges) {
    const std::vector<Entry> entries{{{3303, 0, 5700}, ValueView::of_floating(1), -10},
                                     {{3303, 0, 5700}, ValueView::of_floating(2), -5.5},
                                     {{3303, 0, 5700}, ValueView::of_floating(3), 0}};
    // cbor2: [{-2: "/3303/0/5700", -3: -10, 2: 1.0}, {-3: -5.5, 2: 2.0}, {-3: 0, 2: 3.0}]
    const std::string_view hex = "83A3216C2F333330332F302F35373030222902F93C00A222F9C58002F94000A2220002F94200";
    EXPECT_EQ(encoded(senml, {3303, 0, 5700}, entries), hex);
    EXPECT_EQ(decoded_hex(senml, {3303, 0, 5700}, hex), lines(entries));
}

TEST_F(SenmlCbor, TimesAddUp) {
    // cbor2: [{-2: "/3303/0/", -3: 1700000000, 0: "5700", 6: -5, 2: 20}, {0: "5700", 6: 1.5, 2: 21}]
    EXPECT_EQ(decoded_hex(senml, {3303, 0},
                          "82A521682F333330332F302F221A6553F10000643537303006240214A3006435373030"
                          "06F93E000215"),
              (Lines{"/3303/0/5700 float 20 @1699999995.000000", "/3303/0/5700 float 21 @1700000001.500000"}));
}

// RFC 8428 4.6: names are put together as they are.
TEST_F(SenmlCbor, BaseNameAndNameAreConcatenated) {
    // cbor2: [{-2: "/1/1", 0: "2/1", 2: 5}, {-2: "/3/0/", 0: "9", 2: 7}, {0: "10", 2: 8}]
    EXPECT_EQ(decoded_hex(senml, Path{},
                          "83A321642F312F310063322F310205A321652F332F302F0061390207A20062313002"
                          "08"),
              (Lines{"/1/12/1 integer 5", "/3/0/9 integer 7", "/3/0/10 integer 8"}));
}

TEST_F(SenmlCbor, ABaseValueIsAdded) {
    // cbor2: [{-2: "/3/0/", -5: 100, 0: "9", 2: -1}, {0: "10", 2: 1}]
    EXPECT_EQ(decoded_hex(senml, {3, 0},
                          "82A421652F332F302F241864006139"
                          "0220A2006231300201"),
              (Lines{"/3/0/9 integer 99", "/3/0/10 integer 101"}));
}

// cbor2 of Decimal("21.5") is tag 4 of [-1, 215] (RFC 8949 3.4.4).
TEST_F(SenmlCbor, DecimalFractionsAndIntegersAreReadAsFloats) {
    EXPECT_EQ(decoded_hex(senml, {3303, 0, 5700}, "81A2216C2F333330332F302F3537303002C4822018D7"),
              Lines{"/3303/0/5700 float 21.5"});
    EXPECT_EQ(decoded_hex(senml, {3303, 0, 5700}, "81A2216C2F333330332F302F353730300215"),
              Lines{"/3303/0/5700 float 21"});
    EXPECT_EQ(decoded_hex(senml, {3, 0, 9}, "81A221662F332F302F3902F95240"), Lines{"/3/0/9 integer 50"});
    EXPECT_EQ(decoded_hex(senml, {3, 0, 9}, "81A221662F332F302F3902F95248"),
              Lines{"error at 1: a fraction is no integer"});
}

TEST_F(SenmlCbor, OpenArraysMapsAndStringsAreRead) {
    EXPECT_EQ(decoded_hex(senml, {3, 0}, "9FBF217F632F332F62302FFF006130037F61416142FFFFFF"),
              Lines{"/3/0/0 string AB"});
}

TEST_F(SenmlCbor, UnitsSumsAndUnknownFieldsAreSkipped) {
    // cbor2: [{-1: 10, -4: "Cel", "foo": [1, {"a": [2]}], -2: "/3303/0/5700", 1: "Cel", 5: 3, 2: 20.5}]
    EXPECT_EQ(decoded_hex(senml, {3303, 0},
                          "81A7200A236343656C63666F6F8201A161618102216C2F333330332F302F35373030016343656C"
                          "050302F94D20"),
              Lines{"/3303/0/5700 float 20.5"});
}

TEST_F(SenmlCbor, EmptyMembersHaveNoForm) {
    const std::vector<Entry> entries{{{3, 0, 7}, {}}, {{3, 0, 9}, number(1)}};
    EXPECT_EQ(encoded(senml, {3, 0}, entries), "81A321652F332F302F0061390201");
    EXPECT_EQ(encoded(senml, {3, 0}, {}), "80");
    EXPECT_EQ(decoded_hex(senml, {3, 0}, "80"), Lines{});
}

TEST_F(SenmlCbor, RefusesWhatBreaksTheRules) {
    const auto refused = [&](std::string_view hex, const char* message) {
        EXPECT_EQ(decoded_hex(senml, {3, 0}, hex), Lines{message}) << hex;
    };
    refused("", "error at 0: truncated");
    refused("A0", "error at 0: a SenML pack is an array");
    refused("8101", "error at 1: a SenML record is a map");
    refused("81A221662F332F302F390201FF", "error at 12: bytes after the pack");
    refused("81A121662F332F302F39", "error at 1: a SenML record without a value");
    refused("81A321662F332F302F3902010301", "error at 13: a SenML record has two values");
    refused("81A321662F332F302F3902010202", "error at 12: a SenML field is given twice");
    refused("81A22161390201", "error at 1: the name is no path such as /3/0/9");
    refused("81A221642F332F300201", "error at 1: a value needs the path of a resource");
    refused("81A221662F342F302F390201", "error at 1: path lies outside the one addressed");
    refused("81A221662F332F302F39026131", "error at 11: expected a number");
    refused("81A221662F332F302F39036131", "error at 1: value is not a number");
    refused("81A221010201", "error at 3: expected a text");
    refused("81A2200B0201", "error at 3: SenML of a version that is not known");
    refused("81A162665F01", "error at 2: a SenML field that must be understood is not");
    refused("81A221662F332F302F3902C24101", "error at 11: expected a number");
    refused("81A221662F332F302F39023BFFFFFFFFFFFFFFFF", "error at 11: integer does not fit 64 bits");
    refused("81A221662F332F302F39021BFFFFFFFFFFFFFFFF", "error at 1: number too large for a signed integer");
    refused("82A221662F332F302F390201A10201", "error at 12: a path is given twice");
    refused("81A322F97E0021662F332F302F390201", "error at 1: time is not a finite number");
    refused("81BF21FF", "error at 3: expected a text");
    refused("81A2218101", "error at 3: expected a text");
}

// Counts and lengths that promise more than there is cost neither time nor memory.
TEST_F(SenmlCbor, HostileLengthsAreRefused) {
    for (const std::string_view hex : {"9BFFFFFFFFFFFFFFFF", "81BBFFFFFFFFFFFFFFFF", "81A1217BFFFFFFFFFFFFFFFF",
                                       "81A1085BFFFFFFFFFFFFFFFF41", "9B7FFFFFFFFFFFFFFFA1", "81A1619B9B9B9B9B9B"}) {
        EXPECT_TRUE(decoded_hex(senml, {3, 0}, hex)[0].starts_with("error")) << hex;
    }
    std::string nested = "81A16161";
    for (int i = 0; i < 100000; ++i) nested += "81";
    EXPECT_EQ(decoded_hex(senml, {3, 0}, nested), Lines{"error at 20: nested deeper than the limit"});
}

TEST_F(SenmlCbor, EveryTruncationIsRefused) {
    expect_every_truncation_refused(senml, {3, 0}, base::from_hex(device_hex).value());
}

TEST_F(SenmlCbor, NothingIsWrittenPastTheRoom) {
    const auto entries = device_example();
    const std::size_t size = device_hex.size() / 2;
    for (std::size_t room = 0; room < size; ++room) {
        EXPECT_TRUE(encoded(senml, {3, 0}, entries, room).starts_with("error")) << room;
    }
    EXPECT_FALSE(encoded(senml, {3, 0}, entries, size).starts_with("error"));
}

}  // namespace
}  // namespace lwm2m
