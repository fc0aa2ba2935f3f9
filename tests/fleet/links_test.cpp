// A device with several servers: a registration of its own with each, and what belongs to it.
#include "tests/support/device_lockstep.h"

namespace {

using namespace std::chrono_literals;
using metrics::DeviceState;
using support::ACK;
using support::CON;
using support::DeviceLockstep;
using support::Message;
using support::NON;

constexpr const char* two_servers = R"(
profile: two
lwm2m: {lifetime: 100s}
servers: {124: {uri: "coap://127.0.0.1:5783", lifetime: 200s}}
objects:
  temperature/0: {sensor_value: 20}
)";

class Links : public DeviceLockstep {
protected:
    explicit Links(const char* yaml = two_servers) : DeviceLockstep(yaml) {}

    void both_register() {
        device_starts();
        server.expect(CON, Code::post).path("/rd").query("lt=100");
        server.replies(Message(ACK, Code::created).location("/rd/a"));
        other.expect(CON, Code::post).path("/rd").query("lt=200");
        other.replies(Message(ACK, Code::created).location("/rd/b"));
        ASSERT_EQ(state(), registered);
    }
    Code asked(Server& who, Message message) {
        who.sends(message.id(next_id_++).token("0a"));
        return who.has_mail() ? who.take().view().code : Code::empty;
    }
    Code observes(Server& who, std::string_view path) {
        return asked(who, Message(CON, Code::get).observe(0).path(path).uint(coap::OptionNumber::accept, 0));
    }

private:
    std::uint16_t next_id_ = 100;
};

TEST_F(Links, EachServerHasARegistrationOfItsOwn) {
    both_register();
    after(91s);
    server.expect(CON, Code::post).path("/rd/a");
    server.replies(Message(ACK, Code::changed));
    other.expect_silence();
    after(90s);
    server.expect(CON, Code::post).path("/rd/a");
    other.expect(CON, Code::post).path("/rd/b");
}

TEST_F(Links, TheDeviceIsCountedByTheLinkThatIsFurthestFromRegistered) {
    device_starts();
    server.expect(CON, Code::post);
    server.replies(Message(ACK, Code::created).location("/rd/a"));
    EXPECT_EQ(state(), DeviceState::registering);
    other.expect(CON, Code::post);
    other.replies(Message(ACK, Code::forbidden));
    EXPECT_EQ(state(), DeviceState::backoff);
    after(61s);
    other.expect(CON, Code::post);
    other.replies(Message(ACK, Code::created).location("/rd/b"));
    EXPECT_EQ(state(), registered);
}

TEST_F(Links, ARequestIsAnsweredToWhoeverAsked) {
    both_register();
    EXPECT_EQ(asked(other, Message(CON, Code::get).path("/3303/0/5700")), Code::content);
    server.expect_silence();
    // The message ids of two servers have nothing to do with each other.
    server.sends(Message(CON, Code::get).id(100).token("0b").path("/3/0/0").uint(coap::OptionNumber::accept, 0));
    server.expect(ACK, Code::content).payload("lwm2m-sim");
}

TEST_F(Links, AnUnregisteredServerIsNotListenedTo) {
    device_starts();
    server.expect(CON, Code::post);
    server.replies(Message(ACK, Code::created).location("/rd/a"));
    other.expect(CON, Code::post);
    EXPECT_EQ(asked(other, Message(CON, Code::get).path("/3/0/0")), Code::empty);
    EXPECT_EQ(asked(server, Message(CON, Code::get).path("/3/0/0")), Code::content);
}

TEST_F(Links, AWriteOfOneServerIsToldToTheOther) {
    both_register();
    ASSERT_EQ(observes(other, "/1/0/6"), Code::content);
    ASSERT_EQ(asked(server, Message(CON, Code::put).path("/1/0/6").format(0).payload("0")), Code::changed);
    after(1ms);
    other.expect(NON, Code::content).payload("0");
    server.expect_silence();
}

// Core 1.1.1, 5.1.2: attributes are those of the server that set them.
TEST_F(Links, AttributesAreThoseOfTheServerThatSetThem) {
    both_register();
    ASSERT_EQ(asked(server, Message(CON, Code::put).path("/3303/0/5700").query("pmin=7")), Code::changed);
    const auto shown = [&](Server& who) {
        who.sends(Message(CON, Code::get).id(77).token("0c").path("/3303/0/5700").uint(coap::OptionNumber::accept, 40));
        return std::string(base::as_text(who.take().view().payload));
    };
    EXPECT_EQ(shown(server), "</3303/0/5700>;pmin=7");
    EXPECT_EQ(shown(other), "</3303/0/5700>");
}

TEST_F(Links, ALostRegistrationTakesOnlyItsOwnObservations) {
    both_register();
    ASSERT_EQ(observes(server, "/3303/0/5700"), Code::content);
    ASSERT_EQ(observes(other, "/3303/0/5700"), Code::content);
    after(91s);
    server.expect(CON, Code::post).path("/rd/a");
    server.replies(Message(ACK, Code::not_found));
    server.expect(CON, Code::post).path("/rd");
    EXPECT_EQ(pool[0].observations, base::no_index);
    EXPECT_NE(pool.link(pool.next_link(0)).observations, base::no_index);
}

TEST_F(Links, AnotherLifetimeIsToldToItsServerAndANewObjectListToAll) {
    both_register();
    ASSERT_EQ(asked(server, Message(CON, Code::put).path("/1/0/1").format(0).payload("60")), Code::changed);
    server.expect(CON, Code::post).path("/rd/a").query("lt=60");
    server.replies(Message(ACK, Code::changed));
    other.expect_silence();
    ASSERT_EQ(asked(server, Message(CON, Code::delete_).path("/3303/0")), Code::deleted);
    EXPECT_EQ(base::as_text(server.expect(CON, Code::post).path("/rd/a").view().payload).find("3303/0"),
              std::string_view::npos);
    EXPECT_FALSE(other.expect(CON, Code::post).path("/rd/b").view().payload.empty());
}

TEST_F(Links, AReadTellsTheLifetimeOfEach) {
    both_register();
    other.sends(Message(CON, Code::get).id(1).token("01").path("/1/1/1").uint(coap::OptionNumber::accept, 0));
    other.expect(ACK, Code::content).payload("200");
    other.sends(Message(CON, Code::get).id(2).token("02").path("/1/0/1").uint(coap::OptionNumber::accept, 0));
    other.expect(ACK, Code::content).payload("100");
}

TEST_F(Links, ATriggerIsForTheServerWhoseInstanceItIs) {
    both_register();
    ASSERT_EQ(asked(other, Message(CON, Code::post).path("/1/1/8")), Code::changed);
    server.expect_silence();
    other.expect(CON, Code::post).path("/rd/b");
}

// Core 1.1.1, 8: nothing is said, so all but its own Server instance is the first server's, and the second may read.
TEST_F(Links, WhatAServerMayDoIsInTheAccessControlObject) {
    both_register();
    EXPECT_EQ(asked(other, Message(CON, Code::get).path("/3303/0/5700")), Code::content);
    EXPECT_EQ(asked(other, Message(CON, Code::post).path("/3/0/4")), Code::unauthorized);
    EXPECT_EQ(asked(other, Message(CON, Code::delete_).path("/3303/0")), Code::unauthorized);
    EXPECT_EQ(asked(other, Message(CON, Code::put).path("/1/0/1").format(0).payload("60")), Code::unauthorized);
    EXPECT_EQ(asked(server, Message(CON, Code::put).path("/1/0/1").format(0).payload("60")), Code::changed);
}

// Core 1.1.1, 8.2.5: who may no longer read is told no more.
TEST_F(Links, ALostRightEndsAnObservation) {
    both_register();
    ASSERT_EQ(observes(other, "/1/0/6"), Code::content);
    const auto& entries = profile->instances;
    for (const auto& entry : entries) {
        if (entry.path.object() != 2) continue;
        const auto at = static_cast<std::size_t>(profile->find(entry.path.child(0)));
        const auto instance = static_cast<std::size_t>(profile->find(entry.path.child(1)));
        if (profile->resources[at].value.view().integer != 1) continue;
        if (profile->resources[instance].value.view().integer != 0) continue;
        const auto list = lwm2m::to_string(entry.path.child(2).child(0));
        ASSERT_EQ(asked(server, Message(CON, Code::put).path(list).format(0).payload("0")), Code::changed);
    }
    ASSERT_EQ(asked(server, Message(CON, Code::put).path("/1/0/6").format(0).payload("0")), Code::changed);
    after(1ms);
    other.expect(NON, Code::unauthorized);
    EXPECT_EQ(asked(other, Message(CON, Code::get).path("/1/0/6")), Code::unauthorized);
}

TEST_F(Links, OnlyServersOfTheDeviceAreHeard) {
    both_register();
    stranger_sends(Message(CON, Code::get).id(1).path("/3/0/0"));
    EXPECT_EQ(totals().discarded[metrics::index(metrics::Discard::wrong_source)], 1);
}

TEST_F(Links, TheDeviceLeavesBoth) {
    both_register();
    device_is_told(fleet::Command::Kind::deregister);
    server.expect(CON, Code::delete_).path("/rd/a");
    other.expect(CON, Code::delete_).path("/rd/b");
    server.replies(Message(ACK, Code::deleted));
    other.replies(Message(ACK, Code::deleted));
    EXPECT_EQ(state(), DeviceState::stopped);
}

}  // namespace
