// A device as a CoAP endpoint: RFC 7252 4, RFC 7641 and RFC 7959 as its server sees them, from Register on.
#include "coap/observe.h"
#include "tests/support/device_lockstep.h"

namespace {

using namespace std::chrono_literals;
using support::ACK;
using support::body_of;
using support::CON;
using support::Message;
using support::NON;
using support::RST;

constexpr const char* yaml = R"(
profile: spec
description: a device for the specification tests
endpoint: "d"
lwm2m: {version: "1.1", lifetime: 60s}
objects:
  device/0:
    manufacturer: Acme
    timezone: UTC
    reboot:
)";

class DeviceCoap : public support::DeviceLockstep {
protected:
    DeviceCoap() : DeviceLockstep(yaml) {}
    explicit DeviceCoap(std::string profile_text) : DeviceLockstep(std::move(profile_text)) {}

    static Message read(std::uint16_t id, std::string_view path) {
        return Message(CON, Code::get).id(id).token("0a").path(path).uint(coap::OptionNumber::accept, 0);
    }
    static Message write_timezone(std::uint16_t id, std::string_view value) {
        return Message(CON, Code::put).id(id).token("0b").path("/3/0/15").format(0).payload(value);
    }
    void observe_timezone() {
        server.sends(read(500, "/3/0/15").token("4a").observe(0));
        sequence_ = *server.expect(ACK, Code::content)
                         .id(500)
                         .token("4a")
                         .payload("UTC")
                         .view()
                         .find_uint(coap::OptionNumber::observe);
    }
    // A notification's sequence number is newer than that of the one before.
    void expect_newer(const support::Seen& seen) {
        const auto next = coap::observe_sequence(seen.view());
        ASSERT_TRUE(next);
        EXPECT_TRUE(coap::is_newer({static_cast<std::uint32_t>(sequence_), now}, *next, now));
        sequence_ = *next;
    }

private:
    std::uint64_t sequence_ = 0;
};

// RFC 7252 4.2: the Register is repeated as it was until it is answered.
TEST_F(DeviceCoap, RegisterIsRepeatedUntilItIsAnswered) {
    device_starts();
    const auto first = server.expect(CON, Code::post).path("/rd").query("ep=d").query("lt=60").bytes();
    after(3s);
    server.expect(CON, Code::post).same_as(first);
    server.replies(Message(ACK, Code::created).location("/rd/5a"));
    EXPECT_EQ(state(), registered);
    after(40s);
    server.expect_silence();
}

// RFC 7252 5.2.2: the server answers when it can: empty ACK, then a confirmable 2.01, which the device acknowledges.
TEST_F(DeviceCoap, RegisterMayBeAnsweredSeparately) {
    device_starts();
    server.expect(CON, Code::post);
    const auto token = server.last_token;
    server.acknowledges();
    after(20s);
    server.expect_silence();
    const auto created = Message(CON, Code::created).id(900).token(token.view()).location("/rd/5a");
    server.sends(created);
    server.expect(ACK, Code::empty).id(900);
    EXPECT_EQ(state(), registered);
    server.sends(created);
    server.expect(ACK, Code::empty).id(900);
}

// RFC 7252 4.3.
TEST_F(DeviceCoap, PingIsAnsweredByReset) {
    device_registers();
    server.sends(Message(CON, Code::empty).id(0x1234));
    server.expect(RST, Code::empty).id(0x1234);
}

// RFC 7252 4.2: a confirmable response to nothing is rejected.
TEST_F(DeviceCoap, UnknownConfirmableResponseIsReset) {
    device_registers();
    server.sends(Message(CON, Code::content).id(77).token("ff"));
    server.expect(RST, Code::empty).id(77);
}

// RFC 7252 5.2.1: an answer has the message id and token of its request; 5.2.3: that of a NON has an id of its own.
TEST_F(DeviceCoap, AnswersMatchTheirRequests) {
    device_registers();
    server.sends(read(1, "/3/0/0").token("0102030405060708"));
    server.expect(ACK, Code::content).id(1).token("0102030405060708").payload("Acme");
    server.sends(Message(NON, Code::get).id(2).token("").path("/3/0/0").uint(coap::OptionNumber::accept, 0));
    server.expect(NON, Code::content).token("").payload("Acme");
}

// RFC 7252 4.5: a Write that comes twice is done once, and answered twice.
TEST_F(DeviceCoap, RepeatedWriteIsDoneOnce) {
    device_registers();
    server.sends(write_timezone(1, "CET"));
    const auto answer = server.expect(ACK, Code::changed).id(1).bytes();
    server.sends(write_timezone(2, "EST"));
    server.expect(ACK, Code::changed).id(2);
    server.sends(write_timezone(1, "CET"));
    server.expect(ACK, Code::changed).same_as(answer);
    server.sends(read(3, "/3/0/15"));
    server.expect(ACK, Code::content).payload("EST");
}

TEST_F(DeviceCoap, RepeatedReadIsAnsweredAgain) {
    device_registers();
    server.sends(read(1, "/3/0/0"));
    const auto answer = server.expect(ACK, Code::content).bytes();
    server.sends(read(1, "/3/0/0"));
    server.expect(ACK, Code::content).same_as(answer);
}

// RFC 7252 5.4.1: a critical option that is not known: 4.02 to a request; an elective one is ignored.
TEST_F(DeviceCoap, UnknownOptions) {
    device_registers();
    server.sends(read(1, "/3/0/0").option(static_cast<coap::OptionNumber>(2049), "x"));
    server.expect(ACK, Code::bad_option).id(1);
    server.sends(read(2, "/3/0/0").option(static_cast<coap::OptionNumber>(2050), "x"));
    server.expect(ACK, Code::content).id(2);
}

// RFC 7641 1.2: the answer to an Observe has the option, and so has each notification, with the token of the request.
TEST_F(DeviceCoap, NotificationsFollowAnObserve) {
    device_registers();
    observe_timezone();
    after(2s);
    server.sends(write_timezone(1, "CET"));
    server.expect(ACK, Code::changed);
    after(10ms);
    expect_newer(server.expect(NON, Code::content).token("4a").payload("CET"));
    server.sends(write_timezone(2, "EST"));
    server.expect(ACK, Code::changed);
    after(10ms);
    expect_newer(server.expect(NON, Code::content).token("4a").payload("EST"));
}

// RFC 7641 3.6: RST to a notification, or GET with Observe 1 and the same token, ends it.
TEST_F(DeviceCoap, ResetEndsAnObservation) {
    device_registers();
    observe_timezone();
    server.sends(write_timezone(1, "CET"));
    server.expect(ACK, Code::changed);
    after(10ms);
    server.expect(NON, Code::content);
    server.resets();
    server.sends(write_timezone(2, "EST"));
    server.expect(ACK, Code::changed);
    after(20s);
    server.expect_silence();
}

TEST_F(DeviceCoap, ObserveOneEndsAnObservation) {
    device_registers();
    observe_timezone();
    server.sends(read(501, "/3/0/15").token("4a").observe(1));
    server.expect(ACK, Code::content).without(coap::OptionNumber::observe);
    server.sends(write_timezone(1, "CET"));
    server.expect(ACK, Code::changed);
    after(20s);
    server.expect_silence();
}

// RFC 7641 4.1: the same token again is the same observation: one notification for a change, and newer than those
// before.
TEST_F(DeviceCoap, ObserveAgainByTheSameToken) {
    device_registers();
    observe_timezone();
    for (std::uint16_t id = 1; id <= 3; ++id) {
        server.sends(write_timezone(id, id % 2 == 1 ? "CET" : "EST"));
        server.expect(ACK, Code::changed);
        after(10ms);
        expect_newer(server.expect(NON, Code::content));
    }
    server.sends(read(600, "/3/0/15").token("4a").observe(0));
    expect_newer(server.expect(ACK, Code::content));
    server.sends(write_timezone(9, "UTC"));
    server.expect(ACK, Code::changed);
    after(10ms);
    expect_newer(server.expect(NON, Code::content));
    after(10s);
    server.expect_silence();
}

// RFC 7959 2.2: SZX 7 is reserved: 4.00.
TEST_F(DeviceCoap, ReservedBlockSizeIsABadRequest) {
    device_registers();
    server.sends(read(1, "/3/0/0").uint(coap::OptionNumber::block2, 7));
    server.expect(ACK, Code::bad_request).id(1);
}

// RFC 7959 3.1, figure 3: Block-Wise GET with Early Negotiation.
TEST_F(DeviceCoap, AnswersInTheBlocksAskedFor) {
    device_registers();
    const auto zone = body_of(40);
    server.sends(write_timezone(1, zone));
    server.expect(ACK, Code::changed);
    for (unsigned number = 0; number < 3; ++number) {
        server.sends(read(static_cast<std::uint16_t>(10 + number), "/3/0/15").block2(number, 0, 16));
        server.expect(ACK, Code::content).block2(number, number < 2, 16).payload(zone.substr(number * 16, 16));
    }
    server.sends(read(20, "/3/0/15").block2(3, 0, 16));
    server.expect(ACK, Code::bad_option).id(20);
}

// RFC 7959 3.2, figure 7: a Write in blocks is done when the last has come, and once.
TEST_F(DeviceCoap, TakesAWriteInBlocks) {
    device_registers();
    const auto zone = body_of(40);
    const auto block = [&](std::uint16_t id, unsigned number) {
        return Message(CON, Code::put)
            .id(id)
            .token("0b")
            .path("/3/0/15")
            .format(0)
            .block1(number, number < 2, 16)
            .payload(zone.substr(number * 16, 16));
    };
    server.sends(block(1, 0));
    server.expect(ACK, Code::continue_).id(1).block1(0, 1, 16);
    server.sends(block(2, 1));
    server.expect(ACK, Code::continue_).id(2).block1(1, 1, 16);
    server.sends(read(3, "/3/0/15"));
    server.expect(ACK, Code::content).payload("UTC");
    server.sends(block(4, 2));
    server.expect(ACK, Code::changed).id(4).block1(2, 0, 16);
    server.sends(read(5, "/3/0/15"));
    server.expect(ACK, Code::content).payload(zone);
}

// RFC 7959 2.9.2.
TEST_F(DeviceCoap, AMissingBlockIsIncomplete) {
    device_registers();
    server.sends(Message(CON, Code::put).id(1).path("/3/0/15").format(0).block1(1, 0, 16).payload("x"));
    server.expect(ACK, Code::request_entity_incomplete).id(1);
}

// RFC 7959 2.6: a notification carries block 0 of what does not fit; the rest is there to be fetched.
TEST_F(DeviceCoap, ALongNotificationIsItsFirstBlock) {
    device_registers();
    observe_timezone();
    const auto zone = body_of(1100);
    server.sends(write_timezone(1, zone));
    server.expect(ACK, Code::changed);
    after(10ms);
    const auto notification = server.expect(NON, Code::content);
    notification.token("4a").block2(0, 1, 1024).payload(zone.substr(0, 1024));
    EXPECT_TRUE(notification.view().find(coap::OptionNumber::etag));
    server.sends(read(7, "/3/0/15").token("0c").block2(1, 0, 1024));
    server.expect(ACK, Code::content).token("0c").block2(1, 0, 1024).payload(zone.substr(1024));
}

class DeviceCoapTestObject : public DeviceCoap {
protected:
    DeviceCoapTestObject()
        : DeviceCoap("formats: [tlv, senml-json, text, opaque]" + std::string(yaml) +
                     "  \"3442/0\": {\"110\": \"a long string of forty characters, in all\"}\n") {}

    // Creates an instance with a string; the device chooses its id.
    static Message create(std::uint16_t id, unsigned number) {
        const std::string tlv = "\xc8\x6e\x28" + body_of(40);
        return Message(CON, Code::post)
            .id(id)
            .token("0b")
            .path("/3442")
            .format(11542)
            .block1(number, number < 2, 16)
            .payload(tlv.substr(number * 16, 16));
    }
    static Message fetch(std::uint16_t id, std::string_view payload) {
        return Message(CON, Code::fetch)
            .id(id)
            .token("0c")
            .format(110)
            .uint(coap::OptionNumber::accept, 110)
            .payload(payload);
    }
};

// RFC 7959 2.5: the last block of a Create, sent again as a message of its own, creates nothing more, and its answer
// says again where the instance is.
TEST_F(DeviceCoapTestObject, ARepeatedCreateInBlocksTellsItsLocationAgain) {
    device_registers();
    server.sends(create(1, 0));
    server.expect(ACK, Code::continue_).id(1).block1(0, 1, 16);
    server.sends(create(2, 1));
    server.expect(ACK, Code::continue_).id(2).block1(1, 1, 16);
    server.sends(create(3, 2));
    server.expect(ACK, Code::created).id(3).block1(2, 0, 16).location("/3442/1");
    server.expect(CON, Code::post).path("/rd/5a");
    server.replies(Message(ACK, Code::changed));
    server.sends(create(4, 2));
    server.expect(ACK, Code::created).id(4).block1(2, 0, 16).location("/3442/1");
    after(10ms);
    server.expect_silence();
    server.sends(Message(CON, Code::get).id(5).path("/3442/2"));
    server.expect(ACK, Code::not_found).id(5);
}

// RFC 7959 3.3: the rest of a large answer to a FETCH is asked for without the payload.
TEST_F(DeviceCoapTestObject, TheRestOfACompositeReadIsFetchedWithoutItsPaths) {
    device_registers();
    server.sends(fetch(1, R"([{"n":"/3442/0/110"}])").block2(0, 0, 16));
    const auto first = server.expect(ACK, Code::content);
    first.id(1).block2(0, 1, 16);
    std::string whole(base::as_text(first.view().payload));
    for (unsigned number = 1; number < 10; ++number) {
        server.sends(fetch(static_cast<std::uint16_t>(1 + number), "").block2(number, 0, 16));
        const auto next = server.expect(ACK, Code::content);
        whole += base::as_text(next.view().payload);
        const auto block = coap::find_block(next.view(), coap::OptionNumber::block2);
        EXPECT_EQ(first.view().find(coap::OptionNumber::etag)->text(),
                  next.view().find(coap::OptionNumber::etag)->text());
        EXPECT_EQ(next.view().find_uint(coap::OptionNumber::content_format), 110u);
        if (HasFailure() || !block || !*block || !(*block)->more) break;
    }
    EXPECT_NE(whole.find("a long string of forty characters, in all"), std::string::npos) << whole;
}

TEST_F(DeviceCoapTestObject, ALaterBlockOfWhatNobodyAskedForIsIncomplete) {
    device_registers();
    server.sends(fetch(1, "").block2(1, 0, 16));
    server.expect(ACK, Code::request_entity_incomplete).id(1);
}

// A Register whose object list is longer than one block: 320 instances.
std::string gateway() {
    std::string text = yaml;
    for (int i = 0; i < 320; ++i) text += "  temperature/" + std::to_string(i) + ": {sensor_value: 20}\n";
    return text;
}

class DeviceCoapGateway : public DeviceCoap {
protected:
    DeviceCoapGateway() : DeviceCoap(gateway()) {}

    // Answers each block until the Register is whole; returns the object list.
    std::string take_register(unsigned size, Code last) {
        std::string links;
        for (unsigned number = static_cast<unsigned>(first_.size() / size);; ++number) {
            const auto request = server.expect(CON, Code::post);
            const auto block = coap::find_block(request.view(), coap::OptionNumber::block1).value().value();
            request.path("/rd").query("ep=d").block1(number, block.more, size);
            links += base::as_text(request.view().payload);
            const auto code = block.more ? Code::continue_ : last;
            server.replies(Message(ACK, code).block1(number, block.more, size).location(block.more ? "" : "/rd/5a"));
            if (!block.more || HasFailure()) return first_ + links;
        }
    }
    std::string first_;
};

// RFC 7959 3.2, figure 7.
TEST_F(DeviceCoapGateway, RegistersInBlocks) {
    device_starts();
    EXPECT_EQ(take_register(1024, Code::created), profile->object_links);
    EXPECT_EQ(state(), registered);
    EXPECT_GT(profile->object_links.size(), 3072u);
}

// RFC 7959 3.2, figure 9: the server would rather have blocks of 256.
TEST_F(DeviceCoapGateway, FollowsTheServersBlockSize) {
    device_starts();
    first_ = base::as_text(server.expect(CON, Code::post).view().payload);
    server.replies(Message(ACK, Code::continue_).block1(0, 1, 256));
    EXPECT_EQ(take_register(256, Code::created), profile->object_links);
    EXPECT_EQ(state(), registered);
}

// RFC 7959 2.9.3: 4.13 with a smaller size.
TEST_F(DeviceCoapGateway, BeginsAgainInSmallerBlocks) {
    device_starts();
    server.expect(CON, Code::post).block1(0, 1, 1024);
    server.replies(Message(ACK, Code::request_entity_too_large).block1(0, 0, 512));
    EXPECT_EQ(take_register(512, Code::created), profile->object_links);
    EXPECT_EQ(state(), registered);
    EXPECT_EQ(counters.figures().started[static_cast<std::size_t>(metrics::Operation::register_)][0].get(), 1);
}

class DeviceCoapConfirmable : public DeviceCoap {
protected:
    DeviceCoapConfirmable() : DeviceCoap(std::string(yaml) + "behaviour: {notify: {confirmable: true}}\n") {}
};

// RFC 7641 4.5: a confirmable notification is repeated until it is acknowledged; 4.5.2: what changes meanwhile is told
// once, as it is then.
TEST_F(DeviceCoapConfirmable, NotificationsAreConfirmedOneAtATime) {
    device_registers();
    observe_timezone();
    server.sends(write_timezone(1, "CET"));
    server.expect(ACK, Code::changed);
    after(10ms);
    const auto first = server.expect(CON, Code::content);
    first.token("4a").payload("CET");
    for (std::uint16_t id = 2; id <= 4; ++id) {
        server.sends(write_timezone(id, "zone" + std::to_string(id)));
        server.expect(ACK, Code::changed);
        after(10ms);
    }
    server.expect_silence();
    server.sends(Message(ACK, Code::empty).id(first.view().message_id));
    after(10ms);
    expect_newer(server.expect(CON, Code::content).payload("zone4"));
    server.acknowledges();
    after(10s);
    server.expect_silence();
}

TEST_F(DeviceCoapConfirmable, ResetEndsTheObservation) {
    device_registers();
    observe_timezone();
    server.sends(write_timezone(1, "CET"));
    server.expect(ACK, Code::changed);
    after(10ms);
    server.expect(CON, Code::content);
    server.resets();
    server.sends(write_timezone(2, "EST"));
    server.expect(ACK, Code::changed);
    after(20s);
    server.expect_silence();
}

}  // namespace
