// Uri: good ones of every scheme, the examples of RFC 7252 6 and B, and what is refused with its place.
#include "coap/uri.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

namespace coap {
namespace {

using Parts = std::vector<std::string>;

TEST(Uri, ReadsSchemesAndTheirDefaultPorts) {
    struct Row {
        const char* text;
        Scheme scheme;
        std::uint16_t port;
    };
    for (const auto& row :
         {Row{"coap://host", Scheme::coap, 5683}, Row{"coaps://host", Scheme::coaps, 5684},
          Row{"coap+tcp://host", Scheme::coap_tcp, 5683}, Row{"coaps+tcp://host", Scheme::coaps_tcp, 5684},
          Row{"COAP://HOST/", Scheme::coap, 5683}, Row{"coaps://host:7000", Scheme::coaps, 7000},
          Row{"coap://host:", Scheme::coap, 5683}, Row{"coap://host:65535", Scheme::coap, 65535}}) {
        const auto uri = parse_uri(row.text);
        ASSERT_TRUE(uri) << row.text << ": " << uri.error().what;
        EXPECT_EQ(uri->scheme, row.scheme) << row.text;
        EXPECT_EQ(uri->port, row.port) << row.text;
        EXPECT_EQ(uri->host, "host") << row.text;
        EXPECT_TRUE(uri->path.empty()) << row.text;
    }
    EXPECT_TRUE(is_secured(Scheme::coaps_tcp));
    EXPECT_TRUE(is_stream(Scheme::coap_tcp));
    EXPECT_FALSE(is_stream(Scheme::coaps));
}

TEST(Uri, ReadsIpv6Literals) {
    for (const char* host :
         {"::1", "::", "2001:db8::1", "fe80::1:2:3:4", "1:2:3:4:5:6:7:8", "::ffff:127.0.0.1", "1::"}) {
        const auto uri = parse_uri("coap://[" + std::string(host) + "]:1234/rd");
        ASSERT_TRUE(uri) << host << ": " << uri.error().what;
        EXPECT_EQ(uri->host, host);
        EXPECT_TRUE(uri->is_ipv6_literal);
        EXPECT_EQ(uri->port, 1234);
        EXPECT_EQ(uri->path, Parts{"rd"});
    }
    EXPECT_EQ(parse_uri("coap://[2001:DB8::1]")->host, "2001:db8::1");
}

TEST(Uri, RefusesWhatIsNoIpv6Literal) {
    for (const char* host : {"", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::",
                             "::1%25eth0", "::300.0.0.1", "1.2.3.4", "::1.2.3", "1:2:3:4:5:6:7::8", "::01.2.3.4"}) {
        EXPECT_FALSE(parse_uri("coap://[" + std::string(host) + "]")) << host;
    }
    EXPECT_FALSE(parse_uri("coap://[::1"));
    EXPECT_FALSE(parse_uri("coap://[::1]x"));
    EXPECT_FALSE(parse_uri("coap://::1"));
    EXPECT_FALSE(parse_uri("coap://2001:db8::1/"));
}

// RFC 7252 B: coap://198.51.100.1:61616//%2F//?%2F%2F&?%26
TEST(Uri, ReadsTheLastExampleOfAppendixB) {
    const auto uri = parse_uri("coap://198.51.100.1:61616//%2F//?%2F%2F&?%26");
    ASSERT_TRUE(uri) << uri.error().what;
    EXPECT_EQ(uri->host, "198.51.100.1");
    EXPECT_EQ(uri->port, 61616);
    EXPECT_EQ(uri->path, (Parts{"", "/", "", ""}));
    EXPECT_EQ(uri->query, (Parts{"//", "?&"}));
}

// RFC 7252 6.3: the three are equivalent.
TEST(Uri, ReadsEquivalentUrisAsOne) {
    const auto first = parse_uri("coap://example.com:5683/~sensors/temp.xml");
    EXPECT_EQ(first, parse_uri("coap://EXAMPLE.com/%7Esensors/temp.xml"));
    EXPECT_EQ(first, parse_uri("coap://EXAMPLE.com:/%7esensors/temp.xml"));
    EXPECT_EQ(first->path, (Parts{"~sensors", "temp.xml"}));
}

TEST(Uri, NamesWhatIsWrongAndWhere) {
    struct Row {
        const char* text;
        const char* what;
        std::size_t offset;
    };
    for (const auto& row :
         {Row{"", "not a URI: it begins with coap://, coaps://, coap+tcp:// or coaps+tcp://", 0},
          Row{"localhost:5683", "not a URI: it begins with coap://, coaps://, coap+tcp:// or coaps+tcp://", 0},
          Row{"http://host", "the scheme is not coap, coaps, coap+tcp or coaps+tcp", 0}, Row{"coap://", "no host", 7},
          Row{"coap:///rd", "no host", 7}, Row{"coap://:5683", "no host", 7}, Row{"coap://host:0", "the port is 0", 12},
          Row{"coap://host:65536", "the port is above 65535", 12},
          Row{"coap://host:99999999999999999999", "the port is above 65535", 12},
          Row{"coap://host:56x", "the port is not a number", 14}, Row{"coap://host:-1", "the port is not a number", 12},
          Row{"coap://me@host", "user information has no meaning in a coap URI", 9},
          Row{"coap://host/a#b", "a fragment has no meaning in a coap URI", 13},
          Row{"coap://host/%4", "'%' without two hexadecimal digits", 12},
          Row{"coap://host/a%zz", "'%' without two hexadecimal digits", 13},
          Row{"coap://ho st", "a character that must be percent-encoded in a URI", 9},
          Row{"coap://host/a b", "a character that must be percent-encoded in a URI", 13},
          Row{"coap://ho%00st", "not a host name", 7}, Row{"coap://[::1", "'[' without ']'", 7}}) {
        const auto uri = parse_uri(row.text);
        ASSERT_FALSE(uri) << row.text;
        EXPECT_STREQ(uri.error().what, row.what) << row.text;
        EXPECT_EQ(uri.error().offset, row.offset) << row.text;
    }
}

TEST(Uri, IsBounded) {
    const std::string longest(255, 'a');
    EXPECT_TRUE(parse_uri("coap://" + longest + "/" + longest + "?" + longest));
    EXPECT_FALSE(parse_uri("coap://" + longest + "a"));
    EXPECT_FALSE(parse_uri("coap://h/" + longest + "a"));
    EXPECT_FALSE(parse_uri("coap://h?" + longest + "a"));
    EXPECT_TRUE(parse_uri("coap://h/" + std::string(max_uri_size - 9, '/')));
    EXPECT_FALSE(parse_uri("coap://h/" + std::string(max_uri_size - 8, '/')));
}

TEST(Uri, EveryTruncationIsReadOrRefused) {
    const std::string whole = "coaps+tcp://[2001:db8::1]:61616//%2F/a?%2F%2F&?%26";
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto uri = parse_uri(whole.substr(0, size));
        if (!uri) {
            EXPECT_LE(uri.error().offset, size);
        }
    }
}

TEST(Uri, IsWrittenAsItIsRead) {
    for (const char* text : {"coap://host", "coaps://host:5683", "coap+tcp://[::1]:7/a/b?c=d&e",
                             "coap://h//%2F//?//&?%26", "coap://h?x", "coap://h/a%20b"}) {
        const auto uri = parse_uri(text);
        ASSERT_TRUE(uri) << text;
        EXPECT_EQ(parse_uri(to_string(*uri)), uri) << text;
    }
}

TEST(Uri, AnyPartsComeBack) {
    EXPECT_TRUE(rc::check("parse(to_string(uri)) == uri", [](Parts path, Parts query) {
        for (auto* parts : {&path, &query}) {
            if (parts->size() > 4) parts->resize(4);
            for (auto& part : *parts) part.resize(std::min<std::size_t>(part.size(), 30));
        }
        Uri uri{.host = "host", .path = std::move(path), .query = std::move(query)};
        if (uri.path == Parts{""}) uri.path.clear();  // "/" is the empty path
        const auto text = to_string(uri);
        RC_ASSERT(parse_uri(text) == uri);
    }));
}

}  // namespace
}  // namespace coap
