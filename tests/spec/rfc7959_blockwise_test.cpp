// RFC 7959 section 3: block-wise transfers over the message layer, with losses. Ours is a server with a BlockTransfers,
// or a client that sends and fetches; the peer is the test. What may go wrong within a transfer is in
// tests/coap/blockwise_test.cpp.
#include "coap/block_transfers.h"
#include "tests/support/lockstep.h"

namespace {

using namespace std::chrono_literals;
using coap::Block;
using coap::Block1Sender;
using coap::Block2Fetcher;
using coap::BlockTransfers;
using support::ACK;
using support::body_of;
using support::CON;
using support::Message;

class Rfc7959Blockwise : public support::Lockstep {
protected:
    // Our server: PUT stores, GET answers with what is stored, in blocks of at most `szx`.
    void serve() {
        const auto request = message();
        const coap::TransferKey key{peer_id, coap::resource_of(request)};
        if (request.code == Code::get) {
            answer_get(key, request);
        } else {
            answer_put(key, request);
        }
    }
    void peer_asks(const Message& request) {
        peer.sends(request);
        if (heard() == Kind::request || heard() == Kind::repeated_request) serve();
    }

    static Message get(std::uint16_t id) { return Message(CON, Code::get).id(id).path("/status"); }
    Message put(std::uint16_t id, unsigned number, unsigned more, unsigned size, const std::string& whole) {
        return Message(CON, Code::put)
            .id(id)
            .path("/options")
            .block1(number, more, size)
            .payload(std::string_view(whole).substr(number * size, size));
    }

    std::string stored;
    unsigned executed = 0;
    BlockTransfers transfers{{.szx = 3}};

private:
    void answer_get(const coap::TransferKey& key, const coap::MessageView& request) {
        const auto wanted = coap::find_block(request, coap::OptionNumber::block2).value();
        auto held = wanted ? transfers.serve_held(now, key, *wanted) : std::nullopt;
        const auto served = held ? *held : transfers.serve(now, key, base::as_bytes(stored), 0, wanted);
        auto response = Message(ACK, served.answer.code).id(request.message_id).token(request.token);
        response.payload(served.answer.bytes);
        if (const auto block = served.answer.block2) {
            response.block2(block->number, block->more, block->size()).etag(base::to_hex(etag_bytes(served.etag)));
        }
        we_send(response);
    }
    void answer_put(const coap::TransferKey& key, const coap::MessageView& request) {
        const auto received = transfers.receive(now, key, request);
        auto code = received.code;
        if (received.kind == BlockTransfers::Received::Kind::whole) {
            stored = base::as_text(received.body);
            ++executed;
            code = Code::changed;
            transfers.finish(now, key, code);
        }
        auto response = Message(ACK, code).id(request.message_id).token(request.token);
        if (received.block1) response.block1(received.block1->number, received.block1->more, received.block1->size());
        we_answer(response);
    }
    static std::vector<std::uint8_t> etag_bytes(std::uint64_t etag) {
        std::vector<std::uint8_t> bytes(8);
        for (auto& byte : bytes) {
            byte = static_cast<std::uint8_t>(etag >> 56);
            etag <<= 8;
        }
        return bytes;
    }
};

// 3.1, figure 2: Simple Block-Wise GET
//
//   CON [MID=1234], GET, /status              ------>
//                        <------   ACK [MID=1234], 2.05 Content, 2:0/1/128
//   CON [MID=1235], GET, /status, 2:1/0/128   ------>
//                        <------   ACK [MID=1235], 2.05 Content, 2:1/1/128
//   CON [MID=1236], GET, /status, 2:2/0/128   ------>
//                        <------   ACK [MID=1236], 2.05 Content, 2:2/0/128
TEST_F(Rfc7959Blockwise, S3_1_Figure2_SimpleGet) {
    stored = body_of(300);
    peer_asks(get(1234));
    peer.expect(ACK, Code::content).id(1234).block2(0, 1, 128).payload(stored.substr(0, 128));
    peer_asks(get(1235).block2(1, 0, 128));
    peer.expect(ACK, Code::content).id(1235).block2(1, 1, 128).payload(stored.substr(128, 128));
    peer_asks(get(1236).block2(2, 0, 128));
    peer.expect(ACK, Code::content).id(1236).block2(2, 0, 128).payload(stored.substr(256));
}

// 3.1, figure 3: early negotiation, 2:0/0/64.
TEST_F(Rfc7959Blockwise, S3_1_Figure3_EarlyNegotiation) {
    stored = body_of(350);
    peer_asks(get(1234).block2(0, 0, 64));
    peer.expect(ACK, Code::content).block2(0, 1, 64);
    for (unsigned number = 1; number < 5; ++number) {
        peer_asks(get(static_cast<std::uint16_t>(1234 + number)).block2(number, 0, 64));
        peer.expect(ACK, Code::content).block2(number, 1, 64).payload(stored.substr(number * 64, 64));
    }
    peer_asks(get(1239).block2(5, 0, 64));
    peer.expect(ACK, Code::content).block2(5, 0, 64).payload(stored.substr(320));
}

// 3.1, figure 4: late negotiation: the answer was in 128, the rest is asked for in 64.
TEST_F(Rfc7959Blockwise, S3_1_Figure4_LateNegotiation) {
    stored = body_of(300);
    peer_asks(get(1234));
    peer.expect(ACK, Code::content).block2(0, 1, 128);
    peer_asks(get(1235).block2(2, 0, 64));
    peer.expect(ACK, Code::content).block2(2, 1, 64).payload(stored.substr(128, 64));
    peer_asks(get(1236).block2(3, 0, 64));
    peer.expect(ACK, Code::content).block2(3, 1, 64);
    peer_asks(get(1237).block2(4, 0, 64));
    peer.expect(ACK, Code::content).block2(4, 0, 64).payload(stored.substr(256));
}

// 3.1, figure 5: late negotiation, and a lost CON: the copy that comes after the timeout is answered as the first would
// have been.
TEST_F(Rfc7959Blockwise, S3_1_Figure5_LostRequest) {
    stored = body_of(300);
    peer_asks(get(1234));
    peer.expect(ACK, Code::content).block2(0, 1, 128);
    after(2s);
    peer_asks(get(1235).block2(2, 0, 64));
    peer.expect(ACK, Code::content).block2(2, 1, 64);
}

// 3.1, figure 6: a lost ACK: the request comes again and gets the same block; the body has changed meanwhile, the held
// one has not.
TEST_F(Rfc7959Blockwise, S3_1_Figure6_LostAck) {
    stored = body_of(300);
    peer_asks(get(1234));
    peer.expect(ACK, Code::content);
    peer_asks(get(1235).block2(2, 0, 64));
    const auto lost = peer.expect(ACK, Code::content).block2(2, 1, 64).bytes();
    stored = "another";
    after(2s);
    peer_asks(get(1235).block2(2, 0, 64));
    peer.expect(ACK, Code::content).same_as(lost);
}

// 3.2, figure 7: Simple Atomic Block-Wise PUT: nothing is stored before the last block.
TEST_F(Rfc7959Blockwise, S3_2_Figure7_AtomicPut) {
    const auto whole = body_of(300);
    peer_asks(put(1234, 0, 1, 128, whole));
    peer.expect(ACK, Code::continue_).id(1234).block1(0, 1, 128);
    peer_asks(put(1235, 1, 1, 128, whole));
    peer.expect(ACK, Code::continue_).id(1235).block1(1, 1, 128);
    EXPECT_EQ(stored, "");
    peer_asks(put(1236, 2, 0, 128, whole));
    peer.expect(ACK, Code::changed).id(1236).block1(2, 0, 128);
    EXPECT_EQ(stored, whole);
}

// The same with every ACK lost once: each block is taken once, the request is done once.
TEST_F(Rfc7959Blockwise, S3_2_Figure7_WithLostAcks) {
    const auto whole = body_of(300);
    for (unsigned number = 0; number < 3; ++number) {
        const auto block = put(static_cast<std::uint16_t>(1234 + number), number, number < 2, 128, whole);
        peer_asks(block);
        const auto lost = peer.expect(ACK, number < 2 ? Code::continue_ : Code::changed).bytes();
        after(2s);
        peer_asks(block);
        EXPECT_EQ(heard(), Kind::repeated);
        peer.expect(ACK, number < 2 ? Code::continue_ : Code::changed).same_as(lost);
    }
    EXPECT_EQ(stored, whole);
    EXPECT_EQ(executed, 1u);
}

// 3.2, figure 9: the server would rather have blocks of 32.
TEST_F(Rfc7959Blockwise, S3_2_Figure9_Negotiation) {
    transfers = BlockTransfers({.szx = 1});
    const auto whole = body_of(200);
    peer_asks(put(1234, 0, 1, 128, whole));
    peer.expect(ACK, Code::continue_).block1(0, 1, 32);
    for (unsigned number = 4; number < 6; ++number) {
        peer_asks(put(static_cast<std::uint16_t>(1231 + number), number, 1, 32, whole));
        peer.expect(ACK, Code::continue_).block1(number, 1, 32);
    }
    peer_asks(put(1237, 6, 0, 32, whole));
    peer.expect(ACK, Code::changed).block1(6, 0, 32);
    EXPECT_EQ(stored, whole);
}

// 2.9.2: a block is missing.
TEST_F(Rfc7959Blockwise, S2_9_2_GapIsIncomplete) {
    const auto whole = body_of(300);
    peer_asks(put(1, 0, 1, 128, whole));
    peer.expect(ACK, Code::continue_);
    peer_asks(put(2, 2, 0, 128, whole));
    peer.expect(ACK, Code::request_entity_incomplete);
    EXPECT_EQ(executed, 0u);
}

// 2.2: SZX 7 is 4.00.
TEST_F(Rfc7959Blockwise, S2_2_ReservedSizeIsABadRequest) {
    peer_asks(Message(CON, Code::put).id(1).path("/options").uint(coap::OptionNumber::block1, 7).payload("x"));
    peer.expect(ACK, Code::bad_request);
}

// Ours: an abandoned transfer ends with EXCHANGE_LIFETIME.
TEST_F(Rfc7959Blockwise, AbandonedTransferEnds) {
    const auto whole = body_of(300);
    peer_asks(put(1, 0, 1, 128, whole));
    peer.expect(ACK, Code::continue_);
    after(247s);
    peer_asks(put(2, 1, 1, 128, whole));
    peer.expect(ACK, Code::request_entity_incomplete);
    EXPECT_EQ(transfers.counters().expired, 1u);
}

// 3.2, figure 7 from the client's side, as a Register with a long object list: 1:0/1/1024 and the rest, each block a
// confirmable request of its own, one of them lost and repeated.
TEST_F(Rfc7959Blockwise, S3_2_ClientSendsALongRequest) {
    const auto whole = body_of(2500);
    Block1Sender sender;
    std::string arrived;
    for (std::uint16_t id = 1;; ++id) {
        const auto piece = sender.next(base::as_bytes(whole));
        we_send(Message(CON, Code::post)
                    .id(id)
                    .token("0a")
                    .path("/rd")
                    .block1(piece.block.number, piece.block.more, piece.block.size())
                    .payload(piece.bytes));
        const auto first = peer.expect(CON, Code::post).bytes();
        after(2s);
        const auto again = peer.expect(CON, Code::post);
        again.same_as(first).block1(id - 1u, id < 3, 1024);
        arrived += base::as_text(again.view().payload);
        const auto code = id < 3 ? Code::continue_ : Code::created;
        peer.sends(Message(ACK, code).id(id).token("0a").block1(id - 1u, id < 3, 1024));
        ASSERT_EQ(heard(), Kind::response);
        const auto step = sender.on_response(message(), whole.size());
        if (step == Block1Sender::Step::answered) break;
        ASSERT_EQ(step, Block1Sender::Step::next);
    }
    EXPECT_EQ(arrived, whole);
}

// 2.6, 3.4, figure 12: an observer gets block 0 in the notification, and fetches the rest by requests without Observe
// and by another token.
//
//                        <------   CON, 2.05 Content, Observe:62444, 2:0/1/128
//   ACK                                        ------>
//   CON, GET, /status, 2:1/0/128, other token  ------>
//                        <------   ACK, 2.05 Content, 2:1/0/128
TEST_F(Rfc7959Blockwise, S3_4_Figure12_ObserverFetchesTheRest) {
    const auto whole = body_of(200);
    const coap::TransferKey key{peer_id, 1};
    peer.sends(Message(CON, Code::content)
                   .id(900)
                   .token("fb")
                   .etag("01")
                   .observe(62444)
                   .block2(0, 1, 128)
                   .payload(whole.substr(0, 128)));
    ASSERT_EQ(heard(), Kind::unmatched_response);
    auto fetched = transfers.fetch(now, key, message());
    we_answer(Message(ACK, Code::empty).id(900));
    peer.expect(ACK, Code::empty).id(900);
    ASSERT_EQ(fetched.kind, Block2Fetcher::Step::Kind::next);
    we_send(
        Message(CON, Code::get).id(1).token("fc").path("/status").block2(fetched.ask.number, 0, fetched.ask.size()));
    peer.expect(CON, Code::get).token("fc").block2(1, 0, 128).without(coap::OptionNumber::observe);
    peer.sends(Message(ACK, Code::content).id(1).token("fc").etag("01").block2(1, 0, 128).payload(whole.substr(128)));
    ASSERT_EQ(heard(), Kind::response);
    fetched = transfers.fetch(now, key, message());
    EXPECT_EQ(fetched.kind, Block2Fetcher::Step::Kind::complete);
    EXPECT_EQ(base::as_text(fetched.body), whole);
}

}  // namespace
