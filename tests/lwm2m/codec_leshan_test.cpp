// What Eclipse Leshan 2.0.0-M18 (leshan-lwm2m-core, DefaultLwM2mEncoder) writes for one instance of the LwM2M test
// object 3442: resources in no order, labels of SenML CBOR in no order, object links as strings, floats in eight bytes.
#include "tests/lwm2m/codec_fixture.h"

namespace lwm2m {
namespace {

constexpr std::string_view tlv_hex =
    "c4a06553f100c88208403519999999999ac8b40c3c2f333e3b7665723d312e31c3960102ffa7045641006161012c62c87808"
    "ffdfffffffffffffc4aa00030000a8046a0b4801083fe0000000000000c18c01c27d00c8c86e094772c3bcc39f65220a";
constexpr std::string_view senml_cbor_hex =
    "8ca30063313630021a6553f10021682f333434322f302fa2006331333002fb403519999999999aa20063313830036c3c2f33"
    "3e3b7665723d312e31a2006331353008430102ffa20066313131302f30036161a20068313131302f333030036162a2006331"
    "3230023b0020000000000000a200633137300363333a30a20066313133302f3102f93800a2006331343004f5a20063313235"
    "0218c8a2006331313003694772c3bcc39f65220a";
constexpr std::string_view senml_json_text =
    R"([{"bn":"/3442/0/","n":"160","v":1700000000},{"n":"130","v":21.1},)"
    R"({"n":"180","vs":"</3>;ver=1.1"},{"n":"150","vd":"AQL_"},{"n":"1110/0","vs":"a"},)"
    R"({"n":"1110/300","vs":"b"},{"n":"120","v":-9007199254740993},{"n":"170","vs":"3:0"},)"
    R"({"n":"1130/1","v":0.5},{"n":"140","vb":true},{"n":"125","v":200},{"n":"110","vs":"Grüße\"\n"}])";
constexpr std::string_view json_text =
    R"({"bn":"/3442/0/","e":[{"n":"160","v":1700000000},{"n":"130","v":21.1},)"
    R"({"n":"180","sv":"</3>;ver=1.1"},{"n":"150","sv":"AQL/"},{"n":"1110/0","sv":"a"},)"
    R"({"n":"1110/300","sv":"b"},{"n":"120","v":-9007199254740993},{"n":"170","sv":"3:0"},)"
    R"({"n":"1130/1","v":0.5},{"n":"140","bv":true},{"n":"125","v":200},{"n":"110","sv":"Grüße\"\n"}]})";

class LeshanBytes : public Codec {
protected:
    static std::vector<Entry> instance() {
        static constexpr std::uint8_t bytes[] = {1, 2, 0xff};
        return {{{3442, 0, 110}, text("Grüße\"\n")},
                {{3442, 0, 120}, number(-9007199254740993)},
                {{3442, 0, 125}, ValueView::of_unsigned(200)},
                {{3442, 0, 130}, ValueView::of_floating(21.1)},
                {{3442, 0, 140}, ValueView::of_boolean(true)},
                {{3442, 0, 150}, ValueView::of_opaque(bytes)},
                {{3442, 0, 160}, ValueView::of_time(1700000000)},
                {{3442, 0, 170}, ValueView::of_objlnk({3, 0})},
                {{3442, 0, 180}, ValueView::of_corelnk("</3>;ver=1.1")},
                {{3442, 0, 1110, 0}, text("a")},
                {{3442, 0, 1110, 300}, text("b")},
                {{3442, 0, 1130, 1}, ValueView::of_floating(0.5)}};
    }
};

TEST_F(LeshanBytes, AreReadInEveryFormat) {
    EXPECT_EQ(decoded_hex(ContentFormat::tlv, {3442, 0}, tlv_hex), lines(instance()));
    EXPECT_EQ(decoded_hex(ContentFormat::senml_cbor, {3442, 0}, senml_cbor_hex), lines(instance()));
    EXPECT_EQ(decoded_text(ContentFormat::senml_json, {3442, 0}, senml_json_text), lines(instance()));
    EXPECT_EQ(decoded_text(ContentFormat::json, {3442, 0}, json_text), lines(instance()));
}

// Leshan reads the bytes below as the same instance (checked with its DefaultLwM2mDecoder).
TEST_F(LeshanBytes, OursAreThoseThatLeshanWasSeenToRead) {
    EXPECT_EQ(encoded(ContentFormat::tlv, {3442, 0}, instance()),
              "C86E094772C3BCC39F65220AC87808FFDFFFFFFFFFFFFFC27D00C8C88208403519999999999AC18C01C3960102FFC4A06553"
              "F100C4AA00030000C8B40C3C2F333E3B7665723D312E31A7045641006161012C62A6046A44013F000000");
    EXPECT_EQ(encoded(ContentFormat::senml_cbor, {3442, 0}, instance()),
              "8CA321682F333434322F302F006331313003694772C3BCC39F65220AA20063313230023B0020000000000000A20063313235"
              "0218C8A2006331333002FB403519999999999AA2006331343004F5A2006331353008430102FFA20063313630021A6553F100"
              "A2006331373063766C6F63333A30A20063313830036C3C2F333E3B7665723D312E31A20066313131302F30036161A2006831"
              "3131302F333030036162A20066313133302F3102F93800");
}

}  // namespace
}  // namespace lwm2m
