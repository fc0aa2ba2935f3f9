// Whoever has proven to be somebody registers by his own name (Transport 1.1.1, 5.2.6), in virtual time.
#include <fstream>

#include <gtest/gtest.h>

#include "profiles/endpoint_index.h"
#include "profiles/object_loader.h"
#include "scenarios/scenario_loader.h"
#include "simulator/engine/secure_fleet.h"
#include "simulator/engine/virtual_run.h"

namespace {

const std::string derive = "key: {derive: \"a secret of the fleet\"}";

std::unique_ptr<engine::FleetModel> model_of(const std::string& profile_yaml) {
    profiles::Diagnostics diagnostics;
    auto scenario = scenarios::parse_scenario(
        "scenario: test\ndevices: 20\nseed: 11\nfleet: [{profile: under-test}]\n"
        "phases: [{ramp: {over: 10s}}, {hold: {for: 1m}}]\n",
        "test", diagnostics);
    auto catalog = profiles::builtin_profiles();
    catalog.add({"under-test", "under-test.yaml", "profile: under-test\nextends: temperature-sensor\n" + profile_yaml});
    auto model = engine::make_fleet_model(std::move(*scenario), catalog, profiles::builtin_objects(), diagnostics);
    EXPECT_NE(model, nullptr) << diagnostics.text();
    return model;
}

metrics::ServerTotals run(const std::string& profile_yaml) {
    const auto model = model_of(profile_yaml);
    return engine::run_virtually(*model, {.threads = 1, .info = {}}).result.snapshot.server->totals;
}

TEST(EndpointCheck, TakesIdentitiesThatAreNotNamesByTheirTemplate) {
    for (const std::string mode : {"psk", "rpk"}) {
        const auto server = run("endpoint: \"urn:dev:{index}\"\nsecurity: {mode: " + mode +
                                ", identity: \"id-{index}\", " + derive + "}\n");
        EXPECT_EQ(server.registrations, 20) << mode;
        EXPECT_EQ(server.identity_mismatches, 0) << mode;
    }
}

TEST(EndpointCheck, TakesIdentitiesFromAFileByTheirRow) {
    const std::string file = testing::TempDir() + "endpoint-check-keys.csv";
    std::ofstream out(file);
    out << "identity,key\n";
    for (int i = 0; i < 20; ++i) out << "row-" << 19 - i << ",0011" << 1000 + i << "\n";
    out.close();
    EXPECT_EQ(run("security: {mode: psk, key: {csv: " + file + "}}\n").registrations, 20);
}

// A raw public key that is a stranger's.
TEST(EndpointCheck, CountsWhoIsRefused) {
    const auto server = run("security: {mode: rpk, wrong_key: 100%, " + derive + "}\n");
    EXPECT_EQ(server.registrations, 0);
    EXPECT_GE(server.identity_mismatches, 20);
    EXPECT_EQ(server.identity_mismatches, server.rejections[metrics::code_slot(0x80)]);
}

TEST(EndpointIndex, FindsTheDeviceOfAName) {
    const auto model = model_of("endpoint: \"urn:imei:{imei}\"\n");
    const profiles::EndpointIndex index(*model->population, 11);
    for (std::uint64_t device = 0; device < 20; ++device) {
        const auto name = profiles::endpoint_name(model->population->profile_of(device), {device, 11, 0});
        EXPECT_EQ(index.device_of(name), device);
    }
    EXPECT_FALSE(index.device_of("urn:imei:1"));
}

}  // namespace
