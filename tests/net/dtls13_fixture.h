// Site13: a fleet whose devices speak DTLS 1.3, some of them 1.2 or nothing, against a server that takes all of it at
// one port, over a memory network and a clock that only the test moves.
#pragma once

#include <string>

#include <gtest/gtest.h>
#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/asn.h>

#include "simulator/net/dtls13_server_transport.h"
#include "simulator/net/dtls13_transport.h"
#include "simulator/net/dtls_server_transport.h"
#include "simulator/net/dtls_transport.h"
#include "simulator/net/impairment.h"
#include "simulator/net/memory_transport.h"
#include "tests/net/certificate_fixture.h"

namespace net {

struct Keys13 final : PskSource, PskDirectory {
    static std::size_t put(std::string_view text, base::MutableBytes out) {
        std::copy(text.begin(), text.end(), out.begin());
        return text.size();
    }
    std::size_t identity(std::uint32_t device, base::MutableBytes out) const override {
        return put((device == unknown ? "who-" : "dev-") + std::to_string(device), out);
    }
    std::size_t key(std::uint32_t device, base::MutableBytes out) const override {
        const std::string generation = device == rotated ? "next " : "";
        return put((device == wrong ? "no key of dev-" : generation + "key of dev-") + std::to_string(device), out);
    }
    std::optional<Known> key_of(base::Bytes identity, unsigned from, base::MutableBytes out) const override {
        if (base::as_text(identity).substr(0, 4) != "dev-" || from > 1) return std::nullopt;
        const std::string generation = from == 1 ? "next " : "";
        return Known{.size = put(generation + "key of " + std::string(base::as_text(identity)), out),
                     .generation = static_cast<std::uint8_t>(from)};
    }
    std::uint32_t wrong = base::no_index;  // of these devices
    std::uint32_t unknown = base::no_index;
    std::uint32_t rotated = base::no_index;  // its key is of the second generation
};

// What passes here a test can see, change and send again.
class Tap final : public Transport {
public:
    explicit Tap(Transport& inner) : inner_(inner) {}
    void send(base::Time now, std::span<const Packet> packets) override {
        for (const auto& packet : packets) sent.push_back({{packet.bytes.begin(), packet.bytes.end()}, packet.local});
        inner_.send(now, packets);
    }
    std::span<const Packet> receive(base::Time now) override { return inner_.receive(now); }
    base::Time next_due() const override { return inner_.next_due(); }
    TransportCounts counts() const override { return inner_.counts(); }

    struct Sent {
        std::vector<std::uint8_t> bytes;
        std::uint32_t local = 0;
    };
    std::vector<Sent> sent;

private:
    Transport& inner_;
};

// The library sends nothing twice within a second of its own clock: that clock is the test's.
class LibraryClock {
public:
    explicit LibraryClock(const base::Time& now) {
        now_ = &now;
        wc_SetTimeCb([](time_t* out) {
            const auto time =
                start_ + std::chrono::duration_cast<std::chrono::seconds>(now_->time_since_epoch()).count();
            if (out != nullptr) *out = time;
            return static_cast<time_t>(time);
        });
    }
    LibraryClock(const LibraryClock&) = delete;
    LibraryClock& operator=(const LibraryClock&) = delete;
    ~LibraryClock() { wc_SetTimeCb(nullptr); }

private:
    static inline const std::int64_t start_ = 1'700'000'000;
    static inline const base::Time* now_ = nullptr;
};

struct Site13 {
    static constexpr std::uint32_t devices = 8;
    // What a device is.
    enum class Kind : std::uint8_t { plain, psk12, psk13, x509, raw };

    struct Options {
        std::uint32_t handshakes = 64;
        std::uint32_t server_sessions = 64;
        std::uint32_t server_handshakes = 64;
        Dtls13Suite suite = Dtls13Suite::ccm;
    };

    explicit Site13(Kind all = Kind::psk13) : Site13(all, Options{}) {}
    Site13(Kind all, const Options& with) : options(with) {
        kinds.fill(all);
        server_below.attach(0, server_address);
        for (std::uint32_t device = 0; device < devices; ++device) below.attach(device, address_of(device, 0));
        impairment = std::make_unique<Impairment>(
            Impairment::Config{.seed = 4,
                               .devices = devices,
                               .spec_of = [this](std::uint32_t) -> const ImpairmentSpec& { return spec; },
                               .index_of = [](std::uint32_t device) { return device; }},
            below);
        device_tap.emplace(*impairment);
        server_tap.emplace(server_below);
    }
    // After what is to be set was set.
    void open() {
        Dtls13Transport::Config config;
        config.server = server_address;
        config.devices = devices;
        config.keys = &keys;
        config.certificates = &certificates;
        config.handshakes = options.handshakes;
        config.resumes = [this](std::uint32_t, std::uint32_t) { return resumes; };
        config.client = [this](std::uint32_t link) -> std::optional<Dtls13Session::Client> {
            Dtls13Session::Client client{.suite = options.suite, .offers_id = link % 2 == 0};
            switch (kinds[link]) {
                case Kind::plain:
                case Kind::psk12: return std::nullopt;
                case Kind::psk13: return client;
                case Kind::x509: client.proof = Dtls13Proof::x509; return client;
                case Kind::raw: client.proof = Dtls13Proof::raw_public_key; return client;
            }
            return std::nullopt;
        };
        newer.emplace(std::move(config), *device_tap);
        DtlsTransport::Config older_config;
        older_config.server = server_address;
        older_config.devices = devices;
        older_config.keys = &keys;
        older_config.secured = [this](std::uint32_t link) { return kinds[link] == Kind::psk12; };
        older_config.offers_id = [](std::uint32_t) { return true; };
        older_config.resumes = [](std::uint32_t, std::uint32_t) { return true; };
        older_config.random = [](std::uint32_t device, std::uint32_t number) {
            RandomBytes bytes;
            bytes.fill(static_cast<std::uint8_t>(device * 16 + number));
            return bytes;
        };
        older_config.handshakes = 64;
        older.emplace(std::move(older_config), newer->rest());
        newer->join(*older);

        open_server("secret");
    }
    void open_server(std::string_view secret) {
        Dtls13ServerTransport::Config server_config;
        server_config.keys = &keys;
        server_config.certificates = &certificates;
        server_config.sessions = options.server_sessions;
        server_config.handshakes = options.server_handshakes;
        server_config.secret = base::as_bytes(secret);
        older_server.reset();
        server.emplace(server_config, *server_tap);
        DtlsServerTransport::Config older_server_config;
        older_server_config.keys = &keys;
        older_server_config.sessions = 64;
        older_server_config.plain_too = true;
        older_server_config.secret = base::as_bytes("secret");
        older_server.emplace(older_server_config, server->rest());
        server->join(*older_server);
    }
    static Address address_of(std::uint32_t device, std::uint32_t net) {
        return Address::from_v4(0x7f020000 + net * 256 + device, 40000);
    }

    // What the server gets it sends back; what the devices get is kept.
    void settle() {
        for (bool more = true; more;) {
            more = false;
            for (auto packets = server->receive(now); !packets.empty(); packets = server->receive(now)) {
                more = true;
                const std::vector<Packet> heard(packets.begin(), packets.end());
                for (const auto& packet : heard) {
                    at_server.emplace_back(packet.remote, base::as_text(packet.bytes));
                    proven.push_back(packet.proven);
                }
                server->send(now, heard);
            }
            for (auto packets = newer->receive(now); !packets.empty(); packets = newer->receive(now)) {
                more = true;
                for (const auto& packet : packets) at_devices.emplace_back(base::as_text(packet.bytes));
            }
            newer->flush(now);
            for (const auto& event : newer->take_events()) events.push_back(event);
            more = more || below.waiting() || server_below.waiting();
        }
    }
    void run(base::Duration span) {
        const base::Time end = now + span;
        for (settle(); now < end; settle()) {
            now = std::min(
                end, std::max(now + std::chrono::milliseconds(1), std::min(newer->next_due(), server->next_due())));
        }
    }
    void connect_all() {
        for (std::uint32_t device = 0; device < devices; ++device) {
            if (kinds[device] != Kind::plain) newer->connect(now, device);
        }
    }
    void say(std::uint32_t device, std::string_view text) {
        const Packet packet{base::as_bytes(text), device, server_address};
        newer->send(now, std::span(&packet, 1));
    }
    // A datagram from somewhere, as it is.
    void throw_at_server(const std::vector<std::uint8_t>& bytes, std::uint32_t device) {
        const Packet packet{bytes, device, server_address};
        below.send(now, std::span(&packet, 1));
    }
    std::uint32_t connected() const {
        std::uint32_t count = 0;
        for (std::uint32_t device = 0; device < devices; ++device) count += newer->connected(device) ? 1 : 0;
        return count;
    }
    std::size_t failures(HandshakeFailure of) const {
        return newer->dtls_counts().failures[static_cast<std::size_t>(of)];
    }
    std::size_t server_failures(HandshakeFailure of) const {
        return server->dtls_counts().failures[static_cast<std::size_t>(of)];
    }

    const Address server_address = Address::from_v4(0x7f000001, 5684);
    Options options;
    bool resumes = true;
    std::array<Kind, devices> kinds{};
    Keys13 keys;
    TestCertificates certificates;
    MemoryNetwork network;
    MemoryTransport below{network};
    MemoryTransport server_below{network};
    ImpairmentSpec spec;
    std::unique_ptr<Impairment> impairment;
    std::optional<Tap> device_tap;
    std::optional<Tap> server_tap;
    std::optional<Dtls13Transport> newer;
    std::optional<DtlsTransport> older;
    std::optional<Dtls13ServerTransport> server;
    std::optional<DtlsServerTransport> older_server;
    base::Time now{};
    LibraryClock clock{now};
    std::vector<LinkEvent> events;
    std::vector<std::pair<Address, std::string>> at_server;
    std::vector<PeerMark> proven;  // of what is at the server
    const PeerIdentities identities{base::as_bytes("secret")};
    std::vector<std::string> at_devices;
};

}  // namespace net
