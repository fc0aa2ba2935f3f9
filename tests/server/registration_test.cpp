// The registration interface from the device's side (Core 1.1.1, 6.2; Transport 1.1.1, 6.4.3).
#include "tests/server/server_fixture.h"

namespace server_test {
namespace {

class Registration : public ServerTest {};

TEST_F(Registration, IsAnsweredWithALocationOfTwoSegments) {
    send(0, registering("meter-1"));
    const auto reply = receive(0).value();
    EXPECT_EQ(reply.view().type, ACK);
    EXPECT_EQ(reply.view().code, Code::created);
    EXPECT_EQ(location_of(reply).substr(0, 4), "/rd/");
    EXPECT_EQ(location_of(reply).size(), 12u);
    EXPECT_EQ(figures().registrations.get(), 1);
    EXPECT_EQ(figures().clients.get(), 1);
}

TEST_F(Registration, RepeatedGetsTheSameAnswerAndCountsOnce) {
    send(0, registering("meter-1", 7));
    const auto first = receive(0).value();
    send(0, registering("meter-1", 7));
    EXPECT_EQ(receive(0).value().bytes, first.bytes);
    EXPECT_EQ(figures().registrations.get(), 1);
    EXPECT_EQ(figures().discarded[metrics::index(metrics::Discard::duplicate)].get(), 1);
}

TEST_F(Registration, OfTheSameEndpointReplacesTheOneBefore) {
    const auto old_location = registered(0, "meter-1", 1);
    const auto location = registered(0, "meter-1", 2);
    EXPECT_NE(location, old_location);
    EXPECT_EQ(figures().clients.get(), 1);
    EXPECT_EQ(figures().replacements.get(), 1);
    EXPECT_EQ(answer(0, Message(CON, Code::post).id(3).path(old_location)), Code::not_found);
    EXPECT_EQ(answer(0, Message(CON, Code::post).id(4).path(location)), Code::changed);
}

TEST_F(Registration, FromAnotherAddressMovesTheEndpoint) {
    const auto old_location = registered(0, "meter-1");
    const auto location = registered(1, "meter-1");
    EXPECT_EQ(figures().clients.get(), 1);
    EXPECT_EQ(answer(0, Message(CON, Code::post).id(9).path(old_location)), Code::not_found);
    EXPECT_EQ(answer(1, Message(CON, Code::post).id(9).path(location)), Code::changed);
}

TEST_F(Registration, OfAnotherEndpointAtOneAddressEndsTheOneBefore) {
    registered(0, "meter-1", 1);
    registered(0, "meter-2", 2);
    EXPECT_EQ(figures().clients.get(), 1);
    EXPECT_EQ(server_->registry().find_endpoint("meter-1"), base::no_index);
}

// Transport 1.1.1, 5.2.6: whoever has proven to be somebody else does not get that name, known or not.
TEST_F(Registration, IsRefusedUnderAnothersName) {
    may_register_ = [](net::PeerMark proven, std::string_view endpoint) {
        return proven == 4711 ? endpoint == "meter-0" : true;
    };
    proofs_.whose = address_of(0);
    proofs_.proven = 4711;
    restart();
    EXPECT_EQ(answer(0, registering("meter-1", 1)), Code::bad_request);
    EXPECT_EQ(server_->registry().places(), 0u);
    registered(0, "meter-0", 2);
    EXPECT_EQ(answer(0, registering("meter-1", 3)), Code::bad_request);
    EXPECT_EQ(figures().clients.get(), 1);
    registered(1, "meter-1");
}

TEST_F(Registration, EndsWithDeregisterAndARepeatedOneIsAnsweredAgain) {
    const auto location = registered(0, "meter-1");
    const auto leave = Message(CON, Code::delete_).id(5).path(location);
    EXPECT_EQ(answer(0, leave), Code::deleted);
    EXPECT_EQ(answer(0, leave), Code::deleted);
    EXPECT_EQ(figures().deregistrations.get(), 1);
    EXPECT_EQ(figures().clients.get(), 0);
    EXPECT_EQ(answer(0, Message(CON, Code::delete_).id(6).path(location)), Code::not_found);
}

TEST_F(Registration, ExpiresWithItsLifetime) {
    const auto location = registered(0, "meter-1");
    advance(299s);
    EXPECT_EQ(figures().clients.get(), 1);
    advance(2s);
    EXPECT_EQ(figures().clients.get(), 0);
    EXPECT_EQ(figures().expirations.get(), 1);
    EXPECT_EQ(answer(0, Message(CON, Code::post).id(5).path(location)), Code::not_found);
}

TEST_F(Registration, IsProlongedByUpdates) {
    const auto location = registered(0, "meter-1");
    for (std::uint16_t id = 2; id < 12; ++id) {
        advance(250s);
        EXPECT_EQ(answer(0, Message(CON, Code::post).id(id).path(location)), Code::changed);
    }
    EXPECT_EQ(figures().updates.get(), 10);
    EXPECT_EQ(figures().expirations.get(), 0);
}

TEST_F(Registration, TakesAShorterLifetimeFromAnUpdate) {
    const auto location = registered(0, "meter-1");
    EXPECT_EQ(answer(0, Message(CON, Code::post).id(2).path(location).query("lt=10")), Code::changed);
    advance(11s);
    EXPECT_EQ(figures().expirations.get(), 1);
}

TEST_F(Registration, IsNotUpdatedFromAnotherAddress) {
    const auto location = registered(0, "meter-1");
    EXPECT_EQ(answer(1, Message(CON, Code::post).id(2).path(location)), Code::not_found);
    registered(2, "meter-2");
    EXPECT_EQ(answer(2, Message(CON, Code::delete_).id(2).path(location)), Code::not_found);
    EXPECT_EQ(figures().clients.get(), 2);
}

TEST_F(Registration, ComesInBlocks) {
    const std::string links = "</1/0>,</3/0>,</3303/0>";
    auto block = [&](std::uint16_t id, unsigned number, unsigned more, std::string_view part) {
        return Message(CON, Code::post)
            .id(id)
            .path("/rd")
            .format(40)
            .query("ep=m")
            .query("lwm2m=1.1")
            .block1(number, more, 16)
            .payload(part);
    };
    EXPECT_EQ(answer(0, block(1, 0, 1, links.substr(0, 16))), Code::continue_);
    EXPECT_EQ(figures().clients.get(), 0);
    EXPECT_EQ(answer(0, block(2, 1, 0, links.substr(16))), Code::created);
    EXPECT_EQ(figures().clients.get(), 1);
    // A gap: RFC 7959 2.9.2.
    EXPECT_EQ(answer(1, block(1, 1, 0, links.substr(16))), Code::request_entity_incomplete);
}

TEST_F(Registration, WhenFullIsRefusedUntilSomebodyLeaves) {
    capacity_ = 2;
    restart();
    const auto location = registered(0, "a");
    registered(1, "b");
    EXPECT_EQ(answer(2, registering("c", 1)), Code::service_unavailable);
    EXPECT_EQ(figures().drops[metrics::index(metrics::Drop::no_slot)].get(), 1);
    EXPECT_EQ(answer(0, Message(CON, Code::delete_).id(2).path(location)), Code::deleted);
    // The place of "a" is c's now, and the same message id from there is no repetition.
    EXPECT_EQ(answer(2, registering("c", 1)), Code::created);
    EXPECT_EQ(answer(0, registering("a", 3)), Code::service_unavailable);
}

// Core 1.1.1, 6.2.1: both forms are on the wire, and what is no version harms nobody.
TEST_F(Registration, TakesVersionsWithAndWithoutQuotes) {
    send(0, registering("m").payload("</3>;ver=1.1,</3/0>,</5>;ver=\"1.2\",</5/0>,</9999>;ver=x,</9999/0>"));
    EXPECT_EQ(receive(0)->view().code, Code::created);
    const auto client = server_->registry().find_endpoint("m");
    const auto& versions = server_->lists()[server_->registry()[client].objects].versions;
    ASSERT_EQ(versions.size(), 2u);
    EXPECT_EQ(versions[0].second, (lwm2m::Version{1, 1}));
    EXPECT_EQ(versions[1].second, (lwm2m::Version{1, 2}));
}

struct Refused {
    const char* name;
    std::vector<std::string> query;
    std::string payload = "</1/0>,</3/0>";
    Code code = Code::bad_request;
    unsigned format = 40;
};

class RefusedRegistration : public ServerTest, public ::testing::WithParamInterface<Refused> {};

TEST_P(RefusedRegistration, IsAnsweredWithItsCode) {
    auto message = Message(CON, Code::post).id(1).path("/rd").format(GetParam().format).payload(GetParam().payload);
    for (const auto& query : GetParam().query) message.query(query);
    EXPECT_EQ(answer(0, message), GetParam().code);
    const auto slot = metrics::code_slot(static_cast<std::uint8_t>(GetParam().code));
    EXPECT_EQ(figures().rejections[slot].get(), 1);
    EXPECT_EQ(figures().clients.get(), 0);
    EXPECT_EQ(figures().registrations.get(), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Queries, RefusedRegistration,
    ::testing::Values(Refused{"no_endpoint", {"lwm2m=1.1"}}, Refused{"empty_endpoint", {"ep=", "lwm2m=1.1"}},
                      Refused{"control_character", {"ep=a\nb", "lwm2m=1.1"}},
                      Refused{"long_endpoint", {"ep=" + std::string(256, 'x'), "lwm2m=1.1"}},
                      Refused{"two_endpoints", {"ep=a", "ep=b", "lwm2m=1.1"}}, Refused{"no_version", {"ep=a"}},
                      Refused{"version_2", {"ep=a", "lwm2m=2.0"}, "</1/0>", Code::precondition_failed},
                      Refused{"version_1_3", {"ep=a", "lwm2m=1.3"}, "</1/0>", Code::precondition_failed},
                      Refused{"lifetime_of_letters", {"ep=a", "lwm2m=1.1", "lt=soon"}},
                      Refused{"lifetime_of_zero", {"ep=a", "lwm2m=1.1", "lt=0"}},
                      Refused{"lifetime_too_large", {"ep=a", "lwm2m=1.1", "lt=4294967296"}},
                      Refused{"unknown_parameter", {"ep=a", "lwm2m=1.1", "x=1"}},
                      Refused{"queue_mode_in_binding_of_1_1", {"ep=a", "lwm2m=1.1", "b=UQ"}},
                      Refused{"queue_mode_parameter_of_1_0", {"ep=a", "lwm2m=1.0", "b=U", "Q"}},
                      Refused{"queue_mode_with_value", {"ep=a", "lwm2m=1.1", "b=U", "Q=true"}},
                      Refused{"tcp_in_1_0", {"ep=a", "lwm2m=1.0", "b=T"}},
                      Refused{"unknown_binding", {"ep=a", "lwm2m=1.1", "b=X"}},
                      Refused{"no_objects", {"ep=a", "lwm2m=1.1"}, ""},
                      Refused{"bad_links", {"ep=a", "lwm2m=1.1"}, "</1/0>,</3/0"},
                      Refused{"other_format", {"ep=a", "lwm2m=1.1"}, "</1/0>", Code::unsupported_content_format, 0}),
    [](const auto& one) { return std::string(one.param.name); });

struct Accepted {
    const char* name;
    std::vector<std::string> query;
};
class AcceptedRegistration : public ServerTest, public ::testing::WithParamInterface<Accepted> {};

TEST_P(AcceptedRegistration, IsCreated) {
    auto message = Message(CON, Code::post).id(1).path("/rd").payload("</1/0>,</3/0>,</9999/0>,<http://x>");
    for (const auto& query : GetParam().query) message.query(query);
    EXPECT_EQ(answer(0, message), Code::created);
}

INSTANTIATE_TEST_SUITE_P(Queries, AcceptedRegistration,
                         ::testing::Values(Accepted{"least", {"ep=a", "lwm2m=1.1"}},
                                           Accepted{"queue_mode_of_1_0", {"ep=a", "lwm2m=1.0", "b=UQ"}},
                                           Accepted{"queue_mode_of_1_1", {"ep=a", "lwm2m=1.1", "b=U", "Q"}},
                                           Accepted{"two_transports", {"ep=a", "lwm2m=1.1", "b=UT"}},
                                           Accepted{"for_ever_in_1_2", {"ep=a", "lwm2m=1.2", "lt=0"}},
                                           Accepted{"phone_number", {"ep=a", "lwm2m=1.1", "sms=4915112345"}}),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace server_test
