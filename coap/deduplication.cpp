#include "coap/deduplication.h"

#include <bit>

#include "simulator/base/random.h"

namespace coap {
namespace {

std::uint32_t milliseconds(base::Time time) {
    return static_cast<std::uint32_t>((time.time_since_epoch().count() + 999'999) / 1'000'000);
}

}  // namespace

Deduplication::Deduplication(std::uint32_t capacity)
    : messages_(std::bit_ceil(capacity)),
      table_(std::size_t{2} * std::bit_ceil(capacity)),
      replies_(std::bit_ceil(capacity)),
      mask_(std::bit_ceil(capacity) - 1) {}

Deduplication::Known Deduplication::remember(base::Time now, std::uint32_t peer, std::uint16_t message_id,
                                             base::Duration lifetime) {
    const std::uint32_t now_ms = milliseconds(now);
    while (oldest_ != newest_ && at(oldest_).expires <= now_ms) forget_oldest();

    if (std::uint32_t* const slot = find(peer, message_id)) {
        Message& message = messages_[*slot - 1];
        if (message.expires > now_ms) return {true, replies_.view({message.reply, message.reply_size})};
        // A shorter lifetime than that of older messages: the id is free again before its turn in the ring has come.
        erase(static_cast<std::uint32_t>(slot - &table_[0]));
    }
    if (newest_ - oldest_ > mask_) {
        forget_oldest();
        ++crowded_out_;
    }
    at(newest_) = {peer, message_id, 0, base::no_index, milliseconds(now + lifetime)};
    insert(newest_++);
    return {};
}

void Deduplication::keep_reply(std::uint32_t peer, std::uint16_t message_id, base::Bytes reply) {
    if (reply.size() > max_reply) return;
    std::uint32_t* const slot = find(peer, message_id);
    if (slot == nullptr) return;
    Message& message = messages_[*slot - 1];
    base::BytePool::Handle old{message.reply, message.reply_size};
    replies_.release(old);
    const auto kept = replies_.keep(reply);
    message.reply = kept.index;
    message.reply_size = kept.size;
}

std::uint32_t Deduplication::home(std::uint32_t peer, std::uint16_t message_id) const {
    return static_cast<std::uint32_t>(base::mix(std::uint64_t{peer} << 16 | message_id)) &
           static_cast<std::uint32_t>(table_.capacity() - 1);
}

std::uint32_t* Deduplication::find(std::uint32_t peer, std::uint16_t message_id) {
    const auto last = static_cast<std::uint32_t>(table_.capacity() - 1);
    for (std::uint32_t slot = home(peer, message_id); table_[slot] != 0; slot = (slot + 1) & last) {
        const Message& message = messages_[table_[slot] - 1];
        if (message.peer == peer && message.message_id == message_id) return &table_[slot];
    }
    return nullptr;
}

void Deduplication::insert(std::uint64_t position) {
    const auto last = static_cast<std::uint32_t>(table_.capacity() - 1);
    const auto index = static_cast<std::uint32_t>(position & mask_);
    std::uint32_t slot = home(messages_[index].peer, messages_[index].message_id);
    while (table_[slot] != 0) slot = (slot + 1) & last;
    table_[slot] = index + 1;
}

void Deduplication::forget_oldest() {
    Message& message = at(oldest_);
    base::BytePool::Handle reply{message.reply, message.reply_size};
    replies_.release(reply);
    // An entry that was replaced by a later message of the same id is no longer in the table, or belongs to that one.
    std::uint32_t* const slot = find(message.peer, message.message_id);
    if (slot != nullptr && *slot == (oldest_ & mask_) + 1) erase(static_cast<std::uint32_t>(slot - &table_[0]));
    ++oldest_;
}

// Linear probing without tombstones: whatever stands behind the hole and may stand in it moves up.
void Deduplication::erase(std::uint32_t slot) {
    const auto last = static_cast<std::uint32_t>(table_.capacity() - 1);
    std::uint32_t hole = slot;
    for (std::uint32_t next = (hole + 1) & last; table_[next] != 0; next = (next + 1) & last) {
        const Message& message = messages_[table_[next] - 1];
        const std::uint32_t wanted = home(message.peer, message.message_id);
        if (((next - wanted) & last) >= ((next - hole) & last)) {
            table_[hole] = table_[next];
            hole = next;
        }
    }
    table_[hole] = 0;
}

}  // namespace coap
