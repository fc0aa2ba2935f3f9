// DeviceOscore: a device of a profile with OSCORE, and a server that has the same secrets.
//
//   device_starts();
//   secured.expect(CON, Code::post).path("/rd").query("ep=d");
//   secured.replies(Message(ACK, Code::created).location("/rd/5a"));
#pragma once

#include "coap/oscore.h"
#include "metrics/conservation.h"
#include "tests/support/device_lockstep.h"
#include "tests/support/hex.h"

namespace support {

inline constexpr const char* oscore_device = R"(
lwm2m: {version: "1.1", lifetime: 60s}
formats: [text, tlv]
objects:
  device/0:
    manufacturer: Acme
    timezone: UTC
    reboot:
behaviour: {on_execute: {/3/0/4: reboot(8s)}}
)";

inline std::string oscore_yaml(const std::string& more, const std::string& device) {
    return "profile: spec\ndescription: a device with OSCORE\nendpoint: \"d\"\n" + device +
           R"(oscore: {sender_id: d, recipient_id: s, master_secret: {hex: "0102030405060708090a0b0c0d0e0f10"}, )" +
           more + "}\n";
}

class DeviceOscore : public DeviceLockstep {
protected:
    // The server's half of the context, and what it says by it.
    struct Secured {
        DeviceOscore& test;
        coap::OscoreContext context;
        coap::OscoreWorkspace workspace;
        std::uint64_t request_iv = 0;  // of the device's request that came last
        std::uint64_t asked_iv = 0;    // of our request that was sent last

        // The device's request, as it is meant.
        Seen expect(coap::MessageType type, Code code) {
            auto outer = test.server.expect(type, Code::post);
            const auto opened = coap::unprotect_request(context, outer.view(), workspace);
            EXPECT_TRUE(opened) << "does not open: " << base::to_hex(outer.bytes());
            if (!opened) return outer;
            request_iv = *opened->partial_iv;
            auto seen = copy(opened->message);
            seen.is(type, code);
            return seen;
        }
        void replies(Message message) {
            message.id(test.server.last_id).token(test.server.last_token.view());
            test.server.sends(response(message));
        }
        // A protected response to the device's last request.
        Datagram response(const Message& message) {
            return seal(message, [&](base::Writer& out) {
                coap::protect_response(context, request_iv, coap::OscoreNonce::of_request, out, workspace);
            });
        }
        // A protected request of the server.
        Datagram request(const Message& message) {
            auto sealed = seal(message, [&](base::Writer& out) { coap::protect_request(context, out, workspace); });
            asked_iv = context.request_partial_iv;
            return sealed;
        }
        void asks(const Message& message) { test.server.sends(request(message)); }
        // The device's answer to it, or a notification, as it is meant.
        Seen answer(coap::MessageType type, Code code) { return answer_to(asked_iv, type, code); }
        Seen answer_to(std::uint64_t iv, coap::MessageType type, Code code) {
            if (!test.server.has_mail()) {
                ADD_FAILURE() << "no answer";
                return Seen(Datagram{0x40, 1, 0, 0});
            }
            auto outer = test.server.take();
            last_outer = outer.bytes();
            const auto opened = coap::unprotect_response(context, iv, outer.view(), workspace);
            EXPECT_TRUE(opened) << "does not open: " << base::to_hex(outer.bytes());
            if (!opened) return outer;
            auto seen = copy(opened->message);
            seen.is(type, code);
            return seen;
        }
        Datagram last_outer;

    private:
        template <class F>
        static Datagram seal(const Message& message, F&& protect) {
            Datagram memory(2048);
            base::Writer out(memory);
            out.put(message.bytes());
            protect(out);
            EXPECT_FALSE(out.failed());
            memory.resize(out.size());
            return memory;
        }
        static Seen copy(const coap::MessageView& message) {
            Datagram memory(2048);
            base::Writer out(memory);
            coap::MessageWriter writer(out, {message.type, message.code, message.message_id, message.token});
            for (const auto& option : message.options) writer.option(option.number, option.value);
            writer.payload(message.payload);
            memory.resize(out.size());
            return Seen(std::move(memory));
        }
    };

    explicit DeviceOscore(const std::string& more = "reboot: keep", const std::string& device = oscore_device)
        : DeviceLockstep(oscore_yaml(more, device)) {
        renew(std::nullopt);
    }
    // The server makes its half anew.
    void renew(std::optional<base::Bytes> id_context) {
        const auto secret = hex("0102030405060708090a0b0c0d0e0f10");
        coap::derive({.master_secret = secret,
                      .master_salt = {},
                      .sender_id = base::as_bytes("s"),
                      .recipient_id = base::as_bytes("d"),
                      .id_context = id_context},
                     secured.context);
    }
    void registers_securely() {
        device_starts();
        secured.expect(CON, Code::post).path("/rd");
        secured.replies(Message(ACK, Code::created).location("/rd/5a"));
        ASSERT_EQ(state(), registered);
    }
    std::int64_t discarded(metrics::Discard reason) {
        metrics::Totals totals;
        metrics::accumulate(totals, counters);
        return totals.discarded[metrics::index(reason)];
    }
    std::int64_t failed(metrics::Operation operation, metrics::Cause cause) {
        metrics::Totals totals;
        metrics::accumulate(totals, counters);
        return totals.failures[metrics::index(operation)][metrics::index(cause)];
    }

    Secured secured{*this, coap::OscoreContext(), coap::OscoreWorkspace(), 0, 0, {}};
};

}  // namespace support
