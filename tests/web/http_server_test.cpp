// The listener on a real socket of loopback, at a port that is free.
#include "simulator/web/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>

namespace web {
namespace {

class Client {
public:
    explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        const timeval patience{20, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    Client(const Client&) = delete;
    ~Client() { ::close(socket_); }

    bool connected() const { return connected_; }
    void say(const std::string& text) { (void)::send(socket_, text.data(), text.size(), MSG_NOSIGNAL); }
    // All that comes until the other side closes.
    std::string hear() {
        std::string text;
        char piece[4096];
        for (ssize_t size; (size = ::recv(socket_, piece, sizeof piece, 0)) > 0;) {
            text.append(piece, static_cast<std::size_t>(size));
        }
        return text;
    }

private:
    int socket_;
    bool connected_ = false;
};

class Listener : public ::testing::Test {
protected:
    std::unique_ptr<HttpServer> start(HttpConfig config) {
        auto server = HttpServer::start(std::move(config), [](const HttpRequest& request) {
            std::string path;
            for (const auto& segment : request.segments) path += "/" + segment;
            return HttpAnswer{200, "text/plain", request.method + " " + path + " " + request.body, ""};
        });
        EXPECT_TRUE(server) << server.error();
        return server ? std::move(*server) : nullptr;
    }
    std::unique_ptr<HttpServer> server_ = start({.port = 0});

    std::string ask(const std::string& text) {
        Client client(server_->port());
        client.say(text);
        return client.hear();
    }
    static int status(const std::string& answer) { return answer.size() < 12 ? 0 : std::stoi(answer.substr(9, 3)); }
};

TEST_F(Listener, AnswersWithWhatTheHandlerSays) {
    const auto answer = ask("GET /a/b%2Fc?x=1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(status(answer), 200);
    EXPECT_NE(answer.find("\r\n\r\nGET /a/b/c "), std::string::npos) << answer;
    EXPECT_NE(answer.find("Content-Length: 11\r\n"), std::string::npos) << answer;
}

TEST_F(Listener, HasRoomForASnapshotOnTheHandlersStack) {
    const auto server = HttpServer::start({.port = 0}, [](const HttpRequest& request) {
        volatile char figures[1 << 20];
        for (auto& figure : figures) figure = static_cast<char>(request.method.size());
        return HttpAnswer{200, "text/plain", std::string(1, static_cast<char>('0' + figures[5000])), ""};
    });
    ASSERT_TRUE(server);
    Client client((*server)->port());
    client.say("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_TRUE(client.hear().ends_with("\r\n\r\n3"));
}

TEST_F(Listener, SurvivesAHandlerThatThrows) {
    const auto server =
        HttpServer::start({.port = 0}, [](const HttpRequest&) -> HttpAnswer { throw std::runtime_error("no memory"); });
    ASSERT_TRUE(server);
    Client client((*server)->port());
    client.say("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(status(client.hear()), 503);
}

TEST_F(Listener, HandsOverTheBody) {
    const auto answer = ask("PUT /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello");
    EXPECT_NE(answer.find("PUT /a hello"), std::string::npos) << answer;
}

TEST_F(Listener, RefusesABodyThatIsTooLarge) {
    const std::string body(HttpServer::max_body + 1, 'x');
    EXPECT_EQ(status(ask("PUT /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) +
                         "\r\n\r\n" + body)),
              413);
}

TEST_F(Listener, RefusesAHeadThatIsTooLong) {
    const auto answer = ask("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_TRUE(answer.empty() || status(answer) >= 400) << answer.substr(0, 200);
    EXPECT_EQ(answer.find("aaaa"), std::string::npos);
}

TEST_F(Listener, RefusesTheNamesOfOtherMachines) {
    EXPECT_EQ(status(ask("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")), 403);
    EXPECT_EQ(status(ask("GET / HTTP/1.1\r\n\r\n")), 403);
    EXPECT_EQ(status(ask("POST /a HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"
                         "Content-Length: 0\r\n\r\n")),
              403);
    EXPECT_EQ(status(ask("POST /a HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:1\r\n"
                         "Content-Length: 0\r\n\r\n")),
              200);
}

TEST_F(Listener, RefusesWhatIsNoHttp) {
    EXPECT_NE(status(ask("\x16\x03\x01\x02\r\n\r\n")), 200);
    EXPECT_EQ(status(ask("GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n")), 400);
}

TEST_F(Listener, SaysThatThePortIsInUse) {
    const auto second = HttpServer::start({.port = server_->port()}, [](const HttpRequest&) { return HttpAnswer{}; });
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().find("in use"), std::string::npos) << second.error();
}

TEST_F(Listener, ListensElsewhereOnlyWhenTold) {
    const auto handler = [](const HttpRequest&) { return HttpAnswer{}; };
    EXPECT_FALSE(HttpServer::start({.address = "0.0.0.0", .port = 0}, handler));
    EXPECT_FALSE(HttpServer::start({.address = "somewhere", .port = 0}, handler));
    server_ = start({.address = "0.0.0.0", .port = 0, .allow_remote = true, .token = "secret"});
    ASSERT_TRUE(server_);
    EXPECT_EQ(status(ask("GET / HTTP/1.1\r\nHost: any\r\n\r\n")), 200);
    EXPECT_EQ(status(ask("DELETE / HTTP/1.1\r\nHost: any\r\n\r\n")), 401);
    EXPECT_EQ(status(ask("DELETE / HTTP/1.1\r\nHost: any\r\nAuthorization: Bearer secreT\r\n\r\n")), 401);
    EXPECT_EQ(status(ask("DELETE / HTTP/1.1\r\nHost: any\r\nAuthorization: Bearer secret\r\n\r\n")), 200);
    server_ = start({.address = "0.0.0.0", .port = 0, .allow_remote = true});
    EXPECT_EQ(status(ask("DELETE / HTTP/1.1\r\nHost: any\r\nAuthorization: Bearer \r\n\r\n")), 403);
}

// Slow loris: a hundred that connect and say half a word.
TEST_F(Listener, ServesOthersWhileAHundredConnectionsAreIdle) {
    std::vector<std::unique_ptr<Client>> idle;
    for (int i = 0; i < 100; ++i) {
        idle.push_back(std::make_unique<Client>(server_->port()));
        ASSERT_TRUE(idle.back()->connected());
        if (i % 2 == 0) idle.back()->say("GET / HT");
    }
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(status(ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")), 200);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
    // And they are sent away after the time that a head may take.
    idle.front()->hear();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15));
}

TEST_F(Listener, TakesALongBodyWhereTheHandlerWantsIt) {
    const auto limit = [](const HttpRequest& request) {
        return request.segments.size() == 1 ? std::size_t{1} << 20 : HttpServer::max_body;
    };
    server_ = HttpServer::start({.port = 0, .body_limit = limit}, [](const HttpRequest& request) {
                  return HttpAnswer{200, "text/plain", std::to_string(request.body.size()), ""};
              }).value();
    const std::string body(300'000, 'x');
    const auto post = [&](const std::string& path) {
        return ask("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) +
                   "\r\n\r\n" + body);
    };
    const auto taken = post("/long");
    EXPECT_EQ(status(taken), 200) << taken;
    EXPECT_NE(taken.find("300000"), std::string::npos);
    EXPECT_NE(status(post("/not/long")), 200);
}

}  // namespace
}  // namespace web
