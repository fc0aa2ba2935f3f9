// Block: the value of a Block1 or Block2 option, and the piece of a body that it names (RFC 7959 2.1, 2.2).
//
//   | NUM: 4, 12 or 20 bits | M: 1 bit | SZX: 3 bits |      0 to 3 bytes; a block has 2^(SZX+4) bytes
#pragma once

#include <optional>

#include "coap/message.h"

namespace coap {

inline constexpr std::uint8_t max_szx = 6;  // 1024 bytes; 7 is reserved on UDP (RFC 7959 2.2)
inline constexpr std::uint32_t max_block_number = (1u << 20) - 1;

struct Block {
    std::uint32_t number = 0;  // at most max_block_number
    bool more = false;
    std::uint8_t szx = max_szx;

    std::uint32_t size() const { return 16u << szx; }
    std::uint64_t offset() const { return std::uint64_t{number} << (szx + 4); }
    friend bool operator==(const Block&, const Block&) = default;
};

// Refuses a value of more than 3 bytes and SZX 7: a request with one is answered 4.00 (RFC 7959 2.2).
base::Result<Block> decode_block(base::Bytes value);
constexpr std::uint32_t encode_block(const Block& block) {
    return block.number << 4 | (block.more ? 8u : 0u) | block.szx;
}

// The Block option of that number, if the message has one; an error where its value is none.
base::Result<std::optional<Block>> find_block(const MessageView& message, OptionNumber number);

// The same place in smaller blocks; `block` itself when its blocks are not larger than those of `szx`. RFC 7959 2.3:
// the place in bytes stays.
Block in_blocks_of(const Block& block, std::uint8_t szx);

// A piece of a body: a view on it, with `block.more` telling whether bytes follow.
struct Slice {
    Block block;
    base::Bytes bytes;
};
// nullopt when the place lies behind the end, or when more than max_block_number blocks would be needed to get there.
// An empty body has an empty block 0.
std::optional<Slice> slice(base::Bytes body, const Block& wanted);

// A fingerprint of a body for its ETag: the same bytes, the same tag; other bytes, another one but for a chance of
// 2^-64. Not against forgers.
std::uint64_t fingerprint(base::Bytes body, std::uint64_t start = 0);
// Writes an ETag of 8 bytes. Options rise: after If-Match and Uri-Host, before Observe.
void write_etag(MessageWriter& writer, std::uint64_t etag);

}  // namespace coap
