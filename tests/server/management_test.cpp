// What the server asks of devices, and how it takes their answers and notifications (Core 1.1.1, 6.3, 6.4; RFC 7641).
#include "tests/server/server_fixture.h"

namespace server_test {
namespace {

using metrics::ServerRequest;
using profiles::ServerAction;

profiles::ServerActions with(std::vector<ServerAction> actions) {
    profiles::ServerActions all;
    all.observe_defaults = false;
    all.actions = std::move(actions);
    return all;
}

ServerAction observe(lwm2m::Path path) {
    ServerAction action;
    action.operation = ServerAction::Operation::observe;
    action.path = path;
    return action;
}

std::string path_of(const coap::MessageView& message) {
    std::string path;
    for (const auto& option : message.options) {
        if (option.number == coap::OptionNumber::uri_path) path += "/" + std::string(option.text());
    }
    return path;
}

Message reply(const Received& request, Code code) {
    return Message(ACK, code).id(request.view().message_id).token(request.view().token);
}

class Management : public ServerTest {
protected:
    void use(std::vector<ServerAction> actions) {
        actions_ = with(std::move(actions));
        restart();
    }
    // Registers and answers the Observe that follows.
    Received observed(std::uint32_t device = 0) {
        registered(device, "meter-" + std::to_string(device));
        const auto request = receive(device).value();
        send(device, reply(request, Code::content).observe(1).format(0).payload("21.5"));
        return request;
    }
    Message notification(const Received& observe, coap::MessageType type, std::uint16_t id, std::uint32_t sequence) {
        return Message(type, Code::content)
            .id(id)
            .token(observe.view().token)
            .observe(sequence)
            .format(0)
            .payload("22");
    }
    std::int64_t notifications(std::size_t confirmable) const { return figures().notifications[confirmable].get(); }
};

// device                       server
//   | POST /rd                   |
//   |--------------------------->|
//   |<--------------------- 2.01 |
//   |<-- CON GET /3303/0/5700 o:0|
//   |--- 2.05 o:1 -------------->|
//   |--- NON 2.05 o:2 ---------->|
TEST_F(Management, ObservesAfterTheRegistration) {
    use({observe({3303, 0, 5700})});
    registered(0, "meter-0");
    const auto request = receive(0).value();
    EXPECT_EQ(request.view().type, CON);
    EXPECT_EQ(request.view().code, Code::get);
    EXPECT_EQ(request.view().find_uint(coap::OptionNumber::observe), 0u);
    EXPECT_EQ(path_of(request.view()), "/3303/0/5700");
    send(0, reply(request, Code::content).observe(1).payload("21.5"));
    EXPECT_EQ(figures().observations.get(), 1);
    EXPECT_EQ(requests(ServerRequest::observe), 1);
    EXPECT_EQ(figures().in_flight[metrics::index(ServerRequest::observe)].get(), 0);
    send(0, notification(request, NON, 100, 2));
    EXPECT_TRUE(silent(0));
    EXPECT_EQ(notifications(0), 1);
}

TEST_F(Management, AcknowledgesAConfirmableNotificationOnceAndAgain) {
    use({observe({3303, 0, 5700})});
    const auto request = observed();
    for (int copy = 0; copy < 2; ++copy) {
        send(0, notification(request, CON, 100, 2));
        const auto ack = receive(0).value();
        EXPECT_EQ(ack.view().type, ACK);
        EXPECT_EQ(ack.view().code, Code::empty);
        EXPECT_EQ(ack.view().message_id, 100);
    }
    EXPECT_EQ(notifications(1), 1);
}

TEST_F(Management, RejectsANotificationThatItDidNotAskFor) {
    use({observe({3303, 0, 5700})});
    const auto request = observed(0);
    observed(1);
    // The token of device 0 from device 1 (RFC 7641 3.2: token and endpoint).
    send(1, notification(request, NON, 100, 2));
    EXPECT_EQ(receive(1).value().view().type, RST);
    send(0, Message(CON, Code::content).id(101).token("beef").observe(3).payload("1"));
    EXPECT_EQ(receive(0).value().view().type, RST);
    EXPECT_EQ(notifications(0) + notifications(1), 0);
}

TEST_F(Management, TakesOneNotificationOnceHoweverOftenItComes) {
    use({observe({3303, 0, 5700})});
    const auto request = observed();
    send(0, notification(request, NON, 100, 2));
    send(0, notification(request, NON, 100, 2));
    EXPECT_EQ(notifications(0), 1);
    EXPECT_EQ(figures().discarded[metrics::index(metrics::Discard::duplicate)].get(), 1);
}

// RFC 7641 3.4.
TEST_F(Management, KeepsTheFreshestValueWhenNotificationsOvertakeEachOther) {
    use({observe({3303, 0, 5700})});
    const auto request = observed();
    const auto client = server_->registry().find_endpoint("meter-0");
    send(0, notification(request, NON, 101, 3));
    send(0, Message(NON, Code::content).id(100).token(request.view().token).observe(2).payload("old"));
    const auto observation = server_->downlink().find_observation(client, {3303, 0, 5700});
    EXPECT_EQ(base::as_text(server_->downlink().last_value(observation)), "22");
    EXPECT_EQ(notifications(0), 2);
}

TEST_F(Management, ErrorInsteadOfANotificationEndsTheObservation) {
    use({observe({3303, 0, 5700})});
    const auto request = observed();
    send(0, Message(NON, Code::not_found).id(100).token(request.view().token));
    EXPECT_EQ(figures().observations.get(), 0);
    send(0, notification(request, NON, 101, 3));
    EXPECT_EQ(receive(0).value().view().type, RST);
}

TEST_F(Management, AnswerWithoutObserveIsNoObservation) {
    use({observe({3303, 0, 5700})});
    registered(0, "meter-0");
    const auto request = receive(0).value();
    send(0, reply(request, Code::content).payload("21.5"));
    EXPECT_EQ(figures().observations.get(), 0);
    EXPECT_EQ(figures().responses[metrics::index(ServerRequest::observe)][metrics::code_slot(0x45)].get(), 1);
}

TEST_F(Management, ForgetsObservationsWithTheRegistration) {
    use({observe({3303, 0, 5700})});
    const auto request = observed();
    registered(0, "meter-0", 2);
    EXPECT_EQ(figures().observations.get(), 0);
    send(0, notification(request, NON, 100, 2));
    receive(0);  // the next Observe
    EXPECT_EQ(receive(0).value().view().type, RST);
}

TEST_F(Management, AsksOneThingAtATime) {
    auto attributes = observe({3303, 0, 5700});
    attributes.pmin = 5s;
    attributes.pmax = 60s;
    use({attributes, observe({3, 0, 16})});
    registered(0, "meter-0");
    const auto first = receive(0).value();
    EXPECT_EQ(first.view().code, Code::put);
    std::string query;
    for (const auto& option : first.view().options) {
        if (option.number == coap::OptionNumber::uri_query) query += std::string(option.text()) + ";";
    }
    EXPECT_EQ(query, "pmin=5;pmax=60;");
    EXPECT_TRUE(silent(0));
    send(0, reply(first, Code::changed));
    const auto second = receive(0).value();
    EXPECT_EQ(path_of(second.view()), "/3303/0/5700");
    EXPECT_TRUE(silent(0));
    send(0, reply(second, Code::content).observe(1).payload("1"));
    EXPECT_EQ(path_of(receive(0).value().view()), "/3/0/16");
}

TEST_F(Management, LeavesOutWhatIsNotRegistered) {
    use({observe({3303, 1, 5700}), observe({3304, 0, 5700})});
    registered(0, "meter-0");
    EXPECT_TRUE(silent(0));
}

TEST_F(Management, RepeatsARequestAndGivesUp) {
    use({observe({3303, 0, 5700})});
    registered(0, "meter-0");
    advance(100s);
    int transmissions = 0;
    while (receive(0)) ++transmissions;
    EXPECT_EQ(transmissions, 5);  // RFC 7252 4.8: MAX_RETRANSMIT = 4
    EXPECT_EQ(figures().retransmissions.get(), 4);
    EXPECT_EQ(figures().timeouts[metrics::index(ServerRequest::observe)].get(), 1);
    EXPECT_EQ(figures().in_flight[metrics::index(ServerRequest::observe)].get(), 0);
    EXPECT_EQ(figures().observations.get(), 0);
}

TEST_F(Management, CountsAResetAndGoesOn) {
    use({observe({3303, 0, 5700}), observe({3, 0, 16})});
    registered(0, "meter-0");
    const auto request = receive(0).value();
    send(0, Message(RST, Code::empty).id(request.view().message_id));
    EXPECT_EQ(figures().resets[metrics::index(ServerRequest::observe)].get(), 1);
    EXPECT_EQ(path_of(receive(0).value().view()), "/3/0/16");
}

TEST_F(Management, GivesUpWhatIsUnderWayWhenTheDeviceLeaves) {
    use({observe({3303, 0, 5700}), observe({3, 0, 16})});
    const auto location = registered(0, "meter-0");
    receive(0);
    EXPECT_EQ(answer(0, Message(CON, Code::delete_).id(2).path(location)), Code::deleted);
    EXPECT_EQ(figures().cancelled[metrics::index(ServerRequest::observe)].get(), 1);
    EXPECT_EQ(requests(ServerRequest::observe), 1);
    advance(100s);
    EXPECT_TRUE(silent(0));
}

TEST_F(Management, ReadsPeriodically) {
    ServerAction read;
    read.path = {3, 0};
    read.every = base::Duration(60s);
    read.format = lwm2m::ContentFormat::tlv;
    use({read});
    const auto location = registered(0, "meter-0");
    int reads = 0;
    for (int second = 0; second < 290; ++second) {
        advance(1s);
        while (const auto request = receive(0)) {
            EXPECT_EQ(path_of(request->view()), "/3/0");
            EXPECT_EQ(request->view().find_uint(coap::OptionNumber::accept), 11542u);
            send(0, reply(*request, Code::content).format(11542).payload("x"));
            ++reads;
        }
    }
    EXPECT_GE(reads, 4);
    EXPECT_LE(reads, 5);
    EXPECT_EQ(requests(ServerRequest::read), reads);
    EXPECT_EQ(answer(0, Message(CON, Code::delete_).id(2).path(location)), Code::deleted);
    advance(300s);
    EXPECT_TRUE(silent(0));
}

TEST_F(Management, WritesAndExecutes) {
    ServerAction write;
    write.operation = ServerAction::Operation::write;
    write.path = {3, 0, 15};
    write.value = "{endpoint}-{count}";
    write.format = lwm2m::ContentFormat::text;
    ServerAction execute;
    execute.operation = ServerAction::Operation::execute;
    execute.path = {3, 0, 4};
    execute.arguments = "0='x'";
    use({write, execute});
    registered(0, "meter-0");
    const auto first = receive(0).value();
    EXPECT_EQ(first.view().code, Code::put);
    EXPECT_EQ(path_of(first.view()), "/3/0/15");
    EXPECT_EQ(base::as_text(first.view().payload), "meter-0-0");
    send(0, reply(first, Code::changed));
    const auto second = receive(0).value();
    EXPECT_EQ(second.view().code, Code::post);
    EXPECT_EQ(base::as_text(second.view().payload), "0='x'");
    send(0, reply(second, Code::changed));
    EXPECT_EQ(figures().responses[metrics::index(ServerRequest::write)][metrics::code_slot(0x44)].get(), 1);
    EXPECT_EQ(figures().responses[metrics::index(ServerRequest::execute)][metrics::code_slot(0x44)].get(), 1);
}

TEST_F(Management, ObservesASensorByDefault) {
    actions_ = {};
    restart();
    registered(0, "meter-0");
    EXPECT_EQ(path_of(receive(0).value().view()), "/3303/0/5700");
    send(1, registering("meter-1").payload("</1/0>,</3/0>,</6/0>"));
    receive(1);
    EXPECT_EQ(path_of(receive(1).value().view()), "/6/0/0");
    send(2, registering("meter-2").payload("</1/0>,</3/0>"));
    receive(2);
    EXPECT_EQ(path_of(receive(2).value().view()), "/3/0/16");
}

TEST_F(Management, UsesTheAlternatePath) {
    actions_ = {};
    restart();
    send(0, registering("meter-0").payload("</lwm2m>;rt=\"oma.lwm2m\",</lwm2m/1/0>,</lwm2m/3303/0>"));
    receive(0);
    EXPECT_EQ(path_of(receive(0).value().view()), "/lwm2m/3303/0/5700");
}

TEST_F(Management, EndsWithNothingInFlight) {
    use({observe({3303, 0, 5700})});
    registered(0, "meter-0");
    server_->stop(now_);
    EXPECT_EQ(figures().cancelled[metrics::index(ServerRequest::observe)].get(), 1);
    EXPECT_EQ(figures().in_flight[metrics::index(ServerRequest::observe)].get(), 0);
}

// RFC 7959 2.4: the rest of a long answer is asked for block by block.
TEST_F(Management, PutsALongAnswerTogether) {
    ServerAction read;
    read.path = {3, 0};
    use({read});
    registered(0, "meter-0");
    const std::string body = support::body_of(40);
    for (unsigned number = 0; number < 3; ++number) {
        const auto request = receive(0).value();
        EXPECT_EQ(path_of(request.view()), "/3/0");
        const auto asked = coap::find_block(request.view(), coap::OptionNumber::block2).value();
        EXPECT_EQ(asked.has_value(), number > 0);
        EXPECT_EQ(asked.value_or(coap::Block{}).number, number);
        send(0, reply(request, Code::content)
                    .format(11542)
                    .block2(number, number < 2, 16)
                    .payload(std::string_view(body).substr(16 * number, 16)));
    }
    EXPECT_TRUE(silent(0));
    EXPECT_EQ(requests(ServerRequest::read), 3);
    EXPECT_EQ(figures().in_flight[metrics::index(ServerRequest::read)].get(), 0);
}

// RFC 7959 2.6: a notification is its first block; the rest is read without Observe, by another token.
TEST_F(Management, ReadsTheRestOfALongNotification) {
    use({observe({3303, 0, 5700})});
    const auto request = observed();
    const std::string body = support::body_of(20);
    send(0, Message(NON, Code::content)
                .id(100)
                .token(request.view().token)
                .observe(2)
                .format(0)
                .block2(0, 1, 16)
                .payload(std::string_view(body).substr(0, 16)));
    const auto rest = receive(0).value();
    EXPECT_FALSE(rest.view().find(coap::OptionNumber::observe));
    EXPECT_FALSE(base::equal(rest.view().token, request.view().token));
    EXPECT_EQ(coap::find_block(rest.view(), coap::OptionNumber::block2).value()->number, 1u);
    send(0, reply(rest, Code::content).format(0).block2(1, 0, 16).payload(std::string_view(body).substr(16)));
    const auto observation =
        server_->downlink().find_observation(server_->registry().find_endpoint("meter-0"), {3303, 0, 5700});
    EXPECT_EQ(base::as_text(server_->downlink().last_value(observation)), body);
    EXPECT_EQ(figures().observations.get(), 1);
}

TEST_F(Management, GivesUpALongAnswerThatStops) {
    ServerAction read;
    read.path = {3, 0};
    use({read});
    registered(0, "meter-0");
    const auto request = receive(0).value();
    send(0, reply(request, Code::content).block2(0, 1, 16).payload(support::body_of(16)));
    EXPECT_TRUE(receive(0));
    advance(100s);
    EXPECT_EQ(figures().timeouts[metrics::index(ServerRequest::read)].get(), 1);
    EXPECT_EQ(figures().in_flight[metrics::index(ServerRequest::read)].get(), 0);
}

// An error notification with the token of the Observe that is under way is taken for its answer, and what comes later
// for nothing.
TEST_F(Management, TakesAnErrorNotificationForTheAnswerWhenItObservesAnew) {
    auto again = observe({3303, 0, 5700});
    again.after = base::Duration(10s);
    use({observe({3303, 0, 5700}), again});
    const auto request = observed();
    advance(11s);
    const auto second = receive(0).value();
    EXPECT_TRUE(base::equal(second.view().token, request.view().token));
    send(0, Message(NON, Code::not_found).id(100).token(request.view().token));
    EXPECT_EQ(figures().observations.get(), 0);
    send(0, reply(second, Code::content).observe(5).payload("1"));
    EXPECT_EQ(figures().observations.get(), 0);
    EXPECT_EQ(figures().responses[metrics::index(ServerRequest::observe)][metrics::code_slot(0x45)].get(), 1);
    EXPECT_EQ(figures().responses[metrics::index(ServerRequest::observe)][metrics::code_slot(0x84)].get(), 1);
    EXPECT_EQ(figures().discarded[metrics::index(metrics::Discard::late)].get(), 1);
}

// Transport 1.1.1, 6.5: what is for a sleeping device waits until it says something.
TEST_F(Management, WaitsForASleepingDevice) {
    ServerAction read;
    read.path = {3, 0};
    read.after = base::Duration(120s);
    use({read});
    send(0, registering("meter-0").query("Q"));
    const auto location = location_of(receive(0).value());
    advance(200s);
    EXPECT_TRUE(silent(0));
    EXPECT_EQ(requests(ServerRequest::read), 0);
    EXPECT_EQ(answer(0, Message(CON, Code::post).id(2).path(location)), Code::changed);
    EXPECT_EQ(path_of(receive(0).value().view()), "/3/0");
    EXPECT_EQ(requests(ServerRequest::read), 1);
}

TEST_F(Management, AsksADeviceInQueueModeWhileItListens) {
    ServerAction read;
    read.path = {3, 0};
    read.after = base::Duration(80s);
    use({read});
    send(0, registering("meter-0").query("Q"));
    receive(0);
    advance(81s);
    EXPECT_EQ(path_of(receive(0).value().view()), "/3/0");
}

// Devices come and go at random; in the end the counts fit, and nobody was forgotten.
TEST_F(Management, KeepsItsBooksOverManyDevices) {
    use({observe({3303, 0, 5700})});
    std::vector<std::string> locations(64);
    std::vector<std::uint16_t> ids(64, 1);
    for (std::uint64_t turn = 0; turn < 4000; ++turn) {
        const auto draw = base::draw(7, turn, 1, 0);
        const auto device = static_cast<std::uint32_t>(draw % 64);
        advance(std::chrono::milliseconds(draw >> 32 & 511));
        const auto id = ++ids[device];
        const bool listens = (draw >> 20 & 3) == 3;
        if (!listens) inbox_[device].clear();  // requests that it ignores
        switch (draw >> 20 & 3) {
            case 0: locations[device] = registered(device, "m" + std::to_string(device), id); break;
            case 1: answer(device, Message(CON, Code::post).id(id).path(locations[device])); break;
            case 2: answer(device, Message(CON, Code::delete_).id(id).path(locations[device])); break;
            default:
                while (const auto request = receive(device)) {
                    if (request->view().code == Code::get) {
                        send(device, reply(*request, Code::content).observe(1).payload("1"));
                    }
                }
        }
    }
    server_->stop(now_);
    const auto of = [&](const auto& table) { return table[metrics::index(ServerRequest::observe)].get(); };
    std::int64_t answered = 0;
    for (const auto& code : figures().responses[metrics::index(ServerRequest::observe)]) answered += code.get();
    EXPECT_GT(answered, 50);
    EXPECT_EQ(requests(ServerRequest::observe),
              answered + of(figures().timeouts) + of(figures().resets) + of(figures().cancelled));
    EXPECT_EQ(of(figures().in_flight), 0);
    EXPECT_EQ(figures().clients.get(), server_->registry().registered());
    EXPECT_EQ(figures().registrations.get(), figures().replacements.get() + figures().deregistrations.get() +
                                                 figures().expirations.get() + figures().clients.get());
}

}  // namespace
}  // namespace server_test
