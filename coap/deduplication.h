// Deduplication: knows the messages of the last minutes, and answers a repeated one with the reply that it already had
// (RFC 7252 4.5).
#pragma once

#include "simulator/base/byte_pool.h"
#include "simulator/base/time.h"

namespace coap {

// One table for all the peers of a shard: 16 bytes a message, 8 for finding it, and the reply where it was kept. The
// oldest messages make room when the table is full, counted in `crowded_out`.
class Deduplication {
public:
    explicit Deduplication(std::uint32_t capacity);

    struct Known {
        bool repeated = false;
        base::Bytes reply;  // valid until the next call; empty when none was kept
    };
    // Has `peer` sent this message id before, less than `lifetime` ago? If not it has now.
    Known remember(base::Time now, std::uint32_t peer, std::uint16_t message_id, base::Duration lifetime);

    // The reply to repeat, at most `max_reply` bytes; longer ones are not kept (the request is then answered anew).
    // Only for a remembered message.
    void keep_reply(std::uint32_t peer, std::uint16_t message_id, base::Bytes reply);
    static constexpr std::size_t max_reply = 64;

    std::uint32_t size() const { return static_cast<std::uint32_t>(newest_ - oldest_); }
    std::uint64_t crowded_out() const { return crowded_out_; }

private:
    struct Message {
        std::uint32_t peer = 0;
        std::uint16_t message_id = 0;
        std::uint16_t reply_size = 0;
        std::uint32_t reply = base::no_index;
        std::uint32_t expires = 0;  // ms, rounded up
    };
    static_assert(sizeof(Message) == 16);

    Message& at(std::uint64_t position) { return messages_[position & mask_]; }
    std::uint32_t* find(std::uint32_t peer, std::uint16_t message_id);
    void insert(std::uint64_t position);
    void forget_oldest();
    void erase(std::uint32_t slot);
    std::uint32_t home(std::uint32_t peer, std::uint16_t message_id) const;

    base::Region<Message> messages_;     // a ring in the order of arrival
    base::Region<std::uint32_t> table_;  // open addressing: ring index + 1, 0 = free
    base::BytePool replies_;
    std::uint64_t mask_;
    std::uint64_t oldest_ = 0;
    std::uint64_t newest_ = 0;  // one behind the last
    std::uint64_t crowded_out_ = 0;
};

}  // namespace coap
