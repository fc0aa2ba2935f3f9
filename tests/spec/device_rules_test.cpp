// Rules of README.md that are about a device as a whole and have no better place.
#include "tests/support/device_lockstep.h"

namespace {

using namespace std::chrono_literals;
using support::ACK;
using support::CON;
using support::Message;

constexpr const char* yaml = R"(
profile: spec
endpoint: "d"
lwm2m: {version: "1.1", lifetime: 600s}
objects:
  device/0:
    manufacturer: Acme
    reboot:
)";

class DeviceRules : public support::DeviceLockstep {
protected:
    DeviceRules() : DeviceLockstep(yaml) {}

    static Message read(std::uint16_t id) {
        return Message(CON, Code::get).id(id).token("0a").path("/3/0/0").uint(coap::OptionNumber::accept, 0);
    }
    static Message reboot(std::uint16_t id) { return Message(CON, Code::post).id(id).token("0b").path("/3/0/4"); }
};

// Rule 5; Core 1.1.1, 6.3: and it does not remember them: the same request is new to it when it has registered.
TEST_F(DeviceRules, RequestsBeforeTheRegistrationAreIgnored) {
    device_starts();
    server.expect(CON, Code::post).path("/rd");
    server.sends(read(1));
    server.expect_silence();
    server.replies(Message(ACK, Code::created).location("/rd/5a"));
    server.sends(read(1));
    server.expect(ACK, Code::content).id(1).payload("Acme");
}

// Rule 60: the answer comes first; the Execute that the server repeats when the device is back does not begin it anew.
TEST_F(DeviceRules, ARebootIsAnsweredFirstAndDoneOnce) {
    device_registers();
    server.sends(reboot(7));
    const auto answer = server.expect(ACK, Code::changed).id(7).bytes();
    server.expect_silence();
    after(1s + 10ms);
    server.expect(CON, Code::post).path("/rd");
    server.replies(Message(ACK, Code::created).location("/rd/5b"));
    server.sends(reboot(7));
    server.expect(ACK, Code::changed).same_as(answer);
    after(60s);
    server.expect_silence();
    EXPECT_EQ(state(), registered);
}

}  // namespace
