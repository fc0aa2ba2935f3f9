// BlockTransfers: the block-wise transfers of many peers at once, with their bodies (RFC 7959): a bounded store, for
// the device side and the server side.
//
// Three uses, which do not meet each other even for one peer and resource:
//   receive   a server that is sent a body by Block1; kept whole, or only counted and digested (a firmware image)
//   serve     a server that answers by Block2, with the body held still while it is fetched
//   fetch     a client that puts a body together from Block2 responses
//
// Nothing grows past `Limits`: what does not fit is refused and counted. A transfer ends by itself when nothing came
// for `lifetime`; one that is complete stays as long, for a repeated last block, but makes room first. Times come in as
// arguments and must not fall.
#pragma once

#include <array>
#include <vector>

#include "coap/blockwise.h"
#include "simulator/base/slab.h"
#include "simulator/base/time.h"

namespace coap {

// Who and what: `peer` is the owner's number, `resource` says which of the peer's transfers. Two with an equal key are
// one transfer.
struct TransferKey {
    std::uint64_t peer = 0;
    std::uint64_t resource = 0;
    friend bool operator==(const TransferKey&, const TransferKey&) = default;
};
// What makes requests belong to one transfer: method, Uri-Path, Uri-Query, Accept and Request-Tag (RFC 7959 2.4, 2.5;
// RFC 9175 3.3). For FETCH, whose payload counts too, the caller mixes its fingerprint in.
std::uint64_t resource_of(const MessageView& request);

class BlockTransfers {
public:
    struct Limits {
        std::uint32_t transfers = 1024;                       // at once, complete ones included
        std::uint64_t body_bytes = 1u << 20;                  // the longest body
        std::uint64_t total_bytes = 64ull << 20;              // of all bodies together
        base::Duration lifetime = std::chrono::seconds(247);  // EXCHANGE_LIFETIME
        std::uint8_t szx = max_szx;                           // the largest blocks that we ask for and send
    };
    struct Counters {
        std::uint64_t started = 0;
        std::uint64_t completed = 0;
        std::uint64_t expired = 0;    // abandoned by the peer
        std::uint64_t replaced = 0;   // begun again from block 0, or given up by `drop`
        std::uint64_t broken = 0;     // gaps, changed formats, wrong sizes
        std::uint64_t too_large = 0;  // over body_bytes
        std::uint64_t no_room = 0;    // no slot, or over total_bytes
    };

    explicit BlockTransfers(const Limits& limits);

    enum class Keep : std::uint8_t { bytes, digest };

    struct Received {
        enum class Kind : std::uint8_t {
            whole,   // the request is complete: do it, answer with `block1`, and call `finish`
            answer,  // answer `code` with `block1` and `size1`; there is nothing to do
        };
        Kind kind = Kind::answer;
        Code code = Code::empty;
        std::optional<Block> block1;         // the option to answer with
        std::optional<std::uint32_t> size1;  // the same
        base::Bytes body;                    // whole, unless Keep::digest: valid until `finish` or any other call here
        std::uint64_t length = 0;            // of the body so far
        std::uint64_t digest = 0;            // `fingerprint` of each block in turn, chained
        std::uint32_t note = 0;              // where a last block is repeated: as it was given to `finish`
    };
    // A request with or without Block1. Without, the payload is the whole body, whatever its length below body_bytes.
    Received receive(base::Time now, const TransferKey& key, const MessageView& request, Keep keep = Keep::bytes);
    // The request that was `whole` has been answered with `code`: frees the body, and keeps the code for a repeated
    // last block, with a number that the owner needs to answer in the same way. Harmless where there is no transfer.
    void finish(base::Time now, const TransferKey& key, Code code, std::uint32_t note = 0);

    struct Served {
        Block2Answer answer;
        std::uint64_t etag = 0;  // write it where answer.block2 is set
        std::uint32_t content_format = 0;
    };
    // The answer to a request whose body has just been made: block 0, or the block that `wanted` names. A body of more
    // than one block is held for the requests that follow; where it cannot be, those make it anew, and the ETag tells
    // the peer if it has changed.
    Served serve(base::Time now, const TransferKey& key, base::Bytes body, std::uint32_t content_format,
                 const std::optional<Block>& wanted);
    // The answer out of the held body; nullopt when none is held, or when block 0 is asked for, which wants a fresh
    // one.
    std::optional<Served> serve_held(base::Time now, const TransferKey& key, const Block& wanted);

    struct Fetched {
        Block2Fetcher::Step::Kind kind = Block2Fetcher::Step::Kind::broken;
        Block ask;         // where kind is `next` or `restart`: the Block2 option of the next request
        base::Bytes body;  // where kind is `complete`: valid until any other call here, or that of the response
    };
    // A response, the first or a later one. A transfer ends with `complete` and `broken`.
    Fetched fetch(base::Time now, const TransferKey& key, const MessageView& response);
    // Gives up what is being fetched: the exchange has timed out.
    void drop_fetch(const TransferKey& key);

    // Ends what has expired; called by every other function too.
    void expire(base::Time now);
    base::Time next_expiry() const;  // `never` when there is nothing

    std::uint32_t in_use() const { return transfers_.in_use(); }
    std::uint64_t bytes_held() const { return bytes_held_; }
    const Counters& counters() const { return counters_; }

private:
    enum class Role : std::uint8_t { receive, serve, fetch };
    enum class Queue : std::uint8_t {
        under_way,
        served,    // complete, the body still held for a repeated last block
        finished,  // complete, without body
    };
    static constexpr std::size_t queues = 3;
    struct Ends {
        std::uint32_t oldest = base::no_index;
        std::uint32_t newest = base::no_index;
    };

    struct Transfer {
        TransferKey key;
        base::Time expires{};
        std::uint64_t digest = 0;  // receive: of the bytes; serve: the ETag
        Block1Receiver receiver;
        Block2Fetcher fetcher;
        std::uint32_t content_format = 0;
        std::uint32_t note = 0;                    // see `finish`
        std::uint32_t in_bucket = base::no_index;  // the next with this hash
        std::uint32_t older = base::no_index;
        std::uint32_t newer = base::no_index;
        Role role = Role::receive;
        Queue queue = Queue::under_way;
    };

    std::uint32_t find(Role role, const TransferKey& key) const;
    std::uint32_t take(base::Time now, Role role, const TransferKey& key);
    void end(std::uint32_t index);
    void end_if_any(Role role, const TransferKey& key);
    void touch(base::Time now, std::uint32_t index, Queue queue);
    void link(std::uint32_t index, Queue queue);
    void unlink(std::uint32_t index);
    bool append(std::uint32_t index, base::Bytes bytes);
    void clear_body(std::uint32_t index);
    bool make_room(std::uint64_t bytes);
    Ends& ends(Queue queue) { return ends_[static_cast<std::size_t>(queue)]; }
    Received on_block1(base::Time now, const TransferKey& key, const MessageView& request, const Block& block,
                       Keep keep);
    Received refuse(const Block& block, Code code);
    std::uint32_t bucket(Role role, const TransferKey& key) const;

    Limits limits_;
    Counters counters_;
    base::Slab<Transfer> transfers_;
    base::Region<std::uint32_t> buckets_;  // index + 1, 0 = empty
    std::vector<std::vector<std::uint8_t>>
        bodies_;                         // of the transfer with that index; small ones keep their memory for the next
    std::vector<std::uint8_t> fetched_;  // the body that `fetch` completed last
    std::uint64_t bytes_held_ = 0;       // capacity of `bodies_`
    std::array<Ends, queues> ends_;
};

}  // namespace coap
