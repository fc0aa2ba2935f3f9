// Registration by the rules: Core 1.1.1, 6.2 and E.2; 1.2, 6.2.
#include <gmock/gmock.h>

#include "tests/support/device_lockstep.h"

namespace {

using namespace std::chrono_literals;
using metrics::DeviceState;
using support::ACK;
using support::CON;
using support::DeviceLockstep;
using support::Message;
using support::Seen;
using testing::HasSubstr;
using testing::Not;

// A device of a profile that a test gives.
class Lone : public DeviceLockstep {
public:
    explicit Lone(const std::string& rest) : DeviceLockstep("profile: x\n" + rest) {}
    void TestBody() override {}

    Code asks(Message message) {
        server.sends(message.id(next_id_++).token("0a"));
        return server.has_mail() ? server.take().view().code : Code::empty;
    }
    Code writes(std::string_view path, std::string_view text) {
        return asks(Message(CON, Code::put).path(path).format(0).payload(text));
    }
    Seen registers_as(std::string_view location = "/rd/5a") {
        Seen seen = server.expect(CON, Code::post);
        seen.path("/rd");
        server.replies(Message(ACK, Code::created).location(location));
        return seen;
    }
    void refuses(Code code) {
        server.expect(CON, Code::post).path("/rd");
        server.replies(Message(ACK, code));
    }
    static std::string queries(const Seen& seen) {
        std::string all;
        for (const auto& option : seen.view().options) {
            if (option.number == coap::OptionNumber::uri_query) all.append(option.text()).append("&");
        }
        return all;
    }

    using DeviceLockstep::after;
    using DeviceLockstep::device_registers;
    using DeviceLockstep::device_starts;
    using DeviceLockstep::server;
    using DeviceLockstep::state;

private:
    std::uint16_t next_id_ = 100;
};

// Core 1.0.2, 5.3.1; Transport 1.1.1, 6.4.3
TEST(Registration, EachVersionHasItsQuery) {
    const auto query = [](const std::string& lwm2m) {
        Lone device("lwm2m: " + lwm2m);
        device.device_starts();
        return Lone::queries(device.server.expect(CON, coap::Code::post));
    };
    EXPECT_EQ(query("{version: \"1.0\"}"), "ep=d&lt=86400&lwm2m=1.0&b=U&");
    EXPECT_EQ(query("{version: \"1.0\", binding: UQ}"), "ep=d&lt=86400&lwm2m=1.0&b=UQ&");
    EXPECT_EQ(query("{version: \"1.1\"}"), "ep=d&lt=86400&lwm2m=1.1&b=U&");
    EXPECT_EQ(query("{version: \"1.1\", queue_mode: true}"), "ep=d&lt=86400&lwm2m=1.1&b=U&Q&");
    EXPECT_EQ(query("{version: \"1.2\", queue_mode: true, lifetime: 1h}"), "ep=d&lt=3600&lwm2m=1.2&b=U&Q&");
}

TEST(Registration, TheListTellsTheRootAndTheFormats) {
    const auto list = [](const std::string& rest) {
        Lone device(rest);
        device.device_starts();
        return std::string(base::as_text(device.server.expect(CON, coap::Code::post).view().payload));
    };
    EXPECT_EQ(list("lwm2m: {version: \"1.0\"}"), "</1/0>,</3/0>");
    EXPECT_EQ(list("formats: [tlv]"), R"(</>;rt="oma.lwm2m";ct=11542,</1/0>,</3/0>)");
    EXPECT_EQ(list("formats: [tlv]\nlwm2m: {path: /lwm2m}"),
              R"(</lwm2m>;rt="oma.lwm2m";ct=11542,</lwm2m/1/0>,</lwm2m/3/0>)");
    EXPECT_EQ(list("lwm2m: {version: \"1.0\", path: a/b}"), R"(</a/b>;rt="oma.lwm2m",</a/b/1/0>,</a/b/3/0>)");
}

// Transport 1.1.1, 6.4.1
TEST(Registration, AnAlternatePathIsThatOfRequestsToo) {
    Lone device("formats: [tlv, text]\nlwm2m: {path: /lwm2m}\nobjects: {temperature/0: {sensor_value: 20}}");
    device.device_registers();
    EXPECT_EQ(device.asks(Message(CON, coap::Code::get).path("/lwm2m/3/0")), coap::Code::content);
    EXPECT_EQ(device.asks(Message(CON, coap::Code::get).path("/3/0")), coap::Code::not_found);
    EXPECT_EQ(device.asks(Message(CON, coap::Code::delete_).path("/lwm2m/3303/0")), coap::Code::deleted);
    device.server.expect(CON, coap::Code::post)
        .path("/rd/5a")
        .payload(R"(</lwm2m>;rt="oma.lwm2m";ct=11542,</lwm2m/1/0>,</lwm2m/3/0>,</lwm2m/3303>)");
}

// Core 1.1.1, 6.2.2
TEST(Registration, AnUpdateTellsOnlyWhatHasChanged) {
    Lone device("lwm2m: {lifetime: 100s, queue_mode: true}");
    device.device_registers();
    device.after(91s);
    EXPECT_EQ(Lone::queries(device.server.expect(CON, coap::Code::post).path("/rd/5a").payload("")), "");
    device.server.replies(Message(ACK, coap::Code::changed));
    EXPECT_EQ(device.writes("/1/0/1", "200"), coap::Code::changed);
    EXPECT_EQ(Lone::queries(device.server.expect(CON, coap::Code::post)), "lt=200&");
    device.server.replies(Message(ACK, coap::Code::changed));
    EXPECT_EQ(device.writes("/1/0/7", "U"), coap::Code::changed);
    EXPECT_EQ(Lone::queries(device.server.expect(CON, coap::Code::post)), "b=U&Q&");
}

TEST(Registration, ABindingOrLifetimeThatTheDeviceCannotIsRefused) {
    Lone device("lwm2m: {version: \"1.1\"}");
    device.device_registers();
    EXPECT_EQ(device.writes("/1/0/7", "T"), coap::Code::bad_request);
    EXPECT_EQ(device.writes("/1/0/1", "0"), coap::Code::bad_request);
    device.server.expect_silence();
}

TEST(Registration, AWrittenLifetimeIsThatOfTheNextRegisterToo) {
    Lone device("lwm2m: {lifetime: 1h}");
    device.device_registers();
    ASSERT_EQ(device.writes("/1/0/1", "200"), coap::Code::changed);
    device.server.expect(CON, coap::Code::post).path("/rd/5a");
    device.server.replies(Message(ACK, coap::Code::not_found));
    EXPECT_THAT(Lone::queries(device.registers_as()), HasSubstr("lt=200&"));
}

// Core 1.2, 6.2.1
TEST(Registration, ALifetimeOfZeroIsWithoutEndFrom12On) {
    Lone device("lwm2m: {version: \"1.2\", lifetime: 0s}");
    device.device_starts();
    EXPECT_THAT(Lone::queries(device.registers_as()), HasSubstr("lt=0&"));
    device.after(100h);
    device.server.expect_silence();
    EXPECT_EQ(device.state(), DeviceState::registered);
    ASSERT_EQ(device.writes("/1/0/1", "60"), coap::Code::changed);
    device.server.expect(CON, coap::Code::post).query("lt=60");
}

// Core 1.1.1, 6.2.2: whatever fails, the device registers anew.
TEST(Registration, AFailedUpdateIsFollowedByARegister) {
    for (const auto code : {coap::Code::not_found, coap::Code::bad_request, coap::Code::internal_server_error}) {
        Lone device("lwm2m: {lifetime: 100s}");
        device.device_registers();
        device.after(91s);
        device.server.expect(CON, coap::Code::post).path("/rd/5a");
        device.server.replies(Message(ACK, code));
        device.registers_as("/rd/6b");
        EXPECT_EQ(device.state(), DeviceState::registered);
    }
}

// Core 1.1.1, E.2: by default five attempts in a minute, two, four and eight, and no second sequence.
TEST(Registration, PausesDoubleAndEnd) {
    Lone device("");
    device.device_starts();
    for (const auto pause : {60s, 120s, 240s, 480s}) {
        device.refuses(coap::Code::service_unavailable);
        device.after(pause - 1s);
        device.server.expect_silence();
        device.after(1s + 1ms);
    }
    device.refuses(coap::Code::service_unavailable);
    EXPECT_EQ(device.state(), DeviceState::stopped);
    device.after(48h);
    device.server.expect_silence();
}

TEST(Registration, TheServerObjectSaysHowOftenAndWhen) {
    Lone device("objects: {server/0: {17: 2, 18: 10, 19: 1000, 20: 2}}");
    device.device_starts();
    device.refuses(coap::Code::service_unavailable);
    device.after(10s + 1ms);
    device.refuses(coap::Code::service_unavailable);
    EXPECT_EQ(device.state(), DeviceState::backoff);
    device.after(999s);
    device.server.expect_silence();
    device.after(2s);
    device.refuses(coap::Code::service_unavailable);
    device.after(10s + 1ms);
    device.refuses(coap::Code::service_unavailable);
    EXPECT_EQ(device.state(), DeviceState::stopped);
}

TEST(Registration, TheGreatestSequenceDelayIsNeverAgain) {
    Lone device("objects: {server/0: {17: 1, 19: 4294967295, 20: 5}}");
    device.device_starts();
    device.refuses(coap::Code::service_unavailable);
    EXPECT_EQ(device.state(), DeviceState::stopped);
}

// 1/x/16: there is no bootstrap to go on with.
TEST(Registration, ARejectedDeviceThatShouldBootstrapStops) {
    Lone device("objects: {server/0: {bootstrap_on_registration_failure: true}}");
    device.device_starts();
    device.refuses(coap::Code::forbidden);
    EXPECT_EQ(device.state(), DeviceState::stopped);
}

TEST(Registration, TheFirstOneMayBeDelayed) {
    Lone device("objects: {server/0: {14: 30}}");
    device.device_starts();
    device.after(29s);
    device.server.expect_silence();
    device.after(1s);
    device.registers_as();
    // Only until it has been registered once.
    ASSERT_EQ(device.asks(Message(CON, coap::Code::post).path("/3/0/4")), coap::Code::changed);
    device.after(1s + 1ms);
    device.registers_as();
}

// Core 1.1.1, E.2: 1/x/4 and 1/x/5
TEST(Registration, ADisabledServerIsLeftAlone) {
    Lone device("objects: {server/0: {4: , disable_timeout: 100}}");
    device.device_registers();
    ASSERT_EQ(device.asks(Message(CON, coap::Code::post).path("/1/0/4")), coap::Code::changed);
    device.server.expect(CON, coap::Code::delete_).path("/rd/5a");
    device.server.replies(Message(ACK, coap::Code::deleted));
    EXPECT_EQ(device.state(), DeviceState::backoff);
    EXPECT_EQ(device.asks(Message(CON, coap::Code::get).path("/3/0/0")), coap::Code::empty);
    device.after(99s);
    device.server.expect_silence();
    device.after(1s + 1ms);
    device.registers_as();
}

TEST(Registration, ADayIsTheTimeOfADisabledServer) {
    Lone device("objects: {server/0: {4: }}");
    device.device_registers();
    ASSERT_EQ(device.asks(Message(CON, coap::Code::post).path("/1/0/4")), coap::Code::changed);
    device.server.expect(CON, coap::Code::delete_);
    device.server.replies(Message(ACK, coap::Code::not_found));
    device.after(86399s);
    device.server.expect_silence();
    device.after(1s + 1ms);
    device.registers_as();
}

// What the order of two servers is.
class Order : public DeviceLockstep {
public:
    explicit Order(const std::string& first, const std::string& second)
        : DeviceLockstep("profile: x\nservers: {124: {uri: \"coap://127.0.0.1:5783\"}}\nobjects:\n  server/0: {" +
                         first + "}\n  server/1: {short_server_id: 124, " + second + "}\n") {
        device_starts();
    }
    void TestBody() override {}
    void answers(Server& who, const Message& message) {
        who.expect(CON, Code::post).path("/rd");
        who.replies(message);
    }
    using DeviceLockstep::after;
    using DeviceLockstep::other;
    using DeviceLockstep::server;
    using DeviceLockstep::state;
};

// 1/x/13
TEST(Registration, TheLowestPriorityGoesFirst) {
    Order device("13: 7", "13: 3");
    device.server.expect_silence();
    device.answers(device.other, Message(ACK, coap::Code::created).location("/rd/b"));
    device.after(1ms);
    device.answers(device.server, Message(ACK, coap::Code::created).location("/rd/a"));
    EXPECT_EQ(device.state(), DeviceState::registered);
}

TEST(Registration, AServerWithoutPriorityWaitsForNobody) {
    Order device("13: 7", "6: true");
    EXPECT_TRUE(device.server.has_mail());
    EXPECT_TRUE(device.other.has_mail());
}

// 1/x/14
TEST(Registration, TheDelayCountsFromTheOneBefore) {
    Order device("13: 1", "13: 2, 14: 20");
    device.answers(device.server, Message(ACK, coap::Code::created).location("/rd/a"));
    device.after(19s);
    device.other.expect_silence();
    device.after(1s);
    device.answers(device.other, Message(ACK, coap::Code::created).location("/rd/b"));
}

// 1/x/15
TEST(Registration, AFailureLetsTheNextFollowUnlessItBlocks) {
    Order passes("13: 1, 17: 1", "13: 2");
    passes.answers(passes.server, Message(ACK, coap::Code::forbidden));
    passes.after(1ms);
    EXPECT_TRUE(passes.other.has_mail());
    Order blocks("13: 1, 17: 1, 15: true", "13: 2");
    blocks.answers(blocks.server, Message(ACK, coap::Code::forbidden));
    blocks.after(1h);
    blocks.other.expect_silence();
}

}  // namespace
