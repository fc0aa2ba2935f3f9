// Firmware that is pushed: Core 1.1.1, E.6; RFC 7959 2.5. What a script does to it is in firmware_faults_test.cpp.
#include "tests/support/firmware_lockstep.h"

namespace {

using namespace std::chrono_literals;
using coap::Code;
using metrics::Result;
using support::ACK;
using support::body_of;
using support::CON;
using support::Message;
using support::NON;

class FirmwarePush : public support::FirmwareLockstep {
protected:
    using FirmwareLockstep::FirmwareLockstep;
};

//   server                          device
//     | PUT /5/0/0 1:0/1/1024        |  Idle
//     |----------------------------->|
//     | 2.31 1:0/1/1024              |  Downloading
//     |<-----------------------------|
//     | PUT /5/0/0 1:1/1/1024  ...   |
//     | PUT /5/0/0 1:2/0/1024        |
//     |----------------------------->|
//     | 2.04 1:2/0/1024              |  Downloaded
//     |<-----------------------------|
TEST_F(FirmwarePush, ComesInBlocks) {
    const auto image = body_of(2500);
    EXPECT_EQ(status(), "0 0");
    server.sends(block(image, 0, 1024));
    server.expect(ACK, Code::continue_).block1(0, 1, 1024);
    EXPECT_EQ(status(), "1 0");
    server.sends(block(image, 1, 1024));
    server.expect(ACK, Code::continue_).block1(1, 1, 1024);
    server.sends(block(image, 2, 1024));
    server.expect(ACK, Code::changed).block1(2, 0, 1024);
    EXPECT_EQ(status(), "2 0");
    EXPECT_EQ(downloads(Result::ok), 1);
    EXPECT_EQ(counted().state, 2u);
}

TEST_F(FirmwarePush, OnlyItsLengthAndDigestAreKept) {
    const auto image = body_of(100'000);
    ASSERT_EQ(pushes(image, 1024), Code::changed);
    const auto& firmware = pool.firmware[pool[0].firmware];
    EXPECT_EQ(firmware.length, 100'000u);
    EXPECT_EQ(base::to_hex(firmware.digest), base::to_hex(base::sha256(base::as_bytes(image))));
    EXPECT_EQ(pool.transfers.in_use(), 0u);
    EXPECT_EQ(pool.blocks.bytes_held(), 0u);
}

// The examples of Transport 1.1.1 push by POST.
TEST_F(FirmwarePush, ComesByPostToo) {
    EXPECT_EQ(pushes(body_of(300), 64, Code::post), Code::changed);
    EXPECT_EQ(status(), "2 0");
}

TEST_F(FirmwarePush, ComesInTlvAndCbor) {
    const std::string tlv = std::string("\xd0\x00\x01\x2c", 4) + body_of(300);
    EXPECT_EQ(pushes(tlv, 16, Code::put, 11542), Code::changed);
    EXPECT_EQ(pool.firmware[pool[0].firmware].length, 300u);
    EXPECT_EQ(write("/5/0/1", ""), Code::changed);
    EXPECT_EQ(pushes(tlv.substr(0, 200), 16, Code::put, 11542), Code::bad_request) << "cut off";
    EXPECT_EQ(status(), "0 6");
}

TEST_F(FirmwarePush, ComesInOnePiece) {
    EXPECT_EQ(code(ask(Code::put, "/5/0/0").format(42).payload("small")), Code::changed);
    EXPECT_EQ(status(), "2 0");
}

TEST_F(FirmwarePush, AFormatThatIsNotTheDevicesIsNotTaken) {
    EXPECT_EQ(pushes(body_of(100), 64, Code::put, 60), Code::unsupported_content_format) << "the profile has no CBOR";
    EXPECT_EQ(status(), "0 0");
}

// RFC 7959 2.9.2.
TEST_F(FirmwarePush, AGapIsIncompleteAndMayStillBeFilled) {
    const auto image = body_of(400);
    EXPECT_EQ(code(block(image, 0, 128)), Code::continue_);
    EXPECT_EQ(code(block(image, 2, 128)), Code::request_entity_incomplete);
    EXPECT_EQ(code(block(image, 1, 128)), Code::continue_);
    EXPECT_EQ(code(block(image, 2, 128)), Code::continue_);
    EXPECT_EQ(code(block(image, 3, 128)), Code::changed);
    EXPECT_EQ(base::to_hex(pool.firmware[pool[0].firmware].digest), base::to_hex(base::sha256(base::as_bytes(image))));
}

TEST_F(FirmwarePush, WithoutABeginningThereIsNothing) {
    EXPECT_EQ(code(block(body_of(400), 1, 128)), Code::request_entity_incomplete);
    EXPECT_EQ(status(), "0 0");
}

TEST_F(FirmwarePush, ARepeatedBlockHasTheSameAnswer) {
    const auto image = body_of(200);
    const auto first = block(image, 0, 128);
    EXPECT_EQ(code(first), Code::continue_);
    EXPECT_EQ(code(first), Code::continue_) << "the same message";
    const auto last = block(image, 1, 128);
    EXPECT_EQ(code(last), Code::changed);
    EXPECT_EQ(code(last), Code::changed) << "the same message";
    EXPECT_EQ(code(block(image, 1, 128)), Code::changed) << "by another message id";
    EXPECT_EQ(status(), "2 0");
    EXPECT_EQ(downloads(Result::ok), 1);
}

// Its answer is not kept, and is the same nevertheless; one that comes out of turn changes nothing.
TEST_F(FirmwarePush, ARepeatedBlockInTheMiddleHasTheSameAnswer) {
    const auto image = body_of(500);
    EXPECT_EQ(code(block(image, 0, 128)), Code::continue_);
    const auto second = block(image, 1, 128);
    server.sends(second);
    const auto answer = server.expect(ACK, Code::continue_).block1(1, 1, 128).bytes();
    server.sends(second);
    server.expect(ACK, Code::continue_).same_as(answer);
    EXPECT_EQ(code(block(image, 2, 128)), Code::continue_);
    server.sends(second);
    server.expect(ACK, Code::continue_).same_as(answer);
    EXPECT_EQ(code(block(image, 3, 128)), Code::changed);
    EXPECT_EQ(status(), "2 0");
    EXPECT_EQ(pool.firmware[pool[0].firmware].length, 500u);
}

TEST_F(FirmwarePush, BlockZeroBeginsAnew) {
    const auto old = body_of(400);
    const auto image = body_of(300).substr(7);
    EXPECT_EQ(code(block(old, 0, 128)), Code::continue_);
    EXPECT_EQ(code(block(old, 1, 128)), Code::continue_);
    EXPECT_EQ(pushes(image, 128), Code::changed);
    EXPECT_EQ(base::to_hex(pool.firmware[pool[0].firmware].digest), base::to_hex(base::sha256(base::as_bytes(image))));
    EXPECT_EQ(downloads(Result::aborted), 1);
}

TEST_F(FirmwarePush, AServerThatFallsSilentIsAConnectionLost) {
    EXPECT_EQ(code(block(body_of(400), 0, 128)), Code::continue_);
    after(240s);
    EXPECT_EQ(status(), "1 0");
    after(10s);
    EXPECT_EQ(status(), "0 4");
    EXPECT_EQ(downloads(Result::timeout), 1);
}

TEST_F(FirmwarePush, OnlyIdleTakesAPackage) {
    ASSERT_EQ(pushes(body_of(100), 64), Code::changed);
    EXPECT_EQ(pushes(body_of(100), 64), Code::method_not_allowed);
    EXPECT_EQ(write("/5/0/1", "coap://127.0.0.1:5783/image"), Code::method_not_allowed);
    EXPECT_EQ(status(), "2 0");
}

TEST_F(FirmwarePush, ANulResets) {
    ASSERT_EQ(pushes(body_of(100), 64), Code::changed);
    EXPECT_EQ(code(ask(Code::put, "/5/0/0").format(42).payload(std::string_view("\0", 1))), Code::changed);
    EXPECT_EQ(status(), "0 0");
    EXPECT_EQ(code(block(body_of(400), 0, 128)), Code::continue_);
    EXPECT_EQ(code(ask(Code::put, "/5/0/0").format(11542).payload(std::string_view("\xc1\0\0", 3))), Code::changed);
    EXPECT_EQ(status(), "0 0") << "while downloading too";
    EXPECT_EQ(pool.transfers.in_use(), 0u);
}

TEST_F(FirmwarePush, CancelIsAResultOfItsOwn) {
    EXPECT_EQ(execute("/5/0/10"), Code::method_not_allowed) << "nothing to cancel";
    ASSERT_EQ(code(block(body_of(400), 0, 128)), Code::continue_);
    EXPECT_EQ(execute("/5/0/10"), Code::changed);
    EXPECT_EQ(status(), "0 10");
    EXPECT_EQ(code(block(body_of(400), 1, 128)), Code::request_entity_incomplete);
}

TEST_F(FirmwarePush, StateAndResultAreObserved) {
    EXPECT_EQ(observe("/5/0/3"), "0");
    ASSERT_EQ(code(block(body_of(200), 0, 128)), Code::continue_);
    after(2ms);
    EXPECT_EQ(notified(), "1");
    ASSERT_EQ(code(block(body_of(200), 1, 128)), Code::changed);
    after(2ms);
    EXPECT_EQ(notified(), "2");
}

TEST_F(FirmwarePush, ANonIsAnsweredByANon) {
    server.sends(Message(NON, Code::put).id(0x700).token("0c").path("/5/0/0").format(42).payload("small"));
    server.expect(NON, Code::changed).token("0c");
}

class SmallStorage : public FirmwarePush {
protected:
    SmallStorage() : FirmwarePush("{storage: 1KiB}") {}
};

// RFC 7959 2.9.3.
TEST_F(SmallStorage, ASizeThatDoesNotFitIsSaidSoAtOnce) {
    const auto image = body_of(2000);
    server.sends(block(image, 0, 128).uint(coap::OptionNumber::size1, 2000));
    const auto seen = server.expect(ACK, Code::request_entity_too_large);
    EXPECT_EQ(seen.view().find_uint(coap::OptionNumber::size1), 1024u);
    EXPECT_EQ(status(), "0 2");
}

TEST_F(SmallStorage, WithoutASizeItIsFullWhenItIsFull) {
    EXPECT_EQ(pushes(body_of(2000), 128), Code::request_entity_too_large);
    EXPECT_EQ(status(), "0 2");
    EXPECT_EQ(pushes(body_of(1024), 128), Code::changed) << "and this one fits";
}

class SlowDevice : public FirmwarePush {
protected:
    SlowDevice() : FirmwarePush("{download: 1KB/s}") {}
};

// A slow device answers a block when it has dealt with it.
TEST_F(SlowDevice, AnswersABlockWhenItIsThrough) {
    const auto image = body_of(1000);
    const auto first = block(image, 0, 512);
    server.sends(first);
    server.expect_silence();
    after(400ms);
    server.sends(first);
    server.expect_silence();
    after(120ms);
    server.expect(ACK, Code::continue_).block1(0, 1, 512);
    server.sends(first);
    server.expect(ACK, Code::continue_).block1(0, 1, 512);
    server.sends(block(image, 1, 512));
    server.expect_silence();
    EXPECT_EQ(read("/5/0/3"), "1");
    after(500ms);
    server.expect(ACK, Code::changed).block1(1, 0, 512);
    EXPECT_EQ(status(), "2 0");
}

class PullOnly : public FirmwarePush {
protected:
    PullOnly() : FirmwarePush("{}", "{firmware_update_delivery_method: 0}") {}
};

TEST_F(PullOnly, TakesNoPackage) {
    EXPECT_EQ(pushes(body_of(100), 64), Code::method_not_allowed);
    EXPECT_EQ(status(), "0 0");
}

}  // namespace
