// HandshakeInbox: messages of a handshake that came in pieces or before their turn (RFC 6347 4.2.2, 4.2.3). Its memory
// is bounded: what does not fit is dropped, and the peer's retransmission brings it again.
#pragma once

#include <cstring>

#include "simulator/net/dtls_messages.h"

namespace net {

// A plain value that may lie in a slab. `capacity`: of the bodies of all messages, and a bit for each of their bytes.
template <std::size_t capacity, std::size_t entries>
class BasicInbox {
public:
    static constexpr std::size_t longest = capacity * 8 / 9;  // a message that can be put together

    // Keeps a fragment of the message `expected`, or of one soon after it. One that disagrees with what is kept of its
    // message is dropped. The expected message drives others out.
    void add(const HandshakeFragment& fragment, std::uint16_t expected) {
        const auto ahead = static_cast<std::uint16_t>(fragment.sequence - expected);
        if (ahead >= entries || fragment.length > longest) return;
        Entry* entry = find(fragment.sequence);
        if (entry == nullptr) entry = make(fragment, ahead == 0);
        if (entry == nullptr || entry->type != fragment.type || entry->length != fragment.length) return;
        std::uint8_t* body = bytes_.data() + entry->begin;
        std::uint8_t* have = body + entry->length;
        for (std::size_t i = 0; i < fragment.body.size(); ++i) {
            const std::size_t at = fragment.offset + i;
            const auto bit = static_cast<std::uint8_t>(1u << at % 8);
            if ((have[at / 8] & bit) != 0) continue;
            have[at / 8] |= bit;
            body[at] = fragment.body[i];
            ++entry->received;
        }
    }

    // The message with that number when all of it is here. The view lives until add or remove.
    std::optional<HandshakeFragment> whole(std::uint16_t sequence) {
        const Entry* entry = find(sequence);
        if (entry == nullptr || entry->received != entry->length) return std::nullopt;
        return HandshakeFragment{
            entry->type, sequence, entry->length, 0, {bytes_.data() + entry->begin, entry->length}};
    }

    void remove(std::uint16_t sequence) {
        Entry* entry = find(sequence);
        if (entry == nullptr) return;
        const std::size_t begin = entry->begin;
        const std::size_t size = room_of(entry->length);
        std::memmove(bytes_.data() + begin, bytes_.data() + begin + size, used_ - begin - size);
        used_ = static_cast<std::uint16_t>(used_ - size);
        entry->used = false;
        for (auto& other : list_) {
            if (other.used && other.begin > begin) other.begin = static_cast<std::uint16_t>(other.begin - size);
        }
    }

private:
    struct Entry {
        std::uint16_t sequence = 0;
        std::uint16_t length = 0;
        std::uint16_t begin = 0;
        std::uint16_t received = 0;
        HandshakeType type = HandshakeType::hello_request;
        bool used = false;
    };

    static std::size_t room_of(std::size_t length) { return length + (length + 7) / 8; }

    Entry* find(std::uint16_t sequence) {
        for (auto& entry : list_) {
            if (entry.used && entry.sequence == sequence) return &entry;
        }
        return nullptr;
    }

    Entry* make(const HandshakeFragment& fragment, bool urgent) {
        const std::size_t room = room_of(fragment.length);
        for (;;) {
            Entry* free = nullptr;
            Entry* taken = nullptr;
            for (auto& entry : list_) (entry.used ? taken : free) = &entry;
            if (free != nullptr && used_ + room <= capacity) {
                *free = {fragment.sequence, static_cast<std::uint16_t>(fragment.length), used_, 0, fragment.type, true};
                std::memset(bytes_.data() + used_, 0, room);
                used_ = static_cast<std::uint16_t>(used_ + room);
                return free;
            }
            if (!urgent || taken == nullptr) return nullptr;
            remove(taken->sequence);
        }
    }

    std::array<std::uint8_t, capacity> bytes_{};
    std::array<Entry, entries> list_{};
    std::uint16_t used_ = 0;
};

using HandshakeInbox = BasicInbox<256, 4>;
// A chain of certificates, and the messages behind it.
using CertificateInbox = BasicInbox<9216, 8>;

// A fragment, and whatever was waiting for it: `take` gets message after message, raises `expected`, the number that is
// next, with each that it takes, and says whether it wants more. False: the expected message is too long to be put
// together.
template <class Inbox, class Take>
bool take_in_turn(const HandshakeFragment& fragment, const std::uint16_t& expected, Inbox& inbox, Take&& take) {
    const bool next = fragment.sequence == expected;
    if (next && fragment.length > Inbox::longest && !fragment.whole()) return false;
    bool wants_more = true;
    if (next && fragment.whole()) {
        wants_more = take(fragment);
    } else {
        inbox.add(fragment, expected);
    }
    while (wants_more) {
        const std::uint16_t sequence = expected;
        const auto whole = inbox.whole(sequence);
        if (!whole) break;
        wants_more = take(*whole);
        inbox.remove(sequence);
        if (expected == sequence) break;
    }
    return true;
}

}  // namespace net
