// Block: the option value, places in a body, fingerprints (RFC 7959 2.1, 2.2).
#include "coap/block.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/support/hex.h"
#include "tests/support/message.h"

namespace coap {
namespace {

using support::hex;

// RFC 7959 2.1, 2.2: 4, 12 or 20 bits of number, M, SZX.
TEST(Block, ReadsOneTwoAndThreeBytes) {
    EXPECT_EQ(decode_block({}), (Block{0, false, 0}));
    EXPECT_EQ(decode_block(hex("06")), (Block{0, false, 6}));
    EXPECT_EQ(decode_block(hex("0e")), (Block{0, true, 6}));
    EXPECT_EQ(decode_block(hex("f3")), (Block{15, false, 3}));
    EXPECT_EQ(decode_block(hex("01 0a")), (Block{16, true, 2}));
    EXPECT_EQ(decode_block(hex("ff fe")), (Block{4095, true, 6}));
    EXPECT_EQ(decode_block(hex("ff ff f6")), (Block{max_block_number, false, 6}));
}

TEST(Block, RefusesExponentSevenAndLongValues) {
    EXPECT_FALSE(decode_block(hex("07")));
    EXPECT_FALSE(decode_block(hex("0f")));
    EXPECT_FALSE(decode_block(hex("ff ff ff")));
    EXPECT_FALSE(decode_block(hex("00 00 00 06")));
}

TEST(Block, EveryValueOfThreeBytesComesBack) {
    for (std::uint32_t value = 0; value < 1u << 24; value += 1 + value / 64) {
        const std::uint8_t bytes[] = {static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 8),
                                      static_cast<std::uint8_t>(value)};
        const auto block = decode_block(bytes);
        ASSERT_EQ(block.has_value(), (value & 7) != 7) << value;
        if (block) {
            EXPECT_EQ(encode_block(*block), value);
        }
    }
}

TEST(Block, IsFoundInAMessage) {
    using support::Message;
    const auto message = Message(support::CON, Code::put).block1(2, 1, 128);
    const auto block1 = find_block(message.view(), OptionNumber::block1);
    ASSERT_TRUE(block1);
    EXPECT_EQ(**block1, (Block{2, true, 3}));
    EXPECT_EQ(*find_block(message.view(), OptionNumber::block2), std::nullopt);
    const auto reserved = Message(support::CON, Code::put).uint(OptionNumber::block1, 7);
    EXPECT_FALSE(find_block(reserved.view(), OptionNumber::block1));
}

TEST(Block, KeepsItsPlaceInSmallerBlocks) {
    EXPECT_EQ(in_blocks_of({1, true, 3}, 1), (Block{4, true, 1}));  // RFC 7959 figure 8: 128 bytes on, in blocks of 32
    EXPECT_EQ(in_blocks_of({1, false, 3}, 3), (Block{1, false, 3}));
    EXPECT_EQ(in_blocks_of({1, false, 3}, 6), (Block{1, false, 3}));
}

TEST(Slice, CutsABodyIntoBlocks) {
    const auto body = support::body_of(300);
    const auto first = slice(base::as_bytes(body), {0, false, 3});
    EXPECT_EQ(base::as_text(first->bytes), body.substr(0, 128));
    EXPECT_EQ(first->block, (Block{0, true, 3}));
    const auto last = slice(base::as_bytes(body), {2, false, 3});
    EXPECT_EQ(base::as_text(last->bytes), body.substr(256));
    EXPECT_EQ(last->block, (Block{2, false, 3}));
}

TEST(Slice, HasNoPlaceBehindTheEnd) {
    const auto body = support::body_of(256);
    EXPECT_FALSE(slice(base::as_bytes(body), {1, false, 3})->block.more);
    EXPECT_FALSE(slice(base::as_bytes(body), {2, false, 3}));
    EXPECT_FALSE(slice(base::as_bytes(body), {max_block_number, false, 6}));
    EXPECT_FALSE(slice(base::as_bytes(body), {max_block_number + 1, false, 0}));
}

TEST(Slice, AnEmptyBodyHasOneEmptyBlock) {
    EXPECT_TRUE(slice({}, {0, false, 6})->bytes.empty());
    EXPECT_FALSE(slice({}, {0, false, 6})->block.more);
    EXPECT_FALSE(slice({}, {1, false, 0}));
}

TEST(Slice, AllSlicesTogetherAreTheBody) {
    EXPECT_TRUE(rc::check("slices join to the body", [](const std::string& seed) {
        const auto body = support::body_of(seed.size() * 17);
        const auto szx = static_cast<std::uint8_t>(*rc::gen::inRange(0, 7));
        std::string joined;
        for (std::uint32_t number = 0;; ++number) {
            const auto piece = slice(base::as_bytes(body), {number, false, szx});
            RC_ASSERT(piece.has_value());
            joined += base::as_text(piece->bytes);
            if (!piece->block.more) break;
        }
        RC_ASSERT(joined == body);
    }));
}

TEST(Fingerprint, TellsBodiesApart) {
    const auto body = support::body_of(100);
    const auto print = fingerprint(base::as_bytes(body));
    EXPECT_EQ(fingerprint(base::as_bytes(std::string(body))), print);
    for (std::size_t i = 0; i < body.size(); ++i) {
        auto other = body;
        other[i] = static_cast<char>(other[i] ^ 1);
        EXPECT_NE(fingerprint(base::as_bytes(other)), print) << i;
        EXPECT_NE(fingerprint(base::as_bytes(body.substr(0, i))), print) << i;
    }
    EXPECT_NE(fingerprint(hex("00")), fingerprint(hex("00 00")));
}

TEST(Fingerprint, IsWrittenAsAnETagOfEightBytes) {
    std::vector<std::uint8_t> memory(64);
    base::Writer out(memory);
    MessageWriter writer(out, {.code = Code::content});
    write_etag(writer, 0x0102030405060708);
    EXPECT_EQ(base::to_hex(parse(out.written())->find(OptionNumber::etag)->value), "0102030405060708");
}

}  // namespace
}  // namespace coap
