#include "simulator/net/http_client.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include <asio/ip/tcp.hpp>
#include <asio/read_until.hpp>
#include <asio/streambuf.hpp>
#include <asio/write.hpp>

namespace {

using asio::ip::tcp;
using net::HttpResult;

// Answers each request with the same bytes; remembers who asked for what.
class Server {
public:
    explicit Server(std::string answer) : answer_(std::move(answer)), thread_([this] { run(); }) {}
    ~Server() {
        stopping_ = true;
        tcp::socket last(io_);
        last.connect(acceptor_.local_endpoint());  // wakes accept()
        thread_.join();
    }
    std::string url(const std::string& path) const {
        return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + path;
    }
    std::string requests;
    std::string from;

private:
    void run() {
        for (;;) {
            tcp::socket socket(io_);
            acceptor_.accept(socket);
            if (stopping_) return;
            from = socket.remote_endpoint().address().to_string();
            asio::streambuf request;
            asio::error_code error;
            asio::read_until(socket, request, "\r\n\r\n", error);
            const auto data = request.data();
            requests += std::string(asio::buffers_begin(data), asio::buffers_end(data));
            asio::write(socket, asio::buffer(answer_), error);
        }
    }

    std::string answer_;
    std::atomic<bool> stopping_{false};
    asio::io_context io_;
    tcp::acceptor acceptor_{io_, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)};
    std::thread thread_;
};

class HttpClient : public testing::Test {
protected:
    ~HttpClient() override {
        client.stop();
        thread_.join();
    }
    HttpResult fetch(net::HttpRequest request) {
        std::promise<HttpResult> done;
        client.fetch(std::move(request), [&](const HttpResult& result) { done.set_value(result); });
        return done.get_future().get();
    }
    net::HttpClient client;

private:
    std::thread thread_{[this] { client.run(); }};
};

std::string ok(const std::string& body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}

TEST_F(HttpClient, KeepsLengthDigestAndTheFirstBytes) {
    const std::string body = "firmware meter 2.0\n" + std::string(100'000, 'x');
    Server server(ok(body));
    const auto result = fetch({.url = server.url("/image?v=2"), .limit = 1 << 20});
    EXPECT_EQ(result.end, HttpResult::End::complete);
    EXPECT_EQ(result.length, body.size());
    EXPECT_EQ(base::to_hex(result.digest), base::to_hex(base::sha256(base::as_bytes(body))));
    EXPECT_EQ(base::as_text(base::Bytes(result.head).first(18)), "firmware meter 2.0");
    EXPECT_TRUE(server.requests.starts_with("GET /image?v=2 HTTP/1.1\r\n")) << server.requests;
}

TEST_F(HttpClient, SpeaksFromTheAddressThatItIsTold) {
    Server server(ok("x"));
    EXPECT_EQ(fetch({.url = server.url("/"), .interface = "127.0.0.77", .limit = 10}).end, HttpResult::End::complete);
    EXPECT_EQ(server.from, "127.0.0.77");
}

TEST_F(HttpClient, TellsTheStatus) {
    Server server("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    const auto result = fetch({.url = server.url("/"), .limit = 10});
    EXPECT_EQ(result.end, HttpResult::End::status);
    EXPECT_EQ(result.status, 404u);
}

TEST_F(HttpClient, GivesUpWhatIsTooLarge) {
    Server server(ok(std::string(1000, 'x')));
    EXPECT_EQ(fetch({.url = server.url("/"), .limit = 999}).end, HttpResult::End::too_large);
}

TEST_F(HttpClient, ABodyThatBreaksOffIsLost) {
    Server server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nshort");
    EXPECT_EQ(fetch({.url = server.url("/"), .limit = 100}).end, HttpResult::End::lost);
}

TEST_F(HttpClient, NobodyThereIsLost) {
    std::string url;
    { url = Server("").url("/"); }
    EXPECT_EQ(fetch({.url = url, .limit = 10}).end, HttpResult::End::lost);
}

TEST_F(HttpClient, OtherSchemesAreRefused) {
    EXPECT_EQ(fetch({.url = "file:///etc/hostname", .limit = 1 << 20}).end, HttpResult::End::bad_url);
    EXPECT_EQ(fetch({.url = "http://", .limit = 10}).end, HttpResult::End::bad_url);
}

TEST_F(HttpClient, MoreThanItsLimitAtOnceWaitTheirTurn) {
    Server server(ok("x"));
    std::atomic<int> complete{0};
    constexpr int many = 200;
    std::promise<void> all;
    for (int i = 0; i < many; ++i) {
        client.fetch({.url = server.url("/"), .limit = 10}, [&](const HttpResult& result) {
            if (result.end == HttpResult::End::complete && ++complete == many) all.set_value();
        });
    }
    EXPECT_EQ(all.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
    EXPECT_EQ(complete, many);
}

}  // namespace
