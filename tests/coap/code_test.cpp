// Code and option numbers: their values, classes, names and limits (RFC 7252 5.10, 12.1).
#include "coap/code.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "coap/option.h"

namespace coap {
namespace {

// RFC 7252 12.1.1, 12.1.2: the registry gives these numbers.
TEST(Code, HasTheValuesOfTheRegistry) {
    EXPECT_EQ(static_cast<int>(Code::get), 0x01);
    EXPECT_EQ(static_cast<int>(Code::delete_), 0x04);
    EXPECT_EQ(static_cast<int>(Code::created), 0x41);
    EXPECT_EQ(static_cast<int>(Code::content), 0x45);
    EXPECT_EQ(static_cast<int>(Code::continue_), 0x5f);
    EXPECT_EQ(static_cast<int>(Code::request_entity_incomplete), 0x88);
    EXPECT_EQ(static_cast<int>(Code::request_entity_too_large), 0x8d);
    EXPECT_EQ(static_cast<int>(Code::proxying_not_supported), 0xa5);
}

TEST(Code, IsWrittenWithADotAndTwoDigits) {
    EXPECT_EQ(to_string(Code::empty), "0.00");
    EXPECT_EQ(to_string(Code::content), "2.05");
    EXPECT_EQ(to_string(Code::continue_), "2.31");
    EXPECT_EQ(to_string(static_cast<Code>(0xff)), "7.31");
}

// RFC 7252 12.1: 0.01-0.31 request, 2.00-5.31 response, classes 1, 6 and 7 neither.
TEST(Code, EveryByteIsARequestOrAResponseOrNeither) {
    for (int byte = 0; byte < 256; ++byte) {
        const auto code = static_cast<Code>(byte);
        const int top = byte >> 5;
        EXPECT_EQ(is_request(code), byte >= 1 && byte <= 31) << byte;
        EXPECT_EQ(is_response(code), top >= 2 && top <= 5) << byte;
        EXPECT_EQ(is_success(code), top == 2) << byte;
        EXPECT_EQ(make_code(code_class(code), code_detail(code)), byte);
    }
}

TEST(Code, NamesAreDistinctAndUnknownOnesAreEmpty) {
    std::set<std::string> names;
    int named = 0;
    for (int byte = 0; byte < 256; ++byte) {
        const std::string text = name(static_cast<Code>(byte));
        if (text.empty()) continue;
        ++named;
        names.insert(text);
    }
    EXPECT_EQ(names.size(), static_cast<std::size_t>(named));
    EXPECT_EQ(named, 39);
    EXPECT_STREQ(name(static_cast<Code>(0x3f)), "");
}

// RFC 7252 5.4.6, figure 10: bit 0 is Critical, bit 1 UnSafe.
TEST(OptionNumber, TellsCriticalAndUnsafeByItsBits) {
    EXPECT_TRUE(is_critical(OptionNumber::uri_path));
    EXPECT_TRUE(is_critical(OptionNumber::block1));
    EXPECT_FALSE(is_critical(OptionNumber::observe));
    EXPECT_FALSE(is_critical(OptionNumber::size1));
    EXPECT_TRUE(is_unsafe(OptionNumber::uri_host));
    EXPECT_TRUE(is_unsafe(OptionNumber::max_age));
    EXPECT_FALSE(is_unsafe(OptionNumber::etag));
}

// RFC 7252 5.10, table 4; RFC 7641 2; RFC 7959 2.1 and 4.
TEST(OptionNumber, LengthLimitsAreThoseOfTheTables) {
    EXPECT_EQ(length_limits(OptionNumber::uri_host), (LengthLimits{1, 255}));
    EXPECT_EQ(length_limits(OptionNumber::etag), (LengthLimits{1, 8}));
    EXPECT_EQ(length_limits(OptionNumber::if_none_match), (LengthLimits{0, 0}));
    EXPECT_EQ(length_limits(OptionNumber::observe), (LengthLimits{0, 3}));
    EXPECT_EQ(length_limits(OptionNumber::uri_path), (LengthLimits{0, 255}));
    EXPECT_EQ(length_limits(OptionNumber::content_format), (LengthLimits{0, 2}));
    EXPECT_EQ(length_limits(OptionNumber::block2), (LengthLimits{0, 3}));
    EXPECT_EQ(length_limits(OptionNumber::size1), (LengthLimits{0, 4}));
    EXPECT_EQ(length_limits(OptionNumber::proxy_uri), (LengthLimits{1, 1034}));
    EXPECT_EQ(length_limits(static_cast<OptionNumber>(2049)), (LengthLimits{0, 65535 + 269}));
}

// RFC 7252 5.10, table 4, column R.
TEST(OptionNumber, OnlySomeMayBeRepeated) {
    EXPECT_TRUE(is_repeatable(OptionNumber::uri_path));
    EXPECT_TRUE(is_repeatable(OptionNumber::uri_query));
    EXPECT_TRUE(is_repeatable(OptionNumber::location_path));
    EXPECT_TRUE(is_repeatable(OptionNumber::if_match));
    EXPECT_TRUE(is_repeatable(OptionNumber::etag));
    EXPECT_FALSE(is_repeatable(OptionNumber::content_format));
    EXPECT_FALSE(is_repeatable(OptionNumber::block1));
    EXPECT_FALSE(is_repeatable(OptionNumber::uri_host));
}

TEST(OptionNumber, EveryNumberHasAFormatAndNamesAreDistinct) {
    std::set<std::string> names;
    int named = 0;
    for (int number = 0; number < 65536; ++number) {
        const auto option = static_cast<OptionNumber>(number);
        const auto limits = length_limits(option);
        EXPECT_LE(limits.min, limits.max);
        const std::string text = name(option);
        if (text.empty()) {
            EXPECT_EQ(format(option), OptionFormat::opaque) << number;
            continue;
        }
        ++named;
        names.insert(text);
    }
    EXPECT_EQ(names.size(), static_cast<std::size_t>(named));
    EXPECT_EQ(named, 24);
}

}  // namespace
}  // namespace coap
