// Objects 3441 and 3442, the LwM2M test objects.
#include "tests/support/object_lockstep.h"

namespace {

using coap::Code;

class ObjectTest : public support::ObjectLockstep {
protected:
    ObjectTest()
        : ObjectLockstep(
              "  \"3442/0\": {\"0\": , \"1\": , \"2\": , \"3\": , \"5\": , \"110\": initial, \"120\": 1024, \"1110\": "
              "{0: a, 7: b}}\n") {}
};

TEST_F(ObjectTest, ListsItsArguments) {
    EXPECT_EQ(execute("/3442/0/3", "0='one',4,7='seven'"), Code::changed);
    EXPECT_EQ(read("/3442/0/4/0"), "one");
    EXPECT_EQ(read("/3442/0/4/4"), "");
    EXPECT_EQ(read("/3442/0/4/7"), "seven");
    EXPECT_EQ(execute("/3442/0/3"), Code::changed);
    EXPECT_EQ(read("/3442/0/4/0"), "4.04");
}

TEST_F(ObjectTest, ClearsItsValues) {
    EXPECT_EQ(execute("/3442/0/2"), Code::changed);
    EXPECT_EQ(read("/3442/0/110"), "");
    EXPECT_EQ(read("/3442/0/120"), "0");
    EXPECT_EQ(read("/3442/0/1110/7"), "4.04");
}

TEST_F(ObjectTest, DrawsItsValuesAndResetsThem) {
    EXPECT_EQ(observe("/3442/0/120"), "1024");
    EXPECT_EQ(execute("/3442/0/1"), Code::changed);
    after(std::chrono::milliseconds(1));
    EXPECT_EQ(notified(), read("/3442/0/120"));
    EXPECT_NE(read("/3442/0/110"), "initial");
    EXPECT_EQ(execute("/3442/0/0"), Code::changed);
    EXPECT_EQ(read("/3442/0/110"), "initial");
    EXPECT_EQ(read("/3442/0/1110/7"), "b");
}

// What resource 6 names; a name within another says nothing more.
class ObjectTestSend : public support::ObjectLockstep {
protected:
    explicit ObjectTestSend(const std::string& named = "\"6\": {0: /3442/0/120, 1: /3442/0/1110, 2: /3442/0/1110/7}, ")
        : ObjectLockstep("  \"3442/0\": {\"5\": , " + named + "\"120\": 1024, \"1110\": {0: a, 7: b}}\n") {}
    support::Seen expect_send() {
        auto sent = server.expect(support::CON, Code::post);
        sent.path("/dp");
        return sent;
    }
    void accepts() { server.replies(support::Message(support::ACK, Code::changed)); }
    std::int64_t ended(metrics::Result how) const {
        return counters.figures().operations[metrics::index(metrics::Operation::send)][0][metrics::index(how)].get();
    }
};

TEST_F(ObjectTestSend, SendsWhatItNames) {
    EXPECT_EQ(execute("/3442/0/5"), Code::changed);
    const auto sent = expect_send();
    EXPECT_EQ(sent.view().find_uint(coap::OptionNumber::content_format), 110u);
    sent.payload(
        R"([{"bn":"/","n":"3442/0/120","v":1024},{"n":"3442/0/1110/0","vs":"a"},{"n":"3442/0/1110/7","vs":"b"}])");
    accepts();
    EXPECT_EQ(ended(metrics::Result::ok), 1);
    server.expect_silence();
}

// Of those that are asked for while one is under way, the last one goes when that is over.
TEST_F(ObjectTestSend, WaitsForTheOneUnderWay) {
    EXPECT_EQ(execute("/3442/0/5"), Code::changed);
    expect_send();
    const auto first = server.last_id;
    const auto token = server.last_token;
    EXPECT_EQ(execute("/3442/0/5"), Code::changed);
    EXPECT_EQ(execute("/3442/0/5"), Code::changed);
    server.expect_silence();
    server.sends(support::Message(support::ACK, Code::changed).id(first).token(token.view()));
    expect_send();
    accepts();
    server.expect_silence();
    EXPECT_EQ(ended(metrics::Result::ok), 2);
    EXPECT_EQ(ended(metrics::Result::coalesced), 1);
}

TEST_F(ObjectTestSend, IsMutedByTheServer) {
    EXPECT_EQ(write("/1/0/23", "1"), Code::changed);
    EXPECT_EQ(execute("/3442/0/5"), Code::method_not_allowed);
    server.expect_silence();
}

// Argument 0 is the format, one that the device speaks; argument 1, a time-out, is refused.
TEST_F(ObjectTestSend, TakesTheFormatAsAnArgument) {
    EXPECT_EQ(execute("/3442/0/5", "0='110'"), Code::changed);
    expect_send();
    accepts();
    for (const auto* const refused : {"0='112'", "0='0'", "0", "0='110',1='2000'", "2"}) {
        EXPECT_EQ(execute("/3442/0/5", refused), Code::bad_request) << refused;
    }
    server.expect_silence();
}

class ObjectTestSendElsewhere : public ObjectTestSend {
protected:
    ObjectTestSendElsewhere() : ObjectTestSend("\"6\": {0: /3303}, ") {}
};

TEST_F(ObjectTestSendElsewhere, WhereItNamesWhatIsNotThereItIsRefused) {
    EXPECT_EQ(execute("/3442/0/5"), Code::not_found);
    EXPECT_EQ(write("/3442/0/6/0", "temperature"), Code::changed);
    EXPECT_EQ(execute("/3442/0/5"), Code::bad_request);
    server.expect_silence();
    EXPECT_EQ(write("/3442/0/6/0", "/3442/0/120"), Code::changed);
    EXPECT_EQ(execute("/3442/0/5"), Code::changed);
    expect_send().payload(R"([{"bn":"/","n":"3442/0/120","v":1024}])");
}

class ObjectTestSendItself : public ObjectTestSend {
protected:
    ObjectTestSendItself() : ObjectTestSend("") {}
};

// Where nothing is named it sends itself.
TEST_F(ObjectTestSendItself, WhereItNamesNothing) {
    EXPECT_EQ(execute("/3442/0/5"), Code::changed);
    expect_send().payload(
        R"([{"bn":"/","n":"3442/0/120","v":1024},{"n":"3442/0/1110/0","vs":"a"},{"n":"3442/0/1110/7","vs":"b"}])");
}

class ObjectTestOf10 : public support::AskingLockstep {
protected:
    ObjectTestOf10()
        : AskingLockstep(
              "profile: subject\ndescription: for the tests of objects\nendpoint: \"d\"\n"
              "lwm2m: {version: \"1.0\", lifetime: 30d}\nformats: [tlv, text, json]\n"
              "objects:\n  \"3442/0\": {\"5\": , \"120\": 1024}\n") {}
};

// LwM2M 1.0 has no Send.
TEST_F(ObjectTestOf10, SendsNothing) {
    EXPECT_EQ(execute("/3442/0/5"), Code::method_not_allowed);
    server.expect_silence();
}

}  // namespace
