// What a device sends unasked, and when: Core 1.1.1, 6.4.6; RFC 8428 4.5.3 for the times.
#include "simulator/lwm2m/codec.h"
#include "tests/support/device_lockstep.h"

namespace {

using namespace std::chrono_literals;
using metrics::Operation;
using metrics::Result;
using support::ACK;
using support::body_of;
using support::CON;
using support::Message;
using support::RST;

std::string yaml_of(const std::string& send, const std::string& more = "") {
    return "profile: sender\ndescription: for the tests of Send\nendpoint: \"d\"\n"
           "lwm2m: {version: \"1.1\", lifetime: 30d}\nformats: [senml-json, senml-cbor, tlv, text]\n"
           "objects:\n  device/0: {manufacturer: Acme, timezone: UTC}\n"
           "  temperature/0:\n    sensor_value: {expr: \"floor(t/10)\", every: 1s, phase: 0s}\n" +
           more + "behaviour:\n  send: " + send + "\n";
}

class Sending : public support::DeviceLockstep {
protected:
    explicit Sending(const std::string& yaml = yaml_of("{every: 60s, paths: [/3303/0/5700], format: senml-json}"))
        : DeviceLockstep(yaml) {}

    // Lets time pass until the device says something; false when it says nothing within `span`.
    bool wait(base::Duration span) {
        const base::Time end = now + span;
        while (!server.has_mail() && wheel.next_due() <= end) {
            after(std::max(base::Duration{0}, wheel.next_due() - now));
        }
        return server.has_mail();
    }
    support::Seen expect_send() { return server.expect(CON, Code::post); }
    void accepts() { server.replies(Message(ACK, Code::changed)); }
    std::int64_t ended(Result how) const {
        return counters.figures().operations[metrics::index(Operation::send)][0][metrics::index(how)].get();
    }
    std::int64_t started() const { return counters.figures().started[metrics::index(Operation::send)][0].get(); }
    void mute(bool yes) {
        server.sends(Message(CON, Code::put).id(id_++).token("0b").path("/1/0/23").format(0).payload(yes ? "1" : "0"));
        server.expect(ACK, Code::changed);
    }
    static std::string value(int number) {
        return R"([{"bn":"/","n":"3303/0/5700","v":)" + std::to_string(number) + "}]";
    }
    std::int64_t temperature() const { return now.time_since_epoch() / 10s; }

    std::uint16_t id_ = 1;
};

TEST_F(Sending, PostsItsValuesToDp) {
    device_registers();
    ASSERT_TRUE(wait(60s));
    const auto sent = expect_send();
    sent.path("/dp").payload(value(static_cast<int>(temperature())));
    EXPECT_EQ(sent.view().find_uint(coap::OptionNumber::content_format), 110u);
    accepts();
    EXPECT_EQ(ended(Result::ok), 1);
}

// Every 60 s from then on, whatever the server does.
TEST_F(Sending, KeepsItsTimes) {
    device_registers();
    ASSERT_TRUE(wait(60s));
    const base::Time first = now;
    for (int i = 1; i < 5; ++i) {
        expect_send();
        after(i * 400ms);  // the server takes its time
        accepts();
        ASSERT_TRUE(wait(60s));
        EXPECT_NEAR(base::seconds(now - first), i * 60.0, 0.002);
    }
}

TEST_F(Sending, WithoutARegistrationNothingIsSent) {
    device_starts();
    server.expect(CON, Code::post).path("/rd");
    server.replies(Message(ACK, Code::service_unavailable));
    EXPECT_FALSE(wait(50s));
    EXPECT_EQ(started(), 0);
}

// One planned Send at a time, however often the device registers.
TEST_F(Sending, ARestartDoesNotDoubleIt) {
    device_registers();
    for (int i = 0; i < 3; ++i) {
        server.sends(Message(CON, Code::post).id(static_cast<std::uint16_t>(700 + i)).token("0c").path("/3/0/4"));
        server.expect(ACK, Code::changed);
        ASSERT_TRUE(wait(5s));
        server.expect(CON, Code::post).path("/rd");
        server.replies(Message(ACK, Code::created).location("/rd/5a"));
    }
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(wait(60s));
        expect_send().path("/dp");
        accepts();
    }
    EXPECT_EQ(started(), 3);
}

// Core 1.1.1, E.2: resource 23 of the Server object.
TEST_F(Sending, IsMutedByTheServer) {
    device_registers();
    mute(true);
    EXPECT_FALSE(wait(300s));
    mute(false);
    EXPECT_TRUE(wait(60s));
    EXPECT_EQ(started(), 0 + 1);
}

TEST_F(Sending, ErrorsAreCounted) {
    device_registers();
    ASSERT_TRUE(wait(60s));
    expect_send();
    server.replies(Message(ACK, Code::not_found));
    ASSERT_TRUE(wait(60s));
    expect_send();
    server.resets();
    EXPECT_EQ(ended(Result::client_error), 1);
    EXPECT_EQ(ended(Result::reset), 1);
    EXPECT_EQ(started(), 2);
}

class SendingOften : public Sending {
protected:
    SendingOften() : Sending(yaml_of("{every: 20s, paths: [/3303/0/5700], format: senml-json}")) {}
};

// RFC 7252 4.7: one at a time. What comes due while one waits takes its place; its values are those of its own time.
TEST_F(SendingOften, OneWaitsForTheExchangeUnderWay) {
    device_registers();
    ASSERT_TRUE(wait(20s));
    expect_send();
    const auto token = server.last_token;
    server.acknowledges();  // and answers much later
    after(50s);             // two come due, the last of them 10 s ago
    server.expect_silence();
    server.sends(Message(CON, Code::changed).id(900).token(token.view()));
    server.expect(ACK, Code::empty);
    ASSERT_TRUE(server.has_mail());
    const auto late = expect_send();
    late.payload(R"([{"bn":"/","bt":-10,"n":"3303/0/5700","v":)" +
                 std::to_string((now - 10s).time_since_epoch() / 10s) + "}]");
    accepts();
    EXPECT_EQ(started(), 3);
    EXPECT_EQ(ended(Result::ok), 2);
    EXPECT_EQ(ended(Result::coalesced), 1);
}

class SendingSamples : public Sending {
protected:
    SendingSamples()
        : Sending(yaml_of("{every: 60s, paths: [/3303/0/5700, /3/0/15], format: senml-json, samples: 3}")) {}
};

// What would be from before the start of the run is left out.
TEST_F(SendingSamples, BeginWithTheRun) {
    device_registers();
    ASSERT_TRUE(wait(60s));
    const base::Time due = now;
    ASSERT_LT(due.time_since_epoch(), 40s);
    const auto payload = std::string(base::as_text(expect_send().view().payload));
    EXPECT_EQ(payload.find("\"bt\":-40"), std::string::npos);
    EXPECT_EQ(payload.find("\"bt\":-20") != std::string::npos, due.time_since_epoch() >= 20s);
}

// Three samples of the last minute, the oldest first; their times count from now.
TEST_F(SendingSamples, CarryTheirTimes) {
    device_registers();
    wait(60s);
    expect_send();
    accepts();
    ASSERT_TRUE(wait(60s));
    const auto now_is = temperature();
    const auto at = [&](int back) { return std::to_string(now_is - back); };
    expect_send().payload(R"([{"bn":"/","bt":-40,"n":"3/0/15","vs":"UTC"},{"n":"3303/0/5700","v":)" + at(4) +
                          R"(},{"bt":-20,"n":"3/0/15","vs":"UTC"},{"n":"3303/0/5700","v":)" + at(2) +
                          R"(},{"bt":0,"n":"3/0/15","vs":"UTC"},{"n":"3303/0/5700","v":)" + at(0) + "}]");
}

class SendingMuch : public Sending {
protected:
    SendingMuch() : Sending(yaml_of("{every: 60s, paths: [/3303/0/5700, /3/0/15], format: senml-cbor, samples: 40}")) {}
};

// RFC 7959 2.5: too much for one message goes in blocks, all of them of one body.
TEST_F(SendingMuch, GoesInBlocks) {
    device_registers();
    ASSERT_TRUE(wait(60s));
    expect_send();  // of less than a minute
    accepts();
    ASSERT_TRUE(wait(60s));
    std::vector<std::uint8_t> body;
    for (unsigned number = 0; !HasFailure(); ++number) {
        const auto sent = expect_send();
        const auto block = coap::find_block(sent.view(), coap::OptionNumber::block1).value().value();
        sent.path("/dp").block1(number, block.more, 1024);
        body.insert(body.end(), sent.view().payload.begin(), sent.view().payload.end());
        after(1500ms);  // the values move on meanwhile
        server.replies(Message(ACK, block.more ? Code::continue_ : Code::changed).block1(number, block.more, 1024));
        if (!block.more) break;
    }
    ASSERT_GT(body.size(), 1024u);
    struct Types final : lwm2m::TypeSource {
        lwm2m::Type type_of(const lwm2m::Path& path) const override {
            return path.object() == 3 ? lwm2m::Type::string : lwm2m::Type::floating;
        }
        bool is_multiple(const lwm2m::Path&) const override { return false; }
    };
    lwm2m::Entries entries;
    const auto decoded = lwm2m::decode(lwm2m::ContentFormat::senml_cbor, {}, body, Types(), entries);
    ASSERT_TRUE(decoded) << decoded.error().what;
    EXPECT_EQ(entries.entries.size(), 80u);
    EXPECT_EQ(ended(Result::ok), 2);
    EXPECT_EQ(started(), 2);
}

}  // namespace
