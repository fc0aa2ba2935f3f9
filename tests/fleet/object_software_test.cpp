// Object 9, Software Management (OMA-TS-LWM2M_SwMgmt 1.0), and object 16, Portfolio.
#include "tests/support/object_lockstep.h"

namespace {

using namespace std::chrono_literals;
using coap::Code;

class ObjectSoftware : public support::ObjectLockstep {
protected:
    ObjectSoftware() : ObjectLockstep("  software_management/0: {pkgname: app, pkgversion: \"1\"}\n") {}

    Code push(std::string_view bytes) { return code(ask(Code::put, "/9/0/2").format(42).payload(bytes)); }
    // State, result, activation.
    std::string where() { return read("/9/0/7") + " " + read("/9/0/9") + " " + read("/9/0/12"); }
};

TEST_F(ObjectSoftware, APackageIsInstalledAndActivated) {
    EXPECT_EQ(where(), "0 0 0");
    EXPECT_EQ(push("package"), Code::changed);
    EXPECT_EQ(where(), "3 3 0");
    EXPECT_EQ(execute("/9/0/4"), Code::changed);
    EXPECT_EQ(where(), "4 2 0");
    EXPECT_EQ(execute("/9/0/10"), Code::changed);
    EXPECT_EQ(where(), "4 2 1");
    EXPECT_EQ(execute("/9/0/11"), Code::changed);
    EXPECT_EQ(where(), "4 2 0");
    EXPECT_EQ(execute("/9/0/6"), Code::changed);
    EXPECT_EQ(where(), "0 0 0");
}

TEST_F(ObjectSoftware, APackageAtAUriTakesItsTime) {
    EXPECT_EQ(write("/9/0/3", "coap://127.0.0.1/app"), Code::changed);
    EXPECT_EQ(where(), "1 1 0");
    after(10s);
    EXPECT_EQ(where(), "2 1 0");
    after(1s);
    EXPECT_EQ(where(), "3 3 0");
}

TEST_F(ObjectSoftware, AUriThatIsNoneIsSaidSo) {
    EXPECT_EQ(write("/9/0/3", "nowhere"), Code::changed);
    EXPECT_EQ(where(), "0 56 0");
    EXPECT_EQ(push("package"), Code::changed);
    EXPECT_EQ(where(), "3 3 0");
}

TEST_F(ObjectSoftware, TellsItsStates) {
    EXPECT_EQ(observe("/9/0/7"), "0");
    EXPECT_EQ(write("/9/0/3", "coap://127.0.0.1/app"), Code::changed);
    after(1ms);
    EXPECT_EQ(notified(), "1");
    after(10s);
    EXPECT_EQ(notified(), "2");
    after(1s);
    EXPECT_EQ(notified(), "3");
    after(1h);
    server.expect_silence();
}

TEST_F(ObjectSoftware, WhatDoesNotFitItsStateIsNotAllowed) {
    for (const auto* const path : {"/9/0/4", "/9/0/6", "/9/0/10", "/9/0/11"}) {
        EXPECT_EQ(execute(path), Code::method_not_allowed) << path;
    }
    EXPECT_EQ(push("package"), Code::changed);
    EXPECT_EQ(execute("/9/0/4"), Code::changed);
    EXPECT_EQ(push("another"), Code::method_not_allowed);
    EXPECT_EQ(write("/9/0/3", "coap://127.0.0.1/app"), Code::method_not_allowed);
    EXPECT_EQ(execute("/9/0/6", "2"), Code::bad_request);
    EXPECT_EQ(execute("/9/0/6", "1"), Code::changed);
    EXPECT_EQ(where(), "0 0 0");
}

// One that a server creates is like those of the profile.
TEST_F(ObjectSoftware, AnInstanceIsCreatedAndUsed) {
    EXPECT_EQ(code(ask(Code::post, "/9").format(110).payload(R"([{"bn":"/9/1/","n":"8","vb":true}])")), Code::created);
    server.expect(support::CON, Code::post).path("/rd/5a");
    server.replies(support::Message(support::ACK, Code::changed));
    EXPECT_EQ(read("/9/1/7"), "0");
    EXPECT_EQ(read("/9/1/0"), "");
    EXPECT_EQ(code(ask(Code::put, "/9/1/2").format(42).payload("package")), Code::changed);
    EXPECT_EQ(execute("/9/1/4"), Code::changed);
    EXPECT_EQ(execute("/9/1/10"), Code::changed);
    EXPECT_EQ(read("/9/1/12"), "1");
    EXPECT_EQ(read("/9/0/12"), "0");
}

class ObjectPortfolio : public support::ObjectLockstep {
protected:
    ObjectPortfolio() : ObjectLockstep("  portfolio/0: {identity: [host, Acme, M1, \"1.0\"], authstatus: 0}\n") {}
};

TEST_F(ObjectPortfolio, HoldsIdentitiesAndMakesAuthData) {
    EXPECT_EQ(read("/16/0/0/1"), "Acme");
    EXPECT_EQ(write("/16/0/0/1", "Other"), Code::changed);
    EXPECT_EQ(read("/16/0/0/1"), "Other");
    EXPECT_EQ(execute("/16/0/1", "0='abc'"), Code::changed);
    EXPECT_EQ(read("/16/0/3"), "1");
    const auto first = read("/16/0/2/0");
    EXPECT_EQ(first.size(), 44u);  // base64 of 32 bytes
    EXPECT_EQ(execute("/16/0/1", "0='abd'"), Code::changed);
    EXPECT_NE(read("/16/0/2/0"), first);
}

// Plain data: object 13, 14 and 19.
class ObjectsOfData : public support::ObjectLockstep {
protected:
    ObjectsOfData()
        : ObjectLockstep(
              "  bearer_selection/0: {acceptable_rssi_gsm: -80, operator_list: \"26201\"}\n"
              "  \"14/0\": {\"0\": core, \"2\": \"1.0\", \"3\": , \"5\": false}\n"
              "  \"19/0\": {\"0\": {0: AAEC}, \"3\": readings}\n") {}
};

TEST_F(ObjectsOfData, HoldTheirValues) {
    EXPECT_EQ(read("/13/0/1"), "-80");
    EXPECT_EQ(write("/13/0/1", "-90"), Code::changed);
    EXPECT_EQ(read("/13/0/1"), "-90");
    EXPECT_EQ(read("/14/0/0"), "core");
    EXPECT_EQ(execute("/14/0/3"), Code::changed);
    EXPECT_EQ(write("/19/0/3", std::string(32, 'v')), Code::changed);
    EXPECT_EQ(read("/19/0/3"), std::string(32, 'v'));
    EXPECT_EQ(code(ask(Code::put, "/19/0/0/0").format(42).payload("xyz")), Code::changed);
    EXPECT_EQ(read("/19/0/0/0"), "eHl6");
}

}  // namespace
