// Our client against OpenSSL's server, a process of its own: what an independent implementation takes and sends.
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "tests/net/dtls_fixture.h"

namespace net {
namespace {

constexpr const char* key_hex = "000102030405060708090a0b0c0d0e0f";

// openssl s_server on a free port of loopback; what it is told goes to its client, what the client says it prints.
class OpensslServer {
public:
    explicit OpensslServer(const std::string& cipher) {
        const int probe = socket(AF_INET, SOCK_DGRAM, 0);
        sockaddr_in name{};
        name.sin_family = AF_INET;
        name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        bind(probe, reinterpret_cast<sockaddr*>(&name), sizeof name);
        socklen_t size = sizeof name;
        getsockname(probe, reinterpret_cast<sockaddr*>(&name), &size);
        close(probe);
        address_ = name;
        int in[2];
        int out[2];
        if (pipe(in) != 0 || pipe(out) != 0) return;
        pid_ = fork();
        if (pid_ == 0) {
            dup2(in[0], 0);
            dup2(out[1], 1);
            dup2(out[1], 2);
            for (const int fd : {in[0], in[1], out[0], out[1]}) close(fd);
            const std::string accept = "127.0.0.1:" + std::to_string(ntohs(name.sin_port));
            execlp("openssl", "openssl", "s_server", "-dtls1_2", "-listen", "-accept", accept.c_str(), "-nocert",
                   "-psk_identity", "urn:dev:1", "-psk", key_hex, "-cipher", cipher.c_str(), nullptr);
            _exit(127);
        }
        close(in[0]);
        close(out[1]);
        in_ = in[1];
        out_ = out[0];
    }
    ~OpensslServer() {
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
    PskClientConfig config;
    base::Aes128 aes;
    PskHandshake handshake;
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
    HandshakeStep run(const ResumableSession* resume = nullptr) {
        std::array<std::uint8_t, 1472> memory;
        PskHandshake::Start start{.device = 0, .random = {}, .resume = resume};
        base::fill_random(start.random);
        base::Writer hello{base::MutableBytes(memory)};
        handshake.start(now, config, start, hello);
        send_out(hello.written());
        for (int i = 0; i < 10; ++i) {
            auto datagram = receive();
            base::Writer out{base::MutableBytes(memory)};
            const auto step = handshake.on_datagram(now, config, keys, aes, datagram, out, discards);
            if (out.size() != 0) send_out(out.written());
            if (step.kind != HandshakeStep::Kind::waiting) return step;
        }
        return {};
    }
};

bool has_openssl() { return std::system("openssl version >/dev/null 2>&1") == 0; }

void talk(const std::string& cipher) {
    OpensslServer server(cipher);
    ASSERT_TRUE(server.prints("ACCEPT")) << server.printed();
    OpensslClient client;
    client.config.offer_cbc = true;
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

TEST(PskHandshakeWithOpenssl, SpeaksCcm8) {
    if (!has_openssl()) GTEST_SKIP() << "no openssl here";
    talk("PSK-AES128-CCM8:@SECLEVEL=0");
}

TEST(PskHandshakeWithOpenssl, SpeaksCbcSha256) {
    if (!has_openssl()) GTEST_SKIP() << "no openssl here";
    talk("PSK-AES128-CBC-SHA256:@SECLEVEL=0");
}

}  // namespace
}  // namespace net
