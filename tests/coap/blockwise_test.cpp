// Blockwise: the exchanges of RFC 7959 section 3 and what may go wrong in them. A diagram's line "1:0/1/128" is
// block1(0, 1, 128).
#include "coap/blockwise.h"

#include <gtest/gtest.h>

#include "tests/support/message.h"

namespace coap {
namespace {

using support::ACK;
using support::body_of;
using support::CON;
using support::Message;

using Received = Block1Receiver::Step::Kind;
using Fetched = Block2Fetcher::Step::Kind;
using Sent = Block1Sender::Step;

constexpr std::uint64_t limit = 1 << 20;
constexpr auto no_format = Block1Receiver::no_format;

base::Bytes part(const std::string& body, std::size_t from, std::size_t size) {
    return base::as_bytes(std::string_view(body).substr(from, size));
}

// --- a server answers with Block2
// ---------------------------------------------------------------------------------------------

// RFC 7959 3.1, figure 2: Simple Block-Wise GET
//
//   CON [MID=1234], GET, /status              ------>
//                        <------   ACK [MID=1234], 2.05 Content, 2:0/1/128
//   CON [MID=1235], GET, /status, 2:1/0/128   ------>
//                        <------   ACK [MID=1235], 2.05 Content, 2:1/1/128
//   CON [MID=1236], GET, /status, 2:2/0/128   ------>
//                        <------   ACK [MID=1236], 2.05 Content, 2:2/0/128
TEST(Block2Answer, Figure2SimpleGet) {
    const auto body = body_of(300);
    const auto first = answer_block2(base::as_bytes(body), std::nullopt, 3);
    EXPECT_EQ(first.block2, (Block{0, true, 3}));
    EXPECT_EQ(first.size2, 300u);
    EXPECT_EQ(base::as_text(first.bytes), body.substr(0, 128));
    const auto second = answer_block2(base::as_bytes(body), Block{1, false, 3}, 3);
    EXPECT_EQ(second.block2, (Block{1, true, 3}));
    EXPECT_FALSE(second.size2);
    const auto third = answer_block2(base::as_bytes(body), Block{2, false, 3}, 3);
    EXPECT_EQ(third.block2, (Block{2, false, 3}));
    EXPECT_EQ(base::as_text(third.bytes), body.substr(256));
}

// RFC 7959 3.1, figure 3: Block-Wise GET with Early Negotiation: the first request says 2:0/0/64, and gets blocks
// of 64.
TEST(Block2Answer, Figure3EarlyNegotiation) {
    const auto body = body_of(350);
    EXPECT_EQ(answer_block2(base::as_bytes(body), Block{0, false, 2}, 3).block2, (Block{0, true, 2}));
    EXPECT_EQ(answer_block2(base::as_bytes(body), Block{4, false, 2}, 3).block2, (Block{4, true, 2}));
    EXPECT_EQ(answer_block2(base::as_bytes(body), Block{5, false, 2}, 3).block2, (Block{5, false, 2}));
}

TEST(Block2Answer, ASmallBodyHasNoOptionUnlessAskedFor) {
    EXPECT_FALSE(answer_block2(base::as_bytes("22.3"), std::nullopt).block2);
    EXPECT_EQ(answer_block2(base::as_bytes("22.3"), Block{0, false, 2}).block2, (Block{0, false, 2}));
    EXPECT_FALSE(answer_block2(base::as_bytes(body_of(1024)), std::nullopt).block2);
    EXPECT_EQ(answer_block2(base::as_bytes(body_of(1025)), std::nullopt).block2, (Block{0, true, 6}));
}

// RFC 7959 2.3: the size asked for, or a smaller one; the place in bytes is the one asked for.
TEST(Block2Answer, SendsSmallerBlocksThanAskedFor) {
    const auto body = body_of(3000);
    EXPECT_EQ(answer_block2(base::as_bytes(body), Block{0, false, 6}, 4).block2, (Block{0, true, 4}));
    const auto later = answer_block2(base::as_bytes(body), Block{1, false, 6}, 4);
    EXPECT_EQ(later.block2, (Block{4, true, 4}));
    EXPECT_EQ(base::as_text(later.bytes), body.substr(1024, 256));
}

TEST(Block2Answer, BehindTheEndIsABadOption) {
    EXPECT_EQ(answer_block2(base::as_bytes(body_of(300)), Block{3, false, 3}).code, Code::bad_option);
    EXPECT_EQ(answer_block2({}, Block{1, false, 0}).code, Code::bad_option);
}

// RFC 7959 2.3: "the M bit of a Block2 Option in a request [...] the server MUST ignore it on reception".
TEST(Block2Answer, IgnoresTheMoreBitOfARequest) {
    EXPECT_EQ(answer_block2(base::as_bytes(body_of(300)), Block{2, true, 3}).block2, (Block{2, false, 3}));
}

// --- a client fetches by Block2
// -----------------------------------------------------------------------------------------------

class Fetching : public testing::Test {
protected:
    Fetched on(Message response) {
        const auto step = fetcher.on_response(response.view(), limit);
        if (step.kind == Fetched::restart) body.clear();
        body += base::as_text(step.bytes);
        return step.kind;
    }
    static Message content() { return {ACK, Code::content}; }

    Block2Fetcher fetcher;
    std::string body;
};

TEST_F(Fetching, Figure2SimpleGet) {
    const auto whole = body_of(300);
    EXPECT_EQ(on(content().block2(0, 1, 128).payload(part(whole, 0, 128))), Fetched::next);
    EXPECT_EQ(fetcher.next(), (Block{1, false, 3}));
    EXPECT_EQ(on(content().block2(1, 1, 128).payload(part(whole, 128, 128))), Fetched::next);
    EXPECT_EQ(fetcher.next(), (Block{2, false, 3}));
    EXPECT_EQ(on(content().block2(2, 0, 128).payload(part(whole, 256, 44))), Fetched::complete);
    EXPECT_EQ(body, whole);
}

// RFC 7959 3.1, figure 4: Block-Wise GET with Late Negotiation
//
//   CON [MID=1234], GET, /status              ------>
//                        <------   ACK [MID=1234], 2.05 Content, 2:0/1/128
//   CON [MID=1235], GET, /status, 2:2/0/64    ------>
//                        <------   ACK [MID=1235], 2.05 Content, 2:2/1/64
TEST_F(Fetching, Figure4TheServerGoesOnInSmallerBlocks) {
    const auto whole = body_of(200);
    on(content().block2(0, 1, 128).payload(part(whole, 0, 128)));
    EXPECT_EQ(on(content().block2(2, 1, 64).payload(part(whole, 128, 64))), Fetched::next);
    EXPECT_EQ(fetcher.next(), (Block{3, false, 2}));
    EXPECT_EQ(on(content().block2(3, 0, 64).payload(part(whole, 192, 8))), Fetched::complete);
    EXPECT_EQ(body, whole);
}

TEST_F(Fetching, AResponseWithoutTheOptionIsComplete) {
    EXPECT_EQ(on(content().payload("22.3 C")), Fetched::complete);
    EXPECT_EQ(body, "22.3 C");
}

TEST_F(Fetching, AnErrorIsCompleteAtFirstAndBreaksLater) {
    EXPECT_EQ(on(Message(ACK, Code::not_found)), Fetched::complete);
    on(content().block2(0, 1, 16).payload(body_of(16)));
    EXPECT_EQ(on(Message(ACK, Code::not_found)), Fetched::broken);
}

// RFC 7959 2.4: blocks with another ETag are of another representation.
TEST_F(Fetching, BeginsAgainWhenTheBodyHasChanged) {
    on(content().etag("aa").block2(0, 1, 16).payload(body_of(16)));
    EXPECT_EQ(on(content().etag("bb").block2(1, 1, 16).payload(body_of(16))), Fetched::restart);
    EXPECT_EQ(fetcher.next(), (Block{0, false, 0}));
    EXPECT_EQ(on(content().etag("bb").block2(0, 1, 16).payload("0123456789abcdef")), Fetched::next);
    EXPECT_EQ(on(content().etag("bb").block2(1, 0, 16).payload("!")), Fetched::complete);
    EXPECT_EQ(body, "0123456789abcdef!");
}

TEST_F(Fetching, AnETagThatGoesAwayIsAChangeToo) {
    on(content().etag("aa").block2(0, 1, 16).payload(body_of(16)));
    EXPECT_EQ(on(content().block2(1, 0, 16).payload("x")), Fetched::restart);
}

TEST_F(Fetching, GivesUpOnABodyThatChangesForEver) {
    unsigned restarts = 0;
    Fetched last = Fetched::next;
    for (unsigned i = 0; i < 100 && last != Fetched::broken; ++i) {
        const auto etag = base::to_hex(base::as_bytes(std::to_string(i)));
        const auto block = fetcher.next();
        last = on(content().etag(etag).block2(block.number, 1, 16).payload(body_of(16)));
        restarts += last == Fetched::restart ? 1 : 0;
    }
    EXPECT_EQ(last, Fetched::broken);
    EXPECT_EQ(restarts, Block2Fetcher::max_restarts);
}

TEST_F(Fetching, RefusesWhatDoesNotFollow) {
    const auto begin = [&] {
        fetcher = {};
        on(content().block2(0, 1, 64).payload(body_of(64)));
    };
    begin();
    EXPECT_EQ(on(content().block2(2, 1, 64).payload(body_of(64))), Fetched::broken) << "a gap";
    begin();
    EXPECT_EQ(on(content().block2(0, 1, 64).payload(body_of(64))), Fetched::broken) << "the same again";
    begin();
    EXPECT_EQ(on(content().block2(1, 1, 64).payload(body_of(63))), Fetched::broken) << "not filled";
    begin();
    EXPECT_EQ(on(content().block2(1, 0, 64).payload(body_of(65))), Fetched::broken) << "more than it says";
    begin();
    EXPECT_EQ(on(content().payload("all at once")), Fetched::broken) << "no option";
    begin();
    EXPECT_EQ(on(content().uint(OptionNumber::block2, 0x1f).payload("x")), Fetched::broken) << "SZX 7";
}

TEST_F(Fetching, RefusesMoreThanTheLimit) {
    const auto all = [](std::uint64_t most) {
        Block2Fetcher one;
        one.on_response(content().block2(0, 1, 64).payload(body_of(64)).view(), most);
        return one.on_response(content().block2(1, 0, 64).payload(body_of(10)).view(), most).kind;
    };
    EXPECT_EQ(all(74), Fetched::complete);
    EXPECT_EQ(all(73), Fetched::broken);
    EXPECT_EQ(Block2Fetcher().on_response(content().payload(body_of(11)).view(), 10).kind, Fetched::broken);
}

// --- a server is sent a body by Block1
// ----------------------------------------------------------------------------------------

class Receiving : public testing::Test {
protected:
    Block1Receiver::Step on(unsigned number, bool more, unsigned size, base::Bytes payload,
                            std::uint32_t content_format = no_format) {
        const auto szx = static_cast<std::uint8_t>(std::countr_zero(size) - 4);
        const auto step = receiver.on_block({number, more, szx}, payload, content_format, limit);
        if (step.from_start) body.clear();
        body += base::as_text(step.bytes);
        return step;
    }

    Block1Receiver receiver;
    std::string body;
    const std::string whole = body_of(300);
};

// RFC 7959 3.2, figure 7: Simple Atomic Block-Wise PUT
//
//   CON [MID=1234], PUT, /options, 1:0/1/128    ------>
//                        <------   ACK [MID=1234], 2.31 Continue, 1:0/1/128
//   CON [MID=1235], PUT, /options, 1:1/1/128    ------>
//                        <------   ACK [MID=1235], 2.31 Continue, 1:1/1/128
//   CON [MID=1236], PUT, /options, 1:2/0/128    ------>
//                        <------   ACK [MID=1236], 2.04 Changed, 1:2/0/128
TEST_F(Receiving, Figure7AtomicPut) {
    EXPECT_EQ(on(0, true, 128, part(whole, 0, 128)).code, Code::continue_);
    EXPECT_EQ(on(1, true, 128, part(whole, 128, 128)).code, Code::continue_);
    EXPECT_EQ(on(2, false, 128, part(whole, 256, 44)).kind, Received::last);
    EXPECT_EQ(body, whole);
    EXPECT_EQ(receiver.length(), 300u);
}

// RFC 7959 3.2, figure 9: Simple Atomic Block-Wise PUT with Negotiation: 1:0/1/128, then 1:4/1/32, 1:5/1/32, 1:6/0/32.
TEST_F(Receiving, Figure9GoesOnInSmallerBlocks) {
    const auto short_body = body_of(200);
    on(0, true, 128, part(short_body, 0, 128));
    EXPECT_EQ(on(4, true, 32, part(short_body, 128, 32)).kind, Received::next);
    EXPECT_EQ(on(5, true, 32, part(short_body, 160, 32)).kind, Received::next);
    EXPECT_EQ(on(6, false, 32, part(short_body, 192, 8)).kind, Received::last);
    EXPECT_EQ(body, short_body);
}

// RFC 7959 2.9.2.
TEST_F(Receiving, AGapIsIncomplete) {
    on(0, true, 128, part(whole, 0, 128));
    const auto step = on(2, false, 128, part(whole, 256, 44));
    EXPECT_EQ(step.kind, Received::refused);
    EXPECT_EQ(step.code, Code::request_entity_incomplete);
}

TEST_F(Receiving, ABodyBeginsWithBlockZero) {
    EXPECT_EQ(on(1, true, 128, part(whole, 128, 128)).code, Code::request_entity_incomplete);
    EXPECT_EQ(on(7, false, 16, part(whole, 0, 3)).code, Code::request_entity_incomplete);
}

TEST_F(Receiving, AnotherContentFormatIsAnotherBody) {
    on(0, true, 128, part(whole, 0, 128), 42);
    EXPECT_EQ(on(1, true, 128, part(whole, 128, 128), 0).code, Code::request_entity_incomplete);
    EXPECT_EQ(on(1, true, 128, part(whole, 128, 128)).code, Code::request_entity_incomplete);
    EXPECT_EQ(on(1, true, 128, part(whole, 128, 128), 42).kind, Received::next);
}

TEST_F(Receiving, ARepeatedBlockIsAnsweredAgainAndNotTakenTwice) {
    on(0, true, 128, part(whole, 0, 128));
    on(1, true, 128, part(whole, 128, 128));
    const auto again = on(1, true, 128, part(whole, 128, 128));
    EXPECT_EQ(again.kind, Received::repeated);
    EXPECT_EQ(again.code, Code::continue_);
    EXPECT_EQ(on(2, false, 128, part(whole, 256, 44)).kind, Received::last);
    receiver.finish(Code::changed);
    const auto last = on(2, false, 128, part(whole, 256, 44));
    EXPECT_EQ(last.kind, Received::repeated);
    EXPECT_EQ(last.code, Code::changed);
    EXPECT_EQ(body, whole);
}

TEST_F(Receiving, BlockZeroBeginsAgain) {
    on(0, true, 128, part(whole, 128, 128));
    on(1, true, 128, part(whole, 128, 128));
    EXPECT_TRUE(on(0, true, 128, part(whole, 0, 128)).from_start);
    on(1, true, 128, part(whole, 128, 128));
    on(2, false, 128, part(whole, 256, 44));
    EXPECT_EQ(body, whole);
}

TEST_F(Receiving, NothingFollowsTheLastBlock) {
    on(0, true, 128, part(whole, 0, 128));
    on(1, false, 128, part(whole, 128, 128));
    EXPECT_EQ(on(2, false, 128, part(whole, 256, 44)).code, Code::request_entity_incomplete);
    EXPECT_EQ(on(1, true, 128, part(whole, 128, 128)).code, Code::request_entity_incomplete);
}

// RFC 7959 2.2: all blocks but the last are full.
TEST_F(Receiving, ABlockIsAsLongAsItSays) {
    EXPECT_EQ(on(0, true, 128, part(whole, 0, 127)).code, Code::bad_request);
    EXPECT_EQ(on(0, true, 128, part(whole, 0, 129)).code, Code::bad_request);
    EXPECT_EQ(on(0, false, 128, part(whole, 0, 129)).code, Code::bad_request);
    EXPECT_EQ(on(0, false, 128, {}).kind, Received::last);
}

TEST_F(Receiving, TheLastBlockMayBeEmpty) {
    on(0, true, 128, part(whole, 0, 128));
    EXPECT_EQ(on(1, false, 128, {}).kind, Received::last);
    EXPECT_EQ(receiver.length(), 128u);
}

// RFC 7959 2.9.3.
TEST_F(Receiving, OverTheLimitIsTooLarge) {
    EXPECT_EQ(receiver.on_block({0, true, 3}, part(whole, 0, 128), no_format, 200).kind, Received::next);
    EXPECT_EQ(receiver.on_block({1, true, 3}, part(whole, 128, 128), no_format, 200).code,
              Code::request_entity_too_large);
    EXPECT_EQ(receiver.on_block({2, false, 3}, part(whole, 256, 44), no_format, 200).code,
              Code::request_entity_incomplete);
}

// --- a client sends a body by Block1
// ------------------------------------------------------------------------------------------

class Sending : public testing::Test {
protected:
    Slice next() const { return sender.next(base::as_bytes(whole)); }
    Sent on(const Message& response) { return sender.on_response(response.view(), whole.size()); }
    static Message answer(Code code) { return {ACK, code}; }

    const std::string whole = body_of(300);
    Block1Sender sender{3};
};

TEST_F(Sending, Figure7AtomicPut) {
    EXPECT_EQ(next().block, (Block{0, true, 3}));
    EXPECT_EQ(on(answer(Code::continue_).block1(0, 1, 128)), Sent::next);
    EXPECT_EQ(next().block, (Block{1, true, 3}));
    EXPECT_EQ(base::as_text(next().bytes), whole.substr(128, 128));
    EXPECT_EQ(on(answer(Code::continue_).block1(1, 1, 128)), Sent::next);
    EXPECT_EQ(next().block, (Block{2, false, 3}));
    EXPECT_EQ(base::as_text(next().bytes), whole.substr(256));
    EXPECT_EQ(on(answer(Code::changed).block1(2, 0, 128)), Sent::answered);
}

// RFC 7959 3.2, figure 8: Simple Stateless Block-Wise PUT: each block is answered 2.04 by itself, "1:0/0/128".
TEST_F(Sending, Figure8StatelessServer) {
    EXPECT_EQ(on(answer(Code::changed).block1(0, 0, 128)), Sent::next);
    EXPECT_EQ(on(answer(Code::changed).block1(1, 0, 128)), Sent::next);
    EXPECT_EQ(on(answer(Code::changed).block1(2, 0, 128)), Sent::answered);
}

// RFC 7959 3.2, figure 9
//
//   CON [MID=1234], PUT, /options, 1:0/1/128    ------>
//                        <------   ACK [MID=1234], 2.31 Continue, 1:0/1/32
//   CON [MID=1235], PUT, /options, 1:4/1/32     ------>
//                        <------   ACK [MID=1235], 2.31 Continue, 1:4/1/32
TEST_F(Sending, Figure9FollowsTheServersBlockSize) {
    EXPECT_EQ(on(answer(Code::continue_).block1(0, 1, 32)), Sent::next);
    EXPECT_EQ(next().block, (Block{4, true, 1}));
    EXPECT_EQ(base::as_text(next().bytes), whole.substr(128, 32));
    EXPECT_EQ(on(answer(Code::continue_).block1(4, 1, 32)), Sent::next);
    EXPECT_EQ(next().block, (Block{5, true, 1}));
}

// RFC 7959 2.9.3: 4.13 with a smaller size in Block1 says: begin again in such blocks.
TEST_F(Sending, BeginsAgainInSmallerBlocksWhenTooLarge) {
    EXPECT_EQ(on(answer(Code::request_entity_too_large).block1(0, 0, 64)), Sent::next);
    EXPECT_EQ(next().block, (Block{0, true, 2}));
    EXPECT_EQ(on(answer(Code::request_entity_too_large).block1(0, 0, 64)), Sent::answered);
}

TEST_F(Sending, TooLargeWithoutASmallerSizeIsTheAnswer) {
    EXPECT_EQ(on(answer(Code::request_entity_too_large)), Sent::answered);
    EXPECT_EQ(on(answer(Code::request_entity_too_large).block1(0, 0, 128)), Sent::answered);
}

TEST_F(Sending, BeginsAgainOnceWhenTheServerHasLostTheBlocks) {
    on(answer(Code::continue_).block1(0, 1, 128));
    EXPECT_EQ(on(answer(Code::request_entity_incomplete).block1(1, 1, 128)), Sent::next);
    EXPECT_EQ(next().block, (Block{0, true, 3}));
    on(answer(Code::continue_).block1(0, 1, 128));
    EXPECT_EQ(on(answer(Code::request_entity_incomplete).block1(1, 1, 128)), Sent::answered);
}

TEST_F(Sending, IsPackedIntoANumberAndBack) {
    EXPECT_EQ(Block1Sender().pack(), 6u);
    on(answer(Code::continue_).block1(0, 1, 32));
    sender = Block1Sender::unpack(sender.pack());
    EXPECT_EQ(next().block, (Block{4, true, 1}));
    EXPECT_EQ(on(answer(Code::request_entity_incomplete)), Sent::next);
    sender = Block1Sender::unpack(sender.pack());
    on(answer(Code::continue_).block1(0, 1, 32));
    EXPECT_EQ(on(answer(Code::request_entity_incomplete)), Sent::answered) << "begins again once, packed or not";
}

TEST_F(Sending, AnErrorOnTheWayIsTheAnswer) {
    EXPECT_EQ(on(answer(Code::not_found)), Sent::answered);
    EXPECT_EQ(on(answer(Code::bad_option)), Sent::answered);
}

TEST_F(Sending, AServerThatDoesNotFollowIsBroken) {
    EXPECT_EQ(on(answer(Code::continue_)), Sent::broken) << "no option";
    EXPECT_EQ(on(answer(Code::continue_).block1(1, 1, 128)), Sent::broken) << "another block";
    EXPECT_EQ(on(answer(Code::continue_).uint(OptionNumber::block1, 0x0f)), Sent::broken) << "SZX 7";
    on(answer(Code::continue_).block1(0, 1, 128));
    on(answer(Code::continue_).block1(1, 1, 128));
    EXPECT_EQ(on(answer(Code::continue_).block1(2, 0, 128)), Sent::broken) << "2.31 to the last block";
}

TEST_F(Sending, LargerBlocksThanOffersAreNotFollowed) {
    EXPECT_EQ(on(answer(Code::continue_).block1(0, 1, 1024)), Sent::next);
    EXPECT_EQ(next().block, (Block{1, true, 3}));
}

// --- both ends
// ----------------------------------------------------------------------------------------------------------------

TEST(Blockwise, EverySizeArrivesInEveryBlockSize) {
    for (std::uint8_t szx = 0; szx <= max_szx; ++szx) {
        for (std::size_t size : {1u, 15u, 16u, 17u, 1023u, 1024u, 1025u, 2048u, 5000u}) {
            const auto whole = body_of(size);
            Block1Sender sender(szx);
            Block1Receiver receiver;
            std::string body;
            for (Sent step = Sent::next; step == Sent::next;) {
                const auto piece = sender.next(base::as_bytes(whole));
                const auto got = receiver.on_block(piece.block, piece.bytes, 42, limit);
                body += base::as_text(got.bytes);
                const auto code = got.kind == Received::last ? Code::changed : got.code;
                const auto answer = Message(ACK, code).block1(piece.block.number, piece.block.more, piece.block.size());
                step = sender.on_response(answer.view(), whole.size());
                ASSERT_NE(step, Sent::broken);
            }
            EXPECT_TRUE(receiver.complete());
            EXPECT_EQ(body, whole);
        }
    }
}

}  // namespace
}  // namespace coap
