#include "coap/block.h"

#include <algorithm>
#include <array>

#include "simulator/base/check.h"
#include "simulator/base/random.h"

namespace coap {

base::Result<Block> decode_block(base::Bytes value) {
    if (value.size() > 3) return base::fail("Block option of more than 3 bytes");
    std::uint32_t bits = 0;
    for (const auto byte : value) bits = bits << 8 | byte;
    if ((bits & 7) == 7) return base::fail("block size exponent 7 is reserved");
    return Block{.number = bits >> 4, .more = (bits & 8) != 0, .szx = static_cast<std::uint8_t>(bits & 7)};
}

base::Result<std::optional<Block>> find_block(const MessageView& message, OptionNumber number) {
    const auto option = message.find(number);
    if (!option) return std::optional<Block>();
    const auto block = decode_block(option->value);
    if (!block) return tl::unexpected(block.error());
    return std::optional<Block>(*block);
}

Block in_blocks_of(const Block& block, std::uint8_t szx) {
    if (szx >= block.szx) return block;
    return {.number = block.number << (block.szx - szx), .more = block.more, .szx = szx};
}

std::optional<Slice> slice(base::Bytes body, const Block& wanted) {
    CHECK(wanted.szx <= max_szx);
    const std::uint64_t offset = wanted.offset();
    if (wanted.number > max_block_number) return std::nullopt;
    if (offset >= body.size() && offset != 0) return std::nullopt;
    const std::size_t left = body.size() - offset;
    const std::size_t size = std::min<std::size_t>(wanted.size(), left);
    return Slice{.block = {.number = wanted.number, .more = size < left, .szx = wanted.szx},
                 .bytes = body.subspan(offset, size)};
}

std::uint64_t fingerprint(base::Bytes body, std::uint64_t start) {
    std::uint64_t sum = start;
    std::size_t at = 0;
    const auto take = [&](std::size_t size) {
        std::uint64_t word = 0;
        for (std::size_t i = 0; i < size; ++i) word |= std::uint64_t{body[at + i]} << (8 * i);
        at += size;
        sum = base::mix(sum ^ word) + 0x9e3779b97f4a7c15ULL * (size + 1);
    };
    while (body.size() - at >= 8) take(8);
    take(body.size() - at);
    return sum;
}

void write_etag(MessageWriter& writer, std::uint64_t etag) {
    std::array<std::uint8_t, 8> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(etag >> (8 * (7 - i)));
    writer.option(OptionNumber::etag, bytes);
}

}  // namespace coap
