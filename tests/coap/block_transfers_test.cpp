// BlockTransfers: many transfers at once, within stated limits (RFC 7959; the limits are ours).
#include "coap/block_transfers.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/message.h"

namespace coap {
namespace {

using namespace std::chrono_literals;
using support::ACK;
using support::body_of;
using support::CON;
using support::Message;

using Keep = BlockTransfers::Keep;
using Whole = BlockTransfers::Received::Kind;
using Fetched = Block2Fetcher::Step::Kind;

class Transfers : public testing::Test {
protected:
    // Sends `whole` in blocks of `size`, up to block `until`; the result is that of the last block sent.
    BlockTransfers::Received put(BlockTransfers& transfers, TransferKey to, const std::string& whole, unsigned size,
                                 unsigned until = 1000, Keep keep = Keep::bytes) {
        BlockTransfers::Received received;
        for (unsigned number = 0; number <= until && number * size < whole.size(); ++number) {
            const auto piece = whole.substr(number * size, size);
            const bool more = (number + 1) * size < whole.size();
            request = Message(CON, Code::put).path("/5/0/0").block1(number, more, size).payload(piece);
            received = transfers.receive(now, to, request.view(), keep);
        }
        return received;
    }

    base::Time now{};
    Message request{CON, Code::put};
    const TransferKey key{.peer = 1, .resource = 5};
    const std::string body = body_of(300);
};

TEST_F(Transfers, PutABodyTogether) {
    BlockTransfers transfers({});
    EXPECT_EQ(put(transfers, key, body, 128, 0).code, Code::continue_);
    const auto whole = put(transfers, key, body, 128);
    ASSERT_EQ(whole.kind, Whole::whole);
    EXPECT_EQ(base::as_text(whole.body), body);
    EXPECT_EQ(whole.length, 300u);
    EXPECT_EQ(whole.block1, (Block{2, false, 3}));
    transfers.finish(now, key, Code::changed);
    EXPECT_EQ(transfers.counters().completed, 1u);
}

TEST_F(Transfers, ARequestWithoutTheOptionIsWhole) {
    BlockTransfers transfers({.body_bytes = 10});
    request.payload("0123456789");
    const auto whole = transfers.receive(now, key, request.view());
    EXPECT_EQ(whole.kind, Whole::whole);
    EXPECT_EQ(base::as_text(whole.body), "0123456789");
    EXPECT_FALSE(whole.block1);
    EXPECT_EQ(transfers.in_use(), 0u);
    request.payload("0123456789a");
    const auto refused = transfers.receive(now, key, request.view());
    EXPECT_EQ(refused.code, Code::request_entity_too_large);
    EXPECT_EQ(refused.size1, 10u);
}

// RFC 7959 3.2, figure 9: the server asks for smaller blocks in its first answer.
TEST_F(Transfers, AskForSmallerBlocks) {
    BlockTransfers transfers({.szx = 1});
    const auto first = put(transfers, key, body, 128, 0);
    EXPECT_EQ(first.code, Code::continue_);
    EXPECT_EQ(first.block1, (Block{0, true, 1}));
}

TEST_F(Transfers, DigestABodyWithoutKeepingIt) {
    BlockTransfers transfers({.total_bytes = 0});
    const auto image = body_of(100'000);
    const auto whole = put(transfers, key, image, 1024, 1000, Keep::digest);
    ASSERT_EQ(whole.kind, Whole::whole);
    EXPECT_EQ(whole.length, 100'000u);
    EXPECT_EQ(transfers.bytes_held(), 0u);
    auto other = image;
    other[50'000] = '!';
    EXPECT_NE(put(transfers, {2, 5}, other, 1024, 1000, Keep::digest).digest, whole.digest);
    EXPECT_EQ(put(transfers, {3, 5}, image, 1024, 1000, Keep::digest).digest, whole.digest);
}

// One execution for one body, though the answer to its last block was lost and a client sends that again by another
// message id.
TEST_F(Transfers, ARepeatedLastBlockIsAnsweredByTheSameCode) {
    BlockTransfers transfers({});
    put(transfers, key, body, 128);
    transfers.finish(now, key, Code::changed);
    const auto again = transfers.receive(now, key, request.view());
    EXPECT_EQ(again.kind, Whole::answer);
    EXPECT_EQ(again.code, Code::changed);
    now += 247s;
    EXPECT_EQ(transfers.receive(now, key, request.view()).code, Code::request_entity_incomplete);
}

TEST_F(Transfers, PeersAndResourcesDoNotMeet) {
    BlockTransfers transfers({});
    put(transfers, {1, 5}, body, 128, 1);
    put(transfers, {2, 5}, body, 128, 0);
    EXPECT_EQ(base::as_text(put(transfers, {1, 6}, body, 128).body), body);
    request = Message(CON, Code::put).block1(1, true, 128).payload(body.substr(128, 128));
    EXPECT_EQ(transfers.receive(now, {2, 6}, request.view()).code, Code::request_entity_incomplete);
    EXPECT_EQ(transfers.receive(now, {2, 5}, request.view()).code, Code::continue_);
}

// RFC 7959 2.5, RFC 9175 3.3.
TEST_F(Transfers, AreToldApartByWhatIsAsked) {
    const auto of = [](const Message& message) { return resource_of(message.view()); };
    const auto put53 = of(Message(CON, Code::put).path("/5/3"));
    EXPECT_EQ(put53, of(Message(CON, Code::put).path("/5/3").block1(4, true, 64).format(42).id(7).token("01")));
    EXPECT_NE(put53, of(Message(CON, Code::post).path("/5/3")));
    EXPECT_NE(put53, of(Message(CON, Code::put).path("/53")));
    EXPECT_NE(put53, of(Message(CON, Code::put).path("/5").query("3")));
    EXPECT_NE(put53, of(Message(CON, Code::put).path("/5/3").option(OptionNumber::request_tag, "a")));
    EXPECT_NE(put53, of(Message(CON, Code::put).path("/5/3").uint(OptionNumber::accept, 112)));
}

TEST_F(Transfers, AnotherRequestTagFindsNoBlocks) {
    BlockTransfers transfers({});
    const auto send = [&](unsigned number, std::string_view tag) {
        request =
            Message(CON, Code::put).option(OptionNumber::request_tag, tag).block1(number, 1, 16).payload(body_of(16));
        return transfers.receive(now, {1, resource_of(request.view())}, request.view()).code;
    };
    EXPECT_EQ(send(0, "a"), Code::continue_);
    EXPECT_EQ(send(1, "b"), Code::request_entity_incomplete);
    EXPECT_EQ(send(1, "a"), Code::continue_);
}

// RFC 7959 2.9.3.
TEST_F(Transfers, RefuseMoreThanTheLimit) {
    BlockTransfers transfers({.body_bytes = 200});
    const auto refused = put(transfers, key, body, 128, 1);
    EXPECT_EQ(refused.code, Code::request_entity_too_large);
    EXPECT_EQ(refused.size1, 200u);
    EXPECT_EQ(refused.block1, (Block{1, true, 3}));
    EXPECT_EQ(transfers.in_use(), 0u);
    request = Message(CON, Code::put).block1(0, true, 128).uint(OptionNumber::size1, 300).payload(body.substr(0, 128));
    EXPECT_EQ(transfers.receive(now, key, request.view()).code, Code::request_entity_too_large);
    EXPECT_EQ(transfers.counters().too_large, 2u);
}

TEST_F(Transfers, RefuseAnExponentOfSeven) {
    BlockTransfers transfers({});
    request.uint(OptionNumber::block1, 7).payload("x");
    EXPECT_EQ(transfers.receive(now, key, request.view()).code, Code::bad_request);
}

TEST_F(Transfers, AFullStoreRefusesAndCounts) {
    BlockTransfers transfers({.transfers = 2});
    EXPECT_EQ(put(transfers, {1, 5}, body, 128, 0).code, Code::continue_);
    EXPECT_EQ(put(transfers, {2, 5}, body, 128, 0).code, Code::continue_);
    EXPECT_EQ(put(transfers, {3, 5}, body, 128, 0).code, Code::service_unavailable);
    EXPECT_EQ(transfers.counters().no_room, 1u);
    now += 247s;
    EXPECT_EQ(put(transfers, {3, 5}, body, 128, 0).code, Code::continue_);
    EXPECT_EQ(transfers.counters().expired, 2u);
}

TEST_F(Transfers, CompleteOnesMakeRoom) {
    BlockTransfers transfers({.transfers = 1});
    put(transfers, {1, 5}, body, 128);
    transfers.finish(now, {1, 5}, Code::changed);
    EXPECT_EQ(put(transfers, {2, 5}, body, 128).kind, Whole::whole);
    EXPECT_EQ(transfers.counters().no_room, 0u);
}

TEST_F(Transfers, BodiesTogetherHaveALimit) {
    BlockTransfers transfers({.total_bytes = 64 * 1024});
    for (std::uint64_t peer = 0; peer < 200; ++peer) put(transfers, {peer, 5}, body_of(20'000), 1024, 18);
    EXPECT_LE(transfers.bytes_held(), 64u * 1024);
    EXPECT_GT(transfers.counters().no_room, 0u);
    now += 247s;
    transfers.expire(now);
    EXPECT_EQ(transfers.in_use(), 0u);
    EXPECT_LE(transfers.bytes_held(), 64u * 1024 / 8 + 4096);
    EXPECT_EQ(put(transfers, key, body_of(20'000), 1024).kind, Whole::whole);
}

// DTLS reassembly memory, CVE-2014-3506, in its CoAP form: first blocks that announce much and never go on.
TEST_F(Transfers, TenThousandFirstBlocksOfABigBodyAreBounded) {
    BlockTransfers transfers({});
    for (std::uint64_t peer = 0; peer < 10'000; ++peer) {
        request =
            Message(CON, Code::put).block1(0, true, 1024).uint(OptionNumber::size1, 1 << 20).payload(body_of(1024));
        transfers.receive(now, {peer, 5}, request.view());
    }
    EXPECT_EQ(transfers.in_use(), 1024u);
    EXPECT_LE(transfers.bytes_held(), 2u * 1024 * 1024);
}

TEST_F(Transfers, EndWhenNothingCame) {
    BlockTransfers transfers({});
    put(transfers, key, body, 128, 0);
    EXPECT_EQ(transfers.next_expiry(), now + 247s);
    now += 246s;
    request = Message(CON, Code::put).block1(1, true, 128).payload(body.substr(128, 128));
    EXPECT_EQ(transfers.receive(now, key, request.view()).code, Code::continue_);
    EXPECT_EQ(transfers.next_expiry(), now + 247s);
    now += 247s;
    transfers.expire(now);
    EXPECT_EQ(transfers.in_use(), 0u);
    EXPECT_EQ(transfers.next_expiry(), base::never);
}

// --- serve ----

TEST_F(Transfers, HoldABodyStillWhileItIsFetched) {
    BlockTransfers transfers({});
    const auto first = transfers.serve(now, key, base::as_bytes(body), 112, Block{0, false, 3});
    EXPECT_EQ(first.answer.block2, (Block{0, true, 3}));
    EXPECT_EQ(first.answer.size2, 300u);
    const auto second = transfers.serve_held(now, key, {1, false, 3});
    ASSERT_TRUE(second);
    EXPECT_EQ(base::as_text(second->answer.bytes), body.substr(128, 128));
    EXPECT_EQ(second->etag, first.etag);
    EXPECT_EQ(second->content_format, 112u);
    const auto third = transfers.serve_held(now, key, {2, false, 3});
    EXPECT_EQ(third->answer.block2, (Block{2, false, 3}));
    EXPECT_EQ(base::as_text(transfers.serve_held(now, key, {2, false, 3})->answer.bytes), body.substr(256));
    EXPECT_EQ(transfers.counters().completed, 1u);
}

TEST_F(Transfers, ServeASmallBodyWithoutHoldingIt) {
    BlockTransfers transfers({});
    const auto served = transfers.serve(now, key, base::as_bytes("22.3"), 0, std::nullopt);
    EXPECT_FALSE(served.answer.block2);
    EXPECT_EQ(transfers.in_use(), 0u);
    EXPECT_FALSE(transfers.serve_held(now, key, {1, false, 6}));
}

TEST_F(Transfers, BlockZeroWantsAFreshBody) {
    BlockTransfers transfers({});
    transfers.serve(now, key, base::as_bytes(body), 0, Block{0, false, 3});
    EXPECT_FALSE(transfers.serve_held(now, key, {0, false, 3}));
    const auto other = body_of(400) + "!";
    const auto fresh = transfers.serve(now, key, base::as_bytes(other), 0, Block{0, false, 3});
    EXPECT_EQ(transfers.serve_held(now, key, {1, false, 3})->etag, fresh.etag);
    EXPECT_EQ(transfers.in_use(), 1u);
}

TEST_F(Transfers, BehindTheEndOfAHeldBodyIsABadOption) {
    BlockTransfers transfers({});
    transfers.serve(now, key, base::as_bytes(body), 0, Block{0, false, 3});
    EXPECT_EQ(transfers.serve_held(now, key, {3, false, 3})->answer.code, Code::bad_option);
}

TEST_F(Transfers, ABodyThatCannotBeHeldIsServedAllTheSame) {
    BlockTransfers transfers({.transfers = 0});
    EXPECT_EQ(transfers.serve(now, key, base::as_bytes(body), 0, Block{0, false, 3}).answer.block2,
              (Block{0, true, 3}));
    EXPECT_FALSE(transfers.serve_held(now, key, {1, false, 3}));
    EXPECT_EQ(transfers.serve(now, key, base::as_bytes(body), 0, Block{1, false, 3}).answer.block2,
              (Block{1, true, 3}));
    EXPECT_EQ(transfers.counters().no_room, 2u);
}

// --- fetch ----

TEST_F(Transfers, FetchABody) {
    BlockTransfers transfers({});
    const auto first = Message(ACK, Code::content).etag("aa").block2(0, 1, 128).payload(body.substr(0, 128));
    const auto step = transfers.fetch(now, key, first.view());
    EXPECT_EQ(step.kind, Fetched::next);
    EXPECT_EQ(step.ask, (Block{1, false, 3}));
    const auto second = Message(ACK, Code::content).etag("aa").block2(1, 1, 128).payload(body.substr(128, 128));
    transfers.fetch(now, key, second.view());
    const auto third = Message(ACK, Code::content).etag("aa").block2(2, 0, 128).payload(body.substr(256));
    const auto whole = transfers.fetch(now, key, third.view());
    EXPECT_EQ(whole.kind, Fetched::complete);
    EXPECT_EQ(base::as_text(whole.body), body);
    EXPECT_EQ(transfers.in_use(), 0u);
    EXPECT_EQ(transfers.fetch(now, key, first.view()).kind, Fetched::next) << "and once more";
}

TEST_F(Transfers, FetchAResponseInOnePiece) {
    BlockTransfers transfers({.transfers = 0});
    const auto response = Message(ACK, Code::content).payload("22.3 C");
    const auto whole = transfers.fetch(now, key, response.view());
    EXPECT_EQ(whole.kind, Fetched::complete);
    EXPECT_EQ(base::as_text(whole.body), "22.3 C");
}

TEST_F(Transfers, FetchAgainWhatHasChanged) {
    BlockTransfers transfers({});
    const auto piece = [&](const char* etag, unsigned number, bool more, std::string_view bytes) {
        const auto message = Message(ACK, Code::content).etag(etag).block2(number, more, 16).payload(bytes);
        return transfers.fetch(now, key, message.view());
    };
    piece("aa", 0, true, body_of(16));
    const auto restart = piece("bb", 1, true, body_of(16));
    EXPECT_EQ(restart.kind, Fetched::restart);
    EXPECT_EQ(restart.ask, (Block{0, false, 0}));
    piece("bb", 0, true, "0123456789abcdef");
    EXPECT_EQ(base::as_text(piece("bb", 1, false, "!").body), "0123456789abcdef!");
}

TEST_F(Transfers, ABrokenFetchLeavesNothing) {
    BlockTransfers transfers({});
    const auto first = Message(ACK, Code::content).block2(0, 1, 16).payload(body_of(16));
    transfers.fetch(now, key, first.view());
    EXPECT_EQ(transfers.fetch(now, key, first.view()).kind, Fetched::broken);
    EXPECT_EQ(transfers.in_use(), 0u);
    transfers.fetch(now, key, first.view());
    transfers.drop_fetch(key);
    EXPECT_EQ(transfers.in_use(), 0u);
}

TEST_F(Transfers, TheThreeUsesDoNotMeet) {
    BlockTransfers transfers({});
    put(transfers, key, body, 128, 0);
    transfers.serve(now, key, base::as_bytes(body_of(500)), 0, Block{0, false, 3});
    const auto first = Message(ACK, Code::content).block2(0, 1, 16).payload(body_of(16));
    transfers.fetch(now, key, first.view());
    EXPECT_EQ(transfers.in_use(), 3u);
    EXPECT_EQ(base::as_text(put(transfers, key, body, 128).body), body);
}

// Any mix of use keeps the limits, the counts, and the bodies of others.
TEST_F(Transfers, ARandomMixStaysWithinItsLimits) {
    const auto longest = body_of(6000);
    for (unsigned seed = 0; seed < 10; ++seed) {
        std::mt19937 engine(seed);
        const auto random = [&](unsigned below) { return static_cast<unsigned>(engine() % below); };
        BlockTransfers transfers({.transfers = 16, .body_bytes = 4096, .total_bytes = 16 * 1024, .lifetime = 100s});
        now = {};
        for (int step = 0; step < 1000; ++step) {
            now += std::chrono::seconds(random(20));
            const TransferKey one{random(24), 1};
            const auto size = 16u << random(7);
            const auto text = longest.substr(random(6000));
            switch (random(5)) {
                case 0:
                case 1: {
                    const auto received = put(transfers, one, text, size, random(8));
                    ASSERT_TRUE(received.kind != Whole::whole || base::as_text(received.body) == text) << seed;
                    if (random(2) == 0) transfers.finish(now, one, Code::changed);
                    break;
                }
                case 2: transfers.serve(now, one, base::as_bytes(text), 0, Block{0, false, 2}); break;
                case 3: transfers.serve_held(now, one, {random(9), false, 2}); break;
                default: {
                    const auto number = random(4);
                    const auto response =
                        Message(ACK, Code::content).block2(number, random(4), 16).payload(body_of(16));
                    transfers.fetch(now, one, response.view());
                }
            }
            ASSERT_LE(transfers.in_use(), 16u);
            ASSERT_LE(transfers.bytes_held(), 20u * 1024)
                << seed;  // the last body fetched changes places with one of the store
        }
        transfers.expire(now + 100s);
        EXPECT_EQ(transfers.in_use(), 0u);
    }
}

}  // namespace
}  // namespace coap
