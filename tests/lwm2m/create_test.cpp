#include "simulator/lwm2m/create.h"

#include "tests/lwm2m/operation_fixture.h"

namespace lwm2m {
namespace {

// Create and Delete: instances come and go (Core 1.1.1, 6.3.6 and 6.3.7).
class Create : public OperationTest {
protected:
    Code refused(const Message& message) {
        const auto before = tree.nodes();
        const Code answer = code(message);
        EXPECT_EQ(tree.nodes(), before);
        return answer;
    }
    static Message remove(std::string_view path) { return Message(CON, Code::delete_).path(path); }
};

using Delete = Create;

TEST_F(Create, WithAnIdThatTheServerChose) {
    const Answer answer =
        ask(post("/3442", senml_json, R"([{"bn":"/3442/7/","n":"110","vs":"created"},{"n":"120","v":12}])"));
    EXPECT_EQ(answer.code, Code::created);
    EXPECT_FALSE(answer.created);
    EXPECT_EQ(tree.read({3442, 7, 110}), ValueView::of_string("created"));
    EXPECT_EQ(tree.read({3442, 7, 120}), ValueView::of_integer(12));
}

TEST_F(Create, WithoutAnIdTheDeviceChoosesAndTells) {
    const auto message = post("/3303").format(tlv).payload(base::from_hex("e5 1676 6661726d73").value());
    const Answer answer = ask(message);
    EXPECT_EQ(answer.code, Code::created);
    EXPECT_EQ(answer.created, Path(3303, 1));  // the lowest that is free
    EXPECT_EQ(tree.read({3303, 1, 5750}), ValueView::of_string("farms"));
    EXPECT_EQ(ask(message).created, Path(3303, 3));
}

TEST_F(Create, WithoutAPayloadWhereNothingIsMandatory) {
    EXPECT_EQ(ask(post("/3442")).created, Path(3442, 1));
    EXPECT_EQ(code(post("/3442").format(tlv).payload(base::from_hex("0009").value())), Code::created);
    EXPECT_TRUE(tree.exists({3442, 9}));
}

TEST_F(Create, WithoutWhatIsMandatoryIsBad) {
    EXPECT_EQ(refused(post("/3311")), Code::bad_request);
    EXPECT_EQ(refused(post("/3311", senml_json, R"([{"n":"/3311/0/5851","v":50}])")), Code::bad_request);
    EXPECT_EQ(code(post("/3311", senml_json, R"([{"n":"/3311/0/5850","vb":true}])")), Code::created);
}

TEST_F(Create, AnIdThatIsTakenIsBad) {
    EXPECT_EQ(refused(post("/3442", senml_json, R"([{"n":"/3442/0/120","v":1}])")), Code::bad_request);
}

TEST_F(Create, ReadOnlyValuesAreNotTaken) {
    EXPECT_EQ(code(post("/3303", senml_json, R"([{"bn":"/3303/4/","n":"5700","v":99},{"n":"5750","vs":"roof"}])")),
              Code::created);
    EXPECT_EQ(tree.read({3303, 4, 5700}).type, Type::none);
    EXPECT_EQ(tree.read({3303, 4, 5750}), ValueView::of_string("roof"));
}

TEST_F(Create, AValueThatWillNotDoRefusesTheWhole) {
    EXPECT_EQ(refused(post("/3311", senml_json, R"([{"bn":"/3311/0/","n":"5850","vb":true},{"n":"5851","v":101}])")),
              Code::bad_request);
    EXPECT_EQ(refused(post("/3311", senml_json, R"([{"bn":"/3311/0/","n":"5850","vb":true},{"n":"9","v":1}])")),
              Code::bad_request);
    EXPECT_EQ(
        refused(post("/3311", senml_json, R"([{"bn":"/3311/","n":"0/5850","vb":true},{"n":"1/5850","vb":true}])")),
        Code::bad_request);
    tree.writes_left = 1;
    EXPECT_EQ(refused(post("/3311", senml_json, R"([{"bn":"/3311/0/","n":"5850","vb":true},{"n":"5851","v":1}])")),
              Code::internal_server_error);
}

TEST_F(Create, WhereItCannotBe) {
    EXPECT_EQ(refused(post("/3304", tlv, "")), Code::not_found);
    EXPECT_EQ(refused(post("/3", tlv, "")), Code::method_not_allowed);  // a single object that is there
    EXPECT_EQ(refused(post("/0", tlv, "")), Code::unauthorized);
    EXPECT_EQ(refused(post("/3442", 65000, "x")), Code::unsupported_content_format);
    EXPECT_EQ(refused(post("/3442", text_plain, "x")), Code::bad_request);
}

TEST_F(Create, ASingleObjectHasTheIdZero) {
    tree.remove({5, 0});
    const char* const values = R"([{"bn":"/5/%/","n":"0","vd":""},{"n":"1","vs":""}])";
    const auto with_id = [&](char id) {
        std::string text = values;
        text[text.find('%')] = id;
        return post("/5", senml_json, text);
    };
    EXPECT_EQ(refused(with_id('1')), Code::bad_request);
    EXPECT_EQ(code(with_id('0')), Code::created);
}

TEST_F(Delete, TakesAnInstanceAway) {
    EXPECT_EQ(code(remove("/3303/2")), Code::deleted);
    EXPECT_EQ(code(get("/3303/2")), Code::not_found);
    EXPECT_EQ(code(get("/3303/0/5700")), Code::content);
    EXPECT_EQ(refused(remove("/3303/2")), Code::not_found);
}

TEST_F(Delete, WhatMustBeThereStays) {
    EXPECT_EQ(refused(remove("/3/0")), Code::method_not_allowed);
    EXPECT_EQ(refused(remove("/1/0")), Code::method_not_allowed);
    tree.put({1, 1, 0}, ValueView::of_integer(102));
    EXPECT_EQ(code(remove("/1/0")), Code::deleted);
}

TEST_F(Delete, OnlyInstancesGo) {
    EXPECT_EQ(refused(remove("")), Code::method_not_allowed);
    EXPECT_EQ(refused(remove("/3303")), Code::method_not_allowed);
    EXPECT_EQ(refused(remove("/3303/0/5750")), Code::method_not_allowed);
    EXPECT_EQ(refused(remove("/0/0")), Code::unauthorized);
    EXPECT_EQ(refused(remove("/0")), Code::unauthorized);
    EXPECT_EQ(refused(remove("/3304/0")), Code::not_found);
}

// Core 1.2, 6.3.7
TEST_F(Delete, AResourceInstanceGoesFrom12On) {
    EXPECT_EQ(refused(remove("/3442/0/1110/300")), Code::method_not_allowed);
    abilities.version = {1, 2};
    EXPECT_EQ(code(remove("/3442/0/1110/300")), Code::deleted);
    EXPECT_EQ(code(get("/3442/0/1110/0")), Code::content);
    EXPECT_EQ(refused(remove("/3442/0/1110/300")), Code::not_found);
    EXPECT_EQ(refused(remove("/3442/0/110/0")), Code::not_found);
    EXPECT_EQ(refused(remove("/3/0/7/0")), Code::method_not_allowed);  // read-only
}

}  // namespace
}  // namespace lwm2m
