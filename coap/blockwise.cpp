#include "coap/blockwise.h"

#include <algorithm>

#include "simulator/base/check.h"

namespace coap {
namespace {

// RFC 7959 2.2: all blocks but the last are of exactly the size that they name.
bool filled_rightly(const Block& block, base::Bytes payload) {
    return block.more ? payload.size() == block.size() : payload.size() <= block.size();
}

}  // namespace

Block1Receiver::Step Block1Receiver::on_block(const Block& block, base::Bytes payload, std::uint32_t content_format,
                                              std::uint64_t limit) {
    const auto refuse = [](Code code) { return Step{.kind = Step::Kind::refused, .code = code}; };
    if (!filled_rightly(block, payload)) return refuse(Code::bad_request);
    if (block.number == 0) *this = {};  // RFC 7959 2.5: block 0 begins a new transfer, whatever there was
    if (block.number != 0 && (!started_ || content_format != content_format_)) {
        return refuse(Code::request_entity_incomplete);
    }
    const bool again = started_ && block.offset() + payload.size() == length_ && payload.size() == last_size_;
    if (again && complete_ != block.more) {
        return {.kind = Step::Kind::repeated, .code = complete_ ? final_code_ : Code::continue_};
    }
    if (complete_ || block.offset() != length_) return refuse(Code::request_entity_incomplete);
    if (length_ + payload.size() > limit) {
        *this = {};
        return refuse(Code::request_entity_too_large);
    }
    started_ = true;
    content_format_ = content_format;
    length_ += payload.size();
    last_size_ = static_cast<std::uint32_t>(payload.size());
    complete_ = !block.more;
    return {.kind = block.more ? Step::Kind::next : Step::Kind::last,
            .code = block.more ? Code::continue_ : Code::empty,
            .bytes = payload,
            .from_start = block.number == 0};
}

Block1Sender Block1Sender::unpack(std::uint32_t packed) {
    Block1Sender sender(static_cast<std::uint8_t>(packed & 7));
    sender.restarted_ = (packed & 8) != 0;
    sender.offset_ = packed >> 4 << 4;
    return sender;
}

Slice Block1Sender::next(base::Bytes body) const {
    const auto number = static_cast<std::uint32_t>(offset_ >> (szx_ + 4));
    const auto found = slice(body, {.number = number, .more = false, .szx = szx_});
    CHECK(found);
    return *found;
}

Block1Sender::Step Block1Sender::on_response(const MessageView& response, std::size_t body_size) {
    const auto block = find_block(response, OptionNumber::block1);
    if (!block) return Step::broken;
    const std::uint64_t end = std::min<std::uint64_t>(offset_ + (16u << szx_), body_size);
    if (response.code == Code::request_entity_too_large && *block && (*block)->szx < szx_)
        return restart((*block)->szx);
    if (response.code == Code::request_entity_incomplete && offset_ != 0 && !restarted_) {
        restarted_ = true;
        return restart(szx_);
    }
    if (end == body_size) return response.code == Code::continue_ ? Step::broken : Step::answered;
    if (!is_success(response.code)) return Step::answered;

    // RFC 7959 2.3: 2.31, or another success that a server gives for each block by itself; the option must answer the
    // block that was sent.
    if (!*block || (*block)->number != offset_ >> (szx_ + 4)) return Step::broken;
    const std::uint8_t szx = std::min((*block)->szx, szx_);
    if (end >> (szx + 4) > max_block_number) return Step::broken;
    offset_ = end;
    szx_ = szx;
    return Step::next;
}

Block1Sender::Step Block1Sender::restart(std::uint8_t szx) {
    offset_ = 0;
    szx_ = szx;
    return Step::next;
}

Block2Fetcher::Step Block2Fetcher::on_response(const MessageView& response, std::uint64_t limit) {
    using Kind = Step::Kind;
    const auto block = find_block(response, OptionNumber::block2);
    if (!block) return {};
    if (!is_success(response.code)) return offset_ == 0 ? Step{Kind::complete, response.payload} : Step{};
    if (!*block) {
        const bool whole = offset_ == 0 && response.payload.size() <= limit;
        return whole ? Step{Kind::complete, response.payload} : Step{};
    }
    const auto option = response.find(OptionNumber::etag);
    const Token etag = option ? Token(option->value) : Token();
    if (offset_ == 0) etag_ = etag;
    if (!(etag == etag_)) {
        // RFC 7959 2.4: blocks of different representations must not be put together.
        if (restarts_ == max_restarts) return {};
        ++restarts_;
        offset_ = 0;
        return {Kind::restart, {}};
    }
    return take(**block, response.payload, limit);
}

Block2Fetcher::Step Block2Fetcher::take(const Block& block, base::Bytes payload, std::uint64_t limit) {
    if (block.offset() != offset_ || !filled_rightly(block, payload)) return {};
    if (offset_ != 0 && block.szx > szx_) return {};  // RFC 7959 2.4: the size asked for, or a smaller one
    if (offset_ + payload.size() > limit) return {};
    if (block.more && block.number == max_block_number) return {};
    szx_ = block.szx;
    offset_ += payload.size();
    return {block.more ? Step::Kind::next : Step::Kind::complete, payload};
}

Block2Answer answer_block2(base::Bytes body, const std::optional<Block>& wanted, std::uint8_t szx) {
    if (!wanted && body.size() <= (16u << szx)) return {.bytes = body};
    const Block block = in_blocks_of(wanted.value_or(Block{.number = 0, .more = false, .szx = szx}), szx);
    const auto piece = slice(body, block);
    if (!piece) return {.code = Code::bad_option};
    Block2Answer answer{.bytes = piece->bytes, .block2 = piece->block};
    if (block.number == 0 && piece->block.more) answer.size2 = static_cast<std::uint32_t>(body.size());
    return answer;
}

}  // namespace coap
