#include "simulator/lwm2m/codec_lwm2m_cbor.h"

#include "tests/lwm2m/codec_fixture.h"

namespace lwm2m {
namespace {

constexpr auto format = ContentFormat::lwm2m_cbor;

class Lwm2mCbor : public Codec {};

// OMA-TS-LightweightM2M_Core-V1_2, 7.4.7: the answer to a Read of one resource instance or resource is {[13, 26, 1]:
// 42}.
TEST_F(Lwm2mCbor, WritesAndReadsTheSpecificationsResource) {
    EXPECT_EQ(encoded(format, Entry{{13, 26, 1}, number(42)}), "BF830D181A01182AFF");
    EXPECT_EQ(decoded_hex(format, {13, 26, 1}, "BF830D181A01182AFF"), Lines{"/13/26/1 integer 42"});
}

// {[3, 0]: {9: 64}}, the maps open and closed.
TEST_F(Lwm2mCbor, WritesAndReadsAnInstance) {
    const std::vector<Entry> entries{{{3, 0, 9}, number(64)}};
    EXPECT_EQ(encoded(format, {3, 0}, entries), "BF820300BF091840FFFF");
    EXPECT_EQ(decoded_hex(format, {3, 0}, "BF820300BF091840FFFF"), lines(entries));
    EXPECT_EQ(decoded_hex(format, {3, 0}, "A1820300A1091840"), lines(entries));
}

TEST_F(Lwm2mCbor, TheRootNestsAllLevels) {
    const std::vector<Entry> entries{{{1, 0, 0}, number(1)},       {{3, 0, 7, 0}, number(3800)},
                                     {{3, 0, 7, 1}, number(5000)}, {{3, 0, 9}, number(100)},
                                     {{3, 1, 9}, number(99)},      {{3303, 0, 5700}, ValueView::of_floating(21.5)}};
    const std::string_view hex =
        "BF01BF00BF0001FFFF03BF00BF07BF00190ED801191388FF091864FF01BF091863FFFF190CE7BF00BF191644F94D60FFFFFF";
    EXPECT_EQ(encoded(format, Path{}, entries), hex);
    EXPECT_EQ(decoded_hex(format, Path{}, hex), lines(entries));
}

// The next ones are written by PyPI cbor2, from the value in the comment.
TEST_F(Lwm2mCbor, ReadsClosedMapsAndKeysOfSeveralIds) {
    // {3: {0: {9: 100, 7: {0: 3800, 1: 5000}}}}
    EXPECT_EQ(decoded_hex(format, Path(3), "A103A100A209186407A200190ED801191388"),
              (Lines{"/3/0/7/0 integer 3800", "/3/0/7/1 integer 5000", "/3/0/9 integer 100"}));
    // {3: {(0, 7, 0): 1, (0, 7, 1): 2}, (3, 0, 9): 5}
    EXPECT_EQ(decoded_hex(format, Path{}, "A203A2830007000183000701028303000905"),
              (Lines{"/3/0/7/0 integer 1", "/3/0/7/1 integer 2", "/3/0/9 integer 5"}));
}

TEST_F(Lwm2mCbor, EachTypeHasItsForm) {
    // {(3442, 0): {110: "a", 140: True, 150: b"\1\2", 160: CBORTag(1, 1700000000), 170: "66:0"}}
    const std::string_view hex = "A182190D7200A5186E6161188CF5189642010218A0C11A6553F10018AA6436363A30";
    const std::uint8_t bytes[] = {1, 2};
    const std::vector<Entry> entries{{{3442, 0, 110}, text("a")},
                                     {{3442, 0, 140}, ValueView::of_boolean(true)},
                                     {{3442, 0, 150}, ValueView::of_opaque(bytes)},
                                     {{3442, 0, 160}, ValueView::of_time(1700000000)},
                                     {{3442, 0, 170}, ValueView::of_objlnk({66, 0})}};
    EXPECT_EQ(decoded_hex(format, {3442, 0}, hex), lines(entries));
    EXPECT_EQ(encoded(format, {3442, 0}, entries),
              "BF82190D7200BF186E6161188CF5189642010218A0C11A6553F10018AA6436363A30FFFF");
}

TEST_F(Lwm2mCbor, EmptyMapsAreInstancesAndResourcesWithoutMembers) {
    const std::vector<Entry> entries{{{3, 0, 7}, {}}, {{3, 1}, {}}};
    EXPECT_EQ(encoded(format, Path(3), entries), "BF03BF00BF07BFFFFF01BFFFFFFF");
    EXPECT_EQ(decoded_hex(format, Path(3), "BF03BF00BF07BFFFFF01BFFFFFFF"), lines(entries));
    EXPECT_EQ(encoded(format, {3, 0}, {}), "BF820300BFFFFF");
    EXPECT_EQ(decoded_hex(format, {3, 0}, "BF820300BFFFFF"), Lines{});
    EXPECT_EQ(decoded_hex(format, {3, 0}, "BFFF"), Lines{});
    EXPECT_EQ(decoded_hex(format, {3, 0, 7}, "BFFF"), Lines{"/3/0/7 none"});
    EXPECT_EQ(decoded_hex(format, {3, 0, 9}, "BFFF"), Lines{"error at 0: a value is missing"});
    EXPECT_EQ(decoded_hex(format, {3, 0, 7, 0}, "BFFF"), Lines{"error at 0: a value is missing"});
    EXPECT_EQ(decoded_hex(format, {3, 0, 7}, "A18403000700A0"), Lines{"error at 6: a value is missing"});
}

TEST_F(Lwm2mCbor, PathsHaveNullForAValue) {
    const std::vector<Path> paths{{3, 0}, Path(1), {3303, 0, 5700}};
    std::vector<std::uint8_t> memory(64);
    base::Writer out(memory);
    ASSERT_TRUE(encode_paths(format, paths, out));
    EXPECT_EQ(base::to_hex(out.written()), "bf820300f601f683190ce700191644f6ff");
    EXPECT_EQ(decode_paths(format, out.written()).value(), paths);
    // {(3, 0): None, 1: None, (3303, 0, 5700): None} by cbor2; and with an empty map.
    EXPECT_EQ(decode_paths(format, base::from_hex("A3820300F601F683190CE700191644F6").value()).value(), paths);
    EXPECT_EQ(decode_paths(format, base::from_hex("A103A100A0").value()).value(), (std::vector<Path>{{3, 0}}));
    EXPECT_FALSE(decode_paths(format, base::from_hex("A182030001").value()));
}

TEST_F(Lwm2mCbor, RefusesWhatBreaksTheRules) {
    const auto refused = [&](std::string_view hex, const char* message) {
        EXPECT_EQ(decoded_hex(format, {3, 0}, hex), Lines{message}) << hex;
    };
    refused("", "error at 0: truncated");
    refused("80", "error at 0: LwM2M CBOR is a map");
    refused("A180A0", "error at 1: a key without an id");
    refused("A1613301", "error at 1: a key is an id or an array of ids");
    refused("A12001", "error at 1: a key is an id or an array of ids");
    refused("A119FFFF01", "error at 1: an id is 65534 at most");
    refused("A185030007000001", "error at 6: a path has four levels at most");
    refused("A10301", "error at 1: path lies outside the one addressed");
    refused("A182030001", "error at 1: a value needs the path of a resource");
    refused("A183030009F6", "error at 5: expected a value");
    refused("A18303000980", "error at 5: expected a value");
    refused("A1830300096161", "error at 1: value is not a number");
    refused("A283030009018303000902", "error at 6: a path is given twice");
    refused("A18303000901FF", "error at 6: bytes after the map");
    refused("BF830300F5", "error at 4: a key is an id or an array of ids");
    refused("BBFFFFFFFFFFFFFFFF", "error at 9: truncated");
    refused("BF9BFFFFFFFFFFFFFFFF", "error at 10: truncated");
}

TEST_F(Lwm2mCbor, EveryTruncationIsRefused) {
    const auto hex = encoded(format, {3, 0}, device_example());
    EXPECT_EQ(decoded_hex(format, {3, 0}, hex), lines(device_example()));
    expect_every_truncation_refused(format, {3, 0}, base::from_hex(hex).value());
}

TEST_F(Lwm2mCbor, NothingIsWrittenPastTheRoom) {
    const auto entries = device_example();
    const std::size_t size = encoded(format, {3, 0}, entries).size() / 2;
    for (std::size_t room = 0; room < size; ++room) {
        EXPECT_TRUE(encoded(format, {3, 0}, entries, room).starts_with("error")) << room;
    }
}

}  // namespace
}  // namespace lwm2m
