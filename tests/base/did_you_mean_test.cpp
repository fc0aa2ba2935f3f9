#include "simulator/base/did_you_mean.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(DidYouMean, CountsInsertedDeletedReplacedAndSwappedLetters) {
    EXPECT_EQ(edit_distance("device", "device"), 0u);
    EXPECT_EQ(edit_distance("devise", "device"), 1u);
    EXPECT_EQ(edit_distance("devcie", "device"), 1u);
    EXPECT_EQ(edit_distance("devce", "device"), 1u);
    EXPECT_EQ(edit_distance("", "abc"), 3u);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(DidYouMean, GivesTheNearestFirst) {
    constexpr std::array<std::string_view, 4> known{"battery_status", "battery_level", "battery_leval", "manufacturer"};
    EXPECT_EQ(nearest("battery_levle", known), (std::vector<std::string>{"battery_level", "battery_leval"}));
    EXPECT_TRUE(nearest("zzzzzz", known).empty());
    EXPECT_TRUE(nearest(std::string(1'000'000, 'a'), known).empty());
}

TEST(DidYouMean, SaysItInOnePhrase) {
    EXPECT_EQ(did_you_mean({}), "");
    EXPECT_EQ(did_you_mean(std::vector<std::string>{"a"}), " (did you mean \"a\"?)");
    EXPECT_EQ(did_you_mean(std::vector<std::string>{"a", "b", "c"}), " (did you mean \"a\", \"b\" or \"c\"?)");
}

}  // namespace
}  // namespace base
