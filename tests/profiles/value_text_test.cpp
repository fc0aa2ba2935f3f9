// ValueText: values of resources as people write them.
#include "profiles/value_text.h"

#include <gtest/gtest.h>

namespace {

using lwm2m::Type;
using lwm2m::ValueView;
using profiles::read_value;

TEST(ValueText, ReadsEachType) {
    EXPECT_EQ(read_value("Acme", Type::string)->view(), ValueView::of_string("Acme"));
    EXPECT_EQ(read_value("", Type::string)->view(), ValueView::of_string(""));
    EXPECT_EQ(read_value("-7", Type::integer)->view(), ValueView::of_integer(-7));
    EXPECT_EQ(read_value("+7", Type::integer)->view(), ValueView::of_integer(7));
    EXPECT_EQ(read_value("18446744073709551615", Type::unsigned_integer)->view(),
              ValueView::of_unsigned(18446744073709551615u));
    EXPECT_EQ(read_value("-2.5e3", Type::floating)->view(), ValueView::of_floating(-2500));
    EXPECT_EQ(read_value("true", Type::boolean)->view(), ValueView::of_boolean(true));
    EXPECT_EQ(read_value("0", Type::boolean)->view(), ValueView::of_boolean(false));
    EXPECT_EQ(read_value("0A1b", Type::opaque)->view().bytes.size(), 2u);
    EXPECT_EQ(read_value("3:0", Type::objlnk)->view(), ValueView::of_objlnk({3, 0}));
    EXPECT_EQ(read_value("</3/0>", Type::corelnk)->view(), ValueView::of_corelnk("</3/0>"));
}

TEST(ValueText, ReadsTimesAsNumbersAndAsUtc) {
    EXPECT_EQ(read_value("1767225600", Type::time)->view(), ValueView::of_time(1767225600));
    EXPECT_EQ(read_value("2026-01-01T00:00:00Z", Type::time)->view(), ValueView::of_time(1767225600));
    EXPECT_EQ(read_value("1970-01-01T00:00:01Z", Type::time)->view(), ValueView::of_time(1));
    EXPECT_EQ(read_value("2024-02-29T23:59:59Z", Type::time)->view(), ValueView::of_time(1709251199));
    for (const char* wrong : {"2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z",
                              "2026-01-01 00:00:00Z", "2026-01-01T00:00:00", "+026-01-01T00:00:00Z", "now"}) {
        EXPECT_FALSE(read_value(wrong, Type::time)) << wrong;
    }
}

TEST(ValueText, RefusesWhatDoesNotFit) {
    EXPECT_FALSE(read_value("21.5", Type::integer));
    EXPECT_FALSE(read_value("9223372036854775808", Type::integer));
    EXPECT_FALSE(read_value("", Type::integer));
    EXPECT_FALSE(read_value("+", Type::integer));
    EXPECT_FALSE(read_value("-1", Type::unsigned_integer));
    EXPECT_FALSE(read_value("warm", Type::floating));
    EXPECT_FALSE(read_value("nan", Type::floating));
    EXPECT_FALSE(read_value("inf", Type::floating));
    EXPECT_FALSE(read_value("1 ", Type::floating));
    EXPECT_FALSE(read_value("yes", Type::boolean));
    EXPECT_FALSE(read_value("0a1", Type::opaque));
    EXPECT_FALSE(read_value("3", Type::objlnk));
    EXPECT_FALSE(read_value("3:65536", Type::objlnk));
    EXPECT_FALSE(read_value("1", Type::none));
}

}  // namespace
