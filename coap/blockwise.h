// Blockwise: where one transfer of a body in blocks stands (RFC 7959), without the body: each step says which bytes are
// new, and whoever wants them keeps them. Three plain values: Block1Receiver for a server, Block1Sender and
// Block2Fetcher for a client. The fourth role, a server that answers with Block2, has no state but the body:
// `answer_block2`. BlockTransfers (block_transfers.h) is a bounded store of transfers with their bodies.
#pragma once

#include "coap/block.h"

namespace coap {

// A server that is sent a body by Block1, in order. Digest and length of a firmware image, or its bytes, are the
// caller's affair.
class Block1Receiver {
public:
    struct Step {
        enum class Kind : std::uint8_t {
            next,      // `bytes` are the next of the body; answer 2.31
            last,      // `bytes` end the body: do what was asked, answer with its code, and `finish` with it
            repeated,  // seen already; answer `code` again
            refused,   // answer `code`; the transfer goes on only from block 0
        };
        Kind kind = Kind::refused;
        Code code = Code::bad_request;
        base::Bytes bytes;
        bool from_start = false;  // `bytes` are the first: forget what there was
    };

    // `content_format`: the value of the option, or no_format. `limit`: the longest body that is taken. Refusals: 4.00
    // for a block that is not filled though more follow, or longer than it says; 4.08 for a gap or another
    // Content-Format (RFC 7959 2.9.2); 4.13 over the limit (2.9.3).
    Step on_block(const Block& block, base::Bytes payload, std::uint32_t content_format, std::uint64_t limit);
    // The code that answered the last block: what a repeated last block is answered with.
    void finish(Code code) { final_code_ = code; }

    std::uint64_t length() const { return length_; }
    bool complete() const { return complete_; }

    static constexpr std::uint32_t no_format = 0xffffffff;

private:
    std::uint64_t length_ = 0;  // bytes so far
    std::uint32_t content_format_ = no_format;
    std::uint32_t last_size_ = 0;  // bytes of the block taken last
    Code final_code_ = Code::empty;
    bool started_ = false;
    bool complete_ = false;
};

// A client that sends a body by Block1. The body stays with the caller and must not change on the way.
class Block1Sender {
public:
    explicit Block1Sender(std::uint8_t szx = max_szx) : szx_(szx) {}
    // The whole state in 32 bits, for an owner that keeps no more than that with its exchange, and back.
    std::uint32_t pack() const { return static_cast<std::uint32_t>(offset_ >> 4) << 4 | (restarted_ ? 8u : 0u) | szx_; }
    static Block1Sender unpack(std::uint32_t packed);

    // The block to send now: the same one until `on_response` says `next`. REQUIRES: offset() < body.size(), or both 0.
    Slice next(base::Bytes body) const;

    enum class Step : std::uint8_t {
        next,      // send `next()`
        answered,  // the response is the answer to the whole request, good or bad
        broken,    // the server does not keep to RFC 7959: give up
    };
    // Follows a smaller block size in any response, begins again with smaller blocks after 4.13 (RFC 7959 2.9.3), and
    // once after 4.08.
    Step on_response(const MessageView& response, std::size_t body_size);

    std::uint64_t offset() const { return offset_; }

private:
    Step restart(std::uint8_t szx);

    std::uint64_t offset_ = 0;  // a multiple of 16, below 2^30
    std::uint8_t szx_;
    bool restarted_ = false;  // after 4.08
};

// A client that fetches a body by Block2, from the first response on (a notification's too: RFC 7959 2.6; the rest is
// then fetched without Observe and by another token).
class Block2Fetcher {
public:
    struct Step {
        enum class Kind : std::uint8_t {
            complete,  // `bytes` end the body; an error response is complete by itself
            next,      // `bytes` are the next of the body; ask for `next()`
            restart,   // the body has changed meanwhile: forget what there was, ask for `next()`, block 0
            broken,    // no use to ask on; the response's code may say why
        };
        Kind kind = Kind::broken;
        base::Bytes bytes;
    };
    Step on_response(const MessageView& response, std::uint64_t limit);

    // The Block2 option of the next request.
    Block next() const {
        return {.number = static_cast<std::uint32_t>(offset_ >> (szx_ + 4)), .more = false, .szx = szx_};
    }
    std::uint64_t offset() const { return offset_; }

    static constexpr std::uint8_t max_restarts = 3;

private:
    Step take(const Block& block, base::Bytes payload, std::uint64_t limit);

    std::uint64_t offset_ = 0;
    Token etag_;
    std::uint8_t szx_ = max_szx;
    std::uint8_t restarts_ = 0;
};

// A server's answer out of a body that it has, or has made anew.
struct Block2Answer {
    Code code = Code::content;           // or 4.02: `wanted` lies behind the end
    base::Bytes bytes;                   // the payload
    std::optional<Block> block2;         // the option to answer with; none for a small body that was asked for without
    std::optional<std::uint32_t> size2;  // with block 0 of several (RFC 7959 4)
};
// `wanted`: the Block2 option of the request; its M bit is ignored (RFC 7959 2.3). `szx`: the largest blocks that we
// send.
Block2Answer answer_block2(base::Bytes body, const std::optional<Block>& wanted, std::uint8_t szx = max_szx);

}  // namespace coap
