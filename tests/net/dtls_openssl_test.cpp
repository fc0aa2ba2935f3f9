// Our client against OpenSSL's server, and our server against its client, each a process of its own: what an
// independent implementation takes and sends.
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "simulator/base/crypto_pem.h"
#include "tests/net/dtls_fixture.h"

namespace net {
namespace {

constexpr const char* key_hex = "000102030405060708090a0b0c0d0e0f";

using Arguments = std::vector<std::string>;

Arguments psk(const std::string& cipher) {
    return {"-nocert", "-psk_identity", "urn:dev:1", "-psk", key_hex, "-cipher", cipher};
}

// openssl s_server or s_client at a port of loopback; what it is told goes to its peer, what that says it prints.
class Openssl {
public:
    static sockaddr_in free_address() {
        const int probe = socket(AF_INET, SOCK_DGRAM, 0);
        sockaddr_in name{};
        name.sin_family = AF_INET;
        name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        bind(probe, reinterpret_cast<sockaddr*>(&name), sizeof name);
        socklen_t size = sizeof name;
        getsockname(probe, reinterpret_cast<sockaddr*>(&name), &size);
        close(probe);
        return name;
    }
    static Openssl server(const Arguments& more) { return {free_address(), {"s_server", "-listen", "-accept"}, more}; }
    static Openssl client(const sockaddr_in& to, const Arguments& more) { return {to, {"s_client", "-connect"}, more}; }

    Openssl(const sockaddr_in& name, const Arguments& first, const Arguments& more) : address_(name) {
        int in[2];
        int out[2];
        if (pipe(in) != 0 || pipe(out) != 0) return;
        pid_ = fork();
        if (pid_ == 0) {
            dup2(in[0], 0);
            dup2(out[1], 1);
            dup2(out[1], 2);
            for (const int fd : {in[0], in[1], out[0], out[1]}) close(fd);
            Arguments all{"openssl"};
            all.insert(all.end(), first.begin(), first.end());
            all.push_back("127.0.0.1:" + std::to_string(ntohs(name.sin_port)));
            all.emplace_back("-dtls1_2");
            all.insert(all.end(), more.begin(), more.end());
            std::vector<char*> texts;
            for (auto& text : all) texts.push_back(text.data());
            texts.push_back(nullptr);
            execvp("openssl", texts.data());
            _exit(127);
        }
        close(in[0]);
        close(out[1]);
        in_ = in[1];
        out_ = out[0];
    }
    Openssl(const Openssl&) = delete;
    Openssl& operator=(const Openssl&) = delete;
    ~Openssl() {
        if (pid_ > 0) {
            kill(pid_, SIGKILL);
            waitpid(pid_, nullptr, 0);
        }
        close(in_);
        close(out_);
    }
    // Reads what it prints until that contains `text`.
    bool prints(const std::string& text) {
        for (int i = 0; i < 50 && printed_.find(text) == std::string::npos; ++i) {
            pollfd wait{out_, POLLIN, 0};
            if (poll(&wait, 1, 100) <= 0) continue;
            char memory[4096];
            const auto got = read(out_, memory, sizeof memory);
            if (got <= 0) break;
            printed_.append(memory, static_cast<std::size_t>(got));
        }
        return printed_.find(text) != std::string::npos;
    }
    void say(const std::string& text) { EXPECT_GT(write(in_, text.data(), text.size()), 0); }
    const sockaddr_in& address() const { return address_; }
    const std::string& printed() const { return printed_; }

private:
    pid_t pid_ = -1;
    int in_ = -1;
    int out_ = -1;
    sockaddr_in address_{};
    std::string printed_;
};

struct OpensslClient {
    TestKeys keys;
    ClientHandshakeConfig config;
    base::Aes128 aes;
    ClientHandshake handshake;
    DiscardCounts discards{};
    int fd = -1;
    base::Time now{};

    OpensslClient() { keys.client_key = base::as_text(support::hex(key_hex)); }
    ~OpensslClient() { close(fd); }
    void connect_to(const sockaddr_in& address) {
        fd = socket(AF_INET, SOCK_DGRAM, 0);
        ASSERT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }
    void send_out(base::Bytes bytes) { EXPECT_GT(send(fd, bytes.data(), bytes.size(), 0), 0); }
    Datagram receive() {
        pollfd wait{fd, POLLIN, 0};
        Datagram datagram(2048);
        if (poll(&wait, 1, 2000) <= 0) return {};
        const auto got = recv(fd, datagram.data(), datagram.size(), 0);
        datagram.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return datagram;
    }
    void send_flight(base::Writer& out) {
        each_datagram(out.memory().first(out.size()), 0, 1472, [&](base::Bytes datagram) { send_out(datagram); });
    }
    HandshakeStep run(const ResumableSession* resume = nullptr) {
        std::array<std::uint8_t, flight_capacity> memory;
        ClientHandshake::Start start{.device = 0, .random = {}, .resume = resume, .certificates = nullptr};
        base::fill_random(start.random);
        CertificateState state;
        if (config.certificates != nullptr) {
            start.certificates = &state;
            base::derive_p256_key(start.random, base::as_bytes("client"), state.ephemeral);
        }
        base::Writer hello{base::MutableBytes(memory)};
        handshake.start(now, config, start, hello);
        send_out(hello.written());
        for (int i = 0; i < 10; ++i) {
            auto datagram = receive();
            base::Writer out{base::MutableBytes(memory)};
            const auto step = handshake.on_datagram(now, config, keys, aes, datagram, out, discards);
            send_flight(out);
            if (step.kind != HandshakeStep::Kind::waiting) return step;
        }
        return {};
    }
};

bool has_openssl() { return std::system("openssl version >/dev/null 2>&1") == 0; }

void talk(OpensslClient& client, const Arguments& arguments) {
    auto server = Openssl::server(arguments);
    ASSERT_TRUE(server.prints("ACCEPT")) << server.printed();
    client.connect_to(server.address());
    const auto step = client.run();
    ASSERT_EQ(step.kind, HandshakeStep::Kind::established) << name(step.alert) << server.printed();
    EXPECT_TRUE(client.handshake.resumable());
    auto session = client.handshake.session();
    Datagram record(200);
    record.resize(seal(client.aes, session, &client.handshake.mac(), ContentType::application_data,
                       base::as_bytes("from the device\n"), record));
    client.send_out(record);
    EXPECT_TRUE(server.prints("from the device")) << server.printed();
    server.say("from the server\n");
    auto answer = client.receive();
    RecordReader records(answer, 0);
    const auto view = records.next();
    ASSERT_TRUE(view);
    const auto opened = open(client.aes, session, &client.handshake.mac(), {}, *view);
    EXPECT_EQ(name(opened.discard), "none");
    EXPECT_EQ(base::as_text(opened.text), "from the server\n");
}

class PskHandshakeWithOpenssl : public testing::Test {
protected:
    void SetUp() override {
        if (!has_openssl()) GTEST_SKIP() << "no openssl here";
        client.config.offer_cbc = true;
    }
    OpensslClient client;
};

TEST_F(PskHandshakeWithOpenssl, SpeaksCcm8) { talk(client, psk("PSK-AES128-CCM8:@SECLEVEL=0")); }

TEST_F(PskHandshakeWithOpenssl, SpeaksCbcSha256) { talk(client, psk("PSK-AES128-CBC-SHA256:@SECLEVEL=0")); }

class CertificateHandshakeWithOpenssl : public testing::Test {
protected:
    void SetUp() override {
        if (!has_openssl()) GTEST_SKIP() << "no openssl here";
        folder = std::filesystem::temp_directory_path() / ("lwm2m-sim-openssl-" + std::to_string(getpid()));
        std::filesystem::create_directories(folder);
        write("ca.pem", base::write_pem("CERTIFICATE", test.ca.certificate));
        write_party("server", test.server);
        write_party("device", test.device);
        client.config.certificates = &test;
        client.config.p256 = &test.engine;
    }
    void TearDown() override { std::filesystem::remove_all(folder); }
    std::string file(const std::string& name) const { return folder / name; }
    void write(const std::string& name, const std::string& text) const { std::ofstream(file(name)) << text; }
    void write_party(const std::string& name, const TestCertificates::Credentials& who) const {
        write(name + ".pem", base::write_pem("CERTIFICATE", who.certificate) +
                                 base::write_pem("EC PRIVATE KEY", ec_private_key_der(who)));
    }
    // OpenSSL as `who`, who wants a certificate of the CA.
    Arguments as(const std::string& who, const std::string& cipher) const {
        return {"-cert",        file(who + ".pem"), "-key", file(who + ".pem"),    "-CAfile",
                file("ca.pem"), "-cipher",          cipher, "-verify_return_error"};
    }
    Arguments server(const std::string& cipher) const {
        auto all = as("server", cipher);
        all.insert(all.end(), {"-Verify", "3"});
        return all;
    }

    TestCertificates test;
    OpensslClient client;
    std::filesystem::path folder;
};

TEST_F(CertificateHandshakeWithOpenssl, SpeaksCcm8) {
    talk(client, server("ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0"));
    EXPECT_EQ(client.handshake.session().cipher, RecordCipher::aes128_ccm8);
}

TEST_F(CertificateHandshakeWithOpenssl, SpeaksGcm) {
    talk(client, server("ECDHE-ECDSA-AES128-GCM-SHA256"));
    EXPECT_EQ(client.handshake.session().cipher, RecordCipher::aes128_gcm);
}

TEST_F(CertificateHandshakeWithOpenssl, SendsNoCertificateWhereNoneIsAskedFor) {
    talk(client, as("server", "ECDHE-ECDSA-AES128-GCM-SHA256"));
}

TEST_F(CertificateHandshakeWithOpenssl, IsRefusedWithACertificateOfSomebodyElse) {
    auto stranger = TestCertificates::Credentials();
    test.make_key("stranger", stranger);
    std::swap(test.ca, stranger);
    test.issue(test.device, {.subject = "urn:dev:1"});
    auto openssl = Openssl::server(server("ECDHE-ECDSA-AES128-GCM-SHA256"));
    ASSERT_TRUE(openssl.prints("ACCEPT")) << openssl.printed();
    client.connect_to(openssl.address());
    const auto step = client.run();
    EXPECT_EQ(step.kind, HandshakeStep::Kind::failed);
    EXPECT_EQ(step.cause, HandshakeStep::Cause::alert_received);
}

// Our server, one client long.
struct ServerForOpenssl {
    TestKeys keys;
    ServerHandshakeConfig config;
    base::Aes128 aes;
    CookieJar jar{base::as_bytes("cookie secret")};
    ServerHandshake handshake;
    CertificateState state;
    DiscardCounts discards{};
    int fd = -1;
    sockaddr_in address = Openssl::free_address();
    sockaddr_in peer{};

    ServerForOpenssl() {
        fd = socket(AF_INET, SOCK_DGRAM, 0);
        EXPECT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }
    ~ServerForOpenssl() { close(fd); }
    Datagram receive() {
        pollfd wait{fd, POLLIN, 0};
        Datagram datagram(2048);
        if (poll(&wait, 1, 3000) <= 0) return {};
        socklen_t size = sizeof peer;
        const auto got = recvfrom(fd, datagram.data(), datagram.size(), 0, reinterpret_cast<sockaddr*>(&peer), &size);
        datagram.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return datagram;
    }
    void send_flight(base::Writer& out) {
        each_datagram(out.memory().first(out.size()), 0, 1472, [&](base::Bytes datagram) {
            sendto(fd, datagram.data(), datagram.size(), 0, reinterpret_cast<const sockaddr*>(&peer), sizeof peer);
        });
    }
    HandshakeStep run() {
        std::array<std::uint8_t, flight_capacity> memory;
        bool began = false;
        for (int i = 0; i < 12; ++i) {
            auto datagram = receive();
            base::Writer out{base::MutableBytes(memory)};
            if (began) {
                const auto step = handshake.on_datagram({}, config, keys, aes, datagram, out, discards);
                send_flight(out);
                if (step.kind != HandshakeStep::Kind::waiting) return step;
                continue;
            }
            RecordReader records(datagram, 0);
            const auto record = records.next();
            if (!record) return {};
            const auto answer = answer_hello(config, jar, base::as_bytes("peer"), *record, out);
            if (answer.kind == HelloAnswer::Kind::accepted) {
                began = true;
                base::fill_random(state.ephemeral);
                ServerHandshake::Begin begin{
                    .random = {}, .session_id = {}, .own_id = {}, .resume = nullptr, .certificates = &state};
                base::fill_random(begin.random);
                out.rewind(0);
                handshake.begin({}, config, answer, begin, aes, out);
            }
            send_flight(out);
        }
        return {};
    }
};

void serve(TestCertificates& test, const Arguments& arguments) {
    ServerForOpenssl server;
    server.config.certificates = &test;
    server.config.p256 = &test.engine;
    auto client = Openssl::client(server.address, arguments);
    const auto step = server.run();
    ASSERT_EQ(step.kind, HandshakeStep::Kind::established) << name(step.alert) << client.printed();
    EXPECT_EQ(server.state.peer.name, base::sha256(base::as_bytes("urn:dev:1")));
    client.say("from the client\n");
    auto session = server.handshake.session();
    auto datagram = server.receive();
    RecordReader records(datagram, 0);
    const auto view = records.next();
    ASSERT_TRUE(view);
    const auto opened = open(server.aes, session, nullptr, {}, *view);
    EXPECT_EQ(base::as_text(opened.text), "from the client\n");
}

TEST_F(CertificateHandshakeWithOpenssl, ServesAClientThatSpeaksCcm8) {
    serve(test, as("device", "ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0"));
}

TEST_F(CertificateHandshakeWithOpenssl, ServesAClientThatSpeaksGcm) {
    auto arguments = as("device", "ECDHE-ECDSA-AES128-GCM-SHA256");
    arguments.insert(arguments.end(), {"-verify_hostname", "server.test"});
    serve(test, arguments);
}

}  // namespace
}  // namespace net
