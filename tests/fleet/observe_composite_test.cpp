// Observe-Composite and its notifications: Core 1.1.1, 5.1.2 and 6.4.4; RFC 8132 3 (FETCH with Observe).
#include "simulator/lwm2m/codec.h"
#include "tests/support/scripted_device.h"

namespace {

using namespace std::chrono_literals;
using coap::Code;
using lwm2m::Path;
using support::ACK;
using support::CON;
using support::Message;
using support::NON;
using support::RST;
using support::ScriptedDevice;
using support::Told;

const Path temperature(3303, 0, 5700);
const Path humidity(3304, 0, 5700);
const Path timezone(3, 0, 15);

class ObserveComposite : public testing::Test {
protected:
    static Message fetch(std::initializer_list<Path> paths, std::uint32_t observe) {
        std::vector<std::uint8_t> memory(1024);
        base::Writer out(memory);
        EXPECT_TRUE(lwm2m::encode_paths(lwm2m::ContentFormat::senml_json, std::vector(paths), out));
        return Message(CON, Code::fetch).id(id_++).token("4a").observe(observe).format(110).payload(out.written());
    }
    Code observe(std::initializer_list<Path> paths) { return device.answered(fetch(paths, 0)); }

    static inline std::uint16_t id_ = 1;
    // 20 and 50 at the start; the temperature moves at 5 and 12 s, the humidity at 8 s.
    ScriptedDevice device{{{0, 20}, {5, 21}, {12, 40}},
                          {.version = "1.2",
                           .objects = "  humidity/0:\n    sensor_value: {expr: \"t < 18 ? 50 : 60\", every: 1s, "
                                      "phase: 0s}\n"}};
};

// A temperature and a humidity.
std::string both(const std::string& first, const std::string& second) {
    return R"([{"bn":"/","n":"3303/0/5700","v":)" + first + R"(},{"n":"3304/0/5700","v":)" + second + "}]";
}

// Any change of any path is told, and all values with it.
TEST_F(ObserveComposite, TellsAllValuesWhenOneChanges) {
    EXPECT_EQ(observe({temperature, humidity}), Code::content);
    EXPECT_EQ(device.told(60s), (Told{{5, both("21", "50")}, {8, both("21", "60")}, {12, both("40", "60")}}));
}

// The least pmin and pmax of the paths hold.
TEST_F(ObserveComposite, TheLeastPeriodsHold) {
    device.attributes("/3303/0", {"pmin=30", "pmax=40"});
    device.attributes("/3304/0", {"pmin=10", "pmax=25"});
    observe({temperature, humidity});
    EXPECT_EQ(device.told(60s), (Told{{10, both("21", "60")}, {20, both("40", "60")}, {45, both("40", "60")}}));
}

// The conditions of a path are for its value; a path without any tells every change.
TEST_F(ObserveComposite, EachPathHasItsOwnConditions) {
    device.attributes("/3303/0/5700", {"gt=30"});
    observe({temperature, humidity});
    EXPECT_EQ(device.told(60s), (Told{{8, both("21", "60")}, {12, both("40", "60")}}));
}

TEST_F(ObserveComposite, WhereAllHaveConditionsOnlyTheseAreTold) {
    device.attributes("/3303/0/5700", {"gt=30"});
    device.attributes("/3304/0/5700", {"st=11"});
    observe({temperature, humidity});
    EXPECT_EQ(device.told(60s), (Told{{12, both("40", "60")}}));
}

// What is below the path does not count.
TEST_F(ObserveComposite, AnObjectDoesNotFollowTheAttributesOfItsResources) {
    device.attributes("/3303/0/5700", {"gt=30", "pmin=50"});
    observe({Path(3303), humidity});
    EXPECT_EQ(device.told(60s).size(), 3u);
}

TEST_F(ObserveComposite, AWriteToOneOfItsPathsIsTold) {
    observe({temperature, timezone});
    device.told(20s);
    device.write("/3/0/15", "CET");
    const auto told = device.told(1s);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_NE(told.front().payload.find("CET"), std::string::npos);
    device.write("/3/0/14", "+01");
    EXPECT_EQ(device.told(10s), Told{});
}

// What is gone is left out, and what comes is taken in.
TEST_F(ObserveComposite, AnInstanceThatGoesIsLeftOut) {
    observe({Path(3304), timezone});
    device.told(20s);
    EXPECT_EQ(device.answered(Message(CON, Code::delete_).id(900).token("0d").path("/3304/0")), Code::deleted);
    device.server.take();  // the Update with the shorter object list
    device.server.replies(Message(ACK, Code::changed));
    const auto told = device.told(10s);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told.front().payload, R"([{"bn":"/","n":"3/0/15","vs":"UTC"}])");
}

// Core 1.1.1, 6.4.6: FETCH with Observe 1 and the same token.
TEST_F(ObserveComposite, ObserveOneEndsIt) {
    observe({temperature, humidity});
    EXPECT_EQ(device.told(6s).size(), 1u);
    EXPECT_EQ(device.answered(fetch({temperature, humidity}, 1)), Code::content);
    EXPECT_EQ(device.told(60s), Told{});
    EXPECT_EQ(device.pool.observations.in_use(), 0u);
    EXPECT_EQ(device.pool.compounds.in_use(), 0u);
    EXPECT_EQ(device.pool.bytes.in_use(), 0u);
}

TEST_F(ObserveComposite, ResetEndsIt) {
    observe({temperature, humidity});
    EXPECT_EQ(device.told(6s).size(), 1u);
    device.server.resets();
    EXPECT_EQ(device.told(60s), Told{});
    EXPECT_EQ(device.pool.compounds.in_use(), 0u);
    EXPECT_EQ(device.pool.bytes.in_use(), 0u);
}

// RFC 7641 4.1: the same token is the same observation, here of other paths.
TEST_F(ObserveComposite, TheSameTokenReplacesItsPaths) {
    observe({temperature, humidity});
    observe({timezone});
    EXPECT_EQ(device.told(60s), Told{});
    EXPECT_EQ(device.pool.observations.in_use(), 1u);
}

// 1.2, 7.3.2: attributes in the request, for all its paths.
TEST_F(ObserveComposite, TheRequestBringsItsOwnPeriods) {
    EXPECT_EQ(device.answered(fetch({temperature, humidity}, 0).query("pmin=10").query("con=1")), Code::content);
    const auto told = device.told(60s);
    ASSERT_EQ(told, (Told{{10, both("21", "60")}, {20, both("40", "60")}}));
    EXPECT_EQ(told.front().type, CON);
}

// A multiple resource is told as a whole, when one of its instances meets the condition.
TEST(ObserveMultiple, FollowsItsConditionForEachInstance) {
    ScriptedDevice device({{0, 20}}, {.device = "power_source_voltage: [{expr: \"3000 + 10*floor(t/10)\", every: 1s, "
                                                "phase: 0s}, 5000]"});
    device.attributes("/3/0/7", {"st=25"});
    EXPECT_EQ(device.observe("/3/0/7", {}, 110), Code::content);
    const auto voltage = [](const std::string& first) {
        return R"([{"bn":"/3/0/7/","n":"0","v":)" + first + R"(},{"n":"1","v":5000}])";
    };
    EXPECT_EQ(device.told(65s), (Told{{30, voltage("3040")}, {60, voltage("3070")}}));
}

}  // namespace
