#include "tests/bench/codec_bench.h"

#include <array>

#include "coap/message.h"
#include "coap/oscore.h"
#include "simulator/lwm2m/codec.h"
#include "simulator/lwm2m/registration.h"
#include "tests/bench/floor.h"

namespace bench {
namespace {

constexpr int rounds = 200'000;

class Floats final : public lwm2m::TypeSource {
public:
    lwm2m::Type type_of(const lwm2m::Path&) const override { return lwm2m::Type::floating; }
    bool is_multiple(const lwm2m::Path&) const override { return false; }
};

// Keeps the optimizer from dropping work without a use.
volatile std::size_t sink = 0;

template <class F>
CodecCost measure(const std::string& name, F&& once) {
    for (int i = 0; i < rounds / 10; ++i) sink = sink + once();
    const double begin = thread_cpu_us();
    for (int i = 0; i < rounds; ++i) sink = sink + once();
    return {name, (thread_cpu_us() - begin) * 1e3 / rounds};
}

CodecCost encode(const std::string& name, lwm2m::ContentFormat format) {
    const lwm2m::Path path(3303, 0, 5700);
    const std::array<lwm2m::Entry, 1> entries{lwm2m::Entry{path, lwm2m::ValueView::of_floating(21.53), 0}};
    std::array<std::uint8_t, 256> memory{};
    return measure("encode." + name + ".ns", [&] {
        base::Writer out(memory);
        (void)lwm2m::encode(format, path, entries, out);
        return out.size();
    });
}

CodecCost decode(const std::string& name, lwm2m::ContentFormat format) {
    const lwm2m::Path path(3303, 0, 5700);
    const std::array<lwm2m::Entry, 1> entries{lwm2m::Entry{path, lwm2m::ValueView::of_floating(21.53), 0}};
    std::array<std::uint8_t, 256> memory{};
    base::Writer out(memory);
    (void)lwm2m::encode(format, path, entries, out);
    const Floats types;
    lwm2m::Entries found;
    return measure("decode." + name + ".ns", [&, payload = out.written()] {
        (void)lwm2m::decode(format, path, payload, types, found);
        return found.entries.size();
    });
}

// A Read of a value, and its answer, each way: what OSCORE costs one message.
void measure_oscore(std::vector<CodecCost>& costs) {
    const std::array<std::uint8_t, 16> secret{1, 2, 3, 4};
    const std::array<std::uint8_t, 4> token{1, 2, 3, 4};
    coap::OscoreContext client;
    coap::OscoreContext server;
    const auto input = [&](std::string_view own, std::string_view other) {
        return coap::OscoreInput{.master_secret = secret,
                                 .master_salt = {},
                                 .sender_id = base::as_bytes(own),
                                 .recipient_id = base::as_bytes(other),
                                 .id_context = {}};
    };
    coap::derive(input("17041", "s"), client);
    coap::derive(input("s", "17041"), server);
    coap::OscoreWorkspace workspace;
    std::array<std::uint8_t, 512> memory{};
    const auto protect = [&](base::Writer& out) {
        coap::MessageWriter message(
            out, {.type = coap::MessageType::confirmable, .code = coap::Code::get, .message_id = 7, .token = token});
        message.path(coap::OptionNumber::uri_path, "3303/0/5700");
        message.option_uint(coap::OptionNumber::accept, 0);
        coap::protect_request(client, out, workspace);
    };
    costs.push_back(measure("oscore.protect.ns", [&] {
        base::Writer out(memory);
        protect(out);
        return out.size();
    }));
    base::Writer sealed(memory);
    protect(sealed);
    costs.push_back(measure("oscore.unprotect.ns", [&] {
        const auto message = coap::parse(sealed.written());
        return coap::unprotect_request(server, *message, workspace, coap::OscoreReplay::check)->message.payload.size();
    }));
    costs.push_back(measure("oscore.derive.ns", [&] {
        coap::derive(input("17041", "s"), client);
        return std::size_t{client.sender_key[0]};
    }));
}

}  // namespace

std::vector<CodecCost> measure_codecs() {
    std::vector<CodecCost> costs;
    measure_oscore(costs);
    std::array<std::uint8_t, 512> memory{};
    const std::array<std::uint8_t, 4> token{1, 2, 3, 4};
    const std::string links = "</>;rt=\"oma.lwm2m\";ct=\"60 110 112 11542\",</1/0>,</3/0>,</4/0>,</3303/0>";
    const auto write = [&](base::Writer& out) {
        lwm2m::write_register(
            {.message_id = 7, .token = token},
            {.endpoint = "urn:dev:os:sensor-000017", .lifetime = 300, .version = "1.1", .binding = "U"},
            {base::as_bytes(links), std::nullopt, std::nullopt}, out);
    };
    costs.push_back(measure("encode.register.ns", [&] {
        base::Writer out(memory);
        write(out);
        return out.size();
    }));
    base::Writer message(memory);
    write(message);
    costs.push_back(
        measure("parse.register.ns", [bytes = message.written()] { return coap::parse(bytes)->payload.size(); }));
    const std::array<std::pair<std::string, lwm2m::ContentFormat>, 6> formats{
        {{"text", lwm2m::ContentFormat::text},
         {"tlv", lwm2m::ContentFormat::tlv},
         {"senml_cbor", lwm2m::ContentFormat::senml_cbor},
         {"senml_json", lwm2m::ContentFormat::senml_json},
         {"cbor", lwm2m::ContentFormat::cbor},
         {"lwm2m_cbor", lwm2m::ContentFormat::lwm2m_cbor}}};
    for (const auto& [name, format] : formats) {
        costs.push_back(encode(name, format));
        costs.push_back(decode(name, format));
    }
    return costs;
}

}  // namespace bench
