#include "simulator/lwm2m/object_registry.h"

#include <gtest/gtest.h>

namespace lwm2m {
namespace {

ObjectModel model(std::uint16_t id, const char* name, Version version, std::vector<ResourceModel> resources = {}) {
    ObjectModel made{.id = id, .name = name, .version = version, .resources = std::move(resources)};
    EXPECT_TRUE(complete(made));
    return made;
}

class ObjectRegistryTest : public testing::Test {
protected:
    ObjectRegistryTest() {
        registry.set(model(1, "LwM2M Server", {1, 0}));
        registry.set(model(3, "Device", {1, 0}, {{.id = 9, .name = "Battery Level", .type = Type::integer}}));
        registry.set(model(3, "Device", {1, 1},
                           {{.id = 9, .name = "Battery Level", .type = Type::integer},
                            {.id = 11, .name = "Error Code", .multiple = true, .type = Type::integer},
                            {.id = 4, .name = "Reboot"}}));
        registry.set(model(3, "Device", {1, 2}, {{.id = 9, .name = "Battery", .type = Type::unsigned_integer}}));
        registry.set(model(6, "Location", {1, 0}));
        registry.set(model(3336, "Location", {1, 0}));
        registry.set(model(3336, "GPS Location", {2, 0}));
        registry.set(model(10340, "Camera Data", {2, 0}, {{.id = 1, .name = "File", .type = Type::opaque}}));
    }
    ObjectSelection select(VersionChoice choice) const { return ObjectSelection(registry, choice); }

    ObjectRegistry registry;
};

TEST_F(ObjectRegistryTest, FindsAnObjectByIdAndVersion) {
    EXPECT_EQ(registry.find(3, {1, 1})->resources.size(), 3u);
    EXPECT_EQ(registry.find(3, {1, 3}), nullptr);
    EXPECT_EQ(registry.newest(3)->version, (Version{1, 2}));
    EXPECT_EQ(registry.newest(4), nullptr);
    EXPECT_EQ(registry.versions(3).size(), 3u);
    EXPECT_EQ(registry.objects(), (std::vector<std::uint16_t>{1, 3, 6, 3336, 10340}));
}

TEST_F(ObjectRegistryTest, FindsAnObjectByNameHoweverWritten) {
    for (const char* name : {"server", "lwm2m_server", "LwM2M Server", "Server", "1"})
        EXPECT_EQ(registry.object(name), 1) << name;
    EXPECT_EQ(registry.object("cameraData"), 10340);
    EXPECT_EQ(registry.object("gps_location"), 3336);
    EXPECT_EQ(registry.object("47"), 47) << "a number need not be known";
}

TEST_F(ObjectRegistryTest, GivesASharedNameToTheLowerId) {
    EXPECT_EQ(registry.object("location"), 6);
    EXPECT_EQ(registry.object("location_3336"), 3336);
    EXPECT_FALSE(registry.object("location_7"));
    EXPECT_EQ(registry.key(6), "location");
    EXPECT_EQ(registry.key(3336), "gps_location");
    EXPECT_EQ(registry.key(47), "47");
    registry.set(model(7000, "Location", {1, 0}));
    EXPECT_EQ(registry.key(7000), "location_7000");
    EXPECT_EQ(registry.object("location_7000"), 7000);
}

TEST_F(ObjectRegistryTest, ProposesNamesForAMisspeltOne) {
    const auto wrong = registry.object("devise");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().candidates, std::vector<std::string>{"device"});
    EXPECT_EQ(wrong.error().message, "no object is called \"devise\" (did you mean \"device\"?)");
    EXPECT_FALSE(registry.object(""));
    EXPECT_FALSE(registry.object("65535"));
    EXPECT_FALSE(registry.object("99999999999999999999"));
}

// Core 1.1.1, 7.2: without `ver=` an object has the version that the device's LwM2M version ties to it, and 1.0 where
// there is none.
TEST_F(ObjectRegistryTest, ResolvesAnUnstatedVersionByLwm2mVersion) {
    EXPECT_EQ(select({.lwm2m = {1, 0}}).object(3)->version, (Version{1, 0}));
    EXPECT_EQ(select({.lwm2m = {1, 1}}).object(3)->version, (Version{1, 1}));
    EXPECT_EQ(select({.lwm2m = {1, 2}}).object(3)->version, (Version{1, 2}));
    EXPECT_EQ(select({.lwm2m = {1, 2}}).object(3336)->version, (Version{1, 0}));
    EXPECT_EQ(default_version(4, {1, 1}), (Version{1, 2}));
    EXPECT_EQ(default_version(5, {1, 1}), (Version{1, 0}));
    EXPECT_EQ(default_version(21, {1, 2}), (Version{2, 0}));
    EXPECT_EQ(default_version(3303, {1, 2}), (Version{1, 0}));
}

TEST_F(ObjectRegistryTest, TakesTheStatedVersion) {
    const auto selection = select({.lwm2m = {1, 1}, .stated = {{3, {1, 0}}, {3336, {2, 0}}}});
    EXPECT_EQ(selection.object(3)->version, (Version{1, 0}));
    EXPECT_EQ(selection.object(3336)->version, (Version{2, 0}));
    EXPECT_TRUE(selection.must_state(*selection.object(3)));
    EXPECT_TRUE(selection.must_state(*selection.object(3336)));
    EXPECT_FALSE(selection.must_state(*selection.object(6)));
}

TEST_F(ObjectRegistryTest, TakesTheNewestWhenAskedTo) {
    const auto selection = select({.lwm2m = {1, 1}, .unstated = VersionChoice::Unstated::newest});
    EXPECT_EQ(selection.object(3)->version, (Version{1, 2}));
    EXPECT_EQ(selection.object(3336)->version, (Version{2, 0}));
}

TEST_F(ObjectRegistryTest, TakesTheNearestOfAVersionThatIsNotThere) {
    EXPECT_EQ(select({.stated = {{3, {1, 7}}}}).object(3)->version, (Version{1, 2}));
    EXPECT_EQ(select({.stated = {{10340, {2, 5}}}}).object(10340)->version, (Version{2, 0}));
    EXPECT_EQ(select({.stated = {{3, {2, 0}}}}).object(3), nullptr) << "another major version is another object";
    EXPECT_EQ(select({}).object(10340)->version, (Version{2, 0})) << "nothing older is known";
}

TEST_F(ObjectRegistryTest, TellsTheTypeOfAPath) {
    const auto selection = select({.lwm2m = {1, 1}});
    EXPECT_EQ(selection.type_of(Path(3, 0, 9)), Type::integer);
    EXPECT_EQ(selection.type_of(Path(3, 0, 11, 0)), Type::integer);
    EXPECT_EQ(selection.type_of(Path(3, 0)), Type::none);
    EXPECT_EQ(selection.type_of(Path(3, 0, 99)), Type::none);
    EXPECT_EQ(selection.type_of(Path(99, 0, 9)), Type::none);
    EXPECT_TRUE(selection.is_multiple(Path(3, 0, 11)));
    EXPECT_FALSE(selection.is_multiple(Path(3, 0, 9)));
    EXPECT_EQ(select({.lwm2m = {1, 2}}).type_of(Path(3, 0, 9)), Type::unsigned_integer);
}

TEST_F(ObjectRegistryTest, ReadsPathsOfNamesAndIds) {
    const auto selection = select({.lwm2m = {1, 1}});
    EXPECT_EQ(selection.path("/"), Path{});
    EXPECT_EQ(selection.path("device"), Path(3));
    EXPECT_EQ(selection.path("device/0/battery_level"), Path(3, 0, 9));
    EXPECT_EQ(selection.path("/3/0/9"), Path(3, 0, 9));
    EXPECT_EQ(selection.path("/device/0/Error Code/2"), Path(3, 0, 11, 2));
    EXPECT_EQ(selection.path("10340/0"), Path(10340, 0));
    EXPECT_EQ(selection.path("10340/0/file"), Path(10340, 0, 1));
    EXPECT_EQ(selection.path("77/1/2"), Path(77, 1, 2));
    for (const char* text : {"/", "device", "device/0", "device/0/error_code/2", "77/1/2", "device/0/99"}) {
        EXPECT_EQ(selection.named(*selection.path(text)), text);
    }
}

TEST_F(ObjectRegistryTest, SaysWhereAPathIsWrong) {
    const auto selection = select({.lwm2m = {1, 1}});
    const auto resource = selection.path("/device/0/batery_level");
    ASSERT_FALSE(resource);
    EXPECT_EQ(resource.error().offset, 10u);
    EXPECT_EQ(resource.error().candidates, std::vector<std::string>{"battery_level"});
    EXPECT_EQ(
        resource.error().message,
        "no resource of device (object 3, version 1.1) is called \"batery_level\" (did you mean \"battery_level\"?)");
    EXPECT_EQ(selection.path("device/first").error().offset, 7u);
    EXPECT_EQ(selection.path("77/0/name").error().offset, 5u);
    for (const char* wrong : {"", "//", "device/", "/3//9", "/3/0/9/0/0", "/3/65535", "-1", "3/0/9 "}) {
        EXPECT_FALSE(selection.path(wrong)) << wrong;
    }
}

TEST_F(ObjectRegistryTest, ReplacesAModelOfTheSameVersion) {
    registry.set(model(3, "Device", {1, 1}, {{.id = 50, .name = "Extra", .type = Type::string}}));
    EXPECT_EQ(registry.find(3, {1, 1})->resources.size(), 1u);
    EXPECT_EQ(registry.versions(3).size(), 3u);
}

}  // namespace
}  // namespace lwm2m
