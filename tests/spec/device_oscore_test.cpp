// A device with OSCORE as its server sees it: RFC 8613, RFC 9175 and LwM2M Transport 1.1.1, 5.5.
#include "tests/support/device_oscore.h"
#include "coap/observe.h"
#include "metrics/conservation.h"

namespace {

using namespace std::chrono_literals;
using coap::OptionNumber;
using coap::OscoreNonce;
using metrics::Cause;
using metrics::Discard;
using metrics::Operation;
using support::ACK;
using support::body_of;
using support::CON;
using support::hex;
using support::Message;
using support::NON;
using support::RST;

class DeviceOscoreTest : public support::DeviceOscore {
protected:
    using DeviceOscore::DeviceOscore;

    static Message read(std::uint16_t id, std::string_view path) {
        return Message(CON, Code::get).id(id).token("0a").path(path).uint(OptionNumber::accept, 0);
    }
    static Message write_timezone(std::uint16_t id, std::string_view value) {
        return Message(CON, Code::put).id(id).token("0b").path("/3/0/15").format(0).payload(value);
    }
};

// Transport 1.1.1, 5.5: whatever the device says to that server is protected.
TEST_F(DeviceOscoreTest, RegisterShowsNothingButItsSenderId) {
    device_starts();
    ASSERT_TRUE(server.has_mail());
    const auto outer = server.take();
    outer.is(CON, Code::post).without(OptionNumber::uri_path).without(OptionNumber::uri_query);
    const auto option = coap::find_oscore(outer.view());
    ASSERT_TRUE(option && option->kid);
    EXPECT_EQ(base::as_text(*option->kid), "d");
    EXPECT_EQ(option->partial_iv, 0u);
    EXPECT_FALSE(option->kid_context);
}

TEST_F(DeviceOscoreTest, RegistersUpdatesAndDeregistersProtected) {
    registers_securely();
    after(55s);
    secured.expect(CON, Code::post).path("/rd/5a");
    secured.replies(Message(ACK, Code::changed));
    EXPECT_EQ(state(), registered);
    EXPECT_EQ(secured.request_iv, 1u);
}

TEST_F(DeviceOscoreTest, ReadsAreAnsweredProtected) {
    registers_securely();
    secured.asks(read(1, "/3/0/0"));
    secured.answer(ACK, Code::content).id(1).token("0a").payload("Acme");
    secured.asks(read(2, "/3/0/99"));
    secured.answer(ACK, Code::not_found).id(2);
}

// The same bytes: no Partial IV is used for two messages.
TEST_F(DeviceOscoreTest, ARegisterIsRepeatedAsItWas) {
    device_starts();
    const auto first = server.expect(CON, Code::post).bytes();
    after(3s);
    server.expect(CON, Code::post).same_as(first);
    after(5s);
    server.expect(CON, Code::post).same_as(first);
}

// 8.2: who does not protect a request is told so; a NON is ignored.
TEST_F(DeviceOscoreTest, AnUnprotectedRequestIsRefused) {
    registers_securely();
    server.sends(read(7, "/3/0/0"));
    const auto answer = server.expect(ACK, Code::unauthorized);
    answer.id(7).token("0a");
    EXPECT_EQ(answer.view().find_uint(OptionNumber::max_age), 0u);
    server.sends(Message(NON, Code::get).id(8).path("/3/0/0"));
    server.expect_silence();
    EXPECT_EQ(discarded(Discard::unprotected), 2);
}

TEST_F(DeviceOscoreTest, AReplayedRequestIsRefused) {
    registers_securely();
    auto write = secured.request(write_timezone(1, "CET"));
    server.sends(write);
    secured.answer(ACK, Code::changed);
    write[3] = 99;  // another message id
    server.sends(write);
    server.expect(ACK, Code::unauthorized).payload("Replay detected");
    EXPECT_EQ(discarded(Discard::oscore_replay), 1);
}

TEST_F(DeviceOscoreTest, AForgedRequestIsRefused) {
    registers_securely();
    auto forged = secured.request(read(1, "/3/0/0"));
    forged.back() ^= 1;
    server.sends(forged);
    server.expect(ACK, Code::bad_request).payload("Decryption failed");
    EXPECT_EQ(discarded(Discard::oscore_decrypt), 1);
}

TEST_F(DeviceOscoreTest, AnotherSenderIdIsNoContext) {
    registers_securely();
    secured.context.sender_id.assign(base::as_bytes("x"));
    secured.asks(read(1, "/3/0/0"));
    server.expect(ACK, Code::unauthorized).payload("Security context not found");
    EXPECT_EQ(discarded(Discard::oscore_context), 1);
}

TEST_F(DeviceOscoreTest, ReservedFlagsAreABadOption) {
    registers_securely();
    server.sends(Message(CON, Code::post).id(1).option(OptionNumber::oscore, hex("e00073")).payload("123456789"));
    server.expect(ACK, Code::bad_option).payload("Failed to decode COSE");
}

// Core 1.1.1, 6.3 and E.1: the objects with the secrets are closed.
TEST_F(DeviceOscoreTest, TheSecurityObjectsAreClosed) {
    registers_securely();
    secured.asks(read(1, "/21/0/2"));
    secured.answer(ACK, Code::unauthorized);
    secured.asks(read(2, "/0/0/17"));
    secured.answer(ACK, Code::unauthorized);
}

// RFC 7252 4.5 beneath OSCORE: the message layer answers from memory, with the same bytes.
TEST_F(DeviceOscoreTest, ARepeatedWriteIsDoneOnceAndAnsweredWithTheSameBytes) {
    registers_securely();
    const auto write = secured.request(write_timezone(1, "CET"));
    server.sends(write);
    secured.answer(ACK, Code::changed);
    const auto answer = secured.last_outer;
    server.sends(write);
    server.expect(ACK, Code::changed).same_as(answer);
    EXPECT_EQ(discarded(Discard::oscore_replay), 0);
}

// A long answer is not kept but made anew: with a number of its own, since the value may be another by then (8.3).
TEST_F(DeviceOscoreTest, ARepeatedReadIsAnsweredUnderAnotherNonce) {
    registers_securely();
    const auto request = secured.request(read(1, "/3/0/0"));
    server.sends(request);
    secured.answer(ACK, Code::content).payload("Acme");
    EXPECT_FALSE(coap::find_oscore(coap::parse(secured.last_outer).value())->partial_iv);
    server.sends(request);
    secured.answer(ACK, Code::content).payload("Acme");
    EXPECT_TRUE(coap::find_oscore(coap::parse(secured.last_outer).value())->partial_iv);
}

// 4.1.3.5.2: each notification has a Partial IV, and they rise.
TEST_F(DeviceOscoreTest, NotificationsCarryRisingPartialIvs) {
    registers_securely();
    secured.asks(read(1, "/3/0/15").token("4a").observe(0));
    const auto observed = secured.asked_iv;
    const auto first =
        secured.answer(ACK, Code::content).token("4a").payload("UTC").view().find_uint(OptionNumber::observe);
    secured.asks(write_timezone(2, "CET"));
    secured.answer(ACK, Code::changed);
    after(1s);
    const auto told = secured.answer_to(observed, NON, Code::content);
    told.token("4a").payload("CET");
    EXPECT_GT(*told.view().find_uint(OptionNumber::observe), *first);
    EXPECT_EQ(coap::parse(secured.last_outer)->code, Code::content);
    server.sends(Message(RST, Code::empty).id(told.view().message_id));
    secured.asks(write_timezone(3, "EST"));
    secured.answer(ACK, Code::changed);
    after(1s);
    server.expect_silence();
}

// 4.1.3.4.1: Block-wise is inner.
TEST_F(DeviceOscoreTest, AWriteComesInBlocksInside) {
    registers_securely();
    const auto zone = body_of(100);
    const auto block = [&](std::uint16_t id, unsigned number, bool more) {
        return write_timezone(id, std::string_view(zone).substr(number * 64, 64)).block1(number, more ? 1 : 0, 64);
    };
    secured.asks(block(1, 0, true));
    secured.answer(ACK, Code::continue_).block1(0, 1, 64);
    secured.asks(block(2, 1, false));
    secured.answer(ACK, Code::changed).block1(1, 0, 64);
    secured.asks(read(3, "/3/0/15").block2(0, 0, 32));
    secured.answer(ACK, Code::content).block2(0, 1, 32).payload(zone.substr(0, 32));
    EXPECT_FALSE(coap::parse(secured.last_outer)->find(OptionNumber::block2));
}

// 4.1.3.4.2: a proxy may take a protected message apart; Block-wise is outer then.
class DeviceOscoreBehindProxy : public DeviceOscoreTest {
protected:
    // The block of 64 bytes of a protected request.
    Message part(std::uint16_t id, unsigned number) const {
        const auto whole = coap::parse(protected_).value();
        const std::size_t at = std::size_t{number} * 64;
        const bool more = at + 64 < whole.payload.size();
        const auto bytes = whole.payload.subspan(at, std::min<std::size_t>(64, whole.payload.size() - at));
        return Message(CON, whole.code)
            .id(id)
            .token(whole.token)
            .option(OptionNumber::oscore, whole.find(OptionNumber::oscore)->value)
            .block1(number, more ? 1 : 0, 64)
            .payload(bytes);
    }
    support::Datagram protected_;
};

TEST_F(DeviceOscoreBehindProxy, AMessageIsPutTogetherBeforeItIsOpened) {
    registers_securely();
    protected_ = secured.request(write_timezone(1, body_of(100)));
    server.sends(part(10, 0));
    server.expect(ACK, Code::continue_).id(10).block1(0, 1, 64).without(OptionNumber::oscore);
    server.sends(part(11, 1));
    secured.answer(ACK, Code::changed);
    const auto outer = coap::parse(secured.last_outer).value();
    EXPECT_EQ(outer.find_uint(OptionNumber::block1), coap::encode_block({.number = 1, .more = false, .szx = 2}));
    secured.asks(read(2, "/3/0/15"));
    secured.answer(ACK, Code::content).payload(body_of(100));
}

TEST_F(DeviceOscoreBehindProxy, AMessageThatIsTakenApartAgainIsAReplay) {
    registers_securely();
    protected_ = secured.request(write_timezone(1, body_of(100)));
    for (const std::uint16_t id : std::array<std::uint16_t, 2>{10, 20}) {
        server.sends(part(id, 0));
        server.expect(ACK, Code::continue_);
        server.sends(part(static_cast<std::uint16_t>(id + 1), 1));
        if (id == 10) secured.answer(ACK, Code::changed);
    }
    server.expect(ACK, Code::unauthorized).payload("Replay detected");
    EXPECT_EQ(discarded(Discard::oscore_replay), 1);
}

TEST_F(DeviceOscoreBehindProxy, ABlockThatIsMissingIsAskedForAgain) {
    registers_securely();
    protected_ = secured.request(write_timezone(1, body_of(200)));
    server.sends(part(10, 0));
    server.expect(ACK, Code::continue_);
    server.sends(part(11, 2));
    server.expect(ACK, Code::request_entity_incomplete);
}

// 8.4: what does not open is no response.
TEST_F(DeviceOscoreTest, AForgedResponseEndsNothing) {
    device_starts();
    secured.expect(CON, Code::post).path("/rd");
    const auto created =
        Message(ACK, Code::created).id(server.last_id).token(server.last_token.view()).location("/rd/5a");
    auto right = secured.response(created);
    auto forged = right;
    forged.back() ^= 1;
    server.sends(forged);
    EXPECT_NE(state(), registered);
    server.sends(created);
    EXPECT_NE(state(), registered) << "without OSCORE";
    server.sends(right);
    EXPECT_EQ(state(), registered);
    EXPECT_EQ(discarded(Discard::oscore_decrypt), 1);
    EXPECT_EQ(discarded(Discard::unprotected), 1);
}

// RFC 7252 5.4.1 holds for what was inside, too.
TEST_F(DeviceOscoreTest, AResponseWithAnUnknownCriticalOptionInsideIsNone) {
    device_starts();
    secured.expect(CON, Code::post).path("/rd");
    auto strange = Message(ACK, Code::created).location("/rd/5a").option(static_cast<OptionNumber>(65001), "x");
    secured.replies(strange);
    EXPECT_NE(state(), registered);
    EXPECT_EQ(discarded(Discard::malformed), 1);
}

// 8.2: a server that cannot unprotect says so without OSCORE.
TEST_F(DeviceOscoreTest, AServerWithoutTheContextIsCountedByItsOwnName) {
    device_starts();
    server.expect(CON, Code::post);
    server.replies(Message(ACK, Code::unauthorized).payload("Security context not found"));
    EXPECT_EQ(state(), metrics::DeviceState::backoff);
    EXPECT_EQ(failed(Operation::register_, Cause::oscore), 1);
}

// RFC 9175 2.3; Transport 1.1.1, 5.5.2: the server wants to see that the Register is fresh.
TEST_F(DeviceOscoreTest, RegistersAgainWithTheEcho) {
    device_starts();
    secured.expect(CON, Code::post).path("/rd").without(OptionNumber::echo);
    secured.replies(Message(ACK, Code::unauthorized).option(OptionNumber::echo, hex("a0a1a2a3")));
    const auto again = secured.expect(CON, Code::post);
    again.path("/rd");
    EXPECT_EQ(base::to_hex(again.view().find(OptionNumber::echo)->value), "a0a1a2a3");
    secured.replies(Message(ACK, Code::created).location("/rd/5a"));
    EXPECT_EQ(state(), registered);
}

TEST_F(DeviceOscoreTest, SecretsAndContextsAreSmall) { EXPECT_LE(sizeof(coap::OscoreContext), 160u); }

class DeviceOscoreIdContext : public DeviceOscoreTest {
protected:
    DeviceOscoreIdContext() : DeviceOscoreTest("reboot: keep, id_context: home") {}
};

TEST_F(DeviceOscoreIdContext, IsToldInEachRequest) {
    renew(base::as_bytes("home"));
    registers_securely();
    after(55s);
    ASSERT_TRUE(server.has_mail());
    const auto outer = server.take();
    EXPECT_EQ(base::as_text(*coap::find_oscore(outer.view())->kid_context), "home");
}

// ---- appendix B.1

class DeviceOscoreB1 : public DeviceOscoreTest {
protected:
    DeviceOscoreB1() : DeviceOscoreTest("reboot: b1") {}
    void reboots() {
        secured.asks(Message(CON, Code::post).id(70).token("0c").path("/3/0/4"));
        secured.answer(ACK, Code::changed);
        after(8s);
    }
};

TEST_F(DeviceOscoreB1, AfterARebootItsSequenceGoesOnHigherUp) {
    registers_securely();
    reboots();
    secured.expect(CON, Code::post).path("/rd");
    EXPECT_EQ(secured.request_iv, 64u);
}

// B.1.2: the first request has to bring an Echo back; one recorded before the reboot cannot.
TEST_F(DeviceOscoreB1, AfterARebootTheServerHasToProveThatItIsFresh) {
    registers_securely();
    auto recorded = secured.request(write_timezone(60, "OLD"));
    const auto recorded_iv = secured.asked_iv;
    reboots();
    secured.expect(CON, Code::post).path("/rd");
    secured.replies(Message(ACK, Code::created).location("/rd/5a"));
    recorded[3] = 99;
    server.sends(recorded);
    secured.answer_to(recorded_iv, ACK, Code::unauthorized);

    secured.asks(read(71, "/3/0/15"));
    const auto wanted = secured.answer(ACK, Code::unauthorized);
    const auto echo = wanted.view().find(OptionNumber::echo);
    ASSERT_TRUE(echo);
    secured.workspace.echo.assign(echo->value);
    secured.asks(read(72, "/3/0/15"));
    secured.answer(ACK, Code::content).payload("UTC");
    secured.asks(read(73, "/3/0/0"));
    secured.answer(ACK, Code::content).payload("Acme");
    recorded[3] = 98;
    server.sends(recorded);
    server.expect(ACK, Code::unauthorized).payload("Replay detected");
}

// ---- appendix B.2

class DeviceOscoreB2 : public DeviceOscoreTest {
protected:
    DeviceOscoreB2() : DeviceOscoreTest("reboot: b2") {}

    // Takes the request that begins a new context, and gives ID1.
    std::string request1() {
        const auto outer = server.take();
        const auto kid_context = coap::find_oscore(outer.view())->kid_context;
        EXPECT_TRUE(kid_context);
        const auto id1 = coap::unwrap_id_context(*kid_context);
        EXPECT_TRUE(id1);
        renew(*id1);
        const auto opened = coap::unprotect_request(secured.context, outer.view(), secured.workspace);
        EXPECT_TRUE(opened);
        secured.request_iv = *opened->partial_iv;
        server.last_id = outer.view().message_id;
        server.last_token = coap::Token(outer.view().token);
        return std::string(base::as_text(*id1));
    }
    // Response #1: a 4.01 under R2 || ID1.
    void response1(std::string_view r2, const std::string& id1) {
        renew(base::as_bytes(std::string(r2) + id1));
        support::Datagram memory(200);
        base::Writer out(memory);
        out.put(Message(ACK, Code::unauthorized).id(server.last_id).token(server.last_token.view()).bytes());
        coap::protect_response(secured.context, secured.request_iv, OscoreNonce::own, out, secured.workspace,
                               base::as_bytes(r2));
        memory.resize(out.size());
        server.sends(base::Bytes(memory));
    }
    void registers_anew(std::string_view r2) {
        const auto id1 = request1();
        response1(r2, id1);
        ASSERT_TRUE(server.has_mail());
        const auto outer = server.take();
        const auto proposed = coap::unwrap_id_context(*coap::find_oscore(outer.view())->kid_context);
        ASSERT_TRUE(proposed);
        EXPECT_EQ(base::as_text(proposed->first(r2.size())), r2);
        renew(*proposed);
        const auto opened = coap::unprotect_request(secured.context, outer.view(), secured.workspace);
        ASSERT_TRUE(opened);
        secured.request_iv = *opened->partial_iv;
        server.last_id = outer.view().message_id;
        server.last_token = coap::Token(outer.view().token);
        secured.replies(Message(ACK, Code::created).location("/rd/5a"));
        ASSERT_EQ(state(), registered);
    }
};

// Transport 1.1.1, 5.5.3.
TEST_F(DeviceOscoreB2, MakesANewContextWhenItIsSwitchedOn) {
    device_starts();
    registers_anew("12345678");
    secured.asks(read(1, "/3/0/0"));
    secured.answer(ACK, Code::content).payload("Acme");
    after(55s);
    ASSERT_TRUE(server.has_mail());
    EXPECT_FALSE(coap::find_oscore(server.take().view())->kid_context) << "it is told no more";
}

TEST_F(DeviceOscoreB2, AndAnotherOneAfterAReboot) {
    device_starts();
    registers_anew("12345678");
    const auto before = secured.context.recipient_key;
    secured.asks(Message(CON, Code::post).id(70).token("0c").path("/3/0/4"));
    secured.answer(ACK, Code::changed);
    after(8s);
    registers_anew("abcdefgh");
    EXPECT_NE(secured.context.recipient_key, before);
}

TEST_F(DeviceOscoreB2, ItsRegisterIsOneOperation) {
    device_starts();
    registers_anew("12345678");
    metrics::Totals totals;
    metrics::accumulate(totals, counters);
    EXPECT_EQ(metrics::total(totals.started[metrics::index(Operation::register_)]), 1);
    for (const auto& law : metrics::conservation(totals, metrics::Moment::running, 1)) {
        EXPECT_TRUE(law.holds() || !law.name.starts_with("register")) << metrics::to_text(law);
    }
}

// A server that has forgotten its context: the next Register makes a new one.
TEST_F(DeviceOscoreB2, AServerThatHasForgottenGetsANewContext) {
    device_starts();
    registers_anew("12345678");
    after(55s);
    server.expect(CON, Code::post);
    server.replies(Message(ACK, Code::unauthorized).payload("Security context not found"));
    registers_anew("abcdefgh");
}

// A device without OSCORE: the option is critical (RFC 7252 5.4.1).
class DeviceWithoutOscore : public support::DeviceLockstep {
protected:
    DeviceWithoutOscore() : DeviceLockstep("profile: plain\ndescription: x\nendpoint: \"d\"\n") {}
};

TEST_F(DeviceWithoutOscore, ItsOptionIsABadOption) {
    device_registers();
    server.sends(Message(CON, Code::post).id(5).option(OptionNumber::oscore, hex("090064")).payload("123456789"));
    server.expect(ACK, Code::bad_option).id(5);
    EXPECT_EQ(pool.security.contexts.in_use(), 0u);
}

}  // namespace
