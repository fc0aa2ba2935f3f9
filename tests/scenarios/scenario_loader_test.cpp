// Scenario loader: the keys of a scenario, its errors, and the changes of the command line.
#include "scenarios/scenario_loader.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/override.h"

namespace {

using namespace std::chrono_literals;
using profiles::Diagnostics;
using profiles::ServerAction;
using scenarios::Arrivals;
using scenarios::Drain;
using scenarios::Hold;
using scenarios::Ramp;
using scenarios::Scenario;
using scenarios::Target;
using testing::AllOf;
using testing::HasSubstr;

Scenario read(const std::string& text) {
    Diagnostics diagnostics;
    auto scenario = scenarios::parse_scenario(text, "test.yaml", diagnostics);
    if (!scenario) throw std::runtime_error(diagnostics.text());
    return *scenario;
}

// What is said about a wrong scenario.
std::string errors(const std::string& text) {
    Diagnostics diagnostics;
    EXPECT_FALSE(scenarios::parse_scenario(text, "test.yaml", diagnostics)) << text;
    EXPECT_FALSE(diagnostics.ok());
    return diagnostics.text();
}

TEST(ScenarioLoader, ReadsHowManyThreadsTheServerHas) {
    EXPECT_EQ(read("scenario: a\nserver: {threads: 4}\n").server.threads, 4u);
    EXPECT_EQ(read("scenario: a\n").server.threads, std::nullopt);
    for (const std::string wrong : {"0", "65", "many", "-1"}) {
        EXPECT_THAT(errors("scenario: a\nserver: {threads: " + wrong + "}\n"),
                    AllOf(HasSubstr("threads: '" + wrong + "'"), HasSubstr("1 to 64")));
    }
    EXPECT_THAT(errors("scenario: a\nserver: {threads: [1]}\n"), HasSubstr("threads: a list"));
}

TEST(ScenarioLoader, ReadsEveryKey) {
    const Scenario scenario = read(R"(
scenario: power-cut
description: 100k meters come back
seed: 7
target: coap://192.0.2.7:5700
devices: 100k
fleet:
  - {profile: water-meter, share: 85%}
  - {profile: tracker,     share: 15%}
phases:
  - ramp:  {to: 100%, over: 5m, arrivals: poisson}
  - hold:  {for: 10m, name: steady}
  - drain: {over: 60s}
report: {dir: out}
)");
    EXPECT_EQ(scenario.name, "power-cut");
    EXPECT_EQ(scenario.description, "100k meters come back");
    EXPECT_EQ(scenario.seed, 7u);
    EXPECT_EQ(scenario.target, (Target{"192.0.2.7", 5700}));
    EXPECT_EQ(scenario.devices, 100'000u);
    ASSERT_EQ(scenario.fleet.size(), 2u);
    EXPECT_EQ(scenario.fleet[0].profile, "water-meter");
    EXPECT_EQ(scenario.fleet[0].share, 0.85);
    ASSERT_EQ(scenario.phases.size(), 3u);
    const auto& ramp = std::get<Ramp>(scenario.phases[0].what);
    EXPECT_EQ(ramp.over, 5min);
    EXPECT_EQ(ramp.arrivals, Arrivals::poisson);
    EXPECT_EQ(scenario.phases[1].name, "steady");
    EXPECT_EQ(std::get<Hold>(scenario.phases[1].what).length, 10min);
    EXPECT_EQ(std::get<Drain>(scenario.phases[2].what).over, 60s);
    EXPECT_EQ(scenario.report_dir, "out");
}

TEST(ScenarioLoader, AnEmptyFileIsTheDefaultScenario) {
    const Scenario empty = read("");
    const Scenario fallback = scenarios::default_scenario();
    EXPECT_EQ(empty.name, "default");
    EXPECT_EQ(empty.devices, 10'000u);
    EXPECT_EQ(empty.seed, 42u);
    EXPECT_FALSE(empty.target);
    EXPECT_EQ(empty.fleet.size(), fallback.fleet.size());
    ASSERT_EQ(empty.phases.size(), 3u);
    EXPECT_EQ(std::get<Ramp>(empty.phases[0].what).to.of(10'000), 10'000u);
    EXPECT_EQ(std::get<Hold>(empty.phases[1].what).length, 60s);
    EXPECT_TRUE(empty.server.observe_defaults);
    EXPECT_THAT(scenarios::fleet_weights(fallback), testing::Each(testing::Gt(0)));
}

TEST(ScenarioLoader, UnnamedPhasesAreNumberedByKind) {
    const Scenario scenario =
        read("phases: [{ramp: {to: 50%}}, {hold: {}}, {ramp: {}}, {hold: {name: ramp-2}}, {ramp: {to: 0%}}]");
    std::vector<std::string> names;
    for (const auto& phase : scenario.phases) names.push_back(phase.name);
    EXPECT_THAT(names, testing::ElementsAre("ramp", "hold", "ramp-3", "ramp-2", "ramp-4"));
}

TEST(ScenarioLoader, SharesThatAreLeftOutDivideTheRest) {
    const Scenario scenario = read("fleet: [{profile: a, share: 40%}, {profile: b}, c]");
    EXPECT_THAT(scenarios::fleet_weights(scenario),
                testing::ElementsAre(testing::DoubleEq(0.4), testing::DoubleEq(0.3), testing::DoubleEq(0.3)));
    EXPECT_THAT(errors("fleet: [{profile: a, share: 40%}]"), AllOf(HasSubstr("40%"), HasSubstr("must be 100%")));
    EXPECT_THAT(errors("fleet: [{profile: a, share: 100%}, b]"), HasSubstr("leave nothing"));
    EXPECT_THAT(errors("fleet: [{profile: a, share: 80%}, {profile: b, share: 30%}]"), HasSubstr("110%"));
    EXPECT_THAT(errors("fleet: [{share: 100%}]"), HasSubstr("'profile' is missing"));
    EXPECT_THAT(errors("fleet: []"), HasSubstr("at least one"));
}

TEST(ScenarioLoader, AProfileFileCountsFromTheScenario) {
    Diagnostics diagnostics;
    const auto scenario = scenarios::parse_scenario("fleet: [./meter.yaml, {profile: ../x/t.yml}, water-meter]",
                                                    "some/where/test.yaml", diagnostics);
    ASSERT_TRUE(scenario);
    for (const auto& part : scenario->fleet) EXPECT_EQ(part.place.source->name, "some/where/test.yaml");
    EXPECT_EQ(scenario->fleet[0].profile, "./meter.yaml");
    EXPECT_EQ(scenario->fleet[1].profile, "../x/t.yml");
    EXPECT_EQ(scenario->fleet[2].profile, "water-meter");
}

TEST(ScenarioLoader, ReadsWhatTheServerDoes) {
    const Scenario scenario = read(R"(
server:
  observe: [/3303/0/5700, {path: /3/0/9, pmin: 10s, pmax: 1m}]
  read:    [{path: /3/0, every: 60s, format: tlv, after: 5s ±2s, share: 10%}]
  write:   [{path: /3/0/15, value: "Europe/Berlin"}]
  execute: [/3303/0/5605]
)");
    const auto& actions = scenario.server.actions;
    EXPECT_FALSE(scenario.server.observe_defaults);
    ASSERT_EQ(actions.size(), 5u);
    EXPECT_EQ(actions[0].operation, ServerAction::Operation::observe);
    EXPECT_EQ(actions[0].path, lwm2m::Path(3303, 0, 5700));
    EXPECT_EQ(actions[1].pmin, 10s);
    EXPECT_EQ(actions[1].pmax, 60s);
    EXPECT_EQ(actions[2].every, base::DurationSpec(60s));
    EXPECT_EQ(actions[2].format, lwm2m::ContentFormat::tlv);
    EXPECT_EQ(actions[2].after.spread, 2s);
    EXPECT_EQ(actions[2].share, 0.1);
    EXPECT_EQ(actions[3].value, "Europe/Berlin");
    EXPECT_FALSE(actions[3].every);
    EXPECT_EQ(actions[4].operation, ServerAction::Operation::execute);
}

TEST(ScenarioLoader, ReadsEveryOperationOfTheServer) {
    const Scenario scenario = read(R"(
server:
  discover: [{path: /3, depth: 1}]
  write: [{path: /3/0, values: {15: x, 14: y}, mode: update}]
  write_attributes: [{path: /3/0/9, attributes: {pmin: 10, gt: 50.5, lt: }}]
  create: [{path: /3303, values: {1/5700: 5}}]
  delete: [/3303/1, /3/0/7/1]
  cancel: [{path: /3/0/9, by: reset}]
  read_composite: [{paths: [/3303, /3/0/9, /3303]}]
  write_composite: [{values: {/3/0/15: x, /1/0/1: 60}}]
  observe_composite: [{paths: [/3/0/9], attributes: {pmin: 5}}]
  cancel_composite: [{paths: [/3/0/9], after: 60s}]
)");
    using Operation = ServerAction::Operation;
    const auto& actions = scenario.server.actions;
    ASSERT_EQ(actions.size(), 11u);
    EXPECT_EQ(actions[0].operation, Operation::write);
    EXPECT_EQ(actions[0].mode, ServerAction::Mode::update);
    EXPECT_EQ(actions[0].values.front().first, lwm2m::Path(3, 0, 14));
    EXPECT_EQ(actions[1].depth, 1);
    EXPECT_EQ(actions[2].attributes, (std::vector<std::string>{"pmin=10", "gt=50.5", "lt"}));
    EXPECT_EQ(actions[3].values.front().first, lwm2m::Path(3303, 1, 5700));
    EXPECT_EQ(actions[6].by, ServerAction::By::reset);
    EXPECT_EQ(actions[7].paths, (std::vector<lwm2m::Path>{{3, 0, 9}, lwm2m::Path(3303)}));
    EXPECT_EQ(actions[8].paths.size(), 2u);
    EXPECT_EQ(actions[9].attributes, std::vector<std::string>{"pmin=5"});
    EXPECT_EQ(actions[10].operation, Operation::cancel_composite);
}

TEST(ScenarioLoader, ReadsAFirmwareCampaign) {
    const Scenario scenario = read(R"(
server:
  firmware: {image: 1KiB, after: 60s, mode: pull, wave: 10%/h, at_once: 50, retries: 2, stop_on_failure_share: 5%}
)");
    ASSERT_EQ(scenario.server.campaigns.size(), 1u);
    const auto& campaign = scenario.server.campaigns[0];
    EXPECT_EQ(campaign.image->size(), 1024u);
    EXPECT_EQ(campaign.after, 60s);
    EXPECT_EQ(campaign.spec.mode, profiles::CampaignSpec::Mode::pull);
    EXPECT_EQ(campaign.spec.hourly, 0.1);
    EXPECT_EQ(campaign.spec.at_once, 50u);
    EXPECT_EQ(campaign.spec.retries, 2u);
    EXPECT_EQ(campaign.spec.stop_on_failures, 0.05);
    EXPECT_TRUE(scenario.server.observe_defaults);
}

TEST(ScenarioLoader, SaysWhatIsWrongWithAFirmwareCampaign) {
    EXPECT_THAT(errors("server: {firmware: {}}"), HasSubstr("'image' is missing"));
    EXPECT_THAT(errors("server: {firmware: {image: none.bin}}"), HasSubstr("cannot be read"));
    EXPECT_THAT(errors("server: {firmware: {image: 1GiB}}"), HasSubstr("16 MiB at most"));
    EXPECT_THAT(errors("server: {firmware: {image: 1KiB, mode: throw}}"), HasSubstr("push or pull"));
    EXPECT_THAT(errors("server: {firmware: {image: 1KiB, wave: 10%}}"), HasSubstr("try 10%/h"));
    EXPECT_THAT(errors("server: {firmware: {image: 1KiB, uri: coap://x}}"), HasSubstr("mode: pull"));
    EXPECT_THAT(errors("server: {firmware: {image: 1KiB, imge: x}}"), HasSubstr("unknown key 'imge'"));
}

TEST(ScenarioLoader, SaysWhatIsWrongWithAnOperation) {
    EXPECT_THAT(errors("server: {create: [{path: /3303}]}"), HasSubstr("'values' is missing"));
    EXPECT_THAT(errors("server: {create: [{path: /3303/0, values: {5700: 1}}]}"), HasSubstr("path of an object"));
    EXPECT_THAT(errors("server: {delete: [/3303]}"), HasSubstr("path of an instance"));
    EXPECT_THAT(errors("server: {discover: [{path: /3, depth: 4}]}"), HasSubstr("0 to 3"));
    EXPECT_THAT(errors("server: {read_composite: [/3]}"), HasSubstr("map of keys"));
    EXPECT_THAT(errors("server: {read_composite: [{paths: []}]}"), HasSubstr("1 to 64 paths"));
    EXPECT_THAT(errors("server: {write_attributes: [/3/0/9]}"), HasSubstr("'attributes' is missing"));
    EXPECT_THAT(errors("server: {write_attributes: [{path: /3/0/9, attributes: {pmim: 1}}]}"), HasSubstr("pmim"));
    EXPECT_THAT(errors("server: {write: [{path: /3/0/9, value: 1, values: {0: 1}}]}"), HasSubstr("exclude"));
    EXPECT_THAT(errors("server: {cancel: [{path: /3/0/9, by: magic}]}"), HasSubstr("get or reset"));
}

TEST(ScenarioLoader, SaysAllThatIsWrongAtOnce) {
    const std::string text =
        errors("scenaro: x\nseed: -1\ndevices: 0\nphases:\n  - rmap: {}\n  - hold: {fr: 1m}\n  - ramp: {to: 120%}\n");
    EXPECT_THAT(text, AllOf(HasSubstr("test.yaml:1:1"), HasSubstr("did you mean 'scenario'")));
    EXPECT_THAT(text, AllOf(HasSubstr("test.yaml:2:7"), HasSubstr("'-1'")));
    EXPECT_THAT(text, HasSubstr("at least 1"));
    EXPECT_THAT(text, HasSubstr("did you mean 'ramp'"));
    EXPECT_THAT(text, HasSubstr("unknown key 'fr'"));
    EXPECT_THAT(text, HasSubstr("'120%' is no part of the devices"));
}

TEST(ScenarioLoader, RefusesWhatIsNotSupportedYet) {
    EXPECT_THAT(errors("thresholds: [register.latency p99 < 2s]"), HasSubstr("'thresholds' is not supported yet"));
    EXPECT_THAT(errors("invalid_if: []"), HasSubstr("not supported yet"));
    EXPECT_THAT(errors("faults: {loss: 1%}"), HasSubstr("not supported yet"));
    EXPECT_THAT(errors("phases: [{storm: {within: 5s}}]"), HasSubstr("'do' is missing"));
    EXPECT_THAT(errors("phases: [{storm: {do: powercycle}}]"), HasSubstr("power_cycle"));
    EXPECT_THAT(errors("phases: [{churn: {}}]"), HasSubstr("not supported yet"));
    EXPECT_THAT(errors("phases: [{spike: {}}]"), HasSubstr("not supported yet"));
    EXPECT_THAT(errors("report: {dir: x, formats: [html]}"), HasSubstr("'formats' is not supported yet"));
    EXPECT_THAT(errors("target: coap+tcp://127.0.0.1:5684"), HasSubstr("are supported yet"));
}

TEST(ScenarioLoader, RefusesShapesThatDoNotFit) {
    for (const char* wrong : {"[]",
                              "x",
                              "phases: {}",
                              "phases: []",
                              "phases: [hold]",
                              "phases: [{hold: {}, ramp: {}}]",
                              "phases: [{hold: 5m}]",
                              "phases: [{hold: {for: [1]}}]",
                              "phases: [{ramp: {to: -5}}]",
                              "phases: [{ramp: {arrivals: odd}}]",
                              "fleet: x",
                              "fleet: [[a]]",
                              "devices: 1.5",
                              "devices: 200M",
                              "seed: 1.5",
                              "seed: [1]",
                              "target: [a]",
                              "report: x",
                              "phases: [{hold: {for: 200y}}, {hold: {for: 200y}}]",
                              "phases: [{hold: {name: a}}, {hold: {name: a}}]",
                              "a: 1\na: 2"}) {
        Diagnostics diagnostics;
        EXPECT_FALSE(scenarios::parse_scenario(wrong, "test.yaml", diagnostics)) << wrong;
        EXPECT_FALSE(diagnostics.ok()) << wrong;
    }
}

TEST(ScenarioLoader, RefusesServerActionsThatCannotBe) {
    EXPECT_THAT(errors("server: {read: /3}"), HasSubstr("a list is needed"));
    EXPECT_THAT(errors("server: {read: [{every: 5s}]}"), HasSubstr("'path' is missing"));
    EXPECT_THAT(errors("server: {read: [/]}"), HasSubstr("the root"));
    EXPECT_THAT(errors("server: {write: [{path: /3/0/15}]}"), HasSubstr("'value' is missing"));
    EXPECT_THAT(errors("server: {write: [{path: /3/0, value: x}]}"), HasSubstr("path of a resource"));
    EXPECT_THAT(errors("server: {execute: [/3/0]}"), HasSubstr("path of a resource"));
    EXPECT_THAT(errors("server: {observe: [{path: /3, every: 5s}]}"), HasSubstr("unknown key 'every'"));
    EXPECT_THAT(errors("server: {observe: [{path: /3, pmin: 9s, pmax: 5s}]}"), HasSubstr("below pmin"));
    EXPECT_THAT(errors("server: {observe: [{path: /3, pmin: 500ms}]}"), HasSubstr("whole seconds"));
    EXPECT_THAT(errors("server: {read: [{path: /3, format: xml}]}"), HasSubstr("unknown content format 'xml'"));
    EXPECT_THAT(errors("server: {read: [{path: /3, every: 0s}]}"), HasSubstr("1ms or longer"));
    EXPECT_THAT(errors("server: {reed: []}"), HasSubstr("did you mean 'read'"));
}

TEST(ScenarioTarget, IsAUri) {
    EXPECT_EQ(scenarios::parse_target("coap://localhost"), (Target{"localhost", 5683}));
    EXPECT_EQ(scenarios::parse_target("coap://10.0.0.1:9"), (Target{"10.0.0.1", 9}));
    EXPECT_EQ(scenarios::parse_target("coap://[2001:db8::1]:5700/"), (Target{"2001:db8::1", 5700}));
    EXPECT_EQ(scenarios::parse_target("coap://[::1]"), (Target{"::1", 5683}));
    for (const char* wrong : {"", "localhost", "http://x", "coap://", "coap://:5", "coap://x:0", "coap://x:65536",
                              "coap://x:", "coap://::1", "coap://[::1", "coap://[::1]5", "coap://x/rd", "coap://u@x",
                              "coap://a b", "coap://x:5a"}) {
        EXPECT_FALSE(scenarios::parse_target(wrong)) << wrong;
    }
    for (const char* uri : {"coap://localhost:5683", "coap://[::1]:77"}) {
        EXPECT_EQ(scenarios::to_string(scenarios::parse_target(uri).value()), uri);
    }
}

TEST(ScenarioOverride, ChangesOneValue) {
    Scenario scenario = scenarios::default_scenario();
    Diagnostics diagnostics;
    EXPECT_TRUE(apply_override(scenario, "devices", "1M", diagnostics));
    EXPECT_TRUE(apply_override(scenario, "seed", "7", diagnostics));
    EXPECT_TRUE(apply_override(scenario, "target", "coap://[::1]:5700", diagnostics));
    EXPECT_TRUE(apply_override(scenario, "for", "5m", diagnostics));
    EXPECT_TRUE(apply_override(scenario, "over", "90s", diagnostics));
    EXPECT_TRUE(apply_override(scenario, "phases[0].ramp.arrivals", "poisson", diagnostics));
    EXPECT_TRUE(apply_override(scenario, "phases[2].drain.over", "3s", diagnostics));
    EXPECT_TRUE(apply_override(scenario, "phases[3].hold.for", "4s", diagnostics));
    EXPECT_TRUE(apply_override(scenario, "server.read[0]", "{path: /3/0}", diagnostics));
    EXPECT_TRUE(apply_override(scenario, "server.read[0].every", "10s", diagnostics));
    EXPECT_TRUE(apply_override(scenario, "report.dir", "out", diagnostics));
    EXPECT_TRUE(diagnostics.ok()) << diagnostics.text();
    EXPECT_EQ(scenario.devices, 1'000'000u);
    EXPECT_EQ(scenario.seed, 7u);
    EXPECT_EQ(scenario.target, (Target{"::1", 5700}));
    EXPECT_EQ(std::get<Hold>(scenario.phases[1].what).length, 5min);
    EXPECT_EQ(std::get<Ramp>(scenario.phases[0].what).over, 90s);
    EXPECT_EQ(std::get<Ramp>(scenario.phases[0].what).arrivals, Arrivals::poisson);
    EXPECT_EQ(std::get<Drain>(scenario.phases[2].what).over, 3s);
    EXPECT_EQ(std::get<Hold>(scenario.phases[3].what).length, 4s);
    ASSERT_EQ(scenario.server.actions.size(), 1u);
    EXPECT_EQ(scenario.server.actions[0].every, base::DurationSpec(10s));
    EXPECT_EQ(scenario.report_dir, "out");
}

TEST(ScenarioOverride, ThatIsWrongLeavesTheScenarioAsItWas) {
    for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{{"devices", "many"},
                                                                                     {"devices", "[1"},
                                                                                     {"devises", "5"},
                                                                                     {"devices.x", "5"},
                                                                                     {"phases[7].hold.for", "5s"},
                                                                                     {"phases[0", "5s"},
                                                                                     {"phases[-1].hold.for", "5s"},
                                                                                     {"[0]", "5s"},
                                                                                     {"", "5"},
                                                                                     {"a..b", "5"},
                                                                                     {"fleet[0].share", "50%"}}) {
        Scenario scenario = scenarios::default_scenario();
        Diagnostics diagnostics;
        EXPECT_FALSE(apply_override(scenario, key, value, diagnostics)) << key;
        EXPECT_FALSE(diagnostics.ok()) << key;
        EXPECT_EQ(scenario.devices, 10'000u);
        EXPECT_EQ(scenario.phases.size(), 3u);
        EXPECT_TRUE(apply_override(scenario, "devices", "20k", diagnostics));
    }
}

TEST(ScenarioOverride, ForNeedsOneHold) {
    Scenario scenario = read("phases: [{hold: {for: 1s}}, {ramp: {}}, {hold: {for: 2s}}]");
    Diagnostics diagnostics;
    EXPECT_FALSE(apply_override(scenario, "for", "5m", diagnostics));
    EXPECT_THAT(diagnostics.text(), HasSubstr("phases[0].hold.for or phases[2].hold.for"));
    EXPECT_TRUE(apply_override(scenario, "phases[2].hold.for", "5m", diagnostics));
    EXPECT_EQ(std::get<Hold>(scenario.phases[2].what).length, 5min);
    EXPECT_EQ(std::get<Hold>(scenario.phases[0].what).length, 1s);
}

TEST(ScenarioCatalog, EveryFileLoads) {
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(LWM2M_SIM_SOURCE_DIR "/scenarios/catalog")) {
        Diagnostics diagnostics;
        const auto scenario = scenarios::load_scenario(entry.path().string(), diagnostics);
        ASSERT_TRUE(scenario) << diagnostics.text();
        EXPECT_EQ(scenario->name, entry.path().stem().string());
        EXPECT_FALSE(scenario->description.empty());
        ++files;
    }
    EXPECT_GE(files, 4);
}

TEST(ScenarioCatalog, EveryProfileThatIsNamedIsInTheCatalog) {
    std::vector<Scenario> all{scenarios::default_scenario()};
    for (const auto& entry : std::filesystem::directory_iterator(LWM2M_SIM_SOURCE_DIR "/scenarios/catalog")) {
        Diagnostics diagnostics;
        all.push_back(scenarios::load_scenario(entry.path().string(), diagnostics).value());
    }
    for (const Scenario& scenario : all) {
        for (const auto& part : scenario.fleet) {
            EXPECT_TRUE(std::filesystem::exists(LWM2M_SIM_SOURCE_DIR "/profiles/catalog/" + part.profile + ".yaml"))
                << part.profile;
        }
    }
}

}  // namespace
