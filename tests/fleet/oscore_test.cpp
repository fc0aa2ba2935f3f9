// What a device does block by block, and for several values at once, under OSCORE (RFC 8613 4.1.3.4; Core 1.1.1, E.6).
#include "simulator/lwm2m/codec.h"
#include "tests/support/device_oscore.h"

namespace {

using namespace std::chrono_literals;
using coap::OptionNumber;
using support::ACK;
using support::body_of;
using support::CON;
using support::Message;
using support::NON;

std::string updatable(const std::string& firmware) {
    return "lwm2m: {version: \"1.1\", lifetime: 30d, object_versions: {firmware_update: \"1.1\"}}\n"
           "formats: [senml-json, text, opaque]\n"
           "objects:\n  device/0: {manufacturer: Acme, timezone: UTC}\n  firmware_update/0: {}\n"
           "behaviour: {firmware: " +
           firmware + "}\n";
}

class Oscore : public support::DeviceOscore {
protected:
    explicit Oscore(const std::string& firmware = "{}") : DeviceOscore("reboot: keep", updatable(firmware)) {}
    void SetUp() override { registers_securely(); }

    std::string read(std::string_view path) {
        secured.asks(Message(CON, Code::get).id(next_id_++).token("0a").path(path).uint(OptionNumber::accept, 0));
        const auto seen = secured.answer(ACK, Code::content);
        return std::string(base::as_text(seen.view().payload));
    }
    std::string status() { return read("/5/0/3") + " " + read("/5/0/5"); }
    // A block of 256 bytes.
    Message block(std::string_view image, unsigned number) {
        const std::size_t at = std::size_t{number} * 256;
        return Message(CON, Code::put)
            .id(next_id_++)
            .token("0b")
            .path("/5/0/0")
            .format(42)
            .block1(number, at + 256 < image.size() ? 1 : 0, 256)
            .payload(image.substr(at, 256));
    }
    static std::string digest_of(std::string_view image) { return base::to_hex(base::sha256(base::as_bytes(image))); }
    std::string digest() { return base::to_hex(pool.firmware[pool[0].firmware].digest); }

    std::uint16_t next_id_ = 1;
};

TEST_F(Oscore, AFirmwareImageIsPushedInBlocks) {
    const auto image = body_of(600);
    secured.asks(block(image, 0));
    secured.answer(ACK, Code::continue_).block1(0, 1, 256);
    EXPECT_EQ(status(), "1 0");
    secured.asks(block(image, 1));
    secured.answer(ACK, Code::continue_).block1(1, 1, 256);
    secured.asks(block(image, 2));
    secured.answer(ACK, Code::changed).block1(2, 0, 256);
    EXPECT_EQ(status(), "2 0");
    EXPECT_EQ(digest(), digest_of(image));
}

// RFC 8613 8.2: the message layer asks no questions, so the image of somebody else would be written.
TEST_F(Oscore, AnUnprotectedBlockIsRefused) {
    const auto image = body_of(600);
    server.sends(block(image, 0));
    server.expect(ACK, Code::unauthorized);
    EXPECT_EQ(status(), "0 0");
    EXPECT_EQ(discarded(metrics::Discard::unprotected), 1);
}

class SlowOscore : public Oscore {
protected:
    SlowOscore() : Oscore("{download: 1KB/s}") {}
};

// The answer that waits is that to the block's own request, whatever was asked meanwhile.
TEST_F(SlowOscore, AnAnswerThatWaitsOpensUnderItsRequest) {
    const auto image = body_of(600);
    secured.asks(block(image, 0));
    server.expect_silence();
    const auto asked = secured.asked_iv;
    EXPECT_EQ(status(), "1 0");
    after(300ms);
    secured.answer_to(asked, ACK, Code::continue_).block1(0, 1, 256);
    EXPECT_FALSE(coap::find_oscore(coap::parse(secured.last_outer).value())->partial_iv);
}

TEST_F(Oscore, AFirmwareImageIsPulledFromTheServerProtected) {
    const auto image = body_of(400);
    secured.asks(Message(CON, Code::put)
                     .id(next_id_++)
                     .token("0b")
                     .path("/5/0/1")
                     .format(0)
                     .payload("coap://127.0.0.1:5683/fw/image"));
    secured.answer(ACK, Code::changed);
    after(2ms);
    secured.expect(CON, Code::get).path("/fw/image").block2(0, 0, 1024);
    secured.replies(Message(ACK, Code::content).etag("e1").block2(0, 1, 256).payload(image.substr(0, 256)));
    secured.expect(CON, Code::get).path("/fw/image").block2(1, 0, 256);
    // RFC 9175 2.2: the server may want to see that it is fresh.
    secured.replies(Message(ACK, Code::unauthorized).option(OptionNumber::echo, support::hex("a0a1")));
    const auto again = secured.expect(CON, Code::get);
    again.path("/fw/image").block2(1, 0, 256);
    EXPECT_TRUE(again.view().find(OptionNumber::echo));
    secured.replies(Message(ACK, Code::content).etag("e1").block2(1, 0, 256).payload(image.substr(256)));
    EXPECT_EQ(status(), "2 0");
    EXPECT_EQ(digest(), digest_of(image));
}

// RFC 8613 3.3: a context is shared by two; somebody else has none with the device.
TEST_F(Oscore, FromElsewhereItIsPulledWithout) {
    const auto image = body_of(100);
    secured.asks(Message(CON, Code::put)
                     .id(next_id_++)
                     .token("0b")
                     .path("/5/0/1")
                     .format(0)
                     .payload("coap://127.0.0.1:5783/fw/image"));
    secured.answer(ACK, Code::changed);
    after(2ms);
    other.expect(CON, Code::get).path("/fw/image").without(OptionNumber::oscore);
    other.replies(Message(ACK, Code::content).payload(image));
    EXPECT_EQ(status(), "2 0");
    EXPECT_EQ(digest(), digest_of(image));
}

// RFC 8132 3: a FETCH with Observe; outside it is one anyway.
TEST_F(Oscore, SeveralValuesAreObservedAtOnce) {
    std::vector<std::uint8_t> memory(256);
    base::Writer paths(memory);
    ASSERT_TRUE(lwm2m::encode_paths(lwm2m::ContentFormat::senml_json,
                                    std::vector{lwm2m::Path(3, 0, 0), lwm2m::Path(3, 0, 15)}, paths));
    secured.asks(Message(CON, Code::fetch).id(next_id_++).token("4a").observe(0).format(110).payload(paths.written()));
    const auto observed = secured.asked_iv;
    EXPECT_NE(base::as_text(secured.answer(ACK, Code::content).token("4a").view().payload).find("UTC"),
              std::string_view::npos);
    secured.asks(Message(CON, Code::put).id(next_id_++).token("0b").path("/3/0/15").format(0).payload("CET"));
    secured.answer(ACK, Code::changed);
    after(1s);
    const auto told = secured.answer_to(observed, NON, Code::content);
    told.token("4a");
    EXPECT_NE(base::as_text(told.view().payload).find("CET"), std::string_view::npos);
    EXPECT_EQ(base::as_text(told.view().payload).find("UTC"), std::string_view::npos);
    EXPECT_EQ(coap::parse(secured.last_outer)->code, Code::content);
}

}  // namespace
