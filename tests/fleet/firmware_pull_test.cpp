// Firmware that is pulled by CoAP: Core 1.1.1, E.6; RFC 7959 2.4.
#include "simulator/fleet/firmware.h"
#include "tests/support/firmware_lockstep.h"

namespace {

using namespace std::chrono_literals;
using coap::Code;
using metrics::Result;
using support::ACK;
using support::body_of;
using support::CON;
using support::Message;
using support::RST;

constexpr const char* elsewhere = "coap://127.0.0.1:5783/fw/image?v=2";

class FirmwarePull : public support::FirmwareLockstep {
protected:
    using FirmwareLockstep::FirmwareLockstep;

    void begins(const char* uri = elsewhere) {
        ASSERT_EQ(write("/5/0/1", uri), Code::changed);
        after(2ms);
    }
    std::string digest() { return base::to_hex(pool.firmware[pool[0].firmware].digest); }
    static std::string digest_of(std::string_view image) { return base::to_hex(base::sha256(base::as_bytes(image))); }
};

//   server                  device                         package server
//     | PUT /5/0/1 URI         |                                  |
//     |----------------------->|                                  |
//     | 2.04                   |  Downloading                     |
//     |<-----------------------|                                  |
//     |                        | GET /fw/image?v=2 2:0/0/1024     |
//     |                        |--------------------------------->|
//     |                        | 2.05 2:0/1/512 ETag              |
//     |                        |<---------------------------------|
//     |                        | GET /fw/image?v=2 2:1/0/512      |
//     |                        |--------------------------------->|
//     |                        | 2.05 2:1/0/512 ETag              |
//     |                        |<---------------------------------|
//     |                        |  Downloaded                      |
TEST_F(FirmwarePull, ComesFromWhereTheUriSays) {
    const auto image = body_of(1000);
    begins();
    EXPECT_EQ(status(), "1 0");
    other.expect(CON, Code::get).path("/fw/image").query("v=2").block2(0, 0, 1024);
    other.replies(Message(ACK, Code::content).etag("e1").block2(0, 1, 512).payload(image.substr(0, 512)));
    other.expect(CON, Code::get).path("/fw/image").query("v=2").block2(1, 0, 512);
    other.replies(Message(ACK, Code::content).etag("e1").block2(1, 0, 512).payload(image.substr(512)));
    EXPECT_EQ(status(), "2 0");
    EXPECT_EQ(digest(), digest_of(image));
    EXPECT_EQ(read("/5/0/1"), elsewhere);
    EXPECT_EQ(downloads(Result::ok), 1);
    EXPECT_EQ(pool.transfers.in_use(), 0u);
    EXPECT_EQ(endpoint.in_flight(), 0u);
}

TEST_F(FirmwarePull, AnImageOfOneMessageNeedsNoBlocks) {
    begins();
    other.expect(CON, Code::get);
    other.replies(Message(ACK, Code::content).payload("small"));
    EXPECT_EQ(status(), "2 0");
}

// RFC 7252 5.2.2.
TEST_F(FirmwarePull, TheAnswerMayComeByItself) {
    begins();
    other.expect(CON, Code::get);
    other.acknowledges();
    after(5s);
    other.sends(Message(CON, Code::content).id(0x4711).token(other.last_token.view()).payload("small"));
    other.expect(ACK, Code::empty).id(0x4711);
    EXPECT_EQ(status(), "2 0");
}

TEST_F(FirmwarePull, ALostBlockIsAskedForAgain) {
    const auto image = body_of(200);
    begins();
    const auto first = other.expect(CON, Code::get).view().message_id;
    after(3s);
    other.expect(CON, Code::get).id(first);
    other.replies(Message(ACK, Code::content).block2(0, 1, 128).payload(image.substr(0, 128)));
    other.expect(CON, Code::get).block2(1, 0, 128);
    other.replies(Message(ACK, Code::content).block2(1, 0, 128).payload(image.substr(128)));
    EXPECT_EQ(digest(), digest_of(image));
    EXPECT_EQ(counters.figures().retransmissions[metrics::index(metrics::Operation::download)].get(), 1);
}

TEST_F(FirmwarePull, ARepeatedAnswerCountsOnce) {
    const auto image = body_of(200);
    begins();
    other.expect(CON, Code::get);
    const auto answer = Message(ACK, Code::content)
                            .id(other.last_id)
                            .token(other.last_token.view())
                            .block2(0, 1, 128)
                            .payload(image.substr(0, 128));
    other.sends(answer);
    other.expect(CON, Code::get).block2(1, 0, 128);
    other.sends(answer);
    other.expect_silence();
    other.replies(Message(ACK, Code::content).block2(1, 0, 128).payload(image.substr(128)));
    EXPECT_EQ(digest(), digest_of(image));
}

TEST_F(FirmwarePull, ASilentServerIsAConnectionLost) {
    begins();
    after(100s);
    EXPECT_EQ(status(), "0 4");
    EXPECT_EQ(downloads(Result::timeout), 1);
}

TEST_F(FirmwarePull, AResetIsAConnectionLost) {
    begins();
    other.expect(CON, Code::get);
    other.resets();
    EXPECT_EQ(status(), "0 4");
}

TEST_F(FirmwarePull, WhatIsNotThereIsAnInvalidUri) {
    begins();
    other.expect(CON, Code::get);
    other.replies(Message(ACK, Code::not_found));
    EXPECT_EQ(status(), "0 7");
    EXPECT_EQ(downloads(Result::client_error), 1);
}

TEST_F(FirmwarePull, AServerErrorIsAConnectionLost) {
    begins();
    other.expect(CON, Code::get);
    other.replies(Message(ACK, Code::internal_server_error));
    EXPECT_EQ(status(), "0 4");
}

// RFC 7959 2.4: blocks of two images are not put together.
TEST_F(FirmwarePull, AChangedTagBeginsAgain) {
    const auto old = body_of(400);
    const auto image = body_of(300).substr(9);
    begins();
    other.expect(CON, Code::get);
    other.replies(Message(ACK, Code::content).etag("e1").block2(0, 1, 128).payload(old.substr(0, 128)));
    other.expect(CON, Code::get).block2(1, 0, 128);
    other.replies(Message(ACK, Code::content).etag("e2").block2(1, 1, 128).payload(image.substr(128, 128)));
    serves(other, image, 128, "e2");
    EXPECT_EQ(status(), "2 0");
    EXPECT_EQ(digest(), digest_of(image));
}

TEST_F(FirmwarePull, AUriThatIsNoneIsToldByTheResult) {
    for (const auto* uri : {"no uri", "coap://", "coap://127.0.0.1:0/x", "://x", "coap://[::1/x"}) {
        EXPECT_EQ(write("/5/0/1", uri), Code::changed) << uri;
        EXPECT_EQ(status(), "0 7") << uri;
    }
}

TEST_F(FirmwarePull, ASchemeThatTheDeviceDoesNotSpeakIsToldByTheResult) {
    for (const auto* uri : {"gopher://127.0.0.9/image", "coaps://127.0.0.9/image", "coap+tcp://127.0.0.9/image"}) {
        EXPECT_EQ(write("/5/0/1", uri), Code::changed) << uri;
        EXPECT_EQ(status(), "0 9") << uri;
    }
}

// Who looks names up for the device; the test answers.
struct Resolver : fleet::Fetcher {
    void fetch(const fleet::FetchRequest&) override {}
    void look_up(const fleet::LookupRequest& request) override {
        asked.push_back(std::string(request.host) + ":" + std::to_string(request.port));
        number = request.number;
    }
    std::vector<std::string> asked;
    std::uint32_t number = 0;
};

class FirmwarePullByName : public FirmwarePull {
protected:
    void SetUp() override {
        FirmwarePull::SetUp();
        pool.fetcher = &resolver;
    }
    void is_found(std::optional<net::Address> address) {
        with_tree([&](const fleet::DeviceTree& tree) {
            fleet::on_looked_up(tree.turn(), {0, resolver.number, address});
        });
        after(2ms);
    }
    Resolver resolver;
};

TEST_F(FirmwarePullByName, AHostIsLookedUpAndTold) {
    begins("coap://packages.example:5783/image");
    EXPECT_EQ(resolver.asked, std::vector<std::string>{"packages.example:5783"});
    EXPECT_EQ(status(), "1 0");
    other.expect_silence();
    is_found(other_address);
    const auto request = other.expect(CON, Code::get);
    request.path("/image");
    EXPECT_EQ(request.view().find(coap::OptionNumber::uri_host)->text(), "packages.example");
    other.replies(Message(ACK, Code::content).payload("small"));
    EXPECT_EQ(status(), "2 0");
}

TEST_F(FirmwarePullByName, OneThatNobodyKnowsIsAnInvalidUri) {
    begins("coap://nowhere.example/image");
    is_found(std::nullopt);
    EXPECT_EQ(status(), "0 7");
    EXPECT_EQ(downloads(Result::ok), 0);
    EXPECT_EQ(pool.transfers.in_use(), 0u);
}

TEST_F(FirmwarePullByName, AnAnswerThatComesTooLateIsNotWaitedFor) {
    begins("coap://packages.example:5783/image");
    EXPECT_EQ(write("/5/0/1", ""), Code::changed);
    is_found(other_address);
    other.expect_silence();
    EXPECT_EQ(status(), "0 0");
}

TEST_F(FirmwarePull, WithoutAResolverANameIsAnInvalidUri) {
    begins("coap://packages.example/image");
    EXPECT_EQ(status(), "0 7");
}

TEST_F(FirmwarePull, AnEmptyUriEndsIt) {
    begins();
    other.expect(CON, Code::get);
    EXPECT_EQ(write("/5/0/1", elsewhere), Code::method_not_allowed);
    EXPECT_EQ(write("/5/0/1", ""), Code::changed);
    EXPECT_EQ(status(), "0 0");
    after(100s);
    other.expect_silence();
    EXPECT_EQ(endpoint.in_flight(), 0u);
}

TEST_F(FirmwarePull, AStrangerIsNotListenedTo) {
    begins();
    other.expect(CON, Code::get);
    EXPECT_EQ(write("/5/0/1", ""), Code::changed);
    other.replies(Message(ACK, Code::content).payload("small"));
    EXPECT_EQ(status(), "0 0");
    EXPECT_EQ(counters.figures().discarded[metrics::index(metrics::Discard::wrong_source)].get(), 1);
}

TEST_F(FirmwarePull, NobodyElseMayAskAnything) {
    begins();
    other.expect(CON, Code::get);
    other.sends(Message(CON, Code::get).id(1).path("/3/0/0"));
    other.expect_silence();
}

//   device                                              server
//     | GET /fw/image                                     |
//     |-------------------------------------------------->|
//     |   (the Update waits: NSTART is 1)                 |
//     | 2.05                                              |
//     |<--------------------------------------------------|
//     | POST /rd/5a, then GET /fw/image 2:1               |
//     |-------------------------------------------------->|
TEST_F(FirmwarePull, FromItsOwnServerItTakesTurnsWithTheRegistration) {
    const auto image = body_of(200);
    begins("coap://127.0.0.1:5683/fw/image");
    server.expect(CON, Code::get).path("/fw/image");
    const auto id = server.last_id;
    const auto token = server.last_token;
    EXPECT_EQ(execute("/1/0/8"), Code::changed);
    server.expect_silence();
    server.sends(
        Message(ACK, Code::content).id(id).token(token.view()).block2(0, 1, 128).payload(image.substr(0, 128)));
    server.expect(CON, Code::post).path("/rd/5a");
    server.expect_silence();
    server.replies(Message(ACK, Code::changed));
    server.expect(CON, Code::get).block2(1, 0, 128);
    server.replies(Message(ACK, Code::content).block2(1, 0, 128).payload(image.substr(128)));
    EXPECT_EQ(status(), "2 0");
    EXPECT_EQ(digest(), digest_of(image));
}

TEST_F(FirmwarePull, APowerCutWhileDownloadingIsAConnectionLost) {
    begins();
    other.expect(CON, Code::get);
    EXPECT_EQ(execute("/3/0/4"), Code::changed);
    comes_back();
    EXPECT_EQ(status(), "0 4");
    EXPECT_EQ(downloads(Result::aborted), 1);
    EXPECT_EQ(pool.transfers.in_use(), 0u);
}

class PullSlowly : public FirmwarePull {
protected:
    PullSlowly() : FirmwarePull("{download: 1KB/s}") {}
};

TEST_F(PullSlowly, AsksForTheNextBlockWhenItIsThrough) {
    const auto image = body_of(1000);
    begins();
    other.expect(CON, Code::get);
    other.replies(Message(ACK, Code::content).block2(0, 1, 512).payload(image.substr(0, 512)));
    after(500ms);
    other.expect_silence();
    after(20ms);
    other.expect(CON, Code::get).block2(1, 0, 512);
}

class FailsOnAnotherTag : public FirmwarePull {
protected:
    FailsOnAnotherTag() : FirmwarePull("{etag_change: fail, storage: 1KiB}") {}
};

TEST_F(FailsOnAnotherTag, WhereTheProfileSaysSo) {
    begins();
    other.expect(CON, Code::get);
    other.replies(Message(ACK, Code::content).etag("e1").block2(0, 1, 16).payload(body_of(16)));
    other.expect(CON, Code::get);
    other.replies(Message(ACK, Code::content).etag("e2").block2(1, 1, 16).payload(body_of(16)));
    EXPECT_EQ(status(), "0 4");
}

TEST_F(FailsOnAnotherTag, WhatDoesNotFitIsRefused) {
    begins();
    other.expect(CON, Code::get);
    other.replies(
        Message(ACK, Code::content).block2(0, 1, 16).uint(coap::OptionNumber::size2, 2000).payload(body_of(16)));
    EXPECT_EQ(status(), "0 2");
}

class PushOnly : public FirmwarePull {
protected:
    PushOnly() : FirmwarePull("{}", "{firmware_update_delivery_method: 1}") {}
};

TEST_F(PushOnly, TakesNoUri) {
    EXPECT_EQ(write("/5/0/1", elsewhere), Code::method_not_allowed);
    EXPECT_EQ(write("/5/0/1", ""), Code::changed) << "a reset is always taken";
}

}  // namespace
