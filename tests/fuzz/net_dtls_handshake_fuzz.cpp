// Fuzz: what a server may send to a client in a handshake, and a client to a server. The input is a list of datagrams,
// each behind two bytes of length; the first byte says who reads them, and whether the handshake is one by certificate.
// Nothing may be established by what nobody signed.
#include <cstdint>
#include <vector>

#include "simulator/base/check.h"
#include "simulator/net/dtls_client_handshake.h"
#include "simulator/net/dtls_server_handshake.h"

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
    // Of two generations, so that the second is tried too.
    std::optional<Known> key_of(base::Bytes, unsigned from, base::MutableBytes out) const override {
        if (from > 1) return std::nullopt;
        return Known{.size = key(0, out), .generation = static_cast<std::uint8_t>(from)};
    }
};

// Every chain is taken, as that of the one key that the seeds are signed with: what is behind it is to be reached.
struct Certificates final : net::CertificateSource, net::ServerCertificates {
    base::P256 engine;
    base::P256Scalar secret{};
    base::P256Point point{};
    std::array<std::uint8_t, 3 + base::p256_public_key_size> body{};

    Certificates() {
        base::derive_p256_key(base::as_bytes("fuzz"), base::as_bytes("everybody"), secret);
        CHECK(engine.public_of(secret, point));
        base::Writer out{base::MutableBytes(body)};
        net::write_raw_public_key(base::to_public_key(point), out);
    }
    net::CertificateType type(std::uint32_t) const override { return net::CertificateType::x509; }
    net::CertificateCiphers ciphers(std::uint32_t) const override { return net::CertificateCiphers::both; }
    void write_certificate(std::uint32_t, base::Writer& out) const override { out.put(body); }
    void key(std::uint32_t, base::P256Scalar& out) const override { out = secret; }
    std::string_view server_name(std::uint32_t) const override { return "server.test"; }
    base::CertificateFault judge(std::uint32_t, net::CertificateType kind, base::Bytes bytes,
                                 net::PeerKey& out) const override {
        return judge(kind, bytes, out);
    }
    base::Bytes certificate(net::CertificateType) const override { return body; }
    bool accepts(net::CertificateType) const override { return true; }
    const base::P256Scalar& key() const override { return secret; }
    base::CertificateFault judge(net::CertificateType kind, base::Bytes bytes, net::PeerKey& out) const override {
        static const auto trust = base::CertificateTrust::make({});
        auto fault = base::CertificateFault::none;
        if (kind == net::CertificateType::x509) {
            fault = net::judge_x509(*trust, bytes, out);
        } else {
            fault = net::judge_raw_public_key(bytes, {}, out);
        }
        if (fault == base::CertificateFault::missing) return fault;
        out.key = point;
        return base::CertificateFault::none;
    }
};

// Null where the handshake is not one by certificate.
net::CertificateState* fresh(bool certificates, net::CertificateState& state) {
    state = {};
    state.ephemeral = {1, 2, 3};
    return certificates ? &state : nullptr;
}

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

void run_client(base::Bytes input, bool by_certificate) {
    static Certificates certificates;
    static net::CertificateState state;
    net::ClientHandshakeConfig config;
    config.certificates = &certificates;
    config.p256 = &certificates.engine;
    const Keys keys;
    base::Aes128 aes;
    net::ClientHandshake handshake;
    net::DiscardCounts discards{};
    std::vector<std::uint8_t> memory(net::flight_capacity);
    base::Writer hello{base::MutableBytes(memory)};
    net::ClientHandshake::Start start;
    start.certificates = fresh(by_certificate, state);
    handshake.start({}, config, start, hello);
    each_datagram(input, [&](std::vector<std::uint8_t>& datagram) {
        base::Writer out{base::MutableBytes(memory)};
        const auto step = handshake.on_datagram({}, config, keys, aes, datagram, out, discards);
        CHECK(step.kind != net::HandshakeStep::Kind::established);
        return step.kind == net::HandshakeStep::Kind::waiting;
    });
}

void run_server(base::Bytes input, bool by_certificate) {
    static Certificates certificates;
    static net::CertificateState state;
    const Keys keys;
    base::Aes128 aes;
    net::ServerHandshakeConfig config;
    if (by_certificate) {
        config.certificates = &certificates;
        config.p256 = &certificates.engine;
    }
    const net::CookieJar jar(base::as_bytes("secret"));
    net::ServerHandshake handshake;
    net::DiscardCounts discards{};
    std::vector<std::uint8_t> memory(net::flight_capacity);
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
        answer.suite = by_certificate ? net::CipherSuite::ecdhe_ecdsa_aes128_ccm8 : net::CipherSuite::psk_aes128_ccm8;
        if (!answer.hello.offers(answer.suite) || answer.hello.version > net::dtls12_version ||
            answer.hello.connection_id.value_or(base::Bytes{}).size() > net::max_connection_id) {
            return true;
        }
        began = true;
        base::Writer flight{base::MutableBytes(memory)};
        net::ServerHandshake::Begin begin;
        begin.certificates = fresh(by_certificate, state);
        handshake.begin({}, config, answer, begin, aes, flight);
        return true;
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const bool by_certificate = data[0] >= 2;
    const base::Bytes input(data + 1, size - 1);
    data[0] % 2 == 0 ? run_client(input, by_certificate) : run_server(input, by_certificate);
    return 0;
}
