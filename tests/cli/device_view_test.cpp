// What is shown of one device: its messages, and its values over HTTP.
#include "simulator/cli/device_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/device_lockstep.h"

namespace {

using coap::Code;
using support::ACK;
using support::CON;
using support::Message;
using testing::HasSubstr;

profiles::ResolvedProfilePtr room() {
    return support::profile_of(
        "profile: room\ndescription: d\nendpoint: \"room-{index}\"\nobjects:\n  temperature/0: {sensor_value: 20}\n");
}

engine::Exchanged exchanged(bool sent, const Message& message) {
    const auto bytes = message.bytes();
    return {.at = base::Time(std::chrono::milliseconds(1500)), .sent = sent, .bytes = {bytes.begin(), bytes.end()}};
}

// The answer's payload is understood by the path of its request.
TEST(DeviceView, AMessageIsALineAndItsValues) {
    cli::DeviceView view(*room(), profiles::builtin_objects());
    EXPECT_EQ(view.text(exchanged(false, Message(CON, Code::get).id(7).token("ab").path("/3303/0/5700"))),
              "       1.500 <- CON 0.01 GET 7 [ab] /3303/0/5700\n");
    EXPECT_EQ(view.text(exchanged(true, Message(ACK, Code::content).id(7).token("ab").format(0).payload("20"))),
              "       1.500 -> ACK 2.05 Content 7 [ab] Content-Format=0\n                 /3303/0/5700 = 20.0\n");
}

TEST(DeviceView, WhatIsNoMessageIsShownAsBytes) {
    cli::DeviceView view(*room(), profiles::builtin_objects());
    EXPECT_THAT(view.text({base::Time{}, false, false, {0xff, 0x00}}), HasSubstr("<- not a CoAP message: ff00"));
}

// What a server sends does not reach the terminal as it is.
TEST(DeviceView, ControlCharactersAreNotPrinted) {
    cli::DeviceView view(*room(), profiles::builtin_objects());
    const auto text = view.text(
        exchanged(false, Message(CON, Code::put).id(7).token("ab").path("/3303/0/5750").format(0).payload("\x1b[2J")));
    EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
}

class DeviceOverHttp : public testing::Test {
protected:
    DeviceOverHttp() {
        net::AddressPlan plan;
        plan.first = net::Address::from_v4(0x7f010001, 0);
        plan.prefix_size = 1;
        plan.devices = 1;
        plan.sockets = 1;
        auto prepared = engine::DeviceRunner::prepare({.profile = profile_,
                                                       .endpoint = "room-0",
                                                       .target = net::Address::from_v4(0x7f000001, 9),
                                                       .sources = plan,
                                                       .on_message = {}});
        runner_ = std::move(*prepared);
        runner_->start();
    }
    ~DeviceOverHttp() override { runner_->stop(); }

    web::HttpAnswer ask(std::string method, std::string_view target, std::string body = {}) {
        web::HttpRequest request{.method = std::move(method), .segments = {}, .query = {}, .body = std::move(body)};
        EXPECT_TRUE(web::read_target(target, request));
        return view_.answer(request, *runner_);
    }

    profiles::ResolvedProfilePtr profile_ = room();
    cli::DeviceView view_{*profile_, profiles::builtin_objects()};
    std::unique_ptr<engine::DeviceRunner> runner_;
};

TEST_F(DeviceOverHttp, ShowsItsTree) {
    EXPECT_EQ(ask("GET", "/v1/devices").body, "{\"devices\":[\"room-0\"]}\n");
    const auto json = nlohmann::json::parse(ask("GET", "/v1/devices/room-0").body);
    EXPECT_EQ(json["values"]["/3303/0/5700"], 20);
    EXPECT_EQ(json["profile"], "room");
    EXPECT_EQ(json["location"], nullptr);
    EXPECT_TRUE(json["observations"].empty());
    EXPECT_THAT(json["address"].get<std::string>(), HasSubstr("127.1.0.1:"));
    EXPECT_EQ(ask("GET", "/v1/devices/room-0/3303/0/5700").body, "{\"values\":{\"/3303/0/5700\":20.0}}\n");
}

TEST_F(DeviceOverHttp, ChangesItsValues) {
    EXPECT_EQ(ask("PUT", "/v1/devices/room-0/3303/0/5700", R"({"value": 21.5})").status, 200);
    EXPECT_EQ(ask("GET", "/v1/devices/room-0/temperature/0/sensor_value").body,
              "{\"values\":{\"/3303/0/5700\":21.5}}\n");
}

TEST_F(DeviceOverHttp, SaysWhatIsWrong) {
    EXPECT_EQ(ask("GET", "/v1/devices/other").status, 404);
    EXPECT_EQ(ask("GET", "/v1/devices/room-0/9/0").status, 404);
    EXPECT_EQ(ask("GET", "/v1/devices/room-0/nonsense").status, 400);
    EXPECT_EQ(ask("PUT", "/v1/devices/room-0/3303/0/5700", R"({"value": "warm"})").status, 400);
    EXPECT_EQ(ask("PUT", "/v1/devices/room-0/3303/0/5700", "warm").status, 400);
    EXPECT_EQ(ask("DELETE", "/v1/devices/room-0/3303/0").status, 405);
    EXPECT_EQ(ask("POST", "/v1/devices").status, 405);
}

}  // namespace
