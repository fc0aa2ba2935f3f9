#include "simulator/base/timer_wheel.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "simulator/base/random.h"

namespace {

using namespace std::chrono_literals;
using base::Time;
using base::TimerEvent;
using base::TimerWheel;

Time at(base::Duration d) { return Time(d); }

std::vector<std::uint32_t> fired(TimerWheel& wheel, Time now) {
    std::vector<std::uint32_t> indices;
    wheel.advance(now, [&](TimerEvent event) { indices.push_back(event.index); });
    return indices;
}

TEST(TimerWheel, FiresAtItsTickAndNotBefore) {
    TimerWheel wheel(4);
    (void)wheel.arm(at(10ms), {1, 7});
    EXPECT_TRUE(fired(wheel, at(9999us)).empty());
    EXPECT_EQ(fired(wheel, at(10ms)), std::vector<std::uint32_t>{7});
    EXPECT_EQ(wheel.armed(), 0u);
}

TEST(TimerWheel, RoundsUpToTheNextTick) {
    TimerWheel wheel(4);
    (void)wheel.arm(at(1001us), {0, 1});
    EXPECT_TRUE(fired(wheel, at(1999us)).empty());
    EXPECT_EQ(fired(wheel, at(2ms)).size(), 1u);
}

TEST(TimerWheel, FiresTheDueInOrderOfTicksThenOfArming) {
    TimerWheel wheel(8);
    (void)wheel.arm(at(300ms), {0, 3});
    (void)wheel.arm(at(5ms), {0, 1});
    (void)wheel.arm(at(300ms), {0, 4});
    (void)wheel.arm(at(299ms), {0, 2});
    EXPECT_EQ(fired(wheel, at(1s)), (std::vector<std::uint32_t>{1, 2, 3, 4}));
}

TEST(TimerWheel, ACancelledTimerStaysSilent) {
    TimerWheel wheel(4);
    auto id = wheel.arm(at(70s), {0, 1});
    (void)wheel.arm(at(70s), {0, 2});
    wheel.cancel(id);
    EXPECT_EQ(id, base::no_index);
    EXPECT_EQ(fired(wheel, at(80s)), std::vector<std::uint32_t>{2});
}

TEST(TimerWheel, AFullWheelRefusesAndCounts) {
    TimerWheel wheel(1);
    EXPECT_NE(wheel.arm(at(1s), {0, 1}), base::no_index);
    EXPECT_EQ(wheel.arm(at(1s), {0, 2}), base::no_index);
    EXPECT_EQ(wheel.refused(), 1u);
}

TEST(TimerWheel, ATimerArmedWhileFiringFiresAtALaterTick) {
    TimerWheel wheel(4);
    (void)wheel.arm(at(1ms), {0, 1});
    int rounds = 0;
    wheel.advance(at(10ms), [&](TimerEvent event) {
        if (++rounds < 5) (void)wheel.arm(at(0ms), event);
    });
    EXPECT_EQ(rounds, 5);
}

TEST(TimerWheel, NothingFiresBeforeTheStartOfTheRun) {
    TimerWheel wheel(4);
    (void)wheel.arm(at(5ms), {0, 1});
    EXPECT_TRUE(fired(wheel, at(-20ms)).empty());
    EXPECT_EQ(fired(wheel, at(5ms)).size(), 1u);
}

TEST(TimerWheel, AgreesWithAnOrderedMapOverRandomWork) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        TimerWheel wheel(4096);
        std::multimap<std::int64_t, std::uint32_t> model;
        std::map<std::uint32_t, base::TimerId> ids;
        std::int64_t now = 0;
        for (std::uint64_t step = 0; step < 800; ++step) {
            const auto bits = base::draw(seed, 0, 0, step);
            const auto index = static_cast<std::uint32_t>(step);
            const std::int64_t wait = static_cast<std::int64_t>(bits >> 8 & 0xff) << (bits % 4 * 6);
            if (bits % 3 != 0) {
                ids[index] = wheel.arm(at(std::chrono::milliseconds(now + wait)), {2, index});
                model.emplace(std::max(now + wait, now + 1), index);
            } else if (!ids.empty() && bits % 2 == 0) {
                auto victim = ids.begin();
                for (auto entry = model.begin(); entry != model.end(); ++entry) {
                    if (entry->second == victim->first) {
                        model.erase(entry);
                        break;
                    }
                }
                wheel.cancel(victim->second);
                ids.erase(victim);
            } else {
                now += wait;
                std::int64_t last = 0;
                for (const auto found : fired(wheel, at(std::chrono::milliseconds(now)))) {
                    const auto expected = model.begin();
                    ASSERT_NE(expected, model.end()) << "seed " << seed;
                    ASSERT_LE(expected->first, now) << "seed " << seed;
                    ASSERT_GE(expected->first, last);
                    last = expected->first;
                    ASSERT_EQ(expected->second, found) << "seed " << seed;
                    ids.erase(found);
                    model.erase(expected);
                }
                ASSERT_TRUE(model.empty() || model.begin()->first > now) << "seed " << seed;
            }
            ASSERT_EQ(wheel.armed(), model.size());
            if (!model.empty()) {
                ASSERT_LE(wheel.next_due(), at(std::chrono::milliseconds(model.begin()->first)));
            }
        }
    }
}

}  // namespace
