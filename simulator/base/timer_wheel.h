// TimerWheel: a million timers, most of which are cancelled or re-armed before they fire. Four wheels of 256 slots
// over ticks of 1 ms; a timer is
// 16 bytes in a list of its slot, and moves one wheel down when its slot comes near (hashed hierarchical wheels,
// Varghese and Lauck).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "simulator/base/slab.h"
#include "simulator/base/time.h"

namespace base {

// What a timer says when it fires: who, and which of its timers.
struct TimerEvent {
    std::uint32_t kind = 0;   // below 16
    std::uint32_t index = 0;  // below 2^28
    friend bool operator==(const TimerEvent&, const TimerEvent&) = default;
};

using TimerId = std::uint32_t;  // no_index: no timer

// Times beyond 2^32 ms (49 days) after the start of the run fire at that limit; whoever waits longer arms again.
class TimerWheel {
public:
    explicit TimerWheel(std::uint32_t capacity) : timers_(capacity) {
        for (auto& level : first_) level.fill(no_index);
        for (auto& level : last_) level.fill(no_index);
    }

    // Fires at the first tick at or after `due`, at the earliest at the next tick. no_index when the wheel is full
    // (counted in `refused`).
    TimerId arm(Time due, TimerEvent event) {
        const TimerId id = timers_.take();
        if (id == no_index) return no_index;
        timers_[id].event = event.kind << 28 | event.index;
        timers_[id].due = std::max(tick_of(due), now_ + 1);
        link(id);
        return id;
    }

    // Takes back a timer that has not fired; `id` becomes no_index. Nothing happens when it is that already.
    void cancel(TimerId& id) {
        if (id == no_index) return;
        unlink(id);
        timers_.give_back(id);
        id = no_index;
    }

    // Fires all that is due up to `now`, in the order of their ticks, equal ticks in the order of arming.
    // `fire(TimerEvent)` may arm and cancel
    // timers; its own id is void already.
    template <class F>
    void advance(Time now, F&& fire) {
        const std::uint32_t target =
            static_cast<std::uint32_t>(std::clamp<std::int64_t>(floor_ticks(now), 0, max_tick));
        while (now_ < target) {
            now_ = std::min(target, next_event_tick());
            if (now_ % slots == 0) cascade();
            fire_slot(fire);
        }
    }

    // The earliest moment at which `advance` may have something to do; `never` when no timer is armed.
    Time next_due() const {
        if (timers_.in_use() == 0) return never;
        return Time(std::chrono::milliseconds(next_event_tick()));
    }

    std::uint32_t armed() const { return timers_.in_use(); }
    std::uint64_t refused() const { return timers_.refused(); }

private:
    static constexpr std::uint32_t slots = 256;
    static constexpr std::uint32_t levels = 4;
    static constexpr std::uint32_t max_tick = 0xfffffff0;

    struct Timer {
        std::uint32_t next = no_index;
        std::uint32_t previous = no_index;
        std::uint32_t due = 0;    // tick
        std::uint32_t event = 0;  // kind : 4, index : 28
    };
    static_assert(sizeof(Timer) == 16);

    static std::int64_t floor_ticks(Time time) { return time.time_since_epoch().count() / 1'000'000; }
    static std::uint32_t tick_of(Time due) {
        const std::int64_t ns = due.time_since_epoch().count();
        if (ns <= 0) return 0;
        return static_cast<std::uint32_t>(
            std::min<std::int64_t>(ns / 1'000'000 + (ns % 1'000'000 != 0 ? 1 : 0), max_tick));
    }

    // The wheel on which a due tick lies as seen from now: that of the highest byte in which they differ.
    std::uint32_t level_of(std::uint32_t due) const {
        const std::uint32_t difference = due ^ now_;
        return difference < (1u << 8) ? 0 : difference < (1u << 16) ? 1 : difference < (1u << 24) ? 2 : 3;
    }
    static std::uint32_t slot_of(std::uint32_t due, std::uint32_t level) { return due >> (8 * level) & (slots - 1); }

    void link(TimerId id) {
        Timer& timer = timers_[id];
        const auto level = level_of(timer.due);
        const auto slot = slot_of(timer.due, level);
        timer.next = no_index;
        timer.previous = last_[level][slot];
        (timer.previous == no_index ? first_[level][slot] : timers_[timer.previous].next) = id;
        last_[level][slot] = id;
        occupied_[level][slot / 64] |= 1ull << (slot % 64);
    }

    void unlink(TimerId id) {
        const Timer& timer = timers_[id];
        // Only at the ends of a list its slot matters, and a list found by its first or last record is the right one.
        const auto level = level_of(timer.due);
        const auto slot = slot_of(timer.due, level);
        (timer.previous == no_index ? first_[level][slot] : timers_[timer.previous].next) = timer.next;
        (timer.next == no_index ? last_[level][slot] : timers_[timer.next].previous) = timer.previous;
        if (first_[level][slot] == no_index) occupied_[level][slot / 64] &= ~(1ull << (slot % 64));
    }

    // The next tick at which a slot of the lowest wheel holds timers or a higher wheel turns one down.
    std::uint32_t next_event_tick() const {
        for (std::uint32_t level = 0; level < levels; ++level) {
            const std::uint32_t current = slot_of(now_, level);
            const std::uint32_t slot = next_occupied(level, current + 1);
            if (slot == slots) continue;
            const std::uint32_t above = level == 3 ? 0 : now_ >> (8 * (level + 1)) << (8 * (level + 1));
            return above | slot << (8 * level);
        }
        return max_tick;
    }

    std::uint32_t next_occupied(std::uint32_t level, std::uint32_t from) const {
        for (std::uint32_t word = from / 64; word < slots / 64; ++word) {
            std::uint64_t bits = occupied_[level][word];
            if (word == from / 64) bits &= ~0ull << (from % 64);
            if (bits != 0) return word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
        }
        return slots;
    }

    // Moves the timers of the slots that have come near one wheel down, the highest wheel first.
    void cascade() {
        for (std::uint32_t level = levels - 1; level > 0; --level) {
            if (now_ % (1u << (8 * level)) != 0) continue;
            const auto slot = slot_of(now_, level);
            TimerId id = first_[level][slot];
            first_[level][slot] = last_[level][slot] = no_index;
            occupied_[level][slot / 64] &= ~(1ull << (slot % 64));
            while (id != no_index) {
                const TimerId next = timers_[id].next;
                link(id);
                id = next;
            }
        }
    }

    template <class F>
    void fire_slot(F&& fire) {
        const auto slot = slot_of(now_, 0);
        while (first_[0][slot] != no_index) {
            TimerId id = first_[0][slot];
            const std::uint32_t event = timers_[id].event;
            if (timers_[id].next != no_index) __builtin_prefetch(&timers_[timers_[id].next]);
            cancel(id);
            fire(TimerEvent{event >> 28, event & 0x0fffffff});
        }
    }

    Slab<Timer> timers_;
    std::uint32_t now_ = 0;  // tick up to which all has fired
    std::array<std::array<TimerId, slots>, levels> first_;
    std::array<std::array<TimerId, slots>, levels> last_;
    std::array<std::array<std::uint64_t, slots / 64>, levels> occupied_{};
};

}  // namespace base
