// DeviceLockstep: one virtual device of a profile, a server or two that the test plays, and a clock that only the test
// moves.
//
//   device.starts();
//   server.expect(CON, Code::post).path("/rd").query("lt=60");
//   server.replies(Message(ACK, Code::created).location("/rd/5a"));
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>

#include "metrics/counters.h"
#include "profiles/object_loader.h"
#include "profiles/profile_loader.h"
#include "profiles/resolve.h"
#include "simulator/fleet/device_tree.h"
#include "simulator/fleet/steps.h"
#include "simulator/net/memory_transport.h"
#include "tests/support/lockstep.h"

namespace support {

// Throws with the diagnostics when the text is no profile: a mistake in the test.
inline profiles::ResolvedProfilePtr profile_of(std::string yaml) {
    profiles::Diagnostics diagnostics;
    const auto tree =
        profiles::parse_profile_tree(std::move(yaml), "test.yaml", profiles::builtin_profiles(), diagnostics);
    if (!tree) throw std::invalid_argument(diagnostics.text());
    const auto profile = profiles::read_profile(*tree, diagnostics);
    if (!diagnostics.ok()) throw std::invalid_argument(diagnostics.text());
    auto resolved = profiles::resolve(profile, profiles::builtin_objects(), diagnostics);
    if (!resolved) throw std::invalid_argument(diagnostics.text());
    return resolved;
}

class DeviceLockstep : public testing::Test {
protected:
    using Code = coap::Code;
    static constexpr auto registered = metrics::DeviceState::registered;

    // The side that the test plays.
    struct Server {
        DeviceLockstep& test;

        // The next datagram of the device.
        Seen expect(coap::MessageType type, Code code) {
            if (!has_mail()) {
                ADD_FAILURE() << "nothing was sent; expected " << coap::name(type) << ' ' << coap::to_string(code);
                return Seen(Datagram{0x40, 1, 0, 0});
            }
            Seen seen = take();
            seen.is(type, code);
            return seen;
        }
        // The same, whatever it is; REQUIRES: has_mail().
        bool has_mail() const { return !mail().empty(); }
        Seen take() {
            Seen seen(std::move(mail().front()));
            mail().pop_front();
            last_id = seen.view().message_id;
            last_token = coap::Token(seen.view().token);
            return seen;
        }
        void expect_silence() {
            EXPECT_TRUE(mail().empty()) << "sent: " << base::to_hex(mail().front());
            mail().clear();
        }
        void sends(const Message& message) { sends(message.bytes()); }
        void sends(base::Bytes bytes) { test.deliver(bytes, address()); }
        // With the message id and token of what was expected last.
        void replies(Message message) { sends(message.id(last_id).token(last_token.view())); }
        void acknowledges() { sends(Message(ACK, Code::empty).id(last_id)); }
        void resets() { sends(Message(RST, Code::empty).id(last_id)); }

        std::deque<Datagram>& mail() const { return test.wires_[number]; }
        const net::Address& address() const { return number == 0 ? test.server_address : test.other_address; }

        std::uint16_t last_id = 0;
        coap::Token last_token;
        std::size_t number = 0;  // 1: the one that the profile names beside the target
    };

    explicit DeviceLockstep(std::string yaml) : DeviceLockstep(profile_of(std::move(yaml))) {}
    explicit DeviceLockstep(profiles::ResolvedProfilePtr resolved)
        : profile(resolved),
          pool(1,
               {.devices = 1,
                .profile_of = [](std::uint64_t) { return metrics::ProfileIndex{0}; },
                .endpoint_name =
                    [](std::uint64_t, base::MutableBytes memory) {
                        memory[0] = 'd';
                        return std::size_t{1};
                    },
                .address_of = [](fleet::DeviceId) { return net::Address::from_v4(0x7f000002, 5000); }},
               {resolved}, addresses_of(*resolved)) {
        ours_.attach(0, device_address);
        theirs_.attach(0, server_address);
        theirs_.attach(1, other_address);
        counters.add_devices(0, metrics::DeviceState::idle, 1);
        if (resolved->behaviour.firmware.behaves) counters.add_firmware_device();
    }

    // Switches the device on; its Register is on the wire, if the profile has no boot delay.
    void device_starts() {
        step([&](fleet::Turn& turn) { fleet::on_command(turn, 0, {fleet::Command::Kind::start, now}); });
        after(std::chrono::milliseconds(1));
    }
    // Starts, and is registered as /rd/5a.
    void device_registers() {
        device_starts();
        server.expect(CON, Code::post).path("/rd");
        server.replies(Message(ACK, Code::created).location("/rd/5a"));
        ASSERT_EQ(state(), registered);
    }
    void device_is_told(fleet::Command::Kind kind) {
        step([&](fleet::Turn& turn) { fleet::on_command(turn, 0, {kind, now}); });
    }
    // From an address that no server of the device has.
    void stranger_sends(const Message& message) { deliver(message.bytes(), net::Address::from_v4(0x7f000001, 5999)); }
    metrics::Totals totals() const {
        const metrics::Counters* all = &counters;
        return metrics::fold(std::span(&all, 1));
    }
    metrics::DeviceState state() { return pool.state_of(0); }

    void after(base::Duration duration) {
        const base::Time end = now + duration;
        while (wheel.next_due() <= end) {
            now = std::max(now, wheel.next_due());
            step([&](fleet::Turn& turn) {
                wheel.advance(now, [&](base::TimerEvent event) { fleet::on_timer(turn, event); });
            });
        }
        now = end;
    }

    // The device's objects as they are now.
    template <class F>
    auto with_tree(F&& use) {
        fleet::Turn turn{now, pool, outbox_, wheel, endpoint, counters, latency};
        return use(fleet::DeviceTree(turn, 0));
    }

    const net::Address server_address = net::Address::from_v4(0x7f000001, 5683);
    const net::Address other_address = net::Address::from_v4(0x7f000001, 5783);
    const net::Address device_address = net::Address::from_v4(0x7f000002, 5000);
    profiles::ResolvedProfilePtr profile;
    base::Time now{};
    base::TimerWheel wheel{1024};
    coap::Endpoint endpoint{
        {.exchanges = 16, .messages = 256, .timer_kind = static_cast<std::uint32_t>(fleet::TimerKind::exchange)},
        wheel};
    fleet::DevicePool pool;
    metrics::Counters counters;
    metrics::LatencyRecorder latency{std::vector{metrics::Operation::register_, metrics::Operation::update,
                                                 metrics::Operation::deregister, metrics::Operation::notify},
                                     1};
    Server server{*this, 0, {}};
    Server other{*this, 0, {}, 1};

private:
    fleet::ServerAddresses addresses_of(const profiles::ResolvedProfile& resolved) const {
        return {server_address, {std::vector<net::Address>(resolved.servers.size() - 1, other_address)}};
    }
    template <class F>
    void step(F&& act) {
        fleet::Turn turn{now, pool, outbox_, wheel, endpoint, counters, latency};
        act(turn);
        outbox_.flush(now);
        for (auto packets = theirs_.receive(now); !packets.empty(); packets = theirs_.receive(now)) {
            for (const auto& packet : packets) {
                wires_[packet.local].emplace_back(packet.bytes.begin(), packet.bytes.end());
            }
        }
    }
    void deliver(base::Bytes bytes, const net::Address& from) {
        const Datagram datagram(bytes.begin(), bytes.end());
        step([&](fleet::Turn& turn) { fleet::on_packet(turn, {.bytes = datagram, .local = 0, .remote = from}); });
    }

    net::MemoryNetwork network_;
    net::MemoryTransport ours_{network_};
    net::MemoryTransport theirs_{network_};
    net::Outbox outbox_{ours_, 64};
    std::array<std::deque<Datagram>, 2> wires_;
};

}  // namespace support
