#include "simulator/lwm2m/codec_tlv.h"

#include "tests/lwm2m/codec_fixture.h"

namespace lwm2m {
namespace {

constexpr auto tlv = ContentFormat::tlv;

// OMA-TS-LightweightM2M-V1_0_2, 6.4.3.1: the answer to a Read of /3/0.
constexpr std::string_view device_hex =
    "C800144F70656E204D6F62696C6520416C6C69616E6365"
    "C801164C69676874776569676874204D324D20436C69656E74"
    "C80209333435303030313233"
    "C303312E30"
    "8606410001410105"
    "88070842000ED842011388"
    "870841007D42010384"
    "C10964"
    "C10A0F"
    "830B410000"
    "C40D5182428F"
    "C60E2B30323A3030"
    "C11055";

class TlvCodec : public Codec {};

TEST_F(TlvCodec, WritesTheSpecificationsDevice) {
    EXPECT_EQ(device_hex.size() / 2, 121u);
    EXPECT_EQ(encoded(tlv, {3, 0}, device_example()), device_hex);
}

TEST_F(TlvCodec, ReadsTheSpecificationsDevice) {
    EXPECT_EQ(decoded_hex(tlv, {3, 0}, device_hex), lines(device_example()));
}

// 6.4.3.1 again: a Read of /3 has the object instance around the resources, 8 bits of id and of length.
TEST_F(TlvCodec, AReadOfTheObjectWrapsItsInstances) {
    const std::string wrapped = "080079" + std::string(device_hex);
    EXPECT_EQ(encoded(tlv, Path(3), device_example()), wrapped);
    EXPECT_EQ(decoded_hex(tlv, Path(3), wrapped), lines(device_example()));
}

// 6.4.3.2: two instances of Access Control, one with a resource instance id of 16 bits.
TEST_F(TlvCodec, ReadsAndWritesTheSpecificationsAccessControl) {
    const std::string_view hex = "08000EC10001C101008302417F07C1037F080212C10003C101008702417F0761013601C1037F";
    const std::vector<Entry> entries{
        {{2, 0, 0}, number(1)},      {{2, 0, 1}, number(0)},      {{2, 0, 2, 127}, number(7)},
        {{2, 0, 3}, number(127)},    {{2, 2, 0}, number(3)},      {{2, 2, 1}, number(0)},
        {{2, 2, 2, 127}, number(7)}, {{2, 2, 2, 310}, number(1)}, {{2, 2, 3}, number(127)}};
    EXPECT_EQ(decoded_hex(tlv, Path(2), hex), lines(entries));
    EXPECT_EQ(encoded(tlv, Path(2), entries), hex);
}

// 6.4.3.2: one instance of Server.
TEST_F(TlvCodec, ReadsAndWritesTheSpecificationsServer) {
    const std::string_view hex = "08000FC10001C40100015180C10601C10755";
    const std::vector<Entry> entries{{{1, 0, 0}, number(1)},
                                     {{1, 0, 1}, number(86400)},
                                     {{1, 0, 6}, ValueView::of_boolean(true)},
                                     {{1, 0, 7}, text("U")}};
    EXPECT_EQ(decoded_hex(tlv, Path(1), hex), lines(entries));
    EXPECT_EQ(encoded(tlv, Path(1), entries), hex);
}

// 6.4.3.3: object links in a multiple resource.
TEST_F(TlvCodec, ReadsAndWritesObjectLinks) {
    const std::vector<Entry> entries{{{3442, 0, 1170, 0}, ValueView::of_objlnk({66, 0})},
                                     {{3442, 0, 1170, 1}, ValueView::of_objlnk({66, 1})}};
    EXPECT_EQ(encoded(tlv, {3442, 0}, entries),
              "A804920C4400004200004401004200"
              "01");
    EXPECT_EQ(decoded_hex(tlv, {3442, 0}, "A804920C440000420000440100420001"), lines(entries));
}

TEST_F(TlvCodec, IntegersTakeTheFewestBytes) {
    const auto write = [](std::int64_t value) { return encoded(tlv, Entry{{3442, 0, 120}, number(value)}); };
    EXPECT_EQ(write(0), "C17800");
    EXPECT_EQ(write(-1), "C178FF");
    EXPECT_EQ(write(127), "C1787F");
    EXPECT_EQ(write(128), "C2780080");
    EXPECT_EQ(write(-32768), "C2788000");
    EXPECT_EQ(write(32768), "C47800008000");
    EXPECT_EQ(write(2147483648), "C878080000000080000000");
    EXPECT_EQ(write(INT64_MIN), "C878088000000000000000");
}

TEST_F(TlvCodec, AnUnsignedIntegerKeepsItsTopBitFree) {
    const auto write = [](std::uint64_t value) {
        return encoded(tlv, Entry{{3442, 0, 125}, ValueView::of_unsigned(value)});
    };
    EXPECT_EQ(write(127), "C17D7F");
    EXPECT_EQ(write(200), "C27D00C8");
    EXPECT_EQ(write(UINT64_MAX), "C87D08FFFFFFFFFFFFFFFF");
}

TEST_F(TlvCodec, AnUnsignedIntegerIsReadWithoutSign) {
    EXPECT_EQ(decoded_hex(tlv, {3442, 0}, "C17DC8"), Lines{"/3442/0/125 unsigned 200"});
    EXPECT_EQ(decoded_hex(tlv, {3442, 0}, "C47DFFFFFFFF"), Lines{"/3442/0/125 unsigned 4294967295"});
}

TEST_F(TlvCodec, IntegersNeedNotBeShort) {
    EXPECT_EQ(decoded_hex(tlv, {3442, 0}, "C4780000002A"), Lines{"/3442/0/120 integer 42"});
    EXPECT_EQ(decoded_hex(tlv, {3442, 0}, "C87808FFFFFFFFFFFFFFFE"), Lines{"/3442/0/120 integer -2"});
}

TEST_F(TlvCodec, AFloatTakesFourBytesWhereTheyHoldIt) {
    EXPECT_EQ(encoded(tlv, Entry{{3442, 0, 130}, ValueView::of_floating(21.5)}), "C48241AC0000");
    EXPECT_EQ(encoded(tlv, Entry{{3442, 0, 130}, ValueView::of_floating(0.1)}), "C882083FB999999999999A");
    EXPECT_EQ(decoded_hex(tlv, {3442, 0}, "C48241AC0000"), Lines{"/3442/0/130 float 21.5"});
    EXPECT_EQ(decoded_hex(tlv, {3442, 0}, "C882083FB999999999999A"), Lines{"/3442/0/130 float 0.1"});
}

TEST_F(TlvCodec, AMultipleResourceMayHaveNoInstances) {
    EXPECT_EQ(encoded(tlv, Entry{{3, 0, 7}, {}}), "8007");
    EXPECT_EQ(decoded_hex(tlv, {3, 0}, "8007"), Lines{"/3/0/7 none"});
    EXPECT_EQ(decoded_hex(tlv, {3, 0, 7}, ""), Lines{"/3/0/7 none"});
}

TEST_F(TlvCodec, AnInstanceMayHaveNoResources) {
    const Entry empty{{3, 1}, {}};
    EXPECT_EQ(encoded(tlv, Path(3), std::span(&empty, 1)), "0001");
    EXPECT_EQ(decoded_hex(tlv, Path(3), "0001"), Lines{"/3/1 none"});
}

TEST_F(TlvCodec, AnObjectOrInstanceMayBeEmpty) {
    EXPECT_EQ(encoded(tlv, Path(3), {}), "");
    EXPECT_EQ(decoded_hex(tlv, Path(3), ""), Lines{});
    EXPECT_EQ(decoded_hex(tlv, {3, 0}, ""), Lines{});
    EXPECT_EQ(decoded_hex(tlv, {3, 0}, "0000"), Lines{});
}

TEST_F(TlvCodec, AResourceIsReadWithWhatIsAroundItOrWithout) {
    const Lines voltages{"/3/0/7/0 integer 3800", "/3/0/7/1 integer 5000"};
    EXPECT_EQ(decoded_hex(tlv, {3, 0, 7}, "88070842000ED842011388"), voltages);
    EXPECT_EQ(decoded_hex(tlv, {3, 0, 7}, "08000B88070842000ED842011388"), voltages);
    EXPECT_EQ(decoded_hex(tlv, {3, 0, 7}, "42000ED842011388"), voltages);
    EXPECT_EQ(decoded_hex(tlv, {3, 0, 7, 1}, "42011388"), Lines{"/3/0/7/1 integer 5000"});
    EXPECT_EQ(decoded_hex(tlv, {3, 0, 7, 1}, "840742011388"), Lines{"/3/0/7/1 integer 5000"});
}

TEST_F(TlvCodec, AnInstanceIsReadWithOrWithoutItsWrapper) {
    EXPECT_EQ(decoded_hex(tlv, {3, 0}, "C10964"), Lines{"/3/0/9 integer 100"});
    EXPECT_EQ(decoded_hex(tlv, {3, 0}, "0300C10964"), Lines{"/3/0/9 integer 100"});
    EXPECT_EQ(decoded_hex(tlv, {3, 0}, "0301C10964"), Lines{"error at 0: id differs from that of the path addressed"});
}

// A Create that leaves the instance id to the device.
TEST_F(TlvCodec, BareResourcesAtAnObjectHaveNoInstanceId) {
    const std::vector<Entry> entries{{{1, no_id, 0}, number(1)}, {{1, no_id, 1}, number(60)}};
    EXPECT_EQ(decoded_hex(tlv, Path(1), "C10001C1013C"), lines(entries));
    EXPECT_EQ(encoded(tlv, Path(1), entries), "C10001C1013C");
}

TEST_F(TlvCodec, AnUnknownResourceIsOpaque) {
    EXPECT_EQ(decoded_hex(tlv, {40000, 0}, "C20103E8"), Lines{"/40000/0/1 opaque 03e8"});
}

TEST_F(TlvCodec, BitsBesideALengthFieldAreIgnored) {
    EXPECT_EQ(decoded_hex(tlv, {3, 0}, "CF000141"), Lines{"/3/0/0 string A"});
}

TEST_F(TlvCodec, LengthsOf8And16And24Bits) {
    for (const std::size_t length : {7u, 8u, 255u, 256u, 65535u, 65536u, 70000u}) {
        const std::string characters(length, 'x');
        const Entry entry{{3, 0, 0}, text(characters)};
        const std::string hex = encoded(tlv, entry.path, std::span(&entry, 1), 80000);
        const std::size_t field = length < 8 ? 0 : length < 256 ? 1 : length < 65536 ? 2 : 3;
        EXPECT_EQ(hex.size() / 2, 2 + field + length);
        EXPECT_EQ(decoded_hex(tlv, {3, 0, 0}, hex), Lines{"/3/0/0 string " + characters});
    }
}

TEST_F(TlvCodec, ResourcesOutOfOrderAreSorted) {
    EXPECT_EQ(decoded_hex(tlv, {3, 0}, "C10A0FC10964"), (Lines{"/3/0/9 integer 100", "/3/0/10 integer 15"}));
}

TEST_F(TlvCodec, RefusesWhatBreaksTheRules) {
    EXPECT_EQ(decoded_hex(tlv, {3, 0}, "C109"), Lines{"error at 0: length runs past the end"});
    EXPECT_EQ(decoded_hex(tlv, {3, 0}, "C10964D8"), Lines{"error at 4: truncated identifier"});
    EXPECT_EQ(decoded_hex(tlv, {3, 0}, "D80100"), Lines{"error at 2: truncated length"});
    EXPECT_EQ(decoded_hex(tlv, {3, 0}, "D800FFFFFF41"), Lines{"error at 0: length runs past the end"});
    EXPECT_EQ(decoded_hex(tlv, {3, 0}, "8207420164"), Lines{"error at 2: length runs past the end"});
    EXPECT_EQ(decoded_hex(tlv, {3, 0}, "C30900000064"), Lines{"error at 0: an integer has 1, 2, 4 or 8 bytes"});
    EXPECT_EQ(decoded_hex(tlv, {3, 0}, "C009"), Lines{"error at 0: an integer has 1, 2, 4 or 8 bytes"});
    EXPECT_EQ(decoded_hex(tlv, {3442, 0}, "C18C02"), Lines{"error at 0: a boolean is one byte, 0 or 1"});
    EXPECT_EQ(decoded_hex(tlv, {3442, 0}, "C2820000"), Lines{"error at 0: a float has 4 or 8 bytes"});
    EXPECT_EQ(decoded_hex(tlv, {3442, 0}, "C2AA0000"), Lines{"error at 0: an object link has 4 bytes"});
    EXPECT_EQ(decoded_hex(tlv, {3, 0}, "C10964C10964"), Lines{"error at 3: a path is given twice"});
    EXPECT_EQ(decoded_hex(tlv, {3, 0}, "410964"), Lines{"error at 0: this TLV may not stand here"});
    EXPECT_EQ(decoded_hex(tlv, {3, 0}, "8307C10964"), Lines{"error at 2: this TLV may not stand here"});
    EXPECT_EQ(decoded_hex(tlv, {3, 0}, "C10764"),
              Lines{"error at 0: the resource has instances: one value is not enough"});
    EXPECT_EQ(decoded_hex(tlv, {3, 0}, "8309410064"), Lines{"error at 2: the resource has no instances"});
    EXPECT_EQ(decoded_hex(tlv, {3, 0}, "E1FFFF64"), Lines{"error at 0: id 65535 is reserved"});
    EXPECT_EQ(decoded_hex(tlv, {3, 0, 9}, "C10A64"), Lines{"error at 0: id differs from that of the path addressed"});
    EXPECT_EQ(decoded_hex(tlv, {3, 0, 9}, ""), Lines{"error at 0: a value is missing"});
    EXPECT_EQ(decoded_hex(tlv, Path{}, "C10964"), Lines{"error at 0: TLV has no form for the root"});
    EXPECT_EQ(decoded_hex(tlv, {3, 0}, "C10964C10A0F", {.max_entries = 1}),
              Lines{"error at 3: more values than the limit"});
}

TEST_F(TlvCodec, EveryTruncationEndsInAnErrorOrAtAResource) {
    const auto payload = base::from_hex(device_hex).value();
    std::size_t whole = 0;
    for (std::size_t size = 0; size < payload.size(); ++size) {
        const auto result = decoded(tlv, {3, 0}, base::Bytes(payload).first(size));
        if (result.empty() || !result[0].starts_with("error")) ++whole;
    }
    EXPECT_EQ(whole, 13u);  // cut between two of its 13 resources
    const auto wrapped = base::from_hex("080079" + std::string(device_hex)).value();
    expect_every_truncation_refused(tlv, Path(3), wrapped, 1);
}

}  // namespace
}  // namespace lwm2m
