// Object 1, LwM2M Server: Core 1.1.1, E.2.
#include "tests/support/object_lockstep.h"

namespace {

using namespace std::chrono_literals;
using coap::Code;
using support::ACK;
using support::CON;
using support::Message;

class ObjectServer : public support::ObjectLockstep {
protected:
    ObjectServer()
        : ObjectLockstep(
              "  server/0:\n    default_minimum_period: 5\n    disable_timeout: 60\n"
              "    bootstrap_request_trigger:\n    trigger: false\n",
              "") {}
};

TEST_F(ObjectServer, ItsShortIdIsReadOnly) {
    EXPECT_EQ(read("/1/0/0"), "123");
    EXPECT_EQ(write("/1/0/0", "5"), Code::method_not_allowed);
}

// Core 1.1.1, 6.2.2: the Update says the new lifetime.
TEST_F(ObjectServer, AnotherLifetimeIsToldByAnUpdate) {
    EXPECT_EQ(write("/1/0/1", "600"), Code::changed);
    server.expect(CON, Code::post).path("/rd/5a").query("lt=600");
    server.replies(Message(ACK, Code::changed));
    EXPECT_EQ(read("/1/0/1"), "600");
}

TEST_F(ObjectServer, ALifetimeOfNothingIsBad) {
    EXPECT_EQ(write("/1/0/1", "0"), Code::bad_request);
    EXPECT_EQ(write("/1/0/1", "-1"), Code::bad_request);
    server.expect_silence();
}

TEST_F(ObjectServer, HoldsItsPeriodsAndSettings) {
    for (const auto* const path : {"/1/0/2", "/1/0/3", "/1/0/5"}) {
        EXPECT_EQ(write(path, "30"), Code::changed) << path;
        EXPECT_EQ(read(path), "30") << path;
    }
    EXPECT_EQ(write("/1/0/6", "0"), Code::changed);
    EXPECT_EQ(read("/1/0/6"), "0");
    EXPECT_EQ(write("/1/0/21", "1"), Code::changed);
    EXPECT_EQ(read("/1/0/21"), "1");
}

// Resource 8.
TEST_F(ObjectServer, TheTriggerBringsAnUpdate) {
    EXPECT_EQ(execute("/1/0/8"), Code::changed);
    server.expect(CON, Code::post).path("/rd/5a");
}

// Resource 9: there is no account of a Bootstrap-Server.
TEST_F(ObjectServer, WithoutABootstrapServerNoneIsAsked) {
    EXPECT_EQ(execute("/1/0/9"), Code::method_not_allowed);
    server.expect_silence();
}

}  // namespace
