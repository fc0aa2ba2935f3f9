// Lockstep: one endpoint of ours and one peer that the test plays, a wire between them, and a clock that only the test
// moves. A test is the lines of an RFC's message diagram:
//
//   we_send(Message(CON, Code::get).id(0x7d34).path("/temperature"));
//   peer.expect(CON, Code::get).id(0x7d34).path("/temperature");
//   peer.sends(Message(ACK, Code::content).id(0x7d34).payload("22.3 C"));
//   EXPECT_EQ(heard(), Kind::response);
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "coap/endpoint.h"
#include "tests/support/message.h"

namespace support {

using Datagram = std::vector<std::uint8_t>;

// A message that came out of the wire; each call checks one thing of it, and goes on.
class Seen {
public:
    explicit Seen(Datagram bytes) : bytes_(std::move(bytes)) {
        const auto parsed = coap::parse(bytes_);
        EXPECT_TRUE(parsed) << "not a message: " << base::to_hex(bytes_);
        if (parsed) view_ = *parsed;
    }
    Seen(Seen&&) = default;  // the view moves with the memory of the bytes
    Seen(const Seen&) = delete;
    Seen& operator=(const Seen&) = delete;

    const Seen& is(coap::MessageType type, coap::Code code) const {
        EXPECT_STREQ(coap::name(view_.type), coap::name(type));
        EXPECT_EQ(coap::to_string(view_.code), coap::to_string(code));
        return *this;
    }
    const Seen& id(std::uint16_t message_id) const {
        EXPECT_EQ(view_.message_id, message_id);
        return *this;
    }
    const Seen& token(std::string_view hex) const {
        EXPECT_EQ(base::to_hex(view_.token), hex);
        return *this;
    }
    const Seen& token(base::Bytes bytes) const { return token(base::to_hex(bytes)); }
    const Seen& path(const std::string& path) const {
        EXPECT_EQ(joined(coap::OptionNumber::uri_path), path);
        return *this;
    }
    const Seen& location(const std::string& path) const {
        EXPECT_EQ(joined(coap::OptionNumber::location_path), path);
        return *this;
    }
    const Seen& query(std::string_view text) const {
        bool found = false;
        for (const auto& option : view_.options) {
            found = found || (option.number == coap::OptionNumber::uri_query && option.text() == text);
        }
        EXPECT_TRUE(found) << "no query " << text << " in " << base::to_hex(bytes_);
        return *this;
    }
    const Seen& observe(std::uint32_t value) const {
        EXPECT_EQ(view_.find_uint(coap::OptionNumber::observe), value);
        return *this;
    }
    const Seen& without(coap::OptionNumber number) const {
        EXPECT_FALSE(view_.find(number)) << coap::name(number) << " in " << base::to_hex(bytes_);
        return *this;
    }
    const Seen& block1(unsigned number, unsigned more, unsigned size) const {
        return block(coap::OptionNumber::block1, number, more, size);
    }
    const Seen& block2(unsigned number, unsigned more, unsigned size) const {
        return block(coap::OptionNumber::block2, number, more, size);
    }
    const Seen& payload(std::string_view text) const {
        EXPECT_EQ(base::as_text(view_.payload), text);
        return *this;
    }
    const Seen& same_as(const Datagram& other) const {
        EXPECT_EQ(base::to_hex(bytes_), base::to_hex(other));
        return *this;
    }

    const coap::MessageView& view() const { return view_; }
    const Datagram& bytes() const { return bytes_; }

private:
    std::string joined(coap::OptionNumber number) const {
        std::string path;
        for (const auto& option : view_.options) {
            if (option.number == number) path.append("/").append(option.text());
        }
        return path;
    }
    const Seen& block(coap::OptionNumber option, unsigned number, unsigned more, unsigned size) const {
        const auto found = coap::find_block(view_, option);
        EXPECT_TRUE(found && *found) << "no " << coap::name(option) << " in " << base::to_hex(bytes_);
        if (found && *found) {
            EXPECT_EQ((*found)->number, number);
            EXPECT_EQ((*found)->more, more != 0);
            EXPECT_EQ((*found)->size(), size);
        }
        return *this;
    }

    Datagram bytes_;
    coap::MessageView view_;
};

class Lockstep : public testing::Test {
protected:
    using Kind = coap::Incoming::Kind;
    using Code = coap::Code;
    static constexpr std::uint32_t peer_id = 7;

    // The side that the test plays.
    struct Peer {
        Lockstep& test;

        // The next datagram that has come from us.
        Seen expect(coap::MessageType type, Code code) {
            if (test.wire_.empty()) {
                ADD_FAILURE() << "nothing was sent; expected " << coap::name(type) << ' ' << coap::to_string(code);
                return Seen(Datagram{0x40, 1, 0, 0});
            }
            const auto bytes = std::move(test.wire_.front());
            test.wire_.pop_front();
            Seen seen(bytes);
            seen.is(type, code);
            return seen;
        }
        void expect_silence() {
            EXPECT_TRUE(test.wire_.empty()) << "sent: " << base::to_hex(test.wire_.front());
            test.wire_.clear();
        }
        void sends(const Message& message) { sends(message.bytes()); }
        void sends(base::Bytes bytes) { test.on_datagram(bytes); }
    };

    // Ours: a confirmable message begins an exchange; any other just goes out.
    void we_send(const Message& message, double unit = 0) {
        const auto bytes = message.bytes();
        if (message.view().type == CON) {
            started_ = endpoint.start(now, peer_id, state, parameters, bytes, {.operation = ++operations_}, unit);
        }
        put(bytes);
    }
    // An answer of ours, kept for a repeated request.
    void we_answer(const Message& message) {
        endpoint.keep_reply(peer_id, received_.message, message.bytes());
        put(message.bytes());
    }
    bool started() const { return started_; }

    // What the endpoint made of the last datagram.
    Kind heard() const { return received_.kind; }
    coap::Discard why() const { return received_.discard; }
    const coap::MessageView& message() const { return received_.message; }
    std::uint32_t operation() const { return received_.tag.operation; }

    // What the endpoint's timers have said since the last time.
    std::vector<coap::Expired::Kind> expired() { return std::exchange(expired_, {}); }

    void after(base::Duration duration) {
        const base::Time end = now + duration;
        while (wheel.next_due() <= end) {
            now = std::max(now, wheel.next_due());
            wheel.advance(now, [this](base::TimerEvent event) { on_timer(event); });
        }
        now = end;
    }

    coap::TransmissionParameters parameters;
    base::TimerWheel wheel{64};
    coap::Endpoint endpoint{{.exchanges = 8, .messages = 64, .timer_kind = 3}, wheel};
    coap::Peer state;  // what is remembered of the peer
    base::Time now{};
    Peer peer{*this};

private:
    void put(base::Bytes bytes) {
        if (!bytes.empty()) wire_.emplace_back(bytes.begin(), bytes.end());
    }
    void on_datagram(base::Bytes bytes) {
        datagram_.assign(bytes.begin(), bytes.end());
        std::vector<std::uint8_t> memory(2048);
        base::Writer out(memory);
        received_ = endpoint.on_datagram(now, peer_id, state, parameters, datagram_, out);
        put(out.written());
    }
    void on_timer(base::TimerEvent event) {
        EXPECT_EQ(event.kind, 3u);
        EXPECT_EQ(endpoint.peer_of(event.index), peer_id);
        std::vector<std::uint8_t> memory(2048);
        base::Writer out(memory);
        expired_.push_back(endpoint.on_timer(now, event.index, state, out).kind);
        put(out.written());
    }

    std::deque<Datagram> wire_;
    Datagram datagram_;
    coap::Incoming received_;
    std::vector<coap::Expired::Kind> expired_;
    std::uint32_t operations_ = 0;
    bool started_ = false;
};

}  // namespace support
