// Send: values that a device reports unasked (Core 1.1.1, 6.4.6).
#include "simulator/lwm2m/codec.h"
#include "tests/server/server_fixture.h"

namespace server_test {
namespace {

class Sent : public ServerTest {
protected:
    Message sending(std::string_view payload, unsigned format = 110, std::uint16_t id = 50) {
        return Message(CON, Code::post).id(id).path("/dp").format(format).payload(payload);
    }
};

TEST_F(Sent, IsAcceptedOnceHoweverOftenItComes) {
    registered(0, "meter-0");
    const auto message = sending(R"([{"n":"/3303/0/5700","v":21.5},{"n":"/3/0/9","v":80}])");
    EXPECT_EQ(answer(0, message), Code::changed);
    EXPECT_EQ(answer(0, message), Code::changed);
    EXPECT_EQ(figures().sends.get(), 1);
}

TEST_F(Sent, IsRefusedFromSomebodyWithoutRegistration) {
    EXPECT_EQ(answer(0, sending(R"([{"n":"/3/0/9","v":80}])")), Code::not_found);
    const auto location = registered(1, "meter-1");
    EXPECT_EQ(answer(1, Message(CON, Code::delete_).id(2).path(location)), Code::deleted);
    EXPECT_EQ(answer(1, sending(R"([{"n":"/3/0/9","v":80}])")), Code::not_found);
}

TEST_F(Sent, IsRefusedWithTheReason) {
    registered(0, "meter-0");
    EXPECT_EQ(answer(0, sending(R"([{"n":"/3304/0/5700","v":1}])", 110, 51)), Code::not_found);
    EXPECT_EQ(answer(0, sending("[{", 110, 52)), Code::bad_request);
    EXPECT_EQ(answer(0, sending("[]", 110, 53)), Code::bad_request);
    EXPECT_EQ(answer(0, sending("21.5", 0, 54)), Code::unsupported_content_format);
    EXPECT_EQ(answer(0, Message(CON, Code::post).id(55).path("/dp")), Code::unsupported_content_format);
    EXPECT_EQ(answer(0, Message(CON, Code::get).id(56).path("/dp")), Code::method_not_allowed);
    EXPECT_EQ(figures().sends.get(), 0);
}

TEST_F(Sent, ComesInBlocks) {
    registered(0, "meter-0");
    const std::string body = R"([{"n":"/3303/0/5700","v":21.5}])";
    auto block = [&](std::uint16_t id, unsigned number, unsigned more) {
        return sending(std::string_view(body).substr(16 * number, 16), 110, id).block1(number, more, 16);
    };
    ASSERT_EQ(body.size(), 31u);
    EXPECT_EQ(answer(0, block(60, 0, 1)), Code::continue_);
    EXPECT_EQ(answer(0, block(61, 1, 0)), Code::changed);
    EXPECT_EQ(figures().sends.get(), 1);
}

}  // namespace
}  // namespace server_test
