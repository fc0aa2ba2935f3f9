// RFC 7252 section 4.2, 4.3, 5.2, 5.3 and appendix A: messages are repeated until they are answered, and answers find
// their request.
#include "tests/support/lockstep.h"

namespace {

using namespace std::chrono_literals;
using support::ACK;
using support::CON;
using support::Message;
using support::NON;
using support::RST;
using Expired = coap::Expired::Kind;

class Rfc7252Reliability : public support::Lockstep {
protected:
    static Message get(std::uint16_t id) { return Message(CON, Code::get).id(id).path("/temperature"); }
};

// Appendix A, figure 16
//
//   Client  Server
//      +----->|     Header: GET (T=CON, Code=0.01, MID=0x7d34)
//      | GET  |   Uri-Path: "temperature"
//      |<-----+     Header: 2.05 Content (T=ACK, Code=2.05, MID=0x7d34)
//      | 2.05 |    Payload: "22.3 C"
TEST_F(Rfc7252Reliability, A_Figure16_PiggybackedResponse) {
    we_send(get(0x7d34));
    peer.expect(CON, Code::get).id(0x7d34).path("/temperature");
    peer.sends(Message(ACK, Code::content).id(0x7d34).payload("22.3 C"));
    EXPECT_EQ(heard(), Kind::response);
    EXPECT_EQ(base::as_text(message().payload), "22.3 C");
    after(300s);
    peer.expect_silence();
    EXPECT_EQ(endpoint.in_flight(), 0u);
}

// Appendix A, figure 18: Confirmable Request (Retransmitted); Piggybacked Response
//
//      +----X |     Header: GET (T=CON, Code=0.01, MID=0x7d36)
//   TIMEOUT
//      +----->|     Header: GET (T=CON, Code=0.01, MID=0x7d36)
//      |<-----+     Header: 2.05 Content (T=ACK, Code=2.05, MID=0x7d36)
TEST_F(Rfc7252Reliability, A_Figure18_RequestIsRepeated) {
    we_send(get(0x7d36).token("31"));
    const auto first = peer.expect(CON, Code::get).bytes();
    after(1999ms);
    peer.expect_silence();
    after(1ms);
    peer.expect(CON, Code::get).same_as(first);
    peer.sends(Message(ACK, Code::content).id(0x7d36).token("31").payload("22.3 C"));
    EXPECT_EQ(heard(), Kind::response);
    after(300s);
    peer.expect_silence();
}

// Appendix A, figure 19: the response is lost; the request is repeated and answered again.
TEST_F(Rfc7252Reliability, A_Figure19_ServerRepeatsItsAnswer) {
    peer.sends(get(0x7d37).token("42"));
    EXPECT_EQ(heard(), Kind::request);
    we_answer(Message(ACK, Code::content).id(0x7d37).token("42").payload("22.3 C"));
    const auto lost = peer.expect(ACK, Code::content).bytes();
    after(2s);
    peer.sends(get(0x7d37).token("42"));
    EXPECT_EQ(heard(), Kind::repeated);
    peer.expect(ACK, Code::content).same_as(lost);
}

// Appendix A, figure 20: Confirmable Request; Separate Response
//
//      +----->|     Header: GET (T=CON, Code=0.01, MID=0x7d38), Token: 0x53
//      |<- - -+     Header: (T=ACK, Code=0.00, MID=0x7d38)
//      |<-----+     Header: 2.05 Content (T=CON, Code=2.05, MID=0xad7b), Token: 0x53
//      +- - ->|     Header: (T=ACK, Code=0.00, MID=0xad7b)
TEST_F(Rfc7252Reliability, A_Figure20_SeparateResponse) {
    we_send(get(0x7d38).token("53"));
    peer.expect(CON, Code::get).id(0x7d38).token("53");
    peer.sends(Message(ACK, Code::empty).id(0x7d38));
    EXPECT_EQ(heard(), Kind::acknowledged);
    after(20s);
    peer.expect_silence();
    peer.sends(Message(CON, Code::content).id(0xad7b).token("53").payload("22.3 C"));
    EXPECT_EQ(heard(), Kind::response);
    EXPECT_EQ(operation(), 1u);
    peer.expect(ACK, Code::empty).id(0xad7b);
}

// Appendix A, figure 21: Separate Response (Unexpected): the client has no state for it and rejects it.
//
//      +----->|     Header: GET (T=CON, Code=0.01, MID=0x7d39), Token: 0x64
//    CRASH
//      |<-----+     Header: 2.05 Content (T=CON, Code=2.05, MID=0xad7c), Token: 0x64
//      +- - ->|     Header: (T=RST, Code=0.00, MID=0xad7c)
TEST_F(Rfc7252Reliability, A_Figure21_UnexpectedResponseIsTheOwnersToReject) {
    peer.sends(Message(CON, Code::content).id(0xad7c).token("64").payload("22.3 C"));
    EXPECT_EQ(heard(), Kind::unmatched_response);
    peer.expect_silence();
    std::vector<std::uint8_t> memory(16);
    base::Writer out(memory);
    coap::Endpoint::reject(message(), out);
    EXPECT_EQ(base::to_hex(out.written()), "7000ad7c");
}

// Appendix A, figure 22: Non-confirmable Request; Non-confirmable Response: matched by the token, outside of any
// exchange.
TEST_F(Rfc7252Reliability, A_Figure22_NonConfirmableBothWays) {
    peer.sends(Message(NON, Code::get).id(0x7d40).token("75").path("/temperature"));
    EXPECT_EQ(heard(), Kind::request);
    peer.expect_silence();
    peer.sends(Message(NON, Code::content).id(0xad7d).token("75").payload("22.3 C"));
    EXPECT_EQ(heard(), Kind::unmatched_response);
    peer.expect_silence();
}

// 4.2: a NON response to a confirmable request ends its exchange too (5.2.2).
TEST_F(Rfc7252Reliability, S5_2_2_NonConfirmableResponseToAConfirmableRequest) {
    we_send(get(1).token("0a"));
    peer.expect(CON, Code::get);
    peer.sends(Message(NON, Code::content).id(900).token("0a"));
    EXPECT_EQ(heard(), Kind::response);
    peer.expect_silence();
    after(100s);
    peer.expect_silence();
}

// 5.2.2: the separate response may overtake the ACK, or the ACK be lost: the exchange has ended all the same.
TEST_F(Rfc7252Reliability, S5_2_2_SeparateResponseBeforeItsAck) {
    we_send(get(1).token("0a"));
    peer.expect(CON, Code::get);
    peer.sends(Message(CON, Code::content).id(900).token("0a"));
    EXPECT_EQ(heard(), Kind::response);
    peer.expect(ACK, Code::empty).id(900);
    peer.sends(Message(ACK, Code::empty).id(1));
    EXPECT_EQ(heard(), Kind::discarded);
    EXPECT_EQ(why(), coap::Discard::late);
    after(100s);
    peer.expect_silence();
}

// 4.2: "a Confirmable message is retransmitted [...] at exponentially increasing intervals, until it [...] runs out of
// attempts": after 2, 4, 8 and 16 s more, and it has failed 32 s after the last: 62 s with the shortest first timeout.
TEST_F(Rfc7252Reliability, S4_2_IntervalsDoubleAndEnd) {
    we_send(get(1));
    const auto first = peer.expect(CON, Code::get).bytes();
    for (const auto gap : {2s, 4s, 8s, 16s}) {
        after(gap - 1ms);
        peer.expect_silence();
        after(1ms);
        peer.expect(CON, Code::get).same_as(first);
        EXPECT_EQ(expired(), std::vector{Expired::retransmitted});
    }
    after(32s - 1ms);
    EXPECT_TRUE(expired().empty());
    after(1ms);
    EXPECT_EQ(expired(), std::vector{Expired::timed_out});
    peer.expect_silence();
    EXPECT_EQ(endpoint.in_flight(), 0u);
    EXPECT_FALSE(state.busy());
}

// 4.8.2: with the longest first timeout of 3 s the last copy goes out 45 s after the first, MAX_TRANSMIT_SPAN; given up
// at 93 s, MAX_TRANSMIT_WAIT.
TEST_F(Rfc7252Reliability, S4_8_2_SpanAndWaitOfTheLongestTimeout) {
    we_send(get(1), 0x1.fffffffffffffp-1);
    after(45s + 10ms);
    for (int copies = 0; copies < 5; ++copies) peer.expect(CON, Code::get);
    after(93s - 45s - 20ms);
    EXPECT_EQ(expired().size(), 4u);
    peer.expect_silence();
    after(20ms);
    EXPECT_EQ(expired(), std::vector{Expired::timed_out});
}

// 4.8: the parameters are the profile's.
TEST_F(Rfc7252Reliability, S4_8_OtherParameters) {
    parameters = {.ack_timeout = 5s, .ack_random_factor = 1, .max_retransmit = 1};
    we_send(get(1), 0.7);
    peer.expect(CON, Code::get);
    after(5s);
    peer.expect(CON, Code::get);
    after(10s);
    EXPECT_EQ(expired(), (std::vector{Expired::retransmitted, Expired::timed_out}));
}

TEST_F(Rfc7252Reliability, S4_8_NoRetransmissionAtAll) {
    parameters.max_retransmit = 0;
    we_send(get(1));
    peer.expect(CON, Code::get);
    after(2s);
    peer.expect_silence();
    EXPECT_EQ(expired(), std::vector{Expired::timed_out});
}

// 4.2: an empty ACK stops the retransmissions; the response is waited for, not for ever.
TEST_F(Rfc7252Reliability, S4_2_AcknowledgedRequestIsNotRepeatedAndEnds) {
    we_send(get(1).token("0a"));
    peer.expect(CON, Code::get);
    peer.sends(Message(ACK, Code::empty).id(1));
    after(92s);
    peer.expect_silence();
    EXPECT_TRUE(expired().empty());
    EXPECT_TRUE(state.busy());
    after(2s);
    EXPECT_EQ(expired(), std::vector{Expired::timed_out});
    EXPECT_FALSE(state.busy());
}

// 4.2: RST ends an exchange.
TEST_F(Rfc7252Reliability, S4_2_ResetEndsTheExchange) {
    we_send(get(1));
    peer.expect(CON, Code::get);
    peer.sends(Message(RST, Code::empty).id(1));
    EXPECT_EQ(heard(), Kind::reset);
    EXPECT_EQ(operation(), 1u);
    after(100s);
    peer.expect_silence();
}

// 4.2: an ACK or RST of another message id is not ours.
TEST_F(Rfc7252Reliability, S4_2_AnotherMessageIdEndsNothing) {
    we_send(get(1).token("0a"));
    peer.expect(CON, Code::get);
    peer.sends(Message(ACK, Code::empty).id(2));
    EXPECT_EQ(heard(), Kind::discarded);
    peer.sends(Message(ACK, Code::content).id(2).token("0a"));
    EXPECT_EQ(heard(), Kind::discarded);
    EXPECT_EQ(why(), coap::Discard::late);
    peer.sends(Message(RST, Code::empty).id(2));
    EXPECT_EQ(heard(), Kind::unmatched_reset);
    after(2s);
    peer.expect(CON, Code::get).id(1);
}

// 5.3.2: a response is matched by its token; a piggybacked one by its message id too.
TEST_F(Rfc7252Reliability, S5_3_2_AnotherTokenIsAnotherResponse) {
    we_send(get(1).token("0a"));
    peer.expect(CON, Code::get);
    for (const char* token : {"", "0b", "0a00"}) {
        peer.sends(Message(ACK, Code::content).id(1).token(token));
        EXPECT_EQ(heard(), Kind::discarded) << token;
        peer.sends(Message(NON, Code::content).id(900).token(token));
        EXPECT_EQ(heard(), Kind::unmatched_response) << token;
    }
    EXPECT_TRUE(state.busy());
    peer.sends(Message(ACK, Code::content).id(1).token("0a"));
    EXPECT_EQ(heard(), Kind::response);
}

// 4.3: an Empty CON is a ping: RST.
TEST_F(Rfc7252Reliability, S4_3_PingIsAnsweredByReset) {
    peer.sends(Message(CON, Code::empty).id(0x1234));
    EXPECT_EQ(heard(), Kind::ping);
    peer.expect(RST, Code::empty).id(0x1234);
}

TEST_F(Rfc7252Reliability, S4_3_EmptyNonConfirmableIsIgnored) {
    peer.sends(Message(NON, Code::empty).id(0x1234));
    EXPECT_EQ(heard(), Kind::discarded);
    peer.expect_silence();
}

// 4.2: a CON that has a format error or a reserved code class is rejected by RST; 4.3: a NON may be ignored; 3: another
// version must be.
TEST_F(Rfc7252Reliability, S4_2_WhatIsNotUnderstoodIsRejected) {
    const auto sends = [&](const char* hex) {
        peer.sends(base::from_hex(hex).value());
        EXPECT_EQ(heard(), Kind::discarded) << hex;
        EXPECT_EQ(why(), coap::Discard::malformed) << hex;
    };
    for (const char* hex : {"49 01 12 34", "40 01 12 34 ff", "40 01 12 34 f0", "41 00 12 34 00", "40 21 12 34",
                            "40 c1 12 34", "40 e1 12 34"}) {
        sends(hex);
        peer.expect(RST, Code::empty).id(0x1234);
    }
    for (const char* hex :
         {"50 21 12 34", "59 01 12 34", "80 01 12 34", "00 01 12 34", "40 01 12", "", "60 01 12 34", "70 45 12 34"}) {
        sends(hex);
        peer.expect_silence();
    }
}

// 4.7: one confirmable message at a time to one peer; its end makes room for the next.
TEST_F(Rfc7252Reliability, S4_7_OneExchangeAtATime) {
    EXPECT_FALSE(state.busy());
    we_send(get(1));
    EXPECT_TRUE(started());
    EXPECT_TRUE(state.busy());
    peer.sends(Message(ACK, Code::content).id(1));
    EXPECT_FALSE(state.busy());
    we_send(get(2));
    EXPECT_TRUE(started());
}

// 4.4: message ids come round.
TEST_F(Rfc7252Reliability, S4_4_MessageIdsComeRound) {
    state.next_message_id = 0xffff;
    EXPECT_EQ(state.take_message_id(), 0xffff);
    EXPECT_EQ(state.take_message_id(), 0);
}

// Ours: an exchange that is given up leaves no timer and no bytes behind.
TEST_F(Rfc7252Reliability, CancelledExchangeIsSilent) {
    we_send(get(1));
    peer.expect(CON, Code::get);
    const auto tag = endpoint.cancel(state);
    ASSERT_TRUE(tag);
    EXPECT_EQ(tag->operation, 1u);
    after(100s);
    peer.expect_silence();
    EXPECT_EQ(wheel.armed(), 0u);
    peer.sends(Message(ACK, Code::content).id(1));
    EXPECT_EQ(why(), coap::Discard::late);
}

// 5.4.1: a response with a critical option that is not known is rejected: an ACK by silence, so the request goes on.
TEST_F(Rfc7252Reliability, S5_4_1_APiggybackedResponseWithAnUnknownCriticalOptionIsIgnored) {
    we_send(get(0x7d34));
    peer.expect(CON, Code::get);
    const auto unknown = static_cast<coap::OptionNumber>(65001);
    peer.sends(Message(ACK, Code::content).id(0x7d34).option(unknown, "x").payload("22.3 C"));
    EXPECT_EQ(why(), coap::Discard::malformed);
    peer.expect_silence();
    after(3s);
    peer.expect(CON, Code::get).id(0x7d34);
    peer.sends(Message(ACK, Code::content).id(0x7d34).payload("22.3 C"));
    EXPECT_EQ(heard(), Kind::response);
}

// 5.4.1: a confirmable one is rejected by a Reset. An elective option that is not known changes nothing.
TEST_F(Rfc7252Reliability, S5_4_1_AConfirmableResponseWithAnUnknownCriticalOptionIsReset) {
    we_send(get(0x7d34).token("31"));
    peer.expect(CON, Code::get);
    peer.sends(Message(ACK, Code::empty).id(0x7d34));
    const auto response = [](std::uint16_t id, unsigned number) {
        return Message(CON, Code::content).id(id).token("31").option(static_cast<coap::OptionNumber>(number), "x");
    };
    peer.sends(response(900, 65001));
    EXPECT_EQ(why(), coap::Discard::malformed);
    peer.expect(RST, Code::empty).id(900);
    peer.sends(response(901, 65000));
    EXPECT_EQ(heard(), Kind::response);
    peer.expect(ACK, Code::empty).id(901);
}

// Ours: a full endpoint refuses, counts, and takes the next when there is room again.
TEST_F(Rfc7252Reliability, FullEndpointRefuses) {
    std::vector<coap::Peer> peers(9);
    const auto request = get(1);
    for (std::size_t i = 0; i < 8; ++i) {
        ASSERT_TRUE(endpoint.start(now, 1, peers[i], parameters, request.bytes(), {}, 0));
    }
    EXPECT_FALSE(endpoint.start(now, 1, peers[8], parameters, request.bytes(), {}, 0));
    EXPECT_FALSE(peers[8].busy());
    EXPECT_EQ(endpoint.refused(), 1u);
    endpoint.cancel(peers[0]);
    EXPECT_TRUE(endpoint.start(now, 1, peers[8], parameters, request.bytes(), {}, 0));
}

}  // namespace
