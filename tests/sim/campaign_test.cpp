// A firmware campaign in virtual time, the server and the devices as they are: each device ends in the state and with
// the result that its script says, and both sides count the same.
#include <gtest/gtest.h>

#include "profiles/object_loader.h"
#include "scenarios/scenario_loader.h"
#include "simulator/engine/shard.h"
#include "simulator/engine/virtual_run.h"
#include "simulator/net/memory_transport.h"
#include "simulator/server/server.h"

namespace {

using namespace std::chrono_literals;
using lwm2m::FirmwareState;
using lwm2m::FirmwareUpdate;
using metrics::CampaignResult;
using metrics::CampaignState;
using profiles::FirmwareWay;

constexpr std::uint64_t seed = 11;
constexpr std::uint32_t devices = 120;

// Every fault has a share, so that one device or another has each.
const std::string meter =
    "profile: meter\nendpoint: \"m-{index}\"\nlwm2m: {version: \"1.1\", lifetime: 30m}\n"
    "objects: {firmware_update/0: {}}\n"
    "behaviour:\n  firmware:\n    apply: 3s ±1s\n    etag_change: fail\n    fail: {connection_lost: 5%, etag_changed: "
    "5%, wrong_digest: 5%, storage_full: 5%, out_of_memory: 5%, unsupported_package: 5%, power_cut: 5%, boot_loop: 5%, "
    "rollback: 5%}\n";

const std::string secret = "\"0123456789abcdef0123456789abcdef\"";

std::unique_ptr<engine::FleetModel> fleet(const std::string& profile, const std::string& firmware) {
    profiles::Diagnostics diagnostics;
    auto scenario =
        scenarios::parse_scenario("scenario: test\ndevices: " + std::to_string(devices) +
                                      "\nseed: " + std::to_string(seed) + "\nfleet: [{profile: " + profile + "}]\n" +
                                      "phases: [{ramp: {over: 5s}}, {hold: {for: 30m}}, {drain: {over: 5s}}]\n"
                                      "server: {observe: [], firmware: " +
                                      firmware + "}\n",
                                  "test", diagnostics);
    EXPECT_TRUE(scenario.has_value()) << diagnostics.text();
    auto catalog = profiles::builtin_profiles();
    catalog.add({"meter", "meter.yaml", meter});
    catalog.add({"secured-meter", "secured-meter.yaml",
                 "profile: secured-meter\nextends: meter\nsecurity: {mode: psk, key: {derive: " + secret + "}}\n"});
    auto model = engine::make_fleet_model(std::move(*scenario), catalog, profiles::builtin_objects(), diagnostics);
    EXPECT_NE(model, nullptr) << diagnostics.text();
    return model;
}

// One shard and one server, which the test may look into when the campaign is over.
class World {
public:
    explicit World(const std::string& firmware) : model_(fleet("meter", firmware)), members_(model_->membership(0, 1)) {
        const auto address = net::Address::from_v4(0x7f000001, 5683);
        server_side_.attach(0, address);
        for (std::uint32_t device = 0; device < devices; ++device) {
            device_side_.attach(device, net::Address::from_v4(0x7f010000 + device, 56830));
        }
        server::ServerConfig config;
        config.seed = seed;
        config.actions = model_->scenario.server;
        config.objects = model_->objects;
        config.uri = "coap://127.0.0.1:5683";
        config.capacity = devices * 2;
        server_.emplace(std::move(config), server_side_);
        shard_.emplace(engine::ShardConfig{.seed = seed,
                                           .membership = members_,
                                           .profiles = model_->profiles,
                                           .servers = {.first = address},
                                           .plan = model_->plan.get()},
                       device_side_);
    }

    void run_for(base::Duration duration) {
        const base::Time end = now_ + duration;
        while (now_ < end) {
            now_ = std::min(end, std::max(now_ + 1ms, std::min(server_->next_due(), shard_->next_due())));
            for (bool more = true; more;) {
                more = server_->work(now_);
                more = shard_->work(now_) || more;
                more = more || server_side_.waiting() || device_side_.waiting();
            }
        }
    }

    // What the script says of a device, what the device says, and what the server knows of it.
    FirmwareUpdate scripted(std::uint32_t device, FirmwareWay way) const {
        return profiles::scripted_end(model_->profiles[0]->behaviour.firmware, seed, device, way);
    }
    FirmwareUpdate of_device(std::uint32_t device) {
        auto& pool = shard_->pool();
        return pool.firmware[pool[device].firmware].machine;
    }
    std::vector<server::CampaignDevice> known_to_server() const {
        return server_->campaigns().devices(1, std::nullopt, 0, devices)->devices;
    }
    server::CampaignInfo info() const { return server_->campaigns().describe(now_, 1).value(); }
    metrics::Totals counted_by_devices() const {
        metrics::Totals totals;
        metrics::accumulate(totals, shard_->counters());
        return totals;
    }

private:
    std::unique_ptr<engine::FleetModel> model_;
    fleet::Membership members_;
    net::MemoryNetwork network_;
    net::MemoryTransport server_side_{network_};
    net::MemoryTransport device_side_{network_};
    std::optional<server::Server> server_;
    std::optional<engine::Shard> shard_;
    base::Time now_{};
};

class CampaignInVirtualTime : public testing::TestWithParam<FirmwareWay> {
protected:
    static std::string mode() { return GetParam() == FirmwareWay::push ? "push" : "pull"; }
    static std::string spec() { return "{image: 8KiB, after: 10s, timeout: 5m, at_once: 20, mode: " + mode() + "}"; }
};
INSTANTIATE_TEST_SUITE_P(Ways, CampaignInVirtualTime, testing::Values(FirmwareWay::push, FirmwareWay::pull),
                         [](const auto& way) { return way.param == FirmwareWay::push ? "Push" : "Pull"; });

TEST_P(CampaignInVirtualTime, EveryDeviceEndsAsItsScriptSays) {
    World world(spec());
    world.run_for(20min);
    const auto known = world.known_to_server();
    ASSERT_EQ(known.size(), devices);
    std::array<std::array<std::int64_t, metrics::firmware_result_count>, metrics::firmware_state_count> table{};
    std::array<std::uint32_t, metrics::campaign_result_names.size()> results{};
    for (const auto& device : known) {
        const auto number = static_cast<std::uint32_t>(std::stoul(device.endpoint.substr(2)));
        const FirmwareUpdate end = world.scripted(number, GetParam());
        EXPECT_EQ(world.of_device(number), end) << device.endpoint;
        const auto result = static_cast<CampaignResult>(end.result);
        EXPECT_EQ(device.result, result) << device.endpoint;
        EXPECT_EQ(device.state, result == CampaignResult::success ? CampaignState::succeeded : CampaignState::failed);
        EXPECT_EQ(device.tries, 1u);
        ++table[static_cast<std::size_t>(end.state)][static_cast<std::size_t>(end.result)];
        ++results[metrics::index(result)];
    }
    EXPECT_EQ(world.counted_by_devices().firmware, table);
    EXPECT_EQ(world.info().by_result, results);
    EXPECT_FALSE(world.info().running);
    EXPECT_EQ(std::ranges::count(results, 0u), 9) << "1 to 6 and 8 have all come about";
}

TEST_P(CampaignInVirtualTime, TheReportHasBothSides) {
    const auto run = engine::run_virtually(*fleet("meter", spec()), {.threads = 2, .info = {}});
    const auto& fleet_side = run.result.snapshot.fleet->totals.firmware;
    const auto& server_side = run.result.snapshot.server->totals.campaign_devices;
    const auto succeeded =
        server_side[metrics::index(CampaignState::succeeded)][metrics::index(CampaignResult::success)];
    EXPECT_GT(succeeded, devices / 3);
    std::int64_t ended = 0;
    for (std::size_t result = 1; result < metrics::firmware_result_count; ++result) {
        std::int64_t by_devices = 0;
        for (const auto& state : fleet_side) by_devices += state[result];
        const auto state = result == 1 ? CampaignState::succeeded : CampaignState::failed;
        EXPECT_EQ(server_side[metrics::index(state)][result], by_devices) << "result " << result;
        ended += by_devices;
    }
    EXPECT_EQ(ended, devices);
    for (const auto& law : run.result.laws) EXPECT_TRUE(law.holds()) << metrics::to_text(law);
    EXPECT_EQ(run.simulated, 30min + 10s) << "the plan's length, whatever lifetimes are still running";
}

// Pushed within the device's session, or pulled by it: the URI is coaps://.
TEST_P(CampaignInVirtualTime, EndsTheSameOverDtls) {
    const auto open = engine::run_virtually(*fleet("meter", spec()), {.threads = 1, .info = {}});
    const auto secured = engine::run_virtually(*fleet("secured-meter", spec()), {.threads = 1, .info = {}});
    EXPECT_EQ(secured.result.snapshot.fleet->totals.firmware, open.result.snapshot.fleet->totals.firmware);
    EXPECT_EQ(secured.result.snapshot.server->totals.campaign_devices,
              open.result.snapshot.server->totals.campaign_devices);
    for (const auto& law : secured.result.laws) EXPECT_TRUE(law.holds()) << metrics::to_text(law);
}

TEST_P(CampaignInVirtualTime, TheSameSeedIsTheSameCampaign) {
    const auto half = "{image: 8KiB, after: 10s, share: 50%, timeout: 5m, mode: " + mode() + "}";
    const auto once = engine::run_virtually(*fleet("street-light", half), {.threads = 1, .info = {}});
    const auto again = engine::run_virtually(*fleet("street-light", half), {.threads = 1, .info = {}});
    EXPECT_EQ(once.trace_hash, again.trace_hash);
    const auto& devices_by_end = once.result.snapshot.server->totals.campaign_devices;
    const auto succeeded = metrics::total(devices_by_end[metrics::index(CampaignState::succeeded)]);
    EXPECT_GT(succeeded, devices / 3);
    EXPECT_LT(succeeded, devices * 2 / 3);
}

TEST(Campaign, AProfileThatIsNotInTheFleetIsAnError) {
    profiles::Diagnostics diagnostics;
    auto scenario = scenarios::parse_scenario(
        "devices: 5\nfleet: [{profile: street-light}]\nserver: {firmware: {image: 1KiB, profile: meter}}\n", "test",
        diagnostics);
    ASSERT_TRUE(scenario);
    EXPECT_EQ(engine::make_fleet_model(std::move(*scenario), profiles::builtin_profiles(), profiles::builtin_objects(),
                                       diagnostics),
              nullptr);
    EXPECT_NE(diagnostics.text().find("no profile 'meter' is in the fleet"), std::string::npos);
}

}  // namespace
