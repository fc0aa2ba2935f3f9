#include "simulator/web/http_message.h"

#include <gtest/gtest.h>

namespace web {
namespace {

HttpRequest read(std::string_view target) {
    HttpRequest request;
    EXPECT_TRUE(read_target(target, request)) << target;
    return request;
}

TEST(HttpTarget, IsSplitBeforeItIsDecoded) {
    EXPECT_EQ(read("/v1/clients/urn%3Aimei%3A1%2F2/3/0").segments,
              (std::vector<std::string>{"v1", "clients", "urn:imei:1/2", "3", "0"}));
    EXPECT_TRUE(read("/").segments.empty());
    EXPECT_EQ(read("/a//b/").segments, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(read("/a+b").segments, (std::vector<std::string>{"a+b"}));
}

TEST(HttpTarget, HasParameters) {
    const auto request = read("/v1/clients?limit=5&name=a+b%21&&discover");
    EXPECT_EQ(request.parameter("limit"), "5");
    EXPECT_EQ(request.parameter("name"), "a b!");
    EXPECT_EQ(request.parameter("discover"), "");
    EXPECT_EQ(request.parameter("cursor"), std::nullopt);
}

TEST(HttpTarget, IsRefusedWhenBroken) {
    for (const auto* target : {"", "v1", "*", "http://x/y", "/%", "/%4", "/%zz", "/%00", "/a?b=%1"}) {
        HttpRequest request;
        EXPECT_FALSE(read_target(target, request)) << target;
    }
}

TEST(HttpHost, IsLocalByNameOrLoopbackAddress) {
    for (const auto* host : {"localhost", "localhost:9700", "127.0.0.1", "127.0.0.1:80", "[::1]:9700", "[::1]"}) {
        EXPECT_TRUE(is_local_host(host)) << host;
    }
    for (const auto* host : {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.1:x",
                             "localhost:", "192.168.0.1", "[::2]", "127.evil"}) {
        EXPECT_FALSE(is_local_host(host)) << host;
    }
    EXPECT_EQ(host_of_origin("http://localhost:9700"), "localhost:9700");
    EXPECT_EQ(host_of_origin("https://evil.example"), "");
    EXPECT_EQ(host_of_origin("null"), "");
}

TEST(HttpSecret, IsTheSameOnlyAsAWhole) {
    EXPECT_TRUE(same_secret("token", "token"));
    EXPECT_FALSE(same_secret("token", "toke"));
    EXPECT_FALSE(same_secret("toke", "token"));
    EXPECT_FALSE(same_secret("tokentoken", "token"));
    EXPECT_FALSE(same_secret("", "token"));
    EXPECT_FALSE(same_secret("token", ""));
}

}  // namespace
}  // namespace web
