// What the server says to addresses that it does not know: little, and nothing stays.
#include "tests/server/server_fixture.h"

namespace server_test {
namespace {

class Strangers : public ServerTest {};

TEST_F(Strangers, GetNoMoreBytesThanTheySent) {
    const std::vector<Message> messages{
        Message(CON, Code::get).id(1).token("0102030405060708").path("/.well-known/core"),
        Message(CON, Code::post).id(2).path("/rd").query("lwm2m=1.1"),
        Message(CON, Code::delete_).id(3).path("/rd/00000000"),
        Message(CON, Code::empty).id(4),
        Message(CON, Code::content).id(5).token("01").payload("21.5"),
    };
    for (std::uint32_t device = 0; device < messages.size(); ++device) {
        send(device, messages[device]);
        const auto reply = receive(device);
        ASSERT_TRUE(reply) << device;
        EXPECT_LE(reply->bytes.size(), messages[device].bytes().size()) << device;
        EXPECT_TRUE(silent(device));
    }
    EXPECT_EQ(server_->registry().places(), 0u);
}

TEST_F(Strangers, AreNotAnsweredWhenTheyMakeNoSense) {
    const std::vector<std::uint8_t> other_version{0x80, 0x01, 0x00, 0x01};
    const std::vector<std::uint8_t> truncated{0x44, 0x01, 0x00};
    send(0, other_version);
    send(1, truncated);
    send(2, Message(NON, Code::content).id(1).token("01").payload("21.5"));
    send(3, Message(ACK, Code::content).id(1).token("01").payload("21.5"));
    send(4, Message(RST, Code::empty).id(1));
    for (std::uint32_t device = 0; device < 5; ++device) EXPECT_TRUE(silent(device)) << device;
    EXPECT_EQ(figures().discarded[metrics::index(metrics::Discard::malformed)].get(), 2);
    EXPECT_EQ(figures().discarded[metrics::index(metrics::Discard::unexpected)].get(), 3);
}

TEST_F(Strangers, OptionThatIsCriticalAndUnknownIsRefused) {
    const auto message = registering("a").option(static_cast<coap::OptionNumber>(9), "x");
    EXPECT_EQ(answer(0, message), Code::bad_option);
}

TEST_F(Strangers, OthersMethodsAndPathsAreRefused) {
    EXPECT_EQ(answer(0, Message(CON, Code::get).id(1).path("/rd")), Code::method_not_allowed);
    EXPECT_EQ(answer(0, Message(CON, Code::post).id(2).path("/bs").query("ep=a")), Code::not_found);
}

// Every byte that can be cut off a Register is cut off: the server says something sensible or nothing.
TEST_F(Strangers, TruncatedRegisterNeverRegisters) {
    const auto message = registering("meter-1");
    const auto whole = message.bytes();
    for (std::size_t size = 0; size + 8 < whole.size(); ++size) {
        send(static_cast<std::uint32_t>(size), whole.first(size));
    }
    for (std::uint32_t device = 0; device + 8 < whole.size(); ++device) {
        while (const auto reply = receive(device)) {
            const bool cut_between_links = reply->view().code == Code::created;
            EXPECT_TRUE(cut_between_links || reply->bytes.size() <= std::max<std::size_t>(device, 4)) << device;
        }
    }
    EXPECT_LE(figures().registrations.get(), 2);  // cut behind </1/0> and behind </3/0>
}

}  // namespace
}  // namespace server_test
