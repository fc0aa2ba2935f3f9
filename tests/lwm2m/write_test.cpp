#include "simulator/lwm2m/write.h"

#include "tests/lwm2m/operation_fixture.h"

namespace lwm2m {
namespace {

class Write : public OperationTest {
protected:
    // The answer to a request that must leave everything as it was.
    Code refused(const Message& message) {
        const auto before = tree.nodes();
        const Code answer = code(message);
        EXPECT_EQ(tree.nodes(), before);
        return answer;
    }
    std::vector<std::uint16_t> children(const Path& path) {
        std::vector<std::uint16_t> ids;
        tree.children(path, ids);
        return ids;
    }
    std::string value(const Path& path) { return to_string(tree.read(path)); }
};

// ---- a resource

TEST_F(Write, AResourceTakesTheValueInEveryFormat) {
    const Path path(3442, 0, 120);
    EXPECT_EQ(code(put("/3442/0/120", text_plain, "1")), Code::changed);
    EXPECT_EQ(tree.read(path), ValueView::of_integer(1));
    EXPECT_EQ(code(put_hex("/3442/0/120", tlv, "c17802")), Code::changed);
    EXPECT_EQ(tree.read(path), ValueView::of_integer(2));
    EXPECT_EQ(code(put_hex("/3442/0/120", cbor, "03")), Code::changed);
    EXPECT_EQ(tree.read(path), ValueView::of_integer(3));
    EXPECT_EQ(code(put("/3442/0/120", senml_json, R"([{"bn":"/3442/0/120","v":4}])")), Code::changed);
    EXPECT_EQ(tree.read(path), ValueView::of_integer(4));
    EXPECT_EQ(code(put_hex("/3442/0/150", opaque, "beef")), Code::changed);
    EXPECT_EQ(value({3442, 0, 150}), "beef");
}

TEST_F(Write, WhatIsNotThereIsNotFound) {
    EXPECT_EQ(refused(put("/3304/0/1", text_plain, "x")), Code::not_found);
    EXPECT_EQ(refused(put("/3303/9/5750", text_plain, "x")), Code::not_found);
    EXPECT_EQ(refused(put("/3303/0/9999", text_plain, "x")), Code::not_found);
    EXPECT_EQ(refused(post("/3303/9", tlv, "")), Code::not_found);
}

TEST_F(Write, AResourceThatTheDeviceCanMayComeIntoBeing) {
    tree.remove({3, 0, 15});
    EXPECT_EQ(code(put("/3/0/15", text_plain, "UTC")), Code::changed);
    tree.remove({3, 0, 15});
    tree.unsupported = {3, 0, 15};
    EXPECT_EQ(refused(put("/3/0/15", text_plain, "UTC")), Code::not_found);
}

TEST_F(Write, WhatCannotBeWrittenIsNotAllowed) {
    EXPECT_EQ(refused(put("/3/0/0", text_plain, "x")), Code::method_not_allowed);
    EXPECT_EQ(refused(put("/3303/0/5605", text_plain, "x")), Code::method_not_allowed);
    EXPECT_EQ(refused(put("/3303", tlv, "x")), Code::method_not_allowed);
    EXPECT_EQ(refused(put("", tlv, "x")), Code::method_not_allowed);
    EXPECT_EQ(refused(put("/0/0/0", text_plain, "x")), Code::unauthorized);
    EXPECT_EQ(refused(put("/0", tlv, "x")), Code::unauthorized);
}

TEST_F(Write, AFormatThatIsNotSupportedIsSaidSo) {
    EXPECT_EQ(refused(put("/3/0/15", 65000, "x")), Code::unsupported_content_format);
    EXPECT_EQ(refused(put("/3/0/15", etch_json, R"([{"n":"/3/0/15","vs":"x"}])")), Code::unsupported_content_format);
    EXPECT_EQ(refused(Message(CON, Code::put).path("/3/0/15").payload("x")), Code::unsupported_content_format);
    const std::vector<ContentFormat> few{ContentFormat::tlv};
    abilities.formats = few;
    EXPECT_EQ(refused(put("/3/0/15", text_plain, "x")), Code::unsupported_content_format);
}

TEST_F(Write, APayloadThatMakesNoSenseIsBad) {
    EXPECT_EQ(refused(put("/3442/0/120", text_plain, "twelve")), Code::bad_request);
    EXPECT_EQ(refused(put_hex("/3303/0/5750", tlv, "e816766341")), Code::bad_request);
    EXPECT_EQ(refused(put_hex("/3442/0/140", cbor, "1864")), Code::bad_request);
    EXPECT_EQ(refused(put("/3442/0", text_plain, "1")), Code::bad_request);
    EXPECT_EQ(refused(put("/3/0/15", senml_json, R"([{"n":"/3/0/13","v":1}])")), Code::bad_request);
}

TEST_F(Write, AValueOutOfItsRangeIsBad) {
    EXPECT_EQ(refused(put("/5/0/1", text_plain, std::string(256, 'u'))), Code::bad_request);
    EXPECT_EQ(code(put("/5/0/1", text_plain, std::string(255, 'u'))), Code::changed);
}

// Core 1.1.1, Appendix C
TEST_F(Write, ALinkMustLeadSomewhere) {
    EXPECT_EQ(refused(put("/3442/0/170", text_plain, "3:1")), Code::bad_request);
    EXPECT_EQ(refused(put("/3442/0/170", text_plain, "4711:0")), Code::bad_request);
    EXPECT_EQ(refused(put("/3442/0/170", text_plain, "65535:0")), Code::bad_request);
    EXPECT_EQ(code(put("/3442/0/170", text_plain, "3303:2")), Code::changed);
    EXPECT_EQ(code(put("/3442/0/170", text_plain, "3311:65535")), Code::changed);
    EXPECT_EQ(code(put("/3442/0/170", text_plain, "65535:65535")), Code::changed);
}

TEST_F(Write, WhatTheDeviceHasAgainstAValueIsTheAnswer) {
    tree.refused = {5, 0, 1};
    EXPECT_EQ(refused(put("/5/0/1", text_plain, "coap://x")), Code::method_not_allowed);
    tree.writes_left = 0;
    EXPECT_EQ(refused(put("/3/0/15", text_plain, "UTC")), Code::internal_server_error);
}

// ---- a multiple resource

TEST_F(Write, ReplacingAMultipleResourceReplacesAllItsInstances) {
    const auto message =
        put("/3442/0/1110", senml_json, R"([{"bn":"/3442/0/1110/","n":"300","vs":"a"},{"n":"7","vs":"b"}])");
    EXPECT_EQ(code(message), Code::changed);
    EXPECT_EQ(children({3442, 0, 1110}), (std::vector<std::uint16_t>{7, 300}));
    EXPECT_EQ(value({3442, 0, 1110, 300}), "a");
}

TEST_F(Write, AMultipleResourceMayBecomeEmpty) {
    EXPECT_EQ(code(put_hex("/3442/0/1120", tlv, "a00460")), Code::changed);
    EXPECT_TRUE(children({3442, 0, 1120}).empty());
    EXPECT_TRUE(tree.exists({3442, 0, 1120}));
}

TEST_F(Write, AResourceInstanceIsWrittenByItself) {
    EXPECT_EQ(code(put("/3442/0/1110/300", text_plain, "uno")), Code::changed);
    EXPECT_EQ(value({3442, 0, 1110, 0}), "initial value");
    EXPECT_EQ(value({3442, 0, 1110, 300}), "uno");
    EXPECT_EQ(refused(put("/3442/0/1110/8", text_plain, "x")), Code::not_found);
    EXPECT_EQ(refused(put("/3442/0/110/0", text_plain, "x")), Code::not_found);
}

// ---- an instance

TEST_F(Write, APartialUpdateLeavesTheRestAlone) {
    EXPECT_EQ(code(post("/3303/0", senml_json, R"([{"n":"/3303/0/5750","vs":"cellar"}])")), Code::changed);
    EXPECT_EQ(value({3303, 0, 5750}), "cellar");
    EXPECT_EQ(value({3303, 0, 5701}), "Cel");
    EXPECT_EQ(value({3303, 2, 5750}), "kitchen");
}

// Core 1.1.1, 6.3.3: what can be written is reset, what cannot stays as it is.
TEST_F(Write, AReplaceTakesAwayWhatItDoesNotHave) {
    EXPECT_EQ(code(put("/1/0", senml_json, R"([{"bn":"/1/0/","n":"1","v":60}])")), Code::changed);
    EXPECT_EQ(value({1, 0, 1}), "60");
    EXPECT_EQ(value({1, 0, 0}), "101");  // read-only
    EXPECT_EQ(value({1, 0, 7}), "U");    // mandatory
    EXPECT_TRUE(tree.exists({1, 0, 8}));

    EXPECT_EQ(code(put("/3442/0", senml_json, R"([{"bn":"/3442/0/","n":"120","v":77},{"n":"1120/1","v":1}])")),
              Code::changed);
    EXPECT_EQ(children({3442, 0}), (std::vector<std::uint16_t>{0, 120, 1120}));
    EXPECT_EQ(children({3442, 0, 1120}), (std::vector<std::uint16_t>{1}));
}

TEST_F(Write, OneValueThatMayNotBeWrittenAndNothingIs) {
    EXPECT_EQ(refused(post("/3/0", senml_json, R"([{"bn":"/3/0/","n":"15","vs":"UTC"},{"n":"0","vs":"no"}])")),
              Code::method_not_allowed);
    EXPECT_EQ(refused(put("/3/0", senml_json, R"([{"bn":"/3/0/","n":"15","vs":"UTC"},{"n":"99","vs":"no"}])")),
              Code::not_found);
    EXPECT_EQ(refused(post("/3442/0", senml_json, R"([{"bn":"/3442/0/","n":"120","v":1},{"n":"170","vlo":"9:9"}])")),
              Code::bad_request);
    tree.refused = {3442, 0, 130};
    EXPECT_EQ(refused(post("/3442/0", senml_json, R"([{"bn":"/3442/0/","n":"120","v":1},{"n":"130","v":2}])")),
              Code::method_not_allowed);
}

// Core 1.0.2, 5.4.3 against Core 1.1.1, 6.3.3
TEST_F(Write, APartialUpdateAddsInstancesFrom11OnAndReplacedThemBefore) {
    const auto update = post("/3442/0", senml_json, R"([{"n":"/3442/0/1110/1","vs":"uno"}])");
    EXPECT_EQ(code(update), Code::changed);
    EXPECT_EQ(children({3442, 0, 1110}), (std::vector<std::uint16_t>{0, 1, 300}));
    abilities.version = {1, 0};
    EXPECT_EQ(code(update), Code::changed);
    EXPECT_EQ(children({3442, 0, 1110}), (std::vector<std::uint16_t>{1}));
    EXPECT_EQ(value({3442, 0, 110}), "initial value");
}

TEST_F(Write, BothFormsOfTlvAreTaken) {
    EXPECT_EQ(code(put_hex("/3442/0", tlv, "c17805")), Code::changed);  // bare resources
    EXPECT_EQ(value({3442, 0, 120}), "5");
    EXPECT_EQ(code(put_hex("/3442/0", tlv, "0300c17806")), Code::changed);  // within the instance
    EXPECT_EQ(value({3442, 0, 120}), "6");
}

TEST_F(Write, ABodyThatCameInBlocksIsWrittenWhole) {
    const std::string package(3000, 'p');
    const auto first =
        Message(CON, Code::put).path("/5/0/0").format(opaque).block1(0, 1, 16).payload("pppppppppppppppp");
    EXPECT_EQ(ask(first, package).code, Code::changed);
    EXPECT_EQ(tree.read({5, 0, 0}).bytes.size(), 3000u);
}

// The examples of Transport 1.1.1 push firmware by POST.
TEST_F(Write, APackageMayComeByPost) {
    EXPECT_EQ(code(post("/5/0/0", opaque, "image")), Code::changed);
    EXPECT_EQ(tree.read({5, 0, 0}).bytes.size(), 5u);
}

}  // namespace
}  // namespace lwm2m
