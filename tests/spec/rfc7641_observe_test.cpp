// RFC 7641: notifications as the message layer carries them: confirmed, rejected, repeated, and superseded by newer
// ones. Which notification is newer is in tests/coap/observe_test.cpp; what a device observes is the fleet's.
#include "coap/observe.h"
#include "tests/support/lockstep.h"

namespace {

using namespace std::chrono_literals;
using support::ACK;
using support::CON;
using support::Message;
using support::NON;
using support::RST;
using Expired = coap::Expired::Kind;

class Rfc7641Observe : public support::Lockstep {
protected:
    static Message notification(coap::MessageType type, std::uint16_t id, std::uint32_t sequence,
                                std::string_view value) {
        return Message(type, Code::content).id(id).token("4a").observe(sequence).payload(value);
    }
};

// 1.2, figure 2; A.1: Observing a Resource in CoAP
//
//      +----->|    GET, Observe: 0, Token: 0x4a
//      |<-----+    2.05, Observe: 9, "18.5 Cel"     (piggybacked)
//      |<-----+    CON 2.05, Observe: 16, "22.8 Cel"
//      +----->|    ACK
TEST_F(Rfc7641Observe, S1_2_RegistrationAndAConfirmableNotification) {
    peer.sends(Message(CON, Code::get).id(1).token("4a").observe(0).path("/temperature"));
    ASSERT_EQ(heard(), Kind::request);
    EXPECT_EQ(coap::observe_request(message()), coap::ObserveRequest::start);
    we_send(notification(ACK, 1, 9, "18.5 Cel"));
    peer.expect(ACK, Code::content).id(1).token("4a").observe(9);
    after(15s);
    we_send(notification(CON, 0x5000, 16, "22.8 Cel"));
    peer.expect(CON, Code::content).token("4a").observe(16).payload("22.8 Cel");
    EXPECT_TRUE(state.busy());
    peer.sends(Message(ACK, Code::empty).id(0x5000));
    EXPECT_EQ(heard(), Kind::delivered);
    EXPECT_FALSE(state.busy());
    after(100s);
    peer.expect_silence();
}

// 3.6: "a client [...] rejects a confirmable notification with a Reset message".
TEST_F(Rfc7641Observe, S3_6_ResetOfAConfirmableNotificationEndsIt) {
    we_send(notification(CON, 0x5000, 2, "22.8"));
    peer.expect(CON, Code::content);
    peer.sends(Message(RST, Code::empty).id(0x5000));
    EXPECT_EQ(heard(), Kind::reset);
    EXPECT_EQ(operation(), 1u);
    after(100s);
    peer.expect_silence();
}

// 3.6: a non-confirmable one has no exchange: its owner knows the message id.
TEST_F(Rfc7641Observe, S3_6_ResetOfANonConfirmableNotificationNamesItsMessageId) {
    we_send(notification(NON, 0x5001, 3, "22.9"));
    peer.expect(NON, Code::content).observe(3);
    peer.sends(Message(RST, Code::empty).id(0x5001));
    EXPECT_EQ(heard(), Kind::unmatched_reset);
    EXPECT_EQ(message().message_id, 0x5001);
}

// 3.2: a client keeps the token for all notifications: they come outside of any exchange, though one is under way by
// another token.
TEST_F(Rfc7641Observe, S3_2_NotificationsDoNotEndAnotherExchange) {
    we_send(Message(CON, Code::get).id(1).token("0b").path("/other"));
    peer.expect(CON, Code::get);
    peer.sends(notification(NON, 900, 5, "20"));
    EXPECT_EQ(heard(), Kind::unmatched_response);
    EXPECT_EQ(base::to_hex(message().token), "4a");
    EXPECT_EQ(coap::observe_sequence(message()), 5u);
    EXPECT_TRUE(state.busy());
}

// 4.5: a confirmable notification that is not acknowledged is repeated like any confirmable message, and then the
// client is taken to have lost interest.
TEST_F(Rfc7641Observe, S4_5_UnacknowledgedNotificationTimesOut) {
    we_send(notification(CON, 0x5000, 2, "22.8"));
    const auto first = peer.expect(CON, Code::content).bytes();
    for (const auto gap : {2s, 4s, 8s, 16s}) {
        after(gap);
        peer.expect(CON, Code::content).same_as(first);
    }
    expired();
    after(32s);
    EXPECT_EQ(expired(), std::vector{Expired::timed_out});
}

// 4.5.2: "the server [...] MAY [...] transmit the new notification [...] the timeout and the retransmission counter are
// kept".
//
//   Device                Server
//      +-- CON [5000] 22.8 -X|
//      |  (the value changes)|
//      +-- CON [5001] 23.1 -X|    at the timeout of the first
//      +-- CON [5001] 23.1 ->|
//      |<-------- ACK [5001] +
TEST_F(Rfc7641Observe, S4_5_2_NewerNotificationTakesOverTheRetransmission) {
    we_send(notification(CON, 0x5000, 2, "22.8"));
    peer.expect(CON, Code::content).observe(2);
    after(2s);
    peer.expect(CON, Code::content).observe(2);
    after(1s);
    const auto newer = notification(CON, 0x5001, 3, "23.1");
    ASSERT_TRUE(endpoint.supersede(state, newer.bytes()));
    peer.expect_silence();
    after(3s - 1ms);
    peer.expect_silence();
    after(1ms);  // the timeout of 4 s that was running
    peer.expect(CON, Code::content).id(0x5001).observe(3).payload("23.1");
    after(8s);
    peer.expect(CON, Code::content).observe(3);
    after(16s);
    peer.expect(CON, Code::content).observe(3);
    expired();
    after(32s);  // four retransmissions in all: the counter was kept
    EXPECT_EQ(expired(), std::vector{Expired::timed_out});
    peer.expect_silence();
}

TEST_F(Rfc7641Observe, S4_5_2_AcknowledgementOfTheNewerOneEndsIt) {
    we_send(notification(CON, 0x5000, 2, "22.8"));
    peer.expect(CON, Code::content);
    const auto newer = notification(CON, 0x5001, 3, "23.1");
    endpoint.supersede(state, newer.bytes());
    after(2s);
    peer.expect(CON, Code::content).id(0x5001);
    peer.sends(Message(ACK, Code::empty).id(0x5001));
    EXPECT_EQ(heard(), Kind::delivered);
    EXPECT_FALSE(state.busy());
}

TEST_F(Rfc7641Observe, S4_5_2_NothingUnderWayNothingSuperseded) {
    const auto newer = notification(CON, 0x5001, 3, "23.1");
    EXPECT_FALSE(endpoint.supersede(state, newer.bytes()));
}

// 4.2: a notification is a response: an empty ACK is all that a client says to it; a response to it makes no sense.
TEST_F(Rfc7641Observe, S4_2_NotificationIsNotAnsweredByAResponse) {
    we_send(notification(CON, 0x5000, 2, "22.8"));
    peer.expect(CON, Code::content);
    peer.sends(Message(ACK, Code::content).id(0x5000).token("4a"));
    EXPECT_EQ(heard(), Kind::discarded);
    EXPECT_TRUE(state.busy());
}

}  // namespace
