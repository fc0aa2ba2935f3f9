// A server that shares OSCORE contexts with its clients (RFC 8613; Transport 1.1.1, 5.5).
#include "coap/oscore.h"
#include "tests/server/server_fixture.h"
#include "tests/support/hex.h"

namespace server_test {
namespace {

using metrics::Discard;
using support::hex;

// meter-0 and meter-1 have the Sender IDs "0" and "1"; any other name is free to come without.
class Secured : public ServerTest {
protected:
    Secured() : ServerTest(reading()) {
        oscore_.owner_of = [this](base::Bytes kid) -> std::optional<server::OscoreOwner> {
            if (kid.size() != 1 || kid[0] < '0' || kid[0] > '1') return std::nullopt;
            kid_ = kid[0];
            return server::OscoreOwner{kid_ == '0' ? "meter-0" : "meter-1", input("s", {&kid_, 1})};
        };
        oscore_.secures = [](std::string_view endpoint) { return endpoint.starts_with("meter-"); };
        for (std::uint8_t device = 0; device < 2; ++device) renew(device, std::nullopt);
    }
    static profiles::ServerActions reading() { return quiet(); }

    coap::OscoreInput input(std::string_view own, base::Bytes other) const {
        return {.master_secret = secret_,
                .master_salt = {},
                .sender_id = base::as_bytes(own),
                .recipient_id = other,
                .id_context = {}};
    }
    void renew(std::uint8_t device, std::optional<base::Bytes> id_context) {
        auto own = input(device == 0 ? "0" : "1", base::as_bytes("s"));
        own.id_context = id_context;
        coap::derive(own, devices_of_ours_[device]);
    }
    std::vector<std::uint8_t> sealed(std::uint8_t device, const Message& message) {
        std::vector<std::uint8_t> memory(1500);
        base::Writer out(memory);
        out.put(message.bytes());
        coap::protect_request(devices_of_ours_[device], out, workspace_);
        memory.resize(out.size());
        return memory;
    }
    // Sends it protected, and gives the answer as it is meant; its code is empty where there is none.
    coap::MessageView asked(std::uint8_t device, const Message& message, std::uint32_t from) {
        send(from, sealed(device, message));
        return answered(device, from);
    }
    coap::MessageView asked(std::uint8_t device, const Message& message) { return asked(device, message, device); }
    coap::MessageView answered(std::uint8_t device, std::uint32_t from) {
        kept_ = receive(from);
        if (!kept_) return {};
        const auto input = this->input(device == 0 ? "0" : "1", base::as_bytes("s"));
        const auto opened = coap::open_response(
            {.context = devices_of_ours_[device], .workspace = workspace_, .input = &input}, kept_->view());
        return opened ? opened->message : coap::MessageView{};
    }
    static std::string path_in(const coap::MessageView& created) {
        std::string location;
        for (const auto& option : created.options) {
            if (option.number == coap::OptionNumber::location_path) location += "/" + std::string(option.text());
        }
        return location;
    }
    std::int64_t discarded(Discard reason) const { return figures().discarded[metrics::index(reason)].get(); }

    std::vector<std::uint8_t> secret_ = hex("0102030405060708090a0b0c0d0e0f10");
    std::array<coap::OscoreContext, 2> devices_of_ours_;
    coap::OscoreWorkspace workspace_;
    std::optional<Received> kept_;
    std::uint8_t kid_ = 0;
};

TEST_F(Secured, ADeviceRegistersUpdatesAndLeaves) {
    const auto created = asked(0, registering("meter-0"));
    ASSERT_EQ(created.code, Code::created);
    EXPECT_EQ(kept_->view().code, Code::changed) << "that is inside";
    const auto location = path_in(created);
    EXPECT_EQ(asked(0, Message(CON, Code::post).id(2).path(location)).code, Code::changed);
    EXPECT_EQ(asked(0, Message(CON, Code::delete_).id(3).path(location)).code, Code::deleted);
    EXPECT_EQ(figures().registrations.get(), 1);
    EXPECT_EQ(figures().clients.get(), 0);
}

// Transport 1.1.1, 5.5: the endpoint name has to be that of the Sender ID's owner.
TEST_F(Secured, ASenderIdRegistersItsOwnerOnly) {
    EXPECT_EQ(asked(0, registering("meter-1")).code, Code::forbidden);
    EXPECT_EQ(figures().registrations.get(), 0);
}

TEST_F(Secured, WhoHasASenderIdDoesNotRegisterWithout) {
    EXPECT_EQ(answer(0, registering("meter-0")), Code::unauthorized);
    EXPECT_EQ(answer(1, registering("somebody", 9)), Code::created);
}

// What was registered with OSCORE is not to be taken over by whoever sends from that address.
TEST_F(Secured, AnUnprotectedUpdateIsRefused) {
    const auto created = asked(0, registering("meter-0"));
    ASSERT_EQ(created.code, Code::created);
    const auto location = path_in(created);
    EXPECT_EQ(answer(0, Message(CON, Code::post).id(2).path(location)), Code::unauthorized);
}

TEST_F(Secured, ReplaysForgeriesAndStrangersAreCounted) {
    ASSERT_EQ(asked(0, registering("meter-0")).code, Code::created);
    auto again = sealed(0, registering("meter-0", 2));
    send(0, again);
    (void)receive(0);
    again[3] = 77;
    EXPECT_EQ((send(0, again), receive(0)->view().code), Code::unauthorized);
    EXPECT_EQ(discarded(Discard::oscore_replay), 1);
    auto forged = sealed(0, registering("meter-0", 3));
    forged.back() ^= 1;
    EXPECT_EQ((send(0, forged), receive(0)->view().code), Code::bad_request);
    EXPECT_EQ((send(5, forged), receive(5)->view().code), Code::bad_request) << "from an address that is not known";
    EXPECT_EQ(discarded(Discard::oscore_decrypt), 2);
    devices_of_ours_[1].sender_id.assign(base::as_bytes("7"));
    EXPECT_EQ((send(1, sealed(1, registering("meter-1", 4))), receive(1)->view().code), Code::unauthorized);
    EXPECT_EQ(discarded(Discard::oscore_context), 1);
}

TEST_F(Secured, ARepeatedRegisterGetsTheSameBytes) {
    const auto wire = sealed(0, registering("meter-0"));
    send(0, wire);
    const auto first = receive(0);
    send(0, wire);
    const auto second = receive(0);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(base::to_hex(first->bytes), base::to_hex(second->bytes));
    EXPECT_EQ(figures().registrations.get(), 1);
}

// RFC 8613 B.2: two exchanges; one that comes twice is offered the same R2.
TEST_F(Secured, MakesANewContextWithADeviceThatAsks) {
    coap::ask_for_renewal(input("0", base::as_bytes("s")), {1, 2, 3, 4, 5, 6, 7, 8}, devices_of_ours_[0]);
    const auto request1 = sealed(0, registering("meter-0"));
    send(0, request1);
    send(0, request1);
    const auto twice = receive(0);
    ASSERT_TRUE(twice);
    EXPECT_EQ(answered(0, 0).code, Code::unauthorized);
    ASSERT_EQ(devices_of_ours_[0].renewal, coap::OscoreRenewal::answered);
    EXPECT_EQ(figures().registrations.get(), 0) << "nothing was done";
    coap::propose_renewal(input("0", base::as_bytes("s")), {9, 9, 9, 9, 9, 9, 9, 9}, devices_of_ours_[0]);
    EXPECT_EQ(asked(0, registering("meter-0", 2)).code, Code::created);
    EXPECT_EQ(devices_of_ours_[0].renewal, coap::OscoreRenewal::none);
    EXPECT_EQ(asked(0, registering("meter-0", 3)).code, Code::created);
    // A request of the context before is one of no context.
    send(0, request1);
    EXPECT_EQ(figures().registrations.get(), 2);
}

class SecuredDownlink : public Secured {
protected:
    // The server's request of now, as it is meant.
    coap::MessageView taken() {
        kept_ = receive(0);
        if (!kept_) return {};
        const auto opened = coap::unprotect_request(devices_of_ours_[0], kept_->view(), workspace_);
        EXPECT_TRUE(opened) << base::to_hex(kept_->bytes);
        return opened ? opened->message : coap::MessageView{};
    }
    void answers(const Message& message, coap::OscoreNonce nonce, std::uint64_t to) {
        std::vector<std::uint8_t> memory(1500);
        base::Writer out(memory);
        out.put(message.bytes());
        coap::protect_response(devices_of_ours_[0], to, nonce, out, workspace_);
        memory.resize(out.size());
        send(0, memory);
    }
    void observe() {
        ASSERT_EQ(asked(0, registering("meter-0")).code, Code::created);
        server_->submit(now_,
                        {.kind = metrics::ServerRequest::observe, .endpoint = "meter-0", .path = {3303, 0, 5700}});
        step();
        const auto request = taken();
        ASSERT_EQ(request.code, Code::get);
        EXPECT_EQ(kept_->view().code, Code::fetch);
        token_ = coap::Token(request.token);
        observed_ = workspace_.request_partial_iv;
        answers(Message(ACK, Code::content).id(request.message_id).token(token_.view()).observe(1).payload("1"),
                coap::OscoreNonce::own, observed_);
    }
    coap::Token token_;
    std::uint64_t observed_ = 0;
};

TEST_F(SecuredDownlink, ObservesAndTakesNotificationsOnce) {
    observe();
    EXPECT_EQ(figures().observations.get(), 1);
    const auto told = Message(NON, Code::content).id(900).token(token_.view()).observe(2).payload("2");
    answers(told, coap::OscoreNonce::own, observed_);
    EXPECT_EQ(figures().notifications[0].get(), 1);
    // The same Partial IV once more, by another message id.
    --devices_of_ours_[0].next_partial_iv;
    answers(Message(NON, Code::content).id(901).token(token_.view()).observe(3).payload("3"), coap::OscoreNonce::own,
            observed_);
    EXPECT_EQ(figures().notifications[0].get(), 1);
    EXPECT_EQ(discarded(Discard::oscore_replay), 1);
    send(0, Message(NON, Code::content).id(902).token(token_.view()).observe(4).payload("4"));
    EXPECT_EQ(discarded(Discard::unprotected), 1);
}

// RFC 9175 2.2: a device that was away wants the request again, with its Echo.
TEST_F(SecuredDownlink, SendsTheRequestAgainWithTheEcho) {
    ASSERT_EQ(asked(0, registering("meter-0")).code, Code::created);
    server_->submit(now_, {.kind = metrics::ServerRequest::read, .endpoint = "meter-0", .path = {3, 0, 0}});
    step();
    const auto first = taken();
    answers(Message(ACK, Code::unauthorized)
                .id(first.message_id)
                .token(first.token)
                .option(coap::OptionNumber::echo, hex("a1a2a3")),
            coap::OscoreNonce::own, workspace_.request_partial_iv);
    const auto again = taken();
    ASSERT_EQ(again.code, Code::get);
    ASSERT_TRUE(again.find(coap::OptionNumber::echo));
    EXPECT_EQ(base::to_hex(again.find(coap::OptionNumber::echo)->value), "a1a2a3");
}

}  // namespace
}  // namespace server_test
