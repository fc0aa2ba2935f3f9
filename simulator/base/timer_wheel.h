// TimerWheel: a million timers, most of which are cancelled or re-armed before they fire. Three wheels over ticks of
// 1 ms, the lowest turns in 1 s, the next in 35 min; a timer is 16 bytes in a list of its slot, and moves a wheel down
// when its slot comes near (hashed hierarchical wheels, Varghese and Lauck).
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

// How soon a timer fires that is told ahead: as the next one, or as the one after it.
enum class Nearness : std::uint8_t { near, far };

struct IgnoreAhead {
    void operator()(TimerEvent, Nearness) const {}
};

// Times beyond 2^32 ms (49 days) after the start of the run fire at that limit; whoever waits longer arms again.
class TimerWheel {
public:
    explicit TimerWheel(std::uint32_t capacity) : timers_(capacity) {
        first_.fill(no_index);
        last_.fill(no_index);
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
    // timers; its own id is void already. `ahead(TimerEvent, nearness)` tells what is to fire soon, so that its memory
    // can be brought near meanwhile: first with far, then with near. Hints: neither all are told, nor do all told fire.
    template <class F, class A = IgnoreAhead>
    void advance(Time now, F&& fire, A&& ahead = {}) {
        const std::uint32_t target =
            static_cast<std::uint32_t>(std::clamp<std::int64_t>(floor_ticks(now), 0, max_tick));
        while (now_ < target) {
            now_ = std::min(target, next_event_tick());
            if (now_ % size_of(0) == 0) cascade();
            fire_slot(fire, ahead);
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
    static constexpr std::uint32_t levels = 3;
    static constexpr std::array<std::uint32_t, levels + 1> shift{0, 10, 21, 32};  // bits of a tick below each wheel
    static constexpr std::uint32_t size_of(std::uint32_t level) { return 1u << (shift[level + 1] - shift[level]); }
    static constexpr std::uint32_t slots = (1u << 10) + (1u << 11) + (1u << 11);

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

    // The wheel on which a due tick lies as seen from now: that of the highest bits in which they differ.
    std::uint32_t level_of(std::uint32_t due) const {
        const std::uint32_t difference = due ^ now_;
        return difference < (1u << shift[1]) ? 0 : difference < (1u << shift[2]) ? 1 : 2;
    }
    static std::uint32_t place_of(std::uint32_t due, std::uint32_t level) {
        return due >> shift[level] & (size_of(level) - 1);
    }
    // Slots are numbered through all wheels: a wheel's begin at a multiple of 64.
    static constexpr std::uint32_t first_slot(std::uint32_t level) {
        return level == 0 ? 0 : first_slot(level - 1) + size_of(level - 1);
    }
    std::uint32_t slot_of(std::uint32_t due) const {
        const auto level = level_of(due);
        return first_slot(level) + place_of(due, level);
    }

    void link(TimerId id) {
        Timer& timer = timers_[id];
        const auto slot = slot_of(timer.due);
        timer.next = no_index;
        timer.previous = last_[slot];
        (timer.previous == no_index ? first_[slot] : timers_[timer.previous].next) = id;
        last_[slot] = id;
        occupied_[slot / 64] |= 1ull << (slot % 64);
    }

    void unlink(TimerId id) {
        const Timer& timer = timers_[id];
        // Only at the ends of a list its slot matters, and a list found by its first or last record is the right one.
        const auto slot = slot_of(timer.due);
        (timer.previous == no_index ? first_[slot] : timers_[timer.previous].next) = timer.next;
        (timer.next == no_index ? last_[slot] : timers_[timer.next].previous) = timer.previous;
        if (first_[slot] == no_index) occupied_[slot / 64] &= ~(1ull << (slot % 64));
    }

    // The next tick at which a slot of the lowest wheel holds timers or a higher wheel turns one down.
    std::uint32_t next_event_tick() const {
        for (std::uint32_t level = 0; level < levels; ++level) {
            const auto place = next_occupied(level, place_of(now_, level) + 1);
            if (place == size_of(level)) continue;
            const std::uint64_t turn = std::uint64_t{1} << shift[level + 1];
            return static_cast<std::uint32_t>(now_ / turn * turn) | place << shift[level];
        }
        return max_tick;
    }

    // The first place of a wheel from `from` on that holds timers; the wheel's size if none does.
    std::uint32_t next_occupied(std::uint32_t level, std::uint32_t from) const {
        const std::uint32_t begin = first_slot(level) / 64;
        for (std::uint32_t word = from / 64; word < size_of(level) / 64; ++word) {
            std::uint64_t bits = occupied_[begin + word];
            if (word == from / 64) bits &= ~0ull << (from % 64);
            if (bits != 0) return word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
        }
        return size_of(level);
    }

    // Moves the timers of the slots that have come near one wheel down, the highest wheel first.
    void cascade() {
        for (std::uint32_t level = levels - 1; level > 0; --level) {
            if (now_ % (1u << shift[level]) != 0) continue;
            const auto slot = first_slot(level) + place_of(now_, level);
            TimerId id = first_[slot];
            first_[slot] = last_[slot] = no_index;
            occupied_[slot / 64] &= ~(1ull << (slot % 64));
            while (id != no_index) {
                const TimerId next = timers_[id].next;
                link(id);
                id = next;
            }
        }
    }

    template <class F, class A>
    void fire_slot(F&& fire, A&& ahead) {
        const auto slot = place_of(now_, 0);
        while (first_[slot] != no_index) {
            TimerId id = first_[slot];
            const TimerEvent event = event_of(id);
            look_ahead(timers_[id].next, ahead);
            cancel(id);
            fire(event);
        }
    }

    // Of the three timers that follow the third is fetched, the second told as far, the first as near.
    template <class A>
    void look_ahead(TimerId first, A&& ahead) {
        if (first == no_index) return;
        ahead(event_of(first), Nearness::near);
        const TimerId second = timers_[first].next;
        if (second == no_index) return;
        ahead(event_of(second), Nearness::far);
        const TimerId third = timers_[second].next;
        if (third != no_index) timers_.prefetch(third);
    }

    TimerEvent event_of(TimerId id) const {
        const std::uint32_t event = timers_[id].event;
        return {event >> 28, event & 0x0fffffff};
    }

    Slab<Timer> timers_;
    std::uint32_t now_ = 0;  // tick up to which all has fired
    std::array<TimerId, slots> first_;
    std::array<TimerId, slots> last_;
    std::array<std::uint64_t, slots / 64> occupied_{};
};

}  // namespace base
