// Object 9, Software Management (OMA-TS-LWM2M_SwMgmt 1.0), and object 16, Portfolio.
#include "simulator/fleet/firmware.h"
#include "tests/support/object_lockstep.h"

namespace {

using namespace std::chrono_literals;
using coap::Code;

class ObjectSoftware : public support::ObjectLockstep {
protected:
    ObjectSoftware() : ObjectLockstep("  software_management/0: {pkgname: app, pkgversion: \"1\"}\n") {}

    Code push(std::string_view bytes) { return code(ask(Code::put, "/9/0/2").format(42).payload(bytes)); }
    // State, result, activation.
    std::string where() { return read("/9/0/7") + " " + read("/9/0/9") + " " + read("/9/0/12"); }
};

TEST_F(ObjectSoftware, APackageIsInstalledAndActivated) {
    EXPECT_EQ(where(), "0 0 0");
    EXPECT_EQ(push("package"), Code::changed);
    EXPECT_EQ(where(), "3 3 0");
    EXPECT_EQ(execute("/9/0/4"), Code::changed);
    EXPECT_EQ(where(), "4 2 0");
    EXPECT_EQ(execute("/9/0/10"), Code::changed);
    EXPECT_EQ(where(), "4 2 1");
    EXPECT_EQ(execute("/9/0/11"), Code::changed);
    EXPECT_EQ(where(), "4 2 0");
    EXPECT_EQ(execute("/9/0/6"), Code::changed);
    EXPECT_EQ(where(), "0 0 0");
}

TEST_F(ObjectSoftware, AUriThatIsNoneIsSaidSo) {
    EXPECT_EQ(write("/9/0/3", "nowhere"), Code::changed);
    EXPECT_EQ(where(), "0 56 0");
    EXPECT_EQ(push("package"), Code::changed);
    EXPECT_EQ(where(), "3 3 0");
}

TEST_F(ObjectSoftware, WhatDoesNotFitItsStateIsNotAllowed) {
    for (const auto* const path : {"/9/0/4", "/9/0/6", "/9/0/10", "/9/0/11"}) {
        EXPECT_EQ(execute(path), Code::method_not_allowed) << path;
    }
    EXPECT_EQ(push("package"), Code::changed);
    EXPECT_EQ(execute("/9/0/4"), Code::changed);
    EXPECT_EQ(push("another"), Code::method_not_allowed);
    EXPECT_EQ(write("/9/0/3", "coap://127.0.0.1/app"), Code::method_not_allowed);
    EXPECT_EQ(execute("/9/0/6", "2"), Code::bad_request);
    EXPECT_EQ(execute("/9/0/6", "1"), Code::changed);
    EXPECT_EQ(where(), "0 0 0");
}

// One that a server creates is like those of the profile.
TEST_F(ObjectSoftware, AnInstanceIsCreatedAndUsed) {
    EXPECT_EQ(code(ask(Code::post, "/9").format(110).payload(R"([{"bn":"/9/1/","n":"8","vb":true}])")), Code::created);
    server.expect(support::CON, Code::post).path("/rd/5a");
    server.replies(support::Message(support::ACK, Code::changed));
    EXPECT_EQ(read("/9/1/7"), "0");
    EXPECT_EQ(read("/9/1/0"), "");
    EXPECT_EQ(code(ask(Code::put, "/9/1/2").format(42).payload("package")), Code::changed);
    EXPECT_EQ(execute("/9/1/4"), Code::changed);
    EXPECT_EQ(execute("/9/1/10"), Code::changed);
    EXPECT_EQ(read("/9/1/12"), "1");
    EXPECT_EQ(read("/9/0/12"), "0");
}

// Two instances, firmware beside them, and a test that plays the server and the one with the packages.
class SoftwarePull : public support::AskingLockstep {
protected:
    explicit SoftwarePull(const std::string& software = "{}")
        : AskingLockstep(
              "profile: subject\ndescription: for the tests of software\nendpoint: \"d\"\n"
              "lwm2m: {version: \"1.1\", lifetime: 30d}\nformats: [senml-json, tlv, text, opaque]\nobjects:\n"
              "  software_management/0: {pkgname: app, pkgversion: \"1\"}\n"
              "  software_management/1: {pkgname: lib, pkgversion: \"1\"}\n"
              "  firmware_update/0: {}\n  device/0: {firmware_version: \"1.0\", reboot: }\nbehaviour:\n  software: " +
              software + "\n") {}

    void begins(const char* uri = elsewhere) {
        ASSERT_EQ(write("/9/0/3", uri), Code::changed);
        after(2ms);
    }
    // State, result.
    std::string status(int instance = 0) {
        const auto path = "/9/" + std::to_string(instance);
        return read(path + "/7") + " " + read(path + "/9");
    }
    std::int64_t downloads(metrics::Result how) const {
        const auto& row = counters.figures().operations[metrics::index(metrics::Operation::download)][0];
        return row[metrics::index(how)].get();
    }
    void expect_rest() {
        EXPECT_EQ(pool.transfers.in_use(), 0u);
        EXPECT_EQ(endpoint.in_flight(), 0u);
    }
    static std::string digits(std::string_view image) {
        return base::to_hex(base::sha256(base::as_bytes(image))).substr(0, 8);
    }

    static constexpr const char* elsewhere = "coap://127.0.0.1:5783/apps/app?v=2";
};

//   server                  device                         package server
//     | PUT /9/0/3 URI         |                                  |
//     |----------------------->|                                  |
//     | 2.04                   |  Download started, 1             |
//     |<-----------------------|                                  |
//     |                        | GET /apps/app?v=2 2:0/0/1024     |
//     |                        |--------------------------------->|
//     |                        | 2.05 2:0/1/512 ETag              |
//     |                        |<---------------------------------|
//     |                        | GET /apps/app?v=2 2:1/0/512      |
//     |                        |--------------------------------->|
//     |                        | 2.05 2:1/0/512 ETag              |
//     |                        |<---------------------------------|
//     |                        |  Downloaded, 1; Delivered, 3     |
TEST_F(SoftwarePull, ComesFromWhereTheUriSays) {
    const auto image = "software meter 2.0\n" + support::body_of(981);
    begins();
    EXPECT_EQ(status(), "1 1");
    other.expect(support::CON, Code::get).path("/apps/app").query("v=2").block2(0, 0, 1024);
    const auto answer = [] { return support::Message(support::ACK, Code::content).etag("e1"); };
    other.replies(answer().block2(0, 1, 512).payload(image.substr(0, 512)));
    other.expect(support::CON, Code::get).path("/apps/app").query("v=2").block2(1, 0, 512);
    other.replies(answer().block2(1, 0, 512).payload(image.substr(512)));
    EXPECT_EQ(status(), "2 1");
    after(1s);
    EXPECT_EQ(status(), "3 3");
    EXPECT_EQ(read("/9/0/0") + " " + read("/9/0/1"), "meter 2.0");
    EXPECT_EQ(execute("/9/0/4"), Code::changed);
    EXPECT_EQ(status(), "4 2");
    EXPECT_EQ(downloads(metrics::Result::ok), 1);
    expect_rest();
}

// One that does not say its version has the first digits of its digest.
TEST_F(SoftwarePull, ComesFromItsOwnServerBetweenItsOtherMessages) {
    const auto image = support::body_of(200);
    begins("coap://127.0.0.1:5683/app");
    server.expect(support::CON, Code::get).path("/app");
    const auto id = server.last_id;
    const auto token = server.last_token;
    EXPECT_EQ(execute("/1/0/8"), Code::changed);
    server.expect_silence();
    server.sends(support::Message(support::ACK, Code::content)
                     .id(id)
                     .token(token.view())
                     .block2(0, 1, 128)
                     .payload(image.substr(0, 128)));
    server.expect(support::CON, Code::post).path("/rd/5a");
    server.replies(support::Message(support::ACK, Code::changed));
    server.expect(support::CON, Code::get).block2(1, 0, 128);
    server.replies(support::Message(support::ACK, Code::content).block2(1, 0, 128).payload(image.substr(128)));
    after(1s);
    EXPECT_EQ(status(), "3 3");
    EXPECT_EQ(read("/9/0/0") + " " + read("/9/0/1"), "app " + digits(image));
}

TEST_F(SoftwarePull, TellsItsStates) {
    EXPECT_EQ(observe("/9/0/7"), "0");
    begins();
    EXPECT_EQ(notified(), "1");
    serves(other, support::body_of(300), 128);
    EXPECT_EQ(notified(), "2");
    after(1s);
    EXPECT_EQ(notified(), "3");
    after(1h);
    server.expect_silence();
}

TEST_F(SoftwarePull, WhatIsNotThereIsAnInvalidUri) {
    begins();
    other.expect(support::CON, Code::get);
    other.replies(support::Message(support::ACK, Code::not_found));
    EXPECT_EQ(status(), "0 56");
    EXPECT_EQ(downloads(metrics::Result::client_error), 1);
    expect_rest();
    begins();
    EXPECT_EQ(status(), "1 1") << "it may be tried again";
}

TEST_F(SoftwarePull, ASilentServerIsAConnectionLost) {
    begins();
    after(100s);
    EXPECT_EQ(status(), "0 52");
    EXPECT_EQ(downloads(metrics::Result::timeout), 1);
    expect_rest();
}

TEST_F(SoftwarePull, APowerCutWhileDownloadingIsAConnectionLost) {
    begins();
    other.expect(support::CON, Code::get);
    EXPECT_EQ(execute("/3/0/4"), Code::changed);
    expect_rest();
    comes_back();
    EXPECT_EQ(status(), "0 52");
    EXPECT_EQ(downloads(metrics::Result::aborted), 1);
}

TEST_F(SoftwarePull, ASchemeThatTheDeviceDoesNotSpeakIsAnInvalidUri) {
    for (const auto* const uri : {"gopher://127.0.0.9/app", "coaps://127.0.0.9/app", "http://127.0.0.9/app"}) {
        begins(uri);
        EXPECT_EQ(status(), "0 56") << uri;
    }
}

// A device has one download at a time, be it of software or of firmware.
TEST_F(SoftwarePull, ASecondDownloadIsRefusedByItsResult) {
    begins();
    EXPECT_EQ(write("/9/1/3", elsewhere), Code::changed);
    EXPECT_EQ(status(1), "0 57");
    EXPECT_EQ(write("/5/0/1", elsewhere), Code::service_unavailable);
    EXPECT_EQ(read("/5/0/3"), "0");
    serves(other, "small", 128);
    after(1s);
    EXPECT_EQ(status(), "3 3");
    EXPECT_EQ(write("/9/1/3", elsewhere), Code::changed);
    after(2ms);
    EXPECT_EQ(status(1), "1 1");
}

TEST_F(SoftwarePull, FirmwareUnderWayIsADownload) {
    EXPECT_EQ(write("/5/0/1", elsewhere), Code::changed);
    begins();
    EXPECT_EQ(status(), "0 57");
    serves(other, "small", 128);
    EXPECT_EQ(read("/5/0/3"), "2");
    begins();
    EXPECT_EQ(write("/5/0/1", ""), Code::changed) << "a reset of the firmware leaves the software alone";
    serves(other, "small", 128);
    EXPECT_EQ(status(), "2 1");
}

TEST_F(SoftwarePull, AnInstanceThatHasGoneTakesNoNotice) {
    begins();
    EXPECT_EQ(remove("/9/0"), Code::deleted);
    server.expect(support::CON, Code::post).path("/rd/5a");
    server.replies(support::Message(support::ACK, Code::changed));
    serves(other, "small", 128);
    EXPECT_EQ(read("/9/0/7"), "4.04");
    expect_rest();
}

// Who fetches by HTTP for the device; the test says how it went.
struct PackageFetcher : fleet::Fetcher {
    void fetch(const fleet::FetchRequest& request) override {
        uri = request.uri;
        limit = request.limit;
        number = request.number;
    }
    void look_up(const fleet::LookupRequest&) override {}
    std::string uri;
    std::uint64_t limit = 0;
    std::uint32_t number = 0;
};

class SoftwareByHttp : public SoftwarePull {
protected:
    explicit SoftwareByHttp(const std::string& software = "{}") : SoftwarePull(software) {}
    void SetUp() override {
        SoftwarePull::SetUp();
        pool.fetcher = &fetcher;
        begins("http://127.0.0.1/app");
    }
    void ends(fleet::Fetched fetched) {
        fetched.number = fetcher.number;
        with_tree([&](const fleet::DeviceTree& tree) { fleet::on_fetched(tree.turn(), fetched); });
        after(1s);
    }
    PackageFetcher fetcher;
};

TEST_F(SoftwareByHttp, IsFetched) {
    EXPECT_EQ(fetcher.uri, "http://127.0.0.1/app");
    EXPECT_EQ(status(), "1 1");
    fleet::Fetched fetched{.end = fleet::Fetched::End::complete, .length = 5};
    fetched.digest = base::sha256(base::as_bytes("small"));
    ends(fetched);
    EXPECT_EQ(status(), "3 3");
    EXPECT_EQ(read("/9/0/1"), digits("small"));
    EXPECT_EQ(downloads(metrics::Result::ok), 1);
}

TEST_F(SoftwareByHttp, EndsByWhatItMetWith) {
    using End = fleet::Fetched::End;
    const std::vector<std::pair<fleet::Fetched, std::string>> ends_of{
        {{.end = End::status, .status = 404}, "0 56"},
        {{.end = End::status, .status = 503}, "0 52"},
        {{.end = End::too_large}, "0 50"},
        {{.end = End::bad_uri}, "0 56"},
        {{.end = End::lost}, "0 52"},
    };
    for (const auto& [fetched, expected] : ends_of) {
        ends(fetched);
        EXPECT_EQ(status(), expected);
        begins("http://127.0.0.1/app");
    }
}

class SoftwareSmall : public SoftwareByHttp {
protected:
    SoftwareSmall() : SoftwareByHttp("{storage: 1KiB}") {}
};

TEST_F(SoftwareSmall, WhatDoesNotFitIsRefused) {
    EXPECT_EQ(fetcher.limit, 1024u);
    ends({.end = fleet::Fetched::End::too_large});
    begins();
    other.expect(support::CON, Code::get);
    other.replies(support::Message(support::ACK, Code::content)
                      .block2(0, 1, 16)
                      .uint(coap::OptionNumber::size2, 2000)
                      .payload(support::body_of(16)));
    EXPECT_EQ(status(), "0 50");
    expect_rest();
}

class SoftwareSlow : public SoftwarePull {
protected:
    SoftwareSlow() : SoftwarePull("{download: 1KB/s}") {}
};

TEST_F(SoftwareSlow, AsksForTheNextBlockWhenItIsThrough) {
    begins();
    other.expect(support::CON, Code::get);
    other.replies(support::Message(support::ACK, Code::content).block2(0, 1, 512).payload(support::body_of(512)));
    after(500ms);
    other.expect_silence();
    after(20ms);
    other.expect(support::CON, Code::get).block2(1, 0, 512);
}

// By its script.
struct ScriptedSoftware {
    const char* fault;
    const char* end;
};
class SoftwareFails : public SoftwarePull, public testing::WithParamInterface<ScriptedSoftware> {
protected:
    SoftwareFails() : SoftwarePull("{etag_change: fail, fail: {" + std::string(GetParam().fault) + ": 100%}}") {}
};

TEST_P(SoftwareFails, AsItsScriptSays) {
    begins();
    serves(other, support::body_of(4000), 128);
    after(1s);
    if (status() == "3 3") {
        EXPECT_EQ(execute("/9/0/4"), Code::changed);
    }
    EXPECT_EQ(status(), GetParam().end);
    expect_rest();
}

INSTANTIATE_TEST_SUITE_P(
    Faults, SoftwareFails,
    testing::Values(ScriptedSoftware{"storage_full", "0 50"}, ScriptedSoftware{"out_of_memory", "0 51"},
                    ScriptedSoftware{"connection_lost", "0 52"}, ScriptedSoftware{"wrong_digest", "0 53"},
                    ScriptedSoftware{"unsupported_package", "0 54"}, ScriptedSoftware{"rollback", "3 58"}),
    [](const auto& parameter) { return std::string(parameter.param.fault); });

class ObjectPortfolio : public support::ObjectLockstep {
protected:
    ObjectPortfolio() : ObjectLockstep("  portfolio/0: {identity: [host, Acme, M1, \"1.0\"], authstatus: 0}\n") {}
};

TEST_F(ObjectPortfolio, HoldsIdentitiesAndMakesAuthData) {
    EXPECT_EQ(read("/16/0/0/1"), "Acme");
    EXPECT_EQ(write("/16/0/0/1", "Other"), Code::changed);
    EXPECT_EQ(read("/16/0/0/1"), "Other");
    EXPECT_EQ(execute("/16/0/1", "0='abc'"), Code::changed);
    EXPECT_EQ(read("/16/0/3"), "1");
    const auto first = read("/16/0/2/0");
    EXPECT_EQ(first.size(), 44u);  // base64 of 32 bytes
    EXPECT_EQ(execute("/16/0/1", "0='abd'"), Code::changed);
    EXPECT_NE(read("/16/0/2/0"), first);
}

// Plain data: object 13, 14 and 19.
class ObjectsOfData : public support::ObjectLockstep {
protected:
    ObjectsOfData()
        : ObjectLockstep(
              "  bearer_selection/0: {acceptable_rssi_gsm: -80, operator_list: \"26201\"}\n"
              "  \"14/0\": {\"0\": core, \"2\": \"1.0\", \"3\": , \"5\": false}\n"
              "  \"19/0\": {\"0\": {0: AAEC}, \"3\": readings}\n") {}
};

TEST_F(ObjectsOfData, HoldTheirValues) {
    EXPECT_EQ(read("/13/0/1"), "-80");
    EXPECT_EQ(write("/13/0/1", "-90"), Code::changed);
    EXPECT_EQ(read("/13/0/1"), "-90");
    EXPECT_EQ(read("/14/0/0"), "core");
    EXPECT_EQ(execute("/14/0/3"), Code::changed);
    EXPECT_EQ(write("/19/0/3", std::string(32, 'v')), Code::changed);
    EXPECT_EQ(read("/19/0/3"), std::string(32, 'v'));
    EXPECT_EQ(code(ask(Code::put, "/19/0/0/0").format(42).payload("xyz")), Code::changed);
    EXPECT_EQ(read("/19/0/0/0"), "eHl6");
}

}  // namespace
