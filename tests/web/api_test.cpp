// The routes over a server and a device that the test plays, all on one thread: a task posted to the server is
// done, and answered by the device, before `post` returns.
#include "simulator/web/api.h"

#include <nlohmann/json.hpp>

#include "profiles/object_loader.h"
#include "tests/server/server_fixture.h"

namespace web {
namespace {

using Json = nlohmann::json;
using server_test::Code;
using server_test::Message;

class Routes : public server_test::ServerTest {
protected:
    void SetUp() override {
        objects_ = &profiles::builtin_objects();
        ServerTest::SetUp();
        Sources sources;
        sources.snapshot = [this] {
            metrics::Snapshot snapshot;
            snapshot.run.scenario = "test";
            const metrics::ServerFigures* figures = &server_->figures();
            snapshot.server = metrics::fold_server(std::span(&figures, 1));
            return snapshot;
        };
        sources.ready = [this] { return ready_; };
        sources.server = &*server_;
        sources.now = [this] { return now_; };
        sources.post = [this](std::function<void()> task) {
            if (stuck_) return;
            task();
            step();
            while (const auto request = receive(0)) device_(*request);
        };
        sources.server_timeout = std::chrono::milliseconds(10);
        sources.device_timeout = std::chrono::milliseconds(10);
        api_.emplace(std::move(sources));
        registered(0, "urn:a");
    }

    HttpAnswer ask(std::string method, std::string_view target, std::string body = "") {
        HttpRequest request;
        request.method = std::move(method);
        request.body = std::move(body);
        EXPECT_TRUE(read_target(target, request));
        return api_->answer(request);
    }
    // The device answers every request with `message`, which gets its id and token.
    void device_answers(Message message) {
        device_ = [this, message](const server_test::Received& request) mutable {
            request_ = request;
            message.id(request.view().message_id).token(request.view().token);
            send(0, message);
        };
    }
    static Message ack(Code code) { return Message(server_test::ACK, code); }
    std::string requested() {
        std::string path = std::string(coap::name(request_->view().code)) + " ";
        for (const auto& option : request_->view().options) {
            if (option.number == coap::OptionNumber::uri_path) path += "/" + std::string(option.text());
        }
        return path;
    }

    bool ready_ = true;
    bool stuck_ = false;
    std::function<void(const server_test::Received&)> device_ = [](const auto&) {};
    std::optional<server_test::Received> request_;
    std::optional<Api> api_;
};

TEST_F(Routes, OfTheProcess) {
    EXPECT_EQ(ask("GET", "/healthz").body, "ok\n");
    EXPECT_EQ(ask("GET", "/readyz").status, 200);
    ready_ = false;
    EXPECT_EQ(ask("GET", "/readyz").status, 503);
    EXPECT_EQ(ask("POST", "/healthz").status, 405);
    EXPECT_EQ(ask("GET", "/nothing").status, 404);
    EXPECT_EQ(ask("GET", "/").status, 404);
}

TEST_F(Routes, OfTheFigures) {
    const auto metrics = ask("GET", "/metrics");
    EXPECT_EQ(metrics.content_type, "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_NE(metrics.body.find("# TYPE"), std::string::npos);
    const auto run = Json::parse(ask("GET", "/v1/run").body);
    EXPECT_EQ(run["scenario"], "test");
    EXPECT_EQ(run["server"]["clients"], 1);
    EXPECT_EQ(run["server"]["registrations"], 1);
}

TEST_F(Routes, ListClientsInPages) {
    for (std::uint32_t device = 1; device < 5; ++device) registered(device, "m" + std::to_string(device));
    const auto first = Json::parse(ask("GET", "/v1/clients?limit=3").body);
    EXPECT_EQ(first["clients"], (Json{"urn:a", "m1", "m2"}));
    const auto next = std::to_string(first["next"].get<int>());
    const auto second = Json::parse(ask("GET", "/v1/clients?limit=3&cursor=" + next).body);
    EXPECT_EQ(second["clients"], (Json{"m3", "m4"}));
    EXPECT_TRUE(second["next"].is_null());
    for (const auto* bad : {"limit=0", "limit=1001", "limit=x", "cursor=-1"}) {
        EXPECT_EQ(ask("GET", std::string("/v1/clients?") + bad).status, 400) << bad;
    }
}

TEST_F(Routes, ShowOneClient) {
    const auto client = Json::parse(ask("GET", "/v1/clients/urn%3Aa").body);
    EXPECT_EQ(client["endpoint"], "urn:a");
    EXPECT_EQ(client["lifetime"], 300);
    EXPECT_EQ(client["lwm2m"], "1.1");
    EXPECT_EQ(client["binding"], "U");
    EXPECT_EQ(client["address"], "127.0.1.0:40000");
    EXPECT_EQ(client["objects"], "</1/0>,</3/0>,</3303/0>");
    EXPECT_EQ(ask("GET", "/v1/clients/nobody").status, 404);
    EXPECT_EQ(ask("PUT", "/v1/clients/urn%3Aa").status, 405);
}

TEST_F(Routes, Read) {
    device_answers(ack(Code::content).format(0).payload("21.5"));
    const auto answer = ask("GET", "/v1/clients/urn:a/3303/0/5700?format=text");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(requested(), "GET /3303/0/5700");
    EXPECT_EQ(request_->view().find_uint(coap::OptionNumber::accept), 0u);
    const auto json = Json::parse(answer.body);
    EXPECT_EQ(json["code"], "2.05");
    EXPECT_EQ(json["format"], "text");
    EXPECT_EQ(json["values"]["/3303/0/5700"], 21.5);
}

// TLV of Transport 1.1.1, 7.4.3: an 8-bit id, and types by the catalogue.
TEST_F(Routes, ReadAWholeInstanceInTypes) {
    const auto payload = base::from_hex("c10957 c80f0d4575726f70652f4265726c696e").value();
    device_answers(ack(Code::content).format(11542).payload(base::Bytes(payload)));
    const auto json = Json::parse(ask("GET", "/v1/clients/urn:a/3/0").body);
    EXPECT_EQ(json["values"]["/3/0/9"], 87);
    EXPECT_EQ(json["values"]["/3/0/15"], "Europe/Berlin");
}

TEST_F(Routes, SayWhatTheDeviceSaid) {
    device_answers(ack(Code::not_found));
    const auto answer = ask("GET", "/v1/clients/urn:a/3303/0/1");
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(Json::parse(answer.body)["code"], "4.04");
    device_answers(ack(Code::method_not_allowed));
    EXPECT_EQ(ask("GET", "/v1/clients/urn:a/3/0/4").status, 400);
    device_answers(Message(server_test::RST, Code::empty));
    device_ = [this](const server_test::Received& request) {
        send(0, Message(server_test::RST, Code::empty).id(request.view().message_id));
    };
    EXPECT_EQ(ask("GET", "/v1/clients/urn:a/3/0").status, 502);
}

TEST_F(Routes, Write) {
    device_answers(ack(Code::changed));
    EXPECT_EQ(ask("PUT", "/v1/clients/urn:a/3/0/15?format=text", R"({"value": "Asia/Tokyo"})").status, 200);
    EXPECT_EQ(requested(), "PUT /3/0/15");
    EXPECT_EQ(base::as_text(request_->view().payload), "Asia/Tokyo");
    EXPECT_EQ(ask("PUT", "/v1/clients/urn:a/1/0", R"({"values": {"1": 600, "6": true}})").status, 200);
    EXPECT_EQ(request_->view().find_uint(coap::OptionNumber::content_format), 11542u);
    EXPECT_EQ(base::to_hex(request_->view().payload), "c2010258c10601");
}

TEST_F(Routes, RefuseValuesThatAreNone) {
    device_answers(ack(Code::changed));
    for (const auto* body : {"", "5", "{}", R"({"value": [1]})", R"({"value": 1, "values": {}})", R"({"values": {}})",
                             R"({"values": {"x": 1}})", R"({"value": null})", "{\"value\": \"\xff\"}"}) {
        EXPECT_EQ(ask("PUT", "/v1/clients/urn:a/3/0/15", body).status, 400) << body;
    }
    // A word where the catalogue knows an integer.
    EXPECT_EQ(ask("PUT", "/v1/clients/urn:a/1/0/1", R"({"value": "soon"})").status, 400);
    EXPECT_FALSE(request_);
}

TEST_F(Routes, Execute) {
    device_answers(ack(Code::changed));
    EXPECT_EQ(ask("POST", "/v1/clients/urn:a/3/0/4", "0='x'").status, 200);
    EXPECT_EQ(requested(), "POST /3/0/4");
    EXPECT_EQ(base::as_text(request_->view().payload), "0='x'");
    EXPECT_EQ(ask("POST", "/v1/clients/urn:a/3/0").status, 400);
}

TEST_F(Routes, CreateAndDelete) {
    device_answers(ack(Code::created));
    EXPECT_EQ(ask("POST", "/v1/clients/urn:a/3303", R"({"values": {"1/5700": 1}})").status, 200);
    EXPECT_EQ(requested(), "POST /3303");
    // TLV: object instance 1 (Transport 1.1.1, 7.4.3) with resource 5700, a float.
    EXPECT_EQ(base::to_hex(request_->view().payload), "0701e416443f800000");
    device_answers(ack(Code::deleted));
    EXPECT_EQ(ask("DELETE", "/v1/clients/urn:a/3303/1").status, 200);
    EXPECT_EQ(requested(), "DELETE /3303/1");
    EXPECT_EQ(ask("DELETE", "/v1/clients/urn:a/3303/1/5700").status, 400);
}

TEST_F(Routes, WriteAttributes) {
    device_answers(ack(Code::changed));
    EXPECT_EQ(ask("PUT", "/v1/clients/urn:a/3303/0/5700?pmin=10&gt").status, 200);
    EXPECT_EQ(requested(), "PUT /3303/0/5700");
    std::string query;
    for (const auto& option : request_->view().options) {
        if (option.number == coap::OptionNumber::uri_query) query += std::string(option.text()) + ";";
    }
    EXPECT_EQ(query, "pmin=10;gt;");
    EXPECT_TRUE(request_->view().payload.empty());
    const std::string longer(200, 'x');
    EXPECT_EQ(ask("PUT", "/v1/clients/urn:a/3303/0/5700?" + longer).status, 400);
}

TEST_F(Routes, Discover) {
    device_answers(ack(Code::content).format(40).payload("</3/0>,</3/0/9>"));
    const auto json = Json::parse(ask("GET", "/v1/clients/urn:a/3?discover").body);
    EXPECT_EQ(json["links"], "</3/0>,</3/0/9>");
    EXPECT_EQ(request_->view().find_uint(coap::OptionNumber::accept), 40u);
}

TEST_F(Routes, ObserveAndCancel) {
    device_answers(ack(Code::content).observe(1).format(0).payload("21.5"));
    EXPECT_EQ(ask("POST", "/v1/clients/urn:a/3303/0/5700/observe").status, 200);
    EXPECT_EQ(request_->view().find_uint(coap::OptionNumber::observe), 0u);
    const auto token = std::vector<std::uint8_t>(request_->view().token.begin(), request_->view().token.end());
    send(0,
         Message(server_test::NON, Code::content).id(9).token(base::Bytes(token)).observe(2).format(0).payload("22"));
    const auto client = Json::parse(ask("GET", "/v1/clients/urn:a").body);
    EXPECT_EQ(client["observations"][0]["path"], "/3303/0/5700");
    EXPECT_EQ(client["observations"][0]["values"]["/3303/0/5700"], 22.0);

    EXPECT_EQ(ask("DELETE", "/v1/clients/urn:a/3303/0/5700/observe").status, 200);
    EXPECT_EQ(request_->view().find_uint(coap::OptionNumber::observe), 1u);
    EXPECT_TRUE(base::equal(request_->view().token, token));
    EXPECT_EQ(figures().observations.get(), 0);
    EXPECT_EQ(ask("DELETE", "/v1/clients/urn:a/3303/0/5700/observe").status, 400);
    EXPECT_EQ(ask("GET", "/v1/clients/urn:a/3303/0/5700/observe").status, 405);
}

TEST_F(Routes, CancelByReset) {
    device_answers(ack(Code::content).observe(1).format(0).payload("21.5"));
    ask("POST", "/v1/clients/urn:a/3303/0/5700/observe?pmin=5");
    request_.reset();
    const auto answer = ask("DELETE", "/v1/clients/urn:a/3303/0/5700/observe?by=reset");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(Json::parse(answer.body)["outcome"], "forgotten");
    EXPECT_FALSE(request_);
    EXPECT_EQ(figures().observations.get(), 0);
    EXPECT_EQ(ask("DELETE", "/v1/clients/urn:a/3303/0/5700/observe?by=magic").status, 400);
}

TEST_F(Routes, UpdateAnInstanceAndDiscoverInDepth) {
    device_answers(ack(Code::changed));
    EXPECT_EQ(ask("PATCH", "/v1/clients/urn:a/3/0", R"({"values": {"14": "x"}})").status, 200);
    EXPECT_EQ(requested(), "POST /3/0");
    EXPECT_EQ(base::to_hex(request_->view().payload), "c10e78");
    device_answers(ack(Code::content).format(40).payload("</3>"));
    EXPECT_EQ(ask("GET", "/v1/clients/urn:a/3?discover&depth=0").status, 200);
    EXPECT_EQ(request_->view().find(coap::OptionNumber::uri_query)->text(), "depth=0");
}

TEST_F(Routes, CreateWithAnIdOfTheDevices) {
    device_answers(ack(Code::created));
    EXPECT_EQ(ask("POST", "/v1/clients/urn:a/3303", R"({"resources": {"5700": 1}})").status, 200);
    EXPECT_EQ(base::to_hex(request_->view().payload), "e416443f800000");
}

TEST_F(Routes, OfCompositeOperations) {
    device_answers(ack(Code::content).format(110).payload(R"([{"n":"/3/0/9","v":87}])"));
    const auto answer = ask("POST", "/v1/clients/urn:a/composite/read?format=senml-json", R"({"paths": ["/3/0/9"]})");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(requested(), "FETCH ");
    EXPECT_EQ(base::as_text(request_->view().payload), R"([{"n":"/3/0/9"}])");
    const auto json = Json::parse(answer.body);
    EXPECT_EQ(json["values"]["/3/0/9"], 87);
    EXPECT_EQ(json["resources"][0]["name"], "Battery Level");
    EXPECT_EQ(json["resources"][0]["type"], "integer");

    device_answers(ack(Code::changed));
    EXPECT_EQ(
        ask("POST", "/v1/clients/urn:a/composite/write?format=senml-json", R"({"values": {"/3/0/14": "x"}})").status,
        200);
    EXPECT_EQ(requested(), "iPATCH ");

    device_answers(ack(Code::content).observe(1).format(110).payload(R"([{"n":"/3/0/9","v":87}])"));
    EXPECT_EQ(ask("POST", "/v1/clients/urn:a/composite/observe", R"({"paths": ["/3/0/9"]})").status, 200);
    const auto client = Json::parse(ask("GET", "/v1/clients/urn:a").body);
    EXPECT_EQ(client["observations"][0]["paths"], Json{"/3/0/9"});
    EXPECT_EQ(ask("DELETE", "/v1/clients/urn:a/composite/observe", R"({"paths": ["/3/0/9"]})").status, 200);
    EXPECT_EQ(request_->view().find_uint(coap::OptionNumber::observe), 1u);
    EXPECT_EQ(figures().observations.get(), 0);
    for (const auto* body : {"", "{}", R"({"paths": []})", R"({"paths": [3]})", R"({"paths": ["/x"]})"}) {
        EXPECT_EQ(ask("POST", "/v1/clients/urn:a/composite/read", body).status, 400) << body;
    }
    EXPECT_EQ(ask("GET", "/v1/clients/urn:a/composite/read").status, 405);
    EXPECT_EQ(ask("POST", "/v1/clients/urn:a/composite/dance").status, 404);
}

TEST_F(Routes, ListSends) {
    send(0, Message(server_test::CON, Code::post)
                .id(50)
                .path("/dp")
                .format(110)
                .payload(R"([{"n":"/3303/0/5700","v":21.5,"t":-60}])"));
    const auto sends = Json::parse(ask("GET", "/v1/sends").body)["sends"];
    ASSERT_EQ(sends.size(), 1u);
    EXPECT_EQ(sends[0]["endpoint"], "urn:a");
    EXPECT_EQ(sends[0]["resources"][0]["value"], 21.5);
    EXPECT_EQ(sends[0]["resources"][0]["time"], -60.0);
    EXPECT_TRUE(Json::parse(ask("GET", "/v1/sends?endpoint=other").body)["sends"].empty());
    EXPECT_EQ(ask("GET", "/v1/sends?limit=0").status, 400);
}

TEST_F(Routes, OfImages) {
    const auto made = ask("POST", "/v1/firmware?name=a.bin", "image");
    EXPECT_EQ(made.status, 201);
    const auto json = Json::parse(made.body);
    EXPECT_EQ(json["size"], 5);
    // sha256sum of "image"
    EXPECT_EQ(json["sha256"], "6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d");
    EXPECT_EQ(json["path"], "/fw/a.bin");
    EXPECT_EQ(ask("PUT", "/v1/firmware/b.bin", "other").status, 201);
    EXPECT_EQ(Json::parse(ask("GET", "/v1/firmware").body)["images"].size(), 2u);
    EXPECT_EQ(ask("GET", "/v1/firmware/b.bin").status, 200);
    EXPECT_EQ(ask("DELETE", "/v1/firmware/b.bin").status, 200);
    EXPECT_EQ(ask("DELETE", "/v1/firmware/b.bin").status, 404);
    EXPECT_EQ(ask("GET", "/v1/firmware/b.bin").status, 404);
    EXPECT_EQ(ask("POST", "/v1/firmware", "x").status, 400);
    EXPECT_EQ(ask("POST", "/v1/firmware?name=..%2Fx", "x").status, 400);
    EXPECT_EQ(ask("POST", "/v1/firmware?name=x", "").status, 400);
}

TEST_F(Routes, OfCampaigns) {
    ask("POST", "/v1/firmware?name=a.bin", "image");
    // urn:a did not register object 5.
    const auto begun = ask("POST", "/v1/campaigns", R"({"image": "a.bin", "at_once": 10, "wave": "10%/h"})");
    EXPECT_EQ(begun.status, 201) << begun.body;
    const auto json = Json::parse(ask("GET", "/v1/campaigns/1").body);
    EXPECT_EQ(json["state"], "ended");
    EXPECT_EQ(json["by_state"], (Json{{"failed", 1}}));
    EXPECT_EQ(json["by_result"], (Json{{"no_object", 1}}));
    EXPECT_EQ(Json::parse(ask("GET", "/v1/campaigns").body)["campaigns"].size(), 1u);
    const auto devices = Json::parse(ask("GET", "/v1/campaigns/1/devices?state=failed").body);
    EXPECT_EQ(devices["devices"][0]["endpoint"], "urn:a");
    EXPECT_EQ(devices["devices"][0]["result"], "no_object");
    EXPECT_EQ(ask("GET", "/v1/campaigns/1/devices?state=lost").status, 400);
    EXPECT_EQ(ask("DELETE", "/v1/campaigns/1").status, 404);  // it is over
    EXPECT_EQ(ask("GET", "/v1/campaigns/2").status, 404);

    EXPECT_EQ(ask("POST", "/v1/campaigns", R"({"image": "a.bin", "endpoints": ["nobody"]})").status, 201);
    EXPECT_EQ(Json::parse(ask("GET", "/v1/campaigns/2").body)["state"], "running");
    EXPECT_EQ(ask("DELETE", "/v1/firmware/a.bin").status, 409);
    EXPECT_EQ(Json::parse(ask("DELETE", "/v1/campaigns/2").body)["by_state"], (Json{{"cancelled", 1}}));
}

TEST_F(Routes, RefuseCampaignsThatMakeNoSense) {
    ask("POST", "/v1/firmware?name=a.bin", "image");
    for (const auto* body : {"", "[]", "{", "{}", R"({"image": "a.bin", "mode": "throw"})",
                             R"({"image": "a.bin", "wave": "10%"})", R"({"image": "a.bin", "spead": 1})",
                             R"({"image": "a.bin", "uri": "coap://x/y"})", R"({"image": "a.bin", "block": 100})"}) {
        EXPECT_EQ(ask("POST", "/v1/campaigns", body).status, 400) << body;
    }
    EXPECT_EQ(ask("POST", "/v1/campaigns", R"({"image": "none"})").status, 409);
    EXPECT_EQ(ask("POST", "/v1/campaigns", R"({"image": "a.bin", "profile": "meter"})").status, 409);
    // The address of the server is not known to this test.
    EXPECT_EQ(ask("POST", "/v1/campaigns", R"({"image": "a.bin", "mode": "pull"})").status, 409);
}

TEST_F(Routes, TakeLongBodiesForImagesAlone) {
    HttpRequest request;
    request.method = "PUT";
    ASSERT_TRUE(read_target("/v1/firmware/a", request));
    EXPECT_EQ(body_limit(request), 16u << 20);
    request.segments = {"v1", "campaigns"};
    EXPECT_EQ(body_limit(request), 64u * 1024);
}

TEST_F(Routes, RefuseWhatIsNoPathOrFormat) {
    EXPECT_EQ(ask("GET", "/v1/clients/urn:a/device").status, 404);
    EXPECT_EQ(ask("GET", "/v1/clients/urn:a/3/0/9/0/0").status, 404);
    EXPECT_EQ(ask("GET", "/v1/clients/urn:a/70000").status, 404);
    EXPECT_EQ(ask("GET", "/v1/clients/urn:a/3/0?format=xml").status, 400);
    EXPECT_EQ(ask("GET", "/v1/clients/nobody/3/0").status, 404);
    EXPECT_EQ(ask("PATCH", "/v1/clients/urn:a/3/0/1", R"({"value": 1})").status, 400);
    EXPECT_EQ(ask("BREW", "/v1/clients/urn:a/3/0").status, 405);
    EXPECT_EQ(ask("GET", "/v1/clients/urn:a/3/0?depth=1").status, 400);
    EXPECT_EQ(ask("GET", "/v1/clients/urn:a/3/0?discover&depth=4").status, 400);
}

TEST_F(Routes, GiveUpWaiting) {
    EXPECT_EQ(ask("GET", "/v1/clients/urn:a/3/0").status, 504);
    stuck_ = true;
    EXPECT_EQ(ask("GET", "/v1/clients").status, 504);
    EXPECT_EQ(ask("GET", "/v1/clients/urn:a").status, 504);
    // What comes of it later finds nobody waiting, and harms nobody.
    stuck_ = false;
    advance(std::chrono::seconds(100));
    EXPECT_EQ(figures().timeouts[metrics::index(metrics::ServerRequest::read)].get(), 1);
}

TEST_F(Routes, AreFewerWithoutAServerOfOurs) {
    Sources sources;
    sources.snapshot = [] { return metrics::Snapshot(); };
    api_.emplace(std::move(sources));
    EXPECT_EQ(ask("GET", "/v1/clients").status, 404);
    EXPECT_EQ(ask("GET", "/v1/run").status, 200);
    EXPECT_EQ(ask("GET", "/readyz").status, 200);
}

}  // namespace
}  // namespace web
