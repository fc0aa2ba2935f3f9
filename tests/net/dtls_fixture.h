// DtlsPair: a client and a server of our own PSK handshake, a line between them that a test can spoil, and a clock that
// only the test moves.
#pragma once

#include <deque>
#include <functional>

#include <gtest/gtest.h>

#include "simulator/net/dtls_client_handshake.h"
#include "simulator/net/dtls_server_handshake.h"
#include "tests/net/certificate_fixture.h"
#include "tests/support/hex.h"

namespace net {

using Datagram = std::vector<std::uint8_t>;

struct TestKeys final : PskSource, PskDirectory {
    std::string client_identity = "urn:dev:1";
    std::string client_key = "sixteen bytes...";
    std::string server_key = "sixteen bytes...";
    std::vector<std::string> next_server_keys;  // of later generations

    static std::size_t put(std::string_view text, base::MutableBytes out) {
        std::copy(text.begin(), text.end(), out.begin());
        return text.size();
    }
    std::size_t identity(std::uint32_t, base::MutableBytes out) const override { return put(client_identity, out); }
    std::size_t key(std::uint32_t, base::MutableBytes out) const override { return put(client_key, out); }
    std::optional<Known> key_of(base::Bytes identity, unsigned from, base::MutableBytes out) const override {
        if (base::as_text(identity) != "urn:dev:1" || from > next_server_keys.size()) return std::nullopt;
        const auto& key = from == 0 ? server_key : next_server_keys[from - 1];
        return Known{.size = put(key, out), .generation = static_cast<std::uint8_t>(from)};
    }
};

struct DtlsPair {
    using Kind = HandshakeStep::Kind;

    TestKeys keys;
    ClientHandshakeConfig client_config;
    ServerHandshakeConfig server_config;
    base::Aes128 aes;
    CookieJar jar{base::as_bytes("cookie secret")};
    ClientHandshake client;
    ServerHandshake server;
    std::unique_ptr<TestCertificates> certificates;  // where the handshake is one with them
    CertificateState client_state;
    CertificateState server_state;
    bool server_began = false;
    HandshakeStep client_step;
    HandshakeStep server_step;
    std::optional<ResumableSession> known;  // by the client and the server
    Datagram own_id;                        // of the server
    std::deque<Datagram> to_server;
    std::deque<Datagram> to_client;
    std::vector<Datagram> from_client;  // all that it ever sent
    std::vector<Datagram> from_server;
    DiscardCounts client_discards{};
    DiscardCounts server_discards{};
    base::Time now{};
    std::uint8_t randoms = 1;
    std::function<bool(const Datagram&)> keep = [](const Datagram&) { return true; };
    // After `established`: the sessions that the owners have taken over.
    DtlsSession client_session;
    DtlsSession server_session;

    std::array<std::uint8_t, flight_capacity> memory{};
    base::Writer writer() { return base::Writer(base::MutableBytes(memory)); }
    RandomBytes random() {
        RandomBytes bytes;
        bytes.fill(randoms++);
        return bytes;
    }

    void send(std::deque<Datagram>& to, std::vector<Datagram>& log, base::Writer& out) {
        ASSERT_FALSE(out.failed());
        const std::size_t id_size = &to == &to_server ? client.session().write_id_size : 0;
        each_datagram(out.memory().first(out.size()), id_size, 1472, [&](base::Bytes datagram) {
            log.emplace_back(datagram.begin(), datagram.end());
            if (keep(log.back())) to.push_back(log.back());
        });
    }
    // Both sides have certificates, or raw public keys.
    TestCertificates& with_certificates(CertificateType type = CertificateType::x509) {
        certificates = std::make_unique<TestCertificates>();
        certificates->client_type = type;
        client_config.certificates = certificates.get();
        server_config.certificates = certificates.get();
        client_config.p256 = server_config.p256 = &certificates->engine;
        server_config.accept_ccm8 = server_config.accept_cbc = false;
        return *certificates;
    }
    CertificateState* state_of(CertificateState& state, std::string_view who) {
        if (certificates == nullptr) return nullptr;
        state = {};
        const std::uint8_t number = randoms;
        base::derive_p256_key(base::Bytes(&number, 1), base::as_bytes(who), state.ephemeral);
        return &state;
    }
    void start() {
        auto out = writer();
        client.start(now, client_config,
                     {.device = 7,
                      .random = random(),
                      .resume = known ? &*known : nullptr,
                      .certificates = state_of(client_state, "client")},
                     out);
        send(to_server, from_client, out);
    }
    void client_takes(Datagram datagram) {
        auto out = writer();
        if (client_step.kind == Kind::established) {
            client_takes_later(datagram, out);
        } else {
            client_step = client.on_datagram(now, client_config, keys, aes, datagram, out, client_discards);
            if (client_step.kind == Kind::established) client_session = client.session();
        }
        send(to_server, from_client, out);
    }
    void client_takes_later(Datagram& datagram, base::Writer& out) {
        RecordReader records(datagram, 0);
        while (const auto record = records.next()) {
            const auto opened = open(aes, client_session, &client.mac(), {}, *record);
            if (opened.discard == RecordDiscard::none && opened.type == ContentType::handshake) {
                client.repeat_last_flight(aes, client_session, out);
            }
        }
    }
    void server_takes(Datagram datagram) {
        auto out = writer();
        if (server_step.kind == Kind::established) {
            RecordReader records(datagram, server_session.read_id_size);
            while (const auto record = records.next()) {
                const auto opened = open(aes, server_session, &server.mac(), own_id, *record);
                if (opened.discard == RecordDiscard::none && opened.type == ContentType::handshake) {
                    server.repeat_last_flight(aes, server_session, out);
                }
            }
        } else if (!server_began) {
            RecordReader records(datagram, 0);
            const auto record = records.next();
            if (!record) return;
            const auto answer = answer_hello(server_config, jar, base::as_bytes("127.0.0.1"), *record, out);
            if (answer.kind == HelloAnswer::Kind::accepted) {
                server_began = true;
                ServerHandshake::Begin begin{.random = random(),
                                             .session_id = {},
                                             .own_id = own_id,
                                             .resume = nullptr,
                                             .certificates = state_of(server_state, "server")};
                begin.session_id.fill(0x5e);
                if (known && base::equal(answer.hello.session_id, known->id_view())) begin.resume = &*known;
                out.rewind(0);
                server.begin(now, server_config, answer, begin, aes, out);
            }
        } else {
            server_step = server.on_datagram(now, server_config, keys, aes, datagram, out, server_discards);
            if (server_step.kind == Kind::established) server_session = server.session();
        }
        send(to_client, from_server, out);
    }
    // Delivers whatever is on the line, until nothing is.
    void deliver() {
        while (!to_server.empty() || !to_client.empty()) {
            auto& line = to_server.empty() ? to_client : to_server;
            auto datagram = std::move(line.front());
            line.pop_front();
            &line == &to_server ? server_takes(std::move(datagram)) : client_takes(std::move(datagram));
        }
    }
    void fire_timers() {
        auto out = writer();
        const auto step = client.on_timer(now, client_config, keys, aes, out);
        if (step.kind != Kind::waiting) client_step = step;
        send(to_server, from_client, out);
        out = writer();
        const auto other = server.on_timer(now, server_config, aes, out);
        if (other.kind != Kind::waiting) server_step = other;
        send(to_client, from_server, out);
    }
    // To the next timer of either side; false when there is none.
    bool advance() {
        const base::Time next = std::min(client.timer_due(), server.timer_due());
        if (next == base::never) return false;
        now = next;
        fire_timers();
        return true;
    }
    void run() {
        start();
        deliver();
        while (!both_established() && advance()) deliver();
    }
    bool both_established() const {
        return client_step.kind == Kind::established && server_step.kind == Kind::established;
    }
    // Application data goes through, both ways.
    void expect_traffic() {
        ASSERT_TRUE(both_established());
        const auto pass = [&](DtlsSession& from, const CbcKeys& mac, DtlsSession& to, const CbcKeys& other,
                              base::Bytes id) {
            Datagram record(200);
            const auto size = seal(aes, from, &mac, ContentType::application_data, base::as_bytes("hello"), record);
            RecordReader records(base::MutableBytes(record).first(size), id.size());
            const auto view = records.next();
            ASSERT_TRUE(view);
            const auto opened = open(aes, to, &other, id, *view);
            EXPECT_EQ(name(opened.discard), "none");
            EXPECT_EQ(opened.type, ContentType::application_data);
            EXPECT_EQ(base::as_text(opened.text), "hello");
        };
        pass(client_session, client.mac(), server_session, server.mac(), own_id);
        pass(server_session, server.mac(), client_session, client.mac(), {});
    }
    std::uint64_t discarded(const DiscardCounts& counts, RecordDiscard why) const {
        return counts[static_cast<std::size_t>(why)];
    }
    // A new pair of handshakes; what both know stays.
    void again() {
        client = {};
        server = {};
        server_began = false;
        client_step = server_step = {};
        from_client.clear();
        from_server.clear();
        to_client.clear();
        to_server.clear();
    }
};

}  // namespace net
