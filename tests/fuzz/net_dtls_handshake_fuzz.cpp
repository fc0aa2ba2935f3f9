// Fuzz: what a server may send to a client in a handshake, and a client to a server. The input is a list of datagrams,
// each behind two bytes of length; the first byte says who reads them. Nothing may be established by what nobody
// signed.
#include <cstdint>
#include <vector>

#include "simulator/base/check.h"
#include "simulator/net/dtls_handshake_psk.h"
#include "simulator/net/dtls_server_psk.h"

namespace {

struct Keys final : net::PskSource, net::PskDirectory {
    std::size_t identity(std::uint32_t, base::MutableBytes out) const override {
        out[0] = 'a';
        return 1;
    }
    std::size_t key(std::uint32_t, base::MutableBytes out) const override {
        out[0] = 7;
        return 1;
    }
    std::optional<std::size_t> key_of(base::Bytes, base::MutableBytes out) const override { return key(0, out); }
};

template <class F>
void each_datagram(base::Bytes input, F&& take) {
    base::Reader reader(input);
    for (int i = 0; i < 32; ++i) {
        const auto size = reader.take_u16();
        if (!size) return;
        const auto bytes = reader.take(std::min<std::size_t>(*size, reader.left()));
        std::vector<std::uint8_t> datagram(bytes->begin(), bytes->end());
        if (!take(datagram)) return;
    }
}

void run_client(base::Bytes input) {
    const Keys keys;
    base::Aes128 aes;
    net::PskHandshake handshake;
    net::DiscardCounts discards{};
    std::vector<std::uint8_t> memory(1472);
    base::Writer hello{base::MutableBytes(memory)};
    handshake.start({}, {}, {}, hello);
    each_datagram(input, [&](std::vector<std::uint8_t>& datagram) {
        base::Writer out{base::MutableBytes(memory)};
        const auto step = handshake.on_datagram({}, {}, keys, aes, datagram, out, discards);
        CHECK(step.kind != net::HandshakeStep::Kind::established);
        return step.kind == net::HandshakeStep::Kind::waiting;
    });
}

void run_server(base::Bytes input) {
    const Keys keys;
    base::Aes128 aes;
    const net::PskServerConfig config;
    const net::CookieJar jar(base::as_bytes("secret"));
    net::PskServerHandshake handshake;
    net::DiscardCounts discards{};
    std::vector<std::uint8_t> memory(1472);
    bool began = false;
    each_datagram(input, [&](std::vector<std::uint8_t>& datagram) {
        base::Writer out{base::MutableBytes(memory)};
        if (began) {
            const auto step = handshake.on_datagram({}, config, keys, aes, datagram, out, discards);
            CHECK(step.kind != net::HandshakeStep::Kind::established);
            return step.kind == net::HandshakeStep::Kind::waiting;
        }
        net::RecordReader records(datagram, 0);
        const auto record = records.next();
        if (!record) return true;
        auto answer = net::answer_hello(config, jar, {}, *record, out);
        // No mutation finds a cookie: here every well-formed hello has the right one.
        if (answer.kind == net::HelloAnswer::Kind::verify) answer.kind = net::HelloAnswer::Kind::accepted;
        if (answer.kind != net::HelloAnswer::Kind::accepted) return true;
        if (!answer.hello.offers(net::CipherSuite::psk_aes128_ccm8) || answer.hello.version > net::dtls12_version ||
            answer.hello.connection_id.value_or(base::Bytes{}).size() > net::max_connection_id) {
            return true;
        }
        began = true;
        base::Writer flight{base::MutableBytes(memory)};
        handshake.begin({}, config, answer, {}, aes, flight);
        return true;
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    data[0] == 0 ? run_client({data + 1, size - 1}) : run_server({data + 1, size - 1});
    return 0;
}
