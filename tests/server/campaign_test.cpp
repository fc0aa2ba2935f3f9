// Firmware campaigns of the server, device by device and wave by wave (Core 1.1.1, E.6), in virtual time against
// devices by a script.

#include "profiles/object_loader.h"
#include "tests/server/server_fixture.h"
#include "tests/support/firmware_device.h"

namespace server_test {
namespace {

using metrics::CampaignResult;
using metrics::CampaignState;
using profiles::CampaignSpec;
using support::FirmwareDevice;
using support::FirmwareScript;

class Campaign : public ServerTest {
protected:
    explicit Campaign(std::uint32_t capacity = 200) : ServerTest(quiet(), capacity) {}

    void SetUp() override {
        uri_ = "coap://127.0.0.1:5683";
        objects_ = &profiles::builtin_objects();
        ServerTest::SetUp();
        image_ = support::body_of(5000);
        give("image.bin", image_);
    }
    void give(const std::string& name, const std::string& bytes) {
        ASSERT_TRUE(server_->firmware().add(server::FirmwareStore::make(name, base::as_bytes(bytes)).value()));
    }

    // A device by that script registers.
    FirmwareDevice& device(const FirmwareScript& script = {}, std::string_view objects = "</3/0>,</5/0>") {
        const auto number = static_cast<std::uint32_t>(devices_by_script_.size());
        devices_by_script_.emplace_back(script, [this, number](const Message& message) { send(number, message); });
        come(number, objects);
        return devices_by_script_.back();
    }
    void come(std::uint32_t number, std::string_view objects = "</3/0>,</5/0>") {
        send(number, Message(CON, Code::post)
                         .id(++last_id_)
                         .path("/rd")
                         .format(40)
                         .query("ep=m" + std::to_string(number))
                         .query("lt=86400")
                         .query("lwm2m=1.1")
                         .payload(objects));
        while (const auto message = receive(number)) devices_by_script_[number].on_message(message->view());
    }
    // All answer until nobody has anything to say.
    void settle() {
        step();
        for (bool more = true; more;) {
            more = false;
            for (std::uint32_t number = 0; number < devices_by_script_.size(); ++number) {
                while (const auto message = receive(number)) {
                    if (devices_by_script_[number].away) continue;
                    devices_by_script_[number].on_message(message->view());
                    more = true;
                }
            }
        }
    }
    void pass(base::Duration span) {
        for (const auto end = now_ + span; now_ < end;) {
            advance(std::min<base::Duration>(10s, end - now_));
            settle();
        }
    }
    // Those that have gone come back.
    void boot() {
        for (std::uint32_t number = 0; number < devices_by_script_.size(); ++number) {
            if (!devices_by_script_[number].away) continue;
            devices_by_script_[number].come_back();
            come(number);
        }
        settle();
    }

    static CampaignSpec push() {
        CampaignSpec spec;
        spec.image = "image.bin";
        return spec;
    }
    static CampaignSpec pull() {
        CampaignSpec spec = push();
        spec.mode = CampaignSpec::Mode::pull;
        return spec;
    }
    std::uint32_t start(const CampaignSpec& spec) {
        const auto id = server_->start_campaign(now_, spec);
        EXPECT_TRUE(id) << id.error();
        settle();
        return id.value_or(0);
    }
    server::CampaignInfo info(std::uint32_t id = 1) const { return server_->campaigns().describe(now_, id).value(); }
    std::uint32_t in(CampaignState state, std::uint32_t id = 1) const {
        return info(id).by_state[metrics::index(state)];
    }
    std::uint32_t with(CampaignResult result, std::uint32_t id = 1) const {
        return info(id).by_result[metrics::index(result)];
    }

    std::string image_;
    std::deque<FirmwareDevice> devices_by_script_;
    std::uint16_t last_id_ = 0;
};

// device                          server
//   |<-- GET /5/0/3, /5/0/5 o:0 ----|
//   |<-- PUT /5/0/0 1:0/1/1024 ... -|
//   |--- 2.04; NON /5/0/3 = 2 ----->|
//   |<-- POST /5/0/2 ---------------|
//   |--- POST /rd ----------------->|
//   |<-- GET /5/0/3, /5/0/5 o:0 ----|
TEST_F(Campaign, PushesInBlocksExecutesAndFollowsTheReboot) {
    auto& one = device();
    start(push());
    EXPECT_EQ(one.package, image_);
    EXPECT_EQ(one.blocks, 5u);
    EXPECT_TRUE(one.away);
    EXPECT_EQ(in(CampaignState::updating), 1u);
    boot();
    EXPECT_EQ(in(CampaignState::succeeded), 1u);
    EXPECT_EQ(with(CampaignResult::success), 1u);
    EXPECT_FALSE(info().running);
    EXPECT_EQ(figures().observations.get(), 0);
    EXPECT_EQ(server_->firmware().find("image.bin")->users, 0u);
}

TEST_F(Campaign, PullsFromTheServerItself) {
    auto& one = device();
    start(pull());
    EXPECT_EQ(one.uri, "coap://127.0.0.1:5683/fw/image.bin");
    EXPECT_EQ(one.package, image_);
    boot();
    EXPECT_EQ(in(CampaignState::succeeded), 1u);
}

TEST_F(Campaign, WritesTheUriThatItIsGiven) {
    auto& one = device();
    CampaignSpec spec = pull();
    spec.uri = "coap://192.0.2.1/x";
    start(spec);
    EXPECT_EQ(one.uri, "coap://192.0.2.1/x");
    pass(60s);
    EXPECT_EQ(with(CampaignResult::invalid_uri), 1u);  // there is nothing of that name here
}

TEST_F(Campaign, SendsSmallerBlocksWhereTheDeviceAsksForThem) {
    auto& one = device({.szx = 4});
    start(push());
    EXPECT_EQ(one.package, image_);
    EXPECT_EQ(one.blocks, 20u);  // of 256 bytes
}

TEST_F(Campaign, SendsBlocksOfTheSizeThatItIsTold) {
    auto& one = device();
    CampaignSpec spec = push();
    spec.block = 512;
    start(spec);
    EXPECT_EQ(one.blocks, 10u);
}

TEST_F(Campaign, ADeviceThatFailsEndsWithItsResult) {
    device({.download_result = 2});
    device({.update_result = 8});
    device({.update_result = 5, .reboots = false});
    device();
    start(push());
    boot();
    EXPECT_EQ(in(CampaignState::failed), 3u);
    EXPECT_EQ(with(CampaignResult::no_storage), 1u);
    EXPECT_EQ(with(CampaignResult::update_failed), 1u);
    EXPECT_EQ(with(CampaignResult::integrity), 1u);
    EXPECT_EQ(in(CampaignState::succeeded), 1u);
    const auto page = server_->campaigns().devices(1, CampaignState::failed, 0, 10).value();
    ASSERT_EQ(page.devices.size(), 3u);
    EXPECT_EQ(page.devices[0].endpoint, "m0");
    EXPECT_EQ(page.devices[0].result, CampaignResult::no_storage);
}

// As one whose pmin holds the notification back.
TEST_F(Campaign, ADeviceThatNotifiesNothingIsAskedWhenThePackageIsThere) {
    auto& one = device({.notifies = false});
    start(push());
    EXPECT_TRUE(one.away);
    boot();
    EXPECT_EQ(in(CampaignState::succeeded), 1u);
}

TEST_F(Campaign, ADeviceThatNotifiesNothingIsPolled) {
    auto& one = device({.notifies = false});
    start(pull());
    EXPECT_EQ(in(CampaignState::transferring), 1u);
    pass(40s);
    EXPECT_TRUE(one.away);
    boot();
    EXPECT_EQ(in(CampaignState::succeeded), 1u);
}

TEST_F(Campaign, ADeviceThatInstallsWithoutARebootIsAskedToo) {
    auto& one = device({.notifies = false, .reboots = false});
    start(push());
    pass(120s);
    EXPECT_EQ(in(CampaignState::succeeded), 1u);
    EXPECT_FALSE(one.away);
}

// A Package URI of no bytes takes it back to Idle.
TEST_F(Campaign, ADeviceThatIsNotIdleIsResetFirst) {
    auto& one = device({.state = 2});
    start(push());
    EXPECT_EQ(one.asked.at(2), "PUT /5/0/1");
    EXPECT_EQ(one.package, image_);
    boot();
    EXPECT_EQ(in(CampaignState::succeeded), 1u);
}

TEST_F(Campaign, WhatAnEarlierUpdateLeftIsNoResult) {
    device({.result = 8});
    device({.result = 1});
    start(push());
    boot();
    EXPECT_EQ(in(CampaignState::succeeded), 2u);
}

TEST_F(Campaign, TriesADeviceThatFailedAnew) {
    auto& one = device({.download_result = 4});
    CampaignSpec spec = push();
    spec.retries = 1;
    start(spec);
    EXPECT_EQ(in(CampaignState::failed), 0u);
    one.become({});
    pass(40s);
    EXPECT_EQ(one.package, image_);
    boot();
    EXPECT_EQ(in(CampaignState::succeeded), 1u);
    EXPECT_EQ(server_->campaigns().devices(1, {}, 0, 10)->devices.at(0).tries, 2u);
}

TEST_F(Campaign, LooksAtTheVersion) {
    device({.version = "2.0"});
    device({.version = "1.9"});
    CampaignSpec spec = push();
    spec.version = "2.0";
    start(spec);
    boot();
    EXPECT_EQ(in(CampaignState::succeeded), 1u);
    EXPECT_EQ(with(CampaignResult::wrong_version), 1u);
}

TEST_F(Campaign, ADeviceWithoutObjectFiveIsNone) {
    device({}, "</3/0>");
    start(push());
    EXPECT_EQ(with(CampaignResult::no_object), 1u);
    EXPECT_FALSE(info().running);
}

TEST_F(Campaign, ADeviceThatIsNotHeardOfIsUnreachable) {
    device({.silent = true});
    CampaignSpec spec = push();
    spec.timeout = 10min;
    start(spec);
    pass(9min);
    EXPECT_TRUE(info().running);
    pass(2min);
    EXPECT_EQ(in(CampaignState::unreachable), 1u);
    EXPECT_EQ(with(CampaignResult::timeout), 1u);
}

TEST_F(Campaign, ADeviceThatDoesNotComeBackIsUnreachable) {
    device();
    CampaignSpec spec = push();
    spec.timeout = 20min;
    start(spec);
    pass(30min);
    EXPECT_EQ(in(CampaignState::unreachable), 1u);
}

TEST_F(Campaign, ADeviceThatIsNamedIsWaitedFor) {
    CampaignSpec spec = push();
    spec.endpoints = {"m0"};
    start(spec);
    EXPECT_EQ(in(CampaignState::preparing), 1u);
    pass(60s);
    auto& one = device();
    settle();
    EXPECT_EQ(one.package, image_);
    boot();
    EXPECT_EQ(in(CampaignState::succeeded), 1u);
}

TEST_F(Campaign, ChoosesDevicesByNameAndShare) {
    for (int i = 0; i < 40; ++i) device();
    CampaignSpec spec = push();
    spec.endpoint = "m1*";
    EXPECT_EQ(info(start(spec)).devices, 11u);  // m1, m10 to m19
    CampaignSpec some = push();
    some.share = 0.5;
    const auto second = info(start(some));
    EXPECT_GT(second.devices, 5u);
    EXPECT_LT(second.devices, 25u);
    EXPECT_GT(second.left_out, 0u);  // those that the first has not done with
}

TEST_F(Campaign, AWaveIsAShareAnHour) {
    for (int i = 0; i < 20; ++i) device();
    CampaignSpec spec = push();
    spec.hourly = 0.5;  // ten an hour
    start(spec);
    EXPECT_EQ(in(CampaignState::waiting), 19u);
    for (int minute = 0; minute < 60; ++minute) {
        pass(60s);
        boot();
    }
    EXPECT_EQ(in(CampaignState::succeeded), 11u);
    for (int minute = 0; minute < 60; ++minute) {
        pass(60s);
        boot();
    }
    EXPECT_EQ(in(CampaignState::succeeded), 20u);
}

TEST_F(Campaign, SoManyAreUnderWayAtOnce) {
    for (int i = 0; i < 10; ++i) device();
    CampaignSpec spec = push();
    spec.at_once = 3;
    start(spec);
    EXPECT_EQ(in(CampaignState::updating), 3u);
    EXPECT_EQ(in(CampaignState::waiting), 7u);
    boot();
    EXPECT_EQ(in(CampaignState::succeeded), 3u);
    EXPECT_EQ(in(CampaignState::updating), 3u);
    for (int i = 0; i < 3; ++i) boot();
    EXPECT_EQ(in(CampaignState::succeeded), 10u);
}

TEST_F(Campaign, StopsWhenTooManyFail) {
    for (int i = 0; i < 20; ++i) device({.download_result = 5});
    CampaignSpec spec = push();
    spec.at_once = 1;
    spec.stop_on_failures = 0.1;
    start(spec);
    EXPECT_EQ(in(CampaignState::failed), 4u);  // the third was one too many; the next had begun by then
    EXPECT_EQ(in(CampaignState::cancelled), 16u);
    EXPECT_FALSE(info().running);
    EXPECT_FALSE(info().stopped.empty());
}

TEST_F(Campaign, IsStoppedByHand) {
    for (int i = 0; i < 4; ++i) device();
    CampaignSpec spec = push();
    spec.at_once = 2;
    start(spec);
    EXPECT_TRUE(server_->stop_campaign(now_, 1));
    settle();
    EXPECT_EQ(in(CampaignState::cancelled), 4u);
    EXPECT_FALSE(server_->stop_campaign(now_, 1));
    boot();
    EXPECT_EQ(figures().observations.get(), 0);
    EXPECT_EQ(in(CampaignState::cancelled), 4u);
}

TEST_F(Campaign, ADeviceThatRegistersAnewInTheMiddleIsBegunAgain) {
    auto& one = device({.download_result = 0, .silent = true});
    start(push());
    one.become({});
    come(0);
    settle();
    EXPECT_EQ(one.package, image_);
    boot();
    EXPECT_EQ(in(CampaignState::succeeded), 1u);
}

TEST_F(Campaign, RefusesWhatItCannotDo) {
    CampaignSpec spec = push();
    spec.image = "none";
    EXPECT_FALSE(server_->start_campaign(now_, spec));
    spec = push();
    spec.profile = "meter";
    EXPECT_FALSE(server_->start_campaign(now_, spec));
    uri_.clear();
    restart();
    give("image.bin", image_);
    EXPECT_FALSE(server_->start_campaign(now_, pull()));
    EXPECT_TRUE(server_->start_campaign(now_, push()));  // of nobody
    EXPECT_FALSE(info().running);
}

TEST_F(Campaign, AnImageInUseStays) {
    device();
    start(push());
    EXPECT_FALSE(server_->firmware().remove("image.bin"));
    EXPECT_FALSE(server_->firmware().add(server::FirmwareStore::make("image.bin", base::as_bytes("x")).value()));
    boot();
    EXPECT_TRUE(server_->firmware().remove("image.bin"));
}

TEST_F(Campaign, ThirtyTwoAreRemembered) {
    device({}, "</3/0>");
    for (std::uint32_t i = 1; i <= 40; ++i) EXPECT_EQ(start(push()), i);
    EXPECT_EQ(server_->campaigns().list(now_).size(), 32u);
    EXPECT_FALSE(server_->campaigns().describe(now_, 8));
    EXPECT_EQ(figures()
                  .campaign_devices[metrics::index(CampaignState::failed)][metrics::index(CampaignResult::no_object)]
                  .get(),
              32);
}

// RFC 7959 2.4: an image is served in blocks, with its ETag and Size2.
TEST_F(Campaign, AnImageIsServed) {
    registered(0, "m0", 1);
    send(0, Message(CON, Code::get).id(2).token("0a").path("/fw/image.bin").block2(1, 0, 512));
    const auto piece = receive(0).value();
    EXPECT_EQ(piece.view().code, Code::content);
    EXPECT_EQ(base::as_text(piece.view().payload), image_.substr(512, 512));
    EXPECT_EQ(piece.view().find(coap::OptionNumber::etag)->value.size(), 8u);
    EXPECT_EQ(piece.view().find_uint(coap::OptionNumber::content_format), 42u);
    send(0, Message(CON, Code::get).id(3).token("0a").path("/fw/image.bin"));
    const auto first = receive(0).value();
    EXPECT_EQ(first.view().payload.size(), 1024u);
    EXPECT_EQ(first.view().find_uint(coap::OptionNumber::size2), 5000u);
    EXPECT_EQ(answer(0, Message(CON, Code::get).id(4).path("/fw/none")), Code::not_found);
    EXPECT_EQ(answer(0, Message(CON, Code::put).id(5).path("/fw/image.bin").payload("x")), Code::method_not_allowed);
    EXPECT_EQ(answer(0, Message(CON, Code::get).id(6).path("/fw/image.bin").block2(9, 0, 1024)), Code::bad_option);
}

// RFC 7252 11.3: not much more than was asked.
TEST_F(Campaign, AStrangerGetsSmallPieces) {
    send(7, Message(CON, Code::get).id(2).token("0a").path("/fw/image.bin"));
    const auto piece = receive(7).value();
    EXPECT_EQ(piece.view().code, Code::content);
    EXPECT_EQ(piece.view().payload.size(), 64u);
    EXPECT_EQ(answer(7, Message(CON, Code::get).id(3).path("/fw/none")), Code::not_found);
}

TEST_F(Campaign, EveryDeviceEndsAsItsScriptSays) {
    const std::uint32_t count = 150;
    std::uint32_t lost = 0, broken = 0, rolled_back = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        FirmwareScript script;
        if (i % 20 == 3) script.download_result = 4, ++lost;
        if (i % 20 == 7) script.download_result = 5, ++broken;
        if (i % 20 == 9) script.update_result = 8, ++rolled_back;
        device(script);
    }
    CampaignSpec spec = push();
    spec.at_once = 40;
    start(spec);
    for (int i = 0; i < 10 && info().running; ++i) boot();
    EXPECT_FALSE(info().running);
    EXPECT_EQ(with(CampaignResult::connection_lost), lost);
    EXPECT_EQ(with(CampaignResult::integrity), broken);
    EXPECT_EQ(with(CampaignResult::update_failed), rolled_back);
    EXPECT_EQ(with(CampaignResult::success), count - lost - broken - rolled_back);
    server_->stop(now_);
    for (const auto& in_flight : figures().in_flight) EXPECT_EQ(in_flight.get(), 0);
}

}  // namespace
}  // namespace server_test
