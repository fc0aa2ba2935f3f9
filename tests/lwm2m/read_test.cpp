#include "simulator/lwm2m/read.h"

#include "tests/lwm2m/operation_fixture.h"

namespace lwm2m {
namespace {

class Read : public OperationTest {};

// ---- Accept decides the format (Transport 1.1.1, 6.4.5)

TEST_F(Read, AResourceIsAnsweredInTheFormatAccepted) {
    EXPECT_EQ(text(get("/3303/0/5700", text_plain)), "21.5");
    EXPECT_EQ(hex(get("/3303/0/5700", cbor)), "f94d60");
    EXPECT_EQ(text(get("/3303/0/5700", senml_json)), R"([{"bn":"/3303/0/5700","v":21.5}])");
    EXPECT_EQ(ask(get("/3303/0/5700", senml_cbor)).format, ContentFormat::senml_cbor);
}

TEST_F(Read, WithoutAcceptTheDeviceChooses) {
    const Answer answer = ask(get("/3303/0/5700"));
    EXPECT_EQ(answer.code, Code::content);
    EXPECT_EQ(answer.format, ContentFormat::tlv);
    EXPECT_EQ(base::to_hex(answer.payload), "e4164441ac0000");
}

TEST_F(Read, WhereTheDefaultCannotHoldItTheFirstFormatThatCanDoes) {
    abilities.default_format = ContentFormat::text;
    EXPECT_EQ(ask(get("/3/0/9")).format, ContentFormat::text);
    EXPECT_EQ(ask(get("/3/0")).format, ContentFormat::tlv);
    EXPECT_EQ(ask(get("/3/0/7")).format, ContentFormat::tlv);
    EXPECT_EQ(ask(get("/3/0/7/1")).format, ContentFormat::text);
}

TEST_F(Read, AnAcceptThatDoesNotFitIsNotAcceptable) {
    EXPECT_EQ(code(get("/3/0/0", 65000)), Code::not_acceptable);
    EXPECT_EQ(code(get("/3/0", text_plain)), Code::not_acceptable);
    EXPECT_EQ(code(get("/3/0", cbor)), Code::not_acceptable);
    EXPECT_EQ(code(get("/3/0/7", text_plain)), Code::not_acceptable);
    EXPECT_EQ(code(get("/3/0/0", opaque)), Code::not_acceptable);
    EXPECT_EQ(code(get("/3/0/0", etch_json)), Code::not_acceptable);
    EXPECT_EQ(code(get("/3442/0/150", opaque)), Code::content);
}

TEST_F(Read, AFormatThatTheProfileLeavesOutIsNotAcceptable) {
    const std::vector<ContentFormat> few{ContentFormat::tlv};
    abilities.formats = few;
    EXPECT_EQ(code(get("/3/0/0", senml_cbor)), Code::not_acceptable);
}

TEST_F(Read, TheNumbersOfTheDraftsAreRead) {
    EXPECT_EQ(ask(get("/3/0/9", 1541)).format, ContentFormat::text);
    EXPECT_EQ(ask(get("/3/0/9", 1542)).format, ContentFormat::tlv);
}

// ---- what is read (Core 1.1.1, 6.3.1)

TEST_F(Read, AnInstanceLeavesOutWhatIsNotReadable) {
    EXPECT_EQ(text(get("/3303/0", senml_json)),
              R"([{"bn":"/3303/0/","n":"5700","v":21.5},{"n":"5701","vs":"Cel"},{"n":"5750","vs":"kitchen"}])");
}

TEST_F(Read, AnObjectHasAllItsInstances) {
    const Answer answer = ask(get("/3303", tlv));
    EXPECT_EQ(answer.code, Code::content);
    // 08: instance 0 in a TLV of its own
    EXPECT_EQ(base::to_hex(answer.payload.first(3)), "080017");
    EXPECT_EQ(answer.payload.size(), 2 * (3 + 23u));
}

TEST_F(Read, AnObjectWithoutInstancesIsEmpty) {
    const Answer answer = ask(get("/3311"));
    EXPECT_EQ(answer.code, Code::content);
    EXPECT_TRUE(answer.payload.empty());
    EXPECT_EQ(text(get("/3311", senml_json)), "[]");
}

TEST_F(Read, AMultipleResourceMayBeEmpty) {
    EXPECT_EQ(hex(get("/3/0/11")), "800b");
    EXPECT_EQ(text(get("/3/0/11", senml_json)), "[]");
}

TEST_F(Read, AResourceInstanceIsReadByItself) {
    EXPECT_EQ(text(get("/3/0/7/1", text_plain)), "5000");
    EXPECT_EQ(code(get("/3/0/7/2")), Code::not_found);
    EXPECT_EQ(code(get("/3/0/9/0")), Code::not_found);
}

TEST_F(Read, WhatIsNotThereIsNotFound) {
    EXPECT_EQ(code(get("/3304")), Code::not_found);
    EXPECT_EQ(code(get("/3303/9")), Code::not_found);
    EXPECT_EQ(code(get("/3303/9/5700")), Code::not_found);
    EXPECT_EQ(code(get("/3303/9/5605")), Code::not_found);
    EXPECT_EQ(code(get("/3303/0/9999")), Code::not_found);
}

TEST_F(Read, WhatCannotBeReadIsNotAllowed) {
    EXPECT_EQ(code(get("/3303/0/5605")), Code::method_not_allowed);
    EXPECT_EQ(code(get("/5/0/0")), Code::method_not_allowed);
    EXPECT_EQ(code(get("")), Code::method_not_allowed);
}

TEST_F(Read, TheSecurityObjectsAreClosed) {
    EXPECT_EQ(code(get("/0")), Code::unauthorized);
    EXPECT_EQ(code(get("/0/0/0")), Code::unauthorized);
    EXPECT_EQ(code(get("/21/0")), Code::unauthorized);
}

TEST_F(Read, AnAnswerThatHasNoRoomIsAnInternalError) {
    workspace.payload.resize(16);
    EXPECT_EQ(code(get("/3442/0")), Code::internal_server_error);
}

TEST_F(Read, ObserveAndItsCancellationAreAnsweredAlike) {
    EXPECT_EQ(text(get("/3/0/9", text_plain).observe(0)), "95");
    EXPECT_EQ(workspace.request.kind, RequestKind::observe);
    EXPECT_EQ(text(get("/3/0/9", text_plain).observe(1)), "95");
    EXPECT_EQ(workspace.request.kind, RequestKind::cancel_observe);
    EXPECT_EQ(code(get("/3/0/4").observe(0)), Code::method_not_allowed);
}

// Core 1.2, 7.3.2: attributes in the Observe.
TEST_F(Read, AnObserveBringsAttributesFrom12On) {
    const auto observe = get("/3/0/9").observe(0).query("pmin=10").query("pmax=60");
    EXPECT_EQ(code(observe), Code::bad_request);
    abilities.version = {1, 2};
    EXPECT_EQ(code(observe), Code::content);
    EXPECT_EQ(code(get("/3/0/9").observe(0).query("pmin=soon")), Code::bad_request);
    EXPECT_EQ(code(get("/3/0/9").query("pmin=10")), Code::bad_request);
}

TEST_F(Read, EveryValueIsTheSameInEveryFormat) {
    for (const ContentFormat format : formats) {
        for (const int id : {110, 120, 125, 130, 140, 150, 160, 170, 180}) {
            const Path path(3442, 0, static_cast<std::uint16_t>(id));
            if (format == ContentFormat::opaque && id != 150) continue;
            const Answer answer = read(path, format, tree, workspace);
            ASSERT_EQ(answer.code, Code::content) << name(format) << ' ' << id;
            const std::vector<std::uint8_t> payload(answer.payload.begin(), answer.payload.end());
            Entries entries;
            ASSERT_TRUE(decode(format, path, payload, TreeTypes(tree), entries)) << name(format) << ' ' << id;
            ASSERT_EQ(entries.entries.size(), 1u);
            EXPECT_EQ(entries.entries[0].value, tree.read(path)) << name(format) << ' ' << id;
        }
    }
}

// ---- notifications

TEST_F(Read, ANotificationIsAnsweredAsTheRead) {
    const Answer answer = read({3, 0, 9}, ContentFormat::text, tree, workspace);
    EXPECT_EQ(answer.code, Code::content);
    EXPECT_EQ(base::as_text(answer.payload), "95");
    EXPECT_EQ(read({3303, 9, 5700}, ContentFormat::text, tree, workspace).code, Code::not_found);
    EXPECT_EQ(read(Path{}, ContentFormat::tlv, tree, workspace).code, Code::method_not_allowed);
}

}  // namespace
}  // namespace lwm2m
