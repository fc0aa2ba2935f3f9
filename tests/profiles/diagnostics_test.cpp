#include "profiles/diagnostics.h"

#include <array>

#include <gtest/gtest.h>

namespace profiles {
namespace {

std::shared_ptr<const Source> meter() {
    return std::make_shared<const Source>(
        Source{"profiles/meter.yaml", "a: 1\n\n\n\n\n\n  lifetme: 1h\n  note: ±±x\tend\n"});
}

TEST(Diagnostics, ReadLikeAGoodCompiler) {
    Diagnostics diagnostics;
    diagnostics.error(Place{meter(), 7, 3, 7}, "unknown key 'lifetme'", "did you mean 'lifetime'?");
    EXPECT_EQ(diagnostics.text(),
              "error: unknown key 'lifetme'                                        profiles/meter.yaml:7:3\n"
              "   7 |   lifetme: 1h\n"
              "     |   ^^^^^^^ did you mean 'lifetime'?\n");
}

TEST(Diagnostics, CountCharactersAndNotBytes) {
    const Place place{meter(), 8, 13, 1};  // the x behind two signs of two bytes each
    EXPECT_EQ(place.text(), "profiles/meter.yaml:8:11");
    Diagnostics diagnostics;
    diagnostics.error(place, "an x");
    EXPECT_NE(diagnostics.text().find("   8 |   note: ±±x end\n     |           ^\n"), std::string::npos)
        << diagnostics.text();
}

TEST(Diagnostics, ComeInTheOrderOfFilesAndLines) {
    Diagnostics diagnostics;
    const auto source = meter();
    diagnostics.error(Place{source, 8, 1, 1}, "later");
    diagnostics.warning(Place{source, 2, 1, 1}, "earlier");
    diagnostics.error(Place{}, "nowhere", "look around");
    const auto sorted = diagnostics.sorted();
    ASSERT_EQ(sorted.size(), 3u);
    EXPECT_EQ(sorted[0].message, "earlier");
    EXPECT_EQ(sorted[1].message, "later");
    EXPECT_EQ(diagnostics.summary(), "2 errors, 1 warning");
    EXPECT_NE(diagnostics.text().find("error: nowhere (look around)\n"), std::string::npos);
    EXPECT_FALSE(diagnostics.ok());
}

TEST(Diagnostics, KeepTheFirstAndCountTheRest) {
    Diagnostics diagnostics;
    for (int i = 0; i < 250; ++i) diagnostics.error(Place{}, "again");
    EXPECT_EQ(diagnostics.errors(), 250u);
    EXPECT_EQ(diagnostics.sorted().size(), Diagnostics::capacity);
    EXPECT_NE(diagnostics.text().find("... and 150 more"), std::string::npos);
}

TEST(Diagnostics, PrintNoControlCharactersOfTheUser) {
    EXPECT_EQ(printable("a\x1b[31mb"), "a\\x1b[31mb");
    EXPECT_EQ(printable(std::string(100, 'x')), std::string(80, 'x') + "...");
    EXPECT_EQ(printable(std::string(79, 'x') + "±y"), std::string(79, 'x') + "...");  // no half character
}

TEST(Diagnostics, PointIntoLinesOfAnyLength) {
    const auto source = std::make_shared<const Source>(Source{"long.yaml", std::string(5000, 'x')});
    Diagnostics diagnostics;
    diagnostics.error(Place{source, 1, 4000, 500}, "far out", "cut it");
    diagnostics.error(Place{source, 1, 100, 4000}, "wide");
    diagnostics.error(Place{source, 9, 9, 9}, "past the end");
    EXPECT_LT(diagnostics.text().size(), 1500u);
    EXPECT_NE(diagnostics.text().find("cut it"), std::string::npos);
}

TEST(DidYouMean, NamesTheNearest) {
    constexpr std::array<std::string_view, 3> keys{"lifetime", "binding", "version"};
    EXPECT_EQ(did_you_mean("lifetme", keys), "did you mean 'lifetime'?");
    EXPECT_EQ(did_you_mean("colour", keys), "");
}

}  // namespace
}  // namespace profiles
