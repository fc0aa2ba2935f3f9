// RFC 7252 section 4.5: a repeated message is acknowledged again and processed once.
#include <algorithm>

#include "coap/deduplication.h"
#include "simulator/base/random.h"
#include "tests/support/lockstep.h"

namespace {

using namespace std::chrono_literals;
using support::ACK;
using support::CON;
using support::Message;
using support::NON;

class Rfc7252Deduplication : public support::Lockstep {
protected:
    static Message execute(std::uint16_t id) { return Message(CON, Code::post).id(id).token("0a").path("/3/0/4"); }
    static Message changed(std::uint16_t id) { return Message(ACK, Code::changed).id(id).token("0a"); }
};

// 4.5: "The recipient SHOULD acknowledge each duplicate copy of a Confirmable message using the same Acknowledgement or
// Reset message but SHOULD process any request or response in the message only once."
//
//   Server                Device
//      +-- CON [1] POST ---->|   executed
//      |   X--- ACK [1] 2.04 +
//      +-- CON [1] POST ---->|   not executed again
//      |<----- ACK [1] 2.04 -+
TEST_F(Rfc7252Deduplication, RepeatedRequestIsAnsweredFromMemory) {
    peer.sends(execute(1));
    EXPECT_EQ(heard(), Kind::request);
    we_answer(changed(1));
    const auto answer = peer.expect(ACK, Code::changed).bytes();
    for (const auto later : {2s, 4s, 8s, 16s}) {
        after(later);
        peer.sends(execute(1));
        EXPECT_EQ(heard(), Kind::repeated);
        peer.expect(ACK, Code::changed).same_as(answer);
    }
}

// 4.5, 4.8.2: within EXCHANGE_LIFETIME, 247 s; then a message id means a new message.
TEST_F(Rfc7252Deduplication, ConfirmableIsRememberedForExchangeLifetime) {
    peer.sends(execute(1));
    we_answer(changed(1));
    after(247s - 1ms);
    peer.sends(execute(1));
    EXPECT_EQ(heard(), Kind::repeated);
    after(1ms);
    peer.sends(execute(1));
    EXPECT_EQ(heard(), Kind::request);
}

// 4.5, 4.8.2: within NON_LIFETIME, 145 s; "silently ignore any duplicated Non-confirmable message".
TEST_F(Rfc7252Deduplication, NonConfirmableIsIgnoredForNonLifetime) {
    const auto request = Message(NON, Code::post).id(1).path("/3/0/4");
    peer.sends(request);
    EXPECT_EQ(heard(), Kind::request);
    after(145s - 1ms);
    peer.sends(request);
    EXPECT_EQ(heard(), Kind::discarded);
    EXPECT_EQ(why(), coap::Discard::duplicate);
    peer.expect_silence();
    after(1ms);
    peer.sends(request);
    EXPECT_EQ(heard(), Kind::request);
}

// 4.5: a safe request may be done again instead of keeping its reply; it is told apart from a new one.
TEST_F(Rfc7252Deduplication, RepeatedRequestWithoutKeptReplyIsTheOwners) {
    const auto get = Message(CON, Code::get).id(5).path("/3/0/0");
    peer.sends(get);
    EXPECT_EQ(heard(), Kind::request);
    peer.sends(get);
    EXPECT_EQ(heard(), Kind::repeated_request);
    peer.expect_silence();
}

// 4.4: message ids are those of one peer.
TEST_F(Rfc7252Deduplication, PeersHaveIdsOfTheirOwn) {
    coap::Deduplication known(16);
    EXPECT_FALSE(known.remember(now, 1, 100, 247s).repeated);
    EXPECT_FALSE(known.remember(now, 2, 100, 247s).repeated);
    EXPECT_FALSE(known.remember(now, 1, 101, 247s).repeated);
    EXPECT_TRUE(known.remember(now, 1, 100, 247s).repeated);
    EXPECT_TRUE(known.remember(now, 2, 100, 247s).repeated);
}

// 5.2.2: the separate response was acknowledged, the ACK was lost, it comes again: acknowledged again, not a second
// response.
//
//   Device                Server
//      +-- CON [1] POST ---->|
//      |<--------- ACK [1] --+
//      |<- CON [900] 2.01 ---+
//      +-- ACK [900] ---X    |
//      |<- CON [900] 2.01 ---+
//      +-- ACK [900] ------->|
TEST_F(Rfc7252Deduplication, RepeatedSeparateResponseIsAcknowledgedAgain) {
    we_send(Message(CON, Code::post).id(1).token("0a").path("/rd"));
    peer.expect(CON, Code::post);
    peer.sends(Message(ACK, Code::empty).id(1));
    const auto created = Message(CON, Code::created).id(900).token("0a").location("/rd/5a");
    peer.sends(created);
    EXPECT_EQ(heard(), Kind::response);
    peer.expect(ACK, Code::empty).id(900);
    peer.sends(created);
    EXPECT_EQ(heard(), Kind::repeated);
    peer.expect(ACK, Code::empty).id(900);
}

// The same for a confirmable response that no exchange waited for (a notification): whatever its owner said to it, it
// is said again.
TEST_F(Rfc7252Deduplication, RepeatedNotificationIsNotANewOne) {
    const auto notification = Message(CON, Code::content).id(900).token("0a").observe(2).payload("22.3");
    peer.sends(notification);
    EXPECT_EQ(heard(), Kind::unmatched_response);
    we_answer(Message(ACK, Code::empty).id(900));
    peer.expect(ACK, Code::empty).id(900);
    peer.sends(notification);
    EXPECT_EQ(heard(), Kind::repeated);
    peer.expect(ACK, Code::empty).id(900);
}

TEST_F(Rfc7252Deduplication, RepeatedPiggybackedResponseIsLate) {
    we_send(Message(CON, Code::post).id(1).token("0a").path("/rd"));
    const auto created = Message(ACK, Code::created).id(1).token("0a").location("/rd/5a");
    peer.sends(created);
    EXPECT_EQ(heard(), Kind::response);
    peer.sends(created);
    EXPECT_EQ(heard(), Kind::discarded);
    EXPECT_EQ(why(), coap::Discard::late);
}

// Ours: a full table forgets the oldest first, and counts it.
TEST_F(Rfc7252Deduplication, FullTableForgetsTheOldest) {
    coap::Deduplication known(16);
    for (std::uint16_t id = 0; id < 17; ++id) EXPECT_FALSE(known.remember(now, 1, id, 247s).repeated);
    EXPECT_EQ(known.size(), 16u);
    EXPECT_EQ(known.crowded_out(), 1u);
    EXPECT_TRUE(known.remember(now, 1, 16, 247s).repeated);
    EXPECT_TRUE(known.remember(now, 1, 1, 247s).repeated);
    EXPECT_FALSE(known.remember(now, 1, 0, 247s).repeated);
}

TEST_F(Rfc7252Deduplication, LongRepliesAreNotKept) {
    coap::Deduplication known(16);
    known.remember(now, 1, 1, 247s);
    known.keep_reply(1, 1, std::vector<std::uint8_t>(coap::Deduplication::max_reply, 1));
    EXPECT_EQ(known.remember(now, 1, 1, 247s).reply.size(), coap::Deduplication::max_reply);
    known.remember(now, 1, 2, 247s);
    known.keep_reply(1, 2, std::vector<std::uint8_t>(coap::Deduplication::max_reply + 1, 1));
    EXPECT_TRUE(known.remember(now, 1, 2, 247s).reply.empty());
    known.keep_reply(1, 3, std::vector<std::uint8_t>(4, 1));  // never seen: harmless
    EXPECT_FALSE(known.remember(now, 1, 3, 247s).repeated);
}

// Against a plain model: any order of messages and pauses is answered as a list of (peer, id, until) would.
TEST_F(Rfc7252Deduplication, AnyOrderIsAsAListWouldSay) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        coap::Deduplication known(1024);
        struct Entry {
            std::uint32_t peer;
            std::uint16_t id;
            base::Time until;
            std::uint8_t reply;
        };
        std::vector<Entry> list;
        base::Time time{};
        for (std::uint64_t step = 0; step < 1000; ++step) {
            const auto bits = base::draw(seed, 0, 1, step);
            time += std::chrono::milliseconds(bits % 2000);
            const auto who = static_cast<std::uint32_t>(bits >> 16 & 7);
            const auto id = static_cast<std::uint16_t>(bits >> 24 & 15);
            const base::Duration lifetime = (bits >> 32 & 1) != 0 ? 247s : 145s;
            const auto entry = std::find_if(list.begin(), list.end(), [&](const Entry& e) {
                return e.peer == who && e.id == id && e.until > time;
            });
            const auto found = known.remember(time, who, id, lifetime);
            ASSERT_EQ(found.repeated, entry != list.end()) << seed << ' ' << step;
            if (found.repeated) {
                ASSERT_EQ(found.reply.size(), 1u);
                ASSERT_EQ(found.reply[0], entry->reply);
                continue;
            }
            const std::uint8_t reply[] = {static_cast<std::uint8_t>(step)};
            known.keep_reply(who, id, reply);
            list.push_back({who, id, time + lifetime, reply[0]});
        }
    }
}

}  // namespace
