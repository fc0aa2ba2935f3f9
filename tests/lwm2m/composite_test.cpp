#include "simulator/lwm2m/composite.h"

#include "tests/lwm2m/operation_fixture.h"

namespace lwm2m {
namespace {

// Core 1.1.1, 6.3.8, 6.3.9 and 6.4.4; RFC 8132 for FETCH and iPATCH.
class Composite : public OperationTest {
protected:
    static Message fetch(std::string_view paths, unsigned format = senml_json) {
        return Message(CON, Code::fetch).format(format).payload(paths);
    }
    static Message ipatch(std::string_view values, unsigned format = senml_json) {
        return Message(CON, Code::ipatch).format(format).payload(values);
    }
    Code refused(const Message& message) {
        const auto before = tree.nodes();
        const Code answer = code(message);
        EXPECT_EQ(tree.nodes(), before);
        return answer;
    }
};

using ReadComposite = Composite;
using WriteComposite = Composite;

TEST_F(ReadComposite, AnswersValuesOfEveryLevelInTheOrderOfPaths) {
    EXPECT_EQ(text(fetch(R"([{"n":"/3303/0/5700"},{"n":"/3/0/7/1"},{"n":"/3303/2"}])")),
              R"([{"bn":"/","n":"3/0/7/1","v":5000},{"n":"3303/0/5700","v":21.5},{"n":"3303/2/5700","v":23.5},)"
              R"({"n":"3303/2/5701","vs":"Cel"},{"n":"3303/2/5750","vs":"kitchen"}])");
}

TEST_F(ReadComposite, WhatCannotBeReadIsLeftOut) {
    const std::string_view paths =
        R"([{"n":"/3/0/9"},{"n":"/3303/9"},{"n":"/3304"},{"n":"/3303/0/5605"},{"n":"/0/0/0"},{"n":"/5/0/0"}])";
    EXPECT_EQ(text(fetch(paths)), R"([{"bn":"/","n":"3/0/9","v":95}])");
    EXPECT_EQ(text(fetch(R"([{"n":"/3304"}])")), "[]");
}

TEST_F(ReadComposite, APathWithinAnotherIsAnsweredOnce) {
    EXPECT_EQ(text(fetch(R"([{"n":"/3303/0/5700"},{"n":"/3303/0/5701"},{"n":"/3303/0"},{"n":"/3303/0"}])")),
              text(fetch(R"([{"n":"/3303/0"}])")));
    EXPECT_EQ(workspace.paths, (std::vector<Path>{{3303, 0}}));
}

TEST_F(ReadComposite, TheRootIsAllThatMayBeRead) {
    const std::string all = text(fetch(R"([{"n":"/"}])"));
    EXPECT_NE(all.find(R"("n":"1/0/0","v":101})"), std::string::npos);
    EXPECT_NE(all.find("3442/0/1180/300"), std::string::npos);
    EXPECT_EQ(all.find("secret"), std::string::npos);
}

TEST_F(ReadComposite, AcceptDecidesElseTheFormatOfTheRequest) {
    const std::string_view paths = R"([{"n":"/3/0/9"}])";
    EXPECT_EQ(ask(fetch(paths)).format, ContentFormat::senml_json);
    EXPECT_EQ(ask(fetch(paths).uint(coap::OptionNumber::accept, senml_cbor)).format, ContentFormat::senml_cbor);
    EXPECT_EQ(code(fetch(paths).uint(coap::OptionNumber::accept, tlv)), Code::not_acceptable);
    EXPECT_EQ(code(fetch(paths).uint(coap::OptionNumber::accept, 65000)), Code::not_acceptable);
    EXPECT_EQ(ask(fetch(paths, etch_json)).format, ContentFormat::senml_json);  // RFC 8790 5
}

TEST_F(ReadComposite, ReadsItsPathsInEveryFormatForThem) {
    const std::vector<Path> paths{{3, 0, 9}, {3303, 2}};
    for (const unsigned format : {110u, 112u, 320u, 322u, 11544u}) {
        std::vector<std::uint8_t> memory(256);
        base::Writer out(memory);
        ASSERT_TRUE(encode_paths(*content_format(format), paths, out));
        const auto message = Message(CON, Code::fetch).format(format).payload(out.written());
        EXPECT_EQ(code(message), Code::content) << format;
        EXPECT_EQ(workspace.paths, paths) << format;
    }
}

TEST_F(ReadComposite, WhatIsWrongWithTheRequest) {
    EXPECT_EQ(code(Message(CON, Code::fetch).payload("[]")), Code::unsupported_content_format);
    EXPECT_EQ(code(fetch("/3/0", text_plain)), Code::unsupported_content_format);
    EXPECT_EQ(code(fetch("x", tlv)), Code::unsupported_content_format);
    EXPECT_EQ(code(fetch(R"([{"n":"/3/0/9")")), Code::bad_request);
    EXPECT_EQ(code(fetch(R"([{"n":"/3/0/9","v":1}])")), Code::bad_request);
    const std::vector<ContentFormat> few{ContentFormat::tlv};
    abilities.formats = few;
    EXPECT_EQ(code(fetch("[]")), Code::unsupported_content_format);
    abilities.composite = false;
    EXPECT_EQ(code(fetch("[]")), Code::method_not_allowed);
}

TEST_F(ReadComposite, ObserveCompositeIsAnsweredAlikeAndLeavesItsPaths) {
    EXPECT_EQ(text(fetch(R"([{"n":"/3/0/9"},{"n":"/1/0/1"}])").observe(0)),
              R"([{"bn":"/","n":"1/0/1","v":300},{"n":"3/0/9","v":95}])");
    EXPECT_EQ(workspace.request.kind, RequestKind::observe_composite);
    const std::vector<Path> paths = workspace.paths;
    EXPECT_EQ(paths, (std::vector<Path>{{1, 0, 1}, {3, 0, 9}}));
    const Answer notification = read_composite(paths, ContentFormat::senml_json, tree, workspace);
    EXPECT_EQ(base::as_text(notification.payload), R"([{"bn":"/","n":"1/0/1","v":300},{"n":"3/0/9","v":95}])");
}

TEST_F(WriteComposite, WritesToSeveralObjects) {
    EXPECT_EQ(
        code(ipatch(R"([{"n":"/3/0/15","vs":"UTC"},{"n":"/3303/0/5750","vs":"roof"},{"n":"/3442/0/1120/9","v":4}])")),
        Code::changed);
    EXPECT_EQ(tree.read({3, 0, 15}), ValueView::of_string("UTC"));
    EXPECT_EQ(tree.read({3303, 0, 5750}), ValueView::of_string("roof"));
    EXPECT_EQ(tree.read({3442, 0, 1120, 9}), ValueView::of_integer(4));
    EXPECT_EQ(tree.read({3442, 0, 1120, 0}), ValueView::of_integer(1024));
    EXPECT_EQ(code(ipatch(R"([{"n":"/3/0/15","vs":"CET"}])", etch_json)), Code::changed);
}

TEST_F(WriteComposite, OneThatMayNotBeWrittenAndNothingIs) {
    const auto with = [](const char* record) {
        return ipatch(std::string(R"([{"n":"/3/0/15","vs":"UTC"},)") + record + "]");
    };
    EXPECT_EQ(refused(with(R"({"n":"/3/0/0","vs":"no"})")), Code::method_not_allowed);
    EXPECT_EQ(refused(with(R"({"n":"/3303/9/5750","vs":"no"})")), Code::not_found);
    EXPECT_EQ(refused(with(R"({"n":"/3304/0/1","vs":"no"})")), Code::not_found);
    EXPECT_EQ(refused(with(R"({"n":"/0/0/0","vs":"no"})")), Code::unauthorized);
    EXPECT_EQ(refused(with(R"({"n":"/3442/0/120","vs":"no number"})")), Code::bad_request);
}

TEST_F(WriteComposite, WhatIsWrongWithTheRequest) {
    EXPECT_EQ(refused(ipatch("x", tlv)), Code::unsupported_content_format);
    EXPECT_EQ(refused(Message(CON, Code::ipatch).payload("[]")), Code::unsupported_content_format);
    EXPECT_EQ(refused(ipatch("[{")), Code::bad_request);
    abilities.composite = false;
    EXPECT_EQ(refused(ipatch("[]")), Code::method_not_allowed);
}

}  // namespace
}  // namespace lwm2m
