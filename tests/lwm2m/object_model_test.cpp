#include "simulator/lwm2m/object_model.h"

#include <string>

#include <gtest/gtest.h>

namespace lwm2m {
namespace {

using Intervals = std::vector<Range::Interval>;

TEST(Version, IsMajorPointMinor) {
    EXPECT_EQ(parse_version("1.0"), (Version{1, 0}));
    EXPECT_EQ(parse_version("2.10"), (Version{2, 10}));
    EXPECT_LT((Version{1, 9}), (Version{1, 10}));
    EXPECT_EQ(to_string(Version{2, 1}), "2.1");
    for (const char* wrong : {"", "1", "1.", ".1", "1.0.0", "v1.0", "1.0 ", "-1.0", "99999.0", "1,0"}) {
        EXPECT_FALSE(parse_version(wrong)) << wrong;
    }
}

TEST(Operations, AreReadWriteOrExecute) {
    EXPECT_EQ(parse_operations("RW"), (Operations{.read = true, .write = true}));
    EXPECT_EQ(parse_operations("E"), Operations{.execute = true});
    EXPECT_EQ(parse_operations(""), Operations{});
    EXPECT_EQ(parse_operations("none"), Operations{});
    for (const char* wrong : {"RR", "RE", "r", "RWX", "R W"}) EXPECT_FALSE(parse_operations(wrong)) << wrong;
    for (const char* text : {"R", "W", "RW", "E", "none"}) EXPECT_EQ(to_string(*parse_operations(text)), text);
}

TEST(Range, UnderstandsTheFormsOfTheRegistry) {
    EXPECT_EQ(parse_range("0..100", Type::integer).intervals, (Intervals{{0, 100}}));
    EXPECT_EQ(parse_range("-1..1", Type::floating).intervals, (Intervals{{-1, 1}}));
    EXPECT_EQ(parse_range("0.000001..1.0", Type::floating).intervals, (Intervals{{0.000001, 1}}));
    EXPECT_EQ(parse_range("1...15", Type::integer).intervals, (Intervals{{1, 15}}));
    EXPECT_EQ(parse_range("0-255", Type::integer).intervals, (Intervals{{0, 255}}));
    EXPECT_EQ(parse_range("[1:4]", Type::integer).intervals, (Intervals{{1, 4}}));
    EXPECT_EQ(parse_range("-30..-120", Type::integer).intervals, (Intervals{{-120, -30}}));
    EXPECT_EQ(parse_range("5, 10, 15, 20", Type::integer).intervals, (Intervals{{5, 5}, {10, 10}, {15, 15}, {20, 20}}));
    EXPECT_EQ(parse_range("0; 3.8..20.5", Type::floating).intervals, (Intervals{{0, 0}, {3.8, 20.5}}));
    EXPECT_EQ(parse_range("0..247, 255", Type::integer).intervals, (Intervals{{0, 247}, {255, 255}}));
    EXPECT_EQ(parse_range("0: RELEASED\n\t\t1: PRESSED\n\t\t255: STUCK", Type::unsigned_integer).intervals,
              (Intervals{{0, 0}, {1, 1}, {255, 255}}));
}

TEST(Range, OfTextAndBytesIsTheirLength) {
    const Range uri = parse_range("0-255 bytes", Type::string);
    EXPECT_EQ(uri.of, Range::Of::length);
    EXPECT_EQ(uri.intervals, (Intervals{{0, 255}}));
    EXPECT_EQ(parse_range("16-32-48 bytes", Type::opaque).intervals, (Intervals{{16, 16}, {32, 32}, {48, 48}}));
    EXPECT_EQ(parse_range("10 or 26 Bytes", Type::string).intervals, (Intervals{{10, 10}, {26, 26}}));
    EXPECT_EQ(parse_range("8 bit", Type::opaque).intervals, (Intervals{{1, 1}}));
    EXPECT_EQ(parse_range("64", Type::string).intervals, (Intervals{{64, 64}}));
}

TEST(Range, ThatMakesNoSenseKeepsItsTextAndAllowsEverything) {
    for (const char* text : {"<7 to >12.5", "ON;OFF", "2 Instances", "8-Bits", "2 bytes", "255", "..", "1..", "1..2..3",
                             "1 2", "[1:4", "-", "nan", "inf", "as the specification says"}) {
        const Range range = parse_range(text, Type::integer);
        EXPECT_EQ(range.text, text);
        EXPECT_TRUE(range.intervals.empty()) << text;
        EXPECT_TRUE(range.allows(ValueView::of_integer(1'000'000))) << text;
    }
    EXPECT_EQ(parse_range(" \n\t ", Type::integer), Range{});
    EXPECT_EQ(parse_range("0..5", Type::objlnk).intervals, Intervals{});
}

TEST(Range, TellsWhatIsWithin) {
    const Range level = parse_range("0..100", Type::integer);
    EXPECT_TRUE(level.allows(ValueView::of_integer(0)));
    EXPECT_TRUE(level.allows(ValueView::of_integer(100)));
    EXPECT_FALSE(level.allows(ValueView::of_integer(101)));
    EXPECT_FALSE(level.allows(ValueView::of_integer(-1)));
    const Range key = parse_range("16,32", Type::opaque);
    const std::vector<std::uint8_t> bytes(32);
    EXPECT_TRUE(key.allows(ValueView::of_opaque(bytes)));
    EXPECT_FALSE(key.allows(ValueView::of_opaque(base::Bytes(bytes).first(20))));
}

TEST(ObjectKey, IsTheNameInSnakeCase) {
    EXPECT_EQ(to_key("Battery Level"), "battery_level");
    EXPECT_EQ(to_key("LwM2M Server"), "server");
    EXPECT_EQ(to_key("LWM2M v1.1 Test Object"), "v1_1_test_object");
    EXPECT_EQ(to_key("On/Off switch"), "on_off_switch");
    EXPECT_EQ(to_key(" SMS Binding Secret Key(s) "), "sms_binding_secret_key_s");
    EXPECT_EQ(to_key("\xc3\xa9"), "");
    EXPECT_EQ(fold("Battery Level"), fold("batteryLevel"));
}

TEST(ObjectUrn, HasItsClassByIdAndNoVersionForTheFirst) {
    EXPECT_EQ(default_urn(3, {1, 0}), "urn:oma:lwm2m:oma:3");
    EXPECT_EQ(default_urn(3, {1, 1}), "urn:oma:lwm2m:oma:3:1.1");
    EXPECT_EQ(default_urn(3303, {1, 0}), "urn:oma:lwm2m:ext:3303");
    EXPECT_EQ(default_urn(10340, {2, 0}), "urn:oma:lwm2m:x:10340:2.0");
}

TEST(ObjectModel, GivesEachResourceAKeyOfItsOwn) {
    ObjectModel model{.id = 12, .name = "WLAN connectivity"};
    model.resources = {{.id = 42, .name = "Packets"}, {.id = 7, .name = "007"}, {.id = 41, .name = "Packets"}};
    ASSERT_TRUE(complete(model));
    EXPECT_EQ(model.key, "wlan_connectivity");
    ASSERT_EQ(model.resources.size(), 3u);
    EXPECT_EQ(model.find(7)->key, "resource_7");
    EXPECT_EQ(model.find(41)->key, "packets");
    EXPECT_EQ(model.find(42)->key, "packets_42");
    EXPECT_EQ(model.find("packets_42"), model.find(42));
    EXPECT_EQ(model.find(8), nullptr);
    EXPECT_EQ(model.find("packet"), nullptr);
}

TEST(ObjectModel, KeepsAKeyUniqueThatAnotherNameAlreadyLooksLike) {
    ObjectModel model{.id = 12};
    model.resources = {{.id = 1, .name = "Flow 5"}, {.id = 3, .name = "Flow"}, {.id = 5, .name = "Flow"}};
    ASSERT_TRUE(complete(model));
    for (const ResourceModel& resource : model.resources)
        EXPECT_EQ(model.find(resource.key), &resource) << resource.key;
}

TEST(ObjectModel, RefusesAResourceIdThatIsThereTwice) {
    ObjectModel model{.id = 1};
    model.resources = {{.id = 4, .name = "a"}, {.id = 4, .name = "b"}};
    const auto result = complete(model);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().offset, 4u);
}

}  // namespace
}  // namespace lwm2m
