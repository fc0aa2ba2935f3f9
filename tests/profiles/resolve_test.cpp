#include "profiles/resolve.h"

#include "tests/profiles/profile_fixture.h"

namespace profiles {
namespace {

using lwm2m::Path;
using namespace std::chrono_literals;

class Resolve : public ProfileFixture {
protected:
    static const ResolvedResource& at(const ResolvedProfilePtr& profile, const Path& path) {
        const auto index = profile->find(path);
        EXPECT_GE(index, 0) << lwm2m::to_string(path);
        return profile->resources.at(static_cast<std::size_t>(std::max(index, 0)));
    }
    static std::string text_at(const ResolvedProfilePtr& profile, const Path& path) {
        return lwm2m::to_string(at(profile, path).value.view());
    }
};

TEST_F(Resolve, FillsInServerAndDevice) {
    const auto profile = resolved("profile: x\nlwm2m: {lifetime: 90m}\n");
    ASSERT_TRUE(profile) << diagnostics.text();
    EXPECT_EQ(text_at(profile, Path(1, 0, 0)), "123");
    EXPECT_EQ(text_at(profile, Path(1, 0, 1)), "5400");
    EXPECT_EQ(text_at(profile, Path(1, 0, 7)), "U");
    EXPECT_TRUE(at(profile, Path(1, 0, 8)).operations.execute);
    EXPECT_EQ(text_at(profile, Path(3, 0, 1)), "x");
    EXPECT_TRUE(at(profile, Path(3, 0, 4)).operations.execute);
    EXPECT_EQ(text_at(profile, Path(3, 0, 11, 0)), "0");
    EXPECT_TRUE(at(profile, Path(3, 0, 11, 0)).multiple);
    EXPECT_EQ(profile->object_links, R"(</>;rt="oma.lwm2m";ct="60 112 11542",</1/0>,</3/0>)");
    EXPECT_EQ(diagnostics.warnings(), 0u);
}

TEST_F(Resolve, TakesNamesAndIdsForTheSame) {
    const auto named =
        resolved("profile: x\nobjects: {temperature/0: {sensor_value: 21.5}, device: {battery_level: 7}}\n");
    const auto numbered = resolved("profile: x\nobjects: {/3303/0: {5700: 21.5}, '3/0': {'9': 7}}\n");
    ASSERT_TRUE(named && numbered) << diagnostics.text();
    EXPECT_EQ(text_at(named, Path(3303, 0, 5700)), "21.5");
    EXPECT_EQ(at(named, Path(3303, 0, 5700)).type, lwm2m::Type::floating);
    EXPECT_EQ(named->resources.size(), numbered->resources.size());
    EXPECT_EQ(named->object_links, numbered->object_links);
}

TEST_F(Resolve, KeepsResourcesAndInstancesByPath) {
    const auto profile = resolved(
        "profile: x\nobjects: {humidity/1: {5700: 1}, humidity/0: {5700: 1}, temperature/7: {sensor_units: Cel, "
        "sensor_value: 1}}\n");
    ASSERT_TRUE(profile) << diagnostics.text();
    for (std::size_t i = 1; i < profile->resources.size(); ++i)
        EXPECT_LT(profile->resources[i - 1].path, profile->resources[i].path);
    std::size_t resources = 0;
    for (const ResolvedInstance& instance : profile->instances) {
        for (std::uint32_t i = 0; i < instance.resource_count; ++i) {
            EXPECT_TRUE(instance.path.contains(profile->resources[instance.first_resource + i].path));
        }
        resources += instance.resource_count;
    }
    EXPECT_EQ(resources, profile->resources.size());
    EXPECT_EQ(profile->object_links,
              R"(</>;rt="oma.lwm2m";ct="60 112 11542",</1/0>,</3/0>,</3303/7>,</3304/0>,</3304/1>)");
    EXPECT_EQ(profile->find(Path(9, 9, 9)), -1);
}

TEST_F(Resolve, TakesARangeOfInstances) {
    const auto profile = resolved("profile: x\nobjects: {temperature/0-15: {sensor_value: {uniform: [1, 2]}}}\n");
    ASSERT_TRUE(profile) << diagnostics.text();
    EXPECT_EQ(at(profile, Path(3303, 15, 5700)).generator, 0);
    EXPECT_EQ(profile->generators.size(), 1u);
    EXPECT_EQ(profile->objects.back().instance_count, 16u);
}

TEST_F(Resolve, SaysWhatTheRegistryHas) {
    EXPECT_FALSE(resolved("profile: x\nobjects:\n  temperature/0:\n    sensor_value: warm\n"));
    EXPECT_EQ(diagnostics.text(),
              "error: /3303/0/5700 is Float in the OMA registry, 'warm' is not     meter.yaml:4:19\n"
              "   4 |     sensor_value: warm\n"
              "     |                   ^^^^\n");
}

TEST_F(Resolve, NamesUnknownObjectsAndResources) {
    EXPECT_FALSE(
        resolved("profile: x\nobjects: {temprature/0: {}, device/0: {batery_level: 3}, temperature/0: "
                 "{77: 1}}\n"));
    EXPECT_TRUE(says("did you mean \"temperature\"")) << diagnostics.text();
    EXPECT_TRUE(says("did you mean \"battery_level\""));
    EXPECT_TRUE(says("object 3303 has no resource 77"));
}

TEST_F(Resolve, RefusesTheSameResourceByTwoNames) {
    EXPECT_FALSE(resolved("profile: x\nobjects: {temperature/0: {sensor_value: 1, 5700: 2}}\n"));
    EXPECT_TRUE(says("/3303/0/5700 is given twice"));
    Diagnostics fresh;
    const auto merged =
        parse_profile_tree("profile: x\nobjects: {temperature/0: {5700: 1}, 3303/0: {5700: 2}}\n", "t", catalog, fresh);
    EXPECT_FALSE(resolve(read_profile(*merged, fresh), builtin_objects(), fresh));
    EXPECT_NE(fresh.text().find("given twice"), std::string::npos);
}

TEST_F(Resolve, LetsAProfileOverrideItsBaseByAnotherName) {
    in_catalog("b", "profile: b\nobjects: {temperature/0: {sensor_value: 1, sensor_units: Cel}}\n");
    const auto profile = resolved("profile: x\nextends: b\nobjects: {3303/0: {5700: 2}}\n");
    ASSERT_TRUE(profile) << diagnostics.text();
    EXPECT_EQ(text_at(profile, Path(3303, 0, 5700)), "2");
    EXPECT_EQ(text_at(profile, Path(3303, 0, 5701)), "Cel");
}

TEST_F(Resolve, ReadsMultipleResourcesAsListMapOrOneValue) {
    const auto profile = resolved(
        "profile: x\nobjects: {device/0: {available_power_sources: [1, 5], power_source_voltage: {3: 3600, 1: "
        "{uniform: [1, 2]}}, "
        "power_source_current: 7}}\n");
    ASSERT_TRUE(profile) << diagnostics.text();
    EXPECT_EQ(text_at(profile, Path(3, 0, 6, 1)), "5");
    EXPECT_EQ(text_at(profile, Path(3, 0, 7, 3)), "3600");
    EXPECT_EQ(at(profile, Path(3, 0, 7, 1)).generator, 0);
    EXPECT_EQ(text_at(profile, Path(3, 0, 8, 0)), "7");
    const auto empty = resolved("profile: x\nobjects: {device/0: {available_power_sources: []}}\n");
    ASSERT_TRUE(empty);
    EXPECT_TRUE(at(empty, Path(3, 0, 6)).multiple);
    EXPECT_FALSE(resolved("profile: x\nobjects: {device/0: {available_power_sources: {one: 1}}}\n"));
    EXPECT_TRUE(says("'one' is not the id of an instance of /3/0/6"));
}

TEST_F(Resolve, GivesExecutablesNoValue) {
    const auto profile = resolved("profile: x\nobjects: {device/0: {factory_reset: , reset_error_code: execute}}\n");
    ASSERT_TRUE(profile) << diagnostics.text();
    EXPECT_TRUE(at(profile, Path(3, 0, 5)).operations.execute);
    EXPECT_FALSE(resolved("profile: x\nobjects: {device/0: {reboot: 5}}\n"));
    EXPECT_TRUE(says("/3/0/4 is executable and holds no value"));
}

TEST_F(Resolve, WarnsOfMandatoryResourcesThatAreNotGiven) {
    const auto profile = resolved("profile: x\nobjects: {location/0: {latitude: 48.1}}\n");
    ASSERT_TRUE(profile);
    EXPECT_EQ(diagnostics.warnings(), 1u);
    EXPECT_TRUE(says("/6/0/1 (longitude) is mandatory and not given: it is 0")) << diagnostics.text();
}

TEST_F(Resolve, WarnsOfValuesOutsideTheirRange) {
    EXPECT_TRUE(resolved("profile: x\nobjects: {device/0: {battery_level: 140}}\n"));
    EXPECT_TRUE(says("/3/0/9 is 0..100 in the OMA registry, '140' is outside")) << diagnostics.text();
}

TEST_F(Resolve, StatesTheVersionOfAnObjectWhereItIsNotTheStandardOne) {
    const auto profile = resolved(
        "profile: x\nlwm2m: {object_versions: {temperature: '1.1'}}\nobjects: {temperature/0: {sensor_value: 1}}\n");
    ASSERT_TRUE(profile) << diagnostics.text();
    EXPECT_EQ(profile->object_links, R"(</>;rt="oma.lwm2m";ct="60 112 11542",</1/0>,</3/0>,</3303>;ver=1.1,</3303/0>)");
    EXPECT_FALSE(resolved("profile: x\nlwm2m: {object_versions: {temperature: '7.7', nothing: '1.0', device: x}}\n"));
    EXPECT_TRUE(says("object 3303 is not known in version 7.7"));
    EXPECT_TRUE(says("'x' is not a version"));
}

TEST_F(Resolve, PointsToTheVersionThatHasAResource) {
    EXPECT_FALSE(resolved("profile: x\nobjects: {temperature/0: {sensor_value: 1, timestamp: 0}}\n"));
    EXPECT_TRUE(says("'timestamp' is not in version 1.0 of object 3303"));
    EXPECT_TRUE(says(R"(say lwm2m: {object_versions: {temperature: "1.1"}})")) << diagnostics.text();
}

TEST_F(Resolve, TellsLwm2m10WhatItKnows) {
    const auto profile =
        resolved("profile: x\nlwm2m: {version: '1.0', binding: UQ}\nobjects: {temperature/0: {sensor_value: 1}}\n");
    ASSERT_TRUE(profile) << diagnostics.text();
    EXPECT_EQ(profile->object_links, "</1/0>,</3/0>,</3303/0>");
    EXPECT_TRUE(profile->queue_mode);
    EXPECT_EQ(profile->binding, "U");
    EXPECT_EQ(text_at(profile, Path(1, 0, 7)), "UQ");
    EXPECT_EQ(profile->default_format, lwm2m::ContentFormat::tlv);
}

TEST_F(Resolve, TakesTheDefaultPeriodsFromTheServerObject) {
    const auto profile =
        resolved("profile: x\nobjects: {server/0: {default_minimum_period: 5, default_maximum_period: 60}}\n");
    ASSERT_TRUE(profile) << diagnostics.text();
    EXPECT_EQ(profile->servers.front().default_pmin, 5s);
    EXPECT_EQ(profile->servers.front().default_pmax, 60s);
    EXPECT_EQ(resolved("profile: x\n")->servers.front().default_pmax, std::nullopt);
    EXPECT_EQ(resolved("profile: x\nobjects: {server/0: {3: 0}}\n")->servers.front().default_pmax, std::nullopt);
    EXPECT_FALSE(resolved("profile: x\nobjects: {server/0: {lifetime: 5}}\n"));
    EXPECT_TRUE(says("say lwm2m: {lifetime: 1h}"));
}

TEST_F(Resolve, ChoosesTheFirstFormatThatHoldsAnInstance) {
    const auto profile = resolved("profile: x\nformats: [text, senml-cbor, tlv]\n");
    ASSERT_TRUE(profile) << diagnostics.text();
    EXPECT_EQ(profile->default_format, lwm2m::ContentFormat::senml_cbor);
    EXPECT_EQ(resolved("profile: x\nformats: [tlv]\n")->object_links, R"(</>;rt="oma.lwm2m";ct=11542,</1/0>,</3/0>)");
    EXPECT_FALSE(resolved("profile: x\nformats: [text]\n"));
    EXPECT_TRUE(says("none of them can hold an object instance"));
}

TEST_F(Resolve, RefusesInstancesThatCannotBe) {
    EXPECT_FALSE(resolved(
        "profile: x\nobjects: {device/1: {}, server/0: {}, server/1: {}, security/0: {}, 21/0: {}, temperature: {}, "
        "temperature/x: {}, temperature/3-1: {}, "
        "humidity/65535: {}}\n"));
    EXPECT_TRUE(says("object 3 has one instance"));
    EXPECT_TRUE(says("/1/0 and /1/1 are two servers, and only one is the target of the run"));
    EXPECT_TRUE(says("object 0 follows from what the profile says elsewhere"));
    EXPECT_TRUE(says("object 21 follows from what the profile says elsewhere"));
    EXPECT_TRUE(says("'temperature' names no instance"));
    EXPECT_TRUE(says("'humidity/65535' names no instance"));
}

TEST_F(Resolve, BoundsTheResourcesOfAProfile) {
    EXPECT_FALSE(resolved("profile: x\nobjects: {temperature/0-65534: {sensor_value: 1}}\n"));
    EXPECT_TRUE(says("more than 20000 resources"));
}

TEST_F(Resolve, TurnsActionsIntoPaths) {
    const auto profile = resolved("profile: x\nbehaviour: {on_execute: {device/0/reboot: reboot(8s)}}\n");
    ASSERT_TRUE(profile) << diagnostics.text();
    ASSERT_EQ(profile->behaviour.reboot_on_execute.size(), 1u);
    EXPECT_EQ(profile->behaviour.reboot_on_execute[0], std::make_pair(Path(3, 0, 4), base::Duration(8s)));
    EXPECT_FALSE(resolved("profile: x\nbehaviour: {on_execute: {/3/0/9: reboot(8s), nothing: reboot(1s)}}\n"));
    EXPECT_TRUE(says("/3/0/9 is no executable resource of this profile"));
}

TEST_F(Resolve, RefusesBindingsAndLifetimesThatCannotBe) {
    EXPECT_FALSE(resolved("profile: x\nlwm2m: {binding: T}\n"));
    EXPECT_TRUE(says("the binding 'T' is not supported yet"));
    EXPECT_FALSE(resolved("profile: x\nlwm2m: {binding: UQ}\n"));
    EXPECT_TRUE(says("say U, and queue_mode: true"));
    EXPECT_FALSE(resolved("profile: x\nlwm2m: {lifetime: 1s ±50%}\n"));
    EXPECT_TRUE(says("below one second"));
}

TEST_F(Resolve, ARouteGivesAllValuesOfAPosition) {
    const auto profile = resolved(
        "profile: x\nobjects: {location/0: {altitude: 5, route: {waypoints: [[48, 11], [49, 12]], speed: 10 m/s, "
        "every: 5s}}}\n");
    ASSERT_TRUE(profile) << diagnostics.text();
    const auto generator_of = [&](std::uint16_t resource) {
        return profile->resources[static_cast<std::size_t>(profile->find({6, 0, resource}))].generator;
    };
    EXPECT_GE(generator_of(0), 0);
    EXPECT_GE(generator_of(1), 0);
    EXPECT_EQ(generator_of(2), -1);
    EXPECT_GE(generator_of(6), 0);
    EXPECT_EQ(profile->generators[0].every, std::chrono::seconds(5));
}

TEST_F(Resolve, OnlyAPositionTravels) {
    EXPECT_FALSE(
        resolved("profile: x\nobjects: {temperature/0: {sensor_value: 1, route: {waypoints: [[48, 11], [49, 12]], "
                 "speed: 1}}}\n"));
    EXPECT_TRUE(says("object 3303 has no position to travel")) << diagnostics.text();
}

TEST_F(Resolve, WhatTheDeviceComputesNeedsNoValue) {
    const auto profile =
        resolved("profile: x\nobjects: {device/0: {current_time: }, temperature/0: {sensor_value: 20}}\n");
    ASSERT_TRUE(profile) << diagnostics.text();
    const auto is_computed = [&](const lwm2m::Path& path) {
        const auto at = profile->find(path);
        return at >= 0 && profile->resources[static_cast<std::size_t>(at)].computed;
    };
    EXPECT_TRUE(is_computed({3, 0, 13}));
    EXPECT_TRUE(is_computed({3303, 0, 5601}));
    EXPECT_FALSE(is_computed({3303, 0, 5700}));
    EXPECT_FALSE(resolved("profile: x\nobjects: {device/0: {serial_number: }}\n"));
    EXPECT_TRUE(says("/3/0/2")) << diagnostics.text();
}

TEST_F(Resolve, WhatComesByItselfCanBeLeftOut) {
    const auto profile = resolved(
        "profile: x\nobjects: {device/0: {without: [factory_reset]}, temperature/0: {sensor_value: 20, without: "
        "[min_measured_value, '5602']}}\n");
    ASSERT_TRUE(profile) << diagnostics.text();
    EXPECT_LT(profile->find({3, 0, 5}), 0);
    EXPECT_LT(profile->find({3303, 0, 5601}), 0);
    EXPECT_LT(profile->find({3303, 0, 5602}), 0);
    EXPECT_GE(profile->find({3303, 0, 5605}), 0);
    EXPECT_FALSE(resolved("profile: x\nobjects: {device/0: {without: [reboot, serial_number, nonsense]}}\n"));
    EXPECT_TRUE(says("without: reboot is mandatory")) << diagnostics.text();
    EXPECT_TRUE(says("without: serial_number is there only where it is named"));
    EXPECT_TRUE(says("nonsense"));
}

TEST_F(Resolve, RefusesGeneratorsThatAreNone) {
    EXPECT_FALSE(resolved(
        "profile: x\nobjects: {temperature/0: {sensor_value: {diurnl: {mean: 1}}}, humidity/0: {sensor_value: [1, 2]}, "
        "barometer/0: {sensor_value: {trace: a.csv}}}\n"));
    EXPECT_TRUE(says("/3303/0/5700: 'diurnl' is not a generator")) << diagnostics.text();
    EXPECT_TRUE(says("did you mean 'diurnal'?"));
    EXPECT_TRUE(says("/3304/0/5700: a list where a value or a generator is needed"));
}

TEST_F(Resolve, GuessesTheTypesOfAnObjectByNumber) {
    const auto profile = resolved(
        "profile: x\nobjects: {'10999/0': {'1': {uniform: [1, 2]}, 2: 7, 3: '7', 4: true, 5: , 6: [1, 2], 7: 1, 8: {0: "
        "a, 4: b}}, "
        "10999/1-2: {7: 1.5}}\n");
    ASSERT_TRUE(profile) << diagnostics.text();
    EXPECT_TRUE(says("object 10999 is not in the catalogue: its types are guessed"));
    EXPECT_EQ(diagnostics.warnings(), 1u);
    EXPECT_EQ(at(profile, Path(10999, 0, 1)).type, lwm2m::Type::floating);
    EXPECT_EQ(at(profile, Path(10999, 0, 1)).generator, 0);
    EXPECT_EQ(at(profile, Path(10999, 0, 2)).type, lwm2m::Type::integer);
    EXPECT_EQ(at(profile, Path(10999, 0, 3)).type, lwm2m::Type::string);
    EXPECT_EQ(at(profile, Path(10999, 0, 4)).type, lwm2m::Type::boolean);
    EXPECT_TRUE(at(profile, Path(10999, 0, 5)).operations.execute);
    EXPECT_TRUE(at(profile, Path(10999, 0, 6, 1)).multiple);
    EXPECT_EQ(text_at(profile, Path(10999, 0, 7)), "1");
    EXPECT_EQ(at(profile, Path(10999, 0, 7)).type, lwm2m::Type::floating);
    EXPECT_EQ(text_at(profile, Path(10999, 0, 8, 4)), "b");
    EXPECT_EQ(text_at(profile, Path(10999, 2, 7)), "1.5");
    EXPECT_EQ(profile->objects.back().model->find(std::uint16_t{7})->type, lwm2m::Type::floating);
    EXPECT_NE(profile->object_links.find("</10999/0>,</10999/1>,</10999/2>"), std::string::npos);
    EXPECT_FALSE(resolved("profile: x\nobjects: {10999/0: {level: 3}, 'Nobody/0': {1: 2}}\n"));
    EXPECT_TRUE(says("'level' is no number, and object 10999 is not in the catalogue"));
}

}  // namespace
}  // namespace profiles
