// Every operation that the server can ask for, by a scenario's action and by a command, as it stands on the wire
// (Core 1.1.1, 6.3 and 6.4; Transport 1.1.1, 6.4.2), and the bodies that go in blocks (RFC 7959 2.5).
#include "profiles/object_loader.h"
#include "profiles/yaml.h"
#include "simulator/lwm2m/codec.h"
#include "simulator/server/inspect.h"
#include "tests/server/server_fixture.h"

namespace server_test {
namespace {

using metrics::ServerRequest;
using server::Command;
using server::CommandResult;
using Outcome = server::CommandResult::Outcome;

class Operations : public ServerTest {
protected:
    void SetUp() override {
        objects_ = &profiles::builtin_objects();
        ServerTest::SetUp();
    }
    // The `server:` block of a scenario.
    void use(const std::string& yaml) {
        profiles::Diagnostics diagnostics;
        const auto node = profiles::parse_yaml(yaml, "test.yaml", diagnostics);
        actions_ = profiles::read_server_actions(*node, diagnostics);
        ASSERT_TRUE(diagnostics.ok()) << diagnostics.text();
        actions_.observe_defaults = false;
        restart();
        send(0, registering("m").payload("</>;rt=\"oma.lwm2m\";ct=\"60 110 112 11542\",</1/0>,</3/0>,</3303/0>"));
        receive(0);
    }
    void submit(Command command) {
        if (server_->registry().find_endpoint("m") == base::no_index) use("{}");
        command.endpoint = "m";
        command.done = [this](const CommandResult& result) { result_ = result; };
        server_->submit(now_, std::move(command));
        step();
    }
    // "GET /3/0 ?depth=1 accept=40 format=0 payload"
    std::string asked(const Received& request) {
        const auto& message = request.view();
        std::string text = std::string(coap::name(message.code)) + " ";
        for (const auto& option : message.options) {
            if (option.number == coap::OptionNumber::uri_path) text += "/" + std::string(option.text());
            if (option.number == coap::OptionNumber::uri_query) text += " ?" + std::string(option.text());
            if (option.number == coap::OptionNumber::observe) text += " o=" + std::to_string(option.uint());
            if (option.number == coap::OptionNumber::accept) text += " accept=" + std::to_string(option.uint());
            if (option.number == coap::OptionNumber::content_format) text += " format=" + std::to_string(option.uint());
        }
        // The order on the wire is that of the option numbers: Observe comes before the path.
        if (!message.payload.empty()) text += " " + base::to_hex(message.payload);
        return text;
    }
    std::string next() {
        last_ = receive(0);
        return last_ ? asked(*last_) : "nothing";
    }
    Message reply(Code code) { return Message(ACK, code).id(last_->view().message_id).token(last_->view().token); }
    static std::vector<lwm2m::Path> paths_of(const Received& request) {
        const auto format = request.view().find_uint(coap::OptionNumber::content_format).value();
        return lwm2m::decode_paths(*lwm2m::content_format(static_cast<std::uint32_t>(format)), request.view().payload)
            .value();
    }

    std::optional<Received> last_;
    std::optional<CommandResult> result_;
};

Command command(ServerRequest kind, lwm2m::Path path = {}) {
    Command command;
    command.kind = kind;
    command.path = path;
    return command;
}

// In the order of the keys in the table.
TEST_F(Operations, OfAScenario) {
    use(R"(
discover: [{path: /3, depth: 2}, /3303/0]
write:
  - {path: /3/0, values: {14: "+02:00", 15: X}, mode: update, format: tlv}
  - {path: /3/0, values: {14: y}, format: tlv}
write_attributes: [{path: /3303/0/5700, attributes: {pmin: 10, gt: 25.5, lt: }}]
create: [{path: /3303, values: {1/5700: 1}, format: tlv}]
delete: [/3303/0]
)");
    for (const auto* wanted :
         {"POST /3/0 format=11542 c60e2b30323a3030c10f58", "PUT /3/0 format=11542 c10e79", "GET /3 ?depth=2 accept=40",
          "GET /3303/0 accept=40", "PUT /3303/0/5700 ?pmin=10 ?gt=25.5 ?lt",
          "POST /3303 format=11542 0701e416443f800000", "DELETE /3303/0"}) {
        EXPECT_EQ(next(), wanted);
        send(0, reply(Code::changed));
    }
    EXPECT_TRUE(silent(0));
}

TEST_F(Operations, AnObserveBringsAttributesInItsQuery) {
    use("observe: [{path: /3303/0/5700, attributes: {pmin: 5, st: 0.5}}]");
    EXPECT_EQ(next(), "GET  o=0/3303/0/5700 ?pmin=5 ?st=0.5");
}

TEST_F(Operations, ACompositeOfAScenarioAsksForAllItsPaths) {
    use("{read_composite: [{paths: [/3303, /3/0/9], format: senml-json}],"
        " write_composite: [{values: {/3/0/14: \"+01:00\"}}]}");
    EXPECT_EQ(next().substr(0, 28), "FETCH  format=110 accept=110");
    EXPECT_EQ(paths_of(*last_), (std::vector<lwm2m::Path>{{3, 0, 9}, lwm2m::Path(3303)}));
    send(0, reply(Code::content).format(110).payload(R"([{"n":"/3/0/9","v":87}])"));
    EXPECT_EQ(next().substr(0, 18), "iPATCH  format=112");
    send(0, reply(Code::changed));
    EXPECT_EQ(requests(ServerRequest::read_composite), 1);
    EXPECT_EQ(requests(ServerRequest::write_composite), 1);
}

TEST_F(Operations, ACompositeIsLeftOutWhereADeviceHasNoneOfIt) {
    use("read_composite: [{paths: [/3304, /9]}]");
    EXPECT_TRUE(silent(0));
}

// Core 1.1.1, 6.4.4: observed by FETCH, cancelled by FETCH with the same token and paths.
TEST_F(Operations, AnObserveCompositeAndItsCancel) {
    use("observe_composite: [{paths: [/3/0/9, /3303/0/5700]}]");
    EXPECT_EQ(next().substr(0, 13), "FETCH  o=0 fo");
    const auto token = std::vector<std::uint8_t>(last_->view().token.begin(), last_->view().token.end());
    send(0,
         reply(Code::content).observe(1).format(110).payload(R"([{"n":"/3/0/9","v":87},{"n":"/3303/0/5700","v":20}])"));
    EXPECT_EQ(figures().observations.get(), 1);
    send(0, Message(NON, Code::content)
                .id(50)
                .token(base::Bytes(token))
                .observe(2)
                .format(110)
                .payload(R"([{"n":"/3/0/9","v":86}])"));
    const auto info = server::describe(*server_, now_, "m").value();
    ASSERT_EQ(info.observations.size(), 1u);
    EXPECT_EQ(info.observations[0].paths.size(), 2u);
    EXPECT_EQ(info.observations[0].values.at(0).value.view().integer, 86);

    auto cancel = command(ServerRequest::cancel_observe);
    cancel.paths = {{3, 0, 9}, {3303, 0, 5700}};
    submit(cancel);
    EXPECT_EQ(next().substr(0, 10), "FETCH  o=1");
    EXPECT_TRUE(base::equal(last_->view().token, token));
    EXPECT_EQ(paths_of(*last_), cancel.paths);
    send(0, reply(Code::content).format(110).payload(R"([{"n":"/3/0/9","v":86}])"));
    EXPECT_EQ(figures().observations.get(), 0);
}

// RFC 7641 3.6.
TEST_F(Operations, AResetCancelsToo) {
    use("{observe: [/3303/0/5700], cancel: [{path: /3303/0/5700, after: 10s, by: reset}]}");
    next();
    const auto token = std::vector<std::uint8_t>(last_->view().token.begin(), last_->view().token.end());
    send(0, reply(Code::content).observe(1).format(0).payload("20"));
    advance(11s);
    EXPECT_TRUE(silent(0));
    EXPECT_EQ(figures().observations.get(), 0);
    send(0, Message(NON, Code::content).id(50).token(base::Bytes(token)).observe(2).format(0).payload("21"));
    const auto reset = receive(0).value();
    EXPECT_EQ(reset.view().type, RST);
    EXPECT_EQ(reset.view().message_id, 50);
}

TEST_F(Operations, ACommandCancelsByResetWithoutARequest) {
    use("observe: [/3303/0/5700]");
    next();
    send(0, reply(Code::content).observe(1).format(0).payload("20"));
    auto cancel = command(ServerRequest::cancel_observe, {3303, 0, 5700});
    cancel.by_reset = true;
    submit(cancel);
    EXPECT_EQ(result_->outcome, Outcome::forgotten);
    EXPECT_TRUE(silent(0));
    submit(cancel);
    EXPECT_EQ(result_->outcome, Outcome::refused);
}

TEST_F(Operations, OfCommands) {
    auto update = command(ServerRequest::write, {3, 0});
    update.update = true;
    update.values = {{{3, 0, 14}, "x"}};
    submit(update);
    EXPECT_EQ(next(), "POST /3/0 format=11542 c10e78");
    send(0, reply(Code::changed));
    EXPECT_EQ(result_->outcome, Outcome::answered);

    auto discover = command(ServerRequest::discover, lwm2m::Path(3));
    discover.queries = {"depth=1"};
    submit(discover);
    EXPECT_EQ(next(), "GET /3 ?depth=1 accept=40");
    send(0, reply(Code::content).format(40).payload("</3/0>"));

    auto create = command(ServerRequest::create, lwm2m::Path(3303));
    create.any_instance = true;
    create.values = {{{3303, 0, 5700}, "1"}};
    submit(create);
    EXPECT_EQ(next(), "POST /3303 format=11542 e416443f800000");
    send(0, reply(Code::created));
    create.format = lwm2m::ContentFormat::senml_json;
    submit(create);
    EXPECT_EQ(result_->outcome, Outcome::refused);

    auto composite = command(ServerRequest::write_composite);
    composite.values = {{{3, 0, 14}, "x"}, {{1, 0, 1}, "600"}};
    composite.format = lwm2m::ContentFormat::senml_json;
    submit(composite);
    EXPECT_EQ(next().substr(0, 18), "iPATCH  format=110");
    send(0, reply(Code::changed));

    submit(command(ServerRequest::delete_, {3, 0, 7, 1}));
    EXPECT_EQ(next(), "DELETE /3/0/7/1");
    send(0, reply(Code::deleted));
}

TEST_F(Operations, PathsNeedAFormatThatHoldsThem) {
    auto read = command(ServerRequest::read_composite);
    read.paths = {{3, 0, 9}};
    read.format = lwm2m::ContentFormat::tlv;
    submit(read);
    EXPECT_EQ(result_->outcome, Outcome::refused);
    // RFC 8790: the paths in ETCH, the answer in SenML.
    read.format = lwm2m::ContentFormat::senml_etch_cbor;
    submit(read);
    EXPECT_EQ(next().substr(0, 28), "FETCH  format=322 accept=112");
}

// What the root link says decides (Transport 1.1.1, 6.4.1).
TEST_F(Operations, WritesInAFormatThatTheDeviceSaysItReads) {
    use("{}");
    send(1, registering("n").payload("</>;rt=\"oma.lwm2m\";ct=\"112\",</3/0>"));
    receive(1);
    auto write = command(ServerRequest::write, {3, 0, 14});
    write.endpoint = "n";
    write.values = {{{3, 0, 14}, "x"}};
    server_->submit(now_, write);
    step();
    EXPECT_EQ(receive(1)->view().find_uint(coap::OptionNumber::content_format), 112u);
}

TEST_F(Operations, ValuesComeWithTheirNamesTypesAndUnits) {
    submit(command(ServerRequest::read, {3, 0}));
    next();
    const auto payload = base::from_hex("c10957").value();
    send(0, reply(Code::content).format(11542).payload(base::Bytes(payload)));
    ASSERT_EQ(result_->values.size(), 1u);
    ASSERT_NE(result_->values[0].model, nullptr);
    EXPECT_EQ(result_->values[0].model->name, "Battery Level");
    EXPECT_EQ(result_->values[0].value.view().integer, 87);
}

// Transport 1.1.1, 6.5: an Update keeps observations, a Register does not.
TEST_F(Operations, ObservationsAreKeptOverUpdates) {
    use("{}");
    const auto location = registered(1, "n", 5);
    auto observe = command(ServerRequest::observe, {3303, 0, 5700});
    observe.endpoint = "n";
    server_->submit(now_, observe);
    step();
    const auto request = receive(1).value();
    send(1,
         Message(ACK, Code::content).id(request.view().message_id).token(request.view().token).observe(1).payload("1"));
    EXPECT_EQ(figures().observations.get(), 1);
    EXPECT_EQ(answer(1, Message(CON, Code::post).id(6).path(location)), Code::changed);
    EXPECT_EQ(figures().observations.get(), 1);
    registered(1, "n", 7);
    EXPECT_EQ(figures().observations.get(), 0);
}

TEST_F(Operations, TheQueueOfASleepingDeviceIsBounded) {
    use("{}");
    send(1, registering("n").query("Q"));
    receive(1);
    advance(100s);
    int waiting = 0, refused = 0;
    for (int i = 0; i < 40; ++i) {
        auto read = command(ServerRequest::delete_, {3303, 0});
        read.endpoint = "n";
        read.done = [&](const CommandResult& result) { refused += result.outcome == Outcome::no_room ? 1 : 0; };
        server_->submit(now_, read);
        ++waiting;
    }
    EXPECT_EQ(refused, waiting - server::Downlink::max_waiting);
    EXPECT_TRUE(silent(1));
}

// ---- bodies in blocks

class LongWrite : public Operations {
protected:
    void write(std::size_t size) {
        auto write = command(ServerRequest::write, {3, 0, 14});
        write.format = lwm2m::ContentFormat::text;
        body_ = support::body_of(size);
        write.values = {{{3, 0, 14}, body_}};
        submit(write);
    }
    coap::Block block() {
        last_ = receive(0);
        return coap::find_block(last_->view(), coap::OptionNumber::block1).value().value();
    }
    std::string payload() { return std::string(base::as_text(last_->view().payload)); }

    std::string body_;
};

// client            server (the device)
//   | PUT 1:0/1/1024 size1 |
//   |<------- 2.31 1:0/1/1024
//   | PUT 1:1/1/1024       |
//   |<------- 2.31         |
//   | PUT 1:2/0/1024       |
//   |<------- 2.04         |
TEST_F(LongWrite, GoesInBlocks) {
    write(2500);
    for (unsigned number = 0; number < 3; ++number) {
        EXPECT_EQ(block(), (coap::Block{number, number < 2, 6}));
        EXPECT_EQ(last_->view().find_uint(coap::OptionNumber::size1).has_value(), number == 0);
        EXPECT_EQ(payload(), body_.substr(1024 * number, 1024));
        send(0, reply(number < 2 ? Code::continue_ : Code::changed).block1(number, number < 2, 1024));
    }
    EXPECT_EQ(result_->outcome, Outcome::answered);
    EXPECT_EQ(result_->code, Code::changed);
    EXPECT_EQ(requests(ServerRequest::write), 3);
}

// RFC 7959 3.1, figure 8: the device asks for smaller blocks with its first answer.
TEST_F(LongWrite, GoesOnInTheSizeThatTheDeviceAsksFor) {
    write(2100);
    block();
    send(0, reply(Code::continue_).block1(0, 1, 512));
    EXPECT_EQ(block(), (coap::Block{2, true, 5}));
    EXPECT_EQ(payload(), body_.substr(1024, 512));
}

// RFC 7959 2.9.3.
TEST_F(LongWrite, BeginsAgainWithSmallerBlocksAfterATooLarge) {
    write(900);
    last_ = receive(0);
    EXPECT_FALSE(last_->view().find(coap::OptionNumber::block1));
    send(0, reply(Code::request_entity_too_large).block1(0, 0, 256));
    EXPECT_EQ(block(), (coap::Block{0, true, 4}));
    EXPECT_EQ(payload(), body_.substr(0, 256));
}

TEST_F(LongWrite, EndsWithAnErrorOfTheDevice) {
    write(2500);
    block();
    send(0, reply(Code::unsupported_content_format));
    EXPECT_EQ(result_->code, Code::unsupported_content_format);
    EXPECT_TRUE(silent(0));
}

TEST_F(LongWrite, HasItsLimit) {
    write(70'000);
    EXPECT_EQ(result_->outcome, Outcome::refused);
}

}  // namespace
}  // namespace server_test
